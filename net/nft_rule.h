/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_NFT_RULE_H
#define NET_NFT_RULE_H
/*
 * Rules of nftables. A rule is opened, gets expressions in the order in which they are run, and is put. Data lies in registers,
 * named @reg where it is read and written in the same place, else @sreg and @dreg.
 */
#include <libnftnl/rule.h>

#include "net/nft_set.h"

struct nftnl_rule *nft_rule(struct nft_tx *t, const char *chain);
void nft_put_rule(struct nft_tx *t, struct nftnl_rule *r);		/* frees it */

/* what a packet is */
void nft_e_meta(struct nft_tx *t, struct nftnl_rule *r, uint32_t key, uint32_t dreg);
void nft_e_meta_set(struct nft_tx *t, struct nftnl_rule *r, uint32_t key, uint32_t sreg);
void nft_e_payload(struct nft_tx *t, struct nftnl_rule *r, uint32_t base, uint32_t off, uint32_t len, uint32_t dreg);
void nft_e_piece(struct nft_tx *t, struct nftnl_rule *r, uint32_t dreg);	/* IPv6: what follows the fragment header */
void nft_e_ct(struct nft_tx *t, struct nftnl_rule *r, uint32_t key, uint32_t dreg);
void nft_e_ct_is(struct nft_tx *t, struct nftnl_rule *r, uint32_t key, uint32_t bits, bool is);	/* one of @bits; none of them */
/* The interface that routes name for an address, NFTA_FIB_F_SADDR or _DADDR; with _IIF only if it came from there, else 0. */
void nft_e_fib_oif(struct nft_tx *t, struct nftnl_rule *r, uint32_t flags, uint32_t dreg);
void nft_e_fib_type(struct nft_tx *t, struct nftnl_rule *r, uint32_t dreg);	/* RTN_... of the destination */

/* registers */
void nft_e_load(struct nft_tx *t, struct nftnl_rule *r, uint32_t dreg, const void *data, uint32_t len);
void nft_e_mask(struct nft_tx *t, struct nftnl_rule *r, uint32_t reg, const void *mask, uint32_t len);
void nft_e_mask_xor(struct nft_tx *t, struct nftnl_rule *r, uint32_t reg, const void *mask, const void *xor, uint32_t len);

/* Conditions: if it is not so, the rule ends. */
void nft_e_cmp(struct nft_tx *t, struct nftnl_rule *r, uint32_t op, uint32_t sreg, const void *data, uint32_t len);
void nft_e_range(struct nft_tx *t, struct nftnl_rule *r, uint32_t op, uint32_t sreg, const void *from, const void *to,
		 uint32_t len);
void nft_e_in(struct nft_tx *t, struct nftnl_rule *r, const struct nft_set *s, uint32_t sreg);
void nft_e_not_in(struct nft_tx *t, struct nftnl_rule *r, const struct nft_set *s, uint32_t sreg);
/* In a map: its data goes to @dreg; a verdict (NFT_REG_VERDICT) is taken. */
void nft_e_map(struct nft_tx *t, struct nftnl_rule *r, const struct nft_set *s, uint32_t sreg, uint32_t dreg);
/* The first byte of an IPv6 packet's header @type, if it has one. */
void nft_e_exthdr6(struct nft_tx *t, struct nftnl_rule *r, uint8_t type, uint32_t dreg);
/* More than @per_second, and as many at once, with what is in @sreg: a limit for each, which @s keeps for its timeout. */
void nft_e_over(struct nft_tx *t, struct nftnl_rule *r, const struct nft_set *s, uint32_t sreg, uint64_t per_second);
void nft_e_limit(struct nft_tx *t, struct nftnl_rule *r, uint64_t per_second, uint32_t burst);

/* what is done */
void nft_e_counter(struct nft_tx *t, struct nftnl_rule *r);
void nft_e_log(struct nft_tx *t, struct nftnl_rule *r, const char *prefix);
void nft_e_remember(struct nft_tx *t, struct nftnl_rule *r, const struct nft_set *s, uint32_t sreg);	/* for its timeout */
void nft_e_masq(struct nft_tx *t, struct nftnl_rule *r);
void nft_e_dnat(struct nft_tx *t, struct nftnl_rule *r, uint8_t family, uint32_t addr_reg, uint32_t port_reg);
void nft_e_reject_tcp(struct nft_tx *t, struct nftnl_rule *r);
void nft_e_verdict(struct nft_tx *t, struct nftnl_rule *r, int verdict, const char *chain);

#endif
