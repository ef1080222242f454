/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The programs, run step by step; and the kernel takes them. */
#include <arpa/inet.h>
#include <linux/if_ether.h>

#include "net/shape_priv.h"
#include "tests/lib/test.h"
#include "tests/unit/t_bpf_machine.h"
#include "util/auto.h"
#include "util/bpf.h"
#include "util/err.h"

enum { WAYS = 3, NET4 = 4, NET6 = 6, IFINDEX = 33 };

static struct shape_way way = { .base = 0x420, .wait = { [NET_SENT] = 1u << 1 | 1u << 15, [NET_RECEIVED] = 1u << 1 | 1u << 15 } };

/* 192.0.2.CLASS and 2001:db8::CLASS, but none is of class 9. */
static void *look(struct machine *m, uint64_t map, uint32_t key)
{
	static uint32_t value;
	const uint8_t *addr = (const uint8_t *)m->whole + sizeof(uint32_t);
	uint8_t four[4] = { 192, 0, 2 }, six[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	if (map == WAYS)
		return key == IFINDEX ? &way : NULL;
	CHECK_EQ(key, map == NET4 ? 32 : 128);
	CHECK_EQ(memcmp(addr, map == NET4 ? four : six, map == NET4 ? 3 : 15), 0);
	value = 0xabcd10u | addr[map == NET4 ? 3 : 15];
	return (value & 15) == 9 ? NULL : &value;
}

static void up(uint32_t ifindex, uint16_t ether, uint8_t cls, size_t size, int64_t want, uint32_t priority)
{
	uint8_t packet[14 + 40] = { 0 }, four[4] = { 192, 0, 2, cls }, six[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = cls };
	static const int nets[2] = { NET4, NET6 };
	struct machine m = { .skb = { .protocol = htons(ether), .priority = 77, .ifindex = ifindex }, .look = look, .packet = packet,
			     .size = size };
	struct bpf_insn v[SHAPE_BPF_MAX];
	size_t n = shape_bpf_up(WAYS, nets, v);

	CHECK(n <= SHAPE_BPF_MAX);
	memcpy(packet + 14 + (ether == ETH_P_IP ? 16 : 24), ether == ETH_P_IP ? four : six, ether == ETH_P_IP ? 4 : 16);
	CHECK_EQ(machine_run(v, n, &m), want);
	CHECK_EQ(m.skb.priority, priority);
}

TEST(shape_bpf_up)
{
	up(IFINDEX, ETH_P_IP, 1, 34, SHAPE_BPF_MATCH, 0x10421);
	up(IFINDEX, ETH_P_IP, 15, 34, SHAPE_BPF_MATCH, 0x1042f);
	up(IFINDEX, ETH_P_IP, 2, 34, 0, 77);
	up(IFINDEX, ETH_P_IP, 9, 34, 0, 77);
	up(IFINDEX, ETH_P_IP, 1, 33, 0, 77);
	up(IFINDEX, ETH_P_IPV6, 1, 54, SHAPE_BPF_MATCH, 0x10421);
	up(IFINDEX, ETH_P_IPV6, 2, 54, 0, 77);
	up(IFINDEX, ETH_P_IPV6, 9, 54, 0, 77);
	up(IFINDEX, ETH_P_IPV6, 1, 53, 0, 77);
	up(IFINDEX, ETH_P_ARP, 1, 54, 0, 77);
	up(IFINDEX + 1, ETH_P_IP, 1, 34, 0, 77);
}

TEST(shape_bpf_down)
{
	static const struct { uint32_t before; int64_t what; uint32_t after; } t[] = {
		{ 0x10001, SHAPE_BPF_MATCH, 0x10421 }, { 0x1000f, SHAPE_BPF_MATCH, 0x1042f }, { 0x10002, 0, 0x10002 },
		{ 0x10000, 0, 0x10000 }, { 1, 0, 1 }, { 0x10011, 0, 0x10011 }, { 0, 0, 0 },
		{ 0x20001, 0, 0x20001 },
	};
	struct bpf_insn v[SHAPE_BPF_MAX];
	size_t n = shape_bpf_down(WAYS, v);

	CHECK(n <= SHAPE_BPF_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(t) * 2; i++) {
		bool ours = i < ARRAY_SIZE(t);
		size_t k = i % ARRAY_SIZE(t);
		struct machine m = { .skb = { .priority = t[k].before, .ifindex = ours ? IFINDEX : 1 }, .look = look };

		CHECK_EQ(machine_run(v, n, &m), ours ? t[k].what : 0);
		CHECK_EQ(m.skb.priority, ours ? t[k].after : t[k].before);
	}
}

TEST_ROOT(shape_bpf_load)
{
	int nets[2], ways = bpf_map(BPF_MAP_TYPE_HASH, "vz_ways", sizeof(uint32_t), sizeof(struct shape_way), 10);
	struct bpf_insn v[SHAPE_BPF_MAX];
	struct err e = { 0 };
	int fd;

	CHECK(ways >= 0 && shape_nets_make(nets) == 0);
	fd = shape_bpf_load(v, shape_bpf_up(ways, nets, v), &e);
	CHECK_OK(fd, &e);
	close(fd);
	fd = shape_bpf_load(v, shape_bpf_down(ways, v), &e);
	CHECK_OK(fd, &e);
	close(fd);
	v[0].code = 0xff;
	CHECK(shape_bpf_load(v, 3, &e) < 0);
	CHECK(strstr(e.text, "BPF"));
	close(ways);
	close(nets[0]);
	close(nets[1]);
}
