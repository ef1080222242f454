/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef T_BPF_MACHINE_H
#define T_BPF_MACHINE_H
/* Runs the programs of net/shape*.c step by step: it knows just what they use. */
#include <stdint.h>
#include <string.h>
#include <linux/bpf.h>

#include "util/auto.h"

/* @look: what map @map has under @key, or NULL. The whole key is at @whole. @packet: what can be read of it, from the heads on. */
struct machine {
	struct __sk_buff skb;
	uint64_t now;
	void *(*look)(struct machine *m, uint64_t map, uint32_t key);
	const void *whole;
	const uint8_t *packet;
	size_t size;
};

static inline uint64_t machine_alu(int op, uint64_t a, uint64_t b)
{
	switch (op) {
	case BPF_MOV: return b;
	case BPF_ADD: return a + b;
	case BPF_SUB: return a - b;
	case BPF_MUL: return a * b;
	case BPF_AND: return a & b;
	case BPF_RSH: return a >> b;
	}
	return UINT64_MAX;
}

static inline bool machine_jumps(int op, uint64_t a, uint64_t b)
{
	switch (op) {
	case BPF_JA: return true;
	case BPF_JEQ: return a == b;
	case BPF_JNE: return a != b;
	case BPF_JGT: return a > b;
	case BPF_JGE: return a >= b;
	case BPF_JSET: return (a & b) != 0;
	}
	return false;
}

/* To and from memory: addresses in registers are ours. */
static inline void machine_memory(const struct bpf_insn *i, uint64_t r[11])
{
	uint8_t *at = (uint8_t *)(uintptr_t)(BPF_CLASS(i->code) == BPF_LDX ? r[i->src_reg] : r[i->dst_reg]) + i->off;
	size_t len = BPF_SIZE(i->code) == BPF_DW ? 8 : 4;
	uint64_t v = 0;

	memcpy(&v, at, len);
	if (BPF_CLASS(i->code) == BPF_LDX) {
		r[i->dst_reg] = v;
		return;
	}
	if (BPF_CLASS(i->code) == BPF_ST)
		v = (uint64_t)(int64_t)i->imm;
	else if (BPF_MODE(i->code) != BPF_ATOMIC)
		v = r[i->src_reg];
	else if (i->imm == BPF_ADD)
		v += r[i->src_reg];
	else if (v == r[0])		/* compare and exchange */
		v = r[i->src_reg];
	else
		r[0] = v;
	memcpy(at, &v, len);
}

static inline uint64_t machine_call(struct machine *m, int what, const uint64_t r[11])
{
	if (what == BPF_FUNC_map_lookup_elem) {
		m->whole = (const void *)(uintptr_t)r[2];
		return (uintptr_t)m->look(m, r[1], *(const uint32_t *)m->whole);
	}
	if (what == BPF_FUNC_skb_load_bytes) {
		if (r[2] + r[4] > m->size)
			return UINT64_MAX;
		memcpy((void *)(uintptr_t)r[3], m->packet + r[2], r[4]);
		return 0;
	}
	return m->now;
}

/* What R0 is at the end; -2: no sense in it. */
static inline int64_t machine_run(const struct bpf_insn *v, size_t n, struct machine *m)
{
	uint64_t stack[8], r[11] = { [1] = (uintptr_t)&m->skb, [10] = (uintptr_t)&stack[8] };

	for (size_t i = 0, steps = 0; i < n && steps < 200; i++, steps++) {
		int cls = BPF_CLASS(v[i].code), op = BPF_OP(v[i].code);
		uint64_t b = v[i].code & BPF_X ? r[v[i].src_reg] : (uint64_t)(int64_t)v[i].imm;
		uint64_t mask = cls == BPF_ALU || cls == BPF_JMP32 ? UINT32_MAX : UINT64_MAX;

		if (cls == BPF_LDX || cls == BPF_STX || cls == BPF_ST) {
			machine_memory(&v[i], r);
		} else if (cls == BPF_LD) {	/* two: a map */
			r[v[i].dst_reg] = (uint32_t)v[i].imm;
			i++;
		} else if (cls == BPF_ALU || cls == BPF_ALU64) {
			r[v[i].dst_reg] = machine_alu(op, r[v[i].dst_reg] & mask, b & mask) & mask;
		} else if (op == BPF_EXIT) {
			return (int32_t)r[0];
		} else if (op == BPF_CALL) {
			r[0] = machine_call(m, v[i].imm, r);
			memset(&r[1], 0xa5, 5 * sizeof(r[0]));
		} else if (machine_jumps(op, r[v[i].dst_reg] & mask, b & mask)) {
			i += (size_t)v[i].off;
		}
	}
	return -2;
}

#endif
