/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How vzadm shows answers: lists as tables, objects line by line, everything as JSON when asked. */
#include <jansson.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/str.h"
#include "vzctl/vzadm.h"

#define COLUMNS_MAX 16

/* "limits.memory" of an object. */
static const json_t *member(const json_t *j, const char *name)
{
	while (j && *name) {
		char part[64];
		size_t n = strcspn(name, ".");

		if (str_fmt(part, sizeof(part), "%.*s", (int)n, name) < 0)
			return NULL;
		j = json_object_get(j, part);
		name += n + (name[n] == '.');
	}
	return j;
}

/* One line, whatever it is. What came from others is not let at the terminal's controls. */
static void value(const json_t *j, struct buf *b)
{
	const json_t *item;
	size_t i;

	switch (j ? json_typeof(j) : JSON_NULL) {
	case JSON_STRING:
		for (const char *s = json_string_value(j); *s; s++)
			buf_addc(b, (unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s);
		break;
	case JSON_INTEGER: buf_addf(b, "%lld", (long long)json_integer_value(j)); break;
	case JSON_REAL: buf_addf(b, "%.2f", json_real_value(j)); break;
	case JSON_TRUE: buf_adds(b, "yes"); break;
	case JSON_FALSE: buf_adds(b, "no"); break;
	case JSON_NULL: buf_addc(b, '-'); break;
	case JSON_ARRAY:
		json_array_foreach(j, i, item) {
			buf_adds(b, i ? "," : "");
			value(item, b);
		}
		break;
	case JSON_OBJECT: {
		auto_free char *text = json_dumps(j, JSON_COMPACT);

		buf_adds(b, text ? text : "");
		break;
	}
	}
}

/* Characters, not bytes: what a column is wide. */
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void cell(const json_t *item, const char *column, struct buf *b)
{
	buf_reset(b);
	value(member(item, column), b);
	if (!b->len)
		buf_addc(b, '-');
}

static void pad(struct buf *b, size_t have, size_t want)
{
	for (; have < want; have++)
		buf_addc(b, ' ');
}

static void header(const char *column, struct buf *b)
{
	buf_reset(b);
	for (const char *s = column; *s; s++)
		buf_addc(b, *s >= 'a' && *s <= 'z' ? (char)(*s - 32) : *s == '.' ? ' ' : *s);
}

void adm_show_list(const char *columns, const json_t *items, struct buf *b)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };
	struct buf auto_buf text = BUF_INIT;
	size_t wide[COLUMNS_MAX] = { 0 }, i;
	struct err ignored;
	json_t *item;

	if (str_list_split(&l, columns, " ", &ignored) < 0 || l.n > COLUMNS_MAX)
		return;
	for (size_t k = 0; k < l.n; k++) {
		header(l.v[k], &text);
		wide[k] = width(buf_str(&text));
		json_array_foreach(items, i, item) {
			cell(item, l.v[k], &text);
			wide[k] = MAX(wide[k], width(buf_str(&text)));
		}
	}
	for (size_t row = 0; row <= json_array_size(items); row++) {
		for (size_t k = 0; k < l.n; k++) {
			if (row)
				cell(json_array_get(items, row - 1), l.v[k], &text);
			else
				header(l.v[k], &text);
			buf_adds(b, buf_str(&text));
			if (k + 1 < l.n)
				pad(b, width(buf_str(&text)), wide[k] + 2);
		}
		buf_addc(b, '\n');
	}
}

static void lines(const char *prefix, json_t *j, struct buf *b)
{
	const char *name;
	json_t *v;

	json_object_foreach(j, name, v) {
		char full[128];

		str_fmt(full, sizeof(full), "%s%s%s", prefix, *prefix ? "." : "", name);
		if (json_is_object(v) && json_object_size(v)) {
			lines(full, v, b);
			continue;
		}
		buf_adds(b, full);
		buf_addc(b, ':');
		pad(b, width(full), 20);
		value(v, b);
		buf_addc(b, '\n');
	}
}

void adm_show_object(json_t *j, struct buf *b)
{
	if (json_is_object(j)) {
		lines("", j, b);
		return;
	}
	value(j, b);
	buf_addc(b, '\n');
}

int adm_print(const struct buf *b, struct err *e)
{
	if (buf_failed(b))
		return err_say(e, EOVERFLOW, "the answer is too long to show");
	if (fio_write_all(STDOUT_FILENO, buf_str(b), b->len) < 0)
		return err_set(e, errno ? errno : EIO, "standard output");
	return 0;
}

int adm_print_json(const json_t *j, struct err *e)
{
	struct buf auto_buf b = { .cap = 256u << 20 };
	auto_free char *text = json_dumps(j, JSON_INDENT(2) | JSON_ENCODE_ANY);

	if (!text)
		return err_set(e, ENOMEM, "answer");
	buf_addf(&b, "%s\n", text);
	return adm_print(&b, e);
}
