/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The programs, run step by step by a machine that knows just what they use; and the kernel takes them. */
#include <arpa/inet.h>
#include <linux/if_ether.h>

#include "net/shape_priv.h"
#include "tests/lib/test.h"
#include "util/auto.h"
#include "util/err.h"

struct packet { uint32_t protocol, priority; };

static int64_t alu(int op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_MOV: return b;
	case BPF_ADD: return (uint32_t)(a + b);
	case BPF_AND: return a & b;
	case BPF_RSH: return a >> b;
	}
	return -1;
}

/* What R0 is at the end; -2: no sense in it. */
static int64_t run(const struct bpf_insn *v, size_t n, struct packet *p)
{
	uint64_t r[11] = { 0 };

	for (size_t i = 0, steps = 0; i < n && steps < 100; i++, steps++) {
		uint64_t b = v[i].code & BPF_X ? r[v[i].src_reg] : (uint32_t)v[i].imm;
		int cls = BPF_CLASS(v[i].code), op = BPF_OP(v[i].code);

		if (cls == BPF_LDX)
			r[v[i].dst_reg] = v[i].off == offsetof(struct __sk_buff, protocol) ? p->protocol : p->priority;
		else if (cls == BPF_STX)
			p->priority = (uint32_t)r[v[i].src_reg];
		else if (cls == BPF_ALU)
			r[v[i].dst_reg] = (uint64_t)alu(op, (uint32_t)r[v[i].dst_reg], (uint32_t)b);
		else if (cls == BPF_JMP && op == BPF_EXIT)
			return (int32_t)r[0];
		else if (op == BPF_JA || (op == BPF_JNE && r[v[i].dst_reg] != b) || (op == BPF_JSET && r[v[i].dst_reg] & b))
			i += (size_t)v[i].off;
	}
	return -2;
}

static void up(const uint32_t cls[2], uint16_t ether, int64_t want, uint32_t priority)
{
	struct packet p = { .protocol = htons(ether), .priority = 77 };
	struct bpf_insn v[SHAPE_BPF_MAX];
	size_t n = shape_bpf_up(cls, v);

	CHECK(n <= SHAPE_BPF_MAX);
	CHECK_EQ(run(v, n, &p), want);
	CHECK_EQ(p.priority, priority);
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
		struct packet p = { .priority = t[i].before };

		CHECK_EQ(run(v, n, &p), t[i].what);
		CHECK_EQ(p.priority, t[i].after);
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
