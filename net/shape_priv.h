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
#define SHAPE_OWN_TBF 0x20000u		/* or the one queue there */
#define SHAPE_PRIO 1u			/* of our filters */

/* vzifb-up, vzifb-down, or those of a shard. */
void shape_ifb(const struct net_place *p, enum net_traffic_way way, char dst[16]);
static inline uint32_t shape_base(const struct net_place *p)
{
	return 0x20 + (p->kind == NET_PLACE_SHARED ? p->slot : p->slot % NET_SHAPE_SHARD) * 16;
}
static inline uint32_t shape_class(const struct net_place *p, uint32_t cls)
{
	return SHAPE_MAJOR | (shape_base(p) + cls);
}
uint32_t shape_mask(const struct net_rates *r, enum net_traffic_way way);	/* bits of the classes with a rate */

enum shape_kind {
	SHAPE_SHARED,		/* below the trunk */
	SHAPE_ALONE,		/* classes that know nothing of each other */
};

/* The class that all addresses of a family have, or 0; *split: it depends on the address. Of the classes of @mask. */
int shape_families(const char *file, uint32_t mask, uint32_t cls[2], bool *split, struct err *e);

/* Of NET_PLACE_PLAIN: the class that all addresses have; 0: of none that has a rate. */
int shape_plain_class(const struct net *n, const struct net_rates *r, unsigned *ret, struct err *e);

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
struct tc_ratespec;
void shape_put_rate(struct tc_ratespec *r, uint64_t bytes, uint32_t mpu);

/* shape_tbf.c: the queue @handle of one rate below @parent; no @kbit: as good as none, nothing can wait in it. */
struct shape_tbf { uint32_t handle, parent; uint64_t kbit, burst; uint32_t mpu; unsigned mtu; };
void shape_put_tbf(struct nl_batch *b, unsigned index, const struct shape_tbf *q);

#define SHAPE_BPF_MAX 96
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

/* shape_pace.c: the state of a container's way in the kernel; times in ns. */
struct shape_bucket {
	uint64_t at;		/* when what was sent so far would be through at the rate; may be ahead of the clock by burst */
	uint64_t late;		/* until then something that came when it was further ahead may wait still */
	uint64_t cost;		/* of a byte, 16 bits of it behind the point; 0: no rate */
	uint64_t burst;
	uint64_t most;		/* what comes when it is ahead by more is not counted: the queue is full */
	uint32_t mpu;
	uint32_t queue;		/* where it waits, as the kernel records queues: from 1 */
};
void shape_bucket(const struct net_rates *r, unsigned cls, int way, uint32_t mpu, struct shape_bucket *ret);
uint64_t shape_pace_rest(const struct net_rates *r, uint64_t kbit);	/* of a burst: what the queue lets through, bytes */
/* Within the rate: straight on, else to the queue. Descriptors: @places: interface -> number, @buckets: number -> bucket. */
size_t shape_pace(int places, int buckets, struct bpf_insn out[SHAPE_BPF_MAX]);

/* shape_shard.c: NET_SHAPE_SHARD queues on a device. Who makes one holds the lock of shape.h. */
int shape_shard_make(struct net *n, const struct net_place *p, enum net_traffic_way way, struct err *e);
/* The rate of @p there; before the line takes effect. */
int shape_shard_set(struct net *n, const struct net_place *p, enum net_traffic_way way, const struct net_rates *r, unsigned cls,
		    uint32_t mpu, struct err *e);
/* Gone is success. */
int shape_shard_clear(struct net *n, const struct net_place *p, enum net_traffic_way way, struct err *e);
/* What passes @ifindex that way counts as @p's, or, @in false, as nobody's. */
int shape_shard_has(struct net *n, const struct net_place *p, enum net_traffic_way way, unsigned ifindex, bool in, struct err *e);
bool shape_shard_holds(struct net *n, const struct net_place *p, enum net_traffic_way way, unsigned ifindex);
uint32_t shape_shard_block(const struct net_place *p, enum net_traffic_way way);	/* of filters, for clsacts */
/* The filter "redirect what @prog returns SHAPE_BPF_MATCH for to @ifb", of @t; the request is in @b. */
void shape_put_redirect(struct nl_batch *b, int prog, unsigned ifb);

/* shape_dev.c: is there a filter of ours at that end of a clsact? 0, or -errno: -EOPNOTSUPP, those of a shard. */
int shape_filter_at(struct net *n, unsigned index, uint32_t end);

#endif
