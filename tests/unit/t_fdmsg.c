/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/fdmsg.c: what arrives is the same open file, nothing is inherited, and what has no room is closed, not leaked. */
#include "util/fdmsg.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "util/auto.h"

static int open_fds(void)
{
	auto_closedir DIR *d = opendir("/proc/self/fd");
	int n = 0;

	CHECK(d);
	while (readdir(d))
		n++;
	return n;
}

static void pair(int type, int sk[2])
{
	CHECK(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, sk) == 0);
}

static void end(const int sk[2])
{
	close(sk[0]);
	close(sk[1]);
}

TEST(descriptors_arrive_in_order)
{
	int sk[2], p[2], got[3] = { -1, -1, -1 };
	size_t n = 3;
	char text[8], c = 0;

	pair(SOCK_SEQPACKET, sk);
	CHECK(pipe(p) == 0);
	CHECK_EQ(fdmsg_send(sk[0], "hello", 5, p, 2, 0), 5);
	CHECK_EQ(fdmsg_recv(sk[1], text, sizeof(text), got, &n, 0), 5);
	CHECK(memcmp(text, "hello", 5) == 0);
	CHECK_EQ(n, 2);
	CHECK(write(got[1], "x", 1) == 1 && read(p[0], &c, 1) == 1 && c == 'x');
	CHECK_EQ(fcntl(got[0], F_GETFL) & O_ACCMODE, O_RDONLY);
	CHECK_EQ(fcntl(got[0], F_GETFD), FD_CLOEXEC);
	CHECK_EQ(got[2], -1);
	end(got);
	end(p);
	end(sk);
}

TEST(bytes_alone_and_the_end)
{
	int sk[2], got[1];
	size_t n = 1;
	char text[8];

	pair(SOCK_STREAM, sk);
	CHECK_EQ(fdmsg_recv(sk[1], text, sizeof(text), got, &n, MSG_DONTWAIT), -1);
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(n, 0);
	CHECK_EQ(fdmsg_send(sk[0], "ab", 2, NULL, 0, 0), 2);
	CHECK_EQ(fdmsg_recv(sk[1], text, sizeof(text), got, &n, 0), 2);
	CHECK_EQ(n, 0);
	shutdown(sk[0], SHUT_WR);
	n = 1;
	CHECK_EQ(fdmsg_recv(sk[1], text, sizeof(text), got, &n, 0), 0);
	CHECK_EQ(n, 0);
	close(sk[1]);
	CHECK_EQ(fdmsg_send(sk[0], "ab", 2, NULL, 0, 0), -1);	/* no SIGPIPE */
	CHECK_EQ(errno, EPIPE);
	close(sk[0]);
}

TEST(what_does_not_fit_is_closed)
{
	static const struct { size_t bytes, fds, room; int type; } t[] = {
		{ 4, 3, 2, SOCK_SEQPACKET },
		{ 4, 1, 0, SOCK_STREAM },
		{ 4, FDMSG_MAX, 1, SOCK_STREAM },
		{ 16, 1, 2, SOCK_SEQPACKET },		/* longer than the buffer */
	};
	int sk[2], fds[FDMSG_MAX + 1], got[2], before;
	char text[8], msg[16] = "";

	for (size_t i = 0; i < FDMSG_MAX + 1; i++)
		fds[i] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		size_t n = t[i].room;

		pair(t[i].type, sk);
		before = open_fds();
		CHECK_EQ(fdmsg_send(sk[0], msg, t[i].bytes, fds, t[i].fds, 0), t[i].bytes);
		errno = 0;
		CHECK_EQ(fdmsg_recv(sk[1], text, sizeof(text), got, &n, 0), -1);
		CHECK_EQ(errno, EMSGSIZE);
		CHECK_EQ(n, 0);
		CHECK_EQ(open_fds(), before);
		end(sk);
	}
	pair(SOCK_STREAM, sk);
	CHECK_EQ(fdmsg_send(sk[0], msg, 1, fds, FDMSG_MAX + 1, 0), -1);
	CHECK_EQ(errno, EINVAL);
	end(sk);
}

TEST(no_descriptor_left_is_told)
{
	struct rlimit old, none;
	int sk[2], fds[3] = { 0, 0, 0 }, got[3], before;
	size_t n = 3;
	char text[8];

	pair(SOCK_SEQPACKET, sk);
	before = open_fds();
	CHECK_EQ(fdmsg_send(sk[0], "x", 1, fds, 3, 0), 1);
	CHECK(getrlimit(RLIMIT_NOFILE, &old) == 0);
	none = (struct rlimit){ .rlim_cur = (rlim_t)(MAX(sk[0], sk[1]) + 2), .rlim_max = old.rlim_max };
	CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
	errno = 0;
	CHECK_EQ(fdmsg_recv(sk[1], text, sizeof(text), got, &n, 0), -1);
	CHECK_EQ(errno, EMSGSIZE);
	CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0);
	CHECK_EQ(n, 0);
	CHECK_EQ(open_fds(), before);
	end(sk);
}
