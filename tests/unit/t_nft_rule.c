/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/t_net_lab.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

/* Every expression goes in, nft(8) reads back what was meant, and the chain counts its rules. */
TEST_ROOT(nft_rule_expressions)
{
	static const uint8_t lo = 3, hi = 9, mask[4] = { 255, 0, 0, 0 }, net[4] = { 10, 0, 0, 0 };
	struct nft f = { 0 };
	struct nft_tx t;
	struct nftnl_rule *r;
	struct err e = { 0 };
	auto_buf struct buf b = BUF_INIT;
	uint32_t use;

	CHECK(unshare(CLONE_NEWNET) == 0);
	CHECK_OK(nl_open(&f.nl, NETLINK_NETFILTER, &e), &e);
	CHECK_EQ(nft_chain_use(&f, NFPROTO_INET, "vz", "c", &use, &e), -ENOENT);
	err_clear(&e);
	nft_tx_begin(&t, &f, "vz", 0);
	nft_put_table(&t, true);
	nft_put_chain(&t, "c", NULL, 0, 0);
	nft_put_chain(&t, "base", "filter", NF_INET_LOCAL_IN, 0);
	r = nft_rule(&t, "c");
	nft_e_meta(&t, r, NFT_META_L4PROTO, NFT_REG_1);
	nft_e_range(&t, r, NFT_RANGE_EQ, NFT_REG_1, &lo, &hi, 1);
	nft_e_counter(&t, r);
	nft_e_verdict(&t, r, NF_DROP, NULL);
	nft_put_rule(&t, r);
	r = nft_rule(&t, "base");
	nft_e_meta(&t, r, NFT_META_NFPROTO, NFT_REG_1);
	nft_e_cmp(&t, r, NFT_CMP_EQ, NFT_REG_1, &(uint8_t){ NFPROTO_IPV4 }, 1);
	nft_e_payload(&t, r, NFT_PAYLOAD_NETWORK_HEADER, 12, 4, NFT_REG_1);
	nft_e_mask(&t, r, NFT_REG_1, mask, 4);
	nft_e_cmp(&t, r, NFT_CMP_EQ, NFT_REG_1, net, 4);
	nft_e_verdict(&t, r, NFT_JUMP, "c");
	nft_put_rule(&t, r);
	nft_put_rule(&t, NULL);
	CHECK_OK(nft_tx_end(&t, "rules", &e), &e);
	CHECK_OK(nft_chain_use(&f, NFPROTO_INET, "vz", "c", &use, &e), &e);
	CHECK_EQ(use, 2);
	lab_nft(&b, "list", "ruleset", NULL, NULL);
	CHECK(strstr(buf_str(&b), "ip saddr 10.0.0.0/8 jump c"));
	CHECK(strstr(buf_str(&b), "counter packets 0 bytes 0 drop"));
	nft_close(&f);
}
