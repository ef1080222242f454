/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/seed.c: made once, found again, kept by an archive in the cache and by nothing else. */
#include <string.h>

#include "templates/gc.h"
#include "templates/tmpl_priv.h"
#include "tests/lib/evil.h"
#include "tests/unit/t_btrfs_lab.h"
#include "tests/unit/t_unpack_lab.h"
#include "util/buf.h"
#include "util/fio.h"

static void put(int top, const char *name, const char *content)
{
	auto_buf struct buf b = { .cap = 1 << 20 };
	auto_close int fd = -1;
	char path[128] = "file";

	evil_add(&b, (struct evil_entry){ .name = path, .data = content });
	evil_end(&b);
	CHECK(mkdirat(top, "cache", 0755) == 0 || errno == EEXIST);
	str_fmt(path, sizeof(path), "cache/%s.tar", name);
	fd = openat(top, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	CHECK(fd >= 0 && fio_write_all(fd, b.s, b.len) == 0);
}

static int nobody(void *arg, struct str_list *l, struct err *e)
{
	(void)arg;
	(void)l;
	(void)e;
	return 0;
}

static uint64_t collect(const char *at, bool marked)
{
	struct tmpl_gc g = { .users = nobody, .marked = marked };
	struct err e = { 0 };

	gc_unhold();
	CHECK_OK(tmpl_gc(at, &g, &e), &e);
	return g.n;
}

TEST_ROOT(seed_life)
{
	char at[300];
	auto_close int root = btrfs_lab(at), a = -1, b = -1;
	struct tmpl t, again;
	struct err e = { 0 };
	struct stat st;

	need_helper();
	put(root, "os", "one");
	CHECK_OK(tmpl_find(at, "os", &t, &e), &e);
	CHECK_OK(tmpl_seed(at, &t, NULL, root, &a, &e), &e);
	CHECK(fstatat(a, "file", &st, 0) == 0 && st.st_size == 3);
	CHECK(mkdirat(a, "x", 0755) < 0 && errno == EROFS);
	CHECK(seed_is(root, t.digest));
	CHECK(setenv("VZ_LIBEXEC", "/nonexistent", 1) == 0);	/* from here on nothing can be unpacked */
	CHECK_OK(tmpl_find(at, "os", &again, &e), &e);
	CHECK_OK(tmpl_seed(at, &again, NULL, root, &b, &e), &e);
	CHECK_STR(again.digest, t.digest);
	auto_close_(&a);
	auto_close_(&b);
	CHECK_EQ(collect(at, false), 0);			/* its archive is there */
	CHECK(unlinkat(root, "cache/os.tar", 0) == 0);
	CHECK_EQ(tmpl_gc_mark(at, t.digest, &e), 1);
	CHECK_EQ(collect(at, true), 1);
	CHECK(!seed_is(root, t.digest) && !tmpl_gc_due(at));
}

TEST_ROOT(seed_collected_with_all)
{
	char at[300];
	auto_close int root = btrfs_lab(at), fd = -1;
	struct err e = { 0 };
	struct tmpl t;

	need_helper();
	put(root, "os", "one");
	CHECK_OK(tmpl_find(at, "os", &t, &e), &e);
	CHECK_OK(tmpl_seed(at, &t, NULL, root, &fd, &e), &e);
	CHECK(unlinkat(root, "cache/os.tar", 0) == 0);
	CHECK_EQ(collect(at, false), 1);
	CHECK(!seed_is(root, t.digest));
	CHECK_OK(seed_drop(root, t.digest, &e), &e);		/* again: nothing to do */
}

TEST_ROOT(seed_bad_archive)
{
	char at[300];
	auto_close int root = btrfs_lab(at), fd = -1, archive = -1;
	struct str_list l = { 0 };
	struct err e = { 0 };
	struct tmpl t;

	need_helper();
	put(root, "os", "one");
	archive = openat(root, "cache/os.tar", O_WRONLY | O_CLOEXEC);
	CHECK(archive >= 0 && ftruncate(archive, 700) == 0);
	CHECK_OK(tmpl_find(at, "os", &t, &e), &e);
	CHECK(tmpl_seed(at, &t, NULL, root, &fd, &e) < 0 && fd < 0 && !t.digest[0]);
	err_clear(&e);
	CHECK_OK(seed_list(root, &l, &e), &e);
	CHECK_EQ(l.n, 0);
}

TEST_ROOT(seed_not_on_one_btrfs)
{
	char at[300];
	auto_close int root = btrfs_lab(at), other = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;
	struct err e = { 0 };
	struct tmpl t;

	put(root, "os", "one");
	CHECK_OK(tmpl_find(at, "os", &t, &e), &e);
	CHECK_ERR(tmpl_seed(at, &t, NULL, other, &fd, &e), ENOTSUP);
}
