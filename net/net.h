/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_NET_H
#define NET_NET_H
/*
 * Network of one container: a routed veth pair, "venet0" inside, "vzID" on the host, /32 and /128 host routes, no bridge
 * and no ARP: both ends share one MAC and are NOARP, so a frame is always for the peer. rtnetlink over libmnl, batched;
 * firewall objects over libnftnl on a libmnl socket. Knows no container: an id is a number.
 *
 * Anti-spoofing: table inet "vz" (name configurable) has one set of (interface, address) pairs per family; anything
 * that comes from an interface vz* and is not in it is dropped. A container adds elements, never a rule.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>

#include "util/num.h"
#include "util/param.h"
#include "util/str.h"

struct err;
struct net;		/* one rtnetlink and one nfnetlink socket, opened on first use */

struct net_ip {		/* an address of a container; AF_INET or AF_INET6 */
	uint8_t family, prefix;		/* prefix as configured; what is routed: net_ip_route_len() */
	union { struct in_addr v4; struct in6_addr v6; };
};
int net_ip_parse(const char *s, struct net_ip *ret, struct err *e);	/* "A", "A/24", "A/255.255.255.0", v6 "A/64" */
int net_ip_print(const struct net_ip *ip, bool with_prefix, char *dst, size_t size);
bool net_ip_equal(const struct net_ip *a, const struct net_ip *b);	/* address only */
bool net_ip_is_any(const struct net_ip *ip);				/* 0.0.0.0, :: */
/*
 * A whole prefix is meant: 2001:db8:1:2::/64, no address with the mask of its network (2001:db8:1:2::5/64). All of it is
 * routed to the container, which may use any address of it and is given the first one.
 */
bool net_ip_is_net(const struct net_ip *ip);
bool net_ip_within(const struct net_ip *ip, const struct net_ip *net);	/* @ip is an address of the prefix @net */
uint8_t net_ip_route_len(const struct net_ip *ip);			/* 32 or 128 unless it is a prefix */
struct net_ip net_ip_inside(const struct net_ip *ip);			/* the address on venet0: 2001:db8:1:2::1/64 */

struct net_conf {
	struct str_list ip;		/* IP_ADDRESS, canonical text, prefix kept if given */
	struct str_list ip_del;		/* --ipdel; "all" alone = every one. Never stored */
	struct str_list netif;		/* NETIF, one entry of netif.h each; in a change those to add */
	struct str_list netif_del;	/* names inside, or "all"; never stored */
	struct str_list netif_edit;	/* "ifname=eth0", "bridge=br1" ... in the order given; never stored */
	struct str_list netdev;		/* NETDEV, interfaces of the host that are lent */
	struct str_list netdev_del;	/* never stored */
	struct str_list fw_rule, fw_del;	/* FW_RULES: fw.h; --fw_del is never stored, nor --forward_del */
	struct str_list fw_in, fw_out;		/* FW_IN, FW_OUT: one policy each */
	struct str_list fw_group, fw_zone;	/* FW_GROUPS, names; FW_ZONE, one */
	struct str_list forward, forward_del;	/* PORT_FORWARD: nat.h */
	struct num_opt venet_mtu, venet_filter;	/* VENET_MTU, VENET_FILTER: of the routed interface */
};
extern const struct param net_params[];		/* IP_ADDRESS NETIF NETDEV and their options */
extern const size_t net_params_n;
/* @base without del, plus add; same address with another mask is replaced. Result in *ret (cleared first). */
int net_conf_merge(const struct net_conf *base, const struct net_conf *change, struct str_list *ret, struct err *e);
/* The same for NETIF: del, add, edit, in this order. ENOENT: --ifname names one that is not there; ENODATA: --mac and the like
 * without --ifname; EEXIST: two would have one name on the host. */
int net_conf_merge_netif(const struct net_conf *base, const struct net_conf *change, struct str_list *ret, struct err *e);
int net_conf_merge_netdev(const struct net_conf *base, const struct net_conf *change, struct str_list *ret, struct err *e);
/* FW_*, PORT_FORWARD and VENET_* of @change into @c; and the whole lists for the file. */
int net_conf_merge_fw(struct net_conf *c, const struct net_conf *change, struct err *e);
int net_conf_rows_fw(struct net_conf *rows, const struct net_conf *own, const struct net_conf *change, struct err *e);
bool net_conf_has_fw(const struct net_conf *c);
bool net_conf_has_netif(const struct net_conf *c);	/* a change that is about NETIF */
bool net_conf_has_netdev(const struct net_conf *c);
/* Gives what @change adds its host_ifname and hardware addresses, those of @base's interface of that name if it has them. */
int net_conf_complete(struct net_conf *change, const struct net_conf *base, unsigned id, struct err *e);

