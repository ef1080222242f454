/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_PRIV_H
#define NET_PRIV_H
/* What the files of net/ share: the handle, links, addresses and routes as netlink requests. */
#include <net/if.h>

#include "net/net.h"
#include "net/nft_rule.h"
#include "net/nl.h"

#define NET_INSIDE "venet0"
#define NET_VENET_MTU 1500u	/* as veth has it */
/*
 * Where everything a container sends goes: a next hop that exists nowhere. Any address would do, the frame is for the
 * peer; having one means one neighbour entry per container and family, while a default route without a next hop makes an
 * entry per destination in a table that all containers share (1,021 after 20,000 destinations, then eviction).
 */
#define NET_GATE4 "169.254.0.1"
#define NET_GATE6 "fe80::1"

#define NET_IP_TEXT 50		/* the longest address with its prefix */

/* An address, and an interface on whose network it is looked for, with the hardware address that answers there. */
struct neigh_at { struct net_ip ip; unsigned ifindex; char dev[IFNAMSIZ]; uint8_t mac[6]; };
struct neigh_list { struct neigh_at *v; size_t n; };
struct net_probe { struct neigh_list asked; int64_t since_ms; };
enum { PACKET_SEND, PACKET_ARP, PACKET_ND };	/* indices of net.packet */

struct net_owners;		/* net_stat.c: whose the links are */
struct net {
	struct net_owners *owners;
	char table[32];
	struct nl rt;
	struct nft nft;
	char pool4[64], pool6[64];	/* what to rebuild a lost table with */
	char classes[256];		/* networks_classes, "": none */
	const struct str_list *with;	/* net_with() */
	net_running_fn *running;	/* net_set_running() */
	void *running_arg;
	char neighbours[256];		/* NEIGHBOUR_DEVS */
	struct neigh_list told;		/* what net_announce() has to tell */
	struct net_probe probe;
	unsigned venet_mtu;		/* net_venet_of(); 0: the kernel's own */
	bool venet_open, venet_small;
	int packet[3];			/* packet sockets, -1: none. See net_close() */
};
int net_rt(struct net *n, struct err *e);	/* opens the socket on first use */
int net_nf(struct net *n, struct err *e);

struct ip_vec {			/* parsed addresses, and as text without prefix for messages */
	struct net_ip *ip;
	char (*text)[NET_IP_TEXT];
	size_t n;
};
int ip_vec_parse(struct ip_vec *v, const struct str_list *l, struct err *e);	/* NULL list: empty; "any" is left out */
int ip_vec_add(struct ip_vec *v, const struct net_ip *ip, struct err *e);
const struct net_ip *ip_vec_find(const struct ip_vec *v, const struct net_ip *ip);	/* same address, NULL: none */
bool ip_same_route(const struct net_ip *a, const struct net_ip *b);	/* both an address, or the same prefix */
bool ip_vec_routed(const struct ip_vec *v, const struct net_ip *ip);	/* one of them has the same route */
bool ip_vec_first(const struct ip_vec *v, size_t i);	/* v[i] is not a repetition of an earlier one */
bool ip_vec_has_family(const struct ip_vec *v, int family);
void ip_vec_done(struct ip_vec *v);
#define auto_ip_vec __attribute__((cleanup(ip_vec_done)))

/* link.c */
unsigned link_index(struct nl *nl, const char *name);			/* 0: there is none */
unsigned link_index_made(struct nl *nl, const char *name);	/* the same, faster, for one that must be there */
bool link_name(struct nl *nl, unsigned ifindex, char dst[IFNAMSIZ]);
void link_mac(unsigned id, uint8_t mac[6]);	/* of both ends of vzID */
/*
 * How much of a TCP stream goes over a container's pair in one piece. What a packet pays for the source check, connection tracking
 * and the rest then counts once for three times as many bytes as usual. What the container sends is as large only if the host's
 * own way out takes it: what a network card cannot cut the kernel does, at more than is gained.
 */
