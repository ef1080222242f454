/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_WEBHOOK_H
#define VZD_WEBHOOK_H
/*
 * Events posted to other people's servers. What is to be sent is in the database before it is tried, and goes when it was
 * taken (2xx) or is a day old: at least once, in order per webhook. The sending is vz-hook's, which has no privileges.
 */
#include "vzd/vzd.h"

int webhooks_open(struct vzd *d, struct webhooks **ret, struct err *e);	/* after db and bus */
void webhooks_close(struct webhooks *w);	/* what is under way is sent again by the next vzd */
void webhooks_tenant_gone(struct webhooks *w, const char *tenant);	/* its rows are deleted by whoever deletes the tenant */

#endif
