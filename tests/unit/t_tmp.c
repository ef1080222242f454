/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/tmp.c: what a living maker holds stays, what a dead one left goes. */
#include "templates/tmpl_priv.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/lib/test.h"

TEST(own_is_kept_then_removed)
{
	auto_close int top = test_tmp_fd();
	struct tmpl_tmp t = { .top = -1, .dir = -1 };
	struct err e = { 0 };

	CHECK_OK(tmpl_sweep(test_tmp(), &e), &e);	/* there is no tmp/ at all */
	CHECK_OK(tmp_make(top, &t, &e), &e);
	CHECK(mkdirat(t.dir, "tree", 0755) == 0);
	CHECK_OK(tmpl_sweep(test_tmp(), &e), &e);
	CHECK(faccessat(t.dir, "tree", F_OK, 0) == 0);
	tmp_done(&t);
	CHECK(faccessat(top, "tmp", F_OK, 0) == 0);
	CHECK_EQ(t.dir, -1);
	tmp_done(&t);
}

TEST(dead_makers)
{
	auto_close int top = test_tmp_fd();
	int p[2], status;
	char path[128], name[64] = "";
	struct err e = { 0 };
	pid_t pid;

	CHECK(pipe2(p, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		struct tmpl_tmp t = { .top = -1, .dir = -1 };

		if (tmp_make(top, &t, &e) < 0 || mkdirat(t.dir, "tree", 0755) < 0)
			_exit(1);
		if (write(p[1], t.name, sizeof(name)) < 0)
			_exit(1);
		pause();
	}
	CHECK(read(p[0], name, sizeof(name)) > 0);
	str_fmt(path, sizeof(path), "tmp/%s/tree", name);
	CHECK_OK(tmpl_sweep(test_tmp(), &e), &e);
	CHECK(faccessat(top, path, F_OK, 0) == 0);
	CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, &status, 0) == pid);
	CHECK_OK(tmpl_sweep(test_tmp(), &e), &e);
	str_fmt(path, sizeof(path), "tmp/%s", name);
	CHECK(faccessat(top, path, F_OK, 0) < 0);
}
