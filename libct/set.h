/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_SET_H
#define LIBCT_SET_H
/* What the files of `set` share: set.c the verb, set_check.c what is looked at first. what set_apply.c does is in files.h. */
#include "libct/files.h"

struct ct_set_work {
	const struct ct_set *s;
	struct ct_conf change;		/* the command line, below it --applyconfig */
	struct ct_conf want;		/* what is to be true */
	struct ct_conf rows;		/* what is to be in the file */
	struct ct_live live;
	bool running, changed, needs_restart;
};

/* set_check.c. None changes anything outside @w. */
bool ct_set_is_empty(const struct ct_conf *c);			/* no row of it is set */
int ct_set_check_options(const struct ct_set *s, const struct ct_conf *change, struct err *e);
/* Fills w->change, want and rows from @change, the sample of --applyconfig and the container's configuration. */
int ct_set_merge(struct ct *ct, struct ct_set_work *w, const struct ct_conf *change, struct err *e);
/* With w->live filled: can w->want be true? Refuses with the status of what cannot. */
int ct_set_check(struct ct *ct, struct ct_set_work *w, struct err *e);

#endif
