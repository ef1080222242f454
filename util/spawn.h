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
	bool own_pids;			/* all that it starts ends with it, whatever that does to hide, and with the caller if
					 * tied; wants own_mounts */
	int over;			/* this directory lies over @over_path there; 0: none. Wants own_mounts */
	const char *over_path;
};
/* 0 if it exited 0; else -ECHILD (exit status in *status), -EINTR-like signal deaths as -ECHILD with *status = 128+sig. */
int spawn_wait(const struct spawn *s, int *status, struct err *e);
/*
 * For the first process of a pid namespace, whose child does the work: the kernel spares the first one all signals from within,
 * so a program that ends itself by one would go on. Closes all descriptors from 3 on, reaps whoever there is, ends as @pid ends.
 */
void spawn_first(pid_t pid) __attribute__((noreturn));

#endif
