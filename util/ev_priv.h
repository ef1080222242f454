/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_EV_PRIV_H
#define UTIL_EV_PRIV_H
/* What ev.c (descriptors, wake-ups, the turn), ev_timer.c and ev_proc.c (signals, children) share. */
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

#include "util/ev.h"

enum ev_kind { EV_FD, EV_TIMER, EV_SIGNAL, EV_CHILD, EV_WAKE, EV_DEFER, EV_INNER, EV_KIND_N };

struct ev_src {
	struct ev *ev;
	enum ev_kind kind;
	const char *name;
	union {
		ev_fd_fn *fd;
		ev_fn *plain;
		ev_child_fn *child;
	} fn;
	void *arg;
	struct ev_src *prev, *next;	/* of its kind, newest first */
	struct ev_src *dead_next;
	bool dead;
	bool watched;			/* @fd is in epoll */
	int fd;				/* ours to close with EV_CHILD only */
	uint32_t events;
	uint64_t due, every;		/* EV_TIMER: ms */
	size_t heap;			/* 1 + its place, 0: none */
	int sig;
	pid_t pid;
	atomic_bool pending;		/* EV_WAKE */
};

struct ev {
	int ep, timer_fd, sig_fd, wake_fd, delay_fd;
	struct ev_src *list[EV_KIND_N], *dead;
	const struct ev_src *last_defer;	/* the newest that runs in this turn */
	struct ev_src **heap;
	size_t heap_n, heap_size, timers;
	uint64_t armed, batch;		/* ms: when the timerfd fires; timers due up to here run now, 0: none do */
	uint64_t delay_us, delay_at;	/* time spent runnable but not running, and when that was read */
	sigset_t signals;
	unsigned depth;			/* turns under way */
	bool stop;
	struct ev_stat stat;
};

struct ev_src *ev_src_new(struct ev *ev, enum ev_kind kind, const char *name, void *arg, struct err *e);
/* Watches s->fd; on failure the source is deleted. */
int ev_src_watch(struct ev_src *s, uint32_t events, struct err *e);
/* A descriptor of the loop itself: its callback is not timed, those that it calls are. */
int ev_inner(struct ev *ev, const char *name, int fd, ev_fd_fn *fn, struct err *e);
/* Calls it with its kind's function, timed. */
void ev_src_call(struct ev_src *s, uint32_t events);
void ev_took(struct ev *ev, const char *name, uint64_t us);
uint64_t ev_now_us(void);
/* ev_timer.c */
int ev_timers_open(struct ev *ev, struct err *e);
void ev_timer_off(struct ev_src *s);
/* ev_proc.c */
int ev_signals_open(struct ev *ev, struct err *e);
void ev_signal_off(struct ev_src *s);
void ev_child_call(struct ev_src *s);

#endif
