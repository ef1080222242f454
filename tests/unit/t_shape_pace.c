/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program with buckets, run step by step: what passes, what waits, how much of it, and the kernel takes it. */
#include <arpa/inet.h>
#include <linux/if_ether.h>

#include "net/shape_priv.h"
#include "tests/lib/test.h"
#include "tests/unit/t_bpf_machine.h"
#include "util/auto.h"
#include "util/bpf.h"
#include "util/err.h"

#define MS 1000000ull

enum { PLACES = 7, BUCKETS = 9, IFINDEX = 33, PLACE = 3 };
struct sender {
	struct machine m;
	struct shape_bucket b;
	struct bpf_insn text[SHAPE_BPF_MAX];
	size_t n;
};

static void *look(struct machine *m, uint64_t map, uint32_t key)
{
	static uint32_t place = PLACE;

	if (map == PLACES)
		return key == IFINDEX ? &place : NULL;
	return map == BUCKETS && key == PLACE ? &((struct sender *)m)->b : NULL;
}

static void begin(struct sender *s, const struct net_rates *r, uint32_t mpu)
{
	memset(s, 0, sizeof(*s));
	shape_bucket(r, 1, NET_SENT, mpu, &s->b);
	s->b.queue = PLACE + 1;
	s->n = shape_pace(PLACES, BUCKETS, s->text);
	CHECK(s->n <= SHAPE_BPF_MAX);
	s->m.look = look;
	s->m.now = 5000 * MS;
	s->m.skb.ifindex = IFINDEX;
}

/* One packet of @len bytes: does it pass at once? */
static bool one(struct sender *s, uint16_t ether, uint32_t len, uint32_t segments)
{
	int64_t rc;

	s->m.skb.protocol = htons(ether);
	s->m.skb.queue_mapping = 77;
	s->m.skb.len = len;
	s->m.skb.gso_segs = segments;
	rc = machine_run(s->text, s->n, &s->m);
	CHECK(rc == 0 || rc == SHAPE_BPF_MATCH);
	CHECK_EQ(s->m.skb.queue_mapping, rc == 0 ? 77 : PLACE + 1);
	return rc == 0;
}

TEST(shape_pace_bucket)
{
	const struct net_rates r = { .limit = { [1].kbit = { 8000, 0 }, [2].kbit = { 400000000, 5 }, [3].kbit = { 100000, 0 } } };
	struct shape_bucket b;

	shape_bucket(&r, 1, NET_SENT, 64, &b);	/* a byte in a microsecond */
	CHECK_EQ(b.cost, 1000 << 16);
	CHECK_EQ(b.burst, (16384 - 2048) * 1000);
	CHECK_EQ(b.most, b.burst + 131072 * 1000);
	CHECK_EQ(b.mpu, 64);
	shape_bucket(&r, 2, NET_SENT, 0, &b);
	CHECK_EQ(b.cost, 1310);
	shape_bucket(&r, 2, NET_RECEIVED, 0, &b);
	CHECK_EQ(b.cost, (8000000ull << 16) / 5);
	shape_bucket(&r, 3, NET_SENT, 0, &b);	/* the queue takes a large piece whole */
	CHECK_EQ(b.burst, (125000 - 70000) * 80);
	shape_bucket(&r, 4, NET_SENT, 0, &b);
	CHECK_EQ(b.cost, 0);
}

TEST(shape_pace_rest)
{
	const struct net_rates r = { .burst_kib = 0 }, own = { .burst_kib = 80 };

	CHECK_EQ(shape_pace_rest(&r, 8000), 2048);
	CHECK_EQ(shape_pace_rest(&r, 60000), 9375);
	CHECK_EQ(shape_pace_rest(&r, 100000), 70000);
	CHECK_EQ(shape_pace_rest(&r, 1000000), 210000);
	CHECK_EQ(shape_pace_rest(&r, 10000000), 1562500);
	CHECK_EQ(shape_pace_rest(&own, 1000000), 10240);
}

