/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a container sends within its rates goes straight on; only what is above them makes the detour through the tree of an ifb,
 * which costs a packet nearly half a microsecond. The program has a bucket for each class: the time at which all that was sent
 * would be through. While that is ahead of the clock by no more than the burst, a packet passes. Then packets wait in the tree,
 * which knows the rate too, and so do all that come until the bucket shows that the last of them left it 20 ms ago: so none
 * overtakes another, unless the processor that has to send them stood still as long. All interfaces of a container share its
 * buckets.
 *
 * What waits is counted in the bucket as well. The tree has its own burst, an eighth of it all, and the bucket the rest. Each
 * container has its buckets to itself, on all processors, so they are added to atomically. A packet that no bucket counts, because
 * the queue is full by its account, goes to the tree, which drops it.
 */
#include "net/shape_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <linux/if_ether.h>

#include "util/auto.h"
#include "util/bpf.h"
#include "util/err.h"

#define HEAD4 66	/* Ethernet, IP, TCP with time stamps: what each packet that is cut from a segment has before it */
#define HEAD6 86
#define POINT 16
#define GRACE_NS 20000000

enum { R0, R1, R2, R3, R4, R5, CTX, BUCKET, CLS, NOW };
#define AT ((int)offsetof(struct shape_bucket, at))
#define LATE ((int)offsetof(struct shape_bucket, late))
#define COST ((int)offsetof(struct shape_bucket, cost))
#define BURST ((int)offsetof(struct shape_bucket, burst))
#define MOST ((int)offsetof(struct shape_bucket, most))

void shape_bucket(const struct net_rates *r, unsigned cls, struct shape_bucket *ret)
{
	uint64_t kbit = r->limit[cls].kbit[NET_SENT], burst = shape_burst(r, kbit);

	*ret = (struct shape_bucket){ 0 };
	if (!kbit)
		return;
	ret->cost = (8000000ull << POINT) / kbit;
	ret->burst = (burst - burst / SHAPE_PACE_SHARE) * ret->cost >> POINT;
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

/* R3: what the packet costs, of @mpu bytes at least; R5: the head of a piece. */
static size_t put_cost(struct bpf_insn *out, uint32_t mpu)
{
	size_t k = 0;

	out[k++] = field(R2, offsetof(struct __sk_buff, len));
	out[k++] = field(R3, offsetof(struct __sk_buff, gso_segs));
	out[k++] = jump(BPF_JEQ, R3, 0, 3);
	out[k++] = alu(BPF_SUB, R3, 1);
	out[k++] = alu_reg(BPF_MUL, R3, R5);
	out[k++] = alu_reg(BPF_ADD, R2, R3);
	out[k++] = jump(BPF_JGE, R2, (int)mpu, 1);
	out[k++] = alu(BPF_MOV, R2, (int)mpu);
	out[k++] = kept(R3, COST);
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
	out[k++] = shape_op(BPF_STX | BPF_MEM | BPF_W, CTX, CLS, offsetof(struct __sk_buff, priority), 0);
	return k + leave(out + k, SHAPE_BPF_MATCH);
}

/* The family's bucket, class and head, then on behind what says that there is none. */
static size_t put_family(struct bpf_insn *out, int six, uint32_t cls, int cell, int on)
{
	out[0] = shape_op(BPF_JMP32 | BPF_JNE | BPF_K, R3, 0, 5, htons(six ? ETH_P_IPV6 : ETH_P_IP));
	out[1] = shape_op(BPF_LD | BPF_IMM | BPF_DW, BUCKET, BPF_PSEUDO_MAP_VALUE, 0, cell);
	out[2] = shape_op(0, 0, 0, 0, (int)((cls & (NET_CLASS_N - 1)) * sizeof(struct shape_bucket)));
	out[3] = shape_op(BPF_ALU | BPF_MOV | BPF_K, CLS, 0, 0, (int)cls);
	out[4] = alu(BPF_MOV, R5, six ? HEAD6 : HEAD4);
	out[5] = shape_op(BPF_JMP | BPF_JA, 0, 0, on, 0);
	return 6;
}

size_t shape_pace_up(const uint32_t cls[2], int cell, uint32_t mpu, struct bpf_insn out[SHAPE_BPF_MAX])
{
	size_t k = 0;

	out[k++] = alu_reg(BPF_MOV, CTX, R1);
	out[k++] = shape_op(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ktime_get_ns);
	out[k++] = alu_reg(BPF_MOV, NOW, R0);
	out[k++] = field(R3, offsetof(struct __sk_buff, protocol));
	if (cls[0])
		k += put_family(out + k, 0, cls[0], cell, cls[1] ? 8 : 2);
	if (cls[1])
		k += put_family(out + k, 1, cls[1], cell, 2);
	k += leave(out + k, 0);
	k += put_cost(out + k, mpu);
	k += put_ahead(out + k);
	return k + put_verdict(out + k);
}

int net_shape_buckets(const struct net_rates *r, struct err *e)
{
	struct shape_bucket v[NET_CLASS_N];
	int fd;

	for (unsigned c = 0; c < NET_CLASS_N; c++)
		shape_bucket(r, c, &v[c]);
	fd = bpf_cell("vz_rate", v, sizeof(v));
	return fd < 0 ? err_set(e, errno, "rates need arrays for BPF (CONFIG_BPF_SYSCALL), but making one") : fd;
}

int shape_pace_load(const struct net_rates *r, const int *buckets, const uint32_t cls[2], uint32_t mpu, struct err *e)
{
	struct bpf_insn text[SHAPE_BPF_MAX];
	auto_close int own = buckets ? -1 : net_shape_buckets(r, e);

	if (!buckets && own < 0)
		return own;
	return shape_bpf_load(text, shape_pace_up(cls, buckets ? *buckets : own, mpu, text), e);	/* which keeps them */
}
