/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_EV_H
#define UTIL_EV_H
/*
 * One thread's event loop over epoll: descriptors, timers, signals, child processes. A callback must not block; the loop
 * times each one by its source's name and keeps the worst, so that a test can say who held it up.
 * A source may be deleted from any callback, its own included. Not thread-safe, save ev_wake().
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;
struct ev;
struct ev_src;

#define EV_SLOW_US 50000u	/* a callback that took longer is counted in ev_stat.slow */

typedef void ev_fd_fn(void *arg, uint32_t events);	/* EPOLLIN ... */
typedef void ev_fn(void *arg);
typedef void ev_child_fn(void *arg, pid_t pid, int status);	/* status as wait(2) gives it; -1: somebody else has reaped it */

int ev_open(struct ev **ret, struct err *e);
void ev_close(struct ev *ev);				/* deletes all sources; NULL is fine */
/* Runs callbacks until ev_stop(). Returns 0, or -errno when epoll itself fails. */
int ev_run(struct ev *ev, struct err *e);
/* One turn: waits up to @ms (-1: for ever) and runs what is due. For tests and for loops inside other loops. */
int ev_turn(struct ev *ev, int ms, struct err *e);
void ev_stop(struct ev *ev);
int ev_poll_fd(const struct ev *ev);			/* readable when a turn has work; owned by @ev */

/* @name: a literal, kept by pointer. The descriptor stays the caller's: delete the source before closing it. */
int ev_add_fd(struct ev *ev, const char *name, int fd, uint32_t events, ev_fd_fn *fn, void *arg, struct ev_src **ret,
	      struct err *e);
int ev_mod_fd(struct ev_src *s, uint32_t events, struct err *e);
/* First after @ms, then every @every_ms (0: once; the source is deleted after its callback). CLOCK_MONOTONIC. */
int ev_add_timer(struct ev *ev, const char *name, uint64_t ms, uint64_t every_ms, ev_fn *fn, void *arg,
		 struct ev_src **ret, struct err *e);
void ev_set_timer(struct ev_src *s, uint64_t ms);	/* the next one after @ms from now */
/* Blocks the signal and reports it. It stays blocked when the source is deleted. */
int ev_add_signal(struct ev *ev, const char *name, int sig, ev_fn *fn, void *arg, struct ev_src **ret, struct err *e);
/* A child of ours: reaped when it ends, then reported once; the source is deleted after its callback. One that is deleted
 * before is not reaped. */
int ev_add_child(struct ev *ev, const char *name, pid_t pid, ev_child_fn *fn, void *arg, struct ev_src **ret, struct err *e);
/* Runs @fn once after the callbacks of this turn. */
int ev_defer(struct ev *ev, const char *name, ev_fn *fn, void *arg, struct err *e);
/* From any thread: @fn runs in the loop soon; several calls before it runs are one. Set up with ev_add_wake(). */
int ev_add_wake(struct ev *ev, const char *name, ev_fn *fn, void *arg, struct ev_src **ret, struct err *e);
void ev_wake(struct ev_src *s);
void ev_del(struct ev_src *s);				/* NULL is fine */

uint64_t ev_now_ms(void);				/* CLOCK_MONOTONIC */

struct ev_stat {
	uint64_t turns, calls, slow;	/* slow: callbacks above EV_SLOW_US */
	uint64_t worst_us;
	const char *worst_name;		/* NULL: none yet */
};
void ev_stat(const struct ev *ev, struct ev_stat *ret);

#endif
