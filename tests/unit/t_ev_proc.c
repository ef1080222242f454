/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/ev_proc.c */
#include "util/ev.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/lib/test.h"

static struct err e;

struct box {
	struct ev_src *self;
	int n, status;
	pid_t pid;
};

static struct ev *loop(void)
{
	struct ev *ev = NULL;

	CHECK_OK(ev_open(&ev, &e), &e);
	return ev;
}

static void on_signal(void *arg)
{
	struct box *b = arg;

	b->n++;
}

TEST(signals_reach_each_source)
{
	struct ev *ev = loop();
	struct box a = { 0 }, b = { 0 }, hup = { 0 };

	CHECK_OK(ev_add_signal(ev, "a", SIGTERM, on_signal, &a, &a.self, &e), &e);
	CHECK_OK(ev_add_signal(ev, "b", SIGTERM, on_signal, &b, &b.self, &e), &e);
	CHECK_OK(ev_add_signal(ev, "hup", SIGHUP, on_signal, &hup, &hup.self, &e), &e);
	CHECK(kill(getpid(), SIGTERM) == 0);
	CHECK_OK(ev_turn(ev, 1000, &e), &e);
	CHECK_EQ(a.n, 1);
	CHECK_EQ(b.n, 1);
	CHECK_EQ(hup.n, 0);
	ev_del(a.self);
	CHECK(kill(getpid(), SIGTERM) == 0 && kill(getpid(), SIGHUP) == 0);
	CHECK_OK(ev_turn(ev, 1000, &e), &e);
	CHECK_EQ(a.n, 1);
	CHECK_EQ(b.n, 2);
	CHECK_EQ(hup.n, 1);
	ev_del(b.self);
	CHECK(kill(getpid(), SIGTERM) == 0);		/* blocked still: nobody dies of it */
	CHECK_OK(ev_turn(ev, 0, &e), &e);
	CHECK_EQ(b.n, 2);
	CHECK_ERR(ev_add_signal(ev, "none", 9999, on_signal, &a, NULL, &e), EINVAL);
	CHECK(strstr(e.text, "signal 9999 for none"));
	ev_close(ev);
}

static void on_child(void *arg, pid_t pid, int status)
{
	struct box *b = arg;

	b->n++;
	b->pid = pid;
	b->status = status;
}

static pid_t child(int how)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0) {
		if (how < 0) {
			signal(-how, SIG_DFL);
			kill(getpid(), -how);
			pause();
		}
		_exit(how);
	}
	return pid;
}

static void wait_for(struct ev *ev, const struct box *b)
{
	for (int i = 0; i < 800 && !b->n; i++)
		CHECK_OK(ev_turn(ev, 50, &e), &e);
	CHECK_EQ(b->n, 1);
}

TEST(children_are_reaped_one_by_one)
{
	struct ev *ev = loop();
	struct box a = { 0 }, b = { 0 };
	pid_t pa = child(7), pb = child(-SIGKILL), foreign = child(3);
	int st = 0;

	CHECK_OK(ev_add_child(ev, "a", pa, on_child, &a, NULL, &e), &e);
	CHECK_OK(ev_add_child(ev, "b", pb, on_child, &b, NULL, &e), &e);
	wait_for(ev, &a);
	wait_for(ev, &b);
	CHECK_EQ(a.pid, pa);
	CHECK(WIFEXITED(a.status) && WEXITSTATUS(a.status) == 7);
	CHECK_EQ(b.pid, pb);
	CHECK(WIFSIGNALED(b.status) && WTERMSIG(b.status) == SIGKILL);
	CHECK(waitpid(pa, NULL, WNOHANG) < 0 && errno == ECHILD);
	CHECK(waitpid(foreign, &st, 0) == foreign && WEXITSTATUS(st) == 3);
	CHECK_ERR(ev_add_child(ev, "a", pa, on_child, &a, NULL, &e), ESRCH);
	ev_close(ev);
}

TEST(a_dead_child_may_be_added_late)
{
	struct ev *ev = loop();
	struct box b = { 0 };
	pid_t pid = child(5);
	siginfo_t si;

	CHECK(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT) == 0);
	CHECK_OK(ev_add_child(ev, "late", pid, on_child, &b, NULL, &e), &e);
	wait_for(ev, &b);
	CHECK_EQ(WEXITSTATUS(b.status), 5);
	ev_close(ev);
}

TEST(deleted_child_is_left_to_others)
{
	struct ev *ev = loop();
	struct box b = { 0 };
	pid_t pid = child(4);
	int st;

	CHECK_OK(ev_add_child(ev, "x", pid, on_child, &b, &b.self, &e), &e);
	ev_del(b.self);
	CHECK(waitpid(pid, &st, 0) == pid);
	CHECK_OK(ev_turn(ev, 0, &e), &e);
	CHECK_EQ(b.n, 0);
	ev_close(ev);
}

TEST(somebody_else_reaped_it)
{
	struct ev *ev = loop();
	struct box b = { 0 };
	pid_t pid = child(4);

	CHECK_OK(ev_add_child(ev, "x", pid, on_child, &b, NULL, &e), &e);
	CHECK(waitpid(pid, NULL, 0) == pid);
	wait_for(ev, &b);
	CHECK_EQ(b.status, -1);
	ev_close(ev);
}
