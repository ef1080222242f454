/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maps and counting sets of nftables. What they are for is acct.c's and shape_nft.c's business. */
#include "net/nft_map.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "util/auto.h"
#include "util/err.h"

#define ELEMS 100		/* of 48 to 96 bytes each in one message */

void nft_put_set_spec(struct nft_tx *t, const struct nft_set_spec *spec)
{
	struct nlmsghdr *nlh = nft_tx_msg(t, NFT_MSG_NEWSET, NLM_F_CREATE);
	struct nftnl_expr *x = spec->counter ? nftnl_expr_alloc("counter") : NULL;
	struct nftnl_set *s = nftnl_set_alloc();

	t->failed |= !s || (spec->counter && !x);
	if (!nlh || !s || t->failed) {
		if (x)
			nftnl_expr_free(x);
		if (s)
			nftnl_set_free(s);
		return;
	}
	nftnl_set_set_str(s, NFTNL_SET_TABLE, t->table);
	nftnl_set_set_str(s, NFTNL_SET_NAME, spec->name);
	nftnl_set_set_u32(s, NFTNL_SET_FAMILY, t->family);
	nftnl_set_set_u32(s, NFTNL_SET_ID, spec->id);
	nftnl_set_set_u32(s, NFTNL_SET_FLAGS, spec->flags);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, spec->key_type);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, spec->key_len);
	if (spec->flags & NFT_SET_MAP) {
		nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, spec->data_type);
		nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN, spec->data_len);
	}
	if (x)
		nftnl_set_add_expr(s, x);
	nftnl_set_nlmsg_build_payload(nlh, s);
	nftnl_set_free(s);
}

static void put_be64(struct nlmsghdr *nlh, uint16_t type, uint64_t v)
{
	uint64_t be = htobe64(v);

	mnl_attr_put(nlh, type, sizeof(be), &be);
}

static void put_over(struct nlmsghdr *nlh, uint64_t rate)
{
	struct nlattr *x = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_EXPR), *data;

	mnl_attr_put_strz(nlh, NFTA_EXPR_NAME, "limit");
	data = mnl_attr_nest_start(nlh, NFTA_EXPR_DATA);
	put_be64(nlh, NFTA_LIMIT_RATE, rate);
	put_be64(nlh, NFTA_LIMIT_UNIT, 1);
	mnl_attr_put_u32(nlh, NFTA_LIMIT_BURST, htonl((uint32_t)(rate < UINT32_MAX ? rate : UINT32_MAX)));
	mnl_attr_put_u32(nlh, NFTA_LIMIT_TYPE, htonl(NFT_LIMIT_PKTS));
	mnl_attr_put_u32(nlh, NFTA_LIMIT_FLAGS, htonl(NFT_LIMIT_F_INV));
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, x);
}

static void put_elem(struct nlmsghdr *nlh, const struct nft_elem *el)
{
	struct nlattr *item = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM), *nest;

	if (el->end)
		mnl_attr_put_u32(nlh, NFTA_SET_ELEM_FLAGS, htonl(NFT_SET_ELEM_INTERVAL_END));
	nest = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);
	mnl_attr_put(nlh, NFTA_DATA_VALUE, el->key_len, el->key);
	mnl_attr_nest_end(nlh, nest);
	if (el->data_len) {
		nest = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_DATA);
		mnl_attr_put(nlh, NFTA_DATA_VALUE, el->data_len, el->data);
		mnl_attr_nest_end(nlh, nest);
	}
	if (el->over_rate)
		put_over(nlh, el->over_rate);
	mnl_attr_nest_end(nlh, item);
}

void nft_put_elem_list(struct nft_tx *t, bool add, const char *set, const struct nft_elem *v, size_t n)
{
	for (size_t i = 0; i < n; i += ELEMS) {
		struct nlmsghdr *nlh = nft_tx_msg(t, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, add ? NLM_F_CREATE : 0);
		struct nlattr *list;

		if (!nlh)
			return;
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, t->table);
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
		list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
		for (size_t k = i; k < n && k < i + ELEMS; k++)
			put_elem(nlh, &v[k]);
		mnl_attr_nest_end(nlh, list);
	}
}

