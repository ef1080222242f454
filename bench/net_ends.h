/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BENCH_NET_ENDS_H
#define BENCH_NET_ENDS_H
/* Namespaces, and sockets in them, for net_flow.c and net_rate.c. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define HOST_IP "10.0.0.1"

struct pair { int tx, rx; };
static int self;		/* the namespace that plays the host */

static inline void check(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static inline void enter(int ns)
{
	check(setns(ns, CLONE_NEWNET) == 0, "setns");
}

static inline int new_netns(void)
{
	int fd;

	check(unshare(CLONE_NEWNET) == 0, "unshare");
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	check(fd >= 0, "netns");
	enter(self);
	return fd;
}

static inline int open_at(int ns, int type, const char *ip, unsigned port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd, one = 1;

	enter(ns);
	fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	enter(self);
	inet_pton(AF_INET, ip, &sa.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	check(fd >= 0 && bind(fd, (void *)&sa, sizeof(sa)) == 0, "bind");
	return fd;
}

/* Connected; TCP, or datagrams that nobody has sent yet. */
static inline struct pair flow(int from, const char *from_ip, int to, const char *to_ip, bool tcp)
{
	static unsigned port = 7000;
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((uint16_t)++port) };
	int type = tcp ? SOCK_STREAM : SOCK_DGRAM, l = open_at(to, type, to_ip, port);
	struct pair p;

	inet_pton(AF_INET, to_ip, &sa.sin_addr);
	check(!tcp || listen(l, 1) == 0, "listen");
	p.tx = open_at(from, type, from_ip, 0);
	check(connect(p.tx, (void *)&sa, sizeof(sa)) == 0, "connect");
	p.rx = tcp ? accept4(l, NULL, NULL, SOCK_CLOEXEC) : l;
	check(p.rx >= 0, "accept");
	if (tcp)
		close(l);
	return p;
}

#endif
