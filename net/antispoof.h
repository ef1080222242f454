/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_ANTISPOOF_H
#define NET_ANTISPOOF_H
/* What antispoof.c, the elements of containers, and antispoof_rules.c, the rules that ask for them, share. */
#include <net/if.h>
#include <netinet/in.h>

#include "net/nft_set.h"

struct err;
struct net;
struct nft_tx;

#define SPOOF_CHAIN "from_ct"
#define SPOOF_USE 10		/* nine rules in it and one jump to it */

/* Keys of the sets: interface, source. */
struct spoof_key4 { char ifname[IFNAMSIZ]; struct in_addr ip; };
struct spoof_key6 { char ifname[IFNAMSIZ]; struct in6_addr ip; };
_Static_assert(sizeof(struct spoof_key4) == 20 && sizeof(struct spoof_key6) == 32, "keys of the sets");

/* Of addresses, one family each; interfaces that have a whole prefix; those that nobody looks at. */
enum spoof_set { SPOOF_SET4, SPOOF_SET6, SPOOF_ROUTED, SPOOF_OPEN, SPOOF_SET_N };
extern const struct nft_set spoof_sets[SPOOF_SET_N];

/* SPOOF_ANEW: what is there is dropped first, in the same transaction. SPOOF_AID: nothing but who may send as what. */
enum spoof_make { SPOOF_KEEP, SPOOF_ANEW, SPOOF_AID };
/* The whole table into @t, without elements. On failure @t is marked failed too. */
int spoof_put_table(struct nft_tx *t, const struct net *n, enum spoof_make make, struct err *e);

#endif
