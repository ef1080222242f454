/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firewall table: who may send as what, and NAT of the pools.
 *
 *	set src4 { ifname . ipv4_addr }   set src6 { ifname . ipv6_addr }   set routed { ifname }   set open { ifname }
 *	chain prerouting (raw)            from vz[-./0-9]*: jump from_ct
 *	chain from_ct                     neighbour discovery, router advertisements, redirects: drop
 *	                                  answers of DHCP servers: drop
 *	                                  in set routed, destination routed back to where it comes from: drop
 *	                                  in set open (VENET_FILTER="no"): return
 *	                                  (interface . source) in the set: return
 *	                                  in set routed, source routed to where it comes from: return
 *	                                  counter drop
 *	chain postrouting (nat)           from a pool, out of an interface that is not ours: masquerade
 *
 * The rules stand before the first container does and never change with one; a container is elements of two sets.
 * If somebody else flushed the table it is made again from the host routes, which say the same. net_first_aid() makes it without
 * the other parts and without the rule of set open, so whoever counts the rules knows that the rest is still to come.
 */
#include "net/net_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>

#include "net/acct.h"
#include "net/net_part.h"
#include "util/auto.h"
#include "util/err.h"

#define FROM_CT "from_ct"
#define RULES_USE 10		/* from_ct: nine rules and one jump to it */
#define SETUP_TRIES 100	/* every start elsewhere makes one in vain */
#define AID_TRIES 3
#define ND_FIRST 133		/* router solicitation ... */
#define ND_LAST 137		/* ... redirect */

/* What every name of ours begins with, those of dying links (vz-101) included; "vzbr0" and its like are not ours. */
static const char if_from[3] = { 'v', 'z', '-' }, if_to[3] = { 'v', 'z', '9' };

struct key4 { char ifname[IFNAMSIZ]; struct in_addr ip; };
struct key6 { char ifname[IFNAMSIZ]; struct in6_addr ip; };
_Static_assert(sizeof(struct key4) == 20 && sizeof(struct key6) == 32, "keys of the sets");

enum { SET4, SET6, ROUTED, OPEN, SET_N };	/* routed: those that have a whole prefix; open: those nobody looks at */
static const struct nft_set sets[SET_N] = {
	[SET4] = { .name = "src4", .id = 1, .key_type = NFT_T_IFNAME << 6 | NFT_T_IP4, .key_len = sizeof(struct key4) },
	[SET6] = { .name = "src6", .id = 2, .key_type = NFT_T_IFNAME << 6 | NFT_T_IP6, .key_len = sizeof(struct key6) },
	[ROUTED] = { .name = "routed", .id = 3, .key_type = NFT_T_IFNAME, .key_len = IFNAMSIZ },
	[OPEN] = { .name = "open", .id = 4, .key_type = NFT_T_IFNAME, .key_len = IFNAMSIZ },
};

struct keys {			/* elements of both sets */
	struct key4 *k4;
	struct key6 *k6;
	char (*net)[IFNAMSIZ];
	size_t n4, n6, nnet;
};

static void keys_done(struct keys *k)
{
	free(k->k4);
	free(k->k6);
	free(k->net);
	*k = (struct keys){ 0 };
}

/* Room for one more: arrays double at each power of two. */
static int keys_grow(void **v, size_t n, size_t size)
{
	void *more;

	if (n & (n - 1) || (n && n < 8))
		return 0;
	more = reallocarray(*v, n ? n * 2 : 8, size);
	if (!more)
		return -ENOMEM;
	*v = more;
	return 0;
}

/* Of an interface once, however many prefixes it has: who takes an element away twice is refused all of it. */
static int keys_add_net(struct keys *k, const char *ifname)
{
	if (k->nnet && str_eq(k->net[k->nnet - 1], ifname))
		return 0;
	if (keys_grow((void **)&k->net, k->nnet, sizeof(*k->net)) < 0)
		return -ENOMEM;
	memset(k->net[k->nnet], 0, sizeof(*k->net));
	return str_copy(k->net[k->nnet++], IFNAMSIZ, ifname);
}

static int keys_add(struct keys *k, const char *ifname, const struct net_ip *ip)
{
	if (net_ip_is_net(ip))
		return keys_add_net(k, ifname);
	if (ip->family == AF_INET) {
		if (keys_grow((void **)&k->k4, k->n4, sizeof(*k->k4)) < 0)
			return -ENOMEM;
		k->k4[k->n4] = (struct key4){ .ip = ip->v4 };
		return str_copy(k->k4[k->n4++].ifname, IFNAMSIZ, ifname);
	}
	if (keys_grow((void **)&k->k6, k->n6, sizeof(*k->k6)) < 0)
		return -ENOMEM;
	k->k6[k->n6] = (struct key6){ .ip = ip->v6 };
	return str_copy(k->k6[k->n6++].ifname, IFNAMSIZ, ifname);
}

