/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net/listen.c: sockets of this host under a forward, those for itself left out. */
#include "net/nat.h"
#include "tests/unit/t_net_lab.h"

static int server(int family, int type, const char *ip, uint16_t port)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	bool six = family == AF_INET6;
	int fd = socket(family, type | SOCK_CLOEXEC, 0), on = 1;

	CHECK(inet_pton(family, ip, six ? (void *)&a6.sin6_addr : (void *)&a4.sin_addr) == 1);
	CHECK(!six || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0);
	CHECK(bind(fd, six ? (void *)&a6 : (void *)&a4, six ? sizeof(a6) : sizeof(a4)) == 0);
	CHECK(type != SOCK_STREAM || listen(fd, 1) == 0);
	return fd;
}

TEST_ROOT(listen_found)
{
	static const struct { const char *forward; int port; } t[] = {
		{ "tcp 7001", 7001 }, { "tcp 7000-7009 to 80", 7001 }, { "udp 7001", 0 }, { "tcp 7002", 0 }, { "tcp 7003", 7003 },
		{ "udp 7000-7009", 7004 }, { "tcp 7005", 7005 }, { "tcp 127.0.0.9:7001", 7001 }, { "tcp 192.0.2.9:7005", 0 },
		{ "tcp [" LAB_HOST6 "]:7003", 7003 }, { "tcp 7006-7009", 0 },
	};
	struct nat_fwd f;
	struct lab l;
	int fd[5];

	lab_init(&l, NULL, NULL);
	lab_outside(&l, false);
	fd[0] = server(AF_INET, SOCK_STREAM, "0.0.0.0", 7001);
	fd[1] = server(AF_INET, SOCK_STREAM, "127.0.0.1", 7002);
	fd[2] = server(AF_INET6, SOCK_STREAM, "::", 7003);
	fd[3] = server(AF_INET, SOCK_DGRAM, "0.0.0.0", 7004);
	fd[4] = server(AF_INET, SOCK_STREAM, LAB_HOST4, 7005);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		CHECK_OK(nat_fwd_parse(t[i].forward, &f, &l.e), &l.e);
		if (net_listening(&f, &l.e) != t[i].port)
			test_fail(__FILE__, __LINE__, "%s: not %d", t[i].forward, t[i].port);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fd); i++)
		close(fd[i]);
	lab_done(&l);
}
