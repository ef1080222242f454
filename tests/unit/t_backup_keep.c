/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/backup_dir.c: what a rule keeps: never less than what a kept one needs; and what pruning does to a directory. */
#include "libct/backup.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/fio.h"

TEST(keep_words)
{
	static const char *const bad[] = { "", "keep", "keep-last", "keep-last=", "keep-last=x", "keep-last=-1", "keep-lasts=1",
					   "keep-last=10001", "last=1,,weekly=y" };
	struct ct_keep k;
	struct err e = { 0 };

	CHECK_OK(ct_keep_parse("keep-last=3,daily=7 keep-weekly=4,monthly=12,hourly=24,yearly=1", &k, &e), &e);
	CHECK(k.last == 3 && k.daily == 7 && k.weekly == 4 && k.monthly == 12 && k.hourly == 24 && k.yearly == 1);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err why = { 0 };

		CHECK_ERR(ct_keep_parse(bad[i], &k, &why), EINVAL);
		CHECK(why.text[0]);
	}
}

/* Noon of the first of March 2026 and so many hours later. */
static time_t at(unsigned hours)
{
	struct tm t = { .tm_year = 126, .tm_mon = 2, .tm_mday = 1, .tm_hour = 12, .tm_isdst = -1 };

	return mktime(&t) + (time_t)hours * 3600;
}

static void dumps(struct ct_dumps *d, struct ct_dump *v, size_t n, const unsigned *hours)
{
	for (size_t i = 0; i < n; i++) {
		v[i] = (struct ct_dump){ .ctid = 101, .when = at(hours[i]), .ours = true };
		v[i].end.digest[0] = (uint8_t)(i + 1);
	}
	*d = (struct ct_dumps){ v, n };
}

static const char *marks(const struct ct_dumps *d, const char *what)
{
	static char text[32];
	bool drop[32];
	struct ct_keep k;
	struct err e = { 0 };

	CHECK_OK(ct_keep_parse(what, &k, &e), &e);
	ct_keep_mark(d, &k, drop);
	for (size_t i = 0; i < d->n; i++)
		text[i] = drop[i] ? '-' : 'k';
	text[d->n] = '\0';
	return text;
}

TEST(keep_periods)
{
	static const unsigned hours[] = { 0, 1, 24, 25, 48, 24 * 8, 24 * 40 };
	struct ct_dump v[7];
	struct ct_dumps d;

	dumps(&d, v, 7, hours);
	CHECK_STR(marks(&d, "last=2"), "-----kk");
	CHECK_STR(marks(&d, "last=0"), "kkkkkkk");		/* nothing is said of what goes */
	CHECK_STR(marks(&d, "daily=3"), "----kkk");
	CHECK_STR(marks(&d, "daily=5"), "-k-kkkk");
	CHECK_STR(marks(&d, "monthly=2"), "-----kk");
	CHECK_STR(marks(&d, "yearly=9"), "------k");
	CHECK_STR(marks(&d, "last=1,hourly=2"), "-----kk");
	CHECK_STR(marks(&d, "last=100"), "kkkkkkk");
}

TEST(keep_chains_and_broken_ones)
{
	static const unsigned hours[] = { 0, 1, 2, 3, 4 };
	struct ct_dump v[5];
	struct ct_dumps d;

	dumps(&d, v, 5, hours);
	for (size_t i = 1; i < 4; i++) {	/* 1 on 0, 2 on 1, 3 on 2; 4 stands alone */
		v[i].end.depth = (uint32_t)i;
		memcpy(v[i].end.parent, v[i - 1].end.digest, 32);
	}
	CHECK_STR(marks(&d, "last=1"), "----k");
	CHECK_STR(marks(&d, "last=2"), "kkkkk");
	v[4].broken[0] = 'x';
	CHECK_STR(marks(&d, "last=1"), "kkkkk");	/* the broken one is neither counted nor dropped */
	v[3].end.depth = 0;
	CHECK_STR(marks(&d, "last=1"), "---kk");
}

