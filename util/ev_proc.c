/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals and child processes of the loop: one signalfd for all, one pidfd for each child. */
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/ev_priv.h"
#include "util/sys.h"

int ev_add_signal(struct ev *ev, const char *name, int sig, ev_fn *fn, void *arg, struct ev_src **ret, struct err *e)
{
	struct ev_src *s = ev_src_new(ev, EV_SIGNAL, name, arg, e);
	sigset_t one;

	if (!s)
		return -e->code;
	s->fn.plain = fn;
	s->sig = sig;
	sigemptyset(&one);
	if (sigaddset(&one, sig) < 0 || (errno = pthread_sigmask(SIG_BLOCK, &one, NULL)) != 0 ||
	    sigaddset(&ev->signals, sig) < 0 || signalfd(ev->sig_fd, &ev->signals, 0) < 0) {
		err_set(e, errno, "watch signal %d for %s", sig, name);
		ev_del(s);
		return -e->code;
	}
	if (ret)
		*ret = s;
	return 0;
}

void ev_signal_off(struct ev_src *s)
{
	for (const struct ev_src *o = s->ev->list[EV_SIGNAL]; o; o = o->next) {
		if (!o->dead && o->sig == s->sig)
			return;
	}
	sigdelset(&s->ev->signals, s->sig);
	signalfd(s->ev->sig_fd, &s->ev->signals, 0);
}

static void on_signals(void *arg, uint32_t events)
{
	struct signalfd_siginfo si;
	struct ev *ev = arg;

	(void)events;
	while (read(ev->sig_fd, &si, sizeof(si)) == sizeof(si)) {
		for (struct ev_src *s = ev->list[EV_SIGNAL]; s; s = s->next) {
			if (!s->dead && s->sig == (int)si.ssi_signo)
				ev_src_call(s, 0);
		}
	}
}

int ev_signals_open(struct ev *ev, struct err *e)
{
	sigemptyset(&ev->signals);
	ev->sig_fd = signalfd(-1, &ev->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (ev->sig_fd < 0)
		return err_set(e, errno, "signalfd");
	return ev_inner(ev, "signals", ev->sig_fd, on_signals, e);
}

int ev_add_child(struct ev *ev, const char *name, pid_t pid, ev_child_fn *fn, void *arg, struct ev_src **ret, struct err *e)
{
	struct ev_src *s = ev_src_new(ev, EV_CHILD, name, arg, e);

	if (!s)
		return -e->code;
	s->fn.child = fn;
	s->pid = pid;
	s->fd = sys_pidfd_open(pid, 0);
	if (s->fd < 0) {
		err_set(e, errno, "watch process %d for %s", (int)pid, name);
		ev_del(s);
		return -e->code;
	}
	if (ev_src_watch(s, EPOLLIN, e) < 0)
		return -e->code;
	if (ret)
		*ret = s;
	return 0;
}

/* Reaps this one only: others may have children that they wait for themselves. */
void ev_child_call(struct ev_src *s)
{
	struct ev *ev = s->ev;
	const char *name = s->name;
	uint64_t start;
	int status = 0;
	pid_t pid = waitpid(s->pid, &status, WNOHANG);

	if (pid == 0)
		return;
	if (pid < 0)
		status = -1;
	start = ev_now_us();
	s->fn.child(s->arg, s->pid, status);
	ev_took(ev, name, ev_now_us() - start);
	ev_del(s);
}
