/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_NFT_H
#define NET_NFT_H
/*
 * nftables transactions: objects of libnftnl, put into one batch that the kernel takes whole or not at all. Nothing here
 * reads the ruleset, so the cost does not grow with what others keep there.
 */
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
#define NFT_MSG_ROOM 16384	/* bytes of the largest message we build: a rule, or elements */

/* @gen: 0, or the generation the transaction relies on: if the ruleset changed since, -ERESTART. */
void nft_tx_begin(struct nft_tx *t, struct nft *f, const char *table, uint32_t gen);
/* Returns the message to build the payload into (at most NFT_MSG_ROOM bytes of it), or NULL. */
struct nlmsghdr *nft_tx_msg(struct nft_tx *t, uint16_t type, uint16_t flags);
int nft_tx_end(struct nft_tx *t, const char *what, struct err *e);
int nft_generation(struct nft *f, uint32_t *ret, struct err *e);

void nft_put_table(struct nft_tx *t, bool add);
void nft_put_chain(struct nft_tx *t, const char *name, const char *type, uint32_t hook, int32_t prio);	/* NULL type: no hook */
void nft_put_flush_rules(struct nft_tx *t);
int nft_chain_use(struct nft *f, uint8_t family, const char *table, const char *chain, uint32_t *ret, struct err *e);
/* A number that no table of this name has had before in this boot. */
int nft_table_handle(struct nft *f, uint8_t family, const char *table, uint64_t *ret, struct err *e);
/* A question outside of a transaction, into @buf. */
struct nlmsghdr *nft_query(void *buf, uint8_t family, uint16_t type, uint16_t flags);

#endif
