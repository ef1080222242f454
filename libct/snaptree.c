/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree of a container's snapshots, as text: CURRENT and DONE, then for each snapshot GUID, which begins it, PARENT,
 * DATE, NAME, DESC, OWNER. Read strictly: what somebody edited into something that is no tree is refused with the line,
 * and nothing is guessed.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "libct/snap.h"
#include "util/buf.h"
#include "util/dir.h"
#include "util/fio.h"

#define FILE_NAME "snapshots"

int ct_guid_parse(const char *text, char ret[CT_GUID_SIZE])
{
	size_t n = strlen(text);

	if (n == CT_GUID_SIZE + 1 && text[0] == '{' && text[n - 1] == '}')
		text++;
	else if (n != CT_GUID_SIZE - 1)
		return -EINVAL;
	for (size_t k = 0; k < CT_GUID_SIZE - 1; k++) {
		bool dash = k == 8 || k == 13 || k == 18 || k == 23;

		if (dash ? text[k] != '-' : !isxdigit((unsigned char)text[k]))
			return -EINVAL;
		ret[k] = (char)tolower((unsigned char)text[k]);
	}
	ret[CT_GUID_SIZE - 1] = '\0';
	return 0;
}

int ct_guid_new(char ret[CT_GUID_SIZE], struct err *e)
{
	unsigned char r[16];

	if (getrandom(r, sizeof(r), 0) != sizeof(r))
		return err_set(e, errno, "random number");
	r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);	/* RFC 9562: version 4, variant 10 */
	r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
	return str_fmt(ret, CT_GUID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0], r[1],
		       r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14], r[15]);
}

static void snap_done(struct ct_snap *s)
{
	free(s->name);
	free(s->desc);
}

void ct_snaps_done(struct ct_snaps *s)
{
	for (size_t i = 0; i < s->n; i++)
		snap_done(&s->v[i]);
	free(s->v);
	*s = (struct ct_snaps){ 0 };
}

const struct ct_snap *ct_snaps_find(const struct ct_snaps *s, const char *guid)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->v[i].guid, guid))
			return &s->v[i];
	return NULL;
}

int ct_snaps_add(struct ct_snaps *s, const struct ct_snap *n, struct err *e)
{
	struct ct_snap *v, copy = *n;

	if (s->n == CT_SNAPS_MAX)
		return err_say(e, E2BIG, "there are %d snapshots already, as many as can be: delete some", CT_SNAPS_MAX);
	v = reallocarray(s->v, s->n + 1, sizeof(*v));
	if (!v)
		return err_set(e, ENOMEM, "snapshots");
	s->v = v;
	copy.name = strdup(n->name ? n->name : "");
	copy.desc = strdup(n->desc ? n->desc : "");
	if (!copy.name || !copy.desc) {
		snap_done(&copy);
		return err_set(e, ENOMEM, "snapshots");
	}
	s->v[s->n++] = copy;
	return 0;
}

void ct_snaps_del(struct ct_snaps *s, const char *guid)
{
	struct ct_snap *x = (struct ct_snap *)ct_snaps_find(s, guid);
	char parent[CT_GUID_SIZE], gone[CT_GUID_SIZE];

	if (!x)
		return;
	memcpy(parent, x->parent, sizeof(parent));
	memcpy(gone, x->guid, sizeof(gone));
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->v[i].parent, gone))
			memcpy(s->v[i].parent, parent, sizeof(parent));
	if (str_eq(s->current, gone))
		memcpy(s->current, parent, sizeof(parent));
	snap_done(x);
	s->n--;
	memmove(x, x + 1, (size_t)(&s->v[s->n] - x) * sizeof(*x));
}

/* --- text --- */

static int put(struct buf *b, const char *key, const char *val, struct err *e)
{
	auto_kv struct kv kv = { 0 };

	return !*val ? 0 : kv_set(&kv, key, val, false, e) < 0 ? -e->code : kv_print(&kv, b, e);
}

