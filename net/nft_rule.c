/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of nftables, expression by expression. */
#include "net/nft_rule.h"

#include <errno.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <libnftnl/expr.h>

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

void nft_e_meta_set(struct nft_tx *t, struct nftnl_rule *r, uint32_t key, uint32_t sreg)
{
	struct nftnl_expr *x = expr(t, r, "meta");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(x, NFTNL_EXPR_META_SREG, sreg);
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

void nft_e_piece(struct nft_tx *t, struct nftnl_rule *r, uint32_t dreg)
{
	struct nftnl_expr *x = expr(t, r, "exthdr");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_EXTHDR_DREG, dreg);
	nftnl_expr_set_u8(x, NFTNL_EXPR_EXTHDR_TYPE, IPPROTO_FRAGMENT);
	nftnl_expr_set_u32(x, NFTNL_EXPR_EXTHDR_OFFSET, 0);
	nftnl_expr_set_u32(x, NFTNL_EXPR_EXTHDR_LEN, 1);
	nftnl_expr_set_u32(x, NFTNL_EXPR_EXTHDR_OP, NFT_EXTHDR_OP_IPV6);
}

void nft_e_ct(struct nft_tx *t, struct nftnl_rule *r, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *x = expr(t, r, "ct");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_CT_KEY, key);
	nftnl_expr_set_u32(x, NFTNL_EXPR_CT_DREG, reg);
}

void nft_e_ct_is(struct nft_tx *t, struct nftnl_rule *r, uint32_t key, uint32_t bits, bool is)
{
	static const uint32_t zero;

	nft_e_ct(t, r, key, NFT_REG_1);
	nft_e_mask(t, r, NFT_REG_1, &bits, sizeof(bits));
	nft_e_cmp(t, r, is ? NFT_CMP_NEQ : NFT_CMP_EQ, NFT_REG_1, &zero, sizeof(zero));
}

static void e_fib(struct nft_tx *t, struct nftnl_rule *r, uint32_t result, uint32_t flags, uint32_t dreg)
{
	struct nftnl_expr *x = expr(t, r, "fib");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_FLAGS, flags);
	nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_RESULT, result);
	nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_DREG, dreg);
}

void nft_e_fib_oif(struct nft_tx *t, struct nftnl_rule *r, uint32_t flags, uint32_t dreg)
{
	e_fib(t, r, NFT_FIB_RESULT_OIF, flags, dreg);
}

void nft_e_fib_type(struct nft_tx *t, struct nftnl_rule *r, uint32_t dreg)
{
	e_fib(t, r, NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_F_DADDR, dreg);
}

void nft_e_load(struct nft_tx *t, struct nftnl_rule *r, uint32_t reg, const void *data, uint32_t len)
{
	struct nftnl_expr *x = expr(t, r, "immediate");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_IMM_DREG, reg);
	nftnl_expr_set(x, NFTNL_EXPR_IMM_DATA, data, len);
}

void nft_e_mask_xor(struct nft_tx *t, struct nftnl_rule *r, uint32_t reg, const void *mask, const void *xor, uint32_t len)
{
	struct nftnl_expr *x = expr(t, r, "bitwise");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_SREG, reg);
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_DREG, reg);
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_LEN, len);
	nftnl_expr_set(x, NFTNL_EXPR_BITWISE_MASK, mask, len);
	nftnl_expr_set(x, NFTNL_EXPR_BITWISE_XOR, xor, len);
}

void nft_e_mask(struct nft_tx *t, struct nftnl_rule *r, uint32_t reg, const void *mask, uint32_t len)
{
	static const uint8_t zero[16];

	nft_e_mask_xor(t, r, reg, mask, zero, len);
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

static struct nftnl_expr *e_lookup(struct nft_tx *t, struct nftnl_rule *r, const struct nft_set *s, uint32_t sreg)
{
	struct nftnl_expr *x = expr(t, r, "lookup");

	if (!x)
		return NULL;
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SREG, sreg);
	nftnl_expr_set_str(x, NFTNL_EXPR_LOOKUP_SET, s->name);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SET_ID, s->id);
	return x;
}

void nft_e_in(struct nft_tx *t, struct nftnl_rule *r, const struct nft_set *s, uint32_t sreg)
{
	e_lookup(t, r, s, sreg);
}

void nft_e_not_in(struct nft_tx *t, struct nftnl_rule *r, const struct nft_set *s, uint32_t sreg)
{
	struct nftnl_expr *x = e_lookup(t, r, s, sreg);

	if (x)
		nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

void nft_e_map(struct nft_tx *t, struct nftnl_rule *r, const struct nft_set *s, uint32_t sreg, uint32_t dreg)
{
	struct nftnl_expr *x = e_lookup(t, r, s, sreg);

	if (x)
		nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_DREG, dreg);
}

