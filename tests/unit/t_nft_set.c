/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/t_net_lab.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "net/nft_set.h"

enum { PLAIN, VERDICTS, RANGES, COUNTED, NAMES, TIMED, SET_N };
static const struct nft_set sets[SET_N] = {
	[PLAIN] = { .name = "plain", .id = 1, .key_type = NFT_T_IP4, .key_len = 4 },
	[VERDICTS] = { .name = "verdicts", .id = 2, .key_type = NFT_T_IP4, .key_len = 4, .data_type = NFT_DATA_VERDICT },
	[RANGES] = { .name = "ranges", .id = 3, .interval = true, .key_type = NFT_T_IP4, .key_len = 4,
		     .data_type = NFT_T_PORT, .data_len = 2 },
	[COUNTED] = { .name = "counted", .id = 4, .key_type = NFT_T_PORT, .key_len = 2, .counter = true },
	[NAMES] = { .name = "names", .id = 5, .key_type = NFT_T_IFNAME, .key_len = IFNAMSIZ },
	[TIMED] = { .name = "timed", .id = 6, .key_type = NFT_T_PORT, .key_len = 2, .timeout_ms = 60000, .size = 99 },
};

static void begin(struct nft *f, struct nft_tx *t, struct err *e)
{
	CHECK(unshare(CLONE_NEWNET) == 0);
	CHECK_OK(nl_open(&f->nl, NETLINK_NETFILTER, e), e);
	nft_tx_begin(t, f, "t", 0);
	nft_put_table(t, true);
	for (size_t i = 0; i < SET_N; i++)
		nft_put_set(t, &sets[i]);
}

/* What nft(8) says of table t, each run of white space as one blank. */
static void listed(struct buf *b)
{
	char *to;

	buf_reset(b);
	lab_nft(b, "list", "ruleset", NULL, NULL);
	to = b->s;
	for (const char *s = buf_str(b); *s; s++)
		if (!strchr(" \t\n", *s))
			*to++ = *s;
		else if (to > b->s && to[-1] != ' ')
			*to++ = ' ';
	*to = '\0';
}

/* Every kind of element goes in, nft(8) reads back what was meant; to remove one takes its key. */
TEST_ROOT(nft_set_elements)
{
	static const uint8_t ip[][4] = { { 10, 0, 0, 1 }, { 10, 0, 0, 2 }, { 10, 1, 0, 0 }, { 10, 2, 0, 0 } };
	static const struct nft_entry verdict[] = {
		{ .key = { 10, 0, 0, 1 }, .verdict = NF_ACCEPT, .count = true },
		{ .key = { 10, 0, 0, 2 }, .verdict = NF_DROP },
	};
	const uint16_t port = htons(77);
	const struct nft_elem range[] = { { .key = ip[2], .data = &port }, { .key = ip[3], .end = true } };
	static const char name[IFNAMSIZ] = "eth0";
	static const struct nft_elem flood = { .key = name, .over_rate = 500 };
	auto_buf struct buf b = BUF_INIT;
	struct nft f = { 0 };
	struct err e = { 0 };
	struct nft_tx t;

	begin(&f, &t, &e);
	nft_put_keys(&t, true, &sets[PLAIN], ip, 2);
	nft_put_entries(&t, true, &sets[VERDICTS], verdict, 2);
	nft_put_elems(&t, true, &sets[RANGES], range, 2);
	nft_put_elems(&t, true, &sets[NAMES], &flood, 1);
	CHECK_OK(nft_tx_end(&t, "fill", &e), &e);
	listed(&b);
	CHECK(strstr(buf_str(&b), "set plain { type ipv4_addr elements = { 10.0.0.1, 10.0.0.2 } }"));
	CHECK(strstr(buf_str(&b), "10.0.0.1 counter packets 0 bytes 0 : accept"));
	CHECK(strstr(buf_str(&b), "10.0.0.2 : drop"));
	CHECK(strstr(buf_str(&b), "elements = { 10.1.0.0/16 : 77 }"));
	CHECK(strstr(buf_str(&b), "elements = { \"eth0\" limit rate over 500/second burst 500 packets }"));
	CHECK(strstr(buf_str(&b), "set timed { type inet_service size 99 flags dynamic,timeout timeout 1m }"));

	nft_tx_begin(&t, &f, "t", 0);
	nft_put_keys(&t, false, &sets[PLAIN], ip[1], 1);
	nft_put_entries(&t, false, &sets[VERDICTS], verdict, 1);
	nft_put_elems(&t, false, &sets[RANGES], range, 2);
	nft_put_elems(&t, false, &sets[NAMES], &flood, 1);
	CHECK_OK(nft_tx_end(&t, "remove", &e), &e);
	listed(&b);
	CHECK(strstr(buf_str(&b), "set plain { type ipv4_addr elements = { 10.0.0.1 } }"));
	CHECK(!strstr(buf_str(&b), "accept"));
	CHECK(strstr(buf_str(&b), "10.0.0.2 : drop"));
	CHECK(!strstr(buf_str(&b), "eth0"));
	CHECK(!strstr(buf_str(&b), "10.1.0.0"));
	nft_close(&f);
}

