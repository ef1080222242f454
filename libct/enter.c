/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `enter`: a login shell on a new pty of the container's own devpts, relayed byte by byte to the
 * caller's terminal, which the container never holds (no TIOCSTI, no terminal left in the hands
 * of a background process).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "libct/ct_priv.h"
#include "libct/inside.h"
#include "libct/relay.h"
#include "libct/sync.h"
#include "util/fio.h"

#define DEVPTS_MAGIC 0x1cd1

/* The guest owns /dev; what counts is that the file is a pty master of a devpts. */
static int open_pty(int *ret_master, int *ret_slave, struct err *e)
{
	auto_close int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);
	struct statfs sf;
	int unlock = 0, slave;

	if (master < 0 || fstatfs(master, &sf) < 0)
		return err_set(e, errno, "open a terminal in the container");
	if (sf.f_type != DEVPTS_MAGIC)
		return err_say(e, ENODEV, "/dev/pts in the container is not a devpts");
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return err_set(e, errno, "unlock a terminal in the container");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_set(e, errno, "open a terminal in the container");
	*ret_slave = slave;
	*ret_master = take_fd(&master);
	return 0;
}

static void child(const struct ct_inside *in, const char *term, int sk)
{
	char term_env[128];
	const char *const env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HISTFILE=/dev/null",
		"USER=root",
		"HOME=/root",
		"LOGNAME=root",
		term_env,
		NULL
	};
	struct err e = { 0 };
	int master = -1, slave = -1;

	snprintf(term_env, sizeof(term_env), "TERM=%s", term);
	if (open_pty(&master, &slave, &e) < 0 ||
	    ct_sync_send(sk, CT_SYNC_CONSOLE, 0, &master, 1, &e) < 0) {
		ct_sync_fail(sk, &e);
		_exit(125);
	}
	close(master);
	ioctl(slave, TIOCSCTTY, 0);
	for (int i = 0; i < 3; i++)
		dup2(slave, i);
	if (chdir("/root") < 0)
		err_set(&e, errno, "/root");		/* the shell starts in "/" then */
	if (access("/bin/bash", X_OK) == 0)
		ct_inside_exec(in, "/bin/bash", (const char *const[]){ "-bash", NULL }, env, &e);
	else
		ct_inside_exec(in, "/bin/sh", (const char *const[]){ "-sh", NULL }, env, &e);
	_exit(127);
}

static void copy_size(int master)
{
	struct winsize w = { 0 };

	if (tty_size(0, &w.ws_row, &w.ws_col))
		ioctl(master, TIOCSWINSZ, &w);
}

static void relay(int master, int winch, int pidfd)
{
	struct flow in = { .from = 0, .to = master }, out = { .from = master, .to = 1 };
	struct signalfd_siginfo si;

	fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
	for (;;) {
		struct pollfd f[] = {
			{ in.eof ? -1 : 0, in.len ? 0 : POLLIN, 0 },
			{ master, (short)(POLLIN | (in.len ? POLLOUT : 0)), 0 },
			{ winch, POLLIN, 0 },
			{ pidfd, POLLIN, 0 },
		};

		if (poll(f, ARRAY_SIZE(f), -1) < 0 && errno != EINTR)
			return;
		if (f[0].revents)
			flow_read(&in);
		if (in.len)
			flow_write(&in);
		if (f[1].revents & (POLLIN | POLLHUP) && !flow_read(&out) && !out.len)
			return;
		while (out.len && flow_write(&out))
			;
		if (f[2].revents && read(winch, &si, sizeof(si)) > 0)
			copy_size(master);
		if (f[3].revents && !(f[1].revents & POLLIN))
			return;
	}
}

static int shell_status(pid_t pid, int pidfd, int *status, struct err *e)
{
	int st = 0;

	if (ct_inside_reap(pid, pidfd, &st, e) < 0)
		return err_add(e, "shell");
	*status = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
	return 0;
}

int ct_enter(struct ct *ct, const char *type, int *status, struct err *e)
{
	auto_call(ct_inside_close) struct ct_inside in;
	auto_call(tty_restore) struct tty_raw raw = { .fd = -1 };
	auto_close int ours = -1, theirs = -1, pidfd = -1, winch = -1, master = -1;
	const char *term = getenv("TERM");
	struct ct_sync_msg m;
	int sk[2];
	pid_t pid;

	if (ct_inside_open(ct, &in, e) < 0 || ct_sync_pair(sk, e) < 0)
		return -e->code;
	ours = sk[0];
	theirs = sk[1];
	pid = ct_inside_fork(&in, &theirs, 1, -1, &pidfd, e);
	if (pid < 0)
		return -e->code;
	if (pid == 0)
		child(&in, term ? term : "linux", theirs);
	auto_close_(&theirs);
	if (ct_sync_wait(ours, CT_SYNC_CONSOLE, &m, e) < 0) {
		waitpid(pid, NULL, 0);
		return err_add(e, "enter CT %u", ct->id);
	}
	master = m.fd[0];
	ct_say(ct, 0, "entered into CT %u", ct->id);
	copy_size(master);
	winch = tty_winch_fd();
	tty_make_raw(&raw, 0);
	if (type &&
	    (fio_write_all(master, type, strlen(type)) < 0 || fio_write_all(master, "\n", 1) < 0))
		return err_set(e, EIO, "type into the shell");
	relay(master, winch, pidfd);
	tty_restore(&raw);
	auto_close_(&master);		/* hangs up whoever is still on that terminal */
	if (shell_status(pid, pidfd, status, e) < 0)
		return -e->code;
	ct_say(ct, 0, "exited from CT %u", ct->id);
	return 0;
}
