/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maps of nftables, their elements with data and counters, and the expressions that only rules of firewall and NAT need. */
#include "net/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "util/auto.h"
#include "util/err.h"

#define ELEMS_MSG 64		/* of at most 200 bytes each: see NFT_MSG_ROOM */

void nft_put_dict(struct nft_tx *t, const struct nft_dict *m)
{
	struct nlmsghdr *nlh = nft_tx_msg(t, NFT_MSG_NEWSET, NLM_F_CREATE);
	struct nftnl_set *s = nftnl_set_alloc();
	/* for nft(8): the keys are in the host's order (type, length, value) */
	static const uint8_t host_order[6] = { 0, 4, 1 };

	t->failed |= !s;
	if (nlh && s) {
		nftnl_set_set_str(s, NFTNL_SET_TABLE, t->table);
		nftnl_set_set_str(s, NFTNL_SET_NAME, m->name);
		nftnl_set_set_u32(s, NFTNL_SET_FAMILY, t->family);
		nftnl_set_set_u32(s, NFTNL_SET_ID, m->id);
		nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, m->key_type);
		nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, m->key_len);
		if (m->key_type == NFT_T_IFNAME)
			nftnl_set_set_data(s, NFTNL_SET_USERDATA, host_order, sizeof(host_order));
		if (m->data_type) {
			nftnl_set_set_u32(s, NFTNL_SET_FLAGS, NFT_SET_MAP);
			nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, m->data_type);
			if (m->data_len)
				nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN, m->data_len);
		}
		if (m->timeout_ms) {
			nftnl_set_set_u32(s, NFTNL_SET_FLAGS, NFT_SET_TIMEOUT | NFT_SET_EVAL);
			nftnl_set_set_u64(s, NFTNL_SET_TIMEOUT, m->timeout_ms);
			nftnl_set_set_u32(s, NFTNL_SET_DESC_SIZE, m->size);
		}
		nftnl_set_nlmsg_build_payload(nlh, s);
	}
	if (s)
		nftnl_set_free(s);
}

static void put_verdict(struct nlmsghdr *nlh, int verdict)
{
	struct nlattr *data = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_DATA);
	struct nlattr *v = mnl_attr_nest_start(nlh, NFTA_DATA_VERDICT);

	mnl_attr_put_u32(nlh, NFTA_VERDICT_CODE, htonl((uint32_t)verdict));
	mnl_attr_nest_end(nlh, v);
	mnl_attr_nest_end(nlh, data);
}

static void put_counter(struct nlmsghdr *nlh)
{
	struct nlattr *x = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_EXPR), *data;

	mnl_attr_put_strz(nlh, NFTA_EXPR_NAME, "counter");
	data = mnl_attr_nest_start(nlh, NFTA_EXPR_DATA);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, x);
}

static void put_elem(struct nlmsghdr *nlh, bool add, const struct nft_entry *el, const struct nft_dict *m)
{
	struct nlattr *item = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	struct nlattr *nest = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);

	mnl_attr_put(nlh, NFTA_DATA_VALUE, m->key_len, el->key);
	mnl_attr_nest_end(nlh, nest);
	if (add && m->data_type == NFT_DATA_VERDICT)
		put_verdict(nlh, el->verdict);
	else if (add && m->data_type) {
		nest = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_DATA);
		mnl_attr_put(nlh, NFTA_DATA_VALUE, m->data_len, el->data);
		mnl_attr_nest_end(nlh, nest);
	}
	if (add && el->count)
		put_counter(nlh);
	mnl_attr_nest_end(nlh, item);
}

void nft_put_entries(struct nft_tx *t, bool add, const struct nft_dict *m, const struct nft_entry *v, size_t n)
{
	struct nlmsghdr *nlh;
	struct nlattr *list;

	for (size_t i = 0; i < n; ) {
		size_t end = i + MIN(n - i, (size_t)ELEMS_MSG);

		nlh = nft_tx_msg(t, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, add ? NLM_F_CREATE : 0);
		if (!nlh)
			return;
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, t->table);
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, m->name);
		list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
		for (; i < end; i++)
			put_elem(nlh, add, &v[i], m);
		mnl_attr_nest_end(nlh, list);
	}
}

static struct nftnl_expr *expr(struct nft_tx *t, struct nftnl_rule *r, const char *name)
{
	struct nftnl_expr *x = r ? nftnl_expr_alloc(name) : NULL;