void nft_e_exthdr6(struct nft_tx *t, struct nftnl_rule *r, uint8_t type, uint32_t reg)
{
	struct nftnl_expr *x = expr(t, r, "exthdr");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_EXTHDR_DREG, reg);
	nftnl_expr_set_u8(x, NFTNL_EXPR_EXTHDR_TYPE, type);
	nftnl_expr_set_u32(x, NFTNL_EXPR_EXTHDR_OFFSET, 0);
	nftnl_expr_set_u32(x, NFTNL_EXPR_EXTHDR_LEN, 1);
	nftnl_expr_set_u32(x, NFTNL_EXPR_EXTHDR_OP, NFT_EXTHDR_OP_IPV6);
}

static void set_limit(struct nftnl_expr *x, uint64_t per_second, uint32_t burst)
{
	nftnl_expr_set_u64(x, NFTNL_EXPR_LIMIT_RATE, per_second);
	nftnl_expr_set_u64(x, NFTNL_EXPR_LIMIT_UNIT, 1);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LIMIT_BURST, burst);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
}

void nft_e_over(struct nft_tx *t, struct nftnl_rule *r, const struct nft_set *s, uint32_t reg, uint64_t per_second)
{
	struct nftnl_expr *x = expr(t, r, "dynset"), *limit = x ? nftnl_expr_alloc("limit") : NULL;

	if (!limit) {
		t->failed = true;
		return;
	}
	set_limit(limit, per_second, (uint32_t)per_second);
	nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_FLAGS, NFT_LIMIT_F_INV);
	nftnl_expr_set_u32(x, NFTNL_EXPR_DYNSET_SREG_KEY, reg);
	nftnl_expr_set_u32(x, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	nftnl_expr_set_u64(x, NFTNL_EXPR_DYNSET_TIMEOUT, s->timeout_ms);
	nftnl_expr_set_str(x, NFTNL_EXPR_DYNSET_SET_NAME, s->name);
	nftnl_expr_set_u32(x, NFTNL_EXPR_DYNSET_SET_ID, s->id);
	nftnl_expr_set(x, NFTNL_EXPR_DYNSET_EXPR, limit, 0);	/* which is its own then */
}

void nft_e_limit(struct nft_tx *t, struct nftnl_rule *r, uint64_t per_second, uint32_t burst)
{
	struct nftnl_expr *x = expr(t, r, "limit");

	if (x)
		set_limit(x, per_second, burst);
}

void nft_e_counter(struct nft_tx *t, struct nftnl_rule *r)
{
	expr(t, r, "counter");
}

void nft_e_log(struct nft_tx *t, struct nftnl_rule *r, const char *prefix)
{
	struct nftnl_expr *x = expr(t, r, "log");

	if (x)
		nftnl_expr_set_str(x, NFTNL_EXPR_LOG_PREFIX, prefix);
}

void nft_e_remember(struct nft_tx *t, struct nftnl_rule *r, const struct nft_set *s, uint32_t reg)
{
	struct nftnl_expr *x = expr(t, r, "dynset");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_DYNSET_SREG_KEY, reg);
	nftnl_expr_set_u32(x, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	nftnl_expr_set_u64(x, NFTNL_EXPR_DYNSET_TIMEOUT, s->timeout_ms);
	nftnl_expr_set_str(x, NFTNL_EXPR_DYNSET_SET_NAME, s->name);
	nftnl_expr_set_u32(x, NFTNL_EXPR_DYNSET_SET_ID, s->id);
}

void nft_e_masq(struct nft_tx *t, struct nftnl_rule *r)
{
	expr(t, r, "masq");
}

void nft_e_dnat(struct nft_tx *t, struct nftnl_rule *r, uint8_t family, uint32_t addr_reg, uint32_t port_reg)
{
	struct nftnl_expr *x = expr(t, r, "nat");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
	nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_FAMILY, family);
	nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_REG_ADDR_MIN, addr_reg);
	nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_REG_PROTO_MIN, port_reg);
}

void nft_e_reject_tcp(struct nft_tx *t, struct nftnl_rule *r)
{
	struct nftnl_expr *x = expr(t, r, "reject");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_REJECT_TYPE, NFT_REJECT_TCP_RST);
	nftnl_expr_set_u8(x, NFTNL_EXPR_REJECT_CODE, 0);
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
