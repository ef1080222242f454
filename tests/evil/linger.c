/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes on when its maker is gone: packets that wait for ever for a neighbour, connections that nobody ends. */
#include "tests/evil/evil.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINK "eveth0"	/* of evil_links() */

static int up(const char *name, bool on)
{
	int sk = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;
	struct ifreq rq = { 0 };

	snprintf(rq.ifr_name, sizeof(rq.ifr_name), "%s", name);
	rc = ioctl(sk, SIOCGIFFLAGS, &rq);
	rq.ifr_flags = (short)(on ? rq.ifr_flags | IFF_UP : rq.ifr_flags & ~IFF_UP);
	rc = rc < 0 ? rc : ioctl(sk, SIOCSIFFLAGS, &rq);
	close(sk);
	return rc;
}

static int address(const char *name, const char *text)
{
	int sk = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;
	struct ifreq rq = { 0 };
	struct sockaddr_in *a = (void *)&rq.ifr_addr;

	snprintf(rq.ifr_name, sizeof(rq.ifr_name), "%s", name);
	a->sin_family = AF_INET;
	inet_pton(AF_INET, text, &a->sin_addr);
	rc = ioctl(sk, SIOCSIFADDR, &rq);
	close(sk);
	return rc;
}

/* A datagram and a ping to nobody, asked for a thousand million times. */
static int wait_for_nobody(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct icmphdr ping = { .type = ICMP_ECHO };
	int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	char *links[] = { "links", "veth", "1", NULL };
	int rc;

	evil_links(3, links);
	inet_pton(AF_INET, "10.66.0.9", &to.sin_addr);
	if (address(LINK, "10.66.0.1") < 0 || up(LINK, true) < 0 ||
	    put_text("/proc/sys/net/ipv4/neigh/" LINK "/mcast_solicit", "1000000000") < 0)
		return -1;
	rc = sendto(udp, "x", 1, 0, (void *)&to, sizeof(to)) < 0 ? -1 : 0;
	if (sendto(raw, &ping, sizeof(ping), 0, (void *)&to, sizeof(to)) < 0)
		rc = -1;
	close(udp);
	close(raw);
	return rc;
}

/* Both ends of a connection whose way is taken away with words under way. */
static int never_close(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(4711), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), a = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), b, rc;

	put_text("/proc/sys/net/ipv4/tcp_orphan_retries", "255");
	if (bind(door, (void *)&at, sizeof(at)) < 0 || listen(door, 1) < 0 || connect(a, (void *)&at, sizeof(at)) < 0)
		return -1;
	b = accept4(door, NULL, NULL, SOCK_CLOEXEC);
	if (b < 0 || up("lo", false) < 0)
		return -1;
	rc = write(a, "x", 1) == 1 && write(b, "y", 1) == 1 ? 0 : -1;
	close(a);
	close(b);
	close(door);
	return rc;
}

int evil_linger(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	TRY("neighbour", wait_for_nobody());
	TRY("connection", never_close());
	return 0;
}
