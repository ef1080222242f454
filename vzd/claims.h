/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_CLAIMS_H
#define VZD_CLAIMS_H
/*
 * Addresses, ports of the host and names that a request was promised and its operation has not written down yet. Without them
 * two requests at once would both find the same one free: the inventory knows files only. A promise ends with the operation on
 * its container (or the session, or the ticket for one); the inventory is read anew then, so one of the two always knows. Loop
 * thread only.
 */
#include "vzd/vzd.h"

struct cidr;
struct nat_fwd;
struct claims;

/* Forgets what has ended. Containers of the inventory may go by it: before the caller holds one (the gate does it). */
void claims_expire(struct vzd *d);
/* The container that @ip, or a network with it, is promised to; 0: none, or @ctid itself. */
unsigned claims_ip(struct vzd *d, unsigned ctid, const struct cidr *ip);
unsigned claims_name(struct vzd *d, unsigned ctid, const char *name);
unsigned claims_port(struct vzd *d, unsigned ctid, const struct nat_fwd *f);
int claims_add_port(struct vzd *d, unsigned ctid, const struct nat_fwd *f, struct err *e);
/* Promises @ips (those that are none are skipped) and @name (NULL: none) to @ctid, beside what it was promised before. */
int claims_add(struct vzd *d, unsigned ctid, const struct str_list *ips, const char *name, struct err *e);
/* The same from the words of an operation, a JSON array: of one that a vzd before this one has begun. */
void claims_words(void *vzd, unsigned ctid, const char *words);
void claims_done(struct vzd *d);

#endif
