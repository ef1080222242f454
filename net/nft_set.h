/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_NFT_SET_H
#define NET_NFT_SET_H
/* Sets, maps and verdict maps of nftables, their elements, and what elements have counted. */
#include "net/nft.h"

/* Types as nft(8) numbers them, six bits each in a concatenation, so that it can print our sets. */
#define NFT_T_IP4 7u
#define NFT_T_IP6 8u
#define NFT_T_ETHER 9u
#define NFT_T_PROTO 12u
#define NFT_T_PORT 13u
#define NFT_T_MARK 19u
#define NFT_T_CLASSID 23u
#define NFT_T_IFNAME 41u

struct nft_set {
	const char *name;
	uint32_t id;			/* in the transaction */
	uint32_t key_type, key_len;
	uint32_t data_type, data_len;	/* of a map; NFT_DATA_VERDICT and 0: of a verdict map */
	bool interval;			/* keys are where something begins, or ends: nft_elem.end */
	bool counter;			/* each element counts what was found by it */
	uint64_t timeout_ms;		/* not 0: filled by rules, of at most @size elements */
	uint32_t size;
};
void nft_put_set(struct nft_tx *t, const struct nft_set *s);
void nft_put_flush_set(struct nft_tx *t, const struct nft_set *s);

#define NFT_KEY_MAX 64
#define NFT_VALUE_MAX 32

struct nft_elem {
	const void *key, *data;		/* as long as the set says */
	int verdict;			/* for data, in a verdict map */
	bool end;			/* the first key behind an interval: no data */
	bool count;			/* carries a counter */
	uint64_t over_rate;		/* 0, or: found only by packets above so many a second, with a second's worth of burst */
};
/* An element that holds its own bytes. */
struct nft_entry {
	_Alignas(4) uint8_t key[NFT_KEY_MAX];
	uint8_t data[NFT_VALUE_MAX];
	int verdict;
	bool count;
	uint64_t over_rate;
};
/* To remove an element takes no more than its key. */
void nft_put_elems(struct nft_tx *t, bool add, const struct nft_set *s, const struct nft_elem *v, size_t n);
void nft_put_entries(struct nft_tx *t, bool add, const struct nft_set *s, const struct nft_entry *v, size_t n);
void nft_put_keys(struct nft_tx *t, bool add, const struct nft_set *s, const void *keys, size_t n);	/* one after the other */

/* An element and its figures, 0 without a counter; a negative return ends it. */
typedef int nft_elem_cb(const void *key, uint32_t len, uint64_t bytes, uint64_t packets, void *arg);
/* Every element; ENOENT if there is no such set or table. */
int nft_each_elem(struct nft *f, uint8_t family, const char *table, const struct nft_set *s, nft_elem_cb *cb, void *arg,
		  struct err *e);
/* Those of @n keys that are there. Nothing is in a set that does not exist. */
int nft_ask_elems(struct nft *f, uint8_t family, const char *table, const struct nft_set *s, const void *keys, size_t n,
		  nft_elem_cb *cb, void *arg, struct err *e);
int nft_has_elem(struct nft *f, uint8_t family, const char *table, const struct nft_set *s, const void *key, bool *ret,
		 struct err *e);

#endif
