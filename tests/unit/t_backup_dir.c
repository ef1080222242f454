/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories of archives: their names, chains whatever the clock said, what is removed and what is kept. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/backup.h"
#include "tests/lib/test.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"

TEST(backup_names)
{
	static const struct { const char *name; bool ok, foreign; unsigned ctid; } t[] = {
		{ "vzdump-openvz-101-2026_11_27-14_02_11.tar.zst", true, false, 101 },
		{ "vzdump-openvz-101-2026_11_27-14_02_11.inc.tar.zst", true, false, 101 },
		{ "vzdump-openvz-7-2012_02_29-00_00_00.tgz", true, true, 7 },
		{ "vzdump-openvz-101-2026_11_27-14_02_11.tar", true, true, 101 },
		{ "vzdump-openvz-101-2026_11_27-14_02_11.tar.gz", true, true, 101 },
		{ "vzdump-openvz-0-2026_11_27-14_02_11.tar.zst", false, false, 0 },
		{ "vzdump-openvz-99999999999-2026_11_27-14_02_11.tar.zst", false, false, 0 },
		{ "vzdump-openvz--1-2026_11_27-14_02_11.tar.zst", false, false, 0 },
		{ "vzdump-openvz-101-2026_13_27-14_02_11.tar.zst", false, false, 0 },
		{ "vzdump-openvz-101-0985_01_01-00_00_00.tgz", false, false, 0 },
		{ "vzdump-openvz-101-2026_11_27-24_02_11.tar.zst", false, false, 0 },
		{ "vzdump-openvz-101-2026_11_27-14_02_11", false, false, 0 },
		{ "vzdump-openvz-101-2026_11_27-14_02_11.tar.zst.part", false, false, 0 },
		{ "vzdump-openvz-101-2026_11_27-14_02_1.tar.zst", false, false, 0 },
		{ "vzdump-openvz-101-2026-11-27-14_02_11.tar.zst", false, false, 0 },
		{ "vzdump-qemu-101-2026_11_27-14_02_11.tar.zst", false, false, 0 },
		{ "", false, false, 0 },
	};
	char again[CT_BACKUP_NAME_MAX];
	unsigned ctid;
	bool foreign;
	time_t when;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		CHECK_EQ(ct_dump_name_parse(t[i].name, &ctid, &when, &foreign), t[i].ok);
		if (t[i].ok)
			CHECK(ctid == t[i].ctid && foreign == t[i].foreign);
	}
	CHECK(ct_dump_name_parse(t[1].name, &ctid, &when, &foreign));
	CHECK(ct_dump_name(again, sizeof(again), ctid, when, true) >= 0);
	CHECK_STR(again, t[1].name);
	CHECK(ct_dump_name(again, sizeof(again), ctid, when, false) >= 0);
	CHECK_STR(again, t[0].name);
}

/* An archive of which there is only the end; it builds on @on. */
static struct bk_end put(int dir, const char *name, unsigned ctid, const struct bk_end *on, const char *on_name)
{
	struct bk_end d = { .ctid = ctid, .created = 1, .pieces_off = 8, .index_off = 16, .meta_off = 24 };
	uint8_t file[24 + BK_HEAD + BK_END_SIZE] = { 0 };
	struct err e = { 0 };

	d.bytes = (uint64_t)name[strlen("vzdump-openvz-101-2026_10_25-02_")] << 8 | (uint8_t)name[strlen(name) - 1];
	if (on) {
		d.depth = on->depth + 1;
		memcpy(d.parent, on->digest, 32);
		str_copy(d.parent_name, sizeof(d.parent_name), on_name);
	}
	bk_end_sum(&d, "", 0);
	bk_end_put(&d, file + 24 + BK_HEAD);
	CHECK_OK(fio_replace(dir, name, file, sizeof(file), 0600, &e), &e);
	return d;
}

#define A "vzdump-openvz-101-2026_10_25-02_50_00.tar.zst"
#define B "vzdump-openvz-101-2026_10_25-02_10_00.inc.tar.zst"	/* later: the clock was put back meanwhile */
#define C "vzdump-openvz-101-2026_10_25-02_30_00.inc.tar.zst"
#define D "vzdump-openvz-102-2026_10_25-02_00_00.tar.gz"

