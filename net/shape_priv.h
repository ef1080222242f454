/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_SHAPE_PRIV_H
#define NET_SHAPE_PRIV_H
/* Names and numbers of the trees, for shape.c, shape_bpf.c and shape_nft.c. */
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

/* The class that all addresses of a family have, or 0; *split: it depends on the address. Of the classes of @mask. */
int shape_families(const char *file, uint32_t mask, uint32_t cls[2], bool *split, struct err *e);

/* shape_htb.c: requests. @base: the first of 16 classes, @shared: below the trunk. */
struct nl_batch;
struct tcmsg;
struct shape_htb { uint32_t id, parent; uint64_t rate_kbit, ceil_kbit, burst; uint32_t mpu; };
struct tcmsg *shape_msg(struct nl_batch *b, uint16_t type, uint16_t flags, unsigned index, uint32_t handle, uint32_t parent,
			const char *what);
void shape_put_root(struct nl_batch *b, unsigned index);
void shape_put_trunk(struct nl_batch *b, unsigned index, const struct net_totals *t);
void shape_put_branch(struct nl_batch *b, unsigned index, uint32_t base, int way, const struct net_rates *r,
		      const struct net_totals *t, bool shared);
void shape_put_gone(struct nl_batch *b, unsigned index, uint32_t id);	/* a class */

#define SHAPE_BPF_MAX 24
#define SHAPE_BPF_MATCH (-1)	/* what they return for a packet that has a class, else 0 */
/* Programs for filters that give a packet its priority. Return how many instructions. @cls: whole ids; 0: straight on */
size_t shape_bpf_up(const uint32_t cls[2], struct bpf_insn out[SHAPE_BPF_MAX]);
size_t shape_bpf_down(uint32_t base, uint32_t mask, struct bpf_insn out[SHAPE_BPF_MAX]);
int shape_bpf_load(const struct bpf_insn *v, size_t n, struct err *e);	/* descriptor */

#endif