struct net_host_conf {
	const char *table;		/* nft table name, "vz" */
	const char *pool4, *pool6;	/* CIDR masqueraded when leaving by a foreign interface; NULL or "" = none */
	const char *classes;		/* file of the classes of traffic (classes.h), NULL: all is class 1 */
	bool forward;			/* set ip_forward and ipv6 forwarding */
	const char *neighbours;		/* NEIGHBOUR_DEVS: "detect" (NULL too), "all", "list:eth0 eth1" */
};
/* Sysctls, table, sets, chains, NAT. Idempotent, one nft transaction, leaves every other table alone. */
int net_host_setup(struct net *n, const struct net_host_conf *c, struct err *e);
/* What net_up() and net_change() make the table from if they find it flushed, without touching anything now. A handle that
 * was told neither here nor by net_host_setup() brings the filter back, but not NAT. */
int net_host_conf_set(struct net *n, const struct net_host_conf *c, struct err *e);
/* Removes the table. EBUSY while an interface of a container exists. */
int net_host_teardown(struct net *n, const struct net_host_conf *c, struct err *e);

/* A handle on the nftables tables called @table; opens sockets when they are first needed. One thread. */
int net_open(const char *table, struct net **ret, struct err *e);
void net_close(struct net *n);		/* NULL is fine; changes nothing on the host */

/*
 * Lines of the parts of the firewall (net_part.h) for the container that the next net_up() or net_down() on this handle is
 * about; they go in and out in the same transaction as its addresses. Not owned; NULL: none.
 */
void net_with(struct net *n, const struct str_list *lines);
/*
 * Of running containers from @old to @want, all of them in one transaction; what stays keeps its counters. Brings a flushed table
 * back. ENOENT, EEXIST, EBUSY: @old is not what is there, or a port is forwarded elsewhere already.
 */
struct net_line_change { unsigned id; const struct str_list *old, *want; };
int net_lines_change_all(struct net *n, const struct net_line_change *v, size_t count, struct err *e);
int net_lines_change(struct net *n, unsigned id, const struct str_list *old, const struct str_list *want, struct err *e);
/*
 * Do the tables stand with their rules? 1: yes, or nothing has changed anywhere since the ruleset was of generation *gen (0 at
 * first), which becomes that of now; 0: no. Reads only, 20 us.
 */
int net_tables_stand(struct net *n, uint32_t *gen, struct err *e);
/*
 * What keeps containers from lying, without the rest: who may send as what, made from the routes. Milliseconds where all of it may
 * take a second. The tables do not count as standing before somebody has made the rest, too.
 */
int net_first_aid(struct net *n, struct err *e);
/* A descriptor that becomes readable when anybody has changed the ruleset; net_watch_drain() makes it wait for the next time. */
int net_watch_open(struct err *e);
void net_watch_drain(int fd);
/* The classes' ranges (acct.h) are in the tables. Cheap if they are; the file of net_host_conf.classes is read each time. */
int net_acct_ensure(struct net *n, struct err *e);
/* The tables anew, from what net_set_running() tells: for what does not fit any more. */
int net_table_renew(struct net *n, struct err *e);
/* Who runs, with which lines: asked when the table has to be made anew. A negative return of the callback ends it. */
typedef int net_line_cb(void *arg, unsigned id, const struct str_list *lines);
typedef int net_running_fn(void *arg, net_line_cb *cb, void *cb_arg, struct err *e);
void net_set_running(struct net *n, net_running_fn *fn, void *arg);

/*
 * Host side of a start. Order: the filter stands; link pair (peer "venet0" is born in @netns_fd), up, routes, filter
 * elements: until those are there, all the container sends is dropped. Brings the table back if somebody flushed it.
 * Idempotent over half-built state of an earlier try: a stale vzID is replaced.
 * EADDRINUSE: the address is routed to another interface of ours (text says which). Blocks for the kernel only.
 */
int net_up(struct net *n, unsigned id, const struct str_list *ips, int netns_fd, struct err *e);
/* Inside the container's network namespace, CAP_NET_ADMIN there: lo up; venet0 up, addresses, default routes (only if
 * @ips is not empty). Called by the child after net_up() is known to be done; needs no fd from outside. */
int net_inside_up(const struct str_list *ips, struct err *e);
/*
 * Host side, optional, when the child is done with net_inside_up(): vzID sends at once. Without it the first packets to the
 * container are dropped until a worker of the kernel has seen the carrier (0.1 ms here, up to 4 ms when the CPUs are busy).
 * Takes the link's route to groups of IPv6 away, which the kernel makes with the carrier; not on kernels that make it later.
 * Costs 10 us.
 */
