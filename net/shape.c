/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trees of shape.h, over rtnetlink, and rates as text. What puts packets into a class is shape_nft.c. */
#include "net/shape.h"
#include "net/net_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>

#include "net/shape_priv.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"

#define ROOT_KBIT 100000000ull		/* without BANDWIDTH */
#define LEAST_KBIT 8ull			/* what a class without a guarantee has by itself */
#define KBIT_MAX 400000000ull
#define TICK_NS 64			/* of the kernel's packet schedulers */
#define QLEN 1000u

static const char *const ifb[NET_WAY_N] = { [NET_SENT] = SHAPE_UP, [NET_RECEIVED] = SHAPE_DOWN };

/* --- text --- */

static int parse_word(char *word, struct net_rate v[NET_CLASS_N])
{
	char *kbits = strrchr(word, ':'), *cls, *in;
	uint64_t c, out_v, in_v;

	if (!kbits)
		return -EINVAL;
	*kbits++ = '\0';
	cls = strrchr(word, ':');
	cls = cls ? cls + 1 : word;
	in = strchr(kbits, '/');
	if (in)
		*in++ = '\0';
	if (num_u64(cls, &c) < 0 || c < 1 || c >= NET_CLASS_N || num_u64(kbits, &out_v) < 0 || num_u64(in ? in : kbits, &in_v) < 0)
		return -EINVAL;
	v[c].kbit[NET_SENT] += out_v;
	v[c].kbit[NET_RECEIVED] += in_v;
	return v[c].kbit[NET_SENT] > KBIT_MAX || v[c].kbit[NET_RECEIVED] > KBIT_MAX ? -EINVAL : 0;
}

int net_rates_parse(const char *text, struct net_rate v[NET_CLASS_N], struct err *e)
{
	struct str_list w = { 0 };
	int rc = str_list_split(&w, text, " \t,", e);

	memset(v, 0, NET_CLASS_N * sizeof(*v));
	for (size_t i = 0; i < w.n && rc == 0; i++) {
		char word[128];

		if (str_copy(word, sizeof(word), w.v[i]) < 0 || parse_word(word, v) < 0)
			rc = err_say(e, EINVAL, "'%.60s' is not DEVICE:CLASS:KBITS with a class from 1 to %d", w.v[i],
				     NET_CLASS_N - 1);
	}
	str_list_clear(&w);
	return rc;
}

bool net_rates_any(const struct net_rates *r)
{
	static const struct net_rate none[NET_CLASS_N];

	return memcmp(r->rate, none, sizeof(none)) != 0 || memcmp(r->limit, none, sizeof(none)) != 0;
}

/* --- requests --- */

static struct tcmsg *tc_msg(struct nl_batch *b, uint16_t type, uint16_t flags, unsigned index, uint32_t handle, uint32_t parent,
			    const char *what)
{
	struct tcmsg *t = nl_msg(b, type, flags, sizeof(*t), what, NULL);

	t->tcm_ifindex = (int)index;
	t->tcm_handle = handle;
	t->tcm_parent = parent;
	return t;
}

static void put_ifb(struct nl_batch *b, const char *name)
{
	struct ifinfomsg *ifi = nl_msg(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(*ifi), "create interface", name);
	struct nlattr *info;

	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	nl_put_str(b, IFLA_IFNAME, name);
	nl_put_u32(b, IFLA_TXQLEN, QLEN);
	info = nl_nest(b, IFLA_LINKINFO);
	nl_put_str(b, IFLA_INFO_KIND, "ifb");
	nl_nest_end(b, info);
	nl_ok(b, EEXIST, 0);
}

static void put_rate(struct tc_ratespec *r, uint64_t bytes, uint32_t mpu)
{
	r->linklayer = TC_LINKLAYER_ETHERNET;
	r->rate = bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes;
	r->mpu = (unsigned short)MIN(mpu, 0xffffu);
}