static void put_keys(struct nft_tx *t, bool add, const struct keys *k)
{
	nft_put_keys(t, add, &sets[SET4], k->k4, k->n4);
	nft_put_keys(t, add, &sets[SET6], k->k6, k->n6);
	nft_put_keys(t, add, &sets[ROUTED], k->net, k->nnet);
}

static void e_nfproto(struct nft_tx *t, struct nftnl_rule *r, uint8_t proto)
{
	nft_e_meta(t, r, NFT_META_NFPROTO, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &proto, 1);
}

static void e_l4proto(struct nft_tx *t, struct nftnl_rule *r, uint8_t proto)
{
	nft_e_meta(t, r, NFT_META_L4PROTO, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &proto, 1);
}

static void e_ours(struct nft_tx *t, struct nftnl_rule *r, uint32_t key, uint32_t op)
{
	nft_e_meta(t, r, key, NFT_REG_1);
	nft_e_range(t, r, op, NFT_REG_1, if_from, if_to, sizeof(if_from));
}

static void drop_counted(struct nft_tx *t, struct nftnl_rule *r)
{
	nft_e_counter(t, r);
	nft_e_verdict(t, r, NF_DROP, NULL);
	nft_put_rule(t, r);
}

/* UDP from port @port: what a DHCP server says. */
static void rule_no_dhcp(struct nft_tx *t, uint16_t port)
{
	struct nftnl_rule *r = nft_rule(t, FROM_CT);
	uint16_t be = htons(port);

	e_l4proto(t, r, IPPROTO_UDP);
	nft_e_payload(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &be, sizeof(be));
	drop_counted(t, r);
}

static void rule_source(struct nft_tx *t, uint8_t proto, uint32_t off, uint32_t len, unsigned set)
{
	struct nftnl_rule *r = nft_rule(t, FROM_CT);

	e_nfproto(t, r, proto);
	nft_e_meta(t, r, NFT_META_IIFNAME, NFT_REG_1);
	nft_e_payload(t, r, NFT_PAYLOAD_NETWORK_HEADER, off, len, NFT_REG_2);
	nft_e_in(t, r, &sets[set], NFT_REG_1);
	nft_e_verdict(t, r, NFT_RETURN, NULL);
	nft_put_rule(t, r);
}

/*
 * A prefix is no element: what the routes say is looked up, at one price whatever its length and however many there are.
 * NFTA_FIB_F_DADDR: drops what would be sent back, to unused addresses of the prefix, until its hops are used up.
 */
static void rule_routed(struct nft_tx *t, uint32_t fib)
{
	static const uint32_t nowhere;
	struct nftnl_rule *r = nft_rule(t, FROM_CT);

	nft_e_meta(t, r, NFT_META_IIFNAME, NFT_REG_1);
	nft_e_in(t, r, &sets[ROUTED], NFT_REG_1);
	nft_e_fib_oif(t, r, fib | NFTA_FIB_F_IIF, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_NEQ, NFT_REG_1, &nowhere, sizeof(nowhere));
	if (fib == NFTA_FIB_F_DADDR) {
		drop_counted(t, r);
		return;
	}
	nft_e_verdict(t, r, NFT_RETURN, NULL);
	nft_put_rule(t, r);
}

static void rule_open(struct nft_tx *t)
{
	struct nftnl_rule *r = nft_rule(t, FROM_CT);

	nft_e_meta(t, r, NFT_META_IIFNAME, NFT_REG_1);
	nft_e_in(t, r, &sets[OPEN], NFT_REG_1);
	nft_e_verdict(t, r, NFT_RETURN, NULL);
	nft_put_rule(t, r);
}

