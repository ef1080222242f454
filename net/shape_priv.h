/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_SHAPE_PRIV_H
#define NET_SHAPE_PRIV_H
/* Names and numbers of the trees, for what is in shape*.c. */
#include <stdint.h>
#include <linux/bpf.h>

#include "net/shape.h"

#define SHAPE_UP "vzifb-up"
#define SHAPE_DOWN "vzifb-down"
#define SHAPE_MAJOR NET_ACCT_PRIORITY	/* 1:1 the host's bandwidth, 1:2 to 1:10 the classes, from 1:20 on the containers' */
#define SHAPE_OWN 0u			/* base of the classes at a container's own interface */

/* vzifb-up, vzifb-down, or those of a shard. */
void shape_ifb(const struct net_place *p, enum net_traffic_way way, char dst[16]);
static inline uint32_t shape_base(const struct net_place *p)
{
	return 0x20 + (p->shared ? p->slot : p->slot % NET_SHAPE_SHARD) * 16;
}
static inline uint32_t shape_class(const struct net_place *p, uint32_t cls)
{
	return SHAPE_MAJOR | (shape_base(p) + cls);
}
uint32_t shape_mask(const struct net_rates *r, enum net_traffic_way way);	/* bits of the classes with a rate */

#define SHAPE_PACE_SHARE 8	/* of a burst: this part of it the tree lets through, the others the bucket before it */
enum shape_kind {
	SHAPE_SHARED,		/* below the trunk */
	SHAPE_ALONE,		/* classes that know nothing of each other */
	SHAPE_PACED,		/* the same, behind a bucket of shape_pace.c */
};

/* The class that all addresses of a family have, or 0; *split: it depends on the address. Of the classes of @mask. */
int shape_families(const char *file, uint32_t mask, uint32_t cls[2], bool *split, struct err *e);

/* The classes of what is sent, by family, and where it waits. */
int shape_sent(const struct net *n, const struct net_place *p, const struct net_rates *r, uint32_t cls[2], bool *split,
	       enum shape_kind *kind, struct err *e);

/* shape_htb.c: requests. @base: the first of 16 classes. */
struct nl_batch;
struct tcmsg;
struct shape_htb { uint32_t id, parent; uint64_t rate_kbit, ceil_kbit, burst; uint32_t mpu; };
struct tcmsg *shape_msg(struct nl_batch *b, uint16_t type, uint16_t flags, unsigned index, uint32_t handle, uint32_t parent,
			const char *what);
void shape_put_root(struct nl_batch *b, unsigned index);
void shape_put_trunk(struct nl_batch *b, unsigned index, const struct net_totals *t);
void shape_put_branch(struct nl_batch *b, unsigned index, uint32_t base, int way, const struct net_rates *r,
		      const struct net_totals *t, enum shape_kind kind);
uint64_t shape_burst(const struct net_rates *r, uint64_t kbit);	/* bytes */
uint64_t shape_backlog(uint64_t kbit);	/* as many bytes may wait */
void shape_put_gone(struct nl_batch *b, unsigned index, uint32_t id);	/* a class */

#define SHAPE_BPF_MAX 64
#define SHAPE_BPF_MATCH (-1)	/* what they return for a packet that has a class and waits, else 0 */
/* One of a program in @out, at @k. */
static inline struct bpf_insn shape_op(int code, int dst, int src, int off, int imm)
{
	return (struct bpf_insn){ .code = (__u8)code, .dst_reg = dst & 15, .src_reg = src & 15, .off = (short)off, .imm = imm };
}
/* Programs for filters that give a packet its priority. Return how many instructions. @cls: whole ids; 0: straight on */
size_t shape_bpf_up(const uint32_t cls[2], struct bpf_insn out[SHAPE_BPF_MAX]);
size_t shape_bpf_down(uint32_t base, uint32_t mask, struct bpf_insn out[SHAPE_BPF_MAX]);
int shape_bpf_load(const struct bpf_insn *v, size_t n, struct err *e);	/* descriptor */

/* shape_pace.c: the state of a class in the kernel; times in ns. */
struct shape_bucket {
	uint64_t at;		/* when what was sent so far would be through at the rate; may be ahead of the clock by burst */
	uint64_t late;		/* until then something that came when it was further ahead may wait still */
	uint64_t cost;		/* of a byte, 16 bits of it behind the point */
	uint64_t burst;
	uint64_t most;		/* what comes when it is ahead by more is not counted: the queue is full */
};
void shape_bucket(const struct net_rates *r, unsigned cls, struct shape_bucket *ret);
/* Like shape_bpf_up(), but what is within the rates goes straight on. @cell: descriptor of NET_CLASS_N buckets in a row. */
size_t shape_pace_up(const uint32_t cls[2], int cell, uint32_t mpu, struct bpf_insn out[SHAPE_BPF_MAX]);
/* The program in the kernel, with @buckets of net_shape_buckets() or, if that is NULL, its own; descriptor. */
int shape_pace_load(const struct net_rates *r, const int *buckets, const uint32_t cls[2], uint32_t mpu, struct err *e);

#endif