static uint32_t ticks(uint64_t bytes, uint64_t rate)
{
	uint64_t ns = rate ? bytes * 1000000000ull / rate : 0;

	return (uint32_t)MIN(ns / TICK_NS + 1, (uint64_t)UINT32_MAX);
}

struct hclass { uint32_t id, parent; uint64_t rate_kbit, ceil_kbit, burst; uint32_t mpu; };

static void put_class(struct nl_batch *b, unsigned index, const struct hclass *h)
{
	uint64_t rate = h->rate_kbit * 125, ceil = h->ceil_kbit * 125;
	uint64_t burst = h->burst ? h->burst : MAX(rate / 100, (uint64_t)16384);
	uint64_t cburst = h->burst ? h->burst : MAX(ceil / 100, (uint64_t)16384);
	struct tc_htb_opt opt = { .quantum = (uint32_t)MIN(MAX(rate / 10, (uint64_t)1514), (uint64_t)60000) };
	struct nlattr *nest;

	opt.buffer = ticks(burst, rate);
	opt.cbuffer = ticks(cburst, ceil);
	put_rate(&opt.rate, rate, h->mpu);
	put_rate(&opt.ceil, ceil, h->mpu);
	tc_msg(b, RTM_NEWTCLASS, NLM_F_CREATE, index, h->id, h->parent, "set a rate");
	nl_put_str(b, TCA_KIND, "htb");
	nest = nl_nest(b, TCA_OPTIONS);
	nl_put(b, TCA_HTB_PARMS, &opt, sizeof(opt));
	if (rate > UINT32_MAX)
		nl_put(b, TCA_HTB_RATE64, &rate, sizeof(rate));
	if (ceil > UINT32_MAX)
		nl_put(b, TCA_HTB_CEIL64, &ceil, sizeof(ceil));
	nl_nest_end(b, nest);
}

/* A tenth of a second may wait, and at least two large segments. */
static void put_leaf(struct nl_batch *b, unsigned index, uint32_t id, uint64_t ceil_kbit)
{
	struct tc_fifo_qopt q = { .limit = (uint32_t)MIN(MAX(ceil_kbit * 125 / 10, (uint64_t)131072), (uint64_t)16 << 20) };

	tc_msg(b, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index, 0, id, "set a queue");
	nl_put_str(b, TCA_KIND, "bfifo");
	nl_put(b, TCA_OPTIONS, &q, sizeof(q));
}

static void put_root(struct nl_batch *b, unsigned index)
{
	struct tc_htb_glob glob = { .version = TC_HTB_PROTOVER, .rate2quantum = 10 };
	struct nlattr *nest;

	tc_msg(b, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, index, SHAPE_MAJOR, TC_H_ROOT, "make the tree of rates");
	nl_put_str(b, TCA_KIND, "htb");
	nest = nl_nest(b, TCA_OPTIONS);
	nl_put(b, TCA_HTB_INIT, &glob, sizeof(glob));
	nl_nest_end(b, nest);
	nl_ok(b, EEXIST, 0);
}

/* --- trees --- */

/* Which figures the trunk of a device was set to is its alias, so it goes when the device goes. */
static int device(struct net *n, const char *name, const char *mark, unsigned *index, bool *marked, struct err *e)
{
	struct link_info info = { 0 };
	struct err why = { 0 };

	if (link_info(&n->rt, 0, name, &info, &why) < 0 && why.code != ENODEV) {
		*e = why;
		return -why.code;
	}
	*index = info.index;
	*marked = info.index && str_eq(info.alias, mark);
	return 0;
}

