/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames made by hand, from one container's interface to another's over a bridge: which arrive, with the filter and without. */
#include "net/veth.h"
#include "tests/unit/t_net_lab.h"

#include <net/ethernet.h>
#include <linux/netfilter.h>

static const char *const config[] = {
	"ifname=eth0,bridge=br0,mac=00:18:51:00:00:01", "ifname=eth0,bridge=br0,mac=00:18:51:00:00:02",
};

struct two { struct lab l; int ns[2], rx, tx; };

static int packet_socket(struct two *t, int i)
{
	struct timeval tv = { .tv_usec = 100000 };
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct nl nl = { 0 };
	int fd;

	lab_in(t->ns[i]);
	CHECK_OK(nl_open(&nl, NETLINK_ROUTE, &t->l.e), &t->l.e);
	lab_flags(&nl, "eth0", IFF_UP | IFF_PROMISC, IFF_UP | IFF_PROMISC, &t->l.e);
	ll.sll_ifindex = (int)link_index(&nl, "eth0");
	nl_close(&nl);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	CHECK(fd >= 0 && bind(fd, (void *)&ll, sizeof(ll)) == 0);
	CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) == 0);
	lab_in(t->l.host);
	return fd;
}

static void two_init(struct two *t)
{
	struct nl_batch b;
	struct nlattr *info;
	struct net_if f;
	char name[16];

	lab_init(&t->l, NULL, NULL);
	nl_batch_begin(&b, &t->l.net->rt, &t->l.e);
	nl_msg(&b, RTM_NEWLINK, NLM_F_CREATE, sizeof(struct ifinfomsg), "create", "br0");
	nl_put_str(&b, IFLA_IFNAME, "br0");
	info = nl_nest(&b, IFLA_LINKINFO);
	nl_put_str(&b, IFLA_INFO_KIND, "bridge");
	nl_nest_end(&b, info);
	CHECK_OK(nl_batch_end(&b), &t->l.e);
	lab_flags(&t->l.net->rt, "br0", IFF_UP, IFF_UP, &t->l.e);
	for (unsigned i = 0; i < 2; i++) {
		t->ns[i] = lab_ns(&t->l);
		CHECK_OK(net_if_parse(config[i], &f, &t->l.e), &t->l.e);
		CHECK_OK(net_if_fill(&f, 101 + i, false, &t->l.e), &t->l.e);
		CHECK_OK(net_veth_up(t->l.net, 101 + i, &f, t->ns[i], &t->l.e), &t->l.e);
	}
	t->tx = packet_socket(t, 0);
	t->rx = packet_socket(t, 1);
	for (unsigned i = 0; i < 2; i++) {
		str_fmt(name, sizeof(name), "veth%u.0", 101 + i);
		CHECK_OK(link_sync(&t->l.net->rt, name, &t->l.e), &t->l.e);
	}
}

/* A frame of 60 bytes; @type and @next: Ethernet and, for IPv6, next header and first byte behind the header. */
static void frame(uint8_t f[70], const char *dst, const char *src, uint16_t type, uint8_t next, uint8_t first)
{
	uint16_t be = htons(type);

	memset(f, 0, 70);
	memcpy(f, dst, 6);
	memcpy(f + 6, src, 6);
	memcpy(f + 12, &be, 2);
	f[14] = 0x60;
	f[19] = 16;		/* payload length */
	f[20] = next;
	f[21] = 255;
	f[22] = 0xfe;
	f[23] = 0x80;
	f[37] = 1;
	f[38] = 0xff;
	f[39] = 2;
	f[53] = 1;
	f[54] = first;
}

static bool arrives(struct two *t, const uint8_t f[70])
{
	uint8_t got[2048];

	for (int i = 0; i < 3; i++) {
		CHECK(send(t->tx, f, 70, 0) == 70);
		for (;;) {
			ssize_t n = recv(t->rx, got, sizeof(got), 0);

			if (n < 0)
				break;
			if (n == 70 && memcmp(got, f, 70) == 0)
				return true;
		}
	}
	return false;
}

#define OWN "\x00\x18\x51\x00\x00\x01"
#define PEER "\x00\x18\x51\x00\x00\x02"
#define ALL6 "\x33\x33\x00\x00\x00\x01"

