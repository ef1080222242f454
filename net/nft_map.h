/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_NFT_MAP_H
#define NET_NFT_MAP_H
/* Maps, interval sets and sets whose elements count, for those whose rules look things up. See nft.h. */
#include "net/nft.h"

struct nft_set_spec {
	const char *name;
	uint32_t id;			/* within the transaction */
	uint32_t flags;			/* NFT_SET_MAP, NFT_SET_INTERVAL, NFT_SET_EVAL ... */
	uint32_t key_type, key_len;
	uint32_t data_type, data_len;	/* of a map */
	bool counter;			/* each element counts what was found by it */
};
void nft_put_set_spec(struct nft_tx *t, const struct nft_set_spec *s);

struct nft_elem {
	const void *key, *data;
	uint32_t key_len, data_len;	/* at most 32 each; no data: 0 */
	bool end;			/* the first key behind an interval */
	uint64_t over_rate;		/* 0, or: found only by packets above so many a second, with a second's worth of burst */
};
void nft_put_elem_list(struct nft_tx *t, bool add, const char *set, const struct nft_elem *v, size_t n);
void nft_put_flush_set(struct nft_tx *t, const char *set);

/* A base chain of family netdev at the hook of one interface. */
void nft_put_dev_chain(struct nft_tx *t, const char *name, const char *dev, uint32_t hook);

void nft_e_map(struct nft_tx *t, struct nftnl_rule *r, const char *map, uint32_t id, uint32_t sreg, uint32_t dreg);
void nft_e_xor(struct nft_tx *t, struct nftnl_rule *r, uint32_t reg, uint32_t with);
void nft_e_load(struct nft_tx *t, struct nftnl_rule *r, uint32_t reg, const void *data, uint32_t len);
void nft_e_meta_set(struct nft_tx *t, struct nftnl_rule *r, uint32_t key, uint32_t sreg);
void nft_e_ct_state(struct nft_tx *t, struct nftnl_rule *r, uint32_t dreg);
void nft_e_reject_tcp(struct nft_tx *t, struct nftnl_rule *r);
void nft_e_fwd(struct nft_tx *t, struct nftnl_rule *r, uint32_t sreg_dev);

/* Figures of elements. @keys: @n keys of @len bytes to ask for one by one, or NULL: all of the set. A key that is not there is
 * passed over. ENOENT: there is no such set or table. */
typedef int nft_count_cb(const void *key, uint32_t len, uint64_t bytes, uint64_t packets, void *arg);
int nft_counts(struct nft *f, uint8_t family, const char *table, const char *set, const void *keys, uint32_t len, size_t n,
	       nft_count_cb *cb, void *arg, struct err *e);
/* Is @key in @set? Neither is it in a set that does not exist. */
int nft_has_elem(struct nft *f, uint8_t family, const char *table, const char *set, const void *key, uint32_t len, bool *ret,
		 struct err *e);
/* A number that no table of this name has had before in this boot. */
int nft_table_handle(struct nft *f, uint8_t family, const char *table, uint64_t *ret, struct err *e);

#endif