int net_ready(struct net *n, unsigned id, struct err *e);
/*
 * Routes, link, filter elements of @id. Name and addresses are free when it returns; the link itself is renamed to vz-ID
 * and dies with the namespace (a namespace that is held: at the next net_down() of @id or net_host_setup()). Whatever is
 * gone already is success. @ips may be NULL: found by interface name, which costs a look at all elements.
 */
int net_down(struct net *n, unsigned id, const struct str_list *ips, struct err *e);
/*
 * The network namespace of a container without processes, which may live on: packets that wait for a neighbour, and TCP
 * connections nobody has open any more, hold it for as long as the guest has told the kernel to try. net_held(): how many
 * sockets do; some that were closed a moment ago are among them. Some 7 us; of a process with one thread.
 * net_end() takes its links (and with them the host's ends) and connections away until nothing holds it, for @ms at most: EBUSY.
 * EINVAL: it is the caller's own namespace. Nothing of the host's may be lent to it.
 */
int net_held(int netns_fd, unsigned *ret, struct err *e);
int net_end(int netns_fd, int ms, struct err *e);
int net_sweep(struct net *n, struct err *e);	/* deletes what net_down() has left, of whomever: about 20 ms if there is any */
/* Live change. Host side: elements and routes; inside: a forked child in @netns_fd. Undoes itself on failure. */
int net_change(struct net *n, unsigned id, int netns_fd, const struct str_list *add, const struct str_list *del, struct err *e);
/* Addresses that it has on the host's side: back inside, if somebody there took them away. */
int net_again(int netns_fd, const struct str_list *ips, struct err *e);
/*
 * What the lines of the part "venet" say about the routed interface, for the next net_up() or net_heal() on this handle:
 *	venet mtu BYTES			of both ends
 *	venet open INTERFACE		any source address may come from it
 *	venet small INTERFACE		its rate is one for which large segments would be too coarse (net_rates_small())
 */
void net_venet_of(struct net *n, const struct str_list *lines);
/* The same on a running one, after net_lines_change(). Inside: a forked child in @netns_fd. */
int net_venet_set(struct net *n, unsigned id, int netns_fd, const struct str_list *lines, struct err *e);
void net_ifname(unsigned id, char dst[16]);		/* "vz101" */
/* NET_IP_FREE, or why it cannot be had, the interface in @owner if there is one; or -errno. */
enum { NET_IP_FREE, NET_IP_CONTAINER, NET_IP_HOST, NET_IP_HOLDS_HOST, NET_IP_BROADCAST, NET_IP_ROUTED };
int net_ip_conflict(struct net *n, unsigned id, const struct net_ip *ip, char owner[16], struct err *e);

/*
 * What neighbours know. An address out of a network that the host itself is on is looked for there by ARP or neighbour
 * discovery: net_up() and net_change() make the host answer for it (proxy entries; the interface is chosen by NEIGHBOUR_DEVS),
 * net_down() ends that. net_announce() tells everybody there at once, without being asked: old owners are forgotten.
 */
int net_announce(struct net *n, struct err *e);
/* Asks the neighbours who has these addresses and returns at once. Before they are routed to a container. */
int net_probe(struct net *n, const struct str_list *ips, struct err *e);
struct net_claim { struct net_ip ip; char dev[16]; uint8_t mac[6]; };
/*
 * 1: one of the addresses asked for is another machine's, *ret says whose; 0: nobody answered. Waits for answers until @wait_ms
 * after the question, not at all if nobody was asked.
 */
int net_probed(struct net *n, unsigned wait_ms, struct net_claim *ret, struct err *e);
bool net_neighbours_ok(const char *text);	/* a value of NEIGHBOUR_DEVS */

struct net_stat { uint64_t rx_bytes, tx_bytes, rx_packets, tx_packets, rx_drops, tx_drops; };	/* as the container sees them */
int net_stat(struct net *n, unsigned id, struct net_stat *ret, struct err *e);
/* Every interface of every container, routed ("venet0") and bridged (its name inside), in one dump of all counters; whose they are
 * is kept in @n. @index: of the host's end; an index is not given twice in one boot, so it tells a new interface of an old name. */
typedef int net_stat_cb(void *arg, unsigned id, unsigned index, const char *inside, const struct net_stat *st);
int net_stat_all(struct net *n, net_stat_cb *cb, void *arg, struct err *e);
/* IPv6 alone, without the 14 bytes of a frame's head that net_stat() counts. */
int net_stat6(unsigned id, struct net_stat *ret, struct err *e);
void net_stat6_parse(const char *text, struct net_stat *ret);	/* of the kernel's figures for the host's end */
/* Ids of interfaces "vzNUMBER" that exist. */
int net_each(struct net *n, int (*cb)(unsigned id, void *arg), void *arg, struct err *e);

#endif
