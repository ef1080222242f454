/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a container sends within its rate goes straight on; only what is above it makes the detour through a queue of an ifb, which
 * costs a packet nearly half a microsecond. Each has a bucket: the time at which all that was sent would be through. While that is
 * ahead of the clock by no more than the burst, a packet passes. Then packets wait in the queue, which knows the rate too, and so
 * do all that come until the bucket shows that the last of them left it 20 ms ago: so none overtakes another, unless the processor
 * that has to send them stood still as long. All interfaces of a container share its bucket.
 *
 * What waits is counted in the bucket as well. The queue has its own burst, a part of it all, and the bucket the rest. Each
 * container has its bucket to itself, on all processors, so it is added to atomically. A packet that no bucket counts, because
 * the queue is full by its account, goes there, where it is dropped.
 */
#include "net/shape_priv.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <linux/if_ether.h>

#include "util/auto.h"

#define HEAD4 66	/* Ethernet, IP, TCP with time stamps: what each packet that is cut from a segment has before it */
#define HEAD6 86
#define POINT 16
#define GRACE_NS 20000000
#define SHARE 8u	/* of a burst the queue has at least this part */
#define SEGMENT 70000ull	/* the usual large piece with its heads: the queue takes it whole where the rate is not too low */
#define SEGMENT_LARGE 210000ull
#define LARGE_KBIT 1000000u

enum { R0, R1, R2, R3, R4, R5, CTX, BUCKET, HEAD, NOW, STACK };
#define AT ((int)offsetof(struct shape_bucket, at))
#define LATE ((int)offsetof(struct shape_bucket, late))
#define COST ((int)offsetof(struct shape_bucket, cost))
#define BURST ((int)offsetof(struct shape_bucket, burst))
#define MOST ((int)offsetof(struct shape_bucket, most))
#define MPU ((int)offsetof(struct shape_bucket, mpu))
#define QUEUE ((int)offsetof(struct shape_bucket, queue))

uint64_t shape_pace_rest(const struct net_rates *r, uint64_t kbit)
{
	uint64_t burst = shape_burst(r, kbit), segment = kbit < LARGE_KBIT ? SEGMENT : SEGMENT_LARGE;

	return burst / 4 * 3 >= segment ? MAX(burst / SHARE, segment) : burst / SHARE;
}

void shape_bucket(const struct net_rates *r, unsigned cls, int way, uint32_t mpu, struct shape_bucket *ret)
{
	uint64_t kbit = r->limit[cls].kbit[way];

	*ret = (struct shape_bucket){ .mpu = mpu };
	if (!kbit)
		return;
	ret->cost = (8000000ull << POINT) / kbit;
	ret->burst = (shape_burst(r, kbit) - shape_pace_rest(r, kbit)) * ret->cost >> POINT;
	ret->most = ret->burst + (shape_backlog(kbit) * ret->cost >> POINT);
}

static struct bpf_insn field(int dst, size_t off)
{
	return shape_op(BPF_LDX | BPF_MEM | BPF_W, dst, CTX, (int)off, 0);
}

static struct bpf_insn kept(int dst, int off)
{
	return shape_op(BPF_LDX | BPF_MEM | BPF_DW, dst, BUCKET, off, 0);
}

static struct bpf_insn alu(int what, int dst, int imm)
{
	return shape_op(BPF_ALU64 | what | BPF_K, dst, 0, 0, imm);
}

static struct bpf_insn alu_reg(int what, int dst, int src)
{
	return shape_op(BPF_ALU64 | what | BPF_X, dst, src, 0, 0);
}

static struct bpf_insn jump(int what, int dst, int imm, int off)
{
	return shape_op(BPF_JMP | what | BPF_K, dst, 0, off, imm);
}

