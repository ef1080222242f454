/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_NETIF_H
#define NET_NETIF_H
/* Bridged interfaces as text: NETIF and its options. What is done with them in the kernel is veth.h. */
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_TRUNK_MAX 64
#define NET_IPFILTER_MAX 160

struct buf;
struct err;
struct net_conf;
struct str_list;

struct net_if {
	char ifname[IFNAMSIZ];		/* inside, "eth0": what tells one from another */
	char bridge[IFNAMSIZ];		/* "": none */
	char host_ifname[IFNAMSIZ];	/* "": vethID.K, see net_if_fill() */
	uint8_t mac[6], host_mac[6];
	bool has_mac, has_host_mac;
	enum net_filter { NET_FILTER_UNSAID, NET_FILTER_ON, NET_FILTER_OFF } filter;	/* unsaid is on */
	/* no router advertisements, DHCP servers, spanning tree, foreign tags; unsaid is as filter */
	enum net_filter guard;
	char macvlan[IFNAMSIZ];		/* "": none. Interface of the host this one shares; then there is no host's end */
	uint16_t vlan;			/* of what it sends and gets untagged; 0: the bridge's own */
	char trunk[NET_TRUNK_MAX];	/* "": none; tagged: "10+20-29", net_if_trunk() */
	unsigned mtu;			/* inside; 0: the bridge's */
	char ip_filter[NET_IPFILTER_MAX];	/* "": any; addresses it may use: "10.0.0.5+fd00::5" */
	char extra[256];		/* keys of other versions as they stood: "gw=10.0.0.1,dhcp=yes" */
};
/* One entry, "ifname=eth0,bridge=br0,...", keys in any order. EINVAL: no ifname, or a value that cannot be. */
int net_if_parse(const char *text, struct net_if *ret, struct err *e);
int net_if_set(struct net_if *f, const char *key, const char *val, struct err *e);	/* ENOENT: no key of ours */
void net_if_print(const struct net_if *f, struct buf *b);
bool net_if_guarded(const struct net_if *f);
/* Ranges of @f's trunk, one after the other, *at NULL at first: false at the end. */
bool net_if_trunk(const struct net_if *f, const char **at, unsigned *first, unsigned *last);
/* Does it fit together? EINVAL says what does not: --vlan without --bridge and the like. */
int net_if_check(const struct net_if *f, struct err *e);
/* What an entry leaves open: host_ifname, and addresses within 00:18:51, @random or else always the same ones. */
int net_if_fill(struct net_if *f, unsigned id, bool random, struct err *e);
/* Lists of entries. */
int net_if_find(const struct str_list *l, const char *ifname, struct net_if *ret);	/* index, -ENOENT */
int net_if_put(struct str_list *l, const struct net_if *f, struct err *e);		/* replaces the one of that name */
void net_if_del(struct str_list *l, const char *ifname);				/* gone is success */
bool net_if_name_ok(const char *name);

#endif
