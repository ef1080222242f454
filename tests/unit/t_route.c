/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/t_net_lab.h"

TEST_ROOT(route_find_says_who)
{
	static const struct { const char *ip; bool found, local, host; const char *dev; } t[] = {
		{ "10.9.0.1", true, false, true, "vz1" }, { "fd09::1", true, false, true, "vz1" },
		{ LAB_HOST4, true, true, true, "lo" }, { LAB_HOST6, true, true, true, "lo" },
		{ "192.0.2.1", true, true, true, "up0" }, { "192.0.2.9", true, false, false, "up0" },
		{ "2001:db8::9", true, false, false, "up0" },
		{ "203.0.113.1", false, false, false, NULL }, { "2001:db8:ffff::1", false, false, false, NULL },
	};
	struct lab l;
	struct net_ip ip;
	struct route_hit hit;
	char name[IFNAMSIZ];

	lab_init(&l, NULL, NULL);
	lab_outside(&l, false);
	lab_up(&l, 1, "10.9.0.1 fd09::1");
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		CHECK_OK(net_ip_parse(t[i].ip, &ip, &l.e), &l.e);
		CHECK_OK(route_find(&l.net->rt, &ip, &hit, &l.e), &l.e);
		CHECK_EQ(hit.found, t[i].found);
		CHECK_EQ(hit.local, t[i].local);
		if (!t[i].found)
			continue;
		CHECK_EQ(hit.host, t[i].host);
		if (!t[i].local) {
			CHECK(link_name(&l.net->rt, hit.ifindex, name));
			CHECK_STR(name, t[i].dev);
		}
	}
	CHECK_EQ(lab_routes(&l, "vz1"), 2);
	CHECK_EQ(lab_routes(&l, "up0"), 3);	/* prefixes too: two and the link-local one */
	lab_done(&l);
}

/* One neighbour entry inside, however many destinations. */
TEST_ROOT(route_default_has_one_neighbour)
{
	struct lab l;
	struct sockaddr_storage sa;
	char dst[32];
	int a, fd;
	auto_buf struct buf b = BUF_INIT;
	unsigned lines = 0;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 1, "10.9.0.1");
	fd = lab_socket(&l, a, SOCK_DGRAM, "10.9.0.1", NULL, 0);
	for (int i = 0; i < 1000; i++) {
		str_fmt(dst, sizeof(dst), "11.0.%d.%d", i / 250, i % 250 + 1);
		CHECK(sendto(fd, "x", 1, 0, (void *)&sa, lab_sockaddr(dst, 9, &sa)) == 1);
	}
	close(fd);
	lab_in(a);
	CHECK_OK(fio_read_at(AT_FDCWD, "/proc/thread-self/net/arp", &b, &l.e), &l.e);
	for (const char *p = buf_str(&b); (p = strstr(p, "venet0")); p++)
		lines++;
	CHECK(lines <= 1);
	lab_done(&l);
}
