/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_OVERQUOTA_H
#define LIBCT_OVERQUOTA_H
/*
 * That a container went above its monthly quota of traffic, told once for each month, quota and action: written to
 * /var/lib/vz/traffic/CTID.over, which vzd watches and makes an event of, and told to the script vzevent-traffic. Survives a
 * stop, so a restart tells nothing again.
 */
#include "libct/ct_priv.h"

#define CT_OVERQUOTA_DIR CT_LIB_DIR "/traffic"
#define CT_OVERQUOTA_SUFFIX ".over"
#define CT_OVERQUOTA_TOLD ".told"	/* vzd's copy of what it has made an event of */

struct ct_overquota {
	int month;			/* 202611, 0: never */
	uint64_t used, quota;		/* bytes; @used: when it was noticed */
	char action[12];		/* "notify" ... */
};
int ct_overquota_load(unsigned id, struct ct_overquota *ret, struct err *e);	/* none: zeros */
int ct_overquota_dir(struct err *e);		/* a descriptor; made when missing */
bool ct_overquota_parse(const char *text, struct ct_overquota *ret);
/* Returns 1 if nobody was told yet: it is written down, and the script was run. */
int ct_overquota_tell(struct ct *ct, const struct ct_overquota *o, struct err *e);
void ct_overquota_forget(unsigned id);		/* destroy */

#endif
