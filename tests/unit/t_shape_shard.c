/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices of many queues: made whole again whatever somebody took from them; places come and go. */
#include <linux/pkt_sched.h>

#include "net/shape_priv.h"
#include "tests/unit/t_net_lab.h"

static const struct net_place place = { .slot = 40 };

static int tc_del(struct lab *l, uint16_t type, uint32_t handle, uint32_t parent)
{
	struct err e = { 0 };
	struct nl_batch b;

	nl_batch_begin(&b, &l->net->rt, &e);
	shape_msg(&b, type, 0, link_index(&l->net->rt, "vzifb-up1"), handle, parent, "remove");
	return nl_batch_end(&b);
}

static void takes_rates(struct lab *l)
{
	const struct net_rates r = { .limit[1].kbit = { 8000, 0 } };

	CHECK_OK(shape_shard_set(l->net, &place, NET_SENT, &r, 1, 0, &l->e), &l->e);
	CHECK_OK(shape_shard_has(l->net, &place, NET_SENT, 77, true, NULL, &l->e), &l->e);
}

TEST_ROOT(shard_made_whole)
{
	const struct net_rates r = { .limit[1].kbit = { 8000, 0 } };
	struct lab l;

	lab_init(&l, "", "");
	CHECK(shape_shard_set(l.net, &place, NET_SENT, &r, 1, 0, &l.e) < 0);
	CHECK(strstr(l.e.text, "vzifb-up1"));
	err_clear(&l.e);
	for (int again = 0; again < 2; again++)
		CHECK_OK(shape_shard_make(l.net, &place, NET_SENT, &l.e), &l.e);
	takes_rates(&l);
	lab_flags(&l.net->rt, "vzifb-up1", 0, IFF_UP, &l.e);
	CHECK(shape_shard_set(l.net, &place, NET_SENT, &r, 1, 0, &l.e) < 0);
	err_clear(&l.e);
	CHECK_OK(shape_shard_make(l.net, &place, NET_SENT, &l.e), &l.e);
	takes_rates(&l);
	/* the block, and with it filter and maps */
	CHECK_EQ(tc_del(&l, RTM_DELQDISC, TC_H_MAKE(TC_H_INGRESS, 0), TC_H_INGRESS), 0);
	CHECK(shape_shard_has(l.net, &place, NET_SENT, 77, true, NULL, &l.e) < 0);
	err_clear(&l.e);
	CHECK_OK(shape_shard_make(l.net, &place, NET_SENT, &l.e), &l.e);
	takes_rates(&l);
	/* all queues: the next rate finds its own anew */
	CHECK_EQ(tc_del(&l, RTM_DELQDISC, 0x10000, TC_H_ROOT), 0);
	CHECK_OK(shape_shard_make(l.net, &place, NET_SENT, &l.e), &l.e);
	takes_rates(&l);
	net_close(l.net);
}

TEST_ROOT(shard_clear)
{
	struct lab l;

	lab_init(&l, "", "");
	CHECK_OK(shape_shard_clear(l.net, &place, NET_SENT, &l.e), &l.e);
	CHECK_OK(shape_shard_has(l.net, &place, NET_SENT, 77, false, NULL, &l.e), &l.e);
	CHECK_OK(shape_shard_make(l.net, &place, NET_SENT, &l.e), &l.e);
	for (int again = 0; again < 3; again++) {
		takes_rates(&l);
		CHECK_OK(shape_shard_has(l.net, &place, NET_SENT, 78 + (unsigned)again, true, NULL, &l.e), &l.e);
		CHECK_OK(shape_shard_clear(l.net, &place, NET_SENT, &l.e), &l.e);
		CHECK_OK(shape_shard_clear(l.net, &place, NET_SENT, &l.e), &l.e);
		CHECK_OK(shape_shard_has(l.net, &place, NET_SENT, 77, false, NULL, &l.e), &l.e);
	}
	net_close(l.net);
}

TEST(shard_blocks)
{
	const struct net_place other = { .slot = 31 }, same = { .slot = 63 };

	CHECK_EQ(shape_shard_block(&place, NET_SENT), shape_shard_block(&same, NET_SENT));
	CHECK(shape_shard_block(&place, NET_SENT) != shape_shard_block(&other, NET_SENT));
	CHECK(shape_shard_block(&place, NET_SENT) != shape_shard_block(&place, NET_RECEIVED));
}
