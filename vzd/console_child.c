/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting the program of a session. vzd has threads: between fork and exec only what is safe there. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/sys.h"
#include "vzd/console_priv.h"

struct streams { int fd[3]; };

static void streams_close(struct streams *s)
{
	for (int i = 0; i < 3; i++)
		auto_close_(&s->fd[i]);
}

static int make_pty(const struct console_spec *spec, struct streams *child, struct console_ends *ours, struct err *e)
{
	const struct winsize ws = { .ws_row = (unsigned short)spec->rows, .ws_col = (unsigned short)spec->cols };
	auto_close int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int slave;

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		return err_set(e, errno, "make a terminal");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_set(e, errno, "open the terminal");
	ioctl(slave, TIOCSWINSZ, &ws);
	child->fd[0] = slave;
	ours->fd[0] = take_fd(&master);
	ours->n = 1;
	return 0;
}

static int make_pipes(struct streams *child, struct console_ends *ours, struct err *e)
{
	for (int i = 0; i < 3; i++) {
		int p[2];

		if (pipe2(p, O_CLOEXEC) < 0)
			return err_set(e, errno, "make a pipe");
		child->fd[i] = p[i == 0 ? 0 : 1];
		ours->fd[i] = p[i == 0 ? 1 : 0];
		ours->n = (size_t)i + 1;
	}
	return 0;
}

static void __attribute__((noreturn)) child_run(const struct console_spec *spec, const int *fds, bool tty)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", home[] = "HOME=/",
		    term[] = "TERM=xterm-256color", lang[] = "LC_ALL=C.UTF-8";
	char *const env[] = { path, home, term, lang, NULL };
	int keep[3];

	setsid();
	for (int i = 0; i < 3; i++)		/* above 2, so that no dup2 overwrites one that is still to be moved */
		keep[i] = fcntl(fds[tty ? 0 : i], F_DUPFD_CLOEXEC, 3);
	for (int i = 0; i < 3; i++)
		if (dup2(keep[i], i) < 0)
			_exit(127);
	if (tty)
		ioctl(0, TIOCSCTTY, 0);
	sys_reset_signals();
	sys_close_range(3, ~0u, 0);
	execve(spec->argv[0], spec->argv, env);
	_exit(127);
}

pid_t console_spawn(const struct console_spec *spec, const int *fds, struct console_ends *ret, struct err *e)
{
	__attribute__((cleanup(streams_close))) struct streams child = { { -1, -1, -1 } };
	struct console_ends ours = { .fd = { -1, -1, -1 } };
	bool tty = !fds && spec->kind != CONSOLE_EXEC;
	pid_t pid = -1;
	int rc = fds ? 0 : tty ? make_pty(spec, &child, &ours, e) : make_pipes(&child, &ours, e);

	if (rc == 0) {
		pid = fork();
		if (pid == 0)
			child_run(spec, fds ? fds : child.fd, tty);
		if (pid < 0)
			rc = err_set(e, errno, "start %s", spec->argv[0]);
	}
	if (rc < 0) {
		for (size_t i = 0; i < 3; i++)
			auto_close_(&ours.fd[i]);
		return -e->code;
	}
	*ret = ours;
	return pid;
}