/* What is named twice, in one call or two, and what is not there, hold nothing of a removal back. */
TEST_ROOT(nft_set_elements_twice)
{
	static const struct in_addr twice[] = { { 0x0100000a }, { 0x0100000a } }, missing = { 0x0900000a };
	auto_buf struct buf b = BUF_INIT;
	struct nft f = { 0 };
	struct err e = { 0 };
	struct nft_tx t;

	begin(&f, &t, &e);
	nft_put_keys(&t, true, &sets[PLAIN], twice, 2);
	CHECK_OK(nft_tx_end(&t, "fill", &e), &e);
	nft_tx_begin(&t, &f, "t", 0);
	nft_put_keys(&t, false, &sets[PLAIN], twice, 2);
	nft_put_keys(&t, false, &sets[PLAIN], &missing, 1);
	nft_put_keys(&t, false, &sets[PLAIN], twice, 1);
	CHECK_OK(nft_tx_end(&t, "remove", &e), &e);
	listed(&b);
	CHECK(!strstr(buf_str(&b), "10.0.0."));
	nft_close(&f);
}

struct seen { unsigned n, keys[4]; uint64_t bytes, packets; int stop; };

static int see(const void *key, uint32_t len, uint64_t bytes, uint64_t packets, void *arg)
{
	struct seen *s = arg;
	uint16_t port;

	CHECK_EQ(len, 2);
	memcpy(&port, key, sizeof(port));
	if (s->n < ARRAY_SIZE(s->keys))
		s->keys[s->n] = ntohs(port);
	s->n++;
	s->bytes += bytes;
	s->packets += packets;
	return s->stop;
}

/* One datagram of 5 bytes to port 9 over the loopback. */
static void send_one(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct ifreq up = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	auto_close int sk = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	CHECK(sk >= 0 && ioctl(sk, SIOCSIFFLAGS, &up) == 0);
	CHECK(sendto(sk, "hello", 5, 0, (struct sockaddr *)&to, sizeof(to)) == 5);
}

