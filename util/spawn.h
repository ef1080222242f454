/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_SPAWN_H
#define UTIL_SPAWN_H
/* Runs a program from argv, never from a string. No shell, no inherited descriptors but 0, 1, 2 and @pass. */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct err;

struct spawn {
	const char *const *argv;	/* argv[0] is a path */
	const char *const *env;		/* NULL: PATH, HOME=/, TERM=linux only */
	const int *pass;		/* descriptors that stay open, with their numbers */
	size_t n_pass;
	int in, out, err;		/* 0: /dev/null for in, the caller's for out and err; else this fd. -1 for
					 * err: its tail goes to e->text */
	int timeout_ms;			/* 0: none. On expiry the process group is killed: ETIMEDOUT */
	bool tied;			/* it is ended (SIGTERM) when the caller dies */
	int netns;			/* it runs in this network namespace; 0: the caller's */
	bool own_mounts;		/* what it mounts or unmounts stays with it */
};
/* 0 if it exited 0; else -ECHILD (exit status in *status), -EINTR-like signal deaths as -ECHILD with *status = 128+sig. */
int spawn_wait(const struct spawn *s, int *status, struct err *e);

#endif
