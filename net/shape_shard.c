/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device where packets of many containers wait: vzifb-upK and vzifb-downK for what NET_SHAPE_SHARD of them send, or receive on
 * several interfaces, above their rates; vzifb-upcK, vzifb-downcK, vzifb-up and vzifb-down for what goes through a tree.
 *
 *	qdisc mq, TBF 1 to 32	a queue for each place, made before the device is up: a later one would empty those of the others
 *	qdisc HTB		or the tree, whose classes are shape.c's
 *	filter of the block	the program of shape_pace.c, or one of shape_bpf.c, and the way here
 *	maps of it		interface -> place, place -> bucket; interface -> way; found again by the filter
 *
 * The block of filters is shared: a container's clsact is bound to it. The device's own ingress, where nothing ever comes, is too,
 * so that block, filter and maps live as long as the device.
 */
#include "net/shape_priv.h"
#include "net/net_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>

#include "util/auto.h"
#include "util/bpf.h"
#include "util/err.h"

#define QLEN 1000u
#define BLOCKS 0x767a0000u
#define MQ 0x10000u
#define WAYS_MAX 4096u		/* interfaces in a shard */
#define WAYS_ALL 16384u		/* in the tree of all */

static bool plain(const struct net_place *p)
{
	return p->kind == NET_PLACE_PLAIN;
}

static unsigned number(const struct net_place *p)
{
	return p->slot % NET_SHAPE_SHARD;
}

static struct shape_tbf queue_of(unsigned i)
{
	return (struct shape_tbf){ .handle = (i + 2) << 16, .parent = MQ | (i + 1) };
}

uint32_t shape_shard_block(const struct net_place *p, enum net_traffic_way way)
{
	return BLOCKS | (uint32_t)p->kind << 8 | (uint32_t)(way + 1) << 12 |
	       (p->kind == NET_PLACE_SHARED ? 0 : p->slot / NET_SHAPE_SHARD);
}

/* --- the filter, and its maps --- */

enum { PLACES, BUCKETS, PLACES_N };
enum { WAYS, NETS, WAYS_N = 3 };	/* of a tree; those of the networks are for what is sent */
struct shard { unsigned index; char name[16]; int map[WAYS_N]; };
#define SHARD_INIT { .map = { -1, -1, -1 } }

static unsigned map_n(const struct net_place *p, enum net_traffic_way way)
{
	return plain(p) ? PLACES_N : way == NET_SENT ? WAYS_N : 1;
}

static void shard_close(struct shard *s)
{
	for (int i = 0; i < WAYS_N; i++)
		auto_close_(&s->map[i]);
}

static struct tcmsg *put_tcmsg(struct tcmsg *t, uint32_t block)
{
	t->tcm_ifindex = (int)TCM_IFINDEX_MAGIC_BLOCK;
	t->tcm_block_index = block;
	t->tcm_handle = 1;
	t->tcm_info = TC_H_MAKE(SHAPE_PRIO << 16, htons(ETH_P_ALL));
	return t;
}

static int filter_program(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr, *opt;

	mnl_attr_for_each(attr, nlh, sizeof(struct tcmsg)) {
		if (mnl_attr_get_type(attr) != TCA_OPTIONS)
			continue;
		mnl_attr_for_each_nested(opt, attr) {
			if (mnl_attr_get_type(opt) == TCA_BPF_ID && mnl_attr_get_payload_len(opt) == sizeof(uint32_t))
				*(uint32_t *)arg = mnl_attr_get_u32(opt);
		}
	}
	return 0;
}

/* 1: it is whole, 0: it is not, or not there. */
static int shard_open(struct net *n, const struct net_place *p, enum net_traffic_way way, struct shard *s, struct err *e)
{
	_Alignas(8) char buf[256] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct link_info at;
	uint32_t id = 0;
	int rc;

	shape_ifb(p, way, s->name);
	rc = link_find(&n->rt, 0, s->name, &at, e);
	if (rc < 0)
		return rc;
	s->index = rc ? at.index : 0;
	if (!rc || !at.up)
		return 0;
	nlh->nlmsg_type = RTM_GETTFILTER;
	put_tcmsg(mnl_nlmsg_put_extra_header(nlh, sizeof(struct tcmsg)), shape_shard_block(p, way));
	if (nl_ask(&n->rt, nlh, filter_program, &id, "find the rates of a device", e) < 0 || !id ||
	    bpf_maps_of(id, s->map, map_n(p, way)) < 0) {
		err_clear(e);
		return 0;
	}
	return 1;
}

