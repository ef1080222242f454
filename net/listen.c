/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which ports of the host programs of its own listen on: the kernel's list of sockets (sock_diag), loopback ones left out. */
#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>

#include "net/nat.h"
#include "net/nl.h"
#include "util/err.h"

#define TCP_LISTENING 10
#define UDP_WAITING 7		/* has no peer */

struct look { const struct nat_fwd *f; unsigned port; };

static bool reached(const struct nat_fwd *f, const struct inet_diag_msg *m)
{
	struct net_ip ip = { .family = m->idiag_family, .prefix = m->idiag_family == AF_INET ? 32 : 128 };

	memcpy(&ip.v6, m->id.idiag_src, ip.family == AF_INET ? sizeof(ip.v4) : sizeof(ip.v6));
	if (ip.family == AF_INET ? ntohl(ip.v4.s_addr) >> 24 == 127 : IN6_IS_ADDR_LOOPBACK(&ip.v6))
		return false;
	return !f->host.family || net_ip_is_any(&ip) || net_ip_equal(&ip, &f->host);
}

static int look_one(const struct nlmsghdr *nlh, void *arg)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(nlh);
	struct look *l = arg;
	unsigned port;

	if (nlh->nlmsg_type != SOCK_DIAG_BY_FAMILY || mnl_nlmsg_get_payload_len(nlh) < sizeof(*m))
		return 0;
	port = ntohs(m->id.idiag_sport);
	if (port >= l->f->lo && port <= l->f->hi && (!l->port || port < l->port) && reached(l->f, m))
		l->port = port;
	return 0;
}

int net_listening(const struct nat_fwd *f, struct err *e)
{
	static const uint8_t family[] = { AF_INET, AF_INET6 };
	struct look l = { .f = f };
	struct nl nl = { 0 };
	int rc = nl_open(&nl, NETLINK_SOCK_DIAG, e);

	for (size_t i = 0; i < 2 && rc >= 0; i++) {
		_Alignas(8) char buf[128] = { 0 };
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
		struct inet_diag_req_v2 *q;

		nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
		q = mnl_nlmsg_put_extra_header(nlh, sizeof(*q));
		q->sdiag_family = family[i];
		q->sdiag_protocol = f->proto;
		q->idiag_states = 1u << (f->proto == IPPROTO_TCP ? TCP_LISTENING : UDP_WAITING);
		rc = nl_dump(&nl, nlh, look_one, NULL, &l, e);
	}
	nl_close(&nl);
	if (rc < 0)
		return e->code ? -e->code : err_set(e, -rc, "list listening sockets");
	return (int)l.port;
}