#define LINK_SEGMENT 196608u
#define LINK_SEGMENT_USUAL 65536u
#define LINK_GSO_IPV4_MAX_SIZE 63	/* IFLA_GSO_IPV4_MAX_SIZE, which Debian 12's headers lack */
void link_put_segments(struct nl_batch *b, uint32_t bytes);
int link_create(struct nl *nl, unsigned id, int netns_fd, struct err *e);	/* -EEXIST when vzID is taken */
/* @mtu of both ends, 0: the kernel's own; @segment: of what the container sends. */
int link_create_as(struct nl *nl, unsigned id, int netns_fd, unsigned mtu, unsigned segment, struct err *e);
int link_way_out(struct nl *nl, unsigned *ret_segment, struct err *e);	/* LINK_SEGMENT or, if that is too much for it, the usual */
void link_put_mtu(struct nl_batch *b, const char *name, unsigned mtu);
void link_put_host_up(struct nl_batch *b, const char *name);		/* up, no address of its own, strict source check */
void link_put_sources(struct nl_batch *b, const char *name, bool open);	/* that check alone: none if @open */
void link_put_inside_up(struct nl_batch *b);
int link_sync(struct nl *nl, const char *name, struct err *e);	/* its carrier is looked at now */
int link_delete(struct nl *nl, const char *name, struct err *e);	/* waits about 20 ms; gone is success */
/* Frees the name vzID at once: the link goes down, loses routes and becomes vz-ID, to die with its namespace. */
int link_drop(struct nl *nl, unsigned id, struct err *e);
int link_delete_dead(struct nl *nl, unsigned id, struct err *e);	/* vz-ID */
void link_put_af(struct nl_batch *b, uint16_t inet_key, uint32_t value);	/* no link-local address; one IPv4 setting */
int link_sweep(struct nl *nl, struct err *e);	/* deletes every vz-ID and vz-ID.N */
bool link_id(const char *name, unsigned *ret);				/* "vz101" -> 101 */

/* link_info.c */
struct link_info {
	unsigned index, master, peer, mtu;	/* peer: index of a veth's other end, in that one's namespace */
	unsigned segment;			/* the largest piece of TCP it takes, bytes */
	bool up, arp;	/* @arp: an Ethernet whose neighbours are looked up */
	bool vlan_known, vlan_aware;	/* of a bridge: the kernel can tell VLANs apart, and it does */
	uint16_t pvid;			/* VLAN of untagged frames of a port that has none of its own */
	uint8_t mac[6];
	struct { unsigned id; uint16_t port; int family; struct in6_addr local; } vxlan;	/* as in struct net_ip */
	char name[IFNAMSIZ], kind[16], alias[256];	/* kind "": a piece of hardware */
};
/* By @index, or if that is 0 by @name. ENODEV: there is none. */
int link_info(struct nl *nl, unsigned index, const char *name, struct link_info *ret, struct err *e);
/* The same for one that may be missing. 1: it is there, 0: not. */
int link_find(struct nl *nl, unsigned index, const char *name, struct link_info *ret, struct err *e);

/* Every one, some perhaps twice. A negative return of @cb ends it. */
int link_info_each(struct nl *nl, int (*cb)(const struct link_info *link, void *arg), void *arg, struct err *e);

/* neigh.c: what the machines beside this host are told of @v's addresses. Both before their routes are there. */
int neigh_up(struct net *n, const struct ip_vec *v, struct err *e);	/* answers for them from now on; net_announce() tells */
int neigh_down(struct net *n, const struct ip_vec *v, struct err *e);
/* An address of @v that neighbours should be answered for and are not: @text says it. "": there is none. */
int neigh_fault(struct net *n, const struct ip_vec *v, char *text, size_t size, struct err *e);
int neigh_sweep(struct net *n, struct err *e);		/* what was answered for and has no route to a container any more */
/* Interfaces on whose networks @ip is looked for: NEIGHBOUR_DEVS. A negative return of @cb ends it. */
typedef int uplink_fn(const struct net_ip *ip, const struct link_info *dev, void *arg);
int neigh_uplinks(struct net *n, const struct net_ip *ip, uplink_fn *cb, void *arg, struct err *e);
int neigh_list_add(struct neigh_list *l, const struct net_ip *ip, const struct link_info *dev);	/* -ENOMEM */
/* Sends on its interface; the socket lives as long as @n. */
int neigh_send(struct net *n, const struct neigh_at *at, const void *frame, size_t len, struct err *e);
/* addr.c, inside */
void addr_put(struct nl_batch *b, bool add, unsigned ifindex, const struct net_ip *ip, const char *text);
void addr_put_host(struct nl_batch *b, unsigned ifindex, const struct net_ip *ip, const char *text);
int addr_each_of_host(struct nl *nl, int (*cb)(unsigned ifindex, const struct net_ip *ip, void *arg), void *arg, struct err *e);
int addr_each(struct nl *nl, unsigned ifindex, int (*cb)(const struct net_ip *ip, void *arg), void *arg, struct err *e);

/* route.c */
void route_put_host(struct nl_batch *b, bool add, unsigned ifindex, const struct net_ip *ip, const char *text);
/*
 * Takes away the route to the multicast groups of IPv6 that the kernel makes when a link has its carrier. Whenever a link comes or
 * goes it walks all routes, and this one is one for each container.
 */
