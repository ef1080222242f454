/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libct/classfile.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/netlines.h"
#include "net/classes.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/sha256.h"

#define TEXT_MAX (4u << 20)

static int read_text(int dir, struct buf *b, bool *there, struct err *e)
{
	*there = fio_read_at(dir, CT_CLASSES_FILE, b, e) == 0;
	if (!*there && e->code != ENOENT)
		return err_add(e, CT_CONF_DIR "/" CT_CLASSES_FILE);
	err_clear(e);
	return 0;
}

static void tag_of(const char *text, char tag[17])
{
	char hex[65];
	struct sha256 s;

	sha256_init(&s);
	sha256_add(&s, text, strlen(text));
	sha256_hex(&s, hex);
	str_fmt(tag, 17, "%.16s", hex);
}

static int parse(const char *text, struct err *e)
{
	struct net_classes c = { 0 };

	if (net_classes_parse(text, &c, e) < 0)
		return -e->code;
	net_classes_done(&c);
	return 0;
}

/* The two words of a line; what is behind '#' is for people. */
static int add_line(char *line, struct str_list *rows, struct err *e)
{
	struct str_list w __attribute__((cleanup(str_list_clear))) = { 0 };
	auto_buf struct buf b = BUF_INIT;

	line[strcspn(line, "#")] = '\0';
	if (str_list_split(&w, line, " \t\r", e) < 0 || w.n != 2)
		return -e->code;
	buf_addf(&b, "%s %s", w.v[0], w.v[1]);
	return str_list_add(rows, buf_str(&b), e);
}

int ct_classes_load(struct ct_classes *ret, struct err *e)
{
	static const char *const usual[] = { "1 0.0.0.0/0", "1 ::/0" };
	struct str_list lines __attribute__((cleanup(str_list_clear))) = { 0 };
	auto_buf struct buf b = { .cap = TEXT_MAX };
	auto_close int dir = ct_store_dir(e);
	bool there;

	if (dir < 0 || read_text(dir, &b, &there, e) < 0)
		return -e->code;
	ret->usual = !there;
	tag_of(buf_str(&b), ret->tag);
	for (size_t i = 0; !there && i < ARRAY_SIZE(usual); i++)
		if (str_list_add(&ret->rows, usual[i], e) < 0)
			return -e->code;
	if (!there)
		return 0;
	if (parse(buf_str(&b), e) < 0)
		return err_add(e, CT_CONF_DIR "/" CT_CLASSES_FILE);
	if (str_list_split(&lines, buf_str(&b), "\n", e) < 0)
		return -e->code;
	for (size_t i = 0; i < lines.n; i++)
		if (add_line(lines.v[i], &ret->rows, e) < 0)
			return -e->code;
	return 0;
}

void ct_classes_done(struct ct_classes *c)
{
	str_list_clear(&c->rows);
}

static int still(int dir, const char *tag, struct err *e)
{
	auto_buf struct buf b = { .cap = TEXT_MAX };
	char now[17];
	bool there;

	if (!tag)
		return 0;
	if (read_text(dir, &b, &there, e) < 0)
		return -e->code;
	tag_of(buf_str(&b), now);
	return str_eq(now, tag) ? 0 : err_say(e, ESTALE, CT_CONF_DIR "/" CT_CLASSES_FILE " has changed meanwhile: read it again");
}

static int text_of(const struct str_list *rows, struct buf *b, struct err *e)
{
	for (size_t i = 0; i < rows->n; i++) {
		if (strpbrk(rows->v[i], "#\r\n") || !*rows->v[i])
			return err_say(e, EINVAL, "'%.60s' is not one \"CLASS NETWORK\"", rows->v[i]);
		buf_addf(b, "%s\n", rows->v[i]);
	}
	if (buf_failed(b))
		return err_say(e, EFBIG, "too many networks");
	return parse(buf_str(b), e);
}

int ct_classes_check(const struct str_list *rows, struct err *e)
{
	auto_buf struct buf b = { .cap = TEXT_MAX };

	return text_of(rows, &b, e);
}

int ct_classes_save(const struct str_list *rows, const char *tag, struct err *e)
{
	auto_buf struct buf b = { .cap = TEXT_MAX };
	auto_close int lock = ct_fw_lock(true, e), dir = lock < 0 ? -1 : ct_store_dir(e);

	if (dir < 0 || text_of(rows, &b, e) < 0 || still(dir, tag, e) < 0)
		return -e->code;
	if (rows->n)
		return fio_replace(dir, CT_CLASSES_FILE, b.s, b.len, 0644, e);
	if (unlinkat(dir, CT_CLASSES_FILE, 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove " CT_CONF_DIR "/" CT_CLASSES_FILE);
	return fsync(dir) < 0 ? err_set(e, errno, CT_CONF_DIR) : 0;
}