static void put_archive(const char *name, uint8_t digest_of, const char *parent, const struct bk_end *on, struct bk_end *ret)
{
	struct bk_end end = { .ctid = 101, .created = digest_of, .pieces_off = BK_HEAD, .index_off = 2 * BK_HEAD,
			      .meta_off = 3 * BK_HEAD };
	uint8_t raw[BK_END_SIZE], head[4 * BK_HEAD] = { 0 };
	auto_close int fd = openat(test_tmp_fd(), name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (on) {
		end.depth = on->depth + 1;
		memcpy(end.parent, on->digest, 32);
		str_copy(end.parent_name, sizeof(end.parent_name), parent);
	}
	bk_end_sum(&end, NULL, 0);
	bk_end_put(&end, raw);
	CHECK(fd >= 0 && fio_write_all(fd, head, sizeof(head)) == 0 && fio_write_all(fd, raw, sizeof(raw)) == 0);
	*ret = end;
}

#define N0 "vzdump-openvz-101-2026_01_01-00_00_00.tar.zst"
#define N1 "vzdump-openvz-101-2026_01_02-00_00_00.inc.tar.zst"
#define N2 "vzdump-openvz-101-2026_01_03-00_00_00.tar.zst"

static bool is_there(const char *name)
{
	return faccessat(test_tmp_fd(), name, F_OK, 0) == 0;
}

TEST(prune_a_directory)
{
	struct bk_end a, b, c;
	struct err e = { 0 };

	put_archive(N0, 1, NULL, NULL, &a);
	put_archive(N1, 2, N0, &a, &b);
	put_archive(N2, 3, NULL, NULL, &c);
	auto_dumps struct ct_dumps d = { 0 };
	CHECK_OK(ct_dumps_load(test_tmp_fd(), 101, &d, &e), &e);
	CHECK_EQ(d.n, 3);
	CHECK(d.v[0].ours && d.v[0].needed && !d.v[1].needed && !d.v[2].needed && !d.v[1].broken[0]);
	CHECK_ERR(ct_dump_remove_file(test_tmp_fd(), N0, &e), EBUSY);
	e = (struct err){ 0 };
	CHECK_OK(ct_dumps_prune(test_tmp_fd(), 101, NULL, &(struct ct_keep){ .last = 2 }, false, NULL, NULL, &e), &e);
	CHECK(is_there(N0) && is_there(N1) && is_there(N2));
	CHECK_OK(ct_dumps_prune(test_tmp_fd(), 101, NULL, &(struct ct_keep){ .last = 1 }, true, NULL, NULL, &e), &e);
	CHECK(is_there(N0) && is_there(N1));			/* dry */
	CHECK_OK(ct_dumps_prune(test_tmp_fd(), 102, NULL, &(struct ct_keep){ .last = 1 }, false, NULL, NULL, &e), &e);
	CHECK(is_there(N0) && is_there(N1));			/* another's */
	CHECK_OK(ct_dumps_prune(test_tmp_fd(), 101, NULL, &(struct ct_keep){ .last = 1 }, false, NULL, NULL, &e), &e);
	CHECK(!is_there(N0) && !is_there(N1) && is_there(N2));
	CHECK_ERR(ct_dump_remove_file(test_tmp_fd(), "../x", &e), EINVAL);
}

TEST(a_chain_without_its_first)
{
	struct bk_end a, b;
	struct err e = { 0 };

	put_archive(N0, 1, NULL, NULL, &a);
	put_archive(N1, 2, N0, &a, &b);
	put_archive(N0, 9, NULL, NULL, &a);		/* of the same name, and another one */
	auto_dumps struct ct_dumps d = { 0 };
	CHECK_OK(ct_dumps_load(test_tmp_fd(), 0, &d, &e), &e);
	CHECK(d.n == 2 && strstr(d.v[1].broken, "not there or not the same"));
	CHECK_EQ(truncate(N0, 0) == 0 || unlinkat(test_tmp_fd(), N0, 0) == 0, 1);
}
