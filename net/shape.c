/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices and trees of shape.h, over rtnetlink. What leads packets there is shape_dev.c. */
#include "net/shape_priv.h"
#include "net/net_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "util/auto.h"
#include "util/err.h"

#define QLEN 1000u

void shape_ifb(const struct net_place *p, enum net_traffic_way way, char dst[16])
{
	const char *name = way == NET_SENT ? SHAPE_UP : SHAPE_DOWN;

	if (p->kind == NET_PLACE_SHARED)
		str_copy(dst, IFNAMSIZ, name);
	else
		str_fmt(dst, IFNAMSIZ, "%s%s%u", name, p->kind == NET_PLACE_CLASSES ? "c" : "", p->slot / NET_SHAPE_SHARD);
}

/* --- devices --- */

static void put_ifb(struct nl_batch *b, const char *name)
{
	struct ifinfomsg *ifi = nl_msg(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(*ifi), "create interface", name);
	struct nlattr *info;

	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	nl_put_str(b, IFLA_IFNAME, name);
	nl_put_u32(b, IFLA_TXQLEN, QLEN);
	link_put_segments(b, LINK_SEGMENT);	/* whatever comes through is not cut there */
	info = nl_nest(b, IFLA_LINKINFO);
	nl_put_str(b, IFLA_INFO_KIND, "ifb");
	nl_nest_end(b, info);
	nl_ok(b, EEXIST, 0);
}

static int device(struct net *n, const struct net_place *p, enum net_traffic_way way, struct err *e)
{
	struct nl_batch b;
	unsigned index;
	char name[16];

	if (p->kind == NET_PLACE_PLAIN)
		return shape_shard_make(n, p, way, e);
	shape_ifb(p, way, name);
	index = link_index(&n->rt, name);
	if (!index) {
		nl_batch_begin(&b, &n->rt, e);
		put_ifb(&b, name);
		if (nl_batch_end(&b) < 0)
			return e->code == EOPNOTSUPP ? err_say(e, EOPNOTSUPP, "rates need the kernel's module ifb") : -e->code;
		index = link_index_made(&n->rt, name);
	}
	if (!index)
		return err_say(e, ENODEV, "interface %s vanished while it was being set up", name);
	nl_batch_begin(&b, &n->rt, e);
	shape_put_root(&b, index);
	return nl_batch_end(&b);
}

int net_shape_devices(struct net *n, const struct net_place *p, struct err *e)
{
	if (net_rt(n, e) < 0)
		return -e->code;
	for (int w = 0; w < NET_WAY_N; w++) {
		if (w == NET_RECEIVED && p->own)
			continue;
		if (device(n, p, (enum net_traffic_way)w, e) < 0)
			return -e->code;
	}
	return 0;
}

int net_shape_devices_gone(struct net *n, const struct net_place *p, struct err *e)
{
	char name[16];

	if (net_rt(n, e) < 0)
		return -e->code;
	for (int w = 0; w < NET_WAY_N; w++) {
		shape_ifb(p, (enum net_traffic_way)w, name);
		if (link_index(&n->rt, name) && link_delete(&n->rt, name, e) < 0)
			return -e->code;
	}
	return 0;
}

/* --- classes --- */

/* The figures of the trunk in one word: its device's alias, so it goes when the device goes. */
static void mark_of(const struct net_totals *t, char mark[32])
{
	uint64_t v[NET_CLASS_N + 2] = { [NET_CLASS_N] = t->bandwidth_kbit, t->mpu };
	uint64_t hash = 0xcbf29ce484222325ull;		/* FNV-1a */

	memcpy(v, t->total_kbit, sizeof(t->total_kbit));
	for (size_t i = 0; i < ARRAY_SIZE(v) * 8; i++)
		hash = (hash ^ (v[i / 8] >> i % 8 * 8 & 0xff)) * 0x100000001b3ull;
	str_fmt(mark, 32, "vz rates %016" PRIx64, hash);
}

static int put_mark(struct net *n, unsigned index, const char *name, const char *mark, struct err *e)
{
	struct nl_batch b;
	struct ifinfomsg *ifi;

	nl_batch_begin(&b, &n->rt, e);
	ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "name the figures of", name);
	ifi->ifi_index = (int)index;
	nl_put_str(&b, IFLA_IFALIAS, mark);
	return nl_batch_end(&b);
}

static int put_tree(struct net *n, const struct net_place *p, int way, const struct net_rates *r, const struct net_totals *t,
		    const struct link_info *at, bool trunk, struct err *e)
{
	bool shared = p->kind == NET_PLACE_SHARED;
	struct nl_batch b;

	nl_batch_begin(&b, &n->rt, e);
	if (trunk) {
		shape_put_root(&b, at->index);
		if (shared)
			shape_put_trunk(&b, at->index, t);
	}
	shape_put_branch(&b, at->index, shape_base(p), way, r, t, shared ? SHAPE_SHARED : SHAPE_ALONE);
	return nl_batch_end(&b);
}

/* A trunk that stands with these figures is left alone, and made anew when a class finds it gone after all. */
static int set_tree(struct net *n, const struct net_place *p, int way, const struct net_rates *r, const struct net_totals *t,
		    struct err *e)
{
	bool shared = p->kind == NET_PLACE_SHARED;
	struct link_info at;
	char mark[32], name[16];

	mark_of(t, mark);
	shape_ifb(p, (enum net_traffic_way)way, name);
	if (link_info(&n->rt, 0, name, &at, e) < 0)
		return -e->code;
	if ((!shared || str_eq(at.alias, mark)) && put_tree(n, p, way, r, t, &at, false, e) == 0)
		return 0;
	err_clear(e);
	if (put_tree(n, p, way, r, t, &at, true, e) < 0)
		return -e->code;
	return shared ? put_mark(n, at.index, name, mark, e) : 0;
}

int net_shape_set(struct net *n, const struct net_place *p, const struct net_rates *r, const struct net_totals *t, struct err *e)
{
	unsigned cls = 0;

	if (net_rt(n, e) < 0 || (p->kind == NET_PLACE_PLAIN && shape_plain_class(n, r, &cls, e) < 0))
		return -e->code;
	for (int w = 0; w < NET_WAY_N; w++) {
		if (w == NET_RECEIVED && p->own)
			continue;
		if (p->kind == NET_PLACE_PLAIN ? shape_shard_set(n, p, (enum net_traffic_way)w, r, cls, t->mpu, e) < 0 :
						 set_tree(n, p, w, r, t, e) < 0)
			return -e->code;
	}
	return 0;
}

static int clear_tree(struct net *n, const struct net_place *p, enum net_traffic_way way, struct err *e)
{
	struct nl_batch b;
	unsigned index;
	char name[16];

	shape_ifb(p, way, name);
	index = link_index(&n->rt, name);
	nl_batch_begin(&b, &n->rt, e);
	for (uint32_t c = 1; index && c < NET_CLASS_N; c++)
		shape_put_gone(&b, index, shape_class(p, c));
	return nl_batch_end(&b);
}

int net_shape_clear(struct net *n, const struct net_place *p, struct err *e)
{
	if (net_rt(n, e) < 0)
		return -e->code;
	for (int w = 0; w < NET_WAY_N; w++) {
		if ((p->kind == NET_PLACE_PLAIN ? shape_shard_clear : clear_tree)(n, p, (enum net_traffic_way)w, e) < 0)
			return -e->code;
	}
	return 0;
}
