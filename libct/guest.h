/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_GUEST_H
#define LIBCT_GUEST_H
#include <stdbool.h>

#include "libct/action.h"

/* Files of the guest that we write, always by a process that is inside its namespaces and has
 * its root as "/". */
struct ct;
struct ct_conf;
struct err;

struct ct_guest { /* texts made on the host's side, where its resolv.conf can be read; NULL = leave alone */
	char *hostname, *resolv, *hosts_line;
	const struct ct_conf *net;	/* whose addresses go into the distribution's files */
	bool console;			/* see to a login on the console */
	bool name_by_script;		/* the host name is none of ours to write */
	struct ct_action_jobs jobs;	/* distribution scripts of the administrator */
};
/* @what: bits of enum ct_guest_what (ct_priv.h). */
int ct_guest_prepare(const struct ct_conf *c, unsigned what, struct ct_guest *ret, struct err *e);
void ct_guest_done(struct ct_guest *g);
/* What has a script of the administrator's is left to it: taken out of @g, and its job put in.
 * @change: addresses that come and go, NULL at a start. */
struct ct_guest_change { const struct str_list *add, *del; };
int ct_guest_scripts(struct ct_guest *g, const struct ct_actions *a, const struct ct_conf *c, unsigned what,
		     const struct ct_guest_change *change, struct err *e);
/* Inside. Each file is replaced whole (temporary file and rename in its directory), only if its
 * text changes; anything but a plain directory or file in the way is an error that names it. */
int ct_guest_files(const struct ct_guest *g, struct err *e);
#endif
