/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a container cannot send, whatever it forges, and that the table comes back when it was flushed. */
#include "tests/unit/t_net_lab.h"

#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

struct frame {			/* Ethernet, IPv4 or IPv6, and what is in it */
	uint8_t b[200];
	size_t len;
};

static uint16_t sum16(const void *p, size_t n, uint32_t sum)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? b[i] : (uint32_t)b[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void frame_eth(struct frame *f, unsigned id, uint16_t proto)
{
	uint8_t mac[6] = { 2, 0x7a, (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id };
	uint16_t be = htons(proto);

	memset(f, 0, sizeof(*f));
	memcpy(f->b, mac, 6);
	memcpy(f->b + 6, mac, 6);
	memcpy(f->b + 12, &be, 2);
	f->len = 14;
}

static void frame_add(struct frame *f, const void *p, size_t n)
{
	memcpy(f->b + f->len, p, n);
	f->len += n;
}

/* Network header and payload with its checksum, which lies @sum_at bytes into it. */
static void frame_ip(struct frame *f, unsigned id, const char *src, const char *dst, uint8_t proto, void *load, size_t n,
		     size_t sum_at)
{
	struct net_ip s, d;
	uint8_t pseudo[40] = { 0 };
	uint16_t sum;
	size_t alen;

	s.family = strchr(src, ':') ? AF_INET6 : AF_INET;
	d.family = s.family;
	CHECK(inet_pton(s.family, src, &s.v6) == 1 && inet_pton(d.family, dst, &d.v6) == 1);
	alen = s.family == AF_INET ? 4 : 16;
	memcpy(pseudo, &s.v6, alen);
	memcpy(pseudo + alen, &d.v6, alen);
	sum = sum16(pseudo, 2 * alen, (uint32_t)proto + (uint32_t)n);
	sum = htons((uint16_t)~sum16(load, n, sum));
	memcpy((char *)load + sum_at, &sum, 2);
	frame_eth(f, id, s.family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	if (s.family == AF_INET) {
		struct iphdr h = { .version = 4, .ihl = 5, .ttl = 64, .protocol = proto, .saddr = s.v4.s_addr,
				   .daddr = d.v4.s_addr, .tot_len = htons((uint16_t)(20 + n)) };

		h.check = htons((uint16_t)~sum16(&h, sizeof(h), 0));
		frame_add(f, &h, sizeof(h));
	} else {
		struct ip6_hdr h = { .ip6_src = s.v6, .ip6_dst = d.v6 };

		h.ip6_flow = htonl(6u << 28);
		h.ip6_plen = htons((uint16_t)n);
		h.ip6_nxt = proto;
		h.ip6_hlim = 255;
		frame_add(f, &h, sizeof(h));
	}
	frame_add(f, load, n);
}

static void frame_udp(struct frame *f, unsigned id, const char *src, const char *dst, uint16_t sport, uint16_t dport)
{
	struct { struct udphdr u; char c[2]; } p;

	memset(&p, 0, sizeof(p));
	p.u.source = htons(sport);
	p.u.dest = htons(dport);
	p.u.len = htons(sizeof(p));
	frame_ip(f, id, src, dst, IPPROTO_UDP, &p, sizeof(p), offsetof(struct udphdr, check));
}

static void frame_send(const struct lab *l, int ns, const struct frame *f)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_halen = 6 };
	auto_close int fd = -1;

	lab_in(ns);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0);
	ll.sll_ifindex = (int)if_nametoindex("venet0");
	memcpy(ll.sll_addr, f->b, 6);
	CHECK(sendto(fd, f->b, f->len, 0, (void *)&ll, sizeof(ll)) == (ssize_t)f->len);
	lab_in(l->host);
}