/* Who has no place, or no rate, goes straight on, and counts nowhere. */
TEST(shape_pace_none)
{
	const struct net_rates r = { .limit[1].kbit = { 8, 0 } }, none = { .burst_kib = 5 };
	struct sender s;

	begin(&s, &r, 0);
	s.m.skb.ifindex = IFINDEX + 1;
	for (unsigned i = 0; i < 100; i++)
		CHECK(one(&s, ETH_P_IP, 1500, 0));
	CHECK_EQ(s.b.at, 0);
	begin(&s, &none, 0);
	for (unsigned i = 0; i < 100; i++)
		CHECK(one(&s, ETH_P_IP, 1500, 0));
	CHECK_EQ(s.b.at, 0);
}

TEST(shape_pace_burst)
{
	const struct net_rates r = { .limit[1].kbit = { 8000, 0 }, .burst_kib = 80 };
	struct sender s;
	unsigned passed = 0;

	begin(&s, &r, 0);
	CHECK(one(&s, ETH_P_ARP, 60, 0));
	while (one(&s, passed & 1 ? ETH_P_IPV6 : ETH_P_IP, 1024, 0))
		passed++;
	CHECK_EQ(passed, 71);			/* 70 KiB, and the one that goes over */
	CHECK_EQ(s.b.late, s.m.now + 1024 * 1000 + 20 * MS);
	CHECK_EQ(s.b.at, s.m.now + 72 * 1024 * 1000);
	/* what waits has gone when the bucket says so, and a while later the next one passes */
	s.m.now += 3 * MS;
	CHECK(!one(&s, ETH_P_IP, 1024, 0));
	s.m.now += 17 * MS;
	CHECK(!one(&s, ETH_P_IP, 1024, 0));
	s.m.now += 3 * MS;
	CHECK(one(&s, ETH_P_IP, 1024, 0));
}

/* A second of more than it may: what passes and what is counted as waiting is as much as the rate allows. */
TEST(shape_pace_rate)
{
	const struct net_rates r = { .limit[1].kbit = { 8000, 0 } };
	uint64_t passed = 0, end;
	struct sender s;

	begin(&s, &r, 0);
	end = s.m.now + 1000 * MS;
	for (; s.m.now < end; s.m.now += MS / 2)
		passed += one(&s, ETH_P_IPV6, 1000, 0);
	CHECK(passed >= 28 && passed <= 30);	/* the burst, and what the rate adds while it is used up */
	CHECK(s.b.at >= end + s.b.most - 2 * MS && s.b.at < end + s.b.most + 2 * MS);
	/* and what stays below it never waits */
	begin(&s, &r, 0);
	for (unsigned i = 0; i < 2000; i++, s.m.now += MS * 10 / 9)
		CHECK(one(&s, ETH_P_IPV6, 1000, 0));
}

TEST(shape_pace_cost)
{
	const struct net_rates r = { .limit[1].kbit = { 8000, 0 } };
	struct sender s;

	begin(&s, &r, 1000);
	CHECK(one(&s, ETH_P_IP, 60, 0));
	CHECK_EQ(s.b.at, s.m.now + 1000 * 1000);
	begin(&s, &r, 0);
	CHECK(one(&s, ETH_P_IP, 3000, 3));	/* three packets: two more heads */
	CHECK_EQ(s.b.at, s.m.now + (3000 + 2 * 66) * 1000);
	begin(&s, &r, 0);
	CHECK(one(&s, ETH_P_IPV6, 3000, 3));
	CHECK_EQ(s.b.at, s.m.now + (3000 + 2 * 86) * 1000);
}

TEST_ROOT(shape_pace_load)
{
	auto_close int places = bpf_map(BPF_MAP_TYPE_HASH, "vz_test", 4, 4, 16);
	auto_close int buckets = bpf_map(BPF_MAP_TYPE_ARRAY, "vz_test", 4, sizeof(struct shape_bucket), 16);
	struct bpf_insn text[SHAPE_BPF_MAX];
	struct err e = { 0 };
	int fd = shape_bpf_load(text, shape_pace(places, buckets, text), &e);

	CHECK_OK(fd, &e);
	close(fd);
}