/* Keys are asked for one by one or all, a missing one is passed over; a set that is not there is said, or has nothing. */
TEST_ROOT(nft_set_counters)
{
	const uint16_t port[3] = { htons(9), htons(80), htons(443) };
	struct nft_set gone = sets[COUNTED];
	struct seen s = { 0 };
	struct nft f = { 0 };
	struct err e = { 0 };
	struct nft_tx t;
	struct nftnl_rule *r;
	bool there;

	begin(&f, &t, &e);
	nft_put_keys(&t, true, &sets[COUNTED], port, 2);
	nft_put_chain(&t, "out", "filter", NF_INET_LOCAL_OUT, 0);
	r = nft_rule(&t, "out");
	nft_e_payload(&t, r, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, NFT_REG_1);
	nft_e_in(&t, r, &sets[COUNTED], NFT_REG_1);
	nft_put_rule(&t, r);
	CHECK_OK(nft_tx_end(&t, "fill", &e), &e);
	send_one();
	CHECK_OK(nft_each_elem(&f, NFPROTO_INET, "t", &sets[COUNTED], see, &s, &e), &e);
	CHECK_EQ(s.n, 2);
	CHECK_EQ(s.packets, 1);
	CHECK_EQ(s.bytes, 20 + 8 + 5);
	s = (struct seen){ 0 };
	CHECK_OK(nft_ask_elems(&f, NFPROTO_INET, "t", &sets[COUNTED], port + 1, 2, see, &s, &e), &e);
	CHECK_EQ(s.n, 1);
	CHECK_EQ(s.keys[0], 80);
	CHECK_EQ(s.packets, 0);
	s = (struct seen){ .stop = -EXDEV };
	CHECK_EQ(nft_each_elem(&f, NFPROTO_INET, "t", &sets[COUNTED], see, &s, &e), -EXDEV);
	CHECK_EQ(s.n, 1);
	err_clear(&e);
	gone.name = "gone";
	CHECK_EQ(nft_each_elem(&f, NFPROTO_INET, "t", &gone, see, &s, &e), -ENOENT);
	err_clear(&e);
	CHECK_OK(nft_has_elem(&f, NFPROTO_INET, "t", &sets[COUNTED], &port[1], &there, &e), &e);
	CHECK(there);
	CHECK_OK(nft_has_elem(&f, NFPROTO_INET, "t", &sets[COUNTED], &port[2], &there, &e), &e);
	CHECK(!there);
	CHECK_OK(nft_has_elem(&f, NFPROTO_INET, "t", &gone, &port[1], &there, &e), &e);
	CHECK(!there);
	nft_close(&f);
}

/* The longest elements in more messages than one. */
TEST_ROOT(nft_set_many)
{
	struct nft_set wide = { .name = "wide", .id = 9, .key_len = NFT_KEY_MAX, .data_type = NFT_T_IP6, .data_len = 16,
				.key_type = NFT_T_IFNAME << 18 | NFT_T_IP6 << 12 | NFT_T_IP6 << 6 | NFT_T_IP6 };
	auto_free struct nft_entry *v = calloc(500, sizeof(*v));
	auto_buf struct buf b = BUF_INIT;
	struct nft f = { 0 };
	struct err e = { 0 };
	struct nft_tx t;
	unsigned n = 0;

	CHECK(v != NULL);
	for (uint32_t i = 0; i < 500; i++)
		memcpy(v[i].key + 60, &i, sizeof(i));
	begin(&f, &t, &e);
	nft_put_set(&t, &wide);
	for (size_t i = 0; i < 500; i++)
		v[i].count = true;
	nft_put_entries(&t, true, &wide, v, 500);
	CHECK_OK(nft_tx_end(&t, "fill", &e), &e);
	lab_nft(&b, "list", "ruleset", NULL, NULL);
	for (const char *s = buf_str(&b); (s = strstr(s, "counter packets")); s++)
		n++;
	CHECK_EQ(n, 500);
	nft_tx_begin(&t, &f, "t", 0);
	nft_put_flush_set(&t, &wide);
	CHECK_OK(nft_tx_end(&t, "flush", &e), &e);
	buf_reset(&b);
	lab_nft(&b, "list", "ruleset", NULL, NULL);
	CHECK(!strstr(buf_str(&b), "counter packets"));
	nft_close(&f);
}

/* What would not fit is no set: the transaction fails as a whole. */
TEST_ROOT(nft_set_too_long)
{
	static const struct nft_set t[] = {
		{ .name = "key", .id = 1, .key_type = NFT_T_IP6, .key_len = NFT_KEY_MAX + 1 },
		{ .name = "data", .id = 1, .key_type = NFT_T_IP6, .key_len = 16, .data_type = NFT_T_IP6, .data_len = NFT_VALUE_MAX + 1 },
	};

	CHECK(unshare(CLONE_NEWNET) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct nft f = { 0 };
		struct err e = { 0 };
		struct nft_tx tx;

		CHECK_OK(nl_open(&f.nl, NETLINK_NETFILTER, &e), &e);
		nft_tx_begin(&tx, &f, "t", 0);
		nft_put_table(&tx, true);
		nft_put_set(&tx, &t[i]);
		CHECK_EQ(nft_tx_end(&tx, "make", &e), -ENOMEM);
		nft_close(&f);
	}
}
