/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/walk.c: order, pairs, depth, what is refused. */
#include "util/walk.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/str.h"
#include "util/path.h"

static struct err e;

static int note(void *arg, const struct walk_at *at, struct err *err)
{
	(void)err;
	buf_addf(arg, "%s ", at->name);
	return S_ISDIR(at->st.st_mode) ? 1 : 0;
}

static int note_leave(void *arg, int from, int to, const struct stat *st, struct err *err)
{
	(void)from, (void)to, (void)st, (void)err;
	buf_adds(arg, "< ");
	return 0;
}

static int note_left(void *arg, const struct walk_at *at, struct err *err)
{
	(void)err;
	buf_addf(arg, "/%s ", at->name);
	return 0;
}

static const struct walk_ops notes = { .entry = note, .leave = note_leave, .left = note_left };

TEST(order)
{
	auto_close int dir = test_tmp_fd();
	auto_buf struct buf b = BUF_INIT;

	CHECK(mkdirat(dir, "a", 0700) == 0 && mkdirat(dir, "a/b", 0700) == 0);
	CHECK(symlinkat("/etc", dir, "a/b/l") == 0);
	CHECK_OK(walk(dir, -1, &notes, &b, &e), &e);
	CHECK_STR(buf_str(&b), "a b l < /b < /a < ");
}

TEST(pair_must_have_the_directory)
{
	auto_close int dir = test_tmp_fd(), from = -1, to = -1;
	auto_buf struct buf b = BUF_INIT;

	CHECK(mkdirat(dir, "f", 0700) == 0 && mkdirat(dir, "t", 0700) == 0 && mkdirat(dir, "f/x", 0700) == 0);
	from = openat(dir, "f", O_RDONLY | O_CLOEXEC);
	to = openat(dir, "t", O_PATH | O_CLOEXEC);
	CHECK_ERR(walk(from, to, &notes, &b, &e), ENOENT);
	err_clear(&e);
	CHECK(symlinkat("../f/x", to, "x") == 0);	/* a link is no directory */
	CHECK_ERR(walk(from, to, &notes, &b, &e), ENOTDIR);
	err_clear(&e);
	CHECK(unlinkat(to, "x", 0) == 0 && mkdirat(to, "x", 0700) == 0);
	CHECK_OK(walk(from, to, &notes, &b, &e), &e);
}

static int fail(void *arg, const struct walk_at *at, struct err *err)
{
	(void)arg, (void)at;
	return err_say(err, EIO, "as asked");
}

TEST(error_of_a_call_ends_it)
{
	static const struct walk_ops ops = { .entry = fail };
	auto_close int dir = test_tmp_fd();

	CHECK(mkdirat(dir, "a", 0700) == 0);
	CHECK_ERR(walk(dir, -1, &ops, NULL, &e), EIO);
	CHECK_STR(e.text, "a: as asked");
}

TEST(deep)
{
	enum { DEEP = 3000 };
	auto_close int dir = test_tmp_fd(), cur = dup(dir);
	auto_buf struct buf b = BUF_INIT;

	for (int i = 0; i < DEEP; i++) {
		int next;

		CHECK(mkdirat(cur, "d", 0700) == 0);
		next = openat(cur, "d", O_PATH | O_CLOEXEC);
		CHECK(next >= 0);
		close(cur);
		cur = next;
	}
	CHECK_OK(walk(dir, -1, &notes, &b, &e), &e);
	CHECK_EQ(b.len, DEEP * (2 + 2 + 3) + 2);
	CHECK_OK(path_rmtree(dir, "d", &e), &e);
}

static int move_away(void *arg, const struct walk_at *at, struct err *err)
{
	int top = *(int *)arg;

	(void)err;
	if (str_eq(at->name, "c"))
		CHECK(renameat(top, "a/b", top, "b") == 0);
	return S_ISDIR(at->st.st_mode) ? 1 : 0;
}

TEST(moved_meanwhile)
{
	static const struct walk_ops ops = { .entry = move_away };
	auto_close int dir = test_tmp_fd();

	CHECK(mkdirat(dir, "a", 0700) == 0 && mkdirat(dir, "a/b", 0700) == 0 && mkdirat(dir, "a/b/c", 0700) == 0);
	CHECK_ERR(walk(dir, -1, &ops, &dir, &e), ESTALE);
}

TEST_ROOT(mounts_are_not_entered)
{
	test_own_mounts();
	auto_close int dir = test_tmp_fd();
	auto_buf struct buf b = BUF_INIT;

	CHECK(mkdirat(dir, "m", 0700) == 0 && fchdir(dir) == 0 && mount("none", "m", "tmpfs", 0, NULL) == 0);
	CHECK_ERR(walk(dir, -1, &notes, &b, &e), EXDEV);
	CHECK(umount2("m", MNT_DETACH) == 0);
}

TEST(out_of_memory)
{
	auto_close int dir = test_tmp_fd();

	CHECK(mkdirat(dir, "a", 0700) == 0 && mkdirat(dir, "a/b", 0700) == 0);
	EACH_FAULT(FAULT_ALLOC) {
		static const struct walk_ops quiet = { .entry = move_away };
		int rc = walk(dir, -1, &quiet, &dir, &e);

		test_fault_off();
		CHECK(test_fault_hit() ? rc < 0 : rc == 0);
		err_clear(&e);
	}
}