static int print_one(const struct ct_snap *s, struct buf *b, struct err *e)
{
	char date[24], owner[48] = "";

	str_fmt(date, sizeof(date), "%" PRId64, s->date);
	if (s->owner)
		str_fmt(owner, sizeof(owner), "%d:%" PRIu64, s->owner, s->owner_start);
	if (put(b, "GUID", s->guid, e) < 0 || put(b, "PARENT", s->parent, e) < 0 || put(b, "DATE", date, e) < 0 ||
	    put(b, "NAME", s->name, e) < 0 || put(b, "DESC", s->desc, e) < 0)
		return -e->code;
	return put(b, "OWNER", owner, e);
}

int ct_snaps_print(const struct ct_snaps *s, struct buf *b, struct err *e)
{
	if (put(b, "CURRENT", s->current, e) < 0 || put(b, "DONE", s->done, e) < 0)
		return -e->code;
	for (size_t i = 0; i < s->n; i++)
		if (print_one(&s->v[i], b, e) < 0)
			return -e->code;
	return buf_failed(b) ? err_set(e, EFBIG, FILE_NAME) : 0;
}

static int bad(const char *key, const char *val, size_t line, const char *why, struct err *e)
{
	return err_say(e, EBADMSG, "file " FILE_NAME ", line %zu: %s=\"%.80s\" %s; restore the file, or correct it by hand",
		       line + 1, key, val, why);
}

static int take_guid(char ret[CT_GUID_SIZE], const char *key, const char *val, size_t line, struct err *e)
{
	return ct_guid_parse(val, ret) < 0 ? bad(key, val, line, "is not the id of a snapshot", e) : 0;
}

static int take_owner(struct ct_snap *s, const char *val, size_t line, struct err *e)
{
	auto_call(str_list_clear) struct str_list part = { 0 };
	uint64_t pid;

	if (str_list_split(&part, val, ":", e) < 0)
		return -e->code;
	if (part.n != 2 || num_u64(part.v[0], &pid) < 0 || num_u64(part.v[1], &s->owner_start) < 0 || !pid || pid > INT32_MAX)
		return bad("OWNER", val, line, "names no process", e);
	s->owner = (int32_t)pid;
	return 0;
}

static int take_text(char **dst, const char *key, const char *val, size_t max, size_t line, struct err *e)
{
	if (strlen(val) > max || str_has_ctrl(val))
		return bad(key, val, line, "is too long or has control characters", e);
	free(*dst);
	*dst = strdup(val);
	return *dst ? 0 : err_set(e, ENOMEM, "snapshots");
}

static int take_snap_line(struct ct_snap *s, const char *key, const char *val, size_t line, struct err *e)
{
	uint64_t date;

	if (str_eq(key, "PARENT"))
		return take_guid(s->parent, key, val, line, e);
	if (str_eq(key, "NAME"))
		return take_text(&s->name, key, val, CT_SNAP_NAME_MAX, line, e);
	if (str_eq(key, "DESC"))
		return take_text(&s->desc, key, val, CT_SNAP_DESC_MAX, line, e);
	if (str_eq(key, "OWNER"))
		return take_owner(s, val, line, e);
	if (!str_eq(key, "DATE"))
		return bad(key, val, line, "is not known here", e);
	if (num_u64(val, &date) < 0 || date > INT64_MAX)
		return bad(key, val, line, "is not a time in seconds", e);
	s->date = (int64_t)date;
	return 0;
}

/* What there is once, the first two in a file and the others of a snapshot. */
static const char *const once[] = { "CURRENT", "DONE", "PARENT", "DATE", "NAME", "DESC", "OWNER" };
#define OF_FILE 3u	/* bits of @seen */

static int take_once(unsigned *seen, const struct kv_line *l, size_t line, struct err *e)
{
	for (unsigned i = 0; i < ARRAY_SIZE(once); i++) {
		if (!str_eq(once[i], l->key))
			continue;
		if (*seen >> i & 1)
			return bad(l->key, l->val, line, "is there twice", e);
		*seen |= 1u << i;
	}
	return 0;
}

