/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_INSIDE_H
#define LIBCT_INSIDE_H
/*
 * A process inside a running container: born in its control groups and pid namespace, then in
 * all its other namespaces, with no descriptor of the host but those it was given, not dumpable
 * until it execs.
 */
#include <stdint.h>
#include <sys/types.h>

#include "cgroups/cg.h"

struct buf;
struct ct;
struct err;

struct ct_inside {
	struct ct *ct;
	int pidfd;		/* of the container's init */
	struct cg *cg;
	struct cg_join join;	/* v1 groups */
	int cgroup;		/* v2 directory, -1 */
	uint64_t caps;
	int nesting;
	uint32_t uid_base;
};
int ct_inside_open(struct ct *ct, struct ct_inside *in, struct err *e);	/* VZ_VE_NOT_RUNNING */
void ct_inside_close(struct ct_inside *in);
/*
 * Forks. Parent: pid, *ret_pidfd (may be NULL) owned by the caller. Child: 0, inside, root, cwd
 * "/"; all descriptors but 0, 1, 2 and @keep (renumbered by nobody) are closed at exec. A child
 * that fails to enter exits with 125 after writing its struct err to @err_fd (>= 0, one of
 * @keep).
 */
pid_t ct_inside_fork(struct ct_inside *in, const int *keep, size_t n_keep, int err_fd,
		     int *ret_pidfd, struct err *e);
/* In that child: capabilities, seccomp, exec with the container's environment. Returns only on
 * failure. */
int ct_inside_exec(const struct ct_inside *in, const char *path, const char *const *argv,
		   const char *const *env, struct err *e);
extern const char *const ct_inside_env[];	/* HOME TERM PATH */

/* Waits for such a child to end and collects its wait status. ECHILD: it ended, but a tracer inside
 * keeps the status. */
int ct_inside_reap(pid_t pid, int pidfd, int *st, struct err *e);

/* Runs @fn inside; its error comes back whole. ETIMEDOUT after 10 s. */
int ct_inside_call(struct ct *ct, int (*fn)(void *arg, struct err *e), void *arg, struct err *e);
/* The same with descriptors that stay open in it. */
#define CT_INSIDE_KEEP_MAX 40
int ct_inside_call_keep(struct ct *ct, const int *fds, size_t n, int (*fn)(void *arg, struct err *e),
			void *arg, struct err *e);
/* Runs a program with @in (may be NULL) as standard input; what it prints is copied to our standard output, which it never
 * holds itself. *status: exit status or 128 + signal. ETIMEDOUT: killed after @limit_ms. */
int ct_inside_run(struct ct *ct, const char *path, const char *const *argv, const struct buf *in, int limit_ms,
		  int *status, struct err *e);

#endif
