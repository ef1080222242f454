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
#define SHAPE_OWN_TBF 0x20000u		/* the one queue at a container's own interface */
#define SHAPE_BASE 0x20u
#define SHAPE_CHUNK 16u			/* places of a tree whose classes are made together */
#define SHAPE_PRIO 1u			/* of our filters */

/* What it receives waits at the interface. */
static inline bool shape_own(const struct net_place *p, enum net_traffic_way way)
{
	return way == NET_RECEIVED && p->own && p->kind == NET_PLACE_PLAIN;
}
/* vzifb-up, vzifb-down, or those of a shard. */
void shape_ifb(const struct net_place *p, enum net_traffic_way way, char dst[16]);
static inline uint32_t shape_base(const struct net_place *p)
{
	return SHAPE_BASE + (p->kind == NET_PLACE_SHARED ? p->slot : p->slot % NET_SHAPE_SHARD) * 16;
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
/* The classes of a place are there already, for those of its chunk are made together: each new one walks all there are. */
void shape_put_branch(struct nl_batch *b, unsigned index, uint32_t base, int way, const struct net_rates *r,
		      const struct net_totals *t, enum shape_kind kind);
void shape_put_chunk(struct nl_batch *b, unsigned index, uint32_t base, uint32_t mask, enum shape_kind kind);
uint64_t shape_burst(const struct net_rates *r, uint64_t kbit);	/* bytes */
uint64_t shape_backlog(uint64_t kbit);	/* as many bytes may wait */
/* Where they do, in class @id. */
void shape_put_leaf(struct nl_batch *b, unsigned index, uint32_t id, uint64_t kbit, uint16_t flags);
struct tc_ratespec;
void shape_put_rate(struct tc_ratespec *r, uint64_t bytes, uint32_t mpu);

struct nl;
/* shape_tbf.c: the queue @handle of one rate below @parent; no @kbit: as good as none, nothing can wait in it. */
struct shape_tbf { uint32_t handle, parent; uint64_t kbit, burst; uint32_t mpu; unsigned mtu; bool drop; };
/* Before it is put where one may be: sets q->drop, whether what waits there has to go, which could be wider than the new burst. */
int shape_tbf_look(struct nl *nl, unsigned index, struct shape_tbf *q, struct err *e);
void shape_put_tbf(struct nl_batch *b, unsigned index, const struct shape_tbf *q);

#define SHAPE_BPF_MAX 96
#define SHAPE_BPF_MATCH (-1)	/* what they return for a packet that has a class and waits, else 0 */
/* One of a program in @out, at @k. */
static inline struct bpf_insn shape_op(int code, int dst, int src, int off, int imm)
{
	return (struct bpf_insn){ .code = (__u8)code, .dst_reg = dst & 15, .src_reg = src & 15, .off = (short)off, .imm = imm };
}
/* What a tree knows of an interface. */
struct shape_way {
	uint32_t base;			/* of the classes of its place */
	uint32_t wait[NET_WAY_N];	/* bits of the classes that wait */
};
/* Programs for filters that give a packet its priority, of map @ways: interface -> way, and tries. Return how many instructions. */
size_t shape_bpf_up(int ways, const int nets[2], struct bpf_insn out[SHAPE_BPF_MAX]);
size_t shape_bpf_down(int ways, struct bpf_insn out[SHAPE_BPF_MAX]);

/* shape_nets.c: class of a network's addresses, IPv4 and IPv6. Descriptors, or -1 and errno */
int shape_nets_make(int nets[2]);
static inline uint32_t shape_nets_mark(const struct net_classes *c) { return c->hash & ~(NET_CLASS_N - 1u); }
int shape_nets_fill(const int nets[2], const struct net_classes *c, struct err *e);
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

/* shape_shard.c: the device of a place, with its filter and maps. Who makes one holds the lock of shape.h. */
int shape_shard_make(struct net *n, const struct net_place *p, enum net_traffic_way way, struct err *e);
/* The rate of @p, a plain one, there; before the line takes effect. */
int shape_shard_set(struct net *n, const struct net_place *p, enum net_traffic_way way, const struct net_rates *r, unsigned cls,
		    uint32_t mpu, struct err *e);
/* Gone is success. */
int shape_shard_clear(struct net *n, const struct net_place *p, enum net_traffic_way way, struct err *e);
/* What passes @ifindex that way counts as @p's, or, @in false, as nobody's. @w: of a tree; else not looked at */
int shape_shard_has(struct net *n, const struct net_place *p, enum net_traffic_way way, unsigned ifindex, bool in,
		    const struct shape_way *w, struct err *e);
bool shape_shard_holds(struct net *n, const struct net_place *p, enum net_traffic_way way, unsigned ifindex);
uint32_t shape_shard_block(const struct net_place *p, enum net_traffic_way way);	/* of filters, for clsacts */

/* shape_dev.c: the block of the filters at that end of a clsact; 0: none, or it is not shared. */
uint32_t shape_block_at(struct net *n, unsigned index, uint32_t end);

#endif
