/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/tmpl.c: which names are names, which file is found first, the error texts, the list. */
#include "templates/tmpl.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "tests/lib/test.h"
#include "util/fio.h"
#include "util/str.h"

static void put(const char *name)
{
	auto_close int top = test_tmp_fd(), dir = -1;
	struct err e = { 0 };

	CHECK(mkdirat(top, "cache", 0755) == 0 || errno == EEXIST);
	dir = openat(top, "cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(fio_replace(dir, name, "x", 1, 0644, &e), &e);
}

TEST(bad_names)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "../a", "a\nb", ".hidden", "-option", "/", "/etc/passwd",
					   "/a/.tar", "/a/b\n.tar", "relative/x.tar" };
	struct err e;
	struct tmpl t;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err_clear(&e);
		if (tmpl_find(test_tmp(), bad[i], &t, &e) != -EINVAL || strchr(e.text, '\n'))
			test_fail(__FILE__, __LINE__, "\"%s\": %d %s", bad[i], e.code, e.text);
	}
}

TEST(not_found)
{
	char want[512];
	struct err e = { 0 };
	struct tmpl t;

	CHECK_ERR(tmpl_find(test_tmp(), "debian-12-x86_64", &t, &e), ENOENT);
	str_fmt(want, sizeof(want), "Cached OS template %s/cache/debian-12-x86_64.tar[.gz|.bz2|.xz|.zst] not found", test_tmp());
	CHECK_STR(e.text, want);
	CHECK_ERR(tmpl_find(test_tmp(), "/nonexistent/a.tar.gz", &t, &e), ENOENT);
}

TEST(suffixes_in_order)
{
	static const char *const suffix[] = { ".tar.zst", ".tar.xz", ".tar.bz2", ".tar.gz", ".tar" };
	char file[64], want[512];
	struct err e = { 0 };
	struct tmpl t;

	for (size_t i = 0; i < ARRAY_SIZE(suffix); i++) {
		str_fmt(file, sizeof(file), "os-1%s", suffix[i]);
		put(file);
		CHECK_OK(tmpl_find(test_tmp(), "os-1", &t, &e), &e);
		str_fmt(want, sizeof(want), "%s/cache/%s", test_tmp(), file);
		CHECK_STR(t.archive, want);
		CHECK_STR(t.name, "os-1");
		CHECK_STR(t.digest, "");
	}
}

TEST(by_path)
{
	char path[512];
	struct err e = { 0 };
	struct tmpl t;

	put("os-1.0-x.tar.gz");
	str_fmt(path, sizeof(path), "%s/cache/os-1.0-x.tar.gz", test_tmp());
	CHECK_OK(tmpl_find("/elsewhere", path, &t, &e), &e);
	CHECK_STR(t.name, "os-1.0-x");
	CHECK_STR(t.archive, path);
	str_fmt(path, sizeof(path), "%s/cache", test_tmp());
	CHECK_ERR(tmpl_find("/elsewhere", path, &t, &e), EINVAL);
}

TEST(vz_base)
{
	char file[128];
	struct err e = { 0 };
	struct utsname u;
	struct tmpl t;

	CHECK(uname(&u) == 0);
	str_fmt(file, sizeof(file), "vz-base-%s.tar.zst", u.machine);
	put(file);
	CHECK_OK(tmpl_find(test_tmp(), "vz-base", &t, &e), &e);
	CHECK(str_starts(t.name, "vz-base-"));
}

TEST(list)
{
	struct str_list l = { 0 };
	struct err e = { 0 };

	CHECK_OK(tmpl_list(test_tmp(), &l, &e), &e);
	CHECK_EQ(l.n, 0);
	put("b.tar");
	put("a.tar.gz");
	put("a.tar");
	put(".x.tar");
	put("readme.txt");
	put(".tar");
	CHECK_OK(tmpl_list(test_tmp(), &l, &e), &e);
	CHECK_EQ(l.n, 2);
	CHECK_STR(l.v[0], "a");
	CHECK_STR(l.v[1], "b");
	str_list_clear(&l);
}

TEST(rm)
{
	char path[512];
	struct err e = { 0 };
	struct tmpl t;

	put("a.tar");
	CHECK_OK(tmpl_find(test_tmp(), "a", &t, &e), &e);
	CHECK_ERR(tmpl_rm("/tmp", &t, &e), EINVAL);
	CHECK_OK(tmpl_rm(test_tmp(), &t, &e), &e);
	str_fmt(path, sizeof(path), "%s/cache/a.tar", test_tmp());
	CHECK(access(path, F_OK) < 0);
}
