/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_LIB_EVIL_H
#define TESTS_LIB_EVIL_H
/*
 * Hostile archives, one builder each, header by header: nothing that writes tar files would make most of them. The table
 * evil_shapes says what each must be answered with; 0 = it is odd and harmless and must unpack.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"

struct evil_entry {
	const char *name, *link, *data;
	char type;			/* '0' when not given */
	long long size;			/* declared; -1: none, 0: of data */
	long long uid;
	unsigned mode;
	bool gnu_magic, bad_sum;
};

static inline void evil_octal(char *dst, size_t size, unsigned long long v)
{
	char tmp[32];

	snprintf(tmp, sizeof(tmp), "%0*llo", (int)size - 1, v);
	memcpy(dst, tmp, size - 1);
}

/* Octal while it fits, base 256 beyond. */
static inline void evil_number(char *dst, size_t size, long long v)
{
	if (v >= 0 && v < 1LL << (3 * (size - 1))) {
		evil_octal(dst, size, (unsigned long long)v);
		return;
	}
	for (size_t i = 0; i < size; i++, v >>= 8)
		dst[size - 1 - i] = (char)v;
	dst[0] = (char)(dst[0] | 0x80);
}

static inline void evil_pad(struct buf *b)
{
	while (b->len % 512)
		buf_addc(b, '\0');
}

static inline void evil_add(struct buf *b, struct evil_entry t)
{
	size_t len = t.data ? strlen(t.data) : 0;
	unsigned sum = 0;
	char h[512] = "";

	memcpy(h, t.name, strnlen(t.name, 100));
	evil_octal(h + 100, 8, t.mode ? t.mode : 0755);
	evil_number(h + 108, 8, t.uid);
	evil_number(h + 116, 8, 0);
	evil_number(h + 124, 12, t.size ? t.size : (long long)len);
	evil_octal(h + 136, 12, 1700000000);
	h[156] = t.type ? t.type : '0';
	if (t.link)
		memcpy(h + 157, t.link, strnlen(t.link, 100));
	memcpy(h + 257, t.gnu_magic ? "ustar  " : "ustar\00000", 8);
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum + t.bad_sum);
	buf_add(b, h, sizeof(h));
	if (len)
		buf_add(b, t.data, len);
	evil_pad(b);
}

static inline void evil_dir(struct buf *b, const char *name)
{
	evil_add(b, (struct evil_entry){ .name = name, .type = '5' });
}

static inline void evil_end(struct buf *b)
{
	static const char zeros[1024];

	buf_add(b, zeros, sizeof(zeros));
}

/* A pax record; its length counts itself. */
static inline void evil_record(struct buf *rec, const char *key, const void *val, size_t len)
{
	size_t need = strlen(key) + len + 3, total = need + 1;
	char n[32];

	while ((size_t)snprintf(n, sizeof(n), "%zu", total) + need != total)
		total++;
	buf_addf(rec, "%zu %s=", total, key);
	buf_add(rec, val, len);
	buf_addc(rec, '\n');
}

/* Pax records before the next entry. */
static inline void evil_records(struct buf *b, const struct buf *rec)
{
	evil_add(b, (struct evil_entry){ .name = "PaxHeaders/x", .type = 'x', .size = (long long)rec->len });
	buf_add(b, rec->s, rec->len);
	evil_pad(b);
}

static inline void evil_pax(struct buf *b, const char *key, const void *val, size_t len)
{
	auto_buf struct buf rec = { .cap = 1 << 20 };

	evil_record(&rec, key, val, len);
	evil_records(b, &rec);
}

/* A GNU long name ('L') or long link ('K'). */
static inline void evil_long(struct buf *b, char type, const char *val)
{
	evil_add(b, (struct evil_entry){ .name = "././@LongLink", .type = type, .gnu_magic = true,
					 .size = (long long)strlen(val) + 1 });
	buf_add(b, val, strlen(val) + 1);
	evil_pad(b);
}

#define ADD(...) evil_add(b, (struct evil_entry){ __VA_ARGS__ })
#define SHAPE(id) static inline void evil_##id(struct buf *b)