static int take_line(struct ct_snaps *s, unsigned *seen, const struct kv_line *l, size_t line, struct err *e)
{
	struct ct_snap n = { 0 };

	if (take_once(seen, l, line, e) < 0)
		return -e->code;
	if (str_eq(l->key, "CURRENT"))
		return take_guid(s->current, l->key, l->val, line, e);
	if (str_eq(l->key, "DONE"))
		return take_guid(s->done, l->key, l->val, line, e);
	if (!str_eq(l->key, "GUID"))
		return s->n ? take_snap_line(&s->v[s->n - 1], l->key, l->val, line, e)
			    : bad(l->key, l->val, line, "is not known before the first GUID", e);
	if (take_guid(n.guid, l->key, l->val, line, e) < 0)
		return -e->code;
	*seen &= OF_FILE;
	return ct_snaps_find(s, n.guid) ? bad("GUID", n.guid, line, "is there twice", e) : ct_snaps_add(s, &n, e);
}

/* Parents come first in what we write, so one pass sees missing ones and circles alike. */
static int check_tree(const struct ct_snaps *s, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct ct_snap *p = ct_snaps_find(s, s->v[i].parent);

		if (s->v[i].parent[0] && (!p || p >= &s->v[i]))
			return err_say(e, EBADMSG, "file " FILE_NAME ": snapshot {%s} has the parent {%s}, which is not listed "
				       "before it; restore the file, or correct it by hand", s->v[i].guid, s->v[i].parent);
	}
	if (s->current[0] && !ct_snaps_find(s, s->current))
		return err_say(e, EBADMSG, "file " FILE_NAME ": CURRENT=\"%s\" is not listed; restore the file, or correct it "
			       "by hand", s->current);
	return 0;
}

int ct_snaps_parse(struct ct_snaps *s, const char *text, size_t len, struct err *e)
{
	auto_kv struct kv kv = { 0 };
	unsigned seen = 0;

	if (kv_parse(&kv, text, len, e) < 0)
		return err_add(e, "file " FILE_NAME);
	for (size_t i = 0; i < kv.n; i++) {
		const char *rest = kv.v[i].raw + strspn(kv.v[i].raw, " \t\r");

		if (kv.v[i].kind != KV_PAIR && *rest && *rest != '#')
			return bad("", kv.v[i].raw, i, "is not KEY=\"value\"", e);
		if (kv.v[i].kind == KV_PAIR && take_line(s, &seen, &kv.v[i], i, e) < 0)
			return -e->code;
	}
	return check_tree(s, e);
}

int ct_snaps_load_at(int home, struct ct_snaps *ret, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	auto_snaps struct ct_snaps s = { 0 };

	if (fio_read_at(home, FILE_NAME, &b, e) < 0)
		return -e->code;
	if (b.len == 0)		/* one that has no snapshot any more still says what was done last */
		return err_say(e, EBADMSG, "file " FILE_NAME " is empty: restore it, or remove it to forget all snapshots");
	if (ct_snaps_parse(&s, buf_str(&b), b.len, e) < 0)
		return -e->code;
	*ret = s;
	s = (struct ct_snaps){ 0 };
	return 0;
}

int ct_snaps_save(int home, const struct ct_snaps *s, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	return ct_snaps_print(s, &b, e) < 0 ? -e->code : fio_replace(home, FILE_NAME, buf_str(&b), b.len, 0600, e);
}

int ct_snaps_check(int home, const struct ct_snaps *s, struct err *e)
{
	auto_closedir DIR *d = dir_list(home);
	struct dirent *de;

	if (!d)
		return err_set(e, errno, "read the directory of file " FILE_NAME);
	while ((de = readdir(d))) {
		char guid[CT_GUID_SIZE];

		if (strlen(de->d_name) != CT_GUID_SIZE - 1 + strlen(".conf") || !str_ends(de->d_name, ".conf"))
			continue;
		str_copy(guid, sizeof(guid), de->d_name);
		if (ct_guid_parse(guid, guid) == 0 && !ct_snaps_find(s, guid))
			return err_say(e, EBADMSG, "file " FILE_NAME " does not list snapshot {%s}, whose files and %s are there: "
				       "restore it, or correct it by hand; to forget the snapshot, remove that .conf", guid,
				       de->d_name);
	}
	return 0;
}