/* Does @f, sent by @from, arrive at a socket bound to @dst in @to? */
static bool arrives(const struct lab *l, int from, int to, const char *dst, uint16_t port, const struct frame *f)
{
	auto_close int rx = lab_socket(l, to, SOCK_DGRAM, dst, dst, port);
	struct timeval tv = { .tv_usec = 50000 };
	char c;

	setsockopt(rx, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	frame_send(l, from, f);
	return recv(rx, &c, 1, 0) > 0;
}

TEST_ROOT(antispoof_source)
{
	static const struct { const char *src; bool ok; } t[] = {
		{ "10.9.0.1", true }, { "10.9.0.2", false }, { "192.0.2.77", false }, { LAB_HOST4, false },
		{ "127.0.0.1", false }, { "0.0.0.0", false }, { "255.255.255.255", false }, { "10.9.0.3", false },
		{ "fd09::1", true }, { "fd09::2", false }, { "2001:db8::77", false }, { LAB_HOST6, false }, { "::1", false },
		{ "fe80::1", false }, { "::", false }, { "fd09::3", false }, { "::ffff:10.9.0.1", false },
	};
	struct lab l;
	struct frame f;
	int a, b, out;
	unsigned before;

	lab_init(&l, NULL, NULL);
	out = lab_outside(&l, true);
	a = lab_up(&l, 101, "10.9.0.1 fd09::1");
	b = lab_up(&l, 102, "10.9.0.2 fd09::2");
	CHECK_EQ(lab_udp(&l, a, b, "10.9.0.2", NULL), 2);
	before = lab_dropped();
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		bool six = strchr(t[i].src, ':');

		frame_udp(&f, 101, t[i].src, six ? "fd09::2" : "10.9.0.2", 40000, 7000);
		CHECK_EQ(arrives(&l, a, b, six ? "fd09::2" : "10.9.0.2", 7000, &f), t[i].ok);
		frame_udp(&f, 101, t[i].src, six ? LAB_HOST6 : LAB_HOST4, 40000, 7000);
		CHECK_EQ(arrives(&l, a, l.host, six ? LAB_HOST6 : LAB_HOST4, 7000, &f), t[i].ok);
		frame_udp(&f, 101, t[i].src, six ? LAB_OUT6 : LAB_OUT4, 40000, 7000);
		CHECK_EQ(arrives(&l, a, out, six ? LAB_OUT6 : LAB_OUT4, 7000, &f), t[i].ok);
	}
	CHECK(lab_dropped() >= before + 3 * 13);
	lab_done(&l);
}

TEST_ROOT(antispoof_dhcp_and_nd)
{
	struct lab l;
	struct frame f;
	struct icmp6_hdr ra;
	int a, b;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 101, "10.9.0.1 fd09::1");
	b = lab_up(&l, 102, "10.9.0.2 fd09::2");
	frame_udp(&f, 101, "10.9.0.1", "10.9.0.2", 67, 68);
	CHECK(!arrives(&l, a, b, "10.9.0.2", 68, &f));
	frame_udp(&f, 101, "fd09::1", "fd09::2", 547, 546);
	CHECK(!arrives(&l, a, b, "fd09::2", 546, &f));
	frame_udp(&f, 101, "10.9.0.1", "10.9.0.2", 68, 68);
	CHECK(arrives(&l, a, b, "10.9.0.2", 68, &f));
	for (int type = 132; type <= 138; type++) {
		auto_close int rx = -1;
		struct timeval tv = { .tv_usec = 100000 };
		char c[100];
		bool got;

		lab_in(l.host);
		rx = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
		CHECK(rx >= 0);
		setsockopt(rx, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
		ra = (struct icmp6_hdr){ .icmp6_type = (uint8_t)type };
		frame_ip(&f, 101, "fd09::1", LAB_HOST6, IPPROTO_ICMPV6, &ra, sizeof(ra), 2);
		frame_send(&l, a, &f);
		got = recv(rx, c, sizeof(c), 0) > 0;
		CHECK_EQ(got, type < 133 || type > 137);
	}
	lab_done(&l);
}

static int count_neigh(const struct nlmsghdr *nlh, void *arg)
{
	const struct ndmsg *nd = mnl_nlmsg_get_payload(nlh);

	*(unsigned *)arg += nd->ndm_family == AF_INET && nd->ndm_type == RTN_UNICAST;
	return 0;
}

