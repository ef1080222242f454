/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_CAPPED_H
#define LIBCT_CAPPED_H
/*
 * What of a configuration costs the host, as its rows say (PARAM_CAPPED, PARAM_COUNTED), and whether one has more of it than
 * another. Who may raise it is the caller's to judge; what a copy by a tenant has is lowered here. Pure, but for
 * ct_conf_new(), which reads the sample for new containers.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libct/ct.h"

struct kv;

/* What a container has that is made without a word about it: vz.conf's sample for new ones, and its defaults. @ret is zeroed. */
int ct_conf_new(const struct ct_host *h, struct ct_conf *ret, struct err *e);

struct ct_more {
	const struct param *row;
	uint64_t has, most;		/* NUM_UNLIMITED: no limit; of a pair the one that is above */
};
/* The first row with one of @flags that @asked gives, and of more than @have has; false: none. A row that @have does not give
 * has its default there, else no limit. */
bool ct_conf_more(const struct ct_conf *asked, const struct ct_conf *have, unsigned flags, struct ct_more *ret);
/* Makes every PARAM_CAPPED row of which @c has more than @most as @most has it. */
void ct_conf_lower(struct ct_conf *c, const struct ct_conf *most);
/* The same in the text of the configuration that @ct is made with: not more than a new container has. Tells of each. */
int ct_kv_lower(const struct ct *ct, struct kv *kv, struct err *e);

#endif
