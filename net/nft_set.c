/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of nftables and their elements. Elements are put by hand: libnftnl keeps them in lists, and would have each of thousands
 * allocated three times.
 *
 *	NFTA_SET_ELEM_LIST_ELEMENTS { NFTA_LIST_ELEM { flags, key { value }, data { value | verdict }, expression }, ... }
 */
#include "net/nft_set.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <libnftnl/expr.h>
#include <libnftnl/set.h>

#include "util/auto.h"
#include "util/err.h"

#define ELEM_MAX 256		/* bytes of one: heads, key, data, expression */
_Static_assert(4 * 8 + NFT_KEY_MAX + NFT_VALUE_MAX + 80 <= ELEM_MAX, "room of an element");

static void set_fields(struct nftnl_set *s, const struct nft_tx *t, const struct nft_set *set)
{
	/* for nft(8): the keys are in the host's order (type, length, value) */
	static const uint8_t host_order[6] = { 0, 4, 1 };
	uint32_t flags = (set->data_type ? NFT_SET_MAP : 0) | (set->interval ? NFT_SET_INTERVAL : 0) |
			 (set->timeout_ms ? NFT_SET_TIMEOUT | NFT_SET_EVAL : 0);

	nftnl_set_set_str(s, NFTNL_SET_TABLE, t->table);
	nftnl_set_set_str(s, NFTNL_SET_NAME, set->name);
	nftnl_set_set_u32(s, NFTNL_SET_FAMILY, t->family);
	nftnl_set_set_u32(s, NFTNL_SET_ID, set->id);
	nftnl_set_set_u32(s, NFTNL_SET_FLAGS, flags);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, set->key_type);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, set->key_len);
	if (set->key_type == NFT_T_IFNAME)
		nftnl_set_set_data(s, NFTNL_SET_USERDATA, host_order, sizeof(host_order));
	if (set->data_type) {
		nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, set->data_type);
		if (set->data_len)
			nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN, set->data_len);
	}
	if (set->timeout_ms) {
		nftnl_set_set_u64(s, NFTNL_SET_TIMEOUT, set->timeout_ms);
		nftnl_set_set_u32(s, NFTNL_SET_DESC_SIZE, set->size);
	}
}

void nft_put_set(struct nft_tx *t, const struct nft_set *set)
{
	struct nlmsghdr *nlh = nft_tx_msg(t, NFT_MSG_NEWSET, NLM_F_CREATE);
	struct nftnl_expr *x = set->counter ? nftnl_expr_alloc("counter") : NULL;
	struct nftnl_set *s = nftnl_set_alloc();

	/* longer ones would not fit into an nft_entry, nor surely into a message */
	t->failed |= !s || (set->counter && !x) || set->key_len > NFT_KEY_MAX || set->data_len > NFT_VALUE_MAX;
	if (nlh && !t->failed) {
		set_fields(s, t, set);
		if (x)
			nftnl_set_add_expr(s, x);	/* which is its own then */
		x = NULL;
		nftnl_set_nlmsg_build_payload(nlh, s);
	}
	if (x)
		nftnl_expr_free(x);
	if (s)
		nftnl_set_free(s);
}

/* --- elements --- */

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

static void put_counter(struct nlmsghdr *nlh)
{
	struct nlattr *x = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_EXPR), *data;

	mnl_attr_put_strz(nlh, NFTA_EXPR_NAME, "counter");
	data = mnl_attr_nest_start(nlh, NFTA_EXPR_DATA);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, x);
}

static void put_value(struct nlmsghdr *nlh, uint16_t type, const void *v, uint32_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	mnl_attr_put(nlh, NFTA_DATA_VALUE, len, v);
	mnl_attr_nest_end(nlh, nest);
}

static void put_verdict(struct nlmsghdr *nlh, int verdict)
{
	struct nlattr *data = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_DATA);
	struct nlattr *v = mnl_attr_nest_start(nlh, NFTA_DATA_VERDICT);

	mnl_attr_put_u32(nlh, NFTA_VERDICT_CODE, htonl((uint32_t)verdict));
	mnl_attr_nest_end(nlh, v);
	mnl_attr_nest_end(nlh, data);
}