TEST_ROOT(guard_frames)
{
	static const struct { const char *dst, *src; uint16_t type; uint8_t next, first; bool pass; } t[] = {
		{ PEER, OWN, 0x88b5, 0, 0, true },
		{ ALL6, OWN, ETHERTYPE_IPV6, IPPROTO_ICMPV6, 128, true },	/* echo */
		{ ALL6, OWN, ETHERTYPE_IPV6, IPPROTO_ICMPV6, 135, true },	/* neighbour solicitation */
		{ ALL6, OWN, ETHERTYPE_IPV6, IPPROTO_UDP, 134, true },
		{ ALL6, OWN, ETHERTYPE_IPV6, IPPROTO_ICMPV6, 134, false },	/* router advertisement */
		{ PEER, OWN, ETHERTYPE_IPV6, IPPROTO_ICMPV6, 137, false },	/* redirect */
		{ "\x01\x80\xc2\x00\x00\x00", OWN, 0x0027, 0, 0, false },	/* spanning tree */
		{ "\x01\x80\xc2\x00\x00\x0e", OWN, 0x88cc, 0, 0, false },	/* LLDP */
		{ "\x01\x80\xc2\x00\x00\x10", OWN, 0x88b5, 0, 0, true },
		{ PEER, "\x00\x18\x51\x00\x00\x03", 0x88b5, 0, 0, false },	/* not its address */
		{ PEER, PEER, 0x88b5, 0, 0, false },
	};
	uint8_t f[70];
	struct two w;

	two_init(&w);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		frame(f, t[i].dst, t[i].src, t[i].type, t[i].next, t[i].first);
		if (arrives(&w, f) != t[i].pass)
			test_fail(__FILE__, __LINE__, "frame %zu %s", i, t[i].pass ? "is lost" : "arrives");
	}
	close(w.tx);
	close(w.rx);
	lab_done(&w.l);
}

TEST_ROOT(guard_filter_off)
{
	struct net_if on, off;
	uint8_t f[70];
	struct two w;

	two_init(&w);
	CHECK_OK(net_if_parse(config[0], &on, &w.l.e), &w.l.e);
	CHECK_OK(net_if_fill(&on, 101, false, &w.l.e), &w.l.e);
	off = on;
	off.filter = NET_FILTER_OFF;
	CHECK_OK(net_veth_set(w.l.net, 101, &on, &off, w.ns[0], &w.l.e), &w.l.e);
	frame(f, ALL6, "\x00\x18\x51\x00\x00\x03", ETHERTYPE_IPV6, IPPROTO_ICMPV6, 134);
	CHECK(arrives(&w, f));
	CHECK_OK(net_veth_set(w.l.net, 101, &off, &on, w.ns[0], &w.l.e), &w.l.e);
	CHECK(!arrives(&w, f));
	close(w.tx);
	close(w.rx);
	lab_done(&w.l);
}

/* Flushed by somebody: back with the next interface, and gone with the host's teardown. */
TEST_ROOT(guard_comes_back)
{
	struct net_host_conf c = { .table = "vz" };
	struct nft_tx t;
	uint32_t use;
	struct lab l;

	lab_init(&l, NULL, NULL);
	CHECK_OK(nft_chain_use(&l.net->nft, NFPROTO_BRIDGE, "vz", "from_veth", &use, &l.e), &l.e);
	CHECK_EQ(use, 14);
	CHECK_OK(guard_setup(l.net, &l.e), &l.e);
	CHECK_OK(nft_chain_use(&l.net->nft, NFPROTO_BRIDGE, "vz", "from_veth", &use, &l.e), &l.e);
	CHECK_EQ(use, 14);
	nft_tx_begin(&t, &l.net->nft, "vz", 0);
	t.family = NFPROTO_BRIDGE;
	nft_put_flush_rules(&t);
	CHECK_OK(nft_tx_end(&t, "flush", &l.e), &l.e);
	CHECK_OK(guard_ensure(l.net, &l.e), &l.e);
	CHECK_OK(nft_chain_use(&l.net->nft, NFPROTO_BRIDGE, "vz", "from_veth", &use, &l.e), &l.e);
	CHECK_EQ(use, 14);
	CHECK_OK(net_host_teardown(l.net, &c, &l.e), &l.e);
	CHECK_EQ(nft_chain_use(&l.net->nft, NFPROTO_BRIDGE, "vz", "from_veth", &use, &l.e), -ENOENT);
	CHECK_OK(guard_teardown(l.net, &(struct err){ 0 }), &l.e);
	lab_done(&l);
}
