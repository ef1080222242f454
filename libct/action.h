/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_ACTION_H
#define LIBCT_ACTION_H
/*
 * Distribution scripts of an administrator: /etc/vz/dists/NAME.conf names a file of
 * /etc/vz/dists/scripts for an action, which then takes the place of what is built in. None comes
 * with vz. Host's side: which there are, and their text with the variables before it. They run
 * inside the container only.
 */
#include <stdbool.h>
#include <stddef.h>

#define CT_DISTS_DIR "/etc/vz/dists"
#define CT_ACTION_MS 300000	/* one script */

struct buf;
struct ct;
struct ct_conf;
struct ct_init;
struct err;
struct str_list;

enum ct_action {
	CT_ACTION_ADD_IP,
	CT_ACTION_DEL_IP,
	CT_ACTION_SET_HOSTNAME,
	CT_ACTION_SET_DNS,
	CT_ACTION_SET_USERPASS,
	CT_ACTION_SET_UGID_QUOTA,
	CT_ACTION_POST_CREATE,
	CT_ACTION_PRE_START,
	CT_ACTION_SET_CONSOLE,
	CT_ACTION_N
};
const char *ct_action_name(enum ct_action a);

struct ct_actions {		/* NULL: built in */
	char *file[CT_ACTION_N], *text[CT_ACTION_N];
	char *functions;	/* goes before each */
	bool by_default;	/* from the file `default`: the distribution has none of its own */
};
/*
 * Those for @dist ("centos-6-x86_64", then centos-6, centos, default); no file is no action. A file
 * counts only if it is root's and nobody else may write it. VZ_NO_DISTR_CONF: it does not, or cannot
 * be read; VZ_NO_DISTR_ACTION_SCRIPT: a script that it names.
 */
int ct_actions_load(const char *dir, const char *dist, struct ct_actions *ret, struct err *e);
void ct_actions_done(struct ct_actions *a);
/* The same for a container: DISTRIBUTION, else OSTEMPLATE; says when it had to be the default. */
int ct_actions_of(struct ct *ct, const struct ct_conf *c, struct ct_actions *ret, struct err *e);

struct ct_action_var {
	const char *name, *val;		/* NULL: left out */
};
/* Assignments, functions, script; @vars ends with a NULL name. */
int ct_action_text(const struct ct_actions *a, enum ct_action which, const struct ct_action_var *vars,
		   struct buf *ret, struct err *e);

/* --- what is to run --- */
#define CT_ACTION_JOBS_MAX 6
struct ct_action_jobs {
	struct { char *name, *text; } v[CT_ACTION_JOBS_MAX];
	size_t n;
};
int ct_action_job(struct ct_action_jobs *j, const struct ct_actions *a, enum ct_action which,
		  const struct ct_action_var *vars, struct err *e);
void ct_action_jobs_done(struct ct_action_jobs *j);
/* In the child of a start, before the guest's init. A script's status is the exit status. */
int ct_action_jobs_here(const struct ct_action_jobs *j, const struct ct_init *p, struct err *e);
/* In a running container. VZ_EXEC_TIMEOUT after five minutes. */
int ct_action_jobs_inside(const struct ct_action_jobs *j, struct ct *ct, struct err *e);
/* The guest's bash or sh with the file @script as standard input, in the child of a start, with what the container's
 * processes may do and no more. @limit_ms -1: no limit. *status as of ct_inside_run(). */
int ct_shell_here(const struct ct_init *p, int script, int limit_ms, int *status, struct err *e);

/* POST_CREATE, inside a container that nothing else runs in. */
bool ct_action_is_post_create(const struct ct_actions *a);
int ct_action_post_create(struct ct *ct, const struct ct_actions *a, struct err *e);
#endif
