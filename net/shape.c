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

void shape_ifb(const struct net_place *p, enum net_traffic_way way, char dst[16])
{
	const char *name = way == NET_SENT ? SHAPE_UP : SHAPE_DOWN;

	if (p->kind == NET_PLACE_SHARED)
		str_copy(dst, IFNAMSIZ, name);
	else
		str_fmt(dst, IFNAMSIZ, "%s%s%u", name, p->kind == NET_PLACE_CLASSES ? "c" : "", p->slot / NET_SHAPE_SHARD);
}

/* --- devices --- */

int net_shape_devices(struct net *n, const struct net_place *p, struct err *e)
{
	if (net_rt(n, e) < 0)
		return -e->code;
	for (int w = 0; w < NET_WAY_N; w++) {
		enum net_traffic_way way = (enum net_traffic_way)w;

		if (!shape_own(p, way) && shape_shard_make(n, p, way, e) < 0)
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
		    const struct link_info *at, bool all, struct err *e)
{
	enum shape_kind kind = p->kind == NET_PLACE_SHARED ? SHAPE_SHARED : SHAPE_ALONE;
	struct nl_batch b;

	nl_batch_begin(&b, &n->rt, e);
	if (all) {
		shape_put_root(&b, at->index);
		if (kind == SHAPE_SHARED)
			shape_put_trunk(&b, at->index, t);
		shape_put_chunk(&b, at->index, shape_base(p), shape_mask(r, (enum net_traffic_way)way), kind);
	}
	shape_put_branch(&b, at->index, shape_base(p), way, r, t, kind);
	return nl_batch_end(&b);
}

/* A trunk that stands with these figures is left alone; all is made anew when it turns out that a class is not there. */
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
		if (shape_own(p, (enum net_traffic_way)w))
			continue;
		if (p->kind == NET_PLACE_PLAIN ? shape_shard_set(n, p, (enum net_traffic_way)w, r, cls, t->mpu, e) < 0 :
						 set_tree(n, p, w, r, t, e) < 0)
			return -e->code;
	}
	return 0;
}

int net_shape_clear(struct net *n, const struct net_place *p, struct err *e)
{
	if (net_rt(n, e) < 0)
		return -e->code;
	for (int w = 0; w < NET_WAY_N; w++) {
		if (shape_shard_clear(n, p, (enum net_traffic_way)w, e) < 0)
			return -e->code;
	}
	return 0;
}
