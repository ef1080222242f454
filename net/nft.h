/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_NFT_H
#define NET_NFT_H
/*
 * nftables transactions: objects of libnftnl, put into one batch that the kernel takes whole or not at all. Nothing here
 * reads the ruleset, so the cost does not grow with what others keep there.
 */
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>

#include "net/nl.h"

struct nft {
	struct nl nl;
	char *buf;		/* of the transaction, kept from one to the next */
	size_t size;
};
void nft_close(struct nft *f);

struct nft_tx {
	struct nft *f;
	const char *table;
	uint8_t family;		/* NFPROTO_INET, unless it is changed after nft_tx_begin() */
	size_t len;
	uint32_t first, last;	/* sequence numbers: batch begin, last command */
	struct nlmsghdr *cur;
	bool failed;		/* out of memory */
	int code;		/* first error the kernel named */
};
/* @gen: 0, or the generation the transaction relies on: if the ruleset changed since, -ERESTART. */
void nft_tx_begin(struct nft_tx *t, struct nft *f, const char *table, uint32_t gen);
/* Returns the message to build the payload into (at most NFT_MSG_MAX bytes of it), or NULL. */
struct nlmsghdr *nft_tx_msg(struct nft_tx *t, uint16_t type, uint16_t flags);
int nft_tx_end(struct nft_tx *t, const char *what, struct err *e);
int nft_generation(struct nft *f, uint32_t *ret, struct err *e);

void nft_put_table(struct nft_tx *t, bool add);
void nft_put_chain(struct nft_tx *t, const char *name, const char *type, uint32_t hook, int32_t prio);	/* NULL type: no hook */
void nft_put_set(struct nft_tx *t, const char *name, uint32_t id, uint32_t key_type, uint32_t key_len);
void nft_put_flush_rules(struct nft_tx *t);
/* @n keys of @len bytes each, one after the other. */
void nft_put_elems(struct nft_tx *t, bool add, const char *set, const void *keys, uint32_t len, size_t n);
int nft_chain_use(struct nft *f, uint8_t family, const char *table, const char *chain, uint32_t *ret, struct err *e);
/* Every key of @set; ENOENT if there is no such set. */
int nft_each_elem(struct nft *f, const char *table, const char *set, int (*cb)(const void *key, uint32_t len, void *arg),
		  void *arg, struct err *e);

/* A rule is opened, gets expressions in the order in which they are run, and is put. */
struct nftnl_rule *nft_rule(struct nft_tx *t, const char *chain);
void nft_put_rule(struct nft_tx *t, struct nftnl_rule *r);		/* frees it */
void nft_e_meta(struct nft_tx *t, struct nftnl_rule *r, uint32_t key, uint32_t reg);
void nft_e_payload(struct nft_tx *t, struct nftnl_rule *r, uint32_t base, uint32_t off, uint32_t len, uint32_t reg);
void nft_e_cmp(struct nft_tx *t, struct nftnl_rule *r, uint32_t op, uint32_t reg, const void *data, uint32_t len);
void nft_e_range(struct nft_tx *t, struct nftnl_rule *r, uint32_t op, uint32_t reg, const void *from, const void *to,
		 uint32_t len);
void nft_e_mask(struct nft_tx *t, struct nftnl_rule *r, uint32_t reg, const void *mask, uint32_t len);
void nft_e_lookup(struct nft_tx *t, struct nftnl_rule *r, const char *set, uint32_t id, uint32_t reg);
/* The interface that routes name for an address, NFTA_FIB_F_SADDR or _DADDR; with _IIF only if it came from there, else 0. */
void nft_e_fib_oif(struct nft_tx *t, struct nftnl_rule *r, uint32_t flags, uint32_t reg);
void nft_e_counter(struct nft_tx *t, struct nftnl_rule *r);
void nft_e_masq(struct nft_tx *t, struct nftnl_rule *r);
void nft_e_verdict(struct nft_tx *t, struct nftnl_rule *r, int verdict, const char *chain);

#endif
