/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two programs for BPF that find the class of a packet and whether it goes through a tree of shape.h; the filter's action takes
 * it there (bpf_redirect() would not do: what the host itself sends has no interface to come back to). What differs from
 * container to container is in a map, so that one program does for all whose packets wait on the same device.
 */
#include "net/shape_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <linux/if_ether.h>

#include "util/bpf.h"
#include "util/err.h"

enum { R0, R1, R2, R3, R4, CTX = 6, WAY, STACK = 10 };

static struct bpf_insn field(int dst, size_t off)
{
	return shape_op(BPF_LDX | BPF_MEM | BPF_W, dst, CTX, (int)off, 0);
}

static struct bpf_insn word(int dst, int of, size_t off)
{
	return shape_op(BPF_LDX | BPF_MEM | BPF_W, dst, of, (int)off, 0);
}

static struct bpf_insn alu(int what, int dst, uint32_t imm)
{
	return shape_op(BPF_ALU | what | BPF_K, dst, 0, 0, (int)imm);
}

static struct bpf_insn alu_reg(int what, int dst, int src)
{
	return shape_op(BPF_ALU | what | BPF_X, dst, src, 0, 0);
}

static struct bpf_insn jump(int what, int dst, uint32_t imm, int off)
{
	return shape_op(BPF_JMP32 | what | BPF_K, dst, 0, off, (int)imm);
}

static size_t leave(struct bpf_insn *out, int with)
{
	out[0] = alu(BPF_MOV, R0, (uint32_t)with);
	out[1] = shape_op(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	return 2;
}

/* Priority from R2. */
static size_t redirect(struct bpf_insn *out)
{
	out[0] = shape_op(BPF_STX | BPF_MEM | BPF_W, CTX, R2, offsetof(struct __sk_buff, priority), 0);
	return 1 + leave(out + 1, SHAPE_BPF_MATCH);
}

/* R0: what @map has for the key @at of the stack; where there is nothing the packet goes straight on. */
static size_t put_lookup(struct bpf_insn *out, int map, int at)
{
	size_t k = 0;

	out[k++] = shape_op(BPF_ALU64 | BPF_MOV | BPF_X, R2, STACK, 0, 0);
	out[k++] = shape_op(BPF_ALU64 | BPF_ADD | BPF_K, R2, 0, 0, at);
	out[k++] = shape_op(BPF_LD | BPF_IMM | BPF_DW, R1, BPF_PSEUDO_MAP_FD, 0, map);
	out[k++] = shape_op(0, 0, 0, 0, 0);
	out[k++] = shape_op(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem);
	out[k++] = shape_op(BPF_JMP | BPF_JNE | BPF_K, R0, 0, 2, 0);
	return k + leave(out + k, 0);
}

/* WAY: that of the packet's interface. */
static size_t put_way(struct bpf_insn *out, int ways)
{
	size_t k = 0;

	out[k++] = shape_op(BPF_ALU64 | BPF_MOV | BPF_X, CTX, R1, 0, 0);
	out[k++] = field(R2, offsetof(struct __sk_buff, ifindex));
	out[k++] = shape_op(BPF_STX | BPF_MEM | BPF_W, STACK, R2, -4, 0);
	k += put_lookup(out + k, ways, -4);
	out[k++] = shape_op(BPF_ALU64 | BPF_MOV | BPF_X, WAY, R0, 0, 0);
	return k;
}

/* Does class R3 wait? Else straight on. */
static size_t put_waits(struct bpf_insn *out, enum net_traffic_way w)
{
	size_t k = 0;

	out[k++] = word(R4, WAY, offsetof(struct shape_way, wait) + (size_t)w * sizeof(uint32_t));
	out[k++] = alu_reg(BPF_RSH, R4, R3);
	out[k++] = jump(BPF_JSET, R4, 1, 2);
	return k + leave(out + k, 0);
}

/* R0: what trie @nets has for the destination, @len bytes at @off of the packet; where there is nothing it goes straight on. */
static size_t put_class(struct bpf_insn *out, int nets, int off, int len)
{
	size_t k = 0;

	out[k++] = shape_op(BPF_ALU64 | BPF_MOV | BPF_X, R1, CTX, 0, 0);
	out[k++] = alu(BPF_MOV, R2, (uint32_t)(ETH_HLEN + off));
	out[k++] = shape_op(BPF_ALU64 | BPF_MOV | BPF_X, R3, STACK, 0, 0);
	out[k++] = shape_op(BPF_ALU64 | BPF_ADD | BPF_K, R3, 0, 0, -len);
	out[k++] = alu(BPF_MOV, R4, (uint32_t)len);
	out[k++] = shape_op(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_skb_load_bytes);
	out[k++] = shape_op(BPF_JMP | BPF_JEQ | BPF_K, R0, 0, 2, 0);
	k += leave(out + k, 0);
	out[k++] = shape_op(BPF_ST | BPF_MEM | BPF_W, STACK, 0, -len - 4, len * 8);
	return k + put_lookup(out + k, nets, -len - 4);
}

size_t shape_bpf_up(int ways, const int nets[2], struct bpf_insn out[SHAPE_BPF_MAX])
{
	size_t k = put_way(out, ways), six, both;

	out[k++] = field(R3, offsetof(struct __sk_buff, protocol));
	out[k++] = jump(BPF_JEQ, R3, htons(ETH_P_IP), 3);
	six = k++;
	k += leave(out + k, 0);
	k += put_class(out + k, nets[0], 16, 4);
	both = k++;
	out[six] = jump(BPF_JEQ, R3, htons(ETH_P_IPV6), (int)(k - six) - 1);
	k += put_class(out + k, nets[1], 24, 16);
	out[both] = shape_op(BPF_JMP | BPF_JA, 0, 0, (int)(k - both) - 1, 0);
	out[k++] = word(R3, R0, 0);
	out[k++] = alu(BPF_AND, R3, NET_CLASS_N - 1);
	k += put_waits(out + k, NET_SENT);
	out[k++] = word(R2, WAY, offsetof(struct shape_way, base));
	out[k++] = alu_reg(BPF_ADD, R2, R3);
	out[k++] = alu(BPF_ADD, R2, SHAPE_MAJOR);
	return k + redirect(out + k);
}

/* The accounting has left SHAPE_MAJOR and the class of the source in the priority. */
size_t shape_bpf_down(int ways, struct bpf_insn out[SHAPE_BPF_MAX])
{
	size_t k = put_way(out, ways);

	out[k++] = field(R2, offsetof(struct __sk_buff, priority));
	out[k++] = alu_reg(BPF_MOV, R3, R2);
	out[k++] = alu(BPF_AND, R3, ~(NET_CLASS_N - 1u));
	out[k++] = jump(BPF_JEQ, R3, SHAPE_MAJOR, 2);
	k += leave(out + k, 0);
	out[k++] = alu_reg(BPF_MOV, R3, R2);
	out[k++] = alu(BPF_AND, R3, NET_CLASS_N - 1);
	k += put_waits(out + k, NET_RECEIVED);
	out[k++] = word(R4, WAY, offsetof(struct shape_way, base));
	out[k++] = alu_reg(BPF_ADD, R2, R4);
	return k + redirect(out + k);
}

int shape_bpf_load(const struct bpf_insn *v, size_t n, struct err *e)
{
	int fd = bpf_load(BPF_PROG_TYPE_SCHED_CLS, "vz_rate", v, n);

	return fd < 0 ? err_set(e, errno, "rates need programs for BPF (CONFIG_NET_CLS_BPF), but loading one") : fd;
}