static void put_filter(struct nft_tx *t, bool aid)
{
	static const uint8_t nd_first = ND_FIRST, nd_last = ND_LAST;
	struct nftnl_rule *r = nft_rule(t, "prerouting");

	e_ours(t, r, NFT_META_IIFNAME, NFT_RANGE_EQ);
	nft_e_verdict(t, r, NFT_JUMP, FROM_CT);
	nft_put_rule(t, r);

	r = nft_rule(t, FROM_CT);
	e_l4proto(t, r, IPPROTO_ICMPV6);
	nft_e_payload(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NFT_REG_1);
	nft_e_range(t, r, NFT_RANGE_EQ, NFT_REG_1, &nd_first, &nd_last, 1);
	drop_counted(t, r);
	rule_no_dhcp(t, 67);
	rule_no_dhcp(t, 547);
	rule_routed(t, NFTA_FIB_F_DADDR);
	if (!aid)
		rule_open(t);
	rule_source(t, NFPROTO_IPV4, 12, 4, SET4);
	rule_source(t, NFPROTO_IPV6, 8, 16, SET6);
	rule_routed(t, NFTA_FIB_F_SADDR);
	drop_counted(t, nft_rule(t, FROM_CT));
}

static int put_nat(struct nft_tx *t, const char *pool, struct err *e)
{
	struct net_ip ip = { 0 };
	uint8_t mask[16] = { 0 }, net[16];
	struct nftnl_rule *r;
	uint32_t len, off;

	if (!pool[0])
		return 0;
	if (net_ip_parse(pool, &ip, e) < 0)
		return err_add(e, "address pool");
	len = ip.family == AF_INET ? 4 : 16;
	off = ip.family == AF_INET ? 12 : 8;
	for (unsigned i = 0; i < ip.prefix; i++)
		mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
	for (unsigned i = 0; i < len; i++)
		net[i] = ip.v6.s6_addr[i] & mask[i];
	r = nft_rule(t, "postrouting");
	e_nfproto(t, r, ip.family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6);
	nft_e_payload(t, r, NFT_PAYLOAD_NETWORK_HEADER, off, len, NFT_REG_1);
	nft_e_mask(t, r, NFT_REG_1, mask, len);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, net, len);
	e_ours(t, r, NFT_META_OIFNAME, NFT_RANGE_NEQ);
	nft_e_masq(t, r);
	nft_put_rule(t, r);
	return 0;
}

/* ANEW: what is there is dropped first, in the same transaction. AID: nothing but who may send as what. */
enum make { KEEP, ANEW, AID };