SHAPE(plain) { evil_dir(b, "./"); evil_dir(b, "./etc/"); ADD(.name = "./etc/motd", .data = "hi\n"); evil_end(b); }
SHAPE(absolute) { ADD(.name = "/etc/evil", .data = "x"); evil_end(b); }
SHAPE(absolute_dot) { ADD(.name = ".//../etc/evil", .data = "x"); evil_end(b); }
SHAPE(dotdot) { ADD(.name = "../evil", .data = "x"); evil_end(b); }
SHAPE(dotdot_mid) { evil_dir(b, "a/"); ADD(.name = "a/../../evil", .data = "x"); evil_end(b); }
SHAPE(dotdot_end) { evil_dir(b, "a/.."); evil_end(b); }
SHAPE(pax_path)
{
	evil_pax(b, "path", "../evil", 7);
	ADD(.name = "fine", .data = "x");
	evil_end(b);
}
SHAPE(pax_linkpath)
{
	ADD(.name = "a", .data = "x");
	evil_pax(b, "linkpath", "../../etc/shadow", 16);
	ADD(.name = "b", .type = '1', .link = "a");
	evil_end(b);
}
SHAPE(gnu_long_name) { evil_long(b, 'L', "../../evil"); ADD(.name = "fine", .data = "x", .gnu_magic = true); evil_end(b); }
SHAPE(link_absolute) { ADD(.name = "b", .type = '1', .link = "/etc/shadow"); evil_end(b); }
SHAPE(link_dotdot) { ADD(.name = "b", .type = '1', .link = "../canary"); evil_end(b); }
SHAPE(link_missing) { ADD(.name = "b", .type = '1', .link = "nothing"); evil_end(b); }
SHAPE(link_self) { ADD(.name = "b", .data = "x"); ADD(.name = "b", .type = '1', .link = "./b"); evil_end(b); }
SHAPE(link_dir) { evil_dir(b, "d/"); ADD(.name = "b", .type = '1', .link = "d"); evil_end(b); }
SHAPE(link_top) { ADD(.name = "b", .type = '1', .link = "."); evil_end(b); }
SHAPE(link_through_symlink)
{
	ADD(.name = "s", .type = '2', .link = "/etc");
	ADD(.name = "b", .type = '1', .link = "s/shadow");
	evil_end(b);
}
SHAPE(through_symlink)
{
	ADD(.name = "s", .type = '2', .link = "/tmp");
	ADD(.name = "s/evil", .data = "x");
	evil_end(b);
}
SHAPE(through_symlink_dir)
{
	ADD(.name = "s", .type = '2', .link = "..");
	evil_dir(b, "s/evil/");
	evil_end(b);
}
SHAPE(through_symlink_symlink)
{
	ADD(.name = "a", .type = '2', .link = ".");
	ADD(.name = "a/b", .type = '2', .link = "..");
	evil_end(b);
}
SHAPE(through_file) { ADD(.name = "f", .data = "x"); ADD(.name = "f/g", .data = "x"); evil_end(b); }
SHAPE(symlink_then_file)
{
	ADD(.name = "s", .type = '2', .link = "/etc/passwd");
	ADD(.name = "s", .data = "x");
	evil_end(b);
}
SHAPE(dir_then_symlink)
{
	evil_dir(b, "d/");
	ADD(.name = "d", .type = '2', .link = "/");
	ADD(.name = "d/evil", .data = "x");
	evil_end(b);
}
SHAPE(symlink_then_dir) { ADD(.name = "d", .type = '2', .link = "/"); evil_dir(b, "d/"); evil_end(b); }
SHAPE(file_then_fifo) { ADD(.name = "f", .data = "x"); ADD(.name = "f", .type = '6'); evil_end(b); }
SHAPE(file_twice) { ADD(.name = "f", .data = "x"); ADD(.name = "f", .data = "y"); evil_end(b); }
SHAPE(top_symlink) { ADD(.name = "./", .type = '2', .link = "/etc"); ADD(.name = "evil", .data = "x"); evil_end(b); }
SHAPE(top_file) { ADD(.name = ".", .data = "x"); evil_end(b); }
SHAPE(top_mode) { ADD(.name = "./", .type = '5', .mode = 0777, .uid = 99); ADD(.name = "f", .data = "x"); evil_end(b); }
SHAPE(uid_huge) { ADD(.name = "f", .data = "x", .uid = 4294967296LL); evil_end(b); }
SHAPE(uid_minus) { ADD(.name = "f", .data = "x", .uid = -1); evil_end(b); }
SHAPE(uid_65536) { ADD(.name = "f", .data = "x", .uid = 65536); evil_end(b); }
SHAPE(long_component)
{
	char name[301];

	memset(name, 'a', 300);
	name[300] = '\0';
	evil_long(b, 'L', name);
	ADD(.name = "fine", .data = "x", .gnu_magic = true);
	evil_end(b);
}
SHAPE(deep)
{
	auto_buf struct buf name = { .cap = 4096 };

	for (int i = 0; i < 300; i++)
		buf_adds(&name, "d/");
	evil_long(b, 'L', buf_str(&name));
	ADD(.name = "fine", .type = '5', .gnu_magic = true);
	evil_end(b);
}
SHAPE(long_path)
{
	auto_buf struct buf name = { .cap = 8192 };

	for (int i = 0; i < 30; i++)
		buf_addf(&name, "%0200d/", i);
	evil_long(b, 'L', buf_str(&name));
	ADD(.name = "fine", .data = "x", .gnu_magic = true);
	evil_end(b);
}
SHAPE(newline) { ADD(.name = "a\n\033[2Jb", .data = "x"); evil_end(b); }
SHAPE(devices)
{
	ADD(.name = "sda", .type = '4');
	ADD(.name = "kmsg", .type = '3');
	ADD(.name = "f", .data = "x");
	evil_end(b);
}
SHAPE(link_to_device) { ADD(.name = "sda", .type = '4'); ADD(.name = "f", .type = '1', .link = "sda"); evil_end(b); }
SHAPE(huge_file) { ADD(.name = "big", .size = 10LL << 40); evil_end(b); }
SHAPE(huge_sparse)
{
	auto_buf struct buf rec = { .cap = 4096 };

	evil_record(&rec, "GNU.sparse.major", "1", 1);
	evil_record(&rec, "GNU.sparse.minor", "0", 1);
	evil_record(&rec, "GNU.sparse.name", "sparse", 6);
	evil_record(&rec, "GNU.sparse.realsize", "1125899906842624", 16);
	evil_records(b, &rec);
	ADD(.name = "x", .size = 514);
	buf_adds(b, "1\n0\n2\n");
	evil_pad(b);
	buf_adds(b, "hi");
	evil_pad(b);
	evil_end(b);
}
SHAPE(huge_pax) { evil_pax(b, "size", "1125899906842624", 16); ADD(.name = "f", .data = "x"); evil_end(b); }
SHAPE(negative_size) { ADD(.name = "neg", .size = -4096); evil_end(b); }
SHAPE(cut_header) { evil_plain(b); b->len = 700; }
SHAPE(cut_data) { ADD(.name = "f", .data = "x", .size = 5000); }
SHAPE(cut_between) { ADD(.name = "f", .data = "x"); }
SHAPE(bad_checksum) { ADD(.name = "f", .data = "x", .bad_sum = true); evil_end(b); }
SHAPE(bad_second) { ADD(.name = "f", .data = "x"); ADD(.name = "g", .data = "x", .bad_sum = true); evil_end(b); }
SHAPE(empty) { evil_end(b); }
SHAPE(nothing) { (void)b; }
SHAPE(garbage)
{
	for (unsigned i = 0, x = 1; i < 5000; i++, x = x * 1103515245 + 12345)
		buf_addc(b, (char)(x >> 16));
}
SHAPE(unknown_type) { ADD(.name = "z", .type = 'Z', .data = "x"); evil_end(b); }
SHAPE(bad_caps)
{
	evil_pax(b, "SCHILY.xattr.security.capability", "broken", 6);
	ADD(.name = "f", .data = "x");
	evil_end(b);
}
SHAPE(bad_acl)
{
	evil_pax(b, "SCHILY.xattr.system.posix_acl_access", "\2\0\0\0\1\0", 6);
	ADD(.name = "f", .data = "x");
	evil_end(b);
}
SHAPE(host_xattrs)
{
	evil_pax(b, "SCHILY.xattr.trusted.overlay.opaque", "y", 1);
	ADD(.name = "t", .type = '5');
	evil_pax(b, "SCHILY.xattr.user.overlay.redirect", "/etc", 4);
	ADD(.name = "u", .type = '5');
	evil_pax(b, "SCHILY.xattr.security.selinux", "system_u", 8);
	ADD(.name = "s", .data = "x");
	evil_pax(b, "SCHILY.xattr.user.mine", "kept", 4);
	ADD(.name = "f", .data = "x");
	evil_end(b);
}
SHAPE(pax_null_path) { evil_pax(b, "path", "a\0/../b", 7); ADD(.name = "fine", .data = "x"); evil_end(b); }
SHAPE(pax_broken)
{
	ADD(.name = "x", .type = 'x', .data = "999999999 path=../evil\n");
	ADD(.name = "fine", .data = "x");
	evil_end(b);
}