void route_put_no_groups(struct nl_batch *b, unsigned ifindex);
/* @ip, unless it is a network, is behind @mac for good: takes no room in the table that all namespaces share. */
void route_put_neighbour(struct nl_batch *b, bool add, unsigned ifindex, const struct net_ip *ip, const uint8_t mac[6]);
/* The same for what the default route names. */
void route_put_gate(struct nl_batch *b, unsigned ifindex, int family, const uint8_t mac[6]);
void route_put_default(struct nl_batch *b, bool add, unsigned ifindex, int family, const struct net_ip *src);
/* @host: the route is for this address alone; @gateway: the next hop is a router; @len: of its prefix */
struct route_hit { bool found, local, broadcast, host, gateway; uint8_t len; unsigned ifindex; };
int route_find(struct nl *nl, const struct net_ip *ip, struct route_hit *ret, struct err *e);
bool link_of_ours(struct nl *nl, unsigned ifindex);	/* the routed interface of a container */
/* The best of those through @ifindex. */
int route_find_by(struct nl *nl, const struct net_ip *ip, unsigned ifindex, struct route_hit *ret, struct err *e);
/* Every route through @ifindex but default ones, @ip with its prefix; 0: through any interface. A negative return of @cb ends
 * it. @cb may see one twice. */
int route_each(struct nl *nl, unsigned ifindex, int (*cb)(unsigned ifindex, const struct net_ip *ip, void *arg), void *arg,
	       struct err *e);

/* antispoof.c. Elements are added after the routes and removed after them: setting up goes by the routes. */
int antispoof_ensure(struct net *n, struct err *e);	/* cheap; sets up if the table or its rules are gone */
int antispoof_teardown(struct net *n, struct err *e);
int antispoof_change(struct net *n, unsigned id, bool add, const struct ip_vec *v, struct err *e);
int antispoof_purge(struct net *n, unsigned id, struct err *e);		/* every element of vzID, whatever it is */
int antispoof_setup(struct net *n, struct err *e);			/* table, chains, rules, elements of what runs */
int antispoof_renew(struct net *n, struct err *e);			/* the same, and nothing else is left in it */

/* port.c: the host's end as a port of bridge @bridge: VLANs, the filter. For one that is down, or whose filter stands already. */
struct net_if;
int port_setup(struct nl *nl, unsigned ifindex, const struct net_if *f, const struct link_info *bridge, struct err *e);
int port_check(const struct net_if *f, const struct link_info *bridge, struct err *e);	/* can that bridge do what @f wants? */

/* macvlan.c */
int macvlan_up(struct net *n, const struct net_if *f, int netns_fd, struct err *e);
int macvlan_delete(const struct net_if *f, int netns_fd, struct err *e);	/* gone is success */
/* As net_veth_fault() and net_veth_heal(). What the guest calls it, or where it has put it, is no fault. */
int macvlan_fault(struct net *n, const struct net_if *f, int netns_fd, char *text, size_t size, struct err *e);
int macvlan_heal(struct net *n, const struct net_if *f, int netns_fd, struct err *e);

/* guard.c: what no container says on a bridge; for interfaces of link group GUARD_GROUP */
#define GUARD_GROUP 0x767au		/* even; the odd one after it: those that have VLANs to tag for */
#define GUARD_TRUNK (GUARD_GROUP | 1)
int guard_setup(struct net *n, struct err *e);
int guard_ensure(struct net *n, struct err *e);		/* cheap; sets up if the rules are gone */
int guard_first_aid(struct net *n, struct err *e);	/* of net_first_aid() */
int guard_stands(struct net *n, struct err *e);		/* 1, or 0: the rules are gone */
/* @min rules at least in a chain. 1: yes, or the kernel knows no such family; 0: no. */
int chain_stands(struct net *n, uint8_t family, const char *chain, uint32_t min, struct err *e);
int guard_renew(struct net *n, struct err *e);		/* the same, and nothing else is left in it */
int guard_teardown(struct net *n, struct err *e);

/* net_inside.c */
/* Runs @fn in a child that has entered @netns_fd, with an rtnetlink socket of that namespace; its error comes back whole. */
typedef int inside_fn(struct nl *nl, void *arg, struct err *e);
int inside_call(int netns_fd, inside_fn *fn, void *arg, struct err *e);
/* In @netns_fd, by a child: addresses of @del go, those of @add come; as before if that fails. */
int inside_change(int netns_fd, const struct ip_vec *add, const struct ip_vec *del, struct err *e);

/* net_stat.c */
void net_owners_free(struct net_owners *o);

/* venet.c */
int venet_route_error(struct net *n, unsigned id, const struct nl_batch *b, const struct ip_vec *v, struct err *e);

#endif
