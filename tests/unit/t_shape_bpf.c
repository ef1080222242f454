/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The programs, run step by step; and the kernel takes them. */
#include <arpa/inet.h>
#include <linux/if_ether.h>

#include "net/shape_priv.h"
#include "tests/lib/test.h"
#include "tests/unit/t_bpf_machine.h"
#include "util/auto.h"
#include "util/err.h"

static void up(const uint32_t cls[2], uint16_t ether, int64_t want, uint32_t priority)
{
	struct machine m = { .skb = { .protocol = htons(ether), .priority = 77 } };
	struct bpf_insn v[SHAPE_BPF_MAX];
	size_t n = shape_bpf_up(cls, v);

	CHECK(n <= SHAPE_BPF_MAX);
	CHECK_EQ(machine_run(v, n, &m), want);
	CHECK_EQ(m.skb.priority, priority);
}

TEST(shape_bpf_up)
{
	static const uint32_t both[2] = { 0x10021, 0x10022 }, four[2] = { 0x10021, 0 }, six[2] = { 0, 0x10022 };

	up(both, ETH_P_IP, SHAPE_BPF_MATCH, 0x10021);
	up(both, ETH_P_IPV6, SHAPE_BPF_MATCH, 0x10022);
	up(both, ETH_P_ARP, 0, 77);
	up(four, ETH_P_IP, SHAPE_BPF_MATCH, 0x10021);
	up(four, ETH_P_IPV6, 0, 77);
	up(six, ETH_P_IP, 0, 77);
	up(six, ETH_P_IPV6, SHAPE_BPF_MATCH, 0x10022);
}

TEST(shape_bpf_down)
{
	static const struct { uint32_t before; int64_t what; uint32_t after; } t[] = {
		{ 0x10001, SHAPE_BPF_MATCH, 0x10421 }, { 0x1000f, SHAPE_BPF_MATCH, 0x1042f }, { 0x10002, 0, 0x10002 },
		{ 0x10000, 0, 0x10000 }, { 1, 0, 1 }, { 0x10011, 0, 0x10011 }, { 0, 0, 0 },
		{ 0x20001, 0, 0x20001 },
	};
	struct bpf_insn v[SHAPE_BPF_MAX];
	size_t n = shape_bpf_down(0x420, 1u << 1 | 1u << 15, v);

	CHECK(n <= SHAPE_BPF_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct machine m = { .skb.priority = t[i].before };

		CHECK_EQ(machine_run(v, n, &m), t[i].what);
		CHECK_EQ(m.skb.priority, t[i].after);
	}
}

TEST_ROOT(shape_bpf_load)
{
	static const uint32_t both[2] = { 0x10021, 0x10022 };
	struct bpf_insn v[SHAPE_BPF_MAX];
	struct err e = { 0 };
	int fd = shape_bpf_load(v, shape_bpf_up(both, v), &e);

	CHECK_OK(fd, &e);
	close(fd);
	fd = shape_bpf_load(v, shape_bpf_down(0x20, 2, v), &e);
	CHECK_OK(fd, &e);
	close(fd);
	v[0].code = 0xff;
	CHECK(shape_bpf_load(v, 3, &e) < 0);
	CHECK(strstr(e.text, "BPF"));
}