static size_t leave(struct bpf_insn *out, int with)
{
	out[0] = shape_op(BPF_ALU | BPF_MOV | BPF_K, R0, 0, 0, with);
	out[1] = shape_op(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	return 2;
}

/* HEAD: of a piece; what is no IP goes straight on. */
static size_t put_family(struct bpf_insn *out)
{
	size_t k = 0;

	out[k++] = field(R2, offsetof(struct __sk_buff, protocol));
	out[k++] = alu(BPF_MOV, HEAD, HEAD4);
	out[k++] = jump(BPF_JEQ, R2, htons(ETH_P_IP), 4);
	out[k++] = alu(BPF_MOV, HEAD, HEAD6);
	out[k++] = jump(BPF_JEQ, R2, htons(ETH_P_IPV6), 2);
	return k + leave(out + k, 0);
}

/* R0: what map @map has under the word on the stack; where there is nothing the packet goes straight on. */
static size_t put_lookup(struct bpf_insn *out, int map)
{
	size_t k = 0;

	out[k++] = alu_reg(BPF_MOV, R2, STACK);
	out[k++] = alu(BPF_ADD, R2, -4);
	out[k++] = shape_op(BPF_LD | BPF_IMM | BPF_DW, R1, BPF_PSEUDO_MAP_FD, 0, map);
	out[k++] = shape_op(0, 0, 0, 0, 0);
	out[k++] = shape_op(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem);
	out[k++] = jump(BPF_JNE, R0, 0, 2);
	return k + leave(out + k, 0);
}

static size_t put_bucket(struct bpf_insn *out, int places, int buckets)
{
	size_t k = 0;

	out[k++] = field(R2, offsetof(struct __sk_buff, ifindex));
	out[k++] = shape_op(BPF_STX | BPF_MEM | BPF_W, STACK, R2, -4, 0);
	k += put_lookup(out + k, places);
	out[k++] = shape_op(BPF_LDX | BPF_MEM | BPF_W, R2, R0, 0, 0);
	out[k++] = shape_op(BPF_STX | BPF_MEM | BPF_W, STACK, R2, -4, 0);
	k += put_lookup(out + k, buckets);
	out[k++] = alu_reg(BPF_MOV, BUCKET, R0);
	return k;
}

/* R3: what the packet costs; without a rate it goes straight on. */
static size_t put_cost(struct bpf_insn *out)
{
	size_t k = 0;

	out[k++] = kept(R3, COST);
	out[k++] = jump(BPF_JNE, R3, 0, 2);
	k += leave(out + k, 0);
	out[k++] = field(R2, offsetof(struct __sk_buff, len));
	out[k++] = field(R4, offsetof(struct __sk_buff, gso_segs));
	out[k++] = jump(BPF_JEQ, R4, 0, 3);
	out[k++] = alu(BPF_SUB, R4, 1);
	out[k++] = alu_reg(BPF_MUL, R4, HEAD);
	out[k++] = alu_reg(BPF_ADD, R2, R4);
	out[k++] = shape_op(BPF_LDX | BPF_MEM | BPF_W, R4, BUCKET, MPU, 0);
	out[k++] = shape_op(BPF_JMP | BPF_JGE | BPF_X, R2, R4, 1, 0);
	out[k++] = alu_reg(BPF_MOV, R2, R4);
	out[k++] = alu_reg(BPF_MUL, R3, R2);
	out[k++] = alu(BPF_RSH, R3, POINT);
	return k;
}

/* R0: how far the bucket is ahead; one that was behind is put to the clock. R4: how far it may be. */
static size_t put_ahead(struct bpf_insn *out)
{
	size_t k = 0;

	out[k++] = kept(R0, AT);
	out[k++] = shape_op(BPF_JMP | BPF_JGE | BPF_X, R0, NOW, 2, 0);
	out[k++] = shape_op(BPF_STX | BPF_ATOMIC | BPF_DW, BUCKET, NOW, AT, BPF_CMPXCHG);
	out[k++] = alu_reg(BPF_MOV, R0, NOW);
	out[k++] = alu_reg(BPF_SUB, R0, NOW);
	out[k++] = kept(R4, BURST);
	return k;
}

static struct bpf_insn count(void)
{
	return shape_op(BPF_STX | BPF_ATOMIC | BPF_DW, BUCKET, R3, AT, BPF_ADD);
}

static size_t put_verdict(struct bpf_insn *out)
{
	size_t k = 0;

	out[k++] = shape_op(BPF_JMP | BPF_JGT | BPF_X, R0, R4, 5, 0);
	out[k++] = kept(R5, LATE);
	out[k++] = shape_op(BPF_JMP | BPF_JGT | BPF_X, R5, NOW, 10, 0);
	out[k++] = count();
	k += leave(out + k, 0);
	out[k++] = alu_reg(BPF_MOV, R5, R0);		/* too far: until when does it take? */
	out[k++] = alu_reg(BPF_SUB, R5, R4);
	out[k++] = alu_reg(BPF_ADD, R5, NOW);
	out[k++] = alu(BPF_ADD, R5, GRACE_NS);
	out[k++] = shape_op(BPF_STX | BPF_MEM | BPF_DW, BUCKET, R5, LATE, 0);
	out[k++] = kept(R4, MOST);
	out[k++] = shape_op(BPF_JMP | BPF_JGT | BPF_X, R0, R4, 1, 0);
	out[k++] = count();				/* also of what waits because others may */
	out[k++] = shape_op(BPF_LDX | BPF_MEM | BPF_W, R2, BUCKET, QUEUE, 0);
	out[k++] = shape_op(BPF_STX | BPF_MEM | BPF_W, CTX, R2, offsetof(struct __sk_buff, queue_mapping), 0);
	return k + leave(out + k, SHAPE_BPF_MATCH);
}

size_t shape_pace(int places, int buckets, struct bpf_insn out[SHAPE_BPF_MAX])
{
	size_t k = 0;

	out[k++] = alu_reg(BPF_MOV, CTX, R1);
	k += put_family(out + k);
	k += put_bucket(out + k, places, buckets);
	out[k++] = shape_op(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ktime_get_ns);
	out[k++] = alu_reg(BPF_MOV, NOW, R0);
	k += put_cost(out + k);
	k += put_ahead(out + k);
	return k + put_verdict(out + k);
}
