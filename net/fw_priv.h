/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_FW_PRIV_H
#define NET_FW_PRIV_H
/* The maps of the firewall, which fw_chain.c asks and fw_part.c fills. */
#include "net/fw.h"
#include "net/net_part.h"

enum fw_map {
	FW_MAP4,	/* ifname . proto . word . address : verdict */
	FW_MAP6,
	FW_POLICY,	/* ifname . word : verdict */
	FW_ON,		/* ifname . word */
	FW_ZONE,	/* ifname : zone */
	FW_ZONE_FROM,	/* zone . ifname: who reaches it */
	FW_FLOW4,	/* proto . inside . outside . port inside . port outside; bridges only */
	FW_FLOW6,
	FW_MAP_N
};
extern const struct nft_set fw_maps[FW_MAP_N];

#define FW_IF 16u		/* bytes of an interface's name in a key */
#define FW_WORD_OUT 0x80	/* last byte of the word: direction, and length of the address in bytes */

#define FW_ZONE_AT 4u		/* where the zone begins in a key of zonefrom */

/* Names that stand for the host in place of an interface. */
#define FW_HOST_NET "@net"
#define FW_HOST_CT "@ct"

void fw_put_table(struct nft_tx *t);
void fw_put_bridge(struct nft_tx *t);

#endif
