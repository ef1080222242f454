/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/path.c: nothing leaves the root, nothing crosses a mount, no depth is too deep. */
#include "util/path.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/lib/test.h"
#include "util/fio.h"

static struct err e;

static void touch(int dir, const char *name)
{
	auto_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
}

static bool exists(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

TEST(component)
{
	char longest[NAME_MAX + 2];

	CHECK(path_is_component("a") && path_is_component("..a") && path_is_component("a b"));
	CHECK(!path_is_component("") && !path_is_component(".") && !path_is_component(".."));
	CHECK(!path_is_component("a/b") && !path_is_component("a\nb") && !path_is_component("\x7f"));
	memset(longest, 'x', sizeof(longest));
	longest[NAME_MAX] = '\0';
	CHECK(path_is_component(longest));
	longest[NAME_MAX] = 'x';
	longest[NAME_MAX + 1] = '\0';
	CHECK(!path_is_component(longest));
}

TEST(open_stays_in_root)
{
	auto_close int dir = test_tmp_fd(), root = -1, fd = -1, outside = -1;

	CHECK(mkdirat(dir, "root", 0700) == 0 && mkdirat(dir, "root/etc", 0700) == 0);
	touch(dir, "root/etc/passwd");
	root = openat(dir, "root", O_PATH | O_CLOEXEC);
	CHECK(symlinkat("/etc/passwd", root, "abs") == 0);
	CHECK(symlinkat("../../../../etc/shadow", root, "up") == 0);
	CHECK(symlinkat("/proc/self/fd/0", root, "magic") == 0);
	fd = path_open(root, "/abs", O_RDONLY, 0, &e);
	CHECK_OK(fd, &e);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	outside = path_open(root, "../../etc/../../../etc/passwd", O_RDONLY, 0, &e);
	CHECK_OK(outside, &e);
	CHECK_ERR(path_open(root, "up", O_RDONLY, 0, &e), ENOENT);
	CHECK_ERR(path_open(root, "magic", O_RDONLY, 0, &e), ENOENT);
	CHECK_STR(e.text, "open magic: No such file or directory");
}

TEST(open_beneath_refuses_links)
{
	auto_close int root = test_tmp_fd(), fd = -1;
	struct stat st;

	umask(0);
	CHECK(symlinkat("etc", root, "link") == 0 && mkdirat(root, "etc", 0700) == 0);
	CHECK_ERR(path_open_beneath(root, "link", O_RDONLY, 0, &e), ELOOP);
	CHECK_ERR(path_open_beneath(root, "link/x", O_RDONLY, 0, &e), ELOOP);
	CHECK_ERR(path_open_beneath(root, "../x", O_RDONLY, 0, &e), EXDEV);
	CHECK_ERR(path_open_beneath(root, "etc/../../x", O_RDONLY, 0, &e), EXDEV);
	fd = path_open_beneath(root, "//etc/new", O_WRONLY | O_CREAT | O_EXCL, 0640, &e);
	CHECK_OK(fd, &e);
	CHECK(fstat(fd, &st) == 0);
	CHECK_EQ(st.st_mode & 07777, 0640);
}

TEST_ROOT(open_beneath_stops_at_mounts)
{
	auto_close int root = -1;
	char path[128];

	test_own_mounts();
	root = test_tmp_fd();
	CHECK(mkdirat(root, "m", 0700) == 0);
	snprintf(path, sizeof(path), "%s/m", test_tmp());
	CHECK(mount("t", path, "tmpfs", 0, "size=64k") == 0);
	CHECK_ERR(path_open_beneath(root, "m", O_PATH, 0, &e), EXDEV);
	CHECK_ERR(path_mkdirs(root, "m/a", 0755, &e), EXDEV);
	CHECK_ERR(path_rmtree(root, "m", &e), EBUSY);
	CHECK(mkdirat(root, "m/in", 0700) == 0);
	CHECK(umount(path) == 0);
	/* one level down, with a file on the mount that must survive */
	CHECK(mkdirat(root, "t", 0700) == 0 && mkdirat(root, "t/m", 0700) == 0);
	snprintf(path, sizeof(path), "%s/t/m", test_tmp());
	CHECK(mount("t", path, "tmpfs", 0, "size=64k") == 0);
	touch(root, "t/m/precious");
	CHECK_ERR(path_rmtree(root, "t", &e), EBUSY);
	CHECK(strstr(e.text, "mounted on m"));
	CHECK(exists(root, "t/m/precious"));
	CHECK(umount(path) == 0);
	CHECK_OK(path_rmtree(root, "t", &e), &e);
}

TEST(mkdirs)
{
	auto_close int root = test_tmp_fd(), fd = -1, again = -1;
	struct stat st;

	umask(077);
	fd = path_mkdirs(root, "/a//b/./c/", 0755, &e);
	CHECK_OK(fd, &e);
	CHECK(fstat(fd, &st) == 0 && fstatat(root, "a", &st, 0) == 0);
	CHECK_EQ(st.st_mode & 07777, 0755);
	again = path_mkdirs(root, "a/b/c", 0700, &e);
	CHECK_OK(again, &e);
	CHECK(fstat(again, &st) == 0);
	CHECK_EQ(st.st_mode & 07777, 0755);
	CHECK_ERR(path_mkdirs(root, "a/../../x", 0755, &e), EXDEV);
	touch(root, "file");
	CHECK_ERR(path_mkdirs(root, "file/x", 0755, &e), ENOTDIR);
	CHECK(symlinkat("/tmp", root, "link") == 0);
	CHECK_ERR(path_mkdirs(root, "link/x", 0755, &e), ELOOP);
	CHECK(!exists(root, "x"));
}

TEST(mkdir_host)
{
	auto_close int dir = test_tmp_fd();
	char path[160];
	struct stat st;

	umask(077);
	snprintf(path, sizeof(path), "%s/a/b//c/", test_tmp());
	CHECK_OK(path_mkdir_host(path, 0751, &e), &e);
	CHECK_OK(path_mkdir_host(path, 0700, &e), &e);
	CHECK(fstatat(dir, "a/b/c", &st, 0) == 0);
	CHECK_EQ(st.st_mode & 07777, 0751);
	touch(dir, "f");
	snprintf(path, sizeof(path), "%s/f/x", test_tmp());
	CHECK_ERR(path_mkdir_host(path, 0755, &e), ENOTDIR);
	CHECK_ERR(path_mkdir_host("", 0755, &e), ENOENT);
}

TEST(rmtree_small_things)
{
	auto_close int dir = test_tmp_fd();

	CHECK_OK(path_rmtree(dir, "none", &e), &e);
	CHECK_ERR(path_rmtree(dir, "..", &e), EINVAL);
	CHECK_ERR(path_rmtree(dir, "a/b", &e), EINVAL);
	touch(dir, "f");
	CHECK_OK(path_rmtree(dir, "f", &e), &e);
	CHECK(mkdirat(dir, "d", 0) == 0);
	CHECK_OK(path_rmtree(dir, "d", &e), &e);
	CHECK(!exists(dir, "f") && !exists(dir, "d"));
}

TEST(rmtree_does_not_follow)
{
	auto_close int dir = test_tmp_fd();

	CHECK(mkdirat(dir, "keep", 0700) == 0 && mkdirat(dir, "t", 0700) == 0 && mkdirat(dir, "t/d", 0700) == 0);
	touch(dir, "keep/f");
	CHECK(symlinkat("../keep", dir, "t/rel") == 0 && symlinkat("../../keep", dir, "t/d/rel") == 0);
	CHECK(symlinkat("t", dir, "top") == 0);
	CHECK(mkfifoat(dir, "t/fifo", 0600) == 0);
	CHECK_OK(path_rmtree(dir, "top", &e), &e);
	CHECK(exists(dir, "t/d/rel"));
	CHECK_OK(path_rmtree(dir, "t", &e), &e);
	CHECK(!exists(dir, "t") && exists(dir, "keep/f"));
}

/* The test's directory, in memory when we may mount: these trees are large and disks are slow. */
static int memory_fd(void)
{
	if (geteuid() == 0) {
		test_own_mounts();
		CHECK(mount("t", test_tmp(), "tmpfs", 0, "size=256m") == 0);
	}
	return test_tmp_fd();
}

/* @depth levels "d/d/d...", each with a second branch of a file and an empty directory. */
static void make_deep(int dir, int depth, bool bushy)
{
	int cur;

	CHECK(mkdirat(dir, "t", 0700) == 0);
	cur = openat(dir, "t", O_PATH | O_CLOEXEC);
	for (int i = 0; i < depth; i++) {
		int next;

		if (bushy) {
			touch(cur, "file");
			CHECK(mkdirat(cur, "a", 0700) == 0 && mkdirat(cur, "z", 0700) == 0);
			touch(cur, "a/f");
			touch(cur, "z/f");
		}
		CHECK(mkdirat(cur, "d", 0700) == 0);
		next = openat(cur, "d", O_PATH | O_CLOEXEC);
		CHECK(next >= 0);
		close(cur);
		cur = next;
	}
	close(cur);
}

static void few_descriptors(void)
{
	struct rlimit rl = { .rlim_cur = 64, .rlim_max = 64 };

	CHECK(setrlimit(RLIMIT_NOFILE, &rl) == 0);
}

TEST(rmtree_around_the_window)
{
	auto_close int dir = memory_fd();

	few_descriptors();
	for (int depth = 46; depth < 52; depth++) {
		make_deep(dir, depth, true);
		CHECK_OK(path_rmtree(dir, "t", &e), &e);
		CHECK(!exists(dir, "t"));
	}
	make_deep(dir, 100, true);
	CHECK_OK(path_rmtree(dir, "t", &e), &e);
	CHECK(!exists(dir, "t"));
}

TEST(rmtree_hostile_depth)
{
	auto_close int dir = memory_fd();
	struct rlimit stack = { .rlim_cur = 1 << 20, .rlim_max = 1 << 20 };

	few_descriptors();
	setrlimit(RLIMIT_STACK, &stack);
	make_deep(dir, geteuid() == 0 ? 100000 : 10000, false);
	CHECK_OK(path_rmtree(dir, "t", &e), &e);
	CHECK(!exists(dir, "t"));
}

TEST(rmtree_wide)
{
	auto_close int dir = memory_fd(), t = -1;
	char name[32];

	CHECK(mkdirat(dir, "t", 0700) == 0);
	t = openat(dir, "t", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		CHECK(mkdirat(t, name, 0700) == 0);
		snprintf(name, sizeof(name), "d%d/f", i);
		touch(t, name);
	}
	CHECK_OK(path_rmtree(dir, "t", &e), &e);
	CHECK(!exists(dir, "t"));
}

/* A removal that fails anywhere can be repeated and then succeeds. */
TEST(rmtree_survives_every_failing_call)
{
	auto_close int dir = memory_fd();

	EACH_FAULT(FAULT_IO | FAULT_ALLOC) {
		int r;

		test_fault_off();
		CHECK_OK(path_rmtree(dir, "t", &e), &e);
		make_deep(dir, 52, false);
		test_fault_on();
		r = path_rmtree(dir, "t", &e);
		test_fault_off();
		CHECK_EQ(r < 0, test_fault_hit());
		CHECK_EQ(exists(dir, "t"), r < 0);
		CHECK_EQ(fcntl(dir + 1, F_GETFD), -1);		/* no descriptor is left behind */
	}
}

TEST(mkdirs_survives_every_failing_call)
{
	auto_close int dir = memory_fd();

	EACH_FAULT(FAULT_IO | FAULT_ALLOC) {
		int fd;

		test_fault_off();
		CHECK_OK(path_rmtree(dir, "a", &e), &e);
		test_fault_on();
		fd = path_mkdirs(dir, "a/b/c", 0700, &e);
		test_fault_off();
		CHECK_EQ(fd < 0, test_fault_hit());
		if (fd >= 0)
			close(fd);
		CHECK_EQ(fcntl(dir + 1, F_GETFD), -1);
	}
}

static int moved_from, moved_to;

static void move_away(void)
{
	CHECK_EQ(renameat(moved_from, "d", moved_to, "d"), 0);
}

/* While we are deep in the tree, somebody moves the directory two levels above out of it: ".." now leads to his files. */
TEST(rmtree_does_not_follow_a_moved_directory)
{
	auto_close int dir = memory_fd(), keep = -1, near = -1;
	char path[2 * 60 + 2] = "t";

	CHECK(mkdirat(dir, "keep", 0700) == 0);
	touch(dir, "keep/precious");
	keep = openat(dir, "keep", O_PATH | O_CLOEXEC);
	make_deep(dir, 60, false);
	for (int i = 0; i < 55; i++)
		memcpy(path + 1 + 2 * i, "/d", 3);
	near = openat(dir, path, O_PATH | O_CLOEXEC);
	CHECK(keep >= 0 && near >= 0);
	moved_from = near;
	moved_to = keep;
	test_before_call(FAULT_IO, 119, move_away);	/* two for each level */
	CHECK_ERR(path_rmtree(dir, "t", &e), ESTALE);
	CHECK(test_fault_hit());
	test_fault_off();
	CHECK(exists(dir, "keep/precious"));
	CHECK_OK(path_rmtree(dir, "t", &e), &e);
	CHECK(exists(dir, "keep/precious"));
}
