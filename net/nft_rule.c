/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of nftables, expression by expression. */
#include "net/nft.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "util/err.h"

struct nftnl_rule *nft_rule(struct nft_tx *t, const char *chain)
{
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (!r) {
		t->failed = true;
		return NULL;
	}
	nftnl_rule_set_u32(r, NFTNL_RULE_FAMILY, t->family);
	nftnl_rule_set_str(r, NFTNL_RULE_TABLE, t->table);
	nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, chain);
	return r;
}

void nft_put_rule(struct nft_tx *t, struct nftnl_rule *r)
{
	struct nlmsghdr *nlh;

	if (!r)
		return;
	nlh = nft_tx_msg(t, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	if (nlh)
		nftnl_rule_nlmsg_build_payload(nlh, r);
	nftnl_rule_free(r);
}

/* Appends a new expression to @r, which then owns it. NULL on a rule that failed: the setters below are then not run. */
static struct nftnl_expr *expr(struct nft_tx *t, struct nftnl_rule *r, const char *name)
{
	struct nftnl_expr *x = r ? nftnl_expr_alloc(name) : NULL;

	if (x)
		nftnl_rule_add_expr(r, x);
	else
		t->failed = true;
	return x;
}

void nft_e_meta(struct nft_tx *t, struct nftnl_rule *r, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *x = expr(t, r, "meta");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(x, NFTNL_EXPR_META_DREG, reg);
}

void nft_e_payload(struct nft_tx *t, struct nftnl_rule *r, uint32_t base, uint32_t off, uint32_t len, uint32_t reg)
{
	struct nftnl_expr *x = expr(t, r, "payload");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_OFFSET, off);
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_LEN, len);
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_DREG, reg);
}

void nft_e_cmp(struct nft_tx *t, struct nftnl_rule *r, uint32_t op, uint32_t reg, const void *data, uint32_t len)
{
	struct nftnl_expr *x = expr(t, r, "cmp");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set_u32(x, NFTNL_EXPR_CMP_SREG, reg);
	nftnl_expr_set(x, NFTNL_EXPR_CMP_DATA, data, len);
}

void nft_e_range(struct nft_tx *t, struct nftnl_rule *r, uint32_t op, uint32_t reg, const void *from, const void *to,
		 uint32_t len)
{
	struct nftnl_expr *x = expr(t, r, "range");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_RANGE_OP, op);
	nftnl_expr_set_u32(x, NFTNL_EXPR_RANGE_SREG, reg);
	nftnl_expr_set(x, NFTNL_EXPR_RANGE_FROM_DATA, from, len);
	nftnl_expr_set(x, NFTNL_EXPR_RANGE_TO_DATA, to, len);
}

void nft_e_mask(struct nft_tx *t, struct nftnl_rule *r, uint32_t reg, const void *mask, uint32_t len)
{
	static const uint8_t zero[16];
	struct nftnl_expr *x = expr(t, r, "bitwise");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_SREG, reg);
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_DREG, reg);
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_LEN, len);
	nftnl_expr_set(x, NFTNL_EXPR_BITWISE_MASK, mask, len);
	nftnl_expr_set(x, NFTNL_EXPR_BITWISE_XOR, zero, len);
}

static void e_lookup(struct nft_tx *t, struct nftnl_rule *r, const char *set, uint32_t id, uint32_t reg, uint32_t flags)
{
	struct nftnl_expr *x = expr(t, r, "lookup");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SREG, reg);
	nftnl_expr_set_str(x, NFTNL_EXPR_LOOKUP_SET, set);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SET_ID, id);
	if (flags)
		nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_FLAGS, flags);
}

void nft_e_lookup(struct nft_tx *t, struct nftnl_rule *r, const char *set, uint32_t id, uint32_t reg)
{
	e_lookup(t, r, set, id, reg, 0);
}

void nft_e_lookup_not(struct nft_tx *t, struct nftnl_rule *r, const char *set, uint32_t id, uint32_t reg)
{
	e_lookup(t, r, set, id, reg, NFT_LOOKUP_F_INV);
}

void nft_e_fib_oif(struct nft_tx *t, struct nftnl_rule *r, uint32_t flags, uint32_t reg)
{
	struct nftnl_expr *x = expr(t, r, "fib");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_FLAGS, flags);
	nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_OIF);
	nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_DREG, reg);
}

void nft_e_counter(struct nft_tx *t, struct nftnl_rule *r)
{
	expr(t, r, "counter");
}

void nft_e_masq(struct nft_tx *t, struct nftnl_rule *r)
{
	expr(t, r, "masq");
}

void nft_e_verdict(struct nft_tx *t, struct nftnl_rule *r, int verdict, const char *chain)
{
	struct nftnl_expr *x = expr(t, r, "immediate");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(x, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
	if (chain)
		nftnl_expr_set_str(x, NFTNL_EXPR_IMM_CHAIN, chain);
}