static int devices(struct net *n, const char *mark, unsigned index[NET_WAY_N], bool marked[NET_WAY_N], struct err *e)
{
	struct nl_batch b;

	if (net_rt(n, e) < 0)
		return -e->code;
	for (int w = 0; w < NET_WAY_N; w++)
		if (device(n, ifb[w], mark, &index[w], &marked[w], e) < 0)
			return -e->code;
	if (index[NET_SENT] && index[NET_RECEIVED])
		return 0;
	nl_batch_begin(&b, &n->rt, e);
	put_ifb(&b, SHAPE_UP);
	put_ifb(&b, SHAPE_DOWN);
	if (nl_batch_end(&b) < 0)
		return e->code == EOPNOTSUPP ? err_say(e, EOPNOTSUPP, "rates need the kernel's module ifb") : -e->code;
	for (int w = 0; w < NET_WAY_N; w++) {
		index[w] = link_index_made(&n->rt, ifb[w]);
		if (!index[w])
			return err_say(e, ENODEV, "interface %s vanished while it was being set up", ifb[w]);
	}
	return 0;
}

static uint64_t root_kbit(const struct net_totals *t)
{
	return t->bandwidth_kbit ? t->bandwidth_kbit : ROOT_KBIT;
}

static void put_trunk(struct nl_batch *b, unsigned index, const struct net_totals *t)
{
	uint64_t all = root_kbit(t);

	put_root(b, index);
	put_class(b, index, &(struct hclass){ .id = SHAPE_MAJOR | 1, .parent = SHAPE_MAJOR, .rate_kbit = all, .ceil_kbit = all,
					      .mpu = t->mpu });
	for (uint32_t c = 1; c < NET_CLASS_N; c++) {
		uint64_t kbit = t->total_kbit[c] ? MIN(t->total_kbit[c], all) : all;

		put_class(b, index, &(struct hclass){ .id = SHAPE_MAJOR | (1 + c), .parent = SHAPE_MAJOR | 1, .rate_kbit = kbit,
						      .ceil_kbit = kbit, .mpu = t->mpu });
	}
}

static void put_branch(struct nl_batch *b, unsigned index, unsigned slot, int way, const struct net_rates *r,
		       const struct net_totals *t)
{
	for (uint32_t c = 1; c < NET_CLASS_N; c++) {
		uint64_t rate = r->rate[c].kbit[way], limit = r->limit[c].kbit[way];
		uint64_t all = t->total_kbit[c] ? t->total_kbit[c] : root_kbit(t);
		uint32_t id = shape_class(slot, c);

		if (!rate && !limit) {
			tc_msg(b, RTM_DELTCLASS, 0, index, id, 0, "remove a rate");
			nl_ok(b, ENOENT, 0);
			continue;
		}
		limit = limit ? limit : MAX(all, rate);
		rate = MIN(rate ? rate : LEAST_KBIT, limit);
		put_class(b, index, &(struct hclass){ .id = id, .parent = SHAPE_MAJOR | (1 + c), .rate_kbit = rate,
						      .ceil_kbit = limit, .burst = r->burst_kib * 1024, .mpu = t->mpu });
		put_leaf(b, index, id, limit);
	}
}

/* The figures of the trunk in one word. */
static void mark_of(const struct net_totals *t, char mark[32])
{
	uint64_t v[NET_CLASS_N + 2] = { [NET_CLASS_N] = t->bandwidth_kbit, t->mpu };
	uint64_t hash = 0xcbf29ce484222325ull;		/* FNV-1a */

	memcpy(v, t->total_kbit, sizeof(t->total_kbit));
	for (size_t i = 0; i < ARRAY_SIZE(v) * 8; i++)
		hash = (hash ^ (v[i / 8] >> i % 8 * 8 & 0xff)) * 0x100000001b3ull;
	str_fmt(mark, 32, "vz rates %016" PRIx64, hash);
}

static int put_mark(struct net *n, const unsigned index[NET_WAY_N], const char *mark, struct err *e)
{
	struct nl_batch b;

	nl_batch_begin(&b, &n->rt, e);
	for (int w = 0; w < NET_WAY_N; w++) {
		struct ifinfomsg *ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "name the figures of", ifb[w]);

		ifi->ifi_index = (int)index[w];
		nl_put_str(&b, IFLA_IFALIAS, mark);
	}
	return nl_batch_end(&b);
}

