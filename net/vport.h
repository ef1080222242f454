/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_VPORT_H
#define NET_VPORT_H
/*
 * What a bridged interface may say of itself, beyond its hardware address as source, which the bridge sees to: elements of sets
 * in table bridge "vz". The alias of the host's end says the same, so that the table can be made anew from what there is.
 */
#include "net/net_priv.h"
#include "net/netif.h"

#define VPORT_ALIAS_MAX 256

void vport_alias(unsigned id, const struct net_if *f, char dst[VPORT_ALIAS_MAX]);	/* "vz 101 eth0 MAC [addresses]" */
/* Is @alias that of container @id's @ifname? */
bool vport_alias_is(const char *alias, unsigned id, const char *ifname);
bool vport_alias_parse(const char *alias, struct net_if *ret);	/* ifname, mac, ip_filter; false: none of ours, or an old one */

#define VPORT_RULES 3		/* that vport_put_rules() adds to @chain */
void vport_put_sets(struct nft_tx *t);
void vport_put_rules(struct nft_tx *t, const char *chain);
int vport_put_all(struct net *n, struct nft_tx *t, struct err *e);	/* elements of every interface there is */
/* By f->host_ifname. No table is no error: it comes with all elements. */
int vport_change(struct net *n, const struct net_if *f, bool add, struct err *e);

#endif