	if (x)
		nftnl_rule_add_expr(r, x);
	else
		t->failed = true;
	return x;
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

void nft_e_data(struct nft_tx *t, struct nftnl_rule *r, uint32_t reg, const void *data, uint32_t len)
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

void nft_e_ask(struct nft_tx *t, struct nftnl_rule *r, const struct nft_dict *m, uint32_t reg, uint32_t dreg)
{
	struct nftnl_expr *x = expr(t, r, "lookup");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SREG, reg);
	if (m->data_type)
		nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_DREG, dreg);
	nftnl_expr_set_str(x, NFTNL_EXPR_LOOKUP_SET, m->name);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SET_ID, m->id);
}

void nft_e_not_in(struct nft_tx *t, struct nftnl_rule *r, const struct nft_dict *m, uint32_t reg)
{
	struct nftnl_expr *x = expr(t, r, "lookup");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SREG, reg);
	nftnl_expr_set_str(x, NFTNL_EXPR_LOOKUP_SET, m->name);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SET_ID, m->id);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

void nft_e_remember(struct nft_tx *t, struct nftnl_rule *r, const struct nft_dict *m, uint32_t reg)
{
	struct nftnl_expr *x = expr(t, r, "dynset");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_DYNSET_SREG_KEY, reg);
	nftnl_expr_set_u32(x, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	nftnl_expr_set_u64(x, NFTNL_EXPR_DYNSET_TIMEOUT, m->timeout_ms);
	nftnl_expr_set_str(x, NFTNL_EXPR_DYNSET_SET_NAME, m->name);
	nftnl_expr_set_u32(x, NFTNL_EXPR_DYNSET_SET_ID, m->id);
}

void nft_e_limit(struct nft_tx *t, struct nftnl_rule *r, uint64_t per_second, uint32_t burst)
{
	struct nftnl_expr *x = expr(t, r, "limit");

	if (!x)
		return;
	nftnl_expr_set_u64(x, NFTNL_EXPR_LIMIT_RATE, per_second);
	nftnl_expr_set_u64(x, NFTNL_EXPR_LIMIT_UNIT, 1);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LIMIT_BURST, burst);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
}

void nft_e_log(struct nft_tx *t, struct nftnl_rule *r, const char *prefix)
{
	struct nftnl_expr *x = expr(t, r, "log");

	if (x)
		nftnl_expr_set_str(x, NFTNL_EXPR_LOG_PREFIX, prefix);
}

void nft_e_fib_type(struct nft_tx *t, struct nftnl_rule *r, uint32_t reg)
{
	struct nftnl_expr *x = expr(t, r, "fib");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_DREG, reg);
	nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
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

struct each { nft_entry_cb *cb; void *arg; };

static int entry_of(struct nftnl_set_elem *el, const void *key, uint32_t len, const void *arg)
{
	bool counts = nftnl_set_elem_is_set(el, NFTNL_SET_ELEM_EXPR);
	const struct nftnl_expr *x = counts ? nftnl_set_elem_get(el, NFTNL_SET_ELEM_EXPR, &(uint32_t){ 0 }) : NULL;
	const struct each *w = arg;

	return w->cb(w->arg, key, len, x ? nftnl_expr_get_u64(x, NFTNL_EXPR_CTR_PACKETS) : 0,
		     x ? nftnl_expr_get_u64(x, NFTNL_EXPR_CTR_BYTES) : 0);
}

static int each_one(const struct nlmsghdr *nlh, void *arg)
{
	return nft_elems_of(nlh, entry_of, arg);
}

int nft_each_entry(struct nft *f, uint8_t family, const char *table, const char *set, nft_entry_cb *cb, void *arg,
		   struct err *e)
{
	struct each w = { .cb = cb, .arg = arg };
	_Alignas(8) char buf[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *g;
	int rc;

	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM);
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	g = mnl_nlmsg_put_extra_header(nlh, sizeof(*g));
	g->nfgen_family = family;
	g->version = NFNETLINK_V0;
	if (!mnl_attr_put_strz_check(nlh, sizeof(buf), NFTA_SET_ELEM_LIST_TABLE, table) ||
	    !mnl_attr_put_strz_check(nlh, sizeof(buf), NFTA_SET_ELEM_LIST_SET, set))
		return err_say(e, ENAMETOOLONG, "firewall table name %s", table);
	rc = nl_dump(&f->nl, nlh, each_one, NULL, &w, e);
	return rc < 0 && !e->code ? err_set(e, -rc, "read the counters of the firewall") : rc;
}