/* The filter "redirect what @prog returns SHAPE_BPF_MATCH for to @ifb"; the request is in @b. */
static void put_redirect(struct nl_batch *b, int prog, unsigned ifb)
{
	struct tc_mirred m = { .action = TC_ACT_STOLEN, .eaction = TCA_EGRESS_REDIR, .ifindex = ifb };
	struct nlattr *options, *acts, *one, *opt;

	nl_put_str(b, TCA_KIND, "bpf");
	options = nl_nest(b, TCA_OPTIONS);
	nl_put_u32(b, TCA_BPF_FD, (uint32_t)prog);
	nl_put_str(b, TCA_BPF_NAME, "vz_rate");
	acts = nl_nest(b, TCA_BPF_ACT);
	one = nl_nest(b, 1);
	nl_put_str(b, TCA_ACT_KIND, "mirred");
	opt = nl_nest(b, TCA_ACT_OPTIONS);
	nl_put(b, TCA_MIRRED_PARMS, &m, sizeof(m));
	nl_nest_end(b, opt);
	nl_nest_end(b, one);
	nl_nest_end(b, acts);
	nl_nest_end(b, options);
}

static int no_map(struct err *e)
{
	return err_set(e, errno, "rates need maps for BPF (CONFIG_BPF_SYSCALL), but making one");
}

static int load_tree(struct shard *s, const struct net_place *p, enum net_traffic_way way, struct err *e)
{
	unsigned most = p->kind == NET_PLACE_SHARED ? WAYS_ALL : WAYS_MAX;
	struct bpf_insn text[SHAPE_BPF_MAX];
	bool up = way == NET_SENT;

	s->map[WAYS] = bpf_map(BPF_MAP_TYPE_HASH, "vz_ways", sizeof(uint32_t), sizeof(struct shape_way), most);
	if (s->map[WAYS] < 0 || (up && shape_nets_make(&s->map[NETS]) < 0))
		return no_map(e);
	return shape_bpf_load(text, up ? shape_bpf_up(s->map[WAYS], &s->map[NETS], text) : shape_bpf_down(s->map[WAYS], text), e);
}

static int load(struct shard *s, struct err *e)
{
	struct bpf_insn text[SHAPE_BPF_MAX];

	s->map[PLACES] = bpf_map(BPF_MAP_TYPE_HASH, "vz_places", sizeof(uint32_t), sizeof(uint32_t), WAYS_MAX);
	s->map[BUCKETS] = bpf_map(BPF_MAP_TYPE_ARRAY, "vz_buckets", sizeof(uint32_t), sizeof(struct shape_bucket), NET_SHAPE_SHARD);
	if (s->map[PLACES] < 0 || s->map[BUCKETS] < 0)
		return no_map(e);
	return shape_bpf_load(text, shape_pace(s->map[PLACES], s->map[BUCKETS], text), e);
}

/* --- the device --- */

static void put_ifb(struct nl_batch *b, const char *name, unsigned queues)
{
	struct nlattr *info;

	nl_msg(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg), "create interface", name);
	nl_put_str(b, IFLA_IFNAME, name);
	nl_put_u32(b, IFLA_TXQLEN, QLEN);
	nl_put_u32(b, IFLA_NUM_TX_QUEUES, queues);
	nl_put_u32(b, IFLA_NUM_RX_QUEUES, 1);
	link_put_segments(b, LINK_SEGMENT);	/* whatever comes through is not cut there */
	info = nl_nest(b, IFLA_LINKINFO);
	nl_put_str(b, IFLA_INFO_KIND, "ifb");
	nl_nest_end(b, info);
}

static void put_queues(struct nl_batch *b, unsigned index)
{
	shape_msg(b, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, index, MQ, TC_H_ROOT, "make the queues of rates");
	nl_put_str(b, TCA_KIND, "mq");
	for (unsigned i = 0; i < NET_SHAPE_SHARD; i++) {
		struct shape_tbf q = queue_of(i);

		shape_put_tbf(b, index, &q);
	}
}

