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
/* The elements of one message of an answer: @fn sees each with its key; a negative return ends it. -EBADMSG, -ENOMEM. */
typedef int nft_elem_fn(struct nftnl_set_elem *el, const void *key, uint32_t len, const void *arg);
int nft_elems_of(const struct nlmsghdr *nlh, nft_elem_fn *fn, const void *arg);
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
void nft_e_lookup_not(struct nft_tx *t, struct nftnl_rule *r, const char *set, uint32_t id, uint32_t reg);
/* The interface that routes name for an address, NFTA_FIB_F_SADDR or _DADDR; with _IIF only if it came from there, else 0. */
void nft_e_fib_oif(struct nft_tx *t, struct nftnl_rule *r, uint32_t flags, uint32_t reg);
void nft_e_counter(struct nft_tx *t, struct nftnl_rule *r);
void nft_e_masq(struct nft_tx *t, struct nftnl_rule *r);
void nft_e_verdict(struct nft_tx *t, struct nftnl_rule *r, int verdict, const char *chain);

/* nft_more.c. Numbers of types as nft(8) has them, six bits each in a concatenation; NFT_DATA_VERDICT: a verdict map. */
#define NFT_T_IP4 7u
#define NFT_T_IP6 8u
#define NFT_T_PROTO 12u
#define NFT_T_PORT 13u
#define NFT_T_MARK 19u
#define NFT_T_IFNAME 41u

struct nft_dict {		/* or a set: data_type 0 */
	const char *name;
	uint32_t id;		/* in the transaction */
	uint32_t key_type, key_len, data_type, data_len;
	uint64_t timeout_ms;	/* not 0: filled by rules, of at most @size elements */
	uint32_t size;
};
struct nft_entry {
	_Alignas(4) uint8_t key[64];
	uint8_t data[16];
	int verdict;
	bool count;		/* carries a counter */
};
void nft_put_dict(struct nft_tx *t, const struct nft_dict *m);
void nft_put_entries(struct nft_tx *t, bool add, const struct nft_dict *m, const struct nft_entry *v, size_t n);
void nft_e_ct(struct nft_tx *t, struct nftnl_rule *r, uint32_t key, uint32_t reg);
void nft_e_ct_is(struct nft_tx *t, struct nftnl_rule *r, uint32_t key, uint32_t bits, bool is);	/* one of @bits; none of them */
void nft_e_data(struct nft_tx *t, struct nftnl_rule *r, uint32_t reg, const void *data, uint32_t len);
void nft_e_mask_xor(struct nft_tx *t, struct nftnl_rule *r, uint32_t reg, const void *mask, const void *xor, uint32_t len);
/* Asks @m for the key at @reg; data goes to @dreg, a verdict (NFT_REG_VERDICT) is taken. Not there: the rule ends. */
void nft_e_ask(struct nft_tx *t, struct nftnl_rule *r, const struct nft_dict *m, uint32_t reg, uint32_t dreg);
void nft_e_not_in(struct nft_tx *t, struct nftnl_rule *r, const struct nft_dict *m, uint32_t reg);
void nft_e_remember(struct nft_tx *t, struct nftnl_rule *r, const struct nft_dict *m, uint32_t reg);	/* for its timeout */
void nft_e_limit(struct nft_tx *t, struct nftnl_rule *r, uint64_t per_second, uint32_t burst);
void nft_e_log(struct nft_tx *t, struct nftnl_rule *r, const char *prefix);
void nft_e_fib_type(struct nft_tx *t, struct nftnl_rule *r, uint32_t reg);	/* RTN_... of the destination */
void nft_e_dnat(struct nft_tx *t, struct nftnl_rule *r, uint8_t family, uint32_t addr_reg, uint32_t port_reg);
typedef int nft_entry_cb(void *arg, const void *key, uint32_t len, uint64_t packets, uint64_t bytes);
/* Every element of a set or map with what its counter says; ENOENT if there is no such set. */
int nft_each_entry(struct nft *f, uint8_t family, const char *table, const char *set, nft_entry_cb *cb, void *arg,
		   struct err *e);

#endif
