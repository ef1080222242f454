/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two programs for BPF that find the class of a packet and whether it goes through a tree of shape.h; the filter's action takes
 * it there (bpf_redirect() would not do: what the host itself sends has no interface to come back to). What differs from
 * container to container is in their text, so there is no map to keep in step; loading one costs 30 us, however many there are.
 */
#include "net/shape_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <linux/if_ether.h>

#include "util/bpf.h"
#include "util/err.h"

enum { R0, R1, R2, R3, R4 };

static struct bpf_insn load(int dst, size_t field)
{
	return shape_op(BPF_LDX | BPF_MEM | BPF_W, dst, R1, (int)field, 0);
}

static struct bpf_insn alu(int what, int dst, uint32_t imm)
{
	return shape_op(BPF_ALU | what | BPF_K, dst, 0, 0, (int)imm);
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
	out[0] = shape_op(BPF_STX | BPF_MEM | BPF_W, R1, R2, offsetof(struct __sk_buff, priority), 0);
	return 1 + leave(out + 1, SHAPE_BPF_MATCH);
}

size_t shape_bpf_up(const uint32_t cls[2], struct bpf_insn out[SHAPE_BPF_MAX])
{
	static const uint16_t ether[2] = { ETH_P_IP, ETH_P_IPV6 };
	size_t k = 0;

	out[k++] = load(R3, offsetof(struct __sk_buff, protocol));
	for (int six = 0; six < 2; six++) {
		if (!cls[six])
			continue;
		out[k++] = jump(BPF_JNE, R3, htons(ether[six]), 4);
		out[k++] = alu(BPF_MOV, R2, cls[six]);
		k += redirect(out + k);
	}
	return k + leave(out + k, 0);
}

/* The accounting has left SHAPE_MAJOR and the class of the source in the priority. */
size_t shape_bpf_down(uint32_t base, uint32_t mask, struct bpf_insn out[SHAPE_BPF_MAX])
{
	size_t k = 0;

	out[k++] = load(R2, offsetof(struct __sk_buff, priority));
	out[k++] = shape_op(BPF_ALU | BPF_MOV | BPF_X, R3, R2, 0, 0);
	out[k++] = alu(BPF_AND, R3, ~(NET_CLASS_N - 1u));
	out[k++] = jump(BPF_JNE, R3, SHAPE_MAJOR, 10);
	out[k++] = shape_op(BPF_ALU | BPF_MOV | BPF_X, R3, R2, 0, 0);
	out[k++] = alu(BPF_AND, R3, NET_CLASS_N - 1);
	out[k++] = alu(BPF_MOV, R4, mask);
	out[k++] = shape_op(BPF_ALU | BPF_RSH | BPF_X, R4, R3, 0, 0);
	out[k++] = jump(BPF_JSET, R4, 1, 1);
	out[k++] = shape_op(BPF_JMP | BPF_JA, 0, 0, 4, 0);
	out[k++] = alu(BPF_ADD, R2, base);
	k += redirect(out + k);
	return k + leave(out + k, 0);
}

int shape_bpf_load(const struct bpf_insn *v, size_t n, struct err *e)
{
	int fd = bpf_load(BPF_PROG_TYPE_SCHED_CLS, "vz_rate", v, n);

	return fd < 0 ? err_set(e, errno, "rates need programs for BPF (CONFIG_NET_CLS_BPF), but loading one") : fd;
}