static int device(struct net *n, struct shard *s, const struct net_place *p, struct err *e)
{
	struct nl_batch b;

	if (s->index)
		return 0;
	nl_batch_begin(&b, &n->rt, e);
	put_ifb(&b, s->name, plain(p) ? NET_SHAPE_SHARD : 1);
	if (nl_batch_end(&b) < 0)
		return e->code == EOPNOTSUPP ? err_say(e, EOPNOTSUPP, "rates need the kernel's module ifb") : -e->code;
	s->index = link_index_made(&n->rt, s->name);
	if (!s->index)
		return err_say(e, ENODEV, "interface %s vanished while it was being set up", s->name);
	nl_batch_begin(&b, &n->rt, e);
	if (plain(p))
		put_queues(&b, s->index);
	else
		shape_put_root(&b, s->index);
	return nl_batch_end(&b);
}

/* One that is half made, or that somebody else's hands took things from, is made whole. */
int shape_shard_make(struct net *n, const struct net_place *p, enum net_traffic_way way, struct err *e)
{
	auto_call(shard_close) struct shard s = SHARD_INIT;
	uint32_t block = shape_shard_block(p, way);
	auto_close int prog = -1;
	struct ifinfomsg *ifi;
	struct nl_batch b;
	int rc = shard_open(n, p, way, &s, e);

	if (rc)
		return rc < 0 ? rc : 0;
	if (device(n, &s, p, e) < 0)
		return -e->code;
	prog = plain(p) ? load(&s, e) : load_tree(&s, p, way, e);
	if (prog < 0)
		return prog;
	nl_batch_begin(&b, &n->rt, e);
	shape_msg(&b, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, s.index, TC_H_MAKE(TC_H_INGRESS, 0), TC_H_INGRESS, "hold rates");
	nl_put_str(&b, TCA_KIND, "ingress");
	nl_put_u32(&b, TCA_INGRESS_BLOCK, block);
	nl_ok(&b, EEXIST, 0);
	put_tcmsg(nl_msg(&b, RTM_NEWTFILTER, NLM_F_CREATE, sizeof(struct tcmsg), "redirect", NULL), block);
	put_redirect(&b, prog, s.index);
	ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "up", s.name);
	ifi->ifi_index = (int)s.index;
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	return nl_batch_end(&b);
}

/* --- one place --- */

static int lacks(const struct shard *s, struct err *e)
{
	return err_say(e, ENODEV, "interface %s does not exist, or somebody took from it what makes rates", s->name);
}

static int put_bucket(const struct shard *s, uint32_t key, const struct shape_bucket *bucket, struct err *e)
{
	struct shape_bucket now = *bucket, was;

	if (bpf_map_get(s->map[BUCKETS], &key, &was) == 0) {	/* what waits, waits on */
		now.at = was.at;
		now.late = was.late;
	}
	return bpf_map_put(s->map[BUCKETS], &key, &now) < 0 ? err_set(e, errno, "set a rate") : 0;
}

/* Somebody took all queues: those of the others let nothing through until their next command. */
static int set_queue(struct net *n, unsigned index, const struct shape_tbf *q, struct err *e)
{
	for (int again = 0;; again++) {
		struct nl_batch b;

		nl_batch_begin(&b, &n->rt, e);
		if (again)
			put_queues(&b, index);
		shape_put_tbf(&b, index, q);
		if (nl_batch_end(&b) == 0 || again || e->code != ENOENT)
			return -b.code;
		err_clear(e);
	}
}

int shape_shard_set(struct net *n, const struct net_place *p, enum net_traffic_way way, const struct net_rates *r, unsigned cls,
		    uint32_t mpu, struct err *e)
{
	auto_call(shard_close) struct shard s = SHARD_INIT;
	struct shape_tbf q = queue_of(number(p));
	struct shape_bucket bucket;
	int rc = shard_open(n, p, way, &s, e);

	if (rc <= 0)
		return rc < 0 ? rc : lacks(&s, e);
	shape_bucket(r, cls, way, mpu, &bucket);
	bucket.queue = number(p) + 1;
	q.kbit = r->limit[cls].kbit[way];
	q.burst = shape_pace_rest(r, q.kbit);
	q.mpu = mpu;
	q.mtu = p->mtu;
	if (q.kbit && (shape_tbf_look(&n->rt, s.index, &q, e) < 0 || set_queue(n, s.index, &q, e) < 0))
		return -e->code;
	return put_bucket(&s, number(p), &bucket, e);
}