static const struct ct_dump *find(const struct ct_dumps *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->v[i].name, name))
			return &l->v[i];
	CHECK(!"it is listed");
	return NULL;
}

/* C builds on B builds on A, whatever their dates say. */
static void put_chain(int dir)
{
	struct bk_end a = put(dir, A, 101, NULL, NULL), b = put(dir, B, 101, &a, A);

	put(dir, C, 101, &b, B);
	put(dir, D, 102, NULL, NULL);
}

TEST(backup_chain)
{
	auto_close int dir = test_tmp_fd();
	struct ct_dumps l = { 0 };
	struct err e = { 0 };

	put_chain(dir);
	CHECK_OK(ct_dumps_load(dir, 0, &l, &e), &e);
	CHECK_EQ(l.n, 4);
	CHECK(find(&l, A)->needed && find(&l, B)->needed && !find(&l, C)->needed);
	CHECK(!find(&l, A)->broken[0] && !find(&l, B)->broken[0] && !find(&l, C)->broken[0]);
	CHECK(find(&l, D)->foreign && !find(&l, D)->ours);
	ct_dumps_done(&l);
	CHECK_ERR(ct_dump_remove_file(dir, A, &e), EBUSY);
	CHECK_ERR(ct_dump_remove_file(dir, B, &e), EBUSY);
	CHECK_ERR(ct_dump_remove_file(dir, "../" A, &e), EINVAL);
	CHECK_OK(ct_dump_remove_file(dir, C, &e), &e);
	CHECK_OK(ct_dump_remove_file(dir, B, &e), &e);
	CHECK_OK(ct_dump_remove_file(dir, A, &e), &e);
	CHECK_OK(ct_dumps_load(dir, 101, &l, &e), &e);
	CHECK_EQ(l.n, 0);
	ct_dumps_done(&l);
}

/* Without A, all that builds on it cannot be used, and says on what it builds. */
TEST(backup_chain_broken)
{
	auto_close int dir = test_tmp_fd();
	struct ct_dumps l = { 0 };
	struct err e = { 0 };

	put_chain(dir);
	CHECK(unlinkat(dir, A, 0) == 0);
	CHECK_OK(ct_dumps_load(dir, 101, &l, &e), &e);
	CHECK_EQ(l.n, 2);
	CHECK_STR(find(&l, B)->broken, "builds on " A ", which is not there or not the same");
	CHECK_STR(find(&l, C)->broken, "builds on " B ", which is not there or not the same");
	CHECK(!find(&l, B)->needed);
	ct_dumps_done(&l);
	CHECK_OK(fio_replace(dir, B, "cut", 3, 0600, &e), &e);
	CHECK(mkfifoat(dir, "vzdump-openvz-101-2026_10_26-02_30_00.tar.zst", 0600) == 0);
	CHECK(symlinkat("/etc/passwd", dir, "vzdump-openvz-101-2026_10_27-02_30_00.tar.zst") == 0);
	CHECK_OK(ct_dumps_load(dir, 101, &l, &e), &e);
	CHECK_EQ(l.n, 4);
	CHECK_STR(find(&l, B)->broken, "it has no end: it was cut short, or is still being written, or no backup of this format");
	CHECK_STR(find(&l, "vzdump-openvz-101-2026_10_26-02_30_00.tar.zst")->broken, "not a file that can be read");
	CHECK_STR(find(&l, "vzdump-openvz-101-2026_10_27-02_30_00.tar.zst")->broken, "not a file that can be read");
	ct_dumps_done(&l);
}

