/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_NET_PART_H
#define NET_NET_PART_H
/*
 * Parts of the firewall (rules, forwards, shaping, counting ...) share the tables "vz" and one transaction per start.
 *
 * What a part keeps in the kernel for one container is told by lines of text, "PART words": libct writes them to
 * /run/vz/CTID/net before they take effect, so the same lines take the elements away again, and make all anew when somebody
 * flushed the ruleset. A part adds rules only when the table is made; a container is elements of sets and maps without jumps:
 * a verdict that jumps makes the kernel check every chain of the table again (0.1 ms with one container, 2.7 ms with 1,000).
 */
#include <stdbool.h>
#include <stdint.h>

#include "net/nft_rule.h"

struct err;
struct net;
struct str_list;

enum { NET_INET = 1, NET_BRIDGE = 2, NET_ALL_FAMILIES = 3 };

struct net_part {
	const char *name;		/* first word of its lines */
	void (*table)(struct nft_tx *t);	/* sets, chains, rules of table inet vz; NULL: none */
	void (*bridge)(struct nft_tx *t);	/* of table bridge vz; NULL: none */
	/* Puts the elements of @lines (its own among others': net_line_of()) that are in the tables of @families. */
	int (*elems)(struct nft_tx *t, unsigned id, bool add, const struct str_list *lines, unsigned families, struct err *e);
	/* From @old to @want, where more than taking the ones and putting the others is wanted; NULL: it is not. */
	int (*change)(struct nft_tx *t, unsigned id, const struct str_list *old, const struct str_list *want, struct err *e);
};
/* Numbers of sets in a transaction: antispoof_rules.c 1-9, fw.c 10-19 and 60-79, nat.c 20-29, shaping and counting 40-59. */

const char *net_line_of(const char *line, const char *part);	/* behind "PART ", or NULL */
void net_parts_table(struct nft_tx *t, uint8_t family);
int net_parts_elems(struct nft_tx *t, unsigned id, bool add, const struct str_list *lines, unsigned families, struct err *e);
int net_parts_all(struct net *n, struct nft_tx *t, unsigned families, struct err *e);	/* of all that run */

extern const struct net_part net_venet_part, net_acct_part, net_flood_part, net_frag_part;
#define NET_FRAG_RATE 500	/* fragments a second from one interface, and as many at once */

#endif
