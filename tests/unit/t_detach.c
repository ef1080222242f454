/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/detach.c: it runs after its caller, with one descriptor and nothing else. */
#include "util/detach.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "util/str.h"

static void tell(int fd, void *arg)
{
	char text[64];

	/* 3 is what was kept, 4 was open in the caller */
	str_fmt(text, sizeof(text), "%s %d %d %d", (const char *)arg, fd, fcntl(4, F_GETFD) >= 0, getppid() == 1 || getsid(0) != getpid());
	if (write(fd, text, strlen(text)) < 0)
		_exit(1);
}

TEST(runs_alone)
{
	struct err e = { 0 };
	char text[64] = "";
	int p[2];

	CHECK_EQ(pipe2(p, O_CLOEXEC), 0);
	CHECK_OK(detach_run(p[1], tell, (void *)"told", &e), &e);
	close(p[1]);
	struct pollfd pf = { .fd = p[0], .events = POLLIN };
	CHECK_EQ(poll(&pf, 1, TEST_PATIENCE_MS), 1);
	CHECK(read(p[0], text, sizeof(text) - 1) > 0);
	CHECK_STR(text, "told 3 0 1");
	/* nobody else has it open: an end of file follows, and there is no child to wait for */
	CHECK_EQ(read(p[0], text, sizeof(text)), 0);
	close(p[0]);
}

static void mark(int fd, void *arg)
{
	int out = open(arg, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (out >= 0 && write(out, fd == -1 ? "none" : "one", 4) < 0)
		_exit(1);
}

TEST(keeps_nothing)
{
	struct err e = { 0 };
	char path[4096], text[8] = "";
	ssize_t n = 0;

	str_fmt(path, sizeof(path), "%s/mark", test_tmp());
	CHECK_OK(detach_run(-1, mark, path, &e), &e);
	for (int i = 0; i < 4000 && n <= 0; i++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		n = fd < 0 ? 0 : read(fd, text, 4);
		if (fd >= 0)
			close(fd);
		test_nap(10);
	}
	CHECK_STR(text, "none");
}