static unsigned neighbours(struct lab *l)
{
	_Alignas(8) char buf[64] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	unsigned n = 0;

	nlh->nlmsg_type = RTM_GETNEIGH;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ndmsg));
	CHECK_OK(nl_dump(&l->net->rt, nlh, count_neigh, NULL, &n, &l->e), &l->e);
	return n;
}

/* A container that turns ARP on and shouts: nobody answers, nobody learns. */
TEST_ROOT(antispoof_arp)
{
	struct lab l;
	struct frame f;
	struct ether_arp arp = { 0 };
	unsigned before;
	int a, b;

	lab_init(&l, NULL, NULL);
	lab_outside(&l, true);
	a = lab_up(&l, 101, "10.9.0.1");
	b = lab_up(&l, 102, "10.9.0.2");
	CHECK_EQ(lab_udp(&l, a, b, "10.9.0.2", NULL), 2);
	before = neighbours(&l);
	for (int op = 1; op <= 2; op++) {
		for (int who = 0; who < 4; who++) {
			static const char *const claim[] = { "10.9.0.2", "192.0.2.1", "192.0.2.2", LAB_HOST4 };

			arp.ea_hdr = (struct arphdr){ htons(ARPHRD_ETHER), htons(ETH_P_IP), 6, 4, htons((uint16_t)op) };
			memset(arp.arp_sha, 0x66, 6);
			CHECK(inet_pton(AF_INET, claim[who], arp.arp_spa) == 1);
			memcpy(arp.arp_tpa, arp.arp_spa, 4);
			frame_eth(&f, 101, ETH_P_ARP);
			memset(f.b, 0xff, 6);
			frame_add(&f, &arp, sizeof(arp));
			frame_send(&l, a, &f);
		}
	}
	CHECK_EQ(neighbours(&l), before);
	CHECK_EQ(lab_udp(&l, l.host, b, "10.9.0.2", NULL), 2);
	CHECK_EQ(lab_udp(&l, a, b, "10.9.0.2", NULL), 2);
	lab_done(&l);
}

/* The sibling's address, configured inside for real: it gets neither out nor what is meant for the sibling. */
TEST_ROOT(antispoof_taken_from_sibling)
{
	struct lab l;
	struct nl nl = { 0 };
	char seen[INET6_ADDRSTRLEN];
	int a, b;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 101, "10.9.0.1 fd09::1");
	b = lab_up(&l, 102, "10.9.0.2 fd09::2");
	lab_in(a);
	CHECK_OK(nl_open(&nl, NETLINK_ROUTE, &l.e), &l.e);
	lab_addr(&nl, "venet0", "10.9.0.2", &l.e);
	lab_addr(&nl, "venet0", "fd09::2", &l.e);
	nl_close(&nl);
	lab_in(l.host);
	CHECK_EQ(lab_udp(&l, l.host, b, "10.9.0.2", seen), 2);
	CHECK_EQ(lab_udp(&l, l.host, b, "fd09::2", seen), 2);
	CHECK_EQ(lab_udp(&l, l.host, a, "10.9.0.2", seen), 0);
	CHECK_EQ(lab_udp(&l, l.host, a, "fd09::2", seen), 0);
	lab_done(&l);
}