static void put_elem(struct nlmsghdr *nlh, bool add, const struct nft_set *s, const struct nft_elem *el)
{
	struct nlattr *item = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);

	if (el->end)
		mnl_attr_put_u32(nlh, NFTA_SET_ELEM_FLAGS, htonl(NFT_SET_ELEM_INTERVAL_END));
	put_value(nlh, NFTA_SET_ELEM_KEY, el->key, s->key_len);
	if (add && s->data_type == NFT_DATA_VERDICT)
		put_verdict(nlh, el->verdict);
	else if (add && s->data_type && !el->end)
		put_value(nlh, NFTA_SET_ELEM_DATA, el->data, s->data_len);
	if (add && el->count)
		put_counter(nlh);
	if (add && el->over_rate)
		put_over(nlh, el->over_rate);
	mnl_attr_nest_end(nlh, item);
}

static struct nlmsghdr *elem_msg(struct nft_tx *t, bool add, const struct nft_set *s)
{
	struct nlmsghdr *nlh = nft_tx_msg(t, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, add ? NLM_F_CREATE : 0);

	if (!nlh)
		return NULL;
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, t->table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, s->name);
	return nlh;
}

typedef struct nft_elem nth_elem(const struct nft_set *s, const void *v, size_t i);

static struct nft_elem elem_of(const struct nft_set *s, const void *v, size_t i)
{
	(void)s;
	return ((const struct nft_elem *)v)[i];
}

static struct nft_elem elem_of_entry(const struct nft_set *s, const void *v, size_t i)
{
	const struct nft_entry *el = (const struct nft_entry *)v + i;

	(void)s;
	return (struct nft_elem){ .key = el->key, .data = el->data, .verdict = el->verdict, .count = el->count,
				  .over_rate = el->over_rate };
}

static struct nft_elem elem_of_key(const struct nft_set *s, const void *v, size_t i)
{
	return (struct nft_elem){ .key = (const char *)v + i * s->key_len };
}

/* As many to a message as surely fit. */
static void put_list(struct nft_tx *t, bool add, const struct nft_set *s, nth_elem *nth, const void *v, size_t n)
{
	for (size_t i = 0; i < n; ) {
		struct nlmsghdr *nlh = elem_msg(t, add, s);
		struct nlattr *list;

		if (!nlh)
			return;
		list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
		for (; i < n && nlh->nlmsg_len <= NFT_MSG_ROOM - ELEM_MAX; i++) {
			const struct nft_elem el = nth(s, v, i);

			if (add || !i || memcmp(el.key, nth(s, v, i - 1).key, s->key_len) != 0 || s->interval)
				put_elem(nlh, add, s, &el);
		}
		mnl_attr_nest_end(nlh, list);
	}
}

/*
 * What is not there cannot be taken away: the kernel refuses the whole transaction. So it is put there first, in case it is
 * missing, or is another one's with the same key that this transaction has taken away before.
 */
static void put_all(struct nft_tx *t, bool add, const struct nft_set *s, nth_elem *nth, const void *v, size_t n)
{
	if (!add && !s->interval)
		put_list(t, true, s, nth, v, n);
	put_list(t, add, s, nth, v, n);
}

void nft_put_elems(struct nft_tx *t, bool add, const struct nft_set *s, const struct nft_elem *v, size_t n)
{
	put_all(t, add, s, elem_of, v, n);
}

void nft_put_entries(struct nft_tx *t, bool add, const struct nft_set *s, const struct nft_entry *v, size_t n)
{
	put_all(t, add, s, elem_of_entry, v, n);
}

void nft_put_keys(struct nft_tx *t, bool add, const struct nft_set *s, const void *keys, size_t n)
{
	put_all(t, add, s, elem_of_key, keys, n);
}

void nft_put_flush_set(struct nft_tx *t, const struct nft_set *s)
{
	elem_msg(t, false, s);
}

/* --- reading --- */

struct reading {
	nft_elem_cb *cb;
	void *arg;
};