TEST(backup_keep_words)
{
	static const struct { const char *text; int rc; struct ct_keep k; } t[] = {
		{ "keep-last=3", 0, { .last = 3 } },
		{ "last=3,daily=7", 0, { .last = 3, .daily = 7 } },
		{ "keep-hourly=1, keep-weekly=2 keep-monthly=3,keep-yearly=4", 0,
		  { .hourly = 1, .weekly = 2, .monthly = 3, .yearly = 4 } },
		{ "keep-last=0", 0, { 0 } }, { "last=10000", 0, { .last = 10000 } },
		{ "last=10001", -EINVAL, { 0 } }, { "last=-1", -EINVAL, { 0 } }, { "last=", -EINVAL, { 0 } }, { "last", -EINVAL, { 0 } },
		{ "lasts=1", -EINVAL, { 0 } }, { "keep-=1", -EINVAL, { 0 } }, { "", -EINVAL, { 0 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct ct_keep k = { 0 };
		struct err e = { 0 };

		CHECK_EQ(ct_keep_parse(t[i].text, &k, &e), t[i].rc);
		CHECK(memcmp(&k, &t[i].k, sizeof(k)) == 0);
	}
}

/* Of archives by day of October 2026, '1' in order; what the rule keeps as a string of '1' and '0'. */
static void kept(const char *days, struct ct_keep k, const char *want)
{
	struct ct_dump v[16] = { 0 };
	struct ct_dumps d = { v, strlen(days) };
	bool drop[16];

	for (size_t i = 0; i < d.n; i++) {
		struct tm t = { .tm_year = 126, .tm_mon = 9, .tm_mday = days[i] - 'a' + 1, .tm_hour = 12 + (int)i % 3, .tm_isdst = -1 };

		v[i].ctid = 101;
		v[i].when = mktime(&t);
	}
	ct_keep_mark(&d, &k, drop);
	for (size_t i = 0; i < d.n; i++)
		CHECK_EQ(!drop[i], want[i] == '1');
}

TEST(backup_keep)
{
	kept("abcde", (struct ct_keep){ 0 }, "11111");		/* nothing is said: nothing goes */
	kept("abcde", (struct ct_keep){ .last = 2 }, "00011");
	kept("abcde", (struct ct_keep){ .last = 9 }, "11111");
	kept("aabbc", (struct ct_keep){ .daily = 2 }, "00011");
	kept("aabbc", (struct ct_keep){ .daily = 2, .last = 3 }, "00111");
	kept("aabbc", (struct ct_keep){ .daily = 3 }, "01011");
	kept("abcdefghijklmn", (struct ct_keep){ .weekly = 2 }, "00000000001001");	/* Sunday 11th, Wednesday 14th */
	kept("abcdefghijklmn", (struct ct_keep){ .monthly = 5 }, "00000000000001");
}

/* What a kept one builds on is kept; what is broken is neither counted nor dropped. */
TEST(backup_keep_chain)
{
	auto_close int dir = test_tmp_fd();
	struct ct_dumps l = { 0 };
	struct err e = { 0 };

	put_chain(dir);
	CHECK_OK(ct_dumps_load(dir, 101, &l, &e), &e);
	{
		bool drop[8];

		ct_keep_mark(&l, &(struct ct_keep){ .last = 1 }, drop);		/* by date that is A */
		CHECK(!drop[find(&l, A) - l.v] && drop[find(&l, B) - l.v] && drop[find(&l, C) - l.v]);
		str_copy(l.v[find(&l, A) - l.v].broken, 10, "bad");
		ct_keep_mark(&l, &(struct ct_keep){ .last = 1 }, drop);		/* now C, and with it B and A */
		CHECK(!drop[0] && !drop[1] && !drop[2]);
	}
	ct_dumps_done(&l);
	CHECK_OK(ct_dumps_prune(dir, 101, NULL, &(struct ct_keep){ .last = 1 }, true, NULL, NULL, &e), &e);
	CHECK(faccessat(dir, B, F_OK, 0) == 0);		/* it was said only */
	CHECK_OK(ct_dumps_prune(dir, 101, NULL, &(struct ct_keep){ .last = 1 }, false, NULL, NULL, &e), &e);
	CHECK(faccessat(dir, A, F_OK, 0) == 0 && faccessat(dir, B, F_OK, 0) < 0 && faccessat(dir, C, F_OK, 0) < 0);
	CHECK(faccessat(dir, D, F_OK, 0) == 0);		/* another's */
}
