/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program with buckets, run step by step: what passes, what waits, how much of it, and the kernel takes it. */
#include <arpa/inet.h>
#include <linux/if_ether.h>

#include "net/shape_priv.h"
#include "tests/lib/test.h"
#include "tests/unit/t_bpf_machine.h"
#include "util/err.h"

#define MS 1000000ull

struct sender {
	struct machine m;
	struct shape_bucket v[NET_CLASS_N];
	struct bpf_insn text[SHAPE_BPF_MAX];
	size_t n;
};

static void begin(struct sender *s, const struct net_rates *r, const uint32_t cls[2], uint32_t mpu)
{
	memset(s, 0, sizeof(*s));
	for (unsigned c = 0; c < NET_CLASS_N; c++)
		shape_bucket(r, c, &s->v[c]);
	s->n = shape_pace_up(cls, 3, mpu, s->text);
	CHECK(s->n <= SHAPE_BPF_MAX);
	s->m.cell = (uint8_t *)s->v;
	s->m.now = 5000 * MS;
}

/* One packet of @len bytes: does it pass at once? */
static bool one(struct sender *s, uint16_t ether, uint32_t len, uint32_t segments)
{
	int64_t rc;

	s->m.skb.protocol = htons(ether);
	s->m.skb.priority = 77;
	s->m.skb.len = len;
	s->m.skb.gso_segs = segments;
	rc = machine_run(s->text, s->n, &s->m);
	CHECK(rc == 0 || rc == SHAPE_BPF_MATCH);
	CHECK_EQ(rc == 0, s->m.skb.priority == 77);
	return rc == 0;
}

TEST(shape_pace_bucket)
{
	const struct net_rates r = { .limit[1].kbit = { 8000, 0 }, .limit[2].kbit = { 400000000, 0 } };
	struct shape_bucket b;

	shape_bucket(&r, 1, &b);	/* a byte in a microsecond */
	CHECK_EQ(b.cost, 1000 << 16);
	CHECK_EQ(b.burst, (16384 - 2048) * 1000);
	CHECK_EQ(b.most, b.burst + 131072 * 1000);
	shape_bucket(&r, 2, &b);
	CHECK_EQ(b.cost, 1310);
	shape_bucket(&r, 3, &b);
	CHECK_EQ(b.cost, 0);
}

TEST(shape_pace_burst)
{
	const struct net_rates r = { .limit[1].kbit = { 8000, 0 }, .burst_kib = 80 };
	static const uint32_t both[2] = { 0x10021, 0x10021 };
	struct sender s;
	unsigned passed = 0;

	begin(&s, &r, both, 0);
	CHECK(one(&s, ETH_P_ARP, 60, 0));
	while (one(&s, passed & 1 ? ETH_P_IPV6 : ETH_P_IP, 1024, 0))
		passed++;
	CHECK_EQ(passed, 71);			/* 70 KiB, and the one that goes over */
	CHECK_EQ(s.m.skb.priority, 0x10021);
	CHECK_EQ(s.v[1].late, s.m.now + 1024 * 1000 + 20 * MS);
	CHECK_EQ(s.v[1].at, s.m.now + 72 * 1024 * 1000);
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
	const struct net_rates r = { .limit[2].kbit = { 8000, 0 } };
	static const uint32_t six[2] = { 0, 0x10022 };
	uint64_t passed = 0, end;
	struct sender s;

	begin(&s, &r, six, 0);
	end = s.m.now + 1000 * MS;
	for (; s.m.now < end; s.m.now += MS / 2) {
		CHECK(one(&s, ETH_P_IP, 1500, 0));
		passed += one(&s, ETH_P_IPV6, 1000, 0);
	}
	CHECK(passed >= 28 && passed <= 30);	/* the burst, and what the rate adds while it is used up */
	CHECK(s.v[2].at >= end + s.v[2].most - 2 * MS && s.v[2].at < end + s.v[2].most + 2 * MS);
	/* and what stays below it never waits */
	begin(&s, &r, six, 0);
	for (unsigned i = 0; i < 2000; i++, s.m.now += MS * 10 / 9)
		CHECK(one(&s, ETH_P_IPV6, 1000, 0));
}

TEST(shape_pace_cost)
{
	const struct net_rates r = { .limit[1].kbit = { 8000, 0 } };
	static const uint32_t four[2] = { 0x10021, 0 }, both[2] = { 0x10021, 0x10021 };
	struct sender s;

	begin(&s, &r, four, 1000);
	CHECK(one(&s, ETH_P_IP, 60, 0));
	CHECK_EQ(s.v[1].at, s.m.now + 1000 * 1000);
	CHECK(one(&s, ETH_P_IPV6, 60, 0));
	CHECK_EQ(s.v[1].at, s.m.now + 1000 * 1000);
	begin(&s, &r, both, 0);
	CHECK(one(&s, ETH_P_IP, 3000, 3));	/* three packets: two more heads */
	CHECK_EQ(s.v[1].at, s.m.now + (3000 + 2 * 66) * 1000);
	begin(&s, &r, both, 0);
	CHECK(one(&s, ETH_P_IPV6, 3000, 3));
	CHECK_EQ(s.v[1].at, s.m.now + (3000 + 2 * 86) * 1000);
}

TEST_ROOT(shape_pace_load)
{
	const struct net_rates r = { .limit[1].kbit = { 8000, 0 } };
	static const uint32_t cls[3][2] = { { 0x10021, 0x10021 }, { 0x10021, 0 }, { 0, 0x1002f } };
	struct err e = { 0 };
	auto_close int buckets = net_shape_buckets(&r, &e);

	CHECK_OK(buckets, &e);
	for (size_t i = 0; i < ARRAY_SIZE(cls); i++) {
		int fd = shape_pace_load(&r, NULL, cls[i], 64, &e);

		CHECK_OK(fd, &e);
		close(fd);
		fd = shape_pace_load(&r, &buckets, cls[i], 0, &e);
		CHECK_OK(fd, &e);
		close(fd);
	}
}
