/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_NETRECORD_H
#define LIBCT_NETRECORD_H
/*
 * Records of firewall lines: /run/vz/CTID/net has what the kernel has of a container. While a change is under way it has two
 * parts, before and after, and as a transaction is whole or not at all, the kernel has one of them. Whoever finds two knows
 * that somebody was killed. All of it under ct_fw_lock(); none of it survives a boot.
 */
#include "libct/ct_priv.h"

#define CT_NETREC "net"		/* for ct_record_load() and ct_record_save(), where there is a struct ct */

/* --- what is in one --- */

/* The @nth part of @all; false: there is none, or *e. */
bool ct_netrec_part(const struct str_list *all, size_t nth, struct str_list *ret, struct err *e);
void ct_netrec_last(const struct str_list *all, struct str_list *ret, struct err *e);	/* what shall be; failure is in *e */
bool ct_netrec_unsure(const struct str_list *all);	/* of two parts */
/* Adds @l to the lines of @to; @mark: as its next part. */
int ct_netrec_add(struct str_list *to, const struct str_list *l, bool mark, struct err *e);

/* --- all of them --- */

typedef int ct_netrec_cb(void *arg, unsigned id, const struct str_list *all, struct err *e);
/* Calls @fn for each container that has a record, in no order, until it fails. */
int ct_netrec_each(ct_netrec_cb *fn, void *arg, struct err *e);
int ct_netrec_save(unsigned id, const struct str_list *all, struct err *e);	/* ENOENT: it runs no more */
int ct_netrec_host(struct str_list *ret, struct err *e);	/* a part for each enum ct_net_host */
int ct_netrec_host_save(struct err *e);		/* as the lists are now */

#endif
