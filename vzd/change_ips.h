/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_CHANGE_IPS_H
#define VZD_CHANGE_IPS_H
/*
 * Addresses that a tenant takes for its containers (IP_ADDRESS): all of each, a prefix's every address, lies in the host's
 * TENANT_POOL and in no other container's, whether that runs or not; an IPv6 prefix is a /64 or longer; a container has at most
 * TENANT_IPS_MAX of them.
 */
#include <stdbool.h>

struct err;
struct str_list;

#define TENANT_IPS_MAX 256

struct cidr;
struct net_ip;
struct vzd;

/* May container @ctid have @ips? EPERM: outside of @pool, or too large, unless it has it already; EADDRINUSE: another's, or being
 * given to another. @pool NULL: an administrator gives them, to whom the other container is named. */
int ips_judge(struct vzd *d, const char *pool, unsigned ctid, const struct str_list *ips, struct err *e);
/* Takes out of @ips what ips_judge() would refuse. False: out of memory. */
bool ips_pick(struct vzd *d, const char *pool, unsigned ctid, struct str_list *ips);
/* What is routed to the container: one address whatever its mask, or a prefix. False: none ("0.0.0.0"), or no address. */
bool ips_routed(const char *text, struct cidr *ret, struct net_ip *ip);

#endif
