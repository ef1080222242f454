/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tar members in pax form (POSIX.1-2001), as GNU tar and libarchive read them: nanoseconds, long names, names that are not
 * UTF-8, extended attributes (SCHILY.xattr), sparse files (GNU.sparse 1.0). Only vz-backup links it.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "templates/backup_box.h"
#include "util/auto.h"
#include "util/str.h"

#define BLOCK 512u
#define NAME_ROOM 100u
#define XATTR_ROOM (256u << 10)

struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100], magic[6], version[2], uname[32],
		gname[32], major[8], minor[8], prefix[155], pad[12];
};
_Static_assert(sizeof(struct ustar) == BLOCK, "a header is a block");

static void pad(struct buf *b)
{
	static const char zeros[BLOCK];

	buf_add(b, zeros, (BLOCK - b->len % BLOCK) % BLOCK);
}

/* "LENGTH KEY=VALUE\n", and the length counts its own digits. */
static void record(struct buf *b, const char *key, const void *val, size_t n)
{
	size_t body = 1 + strlen(key) + 1 + n + 1, len;

	for (size_t digits = 1, ten = 10; ; digits++, ten *= 10) {
		len = body + digits;
		if (len < ten)
			break;
	}
	buf_addf(b, "%zu %s=", len, key);
	buf_add(b, val, n);
	buf_addc(b, '\n');
}

static void record_str(struct buf *b, const char *key, const char *val)
{
	record(b, key, val, strlen(val));
}

static void record_u64(struct buf *b, const char *key, uint64_t v)
{
	char text[24];

	str_fmt(text, sizeof(text), "%" PRIu64, v);
	record_str(b, key, text);
}

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

static void octal(char *dst, size_t size, uint64_t v)
{
	char text[24];
	size_t n = size - 1;

	str_fmt(text, sizeof(text), "%0*" PRIo64, (int)n, v);
	memcpy(dst, strlen(text) > n ? "77777777777" : text, n);	/* the pax record has the true value */
}

static void header(struct buf *b, char type, const char *name, const char *link, const struct bk_row *r, uint64_t size)
{
	struct ustar h;
	unsigned sum = 0;

	memset(&h, 0, sizeof(h));
	memcpy(h.name, name, MIN(strlen(name), sizeof(h.name)));
	if (link)
		memcpy(h.link, link, MIN(strlen(link), sizeof(h.link)));
	octal(h.mode, sizeof(h.mode), r->mode);
	octal(h.uid, sizeof(h.uid), MIN(r->uid, 07777777u));
	octal(h.gid, sizeof(h.gid), MIN(r->gid, 07777777u));
	octal(h.size, sizeof(h.size), size);
	octal(h.mtime, sizeof(h.mtime), r->mtime > 0 ? (uint64_t)r->mtime : 0);
	h.type = type;
	memcpy(h.magic, "ustar", 6);
	memcpy(h.version, "00", 2);
	memset(h.sum, ' ', sizeof(h.sum));
	for (size_t i = 0; i < sizeof(h); i++)
		sum += ((const unsigned char *)&h)[i];
	str_fmt(h.sum, sizeof(h.sum), "%06o", sum);
	buf_add(b, &h, sizeof(h));
}

/* Before 1970 without the fraction: its readers do not agree on which way it counts there. */
static void record_time(struct buf *b, const char *key, int64_t s, uint32_t ns)
{
	char text[40];

	if (s < 0)
		str_fmt(text, sizeof(text), "%" PRId64, s);
	else
		str_fmt(text, sizeof(text), "%" PRId64 ".%09u", s, ns);
	record_str(b, key, text);
}

static void records(struct buf *b, const struct bk_member *m, const char *name)
{
	const struct bk_row *r = m->row;

	if (!is_ascii(name) || (r->target && !is_ascii(r->target)))
		record_str(b, "hdrcharset", "BINARY");
	if (r->sparse) {
		record_u64(b, "GNU.sparse.major", 1);
		record_u64(b, "GNU.sparse.minor", 0);
		record_str(b, "GNU.sparse.name", name);
		record_u64(b, "GNU.sparse.realsize", r->size);
	}
	if (strlen(name) > NAME_ROOM || !is_ascii(name))
		record_str(b, "path", name);
	if (r->target && (strlen(r->target) > NAME_ROOM || !is_ascii(r->target)))
		record_str(b, "linkpath", r->target);
	if (m->stored > 077777777777ull)
		record_u64(b, "size", m->stored);
	if (r->uid > 07777777u)
		record_u64(b, "uid", r->uid);
	if (r->gid > 07777777u)
		record_u64(b, "gid", r->gid);
	record_time(b, "mtime", r->mtime, r->mtime_ns);
	for (size_t i = 0; i < m->n_xattr; i++) {
		char key[300];

		if (str_fmt(key, sizeof(key), "SCHILY.xattr.%s", m->xattr[i].name) == 0)
			record(b, key, m->xattr[i].val, m->xattr[i].len);
	}
}

/* "./usr/bin/", as GNU tar has it; hard links name the same form. */
static void full_name(struct buf *b, const char *path, bool dir)
{
	if (str_eq(path, "."))
		buf_adds(b, "./");
	else
		buf_addf(b, "./%s%s", path, dir ? "/" : "");
}

int bk_tar_head(struct buf *b, const struct bk_member *m, struct err *e)
{
	static const char types[] = "f0d5l2h1p6";
	struct bk_row r = *m->row;
	struct buf auto_buf pax = { .cap = XATTR_ROOM + 32768 }, name = { .cap = 8192 }, link = { .cap = 8192 };
	const char *type = strchr(types, r.type), *in_sparse = "./GNUSparseFile.0/f";

	if (!type)
		return err_say(e, EINVAL, "type of a file");
	full_name(&name, r.path, r.type == 'd');
	if (r.type == 'h') {
		full_name(&link, r.target, false);
		r.target = (char *)buf_str(&link);
	}
	records(&pax, &(struct bk_member){ &r, m->stored, m->xattr, m->n_xattr }, buf_str(&name));
	if (buf_failed(&pax) || buf_failed(&name) || buf_failed(&link))
		return err_set(e, ENOMEM, "header of a file");
	header(b, 'x', "./PaxHeaders/x", NULL, &(struct bk_row){ .mode = 0644, .mtime = r.mtime }, pax.len);
	buf_add(b, buf_str(&pax), pax.len);
	pad(b);
	header(b, type[1], r.sparse ? in_sparse : buf_str(&name), r.target, &r, m->stored);
	return buf_failed(b) ? err_set(e, ENOMEM, "header of a file") : 0;
}

int bk_tar_map(struct buf *b, const struct bk_seg *seg, size_t n, struct err *e)
{
	buf_addf(b, "%zu\n", n);
	for (size_t i = 0; i < n; i++)
		buf_addf(b, "%" PRIu64 "\n%" PRIu64 "\n", seg[i].off, seg[i].len);
	pad(b);
	return buf_failed(b) ? err_set(e, ENOMEM, "map of a sparse file") : 0;
}