void nft_put_flush_set(struct nft_tx *t, const char *set)
{
	struct nlmsghdr *nlh = nft_tx_msg(t, NFT_MSG_DELSETELEM, 0);

	if (!nlh)
		return;
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, t->table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
}

void nft_put_dev_chain(struct nft_tx *t, const char *name, const char *dev, uint32_t hook)
{
	struct nlmsghdr *nlh = nft_tx_msg(t, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	struct nftnl_chain *c = nftnl_chain_alloc();

	t->failed |= !c;
	if (nlh && c) {
		nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, t->table);
		nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, name);
		nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");
		nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, hook);
		nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, 0);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
		nftnl_chain_set_str(c, NFTNL_CHAIN_DEV, dev);
		nftnl_chain_nlmsg_build_payload(nlh, c);
	}
	if (c)
		nftnl_chain_free(c);
}

/* --- expressions --- */

static struct nftnl_expr *expr(struct nft_tx *t, struct nftnl_rule *r, const char *name)
{
	struct nftnl_expr *x = r ? nftnl_expr_alloc(name) : NULL;

	if (x)
		nftnl_rule_add_expr(r, x);
	else
		t->failed = true;
	return x;
}

void nft_e_map(struct nft_tx *t, struct nftnl_rule *r, const char *map, uint32_t id, uint32_t sreg, uint32_t dreg)
{
	struct nftnl_expr *x = expr(t, r, "lookup");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SREG, sreg);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_DREG, dreg);
	nftnl_expr_set_str(x, NFTNL_EXPR_LOOKUP_SET, map);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SET_ID, id);
}

void nft_e_xor(struct nft_tx *t, struct nftnl_rule *r, uint32_t reg, uint32_t with)
{
	static const uint32_t all = ~0u;
	struct nftnl_expr *x = expr(t, r, "bitwise");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_SREG, reg);
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_DREG, reg);
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_LEN, sizeof(all));
	nftnl_expr_set(x, NFTNL_EXPR_BITWISE_MASK, &all, sizeof(all));
	nftnl_expr_set(x, NFTNL_EXPR_BITWISE_XOR, &with, sizeof(with));
}

void nft_e_load(struct nft_tx *t, struct nftnl_rule *r, uint32_t reg, const void *data, uint32_t len)
{
	struct nftnl_expr *x = expr(t, r, "immediate");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_IMM_DREG, reg);
	nftnl_expr_set(x, NFTNL_EXPR_IMM_DATA, data, len);
}

void nft_e_meta_set(struct nft_tx *t, struct nftnl_rule *r, uint32_t key, uint32_t sreg)
{
	struct nftnl_expr *x = expr(t, r, "meta");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(x, NFTNL_EXPR_META_SREG, sreg);
}

void nft_e_ct_state(struct nft_tx *t, struct nftnl_rule *r, uint32_t dreg)
{
	struct nftnl_expr *x = expr(t, r, "ct");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_CT_KEY, NFT_CT_STATE);
	nftnl_expr_set_u32(x, NFTNL_EXPR_CT_DREG, dreg);
}

void nft_e_reject_tcp(struct nft_tx *t, struct nftnl_rule *r)
{
	struct nftnl_expr *x = expr(t, r, "reject");

	if (!x)
		return;
	nftnl_expr_set_u32(x, NFTNL_EXPR_REJECT_TYPE, NFT_REJECT_TCP_RST);
	nftnl_expr_set_u8(x, NFTNL_EXPR_REJECT_CODE, 0);
}

