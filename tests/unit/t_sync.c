/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stages between parent and child: what arrives is what was sent, and an early end is never taken for success. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libct/sync.h"
#include "tests/lib/test.h"
#include "util/auto.h"

struct pair { int a, b; };

static struct pair open_pair(void)
{
	struct err e = { 0 };
	int sk[2];

	CHECK_OK(ct_sync_pair(sk, &e), &e);
	return (struct pair){ sk[0], sk[1] };
}

static void close_pair(struct pair *p)
{
	auto_close_(&p->a);
	auto_close_(&p->b);
}

static int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

TEST(sync_every_stage_has_a_name)
{
	for (int s = 0; s < CT_SYNC_N; s++)
		CHECK(ct_sync_name((enum ct_sync_stage)s) != NULL);
	CHECK_STR(ct_sync_name(CT_SYNC_N), "exec");
}

TEST(sync_carries_number_and_descriptors)
{
	auto_call(close_pair) struct pair p = open_pair();
	struct ct_sync_msg m;
	struct err e = { 0 };
	int pipefd[2], before;
	char c;

	CHECK(pipe2(pipefd, O_CLOEXEC) == 0);
	before = open_fds();
	CHECK_OK(ct_sync_send(p.a, CT_SYNC_BORN, 4711, pipefd, 2, &e), &e);
	CHECK_OK(ct_sync_wait(p.b, CT_SYNC_BORN, &m, &e), &e);
	CHECK_EQ(m.num, 4711);
	CHECK(m.fd[0] >= 0 && m.fd[1] >= 0 && m.fd[2] == -1);
	CHECK(fcntl(m.fd[0], F_GETFD) & FD_CLOEXEC);
	CHECK(write(m.fd[1], "x", 1) == 1 && read(pipefd[0], &c, 1) == 1 && c == 'x');
	ct_sync_close_fds(&m);
	CHECK_EQ(open_fds(), before);
	close(pipefd[0]);
	close(pipefd[1]);
}

TEST(sync_failure_comes_back_whole)
{
	auto_call(close_pair) struct pair p = open_pair();
	struct err why = { 0 }, e = { 0 };

	err_say(&why, ENOSPC, "mount /proc: the child's own words");
	why.exit = 47;
	ct_sync_fail(p.b, &why);
	CHECK_ERR(ct_sync_wait(p.a, CT_SYNC_ROOT, NULL, &e), ENOSPC);
	CHECK_STR(e.text, "mount /proc: the child's own words");
	CHECK_EQ(e.exit, 47);
}

TEST(sync_end_of_file_is_success_only_for_exec)
{
	for (int want = 0; want < CT_SYNC_N; want++) {
		auto_call(close_pair) struct pair p = open_pair();
		struct err e = { 0 };

		auto_close_(&p.b);
		CHECK_ERR(ct_sync_wait(p.a, (enum ct_sync_stage)want, NULL, &e), ECONNRESET);
		CHECK(strstr(e.text, ct_sync_name((enum ct_sync_stage)want)) != NULL);
		err_clear(&e);
		CHECK_OK(ct_sync_wait(p.a, CT_SYNC_N, NULL, &e), &e);
	}
}

TEST(sync_wrong_stage_is_an_error_and_leaks_nothing)
{
	auto_call(close_pair) struct pair p = open_pair();
	struct err e = { 0 };
	int before = open_fds();

	CHECK_OK(ct_sync_send(p.a, CT_SYNC_NET, 0, (int[]){ p.a }, 1, &e), &e);
	CHECK_ERR(ct_sync_wait(p.b, CT_SYNC_ROOT, NULL, &e), EPROTO);
	CHECK_EQ(open_fds(), before);
}

TEST(sync_malformed_messages)
{
	struct ct_sync_msg m = { .stage = CT_SYNC_ROOT };
	const size_t sizes[] = { 1, 8, sizeof(m) - 1 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		auto_call(close_pair) struct pair p = open_pair();
		struct err e = { 0 };

		CHECK(send(p.a, &m, sizes[i], 0) == (ssize_t)sizes[i]);
		CHECK_ERR(ct_sync_wait(p.b, CT_SYNC_ROOT, NULL, &e), EBADMSG);
	}
	auto_call(close_pair) struct pair p = open_pair();
	struct err e = { 0 };

	m.stage = CT_SYNC_N + 5;
	CHECK(send(p.a, &m, sizeof(m), 0) == (ssize_t)sizeof(m));
	CHECK_ERR(ct_sync_wait(p.b, CT_SYNC_ROOT, NULL, &e), EBADMSG);
	memset(m.err.text, 'a', sizeof(m.err.text));	/* no terminator */
	m.stage = CT_SYNC_FAILED;
	m.err.code = EIO;
	CHECK(send(p.a, &m, sizeof(m), 0) == (ssize_t)sizeof(m));
	CHECK_ERR(ct_sync_wait(p.b, CT_SYNC_ROOT, NULL, &e), EIO);
	CHECK_EQ(strlen(e.text), ERR_TEXT_MAX - 1);
}