static void flush_and_look(const char *a1, const char *a2, bool table)
{
	struct lab l;
	struct frame f;
	auto_buf struct buf buf = BUF_INIT;
	int a, b, c;

	lab_init(&l, "10.9.0.0/16", NULL);
	a = lab_up(&l, 101, "10.9.0.1 fd09::1");
	b = lab_up(&l, 102, "10.9.0.2 fd09::2");
	if (table) {
		const char *const argv[] = { "/usr/sbin/nft", a1, a2, "inet", "vz", NULL };
		struct spawn s = { .argv = argv };
		int status = 0;

		if (access(argv[0], X_OK) < 0)
			SKIP("no nft(8)");
		CHECK_OK(spawn_wait(&s, &status, &l.e), &l.e);
	} else {
		lab_nft(&buf, a1, a2, NULL, NULL);
	}
	frame_udp(&f, 101, "fd09::2", LAB_HOST6, 1, 7000);
	CHECK(arrives(&l, a, l.host, LAB_HOST6, 7000, &f));	/* IPv6 is open now, but */
	frame_udp(&f, 101, "10.9.0.2", LAB_HOST4, 1, 7000);
	CHECK(!arrives(&l, a, l.host, LAB_HOST4, 7000, &f));	/* rp_filter still stands for IPv4 */
	c = lab_up(&l, 103, "10.9.0.3");
	frame_udp(&f, 101, "fd09::2", LAB_HOST6, 1, 7000);
	CHECK(!arrives(&l, a, l.host, LAB_HOST6, 7000, &f));
	CHECK_EQ(lab_udp(&l, a, b, "fd09::2", NULL), 2);
	CHECK_EQ(lab_udp(&l, c, a, "10.9.0.1", NULL), 2);
	CHECK_EQ(lab_elements(&l), 5);
	lab_nft(&buf, "list", "ruleset", NULL, NULL);
	CHECK(strstr(buf_str(&buf), "masquerade"));
	lab_done(&l);
}

TEST_ROOT(antispoof_heals_flushed_ruleset)
{
	flush_and_look("flush", "ruleset", false);
}

TEST_ROOT(antispoof_heals_flushed_rules)
{
	flush_and_look("flush", "table", true);
}

/* First the source checks alone, which do not count as the whole. */
TEST_ROOT(antispoof_first_aid)
{
	struct lab l;
	struct frame f;
	auto_buf struct buf b = BUF_INIT;
	uint32_t gen = 0;
	int a, c;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 101, "10.9.0.1 fd09::1");
	lab_nft(&b, "flush", "ruleset", NULL, NULL);
	CHECK_EQ(net_tables_stand(l.net, &gen, &l.e), 0);
	CHECK_OK(net_first_aid(l.net, &l.e), &l.e);
	gen = 0;
	CHECK_EQ(net_tables_stand(l.net, &gen, &l.e), 0);
	frame_udp(&f, 101, "fd09::2", LAB_HOST6, 1, 7000);
	CHECK(!arrives(&l, a, l.host, LAB_HOST6, 7000, &f));
	frame_udp(&f, 101, "fd09::1", LAB_HOST6, 1, 7000);
	CHECK(arrives(&l, a, l.host, LAB_HOST6, 7000, &f));
	CHECK_EQ(lab_elements(&l), 2);
	c = lab_up(&l, 102, "10.9.0.2");
	gen = 0;
	CHECK_EQ(net_tables_stand(l.net, &gen, &l.e), 1);
	CHECK_EQ(lab_udp(&l, c, a, "10.9.0.1", NULL), 2);
	CHECK_EQ(lab_elements(&l), 3);
	CHECK_OK(net_first_aid(l.net, &l.e), &l.e);	/* nobody asks for it then; it takes nothing from what stands but a rule */
	CHECK_EQ(lab_udp(&l, c, a, "10.9.0.1", NULL), 2);
	lab_done(&l);
}