void nft_e_fwd(struct nft_tx *t, struct nftnl_rule *r, uint32_t sreg_dev)
{
	struct nftnl_expr *x = expr(t, r, "fwd");

	if (x)
		nftnl_expr_set_u32(x, NFTNL_EXPR_FWD_SREG_DEV, sreg_dev);
}

/* --- reading --- */

struct counts {
	nft_count_cb *cb;
	void *arg;
};

static int count_of(struct nftnl_set_elem *el, const void *key, uint32_t len, const void *arg)
{
	const struct nftnl_expr *x = nftnl_set_elem_get(el, NFTNL_SET_ELEM_EXPR, &(uint32_t){ 0 });
	const struct counts *c = arg;

	return x ? c->cb(key, len, nftnl_expr_get_u64(x, NFTNL_EXPR_CTR_BYTES),
			 nftnl_expr_get_u64(x, NFTNL_EXPR_CTR_PACKETS), c->arg) : 0;
}

static int counts_one(const struct nlmsghdr *nlh, void *arg)
{
	return nft_elems_of(nlh, count_of, arg);
}

static struct nlmsghdr *query(void *buf, uint8_t family, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *g;

	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	g = mnl_nlmsg_put_extra_header(nlh, sizeof(*g));
	g->nfgen_family = family;
	g->version = NFNETLINK_V0;
	return nlh;
}

static struct nlmsghdr *query_elems(void *buf, uint8_t family, const char *table, const char *set, const void *key, uint32_t len)
{
	struct nlmsghdr *nlh = query(buf, family, NFT_MSG_GETSETELEM, key ? 0 : NLM_F_DUMP);
	struct nlattr *list, *item, *nest;

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
	if (!key)
		return nlh;
	list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	item = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	nest = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);
	mnl_attr_put(nlh, NFTA_DATA_VALUE, len, key);
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_nest_end(nlh, item);
	mnl_attr_nest_end(nlh, list);
	return nlh;
}

int nft_counts(struct nft *f, uint8_t family, const char *table, const char *set, const void *keys, uint32_t len, size_t n,
	       nft_count_cb *cb, void *arg, struct err *e)
{
	struct counts c = { .cb = cb, .arg = arg };
	const char *k = keys;

	for (size_t i = 0; i < (keys ? n : 1); i++) {
		_Alignas(8) char buf[512];
		struct nlmsghdr *nlh = query_elems(buf, family, table, set, keys ? k + i * len : NULL, len);
		int rc = keys ? nl_ask(&f->nl, nlh, counts_one, &c, "read traffic counters", e) :
			nl_dump(&f->nl, nlh, counts_one, NULL, &c, e);

		if (rc == -ENOENT && keys)
			err_clear(e);
		else if (rc < 0)
			return e->code ? -e->code : err_set(e, -rc, "read traffic counters");
	}
	return 0;
}

int nft_has_elem(struct nft *f, uint8_t family, const char *table, const char *set, const void *key, uint32_t len, bool *ret,
		 struct err *e)
{
	_Alignas(8) char buf[512];
	int rc = nl_ask(&f->nl, query_elems(buf, family, table, set, key, len), NULL, NULL, "look into the firewall", e);

	*ret = rc == 0;
	if (rc == -ENOENT)
		err_clear(e);
	return rc == -ENOENT ? 0 : rc;
}

static int handle_answer(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == NFTA_TABLE_HANDLE && mnl_attr_validate(attr, MNL_TYPE_U64) >= 0)
			*(uint64_t *)arg = be64toh(mnl_attr_get_u64(attr));
	}
	return 0;
}

int nft_table_handle(struct nft *f, uint8_t family, const char *table, uint64_t *ret, struct err *e)
{
	_Alignas(8) char buf[256];
	struct nlmsghdr *nlh = query(buf, family, NFT_MSG_GETTABLE, 0);

	*ret = 0;
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, table);
	return nl_ask(&f->nl, nlh, handle_answer, ret, "look at the firewall table", e);
}
