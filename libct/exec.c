/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `exec`, `exec2`, `exec3`: one command in a running container, its three streams relayed
 * through pipes, so that no descriptor of the caller, a terminal least of all, is ever in the
 * container's hands. Ends when the command ends, even if something it left behind keeps the
 * pipes open.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "libct/ct_priv.h"
#include "libct/inside.h"
#include "libct/relay.h"
#include "util/fio.h"
#include "util/sys.h"

enum { P_IN, P_OUT, P_ERR, P_FAIL, P_N };
struct pipes { int fd[P_N][2]; };

static void close_pipes(struct pipes *p)
{
	for (int i = 0; i < P_N; i++) {
		auto_close_(&p->fd[i][0]);
		auto_close_(&p->fd[i][1]);
	}
}

static int open_pipes(struct pipes *p, struct err *e)
{
	memset(p, 0xff, sizeof(*p));
	for (int i = 0; i < P_N; i++)
		if (pipe2(p->fd[i], O_CLOEXEC) < 0) {
			err_set(e, errno, "pipe");
			close_pipes(p);
			return -e->code;
		}
	return 0;
}

static int run_shell(const struct ct_inside *in, const char *line, bool from_stdin, struct err *e)
{
	static const char *const shells[][2] = { { "/bin/bash", "bash" }, { "/bin/sh", "sh" } };

	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		const char *argv[] = { shells[i][1], from_stdin ? NULL : "-c", line, NULL };

		if (access(shells[i][0], X_OK) < 0 && i + 1 < ARRAY_SIZE(shells))
			continue;
		ct_inside_exec(in, shells[i][0], argv, ct_inside_env, e);
		break;
	}
	err_say(e, e->code ? e->code : ENOENT, "Unable to exec /bin/sh in CT %u", in->ct->id);
	return err_exit(e, VZ_FS_BAD_TMPL);
}

static void child(const struct ct_inside *in, const struct ct_exec *x, struct pipes *p)
{
	struct err e = { 0 };

	dup2(p->fd[P_IN][0], 0);
	dup2(p->fd[P_OUT][1], 1);
	dup2(p->fd[P_ERR][1], 2);
	if (x->shell)
		run_shell(in, x->argv ? x->argv[0] : NULL, x->script_stdin, &e);
	else
		ct_inside_exec(in, x->argv[0], x->argv, ct_inside_env, &e);
	err_exit(&e, VZ_FS_BAD_TMPL);
	fio_write_all(p->fd[P_FAIL][1], &e, sizeof(e));
	_exit(127);
}

/* What the command wrote before it ended is still in the pipes; what others write later is not
 * waited for, however fast they write. */
static void drain(struct flow *f)
{
	int flags = fcntl(f->from, F_GETFL), left = 0;

	if (f->eof)
		return;
	fcntl(f->from, F_SETFL, flags | O_NONBLOCK);
	if (ioctl(f->from, FIONREAD, &left) < 0)
		left = 0;
	do {
		while (f->len)
			if (!flow_write(f))
				return;
		if (left <= 0 || !flow_read(f))
			return;
		left -= (int)f->len;
	} while (f->len);
}

static short wants(const struct flow *f)
{
	return !f->eof && !f->len ? POLLIN : 0;
}

/* Nobody reads our output any more: the command learns it by the broken pipe, as it would
 * without us. */
static void relay_output(struct flow *f, short revents)
{
	if (revents && !flow_read(f))
		auto_close_(&f->from);
	while (f->len)
		if (!flow_write(f)) {
			f->len = 0;
			f->eof = true;
			auto_close_(&f->from);
		}
}

static void relay_input(struct flow *f, short rin, short rout)
{
	if (rin)
		flow_read(f);
	if ((f->len || rout) && f->to >= 0 && !flow_write(f))
		auto_close_(&f->to);
	if (f->eof && !f->len)
		auto_close_(&f->to);
}

static void relay(struct pipes *p, int pidfd)
{
	struct flow in = { .from = 0, .to = take_fd(&p->fd[P_IN][1]) };
	struct flow out = { .from = take_fd(&p->fd[P_OUT][0]), .to = 1 };
	struct flow err = { .from = take_fd(&p->fd[P_ERR][0]), .to = 2 };

	fcntl(in.to, F_SETFL, O_WRONLY | O_NONBLOCK);
	for (;;) {
		struct pollfd f[] = {
			{ in.to >= 0 && wants(&in) ? in.from : -1, POLLIN, 0 },
			{ in.len ? in.to : -1, POLLOUT, 0 },
			{ out.from, wants(&out), 0 },
			{ err.from, wants(&err), 0 },
			{ pidfd, POLLIN, 0 },
		};

		if (poll(f, ARRAY_SIZE(f), -1) < 0 && errno != EINTR)
			break;
		relay_input(&in, f[0].revents, f[1].revents);
		relay_output(&out, f[2].revents);
		relay_output(&err, f[3].revents);
		if (f[4].revents)
			break;
	}
	drain(&out);
	drain(&err);
	auto_close_(&in.to);
	auto_close_(&out.from);
	auto_close_(&err.from);
}

static int finish(pid_t pid, int pidfd, int fail, int *status, struct err *e)
{
	struct err got;
	int st = 0;

	if (ct_inside_reap(pid, pidfd, &st, e) < 0)
		return err_add(e, "command");
	fcntl(fail, F_SETFL, O_RDONLY | O_NONBLOCK);
	if (read(fail, &got, sizeof(got)) == (ssize_t)sizeof(got)) {
		got.text[ERR_TEXT_MAX - 1] = '\0';
		*e = got;
		return -e->code;
	}
	*status = st;
	return 0;
}

int ct_exec(struct ct *ct, const struct ct_exec *x, int *status, struct err *e)
{
	auto_call(ct_inside_close) struct ct_inside in;
	auto_call(close_pipes) struct pipes p;
	auto_close int pidfd = -1;
	pid_t pid;

	memset(&p, 0xff, sizeof(p));
	if (ct_inside_open(ct, &in, e) < 0 || open_pipes(&p, e) < 0)
		return -e->code;
	int keep[] = { p.fd[P_IN][0], p.fd[P_OUT][1], p.fd[P_ERR][1], p.fd[P_FAIL][1] };

	pid = ct_inside_fork(&in, keep, ARRAY_SIZE(keep), p.fd[P_FAIL][1], &pidfd, e);
	if (pid < 0)
		return -e->code;
	if (pid == 0)
		child(&in, x, &p);
	auto_close_(&p.fd[P_IN][0]);
	auto_close_(&p.fd[P_OUT][1]);
	auto_close_(&p.fd[P_ERR][1]);
	auto_close_(&p.fd[P_FAIL][1]);
	relay(&p, pidfd);
	return finish(pid, pidfd, p.fd[P_FAIL][0], status, e);
}
