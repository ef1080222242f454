/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_CHANGE_IPS_H
#define VZD_CHANGE_IPS_H
/*
 * Addresses that a tenant takes for its containers (IP_ADDRESS): all of each, a prefix's every address, lies in the host's
 * TENANT_POOL and in no other container's, whether that runs or not; an IPv6 prefix is a /64 or longer; a container has at most
 * TENANT_IPS_MAX of them.
 */
struct err;
struct inv;
struct str_list;

#define TENANT_IPS_MAX 256

/* May a tenant's container @ctid have @ips? EPERM: outside of @pool; EADDRINUSE: another's; EINVAL: too large. */
int ips_judge(struct inv *v, const char *pool, unsigned ctid, const struct str_list *ips, struct err *e);

#endif