static int elem_read(struct nftnl_set_elem *el, const struct reading *r)
{
	uint32_t len = 0, size;
	const void *key = nftnl_set_elem_get(el, NFTNL_SET_ELEM_KEY, &len);
	bool counts = nftnl_set_elem_is_set(el, NFTNL_SET_ELEM_EXPR);
	const struct nftnl_expr *x = counts ? nftnl_set_elem_get(el, NFTNL_SET_ELEM_EXPR, &size) : NULL;

	return !key ? 0 : r->cb(key, len, x ? nftnl_expr_get_u64(x, NFTNL_EXPR_CTR_BYTES) : 0,
				x ? nftnl_expr_get_u64(x, NFTNL_EXPR_CTR_PACKETS) : 0, r->arg);
}

/* The elements of one message of an answer. */
static int elems_read(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_set *s = nftnl_set_alloc();
	struct nftnl_set_elems_iter *it;
	struct nftnl_set_elem *el;
	int rc = 0;

	if (!s)
		return -ENOMEM;
	if (nftnl_set_elems_nlmsg_parse(nlh, s) < 0 || !(it = nftnl_set_elems_iter_create(s))) {
		nftnl_set_free(s);
		return -EBADMSG;
	}
	while (rc >= 0 && (el = nftnl_set_elems_iter_next(it)))
		rc = elem_read(el, arg);
	nftnl_set_elems_iter_destroy(it);
	nftnl_set_free(s);
	return rc;
}

#define QUERY_MAX 512

static struct nlmsghdr *elem_query(void *buf, uint8_t family, const char *table, const struct nft_set *s, uint16_t flags,
				   struct err *e)
{
	struct nlmsghdr *nlh = nft_query(buf, family, NFT_MSG_GETSETELEM, flags);

	if (mnl_attr_put_strz_check(nlh, QUERY_MAX - ELEM_MAX, NFTA_SET_ELEM_LIST_TABLE, table) &&
	    mnl_attr_put_strz_check(nlh, QUERY_MAX - ELEM_MAX, NFTA_SET_ELEM_LIST_SET, s->name))
		return nlh;
	err_say(e, ENAMETOOLONG, "firewall table name %s", table);
	return NULL;
}

static int ask_one(struct nft *f, uint8_t family, const char *table, const struct nft_set *s, const void *key,
		   struct reading *r, struct err *e)
{
	_Alignas(8) char buf[QUERY_MAX];
	struct nlmsghdr *nlh = elem_query(buf, family, table, s, 0, e);
	struct nlattr *list;

	if (!nlh)
		return -e->code;
	list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	put_elem(nlh, false, s, &(struct nft_elem){ .key = key });
	mnl_attr_nest_end(nlh, list);
	return nl_ask(&f->nl, nlh, r ? elems_read : NULL, r, "look into the firewall", e);
}

int nft_each_elem(struct nft *f, uint8_t family, const char *table, const struct nft_set *s, nft_elem_cb *cb, void *arg,
		  struct err *e)
{
	struct reading r = { .cb = cb, .arg = arg };
	_Alignas(8) char buf[QUERY_MAX];
	struct nlmsghdr *nlh = elem_query(buf, family, table, s, NLM_F_DUMP, e);
	int rc = nlh ? nl_dump(&f->nl, nlh, elems_read, NULL, &r, e) : -e->code;

	return rc < 0 && !e->code ? err_set(e, -rc, "look into the firewall") : rc;
}

int nft_ask_elems(struct nft *f, uint8_t family, const char *table, const struct nft_set *s, const void *keys, size_t n,
		  nft_elem_cb *cb, void *arg, struct err *e)
{
	struct reading r = { .cb = cb, .arg = arg };

	for (size_t i = 0; i < n; i++) {
		int rc = ask_one(f, family, table, s, (const char *)keys + i * s->key_len, &r, e);

		if (rc == -ENOENT)
			err_clear(e);
		else if (rc < 0)
			return e->code ? -e->code : err_set(e, -rc, "look into the firewall");
	}
	return 0;
}

int nft_has_elem(struct nft *f, uint8_t family, const char *table, const struct nft_set *s, const void *key, bool *ret,
		 struct err *e)
{
	int rc = ask_one(f, family, table, s, key, NULL, e);

	*ret = rc == 0;
	if (rc == -ENOENT)
		err_clear(e);
	return rc == -ENOENT ? 0 : rc;
}
