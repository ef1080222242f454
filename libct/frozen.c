/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frozen for a moment, with a guard. */
#include "libct/frozen.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libct/ct_priv.h"

#define FREED 'f'

/* In the child: until we are told that it is thawed, or its end of the pipe is all there is left. */
static void __attribute__((noreturn)) guard(struct ct *ct, int fd)
{
	struct err ignored = { 0 };
	char word = 0;
	ssize_t n;

	signal(SIGINT, SIG_IGN);	/* what cancels the command runs the repair, which thaws too */
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	do {
		n = read(fd, &word, 1);
	} while (n < 0 && errno == EINTR);
	if (n != 1 || word != FREED)
		ct_freeze(ct, false, &ignored);
	_exit(0);
}

static int start_guard(struct ct *ct, struct ct_frozen *s, struct err *e)
{
	int fd[2];
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_set(e, errno, "pipe");
	pid = fork();
	if (pid == 0) {
		close(fd[1]);
		guard(ct, fd[0]);
	}
	close(fd[0]);
	s->pipe = fd[1];
	s->guard = pid;
	return pid < 0 ? err_set(e, errno, "fork") : 0;
}

static void end_guard(struct ct_frozen *s)
{
	static const char word = FREED;

	if (s->pipe >= 0 && write(s->pipe, &word, 1) < 0)
		kill(s->guard, SIGKILL);
	auto_close_(&s->pipe);
	while (s->guard > 0 && waitpid(s->guard, NULL, 0) < 0 && errno == EINTR)
		;
	s->guard = 0;
}

int ct_frozen_begin(struct ct *ct, struct ct_frozen *s, struct err *e)
{
	struct ct_info info = { 0 };

	if (ct_info(ct, CT_WANT_FROZEN, &info, e) < 0)
		return -e->code;
	if (info.run != CT_RUNNING || info.frozen)
		return 0;
	if (start_guard(ct, s, e) == 0 && ct_freeze(ct, true, e) == 0)
		return 0;
	end_guard(s);
	return -e->code;
}

void ct_frozen_end(struct ct *ct, struct ct_frozen *s)
{
	struct err e = { 0 };

	if (!s->guard)
		return;
	if (ct_freeze(ct, false, &e) < 0 && ct_is_running(ct, NULL))
		ct_say(ct, -1, "Warning: CT %u stays frozen ('vzctl chkpnt %u --resume' thaws it): %s", ct->id, ct->id, e.text);
	end_guard(s);
}
