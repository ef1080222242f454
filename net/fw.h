/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_FW_H
#define NET_FW_H
/*
 * Firewall of the containers, from the host: rules as text, as elements, and in the kernel.
 *
 * A rule is words: [in|out] [accept|drop] [what] [from|to ADDRESS[/LEN],...] [log] [count]
 *	what: any; a service ("ssh", "http,https"); tcp or udp with ports ("tcp 80,8000-8100"); icmp; the number of a protocol.
 * Without a direction it is "in", without a verdict "accept". The order of rules means nothing: of those that match the one with
 * the longest address prefix decides, among these the one with the narrowest ports; between equals the container's own rule
 * before those of its groups, the earlier before the later. If none matches the policy does (FW_IN, FW_OUT). Answers to what
 * was let through always pass.
 *
 * In the kernel no rule and no chain is a container's own. A rule becomes elements of hash maps, two for each side,
 *	fwin4, fwin6, fwout4 ...: { interface . protocol . (port, its length, direction, length of address) . address : verdict }
 * and for a packet that begins a connection the map is asked once for each length there may be, the longest first: lengths of
 * ports are 16, 12, 8, 4 and 0 bits, of addresses 32, 24 ... 0 and 128, 64, 48, 32, 0; what has another length is split.
 * That is at most 30 questions to a hash, however many containers and rules there are, and none for containers without rules
 * (set fwon) and for packets of known connections. Who has an IPv6 prefix that would be more than 256 of these (fe80::/10) is
 * in fwon as one whose addresses are asked for byte by byte (map fwfine6), up to 102 questions.
 * A change of a container, or of a group that a hundred of them use, is one transaction of elements without jumps, which the
 * kernel takes without a look at the rest (net_part.h).
 *	accept and drop end it; "continue" means: log and drop; "return": log and accept. An element may carry a counter.
 * Hooks of table inet vz: out = prerouting -90, behind the source check and destination NAT; in = postrouting, before source
 * NAT, so both see the addresses that container and peer see. Bridged interfaces never get there: the same maps and chains
 * stand in table bridge vz. Many kernels track no connections there, so answers are known by themselves: TCP by its flags, other
 * protocols by sets of flows (flow4, flow6 ...) that the kernel fills with what was let through, for half a minute to a minute
 * (UDP) behind the last packet that went this way; each interface has a share of them (fw_priv.h).
 * Zones: map zone { interface : tenant }, set zonefrom { tenant . interface }; from one container to another whose set has not
 * the tenant of the first: drop.
 * The host has lists of its own, for what comes from the network ("@net") and from containers ("@ct").
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/net.h"

struct buf;

#define FW_MATCH_MAX 32		/* protocols and port ranges of one rule */
#define FW_PEER_MAX 32
#define FW_ELEMS_MAX 16384	/* of one interface */

struct fw_match {
	uint8_t proto;		/* 0: any */
	bool ports;		/* false: any port */
	uint16_t lo, hi;
};
struct fw_rule {
	bool out, drop, log, count;
	char what[128];		/* as written: "tcp 80,443", "ssh" */
	struct fw_match match[FW_MATCH_MAX];
	size_t n_match;
	struct net_ip peer[FW_PEER_MAX];	/* none: any address; bits behind the prefix are zero */
	size_t n_peer;
};
int fw_rule_parse(const char *text, struct fw_rule *ret, struct err *e);	/* EINVAL, and what is wrong with which word */
void fw_rule_print(const struct fw_rule *r, struct buf *b);			/* canonical */
/* "accept", "drop log" */
int fw_policy_parse(const char *text, bool *drop, bool *log, struct err *e);
const char *fw_service_name(size_t i, const char **ports);	/* of the table of services; NULL: no more */
bool fw_name_ok(const char *name);	/* of a group or zone: 1 to 32 letters, digits and _-. */

struct fw_elem {
	uint8_t family;		/* AF_INET, AF_INET6 */
	uint8_t proto;
	uint8_t word[4];	/* port (network order), its length, direction and length of the address */
	uint8_t addr[16];
	bool drop, log, count;
	unsigned rule;		/* which one it comes from */
};
struct fw_elems {
	struct fw_elem *v;
	size_t n, size;
	bool fine;		/* prefixes of IPv6 of each whole byte are asked for */
};
/* Elements of @n rules, the earlier one first among equals. E2BIG: more than FW_ELEMS_MAX. */
int fw_compile(const struct fw_rule *rules, size_t n, struct fw_elems *ret, struct err *e);
void fw_elems_done(struct fw_elems *l);

/* The part "fw" of net_part.h. Its lines:
 *	fw if NAME			interface in table inet; "fw bif NAME": in table bridge
 *	fw policy in|out POLICY
 *	fw rule TEXT			in the order that decides between equals
 *	fw zone NAME			the zone it is in; "fw from NAME": another that reaches it
 *	fw group NAME			nothing: whose the rules behind it are
 */
extern const struct net_part fw_part;
int fw_lines_check(const struct str_list *lines, struct err *e);	/* would they make elements? */

struct fw_count { unsigned rule; uint64_t packets, bytes; };
/* Sums of the counters of interface @name's elements into @ret[rule]; @rules as in fw_compile(). */
int fw_counters(struct net *n, const char *name, bool bridge, const struct fw_rule *rules, size_t n_rules,
		struct fw_count *ret, struct err *e);

#endif
