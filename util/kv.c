/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KEY="value" files. A line that is not set stays as it was, byte for byte; what keys mean, and what a duplicate of one
 * means, is decided by who reads the lines.
 */
#include "util/grow.h"
#include "util/kv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/str.h"

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void line_done(struct kv_line *l)
{
	free(l->raw);
	*l = (struct kv_line){ 0 };
}

/* [@s, @end) into @out with each backslash taken as "the next character as it is"; one at the very end stands for itself. */
static void unquote(char *out, const char *s, const char *end)
{
	while (s < end) {
		if (*s == '\\' && s + 1 < end)
			s++;
		*out++ = *s++;
	}
	*out = '\0';
}

static void copy(char *out, const char *s, const char *end)
{
	memcpy(out, s, (size_t)(end - s));
	out[end - s] = '\0';
}

/* @s is behind the '='. */
static void unquoted_value(char *out, const char *s)
{
	const char *start = s, *end;

	while (is_blank(*start))
		start++;
	end = start;
	while (*end && !(*end == '#' && end > s && is_blank(end[-1])))
		end++;
	while (end > start && is_blank(end[-1]))
		end--;
	copy(out, start, end);
}

/* Fills kind, key and val from raw; @room: behind raw, as many bytes as it has. */
static void classify(struct kv_line *l, char *room)
{
	const char *key = l->raw, *eq, *end, *val;

	while (is_blank(*key))
		key++;
	l->kind = KV_OTHER;
	if (!*key || *key == '#')
		return;
	eq = strchr(key, '=');
	l->kind = KV_BAD;
	if (!eq || eq == key)
		return;
	for (val = eq + 1; is_blank(*val); )
		val++;
	if (*val == '"' && strrchr(val, '"') == val)
		return;				/* never closed: a truncated file, or a value of several lines */
	for (end = eq; is_blank(end[-1]); )
		end--;
	l->kind = KV_PAIR;
	l->key = room;
	copy(l->key, key, end);
	l->val = room + (end - key) + 1;
	if (*val == '"')
		unquote(l->val, val + 1, strrchr(val, '"'));
	else
		unquoted_value(l->val, eq + 1);
}

/* KEY and VALUE with their ends never take more than the line with its '=' and its end. -ENOMEM or 0. */
static int line_init(struct kv_line *l, const char *s, size_t len)
{
	*l = (struct kv_line){ .raw = malloc(2 * (len + 1)) };
	if (!l->raw)
		return -ENOMEM;
	copy(l->raw, s, s + len);
	classify(l, l->raw + len + 1);
	return 0;
}

static struct kv_line *add_line(struct kv *kv, const char *s, size_t len)
{
	if (GROW(kv->v, kv->n, kv->size) < 0)
		return NULL;
	return line_init(&kv->v[kv->n], s, len) < 0 ? NULL : &kv->v[kv->n++];
}

int kv_parse(struct kv *kv, const char *text, size_t len, struct err *e)
{
	const char *end = text + len;

	*kv = (struct kv){ 0 };
	if (len > 0 && memchr(text, '\0', len))
		return err_say(e, EINVAL, "it has a NUL byte: not a configuration file");
	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));

		if (!add_line(kv, text, (size_t)((nl ? nl : end) - text))) {
			kv_done(kv);
			return err_set(e, ENOMEM, "parse configuration");
		}
		kv->no_eol = !nl;
		text = nl ? nl + 1 : end;
	}
	return 0;
}

int kv_load(struct kv *kv, int dir, const char *name, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	*kv = (struct kv){ 0 };
	if (fio_read_at(dir, name, &b, e) < 0)
		return -e->code;
	if (kv_parse(kv, buf_str(&b), b.len, e) < 0)
		return err_add(e, "%s", name);
	return 0;
}

static struct kv_line *find(const struct kv *kv, const char *key)
{
	for (size_t i = 0; i < kv->n; i++) {
		if (kv->v[i].kind == KV_PAIR && !strcmp(kv->v[i].key, key))
			return &kv->v[i];
	}
	return NULL;
}

const char *kv_get(const struct kv *kv, const char *key)
{
	const struct kv_line *l = find(kv, key);

	return l ? l->val : NULL;
}

static bool key_is_good(const char *key)
{
	size_t n = strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

	return n > 0 && !key[n] && !(key[0] >= '0' && key[0] <= '9');
}

/* "$VEID" and "${VEID}" are variables; "$(reboot)" never is one of ours. */
static bool is_variable(const char *dollar)
{
	return dollar[1] == '{' || dollar[1] == '_' || (dollar[1] >= 'A' && dollar[1] <= 'Z') ||
	       (dollar[1] >= 'a' && dollar[1] <= 'z');
}

static void add_quoted(struct buf *b, const char *val, bool raw_dollar)
{
	for (; *val; val++) {
		if (strchr("\\\"`", *val) || (*val == '$' && !(raw_dollar && is_variable(val))))
			buf_addc(b, '\\');
		buf_addc(b, *val);
	}
}

/* Removes the lines of @key from index @from on. */
static void drop_from(struct kv *kv, const char *key, size_t from)
{
	size_t kept = from;

	for (size_t i = from; i < kv->n; i++) {
		struct kv_line l = kv->v[i];

		if (l.kind == KV_PAIR && !strcmp(l.key, key))
			line_done(&l);
		else
			kv->v[kept++] = l;
	}
	kv->n = kept;
}

int kv_set(struct kv *kv, const char *key, const char *val, bool raw_dollar, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	struct kv_line *l = find(kv, key);
	struct kv_line fresh;

	if (!key_is_good(key))
		return err_say(e, EINVAL, "'%s' cannot be a configuration key", key);
	if (strchr(val, '\n'))
		return err_say(e, EINVAL, "%s: a value cannot hold a newline", key);
	buf_addf(&b, "%s=\"", key);
	add_quoted(&b, val, raw_dollar);
	buf_addc(&b, '"');
	if (buf_failed(&b))
		return err_set(e, EFBIG, "%s", key);
	if (!l) {
		l = add_line(kv, b.s, b.len);
		kv->no_eol = l ? false : kv->no_eol;
		return l ? 0 : err_set(e, ENOMEM, "%s", key);
	}
	if (line_init(&fresh, b.s, b.len) < 0)
		return err_set(e, ENOMEM, "%s", key);
	line_done(l);
	*l = fresh;
	drop_from(kv, fresh.key, (size_t)(l - kv->v) + 1);
	return 0;
}

void kv_unset(struct kv *kv, const char *key)
{
	drop_from(kv, key, 0);
}

int kv_print(const struct kv *kv, struct buf *b, struct err *e)
{
	for (size_t i = 0; i < kv->n; i++) {
		buf_adds(b, kv->v[i].raw);
		if (i + 1 < kv->n || !kv->no_eol)
			buf_addc(b, '\n');
	}
	return buf_failed(b) ? err_set(e, EOVERFLOW, "configuration too large") : 0;
}

void kv_done(struct kv *kv)
{
	for (size_t i = 0; i < kv->n; i++)
		line_done(&kv->v[i]);
	free(kv->v);
	*kv = (struct kv){ 0 };
}
