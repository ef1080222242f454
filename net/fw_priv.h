/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_FW_PRIV_H
#define NET_FW_PRIV_H
/* The maps of the firewall, which fw_chain.c asks and fw_part.c fills. */
#include "net/fw.h"
#include "net/net_part.h"

enum fw_map {
	FW_ASK,		/* ifname . proto . word . address : verdict; of IPv4 and IPv6 for each side, see fw_ask_map() */
	FW_FINE = FW_ASK + 8,	/* the same of IPv6, of all sides: lengths that few have */
	FW_POLICY,	/* ifname . word : verdict */
	FW_ON,		/* ifname . word */
	FW_ZONE,	/* ifname : zone */
	FW_ZONE_FROM,	/* zone . ifname: who reaches it */
	FW_SHARE,	/* ifname: found by new flows above its share; from here on bridges only */
	FW_FLOW,	/* the sets of flows, FW_FLOW_N of them */
	FW_MAP_N = FW_FLOW + 8
};
extern const struct nft_set fw_maps[FW_MAP_N];
/*
 * Where the element of @family and @word for @ifname is. The kernel checks a new element of a map of verdicts against each rule
 * that asks the map (nft_add_set_elem(); 528 of them made ten rules cost 380 us more than 30 to 60 do): hence a map for each
 * side, and one for what few ask.
 */
enum fw_map fw_ask_map(const char *ifname, int family, const uint8_t word[4]);

/*
 * A flow is let through while it is in one of the first four. An interface enters at most FW_FLOW_RATE a second, so that none
 * takes another's room. The other four say that it was entered a moment ago: what goes on is entered once in half its time.
 */
enum { FW_FLOW_UDP4, FW_FLOW_UDP6, FW_FLOW_ANY4, FW_FLOW_ANY6, FW_FLOW_FRESH, FW_FLOW_N = 2 * FW_FLOW_FRESH };
#define FW_FLOW_RATE 256

#define FW_IF 16u		/* bytes of an interface's name in a key */
#define FW_WORD_OUT 0x80	/* last byte of the word: direction, and length of the address in bytes */
#define FW_WORD_FINE 1		/* the third, in fwon: fw_elems.fine */

#define FW_ZONE_AT 4u		/* where the zone begins in a key of zonefrom */

/* Names that stand for the host in place of an interface. */
#define FW_HOST_NET "@net"
#define FW_HOST_CT "@ct"

void fw_put_table(struct nft_tx *t);
void fw_put_bridge(struct nft_tx *t);

#endif
