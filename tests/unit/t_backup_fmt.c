/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records of an archive: an end that is damaged anywhere is refused, lines come back, names are in the order of a walk. */
#include <string.h>

#include "templates/backup_fmt.h"
#include "tests/lib/test.h"
#include "util/buf.h"

static struct bk_end an_end(void)
{
	struct bk_end d = { .ctid = 101, .created = 1700000000, .pieces_off = 108, .pieces_n = 1, .index_off = 156, .index_len = 10,
			    .index_raw = 20, .meta_off = 174, .meta_len = 5, .tar_len = 4096, .entries = 3, .bytes = 7 };

	bk_end_sum(&d, "key", 3);
	return d;
}

TEST(backup_end)
{
	struct bk_end d = an_end(), got;
	uint8_t raw[BK_END_SIZE];
	struct err e = { 0 };
	const uint64_t size = 174 + 5 + 8 + BK_END_SIZE;

	bk_end_put(&d, raw);
	CHECK_OK(bk_end_get(raw, size, &got, &e), &e);
	CHECK_EQ(got.ctid, 101);
	CHECK_EQ(got.entries, 3);
	CHECK(bk_end_sealed(&got, "key", 3));
	CHECK(!bk_end_sealed(&got, "kex", 3) && !bk_end_sealed(&got, "", 0));
	CHECK_ERR(bk_end_get(raw, size + 1, &got, &e), EBADMSG);
	for (size_t i = 0; i < 464; i++) {	/* up to the digest's end */
		raw[i] ^= 1;
		CHECK(bk_end_get(raw, size, &got, &e) < 0);
		raw[i] ^= 1;
	}
	CHECK_OK(bk_end_get(raw, size, &got, &e), &e);
}

TEST(backup_row)
{
	char path[] = "a b\\c\nd", target[] = "x\377", line[1000];
	struct bk_row r = { .type = 'l', .archive = 2, .off = 512, .len = 1024, .data = 1024, .mode = 0777, .mtime = -5, .mtime_ns = 7,
			    .path = path, .target = target }, got;
	struct buf auto_buf b = { .cap = 4096 };
	struct err e = { 0 };

	bk_row_print(&b, &r);
	CHECK(b.len < sizeof(line));
	memcpy(line, b.s, b.len);
	line[b.len - 1] = '\0';
	CHECK_OK(bk_row_parse(line, &got, &e), &e);
	CHECK_STR(got.path, "a b\\c\nd");
	CHECK_STR(got.target, "x\377");
	CHECK_EQ(got.mtime, -5);
	CHECK_EQ(got.off, 512);
}

TEST(backup_order)
{
	static const char *const v[] = { ".", "+x", "a", "a/b", "a/b/c", "a.b", "aa", "b" };

	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		for (size_t k = 0; k < ARRAY_SIZE(v); k++)
			CHECK_EQ(bk_path_cmp(v[i], v[k]), (i > k) - (i < k));
}

TEST(backup_meta)
{
	struct buf auto_buf b = { .cap = 4096 };
	struct err e = { 0 };
	const char *p;
	size_t n;

	bk_meta_add(&b, "vps.mount", "x\ny 5\n", 6);
	bk_meta_add(&b, "vps.conf", "A=1\n", 4);
	CHECK_OK(bk_meta_get(b.s, b.len, "vps.conf", &p, &n, &e), &e);
	CHECK(n == 4 && memcmp(p, "A=1\n", 4) == 0);
	CHECK_ERR(bk_meta_get(b.s, b.len, "y", &p, &n, &e), ENOENT);
	CHECK_ERR(bk_meta_get(b.s, b.len - 1, "none", &p, &n, &e), EBADMSG);
}
