/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions, tables and chains of nftables over libnftnl. What the rules mean is the business of those who put them. */
#include "net/nft.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <sys/socket.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/table.h>

#include "util/auto.h"
#include "util/err.h"

#define NFT_BUF_MIN (4 * NFT_MSG_ROOM)

void nft_close(struct nft *f)
{
	nl_close(&f->nl);
	free(f->buf);
	f->buf = NULL;
	f->size = 0;
}

static bool nft_tx_room(struct nft_tx *t)
{
	struct nft *f = t->f;
	size_t size = f->size ? f->size * 2 : NFT_BUF_MIN;
	char *more;

	if (t->failed || f->size - t->len >= NFT_MSG_ROOM)
		return !t->failed;
	more = realloc(f->buf, size);
	if (!more) {
		t->failed = true;
		return false;
	}
	f->buf = more;
	f->size = size;
	return true;
}

static struct nlmsghdr *nft_tx_head(struct nft_tx *t, uint16_t type, uint16_t flags, bool control)
{
	struct nlmsghdr *nlh;
	struct nfgenmsg *g;

	if (!nft_tx_room(t))
		return NULL;
	nlh = mnl_nlmsg_put_header(t->f->buf + t->len);
	nlh->nlmsg_type = control ? type : (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++t->f->nl.seq;
	g = mnl_nlmsg_put_extra_header(nlh, sizeof(*g));
	g->nfgen_family = control ? AF_UNSPEC : t->family;
	g->version = NFNETLINK_V0;
	g->res_id = htons(control ? NFNL_SUBSYS_NFTABLES : 0);
	t->cur = nlh;
	return nlh;
}

static void nft_tx_close_msg(struct nft_tx *t)
{
	if (t->cur)
		t->len += MNL_ALIGN(t->cur->nlmsg_len);
	t->cur = NULL;
}

void nft_tx_begin(struct nft_tx *t, struct nft *f, const char *table, uint32_t gen)
{
	struct nlmsghdr *nlh;

	*t = (struct nft_tx){ .f = f, .table = table, .family = NFPROTO_INET };
	nlh = nft_tx_head(t, NFNL_MSG_BATCH_BEGIN, 0, true);
	if (nlh && gen)
		mnl_attr_put_u32(nlh, NFNL_BATCH_GENID, htonl(gen));
	t->first = t->last = f->nl.seq;
}

struct nlmsghdr *nft_tx_msg(struct nft_tx *t, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh;

	nft_tx_close_msg(t);
	nlh = nft_tx_head(t, type, flags, false);
	t->last = t->f->nl.seq;
	return nlh;
}

static void nft_tx_answer(const struct nl_answer *a, void *arg)
{
	struct nft_tx *t = arg;

	if (a->code && !t->code && a->seq - t->first <= t->last - t->first)
		t->code = a->code;
}

int nft_tx_end(struct nft_tx *t, const char *what, struct err *e)
{
	struct err why = { 0 };
	int size, rc;

	if (t->failed)
		return err_set(e, ENOMEM, "firewall table %s: %s", t->table, what);
	if (t->last == t->first)
		return 0;
	t->cur->nlmsg_flags |= NLM_F_ACK;
	nft_tx_close_msg(t);
	if (!nft_tx_head(t, NFNL_MSG_BATCH_END, 0, true))
		return err_set(e, ENOMEM, "firewall table %s: %s", t->table, what);
	nft_tx_close_msg(t);
	size = (int)(t->len + NFT_MSG_ROOM);
	if (t->len > NFT_BUF_MIN && setsockopt(t->f->nl.fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(t->f->nl.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (mnl_socket_sendto(t->f->nl.sk, t->f->buf, t->len) < 0)
		return err_set(e, errno, "firewall table %s: %s", t->table, what);
	rc = nl_answers(&t->f->nl, t->last, nft_tx_answer, t, &why);
	if (t->code)
		return err_set(e, t->code, "firewall table %s: %s", t->table, what);
	if (rc < 0)
		*e = why;
	return rc;
}

static int nft_generation_answer(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == NFTA_GEN_ID && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			*(uint32_t *)arg = ntohl(mnl_attr_get_u32(attr));
	}
	return 0;
}

struct nlmsghdr *nft_query(void *buf, uint8_t family, uint16_t type, uint16_t flags)
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

int nft_generation(struct nft *f, uint32_t *ret, struct err *e)
{
	_Alignas(8) char buf[64];
	struct nlmsghdr *nlh = nft_query(buf, NFPROTO_INET, NFT_MSG_GETGEN, 0);

	*ret = 0;
	return nl_ask(&f->nl, nlh, nft_generation_answer, ret, "read the generation of the firewall", e);
}

static int nft_chain_use_answer(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == NFTA_CHAIN_USE && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			*(uint32_t *)arg = ntohl(mnl_attr_get_u32(attr));
	}
	return 0;
}

int nft_chain_use(struct nft *f, uint8_t family, const char *table, const char *chain, uint32_t *ret, struct err *e)
{
	_Alignas(8) char buf[256];
	struct nlmsghdr *nlh = nft_query(buf, family, NFT_MSG_GETCHAIN, 0);

	*ret = 0;
	if (!mnl_attr_put_strz_check(nlh, sizeof(buf), NFTA_CHAIN_TABLE, table) ||
	    !mnl_attr_put_strz_check(nlh, sizeof(buf), NFTA_CHAIN_NAME, chain))
		return err_say(e, ENAMETOOLONG, "firewall table name %s", table);
	return nl_ask(&f->nl, nlh, nft_chain_use_answer, ret, "look at the firewall table", e);
}

static int nft_handle_answer(const struct nlmsghdr *nlh, void *arg)
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
	struct nlmsghdr *nlh = nft_query(buf, family, NFT_MSG_GETTABLE, 0);

	*ret = 0;
	if (!mnl_attr_put_strz_check(nlh, sizeof(buf), NFTA_TABLE_NAME, table))
		return err_say(e, ENAMETOOLONG, "firewall table name %s", table);
	return nl_ask(&f->nl, nlh, nft_handle_answer, ret, "look at the firewall table", e);
}

void nft_put_table(struct nft_tx *t, bool add)
{
	struct nlmsghdr *nlh = nft_tx_msg(t, add ? NFT_MSG_NEWTABLE : NFT_MSG_DELTABLE, add ? NLM_F_CREATE : 0);
	struct nftnl_table *tb = nftnl_table_alloc();

	t->failed |= !tb;
	if (nlh && tb) {
		nftnl_table_set_str(tb, NFTNL_TABLE_NAME, t->table);
		nftnl_table_nlmsg_build_payload(nlh, tb);
	}
	if (tb)
		nftnl_table_free(tb);
}

void nft_put_chain(struct nft_tx *t, const char *name, const char *type, uint32_t hook, int32_t prio)
{
	struct nlmsghdr *nlh = nft_tx_msg(t, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	struct nftnl_chain *c = nftnl_chain_alloc();

	t->failed |= !c;
	if (nlh && c) {
		nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, t->table);
		nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, name);
		if (type) {
			nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, type);
			nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, hook);
			nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, prio);
			nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
		}
		nftnl_chain_nlmsg_build_payload(nlh, c);
	}
	if (c)
		nftnl_chain_free(c);
}

void nft_put_flush_rules(struct nft_tx *t)
{
	struct nlmsghdr *nlh = nft_tx_msg(t, NFT_MSG_DELRULE, 0);

	if (nlh)
		mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, t->table);
}
