/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/tree.c: unpacked once and remembered, changed archives noticed, four at once, half-made things swept. */
#include "templates/tmpl_priv.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/lib/evil.h"
#include "tests/lib/test.h"
#include "tests/unit/t_unpack_lab.h"
#include "util/fio.h"
#include "util/str.h"
#include "util/sys.h"

static void put(const char *name, const char *content, unsigned files)
{
	auto_buf struct buf b = { .cap = 64 << 20 };
	auto_close int top = test_tmp_fd(), fd = -1;
	char path[128];

	for (unsigned i = 0; i < files; i++) {
		str_fmt(path, sizeof(path), "f%u", i);
		evil_add(&b, (struct evil_entry){ .name = path, .data = content });
	}
	evil_end(&b);
	CHECK(mkdirat(top, "cache", 0755) == 0 || errno == EEXIST);
	str_fmt(path, sizeof(path), "cache/%s.tar", name);
	fd = openat(top, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	CHECK(fd >= 0 && fio_write_all(fd, b.s, b.len) == 0);
}

static int tree_of(const char *name, struct tmpl *t)
{
	struct err e = { 0 };
	int fd = -1;

	CHECK_OK(tmpl_find(test_tmp(), name, t, &e), &e);
	CHECK_OK(tmpl_tree(test_tmp(), t, NULL, &fd, &e), &e);
	return fd;
}

/* In a process of its own. */
static pid_t tree_in_child(const char *name)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct err e = { 0 };
		struct tmpl t;
		int fd;

		_exit(tmpl_find(test_tmp(), name, &t, &e) < 0 || tmpl_tree(test_tmp(), &t, NULL, &fd, &e) < 0);
	}
	return pid;
}

