/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What waits in a queue goes when its burst gets less, and only then. */
#include <linux/pkt_sched.h>

#include "net/shape_priv.h"
#include "tests/unit/t_net_lab.h"

#define QUEUE 0x20000u

static void put(struct lab *l, const struct shape_tbf *q)
{
	unsigned lo = link_index(&l->net->rt, "lo");
	struct nl_batch b;

	nl_batch_begin(&b, &l->net->rt, &l->e);
	shape_put_tbf(&b, lo, q);
	CHECK_OK(nl_batch_end(&b), &l->e);
}

static bool drops(struct lab *l, struct shape_tbf *q)
{
	CHECK_OK(shape_tbf_look(&l->net->rt, link_index(&l->net->rt, "lo"), q, &l->e), &l->e);
	return q->drop;
}

TEST_ROOT(tbf_same)
{
	static const uint64_t kbit[] = { 1, 7, 64, 333, 1000, 19999, 100000, 1234567, 10000000, 34359739, 100000000, 400000000 };
	struct lab l;

	lab_init(&l, "", "");
	for (size_t i = 0; i < ARRAY_SIZE(kbit); i++) {
		for (uint64_t burst = 0; burst < 3000000; burst = burst * 3 + 1601) {
			struct shape_tbf q = { QUEUE, TC_H_ROOT, .kbit = kbit[i], .burst = burst };

			drops(&l, &q);
			put(&l, &q);
			CHECK(!drops(&l, &q));
			q.burst = MAX(burst, (uint64_t)1532) + 1000000;
			CHECK(!drops(&l, &q));
		}
	}
	net_close(l.net);
}

TEST_ROOT(tbf_shrinks)
{
	static const struct { struct shape_tbf was, now; bool drop; } t[] = {
		{ { .kbit = 20000, .burst = 3125, .mtu = 9000 }, { .kbit = 20000, .burst = 3125 }, true },
		{ { .kbit = 1000000, .burst = 65536 }, { .kbit = 20000, .burst = 3125 }, true },
		{ { .kbit = 20000, .burst = 3125 }, { .kbit = 1000000, .burst = 65536 }, false },
		{ { .kbit = 20000, .burst = 65536 }, { .kbit = 1000, .burst = 65536 + 300 }, false },
		{ { .kbit = 1000, .burst = 65536 }, { .kbit = 1000, .burst = 65535 }, true },
		{ { .kbit = 50000000, .burst = 900000 }, { .kbit = 40000000, .burst = 800000 }, true },
		{ { .kbit = 0 }, { .kbit = 40000000, .burst = 800000 }, false },
	};
	struct lab l;

	lab_init(&l, "", "");
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct shape_tbf was = t[i].was, now = t[i].now;

		was.handle = now.handle = QUEUE;
		was.parent = now.parent = TC_H_ROOT;
		put(&l, &was);
		CHECK_EQ(drops(&l, &now), t[i].drop);
		put(&l, &now);
		CHECK(!drops(&l, &now));
	}
	net_close(l.net);
}

TEST_ROOT(tbf_none)
{
	struct shape_tbf q = { QUEUE, TC_H_ROOT, .kbit = 1000, .burst = 20000 };
	struct lab l;

	lab_init(&l, "", "");
	CHECK(!drops(&l, &q));
	CHECK_OK(shape_tbf_look(&l.net->rt, 4711, &q, &l.e), &l.e);
	CHECK(!q.drop);
	net_close(l.net);
}