TEST_ROOT(antispoof_replaces_what_is_not_ours)
{
	const char *const argv[] = { "/usr/sbin/nft", "add table inet vz; add set inet vz src4 { type ipv4_addr; }; "
				     "add chain inet vz prerouting { type filter hook input priority 5; }; add table inet mine",
				     NULL };
	struct spawn s = { .argv = argv };
	struct net_host_conf c = { .table = "vz" };
	struct lab l;
	auto_buf struct buf b = BUF_INIT;
	int a, status = 0;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 1, "10.9.0.1");
	lab_nft(&b, "flush", "ruleset", NULL, NULL);
	CHECK_OK(spawn_wait(&s, &status, &l.e), &l.e);
	CHECK_OK(net_host_setup(l.net, &c, &l.e), &l.e);
	CHECK_EQ(lab_udp(&l, l.host, a, "10.9.0.1", NULL), 2);
	CHECK_EQ(lab_elements(&l), 1);
	lab_nft(&b, "list", "ruleset", NULL, NULL);
	CHECK(strstr(buf_str(&b), "table inet mine"));
	CHECK_ERR(net_host_teardown(l.net, &c, &l.e), EBUSY);
	CHECK_STR(l.e.text, "container 1 still has its network: stop it before the firewall goes");
	err_clear(&l.e);
	lab_down(&l, 1, NULL);
	CHECK_OK(net_host_teardown(l.net, &c, &l.e), &l.e);
	CHECK_OK(net_host_teardown(l.net, &c, &l.e), &l.e);
	lab_nft(&b, "list", "ruleset", NULL, NULL);
	CHECK(strstr(buf_str(&b), "table inet mine") && !strstr(buf_str(&b), "table inet vz"));
	lab_down(&l, 1, "10.9.0.1");		/* no table, and none made */
	lab_down(&l, 1, NULL);
	lab_nft(&b, "list", "ruleset", NULL, NULL);
	CHECK(!strstr(buf_str(&b), "table inet vz"));
	lab_done(&l);
}

/* A bridge or another interface that only begins like ours is left alone. */
TEST_ROOT(antispoof_names)
{
	struct lab l;
	auto_buf struct buf b = BUF_INIT;
	unsigned id;

	lab_init(&l, NULL, NULL);
	lab_nft(&b, "list", "ruleset", NULL, NULL);
	CHECK(strstr(buf_str(&b), "iifname \"vz-*\"-\"vz9*\" jump from_ct"));
	CHECK(link_id("vz101", &id) && id == 101);
	CHECK(!link_id("vzbr0", &id) && !link_id("vz007", &id) && !link_id("vz-7", &id) && !link_id("vz", &id));
	CHECK(!link_id("vz99999999999", &id));
	lab_done(&l);
}

/* Starts and stops in parallel while somebody flushes: in the end who runs has its elements, and nobody else. */
TEST_ROOT(antispoof_parallel)
{
	struct lab l;
	auto_buf struct buf b = BUF_INIT;
	pid_t pid[4];
	int status, ns;
	char ip[64];

	lab_init(&l, NULL, NULL);
	for (unsigned p = 0; p < ARRAY_SIZE(pid); p++) {
		pid[p] = fork();
		CHECK(pid[p] >= 0);
		if (pid[p])
			continue;
		CHECK_OK(net_open("vz", &l.net, &l.e), &l.e);	/* sockets of its own */
		for (unsigned i = 0; i < 20; i++) {
			str_fmt(ip, sizeof(ip), "10.9.%u.%u fd09::%u:%u", p, i + 1, p, i + 1);
			ns = lab_up(&l, 1000 * (p + 1) + i, ip);
			if (i % 2)
				lab_down(&l, 1000 * (p + 1) + i, i % 4 == 1 ? NULL : ip);
			CHECK(ns >= 0);
		}
		net_close(l.net);
		raise(SIGSTOP);		/* the namespaces have to stay */
		_exit(0);
	}
	for (int i = 0; i < 6; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
		lab_nft(&b, "flush", "ruleset", NULL, NULL);
	}
	for (unsigned p = 0; p < ARRAY_SIZE(pid); p++)
		CHECK(waitpid(pid[p], &status, WUNTRACED) == pid[p] && WIFSTOPPED(status));
	lab_up(&l, 1, "10.9.100.1");
	CHECK_EQ(lab_elements(&l), 4 * 10 * 2 + 1);
	for (unsigned p = 0; p < ARRAY_SIZE(pid); p++) {
		kill(pid[p], SIGKILL);
		CHECK(waitpid(pid[p], &status, 0) == pid[p]);
	}
	lab_done(&l);
}