static unsigned entries(const char *sub)
{
	auto_close int top = test_tmp_fd();
	int fd = openat(top, sub, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	unsigned n = 0;

	while (d && (de = readdir(d)))
		n += de->d_name[0] != '.';
	return n;
}

static ino_t ino_of(int fd)
{
	struct stat st;

	CHECK(fstat(fd, &st) == 0);
	return st.st_ino;
}

TEST_ROOT(tree_once)
{
	auto_close int a = -1, b = -1, c = -1;
	struct tmpl t, again;
	struct err e = { 0 };
	struct stat st;

	need_helper();
	put("os", "x", 3);
	a = tree_of("os", &t);
	CHECK_EQ(strlen(t.digest), TMPL_DIGEST_LEN);
	CHECK(fstatat(a, "f2", &st, 0) == 0);
	CHECK(setenv("VZ_LIBEXEC", "/nonexistent", 1) == 0);	/* from here on nothing can be unpacked */
	b = tree_of("os", &again);
	CHECK_EQ(ino_of(a), ino_of(b));
	CHECK_STR(again.digest, t.digest);
	CHECK_OK(tmpl_tree_open(test_tmp(), t.digest, &c, &e), &e);
	CHECK_EQ(ino_of(a), ino_of(c));
	CHECK_EQ(entries("tmp"), 0);
}

/* Of this process and those that it has waited for: how long others take is theirs. */
static int64_t cpu_us(void)
{
	struct rusage self, children;

	CHECK(getrusage(RUSAGE_SELF, &self) == 0 && getrusage(RUSAGE_CHILDREN, &children) == 0);
	return (self.ru_utime.tv_sec + self.ru_stime.tv_sec + children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1000000 +
	       self.ru_utime.tv_usec + self.ru_stime.tv_usec + children.ru_utime.tv_usec + children.ru_stime.tv_usec;
}

TEST_ROOT(tree_fast)
{
	struct tmpl t;
	int64_t us;

	need_helper();
	put("os", "x", 3);
	close(tree_of("os", &t));
	us = cpu_us();
	for (int i = 0; i < 100; i++)
		close(tree_of("os", &t));
	us = cpu_us() - us;
	CHECK(us < 100 * 1000);
}

TEST_ROOT(tree_changed_archive)
{
	auto_close int a = -1, b = -1;
	struct tmpl t, u;

	need_helper();
	put("os", "x", 3);
	a = tree_of("os", &t);
	put("os", "y", 3);
	b = tree_of("os", &u);
	CHECK(strcmp(t.digest, u.digest) != 0 && ino_of(a) != ino_of(b));
}

TEST_ROOT(tree_of_a_copy)
{
	auto_close int a = -1, b = -1;
	struct tmpl t, u;

	need_helper();
	put("os", "x", 3);
	put("copy", "x", 3);
	a = tree_of("os", &t);
	CHECK(setenv("VZ_LIBEXEC", "/nonexistent", 1) == 0);
	b = tree_of("copy", &u);
	CHECK_EQ(ino_of(a), ino_of(b));
}

TEST_ROOT(tree_lost)
{
	auto_close int top = test_tmp_fd();
	struct err e = { 0 };
	struct tmpl t;
	int fd = -1;

	need_helper();
	put("os", "x", 3);
	close(tree_of("os", &t));
	CHECK_OK(path_rmtree(top, "store", &e), &e);
	CHECK_ERR(tmpl_tree_open(test_tmp(), t.digest, &fd, &e), ENOENT);
	close(tree_of("os", &t));
}

TEST_ROOT(tree_bad_archive_leaves_nothing)
{
	auto_close int top = test_tmp_fd(), archive = -1;
	struct err e = { 0 };
	struct tmpl t;
	int fd = -1;

	need_helper();
	put("os", "x", 3);
	archive = openat(top, "cache/os.tar", O_WRONLY | O_CLOEXEC);
	CHECK(archive >= 0 && ftruncate(archive, 1500) == 0);
	CHECK_OK(tmpl_find(test_tmp(), "os", &t, &e), &e);
	CHECK_ERR(tmpl_tree(test_tmp(), &t, NULL, &fd, &e), EBADMSG);
	CHECK(str_starts(e.text, "OS template os: "));
	CHECK_EQ(entries("tmp"), 0);
	CHECK_EQ(entries("store/sha256"), 0);
}

/* Its digest is that of the tree without files that a restore or a conversion puts into the store. */
TEST_ROOT(tree_of_an_empty_file)
{
	char digest[TMPL_DIGEST_LEN + 1];
	struct err e = { 0 };
	auto_close int top = test_tmp_fd(), file = -1;
	struct tmpl t;
	int fd = -1;

	put("one", "x", 1);
	CHECK_OK(tmpl_tree_empty(test_tmp(), digest, &e), &e);
	file = openat(top, "cache/none.tar", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHECK(file >= 0);
	CHECK_OK(tmpl_find(test_tmp(), "none", &t, &e), &e);
	CHECK_EQ(tmpl_tree(test_tmp(), &t, NULL, &fd, &e), -EBADMSG);
	CHECK(strstr(e.text, "is an empty file"));
}

TEST_ROOT(tree_four_at_once)
{
	pid_t pid[4];
	int status;

	need_helper();
	put("os", "some content", 2000);
	for (size_t i = 0; i < ARRAY_SIZE(pid); i++)
		pid[i] = tree_in_child("os");
	for (size_t i = 0; i < ARRAY_SIZE(pid); i++)
		CHECK(waitpid(pid[i], &status, 0) == pid[i] && status == 0);
	CHECK_EQ(entries("store/sha256"), 1);
	CHECK_EQ(entries("tmp"), 0);
}

/* Killed at some point of an unpack, over and over: the next one finds its way, and nothing is left. */
TEST_ROOT(tree_killed)
{
	struct err e = { 0 };
	struct tmpl t;

	need_helper();
	put("os", "some content", 5000);
	for (int ms = 0; ms < 40; ms += 3) {
		pid_t pid = tree_in_child("os");

		nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000L }, NULL);
		kill(pid, SIGKILL);
		CHECK(waitpid(pid, NULL, 0) == pid);
	}
	close(tree_of("os", &t));
	SOON(tmpl_sweep(test_tmp(), &e) == 0 && entries("tmp") == 0);	/* the kernel ends vz-unpack with its maker */
}

TEST_ROOT(tree_info_and_verify)
{
	struct tmpl_info i;
	struct err e = { 0 };
	struct tmpl t;

	need_helper();
	put("os", "x", 3);
	CHECK_OK(tmpl_find(test_tmp(), "os", &t, &e), &e);
	CHECK_OK(tmpl_info(test_tmp(), &t, &i, &e), &e);
	CHECK(!i.unpacked && !t.digest[0] && i.archive_bytes > 0);
	CHECK_OK(tmpl_verify(test_tmp(), &t, NULL, &i, &e), &e);
	CHECK(!i.unpacked && i.entries == 3 && t.digest[0]);
	close(tree_of("os", &t));
	CHECK_OK(tmpl_info(test_tmp(), &t, &i, &e), &e);
	CHECK(i.unpacked && i.entries == 3 && i.bytes == 3);
	CHECK_EQ(entries("tmp"), 0);
}

TEST(tree_bad_digest)
{
	struct err e = { 0 };
	int fd = -1;

	CHECK_ERR(tmpl_tree_open(test_tmp(), "../../etc", &fd, &e), EINVAL);
	CHECK_ERR(tmpl_tree_open(test_tmp(), "", &fd, &e), EINVAL);
}