/* A trunk that stands with these figures is left alone, and made anew when a class finds it gone after all. */
int net_shape_set(struct net *n, unsigned slot, const struct net_rates *r, const struct net_totals *t, struct err *e)
{
	bool marked[NET_WAY_N], stands;
	unsigned index[NET_WAY_N];
	struct nl_batch b;
	char mark[32];

	mark_of(t, mark);
	if (devices(n, mark, index, marked, e) < 0)
		return -e->code;
	stands = marked[NET_SENT] && marked[NET_RECEIVED];
	for (;;) {
		nl_batch_begin(&b, &n->rt, e);
		for (int w = 0; w < NET_WAY_N; w++) {
			if (!stands)
				put_trunk(&b, index[w], t);
			put_branch(&b, index[w], slot, w, r, t);
		}
		if (nl_batch_end(&b) == 0)
			return stands ? 0 : put_mark(n, index, mark, e);
		if (!stands)
			return -e->code;
		stands = false;
		err_clear(e);
	}
}

int net_shape_clear(struct net *n, unsigned slot, struct err *e)
{
	struct nl_batch b;

	if (net_rt(n, e) < 0)
		return -e->code;
	for (int w = 0; w < NET_WAY_N; w++) {
		unsigned index = link_index(&n->rt, ifb[w]);

		nl_batch_begin(&b, &n->rt, e);
		for (uint32_t c = 1; index && c < NET_CLASS_N; c++) {
			tc_msg(&b, RTM_DELTCLASS, 0, index, shape_class(slot, c), 0, "remove a rate");
			nl_ok(&b, ENOENT, EINVAL);
		}
		if (nl_batch_end(&b) < 0)
			return -e->code;
	}
	return 0;
}

/* --- the way to the container --- */

static void put_redirect(struct nl_batch *b, unsigned index, unsigned to)
{
	struct { struct tc_u32_sel sel; struct tc_u32_key key; } all = { .sel = { .flags = TC_U32_TERMINAL, .nkeys = 1 } };
	struct tc_mirred m = { .action = TC_ACT_STOLEN, .eaction = TCA_EGRESS_REDIR, .ifindex = to };
	struct nlattr *options, *acts, *one, *opt;
	struct tcmsg *t;

	t = tc_msg(b, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, index, 0, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS), "redirect");
	t->tcm_info = TC_H_MAKE(1u << 16, htons(ETH_P_ALL));
	nl_put_str(b, TCA_KIND, "u32");
	options = nl_nest(b, TCA_OPTIONS);
	nl_put(b, TCA_U32_SEL, &all, sizeof(all));
	acts = nl_nest(b, TCA_U32_ACT);
	one = nl_nest(b, 1);
	nl_put_str(b, TCA_ACT_KIND, "mirred");
	opt = nl_nest(b, TCA_ACT_OPTIONS);
	nl_put(b, TCA_MIRRED_PARMS, &m, sizeof(m));
	nl_nest_end(b, opt);
	nl_nest_end(b, one);
	nl_nest_end(b, acts);
	nl_nest_end(b, options);
}

int net_shape_dev(struct net *n, const char *ifname, bool on, struct err *e)
{
	unsigned index, to;
	struct nl_batch b;

	if (net_rt(n, e) < 0)
		return -e->code;
	index = link_index(&n->rt, ifname);
	to = link_index(&n->rt, SHAPE_DOWN);
	if (!index || !to)
		return on ? err_say(e, ENODEV, "interface %s does not exist", index ? SHAPE_DOWN : ifname) : 0;
	nl_batch_begin(&b, &n->rt, e);
	tc_msg(&b, RTM_DELQDISC, 0, index, TC_H_MAKE(TC_H_CLSACT, 0), TC_H_CLSACT, "remove the redirection");
	nl_ok(&b, ENOENT, EINVAL);
	if (on) {
		tc_msg(&b, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, index, TC_H_MAKE(TC_H_CLSACT, 0), TC_H_CLSACT, "redirect");
		nl_put_str(&b, TCA_KIND, "clsact");
		put_redirect(&b, index, to);
	}
	return nl_batch_end(&b);
}