static int put_table(struct nft_tx *t, const struct net *n, enum make make, struct err *e)
{
	nft_put_table(t, true);
	if (make == ANEW) {
		nft_put_table(t, false);
		nft_put_table(t, true);
	}
	for (size_t i = 0; i < SET_N; i++)
		nft_put_set(t, &sets[i]);
	nft_put_chain(t, FROM_CT, NULL, 0, 0);
	nft_put_chain(t, "prerouting", "filter", NF_INET_PRE_ROUTING, NF_IP_PRI_RAW);
	if (n->pool4[0] || n->pool6[0])
		nft_put_chain(t, "postrouting", "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC);
	nft_put_flush_rules(t);
	put_filter(t, make == AID);
	if (put_nat(t, n->pool4, e) < 0 || put_nat(t, n->pool6, e) < 0) {
		t->failed = true;
		return -e->code;
	}
	if (make != AID)
		net_parts_table(t, NFPROTO_INET);
	return 0;
}

struct collect {
	struct keys keys;
	struct net *n;
	unsigned ifindex;	/* the last one looked up, and its name, "" if it is not ours */
	char name[IFNAMSIZ];
};

static int collect_route(unsigned ifindex, const struct net_ip *ip, void *arg)
{
	struct collect *c = arg;
	unsigned id;

	if (ifindex != c->ifindex) {
		c->ifindex = ifindex;
		if (!link_name(&c->n->rt, ifindex, c->name) || !link_id(c->name, &id))
			c->name[0] = '\0';
	}
	return c->name[0] ? keys_add(&c->keys, c->name, ip) : 0;
}

static int setup_once(struct net *n, enum make make, struct err *e)
{
	struct collect c = { .n = n };
	struct nft_tx t;
	uint32_t gen;
	int rc;

	/* Generation first: who goes away drops its routes before its elements, so we either miss both or are refused. */
	if (nft_generation(&n->nft, &gen, e) < 0)
		return -e->code;
	rc = route_each(&n->rt, 0, collect_route, &c, e);
	if (rc == 0) {
		nft_tx_begin(&t, &n->nft, n->table, gen);
		rc = put_table(&t, n, make, e);
	}
	if (rc == 0) {
		put_keys(&t, true, &c.keys);
		rc = make == AID ? 0 : net_parts_all(n, &t, NET_INET, e);
	}
	if (rc == 0)
		rc = nft_tx_end(&t, "set up", e);
	keys_done(&c.keys);
	return rc;
}

static int set_up(struct net *n, bool anew, struct err *e)
{
	int rc = -EBUSY;

	if (net_rt(n, e) < 0 || net_nf(n, e) < 0)
		return -e->code;
	for (int i = 0; i < SETUP_TRIES; i++) {
		err_clear(e);
		rc = setup_once(n, anew ? ANEW : KEEP, e);
		if (rc == -ERESTART)
			continue;
		if (rc == 0) {
			rc = guard_setup(n, e) < 0 ? -e->code : net_acct_load(n, e);
			if (rc != -ENOENT)
				return rc;
			continue;	/* flushed meanwhile */
		}
		if (anew || (rc != -EEXIST && rc != -EBUSY && rc != -EINVAL && rc != -EOPNOTSUPP))
			return rc;
		anew = true;	/* sets or chains of another make under our name */
	}
	return rc;
}

int antispoof_setup(struct net *n, struct err *e)
{
	return set_up(n, false, e);
}

int antispoof_renew(struct net *n, struct err *e)
{
	return set_up(n, true, e);
}

int net_first_aid(struct net *n, struct err *e)
{
	int rc = -ERESTART;

	if (net_rt(n, e) < 0 || net_nf(n, e) < 0)
		return -e->code;
	for (int i = 0; i < AID_TRIES && rc == -ERESTART; i++) {
		err_clear(e);
		rc = setup_once(n, AID, e);
	}
	return rc < 0 ? rc : guard_first_aid(n, e);
}

int antispoof_teardown(struct net *n, struct err *e)
{
	struct nft_tx t;

	if (net_nf(n, e) < 0)
		return -e->code;
	nft_tx_begin(&t, &n->nft, n->table, 0);
	nft_put_table(&t, true);	/* so that there is one to remove */
	nft_put_table(&t, false);
	return nft_tx_end(&t, "remove", e) < 0 ? -e->code : guard_teardown(n, e);
}

/* Rules stand in the chain that all of a family's depend on: @min of them. 1: yes, 0: no. A kernel without that family: yes. */
int chain_stands(struct net *n, uint8_t family, const char *chain, uint32_t min, struct err *e)
{
	uint32_t use = 0;

	if (nft_chain_use(&n->nft, family, n->table, chain, &use, e) == 0)
		return use >= min;
	if (e->code == ENOENT)
		use = 0;
	else if (e->code == EOPNOTSUPP || e->code == EAFNOSUPPORT)
		use = 1;
	else
		return -e->code;
	err_clear(e);
	return use != 0;
}

int net_tables_stand(struct net *n, uint32_t *gen, struct err *e)
{
	uint32_t now;
	int rc;

	if (net_nf(n, e) < 0 || nft_generation(&n->nft, &now, e) < 0)
		return -e->code;
	if (now == *gen)
		return 1;
	*gen = now;
	rc = chain_stands(n, NFPROTO_INET, FROM_CT, RULES_USE, e);
	return rc == 1 ? guard_stands(n, e) : rc;
}

/* Does the table stand with all its rules? One question: a flush of the ruleset or of the table's rules shows. */
int antispoof_ensure(struct net *n, struct err *e)
{
	uint32_t use;

	if (net_nf(n, e) < 0)
		return -e->code;
	if (nft_chain_use(&n->nft, NFPROTO_INET, n->table, FROM_CT, &use, e) == 0 && use >= RULES_USE)
		return 0;
	if (e->code && e->code != ENOENT)
		return -e->code;
	err_clear(e);
	return antispoof_setup(n, e);
}

/* ENOENT: flushed since antispoof_ensure() looked. The routes are there already, so the new table has these too. */
static int add_keys(struct net *n, unsigned id, const struct keys *k, struct err *e)
{
	struct nft_tx t;

	nft_tx_begin(&t, &n->nft, n->table, 0);
	put_keys(&t, true, k);
	if (net_parts_elems(&t, id, true, n->with, NET_ALL_FAMILIES, e) < 0)
		return -e->code;
	if (nft_tx_end(&t, "add addresses", e) != -ENOENT)
		return -e->code;
	err_clear(e);
	return antispoof_setup(n, e);
}

/* A transaction without effect but for the generation, which makes an antispoof_setup() under way start over. */
static int touch_generation(struct net *n, struct err *e)
{
	char name[sizeof(n->table) + sizeof(".gone")];
	struct nft_tx t;

	str_fmt(name, sizeof(name), "%s.gone", n->table);
	nft_tx_begin(&t, &n->nft, name, 0);
	nft_put_table(&t, true);
	nft_put_table(&t, false);
	return nft_tx_end(&t, "touch", e);
}

/*
 * A missing element is no error (nft_set.c). A missing table may be coming back this
 * moment, made from routes that were still there: either it is there at the second try, or its maker has to look again.
 */
static int remove_keys(struct net *n, unsigned id, const struct keys *k, struct err *e)
{
	int rc = -ENOENT;

	for (int i = 0; i < 2 && rc == -ENOENT; i++) {
		struct nft_tx t;

		err_clear(e);
		if (i && touch_generation(n, e) < 0)
			return -e->code;
		nft_tx_begin(&t, &n->nft, n->table, 0);
		put_keys(&t, false, k);
		if (net_parts_elems(&t, id, false, n->with, NET_ALL_FAMILIES, e) < 0)
			return -e->code;
		rc = nft_tx_end(&t, "remove addresses", e);
	}
	if (rc == -ENOENT) {
		err_clear(e);
		rc = 0;
	}
	return rc;
}

static int is_net(unsigned ifindex, const struct net_ip *ip, void *arg)
{
	(void)ifindex;
	*(bool *)arg |= net_ip_is_net(ip);
	return 0;
}

/* Has the interface a prefix left? */
static bool still_routed(struct net *n, const char *name, struct err *e)
{
	unsigned ifindex = link_index(&n->rt, name);
	bool left = false;

	if (ifindex && route_each(&n->rt, ifindex, is_net, &left, e) < 0) {
		err_clear(e);
		left = true;		/* without routes the element allows nothing */
	}
	return left;
}

int antispoof_change(struct net *n, unsigned id, bool add, const struct ip_vec *v, struct err *e)
{
	struct keys k = { 0 };
	char name[IFNAMSIZ];
	int rc = net_nf(n, e);

	net_ifname(id, name);
	for (size_t i = 0; i < v->n && rc == 0; i++)
		rc = keys_add(&k, name, &v->ip[i]);
	if (rc < 0 && !e->code)
		err_set(e, -rc, "addresses of %s", name);
	if (rc == 0 && !add && k.nnet && still_routed(n, name, e))
		k.nnet = 0;		/* one for all its prefixes */
	if (rc == 0 && (v->n || (n->with && n->with->n)))
		rc = add ? add_keys(n, id, &k, e) : remove_keys(n, id, &k, e);
	keys_done(&k);
	return rc;
}

struct purge {
	struct keys keys;
	char name[IFNAMSIZ];
};

static int purge_key(const void *key, uint32_t len, uint64_t bytes, uint64_t packets, void *arg)
{
	struct purge *p = arg;
	struct net_ip ip = { 0 };
	const char *k = key;

	(void)bytes;
	(void)packets;
	if (len == IFNAMSIZ && !strncmp(k, p->name, IFNAMSIZ))
		return keys_add_net(&p->keys, p->name);
	if ((len != sizeof(struct key4) && len != sizeof(struct key6)) || strncmp(k, p->name, IFNAMSIZ) != 0)
		return 0;
	ip.family = len == sizeof(struct key4) ? AF_INET : AF_INET6;
	memcpy(&ip.v6, k + IFNAMSIZ, len - IFNAMSIZ);
	return keys_add(&p->keys, p->name, &ip);
}

int antispoof_purge(struct net *n, unsigned id, struct err *e)
{
	struct purge p = { 0 };
	int rc = net_nf(n, e);

	net_ifname(id, p.name);
	for (size_t i = 0; i < SET_N && rc == 0; i++) {
		rc = nft_each_elem(&n->nft, NFPROTO_INET, n->table, &sets[i], purge_key, &p, e);
		if (rc == -ENOENT) {
			err_clear(e);
			rc = 0;
		}
	}
	if (rc == 0 && p.keys.n4 + p.keys.n6 + p.keys.nnet)
		rc = remove_keys(n, id, &p.keys, e);
	keys_done(&p.keys);
	return rc;
}

/* The part "venet" of net_part.h: who may send from any address. Of its other lines venet.c makes something. */
static int venet_elems(struct nft_tx *t, unsigned id, bool add, const struct str_list *lines, unsigned families, struct err *e)
{
	(void)id;
	(void)e;
	for (size_t i = 0; i < lines->n && families & NET_INET; i++) {
		const char *s = net_line_of(lines->v[i], "venet"), *name = s ? net_line_of(s, "open") : NULL;
		char key[IFNAMSIZ] = { 0 };

		t->family = NFPROTO_INET;
		if (name && str_copy(key, sizeof(key), name) == 0)
			nft_put_keys(t, add, &sets[OPEN], key, 1);
	}
	return 0;
}

const struct net_part net_venet_part = { .name = "venet", .elems = venet_elems };
