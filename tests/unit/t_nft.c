/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/t_net_lab.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "net/nft_set.h"

static const struct nft_set set = { .name = "s", .id = 1, .key_type = NFT_T_IP4, .key_len = 4 };

static void begin(struct nft *f, struct nft_tx *t, struct err *e)
{
	CHECK_OK(nl_open(&f->nl, NETLINK_NETFILTER, e), e);
	nft_tx_begin(t, f, "t", 0);
	nft_put_table(t, true);
	nft_put_set(t, &set);
}

static int count_keys(const void *key, uint32_t len, uint64_t bytes, uint64_t packets, void *arg)
{
	CHECK(key && len == 4 && bytes == 0 && packets == 0);
	++*(unsigned *)arg;
	return 0;
}

/* More than one message and more than the first buffer: still one transaction. */
TEST_ROOT(nft_big_transaction)
{
	static uint32_t key[20000];
	struct nft f = { 0 };
	struct nft_tx t;
	struct err e = { 0 };
	unsigned n = 0;

	CHECK(unshare(CLONE_NEWNET) == 0);
	for (unsigned i = 0; i < ARRAY_SIZE(key); i++)
		key[i] = htonl(0x0a000000u + i);
	begin(&f, &t, &e);
	nft_put_keys(&t, true, &set, key, ARRAY_SIZE(key));
	CHECK_OK(nft_tx_end(&t, "fill", &e), &e);
	CHECK_OK(nft_each_elem(&f, NFPROTO_INET, "t", &set, count_keys, &n, &e), &e);
	CHECK_EQ(n, ARRAY_SIZE(key));
	nft_close(&f);
}

TEST_ROOT(nft_all_or_nothing)
{
	static const struct nft_set none = { .name = "none", .key_type = NFT_T_IP4, .key_len = 4 };
	uint32_t key[2] = { 1, 2 };
	struct nft f = { 0 };
	struct nft_tx t;
	struct err e = { 0 };
	unsigned n = 0;

	CHECK(unshare(CLONE_NEWNET) == 0);
	begin(&f, &t, &e);
	nft_put_keys(&t, true, &set, key, 1);
	CHECK_OK(nft_tx_end(&t, "one", &e), &e);
	nft_tx_begin(&t, &f, "t", 0);
	nft_put_keys(&t, false, &set, key, 1);
	nft_put_keys(&t, false, &none, key + 1, 1);	/* there is no such set */
	CHECK_EQ(nft_tx_end(&t, "remove two", &e), -ENOENT);
	CHECK_STR(e.text, "firewall table t: remove two: No such file or directory");
	err_clear(&e);
	CHECK_OK(nft_each_elem(&f, NFPROTO_INET, "t", &set, count_keys, &n, &e), &e);
	CHECK_EQ(n, 1);
	CHECK_EQ(nft_each_elem(&f, NFPROTO_INET, "t", &none, count_keys, &n, &e), -ENOENT);
	err_clear(&e);
	nft_tx_begin(&t, &f, "t", 0);
	CHECK_OK(nft_tx_end(&t, "nothing", &e), &e);
	nft_close(&f);
}

TEST_ROOT(nft_stale_generation)
{
	uint32_t key = 1, gen;
	struct nft f = { 0 };
	struct nft_tx t;
	struct err e = { 0 };

	CHECK(unshare(CLONE_NEWNET) == 0);
	begin(&f, &t, &e);
	CHECK_OK(nft_tx_end(&t, "make", &e), &e);
	CHECK_OK(nft_generation(&f, &gen, &e), &e);
	nft_tx_begin(&t, &f, "t", gen);
	nft_put_keys(&t, true, &set, &key, 1);
	CHECK_OK(nft_tx_end(&t, "in time", &e), &e);
	nft_tx_begin(&t, &f, "t", gen);
	nft_put_keys(&t, true, &set, &key, 1);
	CHECK_EQ(nft_tx_end(&t, "too late", &e), -ERESTART);
	err_clear(&e);
	CHECK_OK(nft_generation(&f, &gen, &e), &e);	/* the socket is in step */
	nft_close(&f);
}