/* Of all interfaces of a place, a plain one's @who its number, another's the base of its classes: they may be gone. */
static int forget(const struct shard *s, uint32_t who, size_t size, struct err *e)
{
	struct bpf_part part = { .map = s->map[PLACES] };
	uint32_t key[256];
	struct shape_way way[256];
	int got;

	while ((got = bpf_map_read(&part, key, way, ARRAY_SIZE(key))) > 0) {
		for (int i = 0; i < got; i++) {
			uint32_t owner;

			memcpy(&owner, (const char *)way + (size_t)i * size, sizeof(owner));
			if (owner == who)
				bpf_map_del(s->map[PLACES], &key[i]);
		}
	}
	return got < 0 ? err_set(e, errno, "read whose rates are whose") : 0;
}

int shape_shard_clear(struct net *n, const struct net_place *p, enum net_traffic_way way, struct err *e)
{
	auto_call(shard_close) struct shard s = SHARD_INIT;
	const struct shape_bucket none = { 0 };
	uint32_t key = number(p);
	int rc = shard_open(n, p, way, &s, e);

	if (rc <= 0)
		return rc;
	if (forget(&s, plain(p) ? key : shape_base(p), plain(p) ? sizeof(key) : sizeof(struct shape_way), e) < 0)
		return -e->code;
	if (plain(p) && bpf_map_put(s.map[BUCKETS], &key, &none) < 0)
		return err_set(e, errno, "remove a rate");
	return 0;
}

/* The device's program knows networks_classes as it is now. It is noted as the way of an interface that cannot be. */
static int know_nets(const struct net *n, const struct shard *s, struct err *e)
{
	auto_call(net_classes_done) struct net_classes c = { 0 };
	struct shape_way note = { 0 };
	uint32_t none = 0;

	if (net_classes_load(n->classes[0] ? n->classes : NULL, &c, e) < 0)
		return -e->code;
	if (bpf_map_get(s->map[WAYS], &none, &note) == 0 && note.wait[NET_SENT] == shape_nets_mark(&c))
		return 0;
	note = (struct shape_way){ .wait[NET_SENT] = shape_nets_mark(&c) };
	if (shape_nets_fill(&s->map[NETS], &c, e) < 0)
		return -e->code;
	return bpf_map_put(s->map[WAYS], &none, &note) < 0 ? err_set(e, errno, "note the classes of networks") : 0;
}

int shape_shard_has(struct net *n, const struct net_place *p, enum net_traffic_way way, unsigned ifindex, bool in,
		    const struct shape_way *w, struct err *e)
{
	auto_call(shard_close) struct shard s = SHARD_INIT;
	uint32_t key = ifindex, place = number(p);
	int rc = shard_open(n, p, way, &s, e);

	if (rc < 0 || (!rc && !in))
		return rc;
	if (!rc)
		return lacks(&s, e);
	if (in && !plain(p) && way == NET_SENT && know_nets(n, &s, e) < 0)
		return -e->code;
	if (in ? bpf_map_put(s.map[PLACES], &key, plain(p) ? (const void *)&place : w) < 0 :
		 bpf_map_del(s.map[PLACES], &key) < 0 && errno != ENOENT)
		return err_set(e, errno, "set the rates of an interface");
	return 0;
}

bool shape_shard_holds(struct net *n, const struct net_place *p, enum net_traffic_way way, unsigned ifindex)
{
	auto_call(shard_close) struct shard s = SHARD_INIT;
	uint32_t key = ifindex, place = NET_SHAPE_SHARD;
	struct shape_bucket bucket;
	struct err ignored = { 0 };
	struct shape_way w;

	if (shard_open(n, p, way, &s, &ignored) <= 0)
		return false;
	if (!plain(p))
		return bpf_map_get(s.map[WAYS], &key, &w) == 0 && w.base == shape_base(p);
	return bpf_map_get(s.map[PLACES], &key, &place) == 0 && place == number(p) &&
	       bpf_map_get(s.map[BUCKETS], &place, &bucket) == 0 && bucket.cost;
}
