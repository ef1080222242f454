/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/base.c, base_write.c and base_files.c: vz-base is built, repeats byte for byte, and has what it needs. */
#include "templates/tmpl_priv.h"

#include <fcntl.h>
#include <string.h>

#include "templates/base_files.h"
#include "tests/lib/test.h"
#include "tests/unit/t_unpack_lab.h"

#define BUSYBOX "/bin/busybox"

static void digest_of(const char *archive, char out[TMPL_DIGEST_LEN + 1], struct stat *st)
{
	auto_close int fd = open(archive, O_RDONLY | O_CLOEXEC);
	struct err e = { 0 };

	CHECK(fd >= 0 && fstat(fd, st) == 0);
	CHECK_OK(tmpl_digest_fd(fd, out, &e), &e);
}

TEST_ROOT(repeats)
{
	char first[TMPL_DIGEST_LEN + 1], second[TMPL_DIGEST_LEN + 1];
	struct stat a, b;
	struct err e = { 0 };
	struct tmpl t;

	need_helper();
	if (access(BUSYBOX, X_OK) < 0)
		SKIP("no " BUSYBOX);
	CHECK_OK(tmpl_build_base(test_tmp(), BUSYBOX, &e), &e);
	CHECK_OK(tmpl_find(test_tmp(), "vz-base", &t, &e), &e);
	digest_of(t.archive, first, &a);
	CHECK_OK(tmpl_build_base(test_tmp(), BUSYBOX, &e), &e);
	digest_of(t.archive, second, &b);
	CHECK_EQ(a.st_ino, b.st_ino);			/* same content: left alone */
	CHECK(unlink(t.archive) == 0);
	CHECK_OK(tmpl_build_base(test_tmp(), BUSYBOX, &e), &e);
	digest_of(t.archive, second, &b);
	CHECK_STR(second, first);
}

TEST_ROOT(content)
{
	static const struct { const char *path; mode_t mode; } want[] = {
		{ "bin/busybox", S_IFREG | 0755 }, { "bin/sh", S_IFLNK | 0777 }, { "sbin/init", S_IFLNK | 0777 },
		{ "etc/shadow", S_IFREG | 0640 }, { "tmp", S_IFDIR | 01777 }, { "root", S_IFDIR | 0700 },
		{ "var/run", S_IFLNK | 0777 }, { "sbin/poweroff", S_IFREG | 0755 }, { "etc/init.d/rcS", S_IFREG | 0755 },
		{ "proc", S_IFDIR | 0555 }, { "var/www/index.html", S_IFREG | 0644 },
	};
	struct err e = { 0 };
	auto_close int tree = -1;
	struct tmpl t;
	struct stat st;

	need_helper();
	if (access(BUSYBOX, X_OK) < 0)
		SKIP("no " BUSYBOX);
	CHECK_OK(tmpl_build_base(test_tmp(), BUSYBOX, &e), &e);
	CHECK_OK(tmpl_find(test_tmp(), "vz-base", &t, &e), &e);
	CHECK_OK(tmpl_tree(test_tmp(), &t, NULL, &tree, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		if (fstatat(tree, want[i].path, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_mode != want[i].mode || st.st_uid)
			test_fail(__FILE__, __LINE__, "%s: mode %o", want[i].path, st.st_mode);
}

TEST_ROOT(not_a_busybox)
{
	struct err e = { 0 };

	need_helper();
	CHECK_ERR(tmpl_build_base(test_tmp(), "/nonexistent", &e), ENOENT);
	CHECK_ERR(tmpl_build_base(test_tmp(), "/etc/passwd", &e), ENOEXEC);
	CHECK_ERR(tmpl_build_base(test_tmp(), "/bin/true", &e), ENOEXEC);	/* dynamic: no loader in the box */
}

TEST(table_has_parents)
{
	for (size_t i = 0; i < base_files_n; i++) {
		const char *slash = strrchr(base_files[i].path, '/');
		bool found = !slash;

		for (size_t k = 0; k < base_files_n && !found; k++)
			found = S_ISDIR(base_files[k].mode) && strlen(base_files[k].path) == (size_t)(slash - base_files[i].path) &&
				strncmp(base_files[k].path, base_files[i].path, (size_t)(slash - base_files[i].path)) == 0;
		if (!found || base_files[i].path[0] == '/')
			test_fail(__FILE__, __LINE__, "%s", base_files[i].path);
	}
}
