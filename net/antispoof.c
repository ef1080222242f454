/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may send as what: the sources of each container as elements of the table that antispoof_rules.c describes. The table
 * stands before the first container; when somebody else has flushed it, it is made again, with the elements that the host
 * routes tell.
 */
#include "net/net_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter.h>

#include "net/acct.h"
#include "net/antispoof.h"
#include "net/net_part.h"
#include "util/auto.h"
#include "util/err.h"

#define SETUP_TRIES 100	/* every start elsewhere makes one in vain */
#define AID_TRIES 3

struct keys {			/* elements of the sets */
	struct spoof_key4 *k4;
	struct spoof_key6 *k6;
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
		k->k4[k->n4] = (struct spoof_key4){ .ip = ip->v4 };
		return str_copy(k->k4[k->n4++].ifname, IFNAMSIZ, ifname);
	}
	if (keys_grow((void **)&k->k6, k->n6, sizeof(*k->k6)) < 0)
		return -ENOMEM;
	k->k6[k->n6] = (struct spoof_key6){ .ip = ip->v6 };
	return str_copy(k->k6[k->n6++].ifname, IFNAMSIZ, ifname);
}

static void put_keys(struct nft_tx *t, bool add, const struct keys *k)
{
	nft_put_keys(t, add, &spoof_sets[SPOOF_SET4], k->k4, k->n4);
	nft_put_keys(t, add, &spoof_sets[SPOOF_SET6], k->k6, k->n6);
	nft_put_keys(t, add, &spoof_sets[SPOOF_ROUTED], k->net, k->nnet);
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

static int setup_once(struct net *n, enum spoof_make make, struct err *e)
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
		rc = spoof_put_table(&t, n, make, e);
	}
	if (rc == 0) {
		put_keys(&t, true, &c.keys);
		rc = make == SPOOF_AID ? 0 : net_parts_all(n, &t, NET_INET, e);
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
		rc = setup_once(n, anew ? SPOOF_ANEW : SPOOF_KEEP, e);
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
		rc = setup_once(n, SPOOF_AID, e);
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
	rc = chain_stands(n, NFPROTO_INET, SPOOF_CHAIN, SPOOF_USE, e);
	return rc == 1 ? guard_stands(n, e) : rc;
}

/* Does the table stand with all its rules? One question: a flush of the ruleset or of the table's rules shows. */
int antispoof_ensure(struct net *n, struct err *e)
{
	uint32_t use;

	if (net_nf(n, e) < 0)
		return -e->code;
	if (nft_chain_use(&n->nft, NFPROTO_INET, n->table, SPOOF_CHAIN, &use, e) == 0 && use >= SPOOF_USE)
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
	if ((len != sizeof(struct spoof_key4) && len != sizeof(struct spoof_key6)) || strncmp(k, p->name, IFNAMSIZ) != 0)
		return 0;
	ip.family = len == sizeof(struct spoof_key4) ? AF_INET : AF_INET6;
	memcpy(&ip.v6, k + IFNAMSIZ, len - IFNAMSIZ);
	return keys_add(&p->keys, p->name, &ip);
}

int antispoof_purge(struct net *n, unsigned id, struct err *e)
{
	struct purge p = { 0 };
	int rc = net_nf(n, e);

	net_ifname(id, p.name);
	for (size_t i = 0; i < SPOOF_SET_N && rc == 0; i++) {
		rc = nft_each_elem(&n->nft, NFPROTO_INET, n->table, &spoof_sets[i], purge_key, &p, e);
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
			nft_put_keys(t, add, &spoof_sets[SPOOF_OPEN], key, 1);
	}
	return 0;
}

const struct net_part net_venet_part = { .name = "venet", .elems = venet_elems };