struct evil_shape {
	const char *name;
	void (*build)(struct buf *b);
	int code;		/* errno, 0: unpacks */
	const char *text;	/* part of the error's text, NULL: any */
};
#define EVIL(id, code, text) { #id, evil_##id, code, text }

static const struct evil_shape evil_shapes[] = {
	EVIL(plain, 0, NULL), EVIL(absolute, EBADMSG, "absolute"), EVIL(absolute_dot, EBADMSG, "leaves"),
	EVIL(dotdot, EBADMSG, "../evil"), EVIL(dotdot_mid, EBADMSG, "leaves"), EVIL(dotdot_end, EBADMSG, "leaves"),
	EVIL(pax_path, EBADMSG, "leaves"), EVIL(pax_linkpath, EBADMSG, "leaves"), EVIL(gnu_long_name, EBADMSG, "leaves"),
	EVIL(link_absolute, EBADMSG, "absolute"), EVIL(link_dotdot, EBADMSG, "leaves"),
	EVIL(link_missing, EBADMSG, "hard link"), EVIL(link_self, EBADMSG, "itself"),
	EVIL(link_dir, EBADMSG, "directory"), EVIL(link_top, EBADMSG, "directory"),
	EVIL(link_through_symlink, EBADMSG, "symbolic link"), EVIL(through_symlink, EBADMSG, "symbolic link"),
	EVIL(through_symlink_dir, EBADMSG, "symbolic link"), EVIL(through_symlink_symlink, EBADMSG, "symbolic link"),
	EVIL(through_file, EBADMSG, "not a directory"), EVIL(symlink_then_file, EBADMSG, "twice"),
	EVIL(dir_then_symlink, EBADMSG, "twice"), EVIL(symlink_then_dir, EBADMSG, "twice"),
	EVIL(file_then_fifo, EBADMSG, "twice"), EVIL(file_twice, 0, NULL), EVIL(top_symlink, EBADMSG, "top"),
	EVIL(top_file, EBADMSG, "top"), EVIL(top_mode, 0, NULL), EVIL(uid_huge, EBADMSG, "owner"),
	EVIL(uid_minus, EBADMSG, NULL), EVIL(uid_65536, EBADMSG, "owner"), EVIL(long_component, EBADMSG, "255"),
	EVIL(deep, EBADMSG, "256"), EVIL(long_path, EBADMSG, "4095"), EVIL(newline, EBADMSG, "a??[2Jb\": control"),
	EVIL(devices, 0, NULL), EVIL(link_to_device, EBADMSG, "hard link"), EVIL(huge_file, EFBIG, "big"),
	EVIL(huge_sparse, EFBIG, "sparse"), EVIL(huge_pax, EFBIG, "\"f\""), EVIL(negative_size, EBADMSG, NULL), EVIL(cut_header, EBADMSG, NULL),
	EVIL(cut_data, EBADMSG, "\"f\""), EVIL(cut_between, EBADMSG, "cut short"), EVIL(bad_checksum, EBADMSG, NULL),
	EVIL(bad_second, EBADMSG, "\"f\""), EVIL(empty, EBADMSG, NULL), EVIL(nothing, EBADMSG, NULL),
	EVIL(garbage, EBADMSG, NULL), EVIL(unknown_type, 0, NULL), EVIL(bad_caps, EBADMSG, "\"f\""),
	EVIL(bad_acl, EBADMSG, "ACL"), EVIL(host_xattrs, 0, NULL), EVIL(pax_null_path, 0, NULL),
	EVIL(pax_broken, EBADMSG, NULL),
};

static const char *const evil_filters[] = { "none", "gzip", "bzip2", "xz", "zstd" };

/* Writes @b to @fd, packed by one of evil_filters. 0 or -1. */
static inline int evil_write(int fd, const struct buf *b, const char *filter)
{
	struct archive *a = archive_write_new();
	struct archive_entry *en = archive_entry_new();
	int rc = -1;

	archive_write_set_format_raw(a);
	archive_write_set_bytes_in_last_block(a, 1);
	if (strcmp(filter, "none") != 0)
		archive_write_add_filter_by_name(a, filter);
	archive_entry_set_filetype(en, AE_IFREG);
	archive_entry_set_pathname(en, "x");
	if (archive_write_open_fd(a, fd) == ARCHIVE_OK && archive_write_header(a, en) == ARCHIVE_OK &&
	    archive_write_data(a, b->len ? b->s : "", b->len) == (la_ssize_t)b->len &&
	    archive_write_close(a) == ARCHIVE_OK)
		rc = 0;
	archive_entry_free(en);
	archive_write_free(a);
	return rc;
}

#undef ADD
#undef SHAPE
#endif
