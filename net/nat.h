/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_NAT_H
#define NET_NAT_H
/*
 * Ports of the host that lead into a container. A forward is words: tcp|udp [HOST-ADDRESS:]PORT[-PORT] [to [ADDRESS:]PORT]
 * Without a host's address any of its own will do, IPv4 and IPv6; without a port behind "to" it is the same one; without an
 * address there the container's first of each family. IPv6 addresses with a port stand in brackets.
 *
 * In the kernel: elements of maps that destination NAT asks, for what comes in and for what the host itself sends,
 *	fwd4, fwd6 { protocol . port : address . port }		for each address of the host
 *	fwdip4, fwdip6 { protocol . port . host's address : address . port }
 * and of sets hairpin4, hairpin6 { interface . address }: what is forwarded and leaves by the way it came, to the container
 * itself or to one on the same bridge, gets the host's address as its source, so that the answer comes back here.
 * The rules of the firewall (fw.h) see the port inside; a forward opens nothing by itself. A bridged container does not reach
 * itself by a forwarded port; its neighbours do.
 */
#include <stdint.h>

#include "net/net.h"

struct buf;

#define NAT_PORTS_MAX 1024	/* of one forward */

struct nat_fwd {
	uint8_t proto;			/* IPPROTO_TCP, IPPROTO_UDP */
	struct net_ip host, to;		/* family 0: not given */
	uint16_t lo, hi;		/* on the host */
	uint16_t to_port;		/* for @lo; the others follow */
};
int nat_fwd_parse(const char *text, struct nat_fwd *ret, struct err *e);
void nat_fwd_print(const struct nat_fwd *f, struct buf *b);
/* Would the kernel lead one port of the host to two places? A family that is not given is both. */
bool nat_fwd_overlap(const struct nat_fwd *a, const struct nat_fwd *b);
/* The forward that a line of part "nat" is about; NULL: it is about something else. */
const char *nat_forward_of(const char *line);
/* Adds the lines of part "nat" for container @id. EINVAL: a forward has nowhere to go. */
int nat_lines(unsigned id, const struct net_conf *c, struct str_list *ret, struct err *e);
/*
 * The sysctl under which the container of these lines does not reach itself by its own forwards, as its way out and back is one
 * port of a bridge; NULL: it does.
 */
const char *nat_hindered(const struct str_list *lines);

/* listen.c: the first port of the host under @f that a program of the host listens on, for others than itself; 0: none. */
int net_listening(const struct nat_fwd *f, struct err *e);

extern const struct net_part nat_part;

#endif
