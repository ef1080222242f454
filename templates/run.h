/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_RUN_H
#define TEMPLATES_RUN_H
/* Programs of a tree that is being made, run in it. Inside templates/. */
#include <stdbool.h>

struct err;

struct tree_run {
	int tree;			/* the root, natural ids on disk; written to */
	const char *const *argv;	/* argv[0]: a path inside */
	const char *const *env;		/* NULL: PATH HOME LC_ALL DEBIAN_FRONTEND */
	int netns;			/* a network namespace (outlet.h), and the host's resolv.conf; 0: no network at all */
	int in;				/* standard input, 0: nothing */
	bool own_out;			/* output is what was asked for: to our standard output, not our standard error */
	int timeout_ms;
};
/*
 * User, mount, pid, ipc and uts namespaces of its own with ids of nobody on this host; /proc, a small /dev, empty /run and
 * /tmp. No right on the host is left to it. ECHILD: it failed (*status); ETIMEDOUT: it was killed.
 */
int tree_run(const struct tree_run *r, int *status, struct err *e);

#endif
