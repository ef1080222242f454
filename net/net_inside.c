/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inner end: lo, venet0, its addresses and default routes; at the start by the container's own child, later by a
 * child that enters the network namespace and nothing else.
 */
#include "net/net_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <linux/netlink.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"

static const int families[] = { AF_INET, AF_INET6 };

/* The address of both ends. */
static int inside_mac(struct nl *nl, uint8_t mac[6], struct err *e)
{
	struct ifreq rq = { .ifr_name = NET_INSIDE };

	if (ioctl(nl->fd, SIOCGIFHWADDR, &rq) < 0)
		return err_set(e, errno, "hardware address of " NET_INSIDE);
	memcpy(mac, rq.ifr_hwaddr.sa_data, 6);
	return 0;
}

static void put_default(struct nl_batch *b, unsigned ifindex, int family, const struct net_ip *src, const uint8_t mac[6])
{
	route_put_default(b, true, ifindex, family, src);
	route_put_gate(b, ifindex, family, mac);
}

static void inside_put(struct nl_batch *b, unsigned ifindex, const struct net_ip *ip, const char *text)
{
	const struct net_ip in = net_ip_inside(ip);

	addr_put(b, true, ifindex, &in, text);
}

int net_inside_up(const struct str_list *ips, struct err *e)
{
	auto_ip_vec struct ip_vec v = { 0 };
	__attribute__((cleanup(nl_close))) struct nl nl = { 0 };
	const struct net_ip *first;
	struct nl_batch b;
	unsigned ifindex;
	uint8_t mac[6];

	if (ip_vec_parse(&v, ips, e) < 0 || nl_open(&nl, NETLINK_ROUTE, e) < 0)
		return -e->code;
	ifindex = link_index_made(&nl, NET_INSIDE);
	if (!ifindex)
		return err_say(e, ENODEV, "there is no interface " NET_INSIDE " in the container");
	if (inside_mac(&nl, mac, e) < 0)
		return -e->code;
	nl_batch_begin(&b, &nl, e);
	link_put_inside_up(&b);
	for (size_t i = 0; i < v.n; i++) {
		if (ip_vec_first(&v, i))
			inside_put(&b, ifindex, &v.ip[i], v.text[i]);
	}
	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		first = NULL;
		for (size_t i = 0; i < v.n && !first; i++)
			first = v.ip[i].family == families[f] ? &v.ip[i] : NULL;
		if (first) {
			const struct net_ip in = net_ip_inside(first);

			put_default(&b, ifindex, families[f], &in, mac);
		}
	}
	return nl_batch_end(&b);
}

static int inside_collect(const struct net_ip *ip, void *arg)
{
	struct err e = { 0 };

	return ip_vec_add(arg, ip, &e);
}

static bool same_prefix(const struct net_ip *a, const struct net_ip *b)
{
	return a && a->prefix == b->prefix;
}

/* @again: given once more, in case somebody inside took it away. A way out of the guest's own is left to be the only one. */
static void put_defaults(struct nl_batch *b, unsigned ifindex, const struct ip_vec *from, const struct ip_vec *to,
			 const bool again[2], const uint8_t mac[6])
{
	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		bool had = ip_vec_has_family(from, families[f]), has = ip_vec_has_family(to, families[f]);

		if (has && (!had || again[f]))
			put_default(b, ifindex, families[f], NULL, mac);
		if (had && !has)
			route_put_default(b, false, ifindex, families[f], NULL);
	}
}

/*
 * From what is there to what shall be. New ones come first and old ones go last: the interface that loses its last IPv4
 * address loses its routes. IPv6 does not, but has no address twice, so there a changed prefix goes before it comes.
 */
static int inside_go(struct nl *nl, unsigned ifindex, const struct ip_vec *from, const struct ip_vec *to, const bool again[2],
		     struct err *e)
{
	struct nl_batch b;
	uint8_t mac[6];

	if (inside_mac(nl, mac, e) < 0)
		return -e->code;
	nl_batch_begin(&b, nl, e);
	if (again[0] || again[1])
		link_put_inside_up(&b);
	for (int late = 0; late < 2; late++) {
		for (size_t i = 0; i < to->n; i++) {
			const struct net_ip *ip = &to->ip[i], *old = ip_vec_find(from, ip);

			if (ip_vec_first(to, i) && !same_prefix(old, ip) && (old && ip->family == AF_INET6) == late)
				addr_put(&b, true, ifindex, ip, to->text[i]);
		}
		for (size_t i = 0; !late && i < from->n; i++) {
			if (!same_prefix(ip_vec_find(to, &from->ip[i]), &from->ip[i]))
				addr_put(&b, false, ifindex, &from->ip[i], from->text[i]);
		}
	}
	put_defaults(&b, ifindex, from, to, again, mac);
	return nl_batch_end(&b);
}

/* Is @ip what one of @v is inside? */
static bool inside_has(const struct ip_vec *v, const struct net_ip *ip)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct net_ip in = net_ip_inside(&v->ip[i]);

		if (net_ip_equal(&in, ip))
			return true;
	}
	return false;
}

/* Of which families addresses come while nothing leads out. */
static int lost_defaults(struct nl *nl, const struct ip_vec *add, bool ret[2], struct err *e)
{
	static const char *const nowhere[] = { "192.0.2.254", "2001:db8::fffe" };
	struct route_hit hit;
	struct net_ip ip;

	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		if (!ip_vec_has_family(add, families[f]))
			continue;
		if (net_ip_parse(nowhere[f], &ip, e) < 0 || route_find(nl, &ip, &hit, e) < 0)
			return -e->code;
		ret[f] = !hit.found;
	}
	return 0;
}

static int inside_apply(struct nl *nl, const struct ip_vec *add, const struct ip_vec *del, struct err *e)
{
	auto_ip_vec struct ip_vec have = { 0 }, want = { 0 }, now = { 0 };
	bool lost[2] = { false, false };
	struct err undo = { 0 };
	unsigned ifindex;

	ifindex = link_index(nl, NET_INSIDE);
	if (!ifindex)
		return err_say(e, ENODEV, "there is no interface " NET_INSIDE " in the container");
	if (addr_each(nl, ifindex, inside_collect, &have, e) < 0 || lost_defaults(nl, add, lost, e) < 0)
		return -e->code;
	for (size_t i = 0; i < have.n; i++) {
		if (!inside_has(del, &have.ip[i]) && !inside_has(add, &have.ip[i]) &&
		    ip_vec_add(&want, &have.ip[i], e) < 0)
			return -e->code;
	}
	for (size_t i = 0; i < add->n; i++) {
		const struct net_ip in = net_ip_inside(&add->ip[i]);

		if (ip_vec_add(&want, &in, e) < 0)
			return -e->code;
	}
	if (inside_go(nl, ifindex, &have, &want, lost, e) == 0)
		return 0;
	if (addr_each(nl, ifindex, inside_collect, &now, &undo) == 0)
		inside_go(nl, ifindex, &now, &have, lost, &undo);
	return -e->code;
}

static void inside_child(int netns_fd, int out, inside_fn *fn, void *arg)
{
	struct err e = { 0 };
	struct nl nl = { 0 };

	if (setns(netns_fd, CLONE_NEWNET) < 0)
		err_set(&e, errno, "enter the container's network namespace");
	else if (nl_open(&nl, NETLINK_ROUTE, &e) == 0)
		fn(&nl, arg, &e);
	_exit(fio_write_all(out, &e, sizeof(e)) < 0);
}

int inside_call(int netns_fd, inside_fn *fn, void *arg, struct err *e)
{
	auto_close int in = -1, out = -1;
	struct err theirs;
	int fd[2], status;
	ssize_t got;
	pid_t pid, dead;

	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_set(e, errno, "pipe");
	in = fd[0];
	out = fd[1];
	pid = fork();
	if (pid < 0)
		return err_set(e, errno, "fork");
	if (pid == 0)
		inside_child(netns_fd, out, fn, arg);
	auto_close_(&out);
	do {
		got = read(in, &theirs, sizeof(theirs));	/* smaller than PIPE_BUF: whole or nothing */
	} while (got < 0 && errno == EINTR);
	do {
		dead = waitpid(pid, &status, 0);
	} while (dead < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(theirs))
		return err_say(e, ECHILD, "the child that works in the container's network namespace died");
	theirs.text[sizeof(theirs.text) - 1] = '\0';
	*e = theirs;
	return -e->code;
}

struct ips { const struct ip_vec *add, *del; };

static int inside_apply_ips(struct nl *nl, void *arg, struct err *e)
{
	const struct ips *ips = arg;

	return inside_apply(nl, ips->add, ips->del, e);
}

int inside_change(int netns_fd, const struct ip_vec *add, const struct ip_vec *del, struct err *e)
{
	struct ips ips = { add, del };

	return inside_call(netns_fd, inside_apply_ips, &ips, e);
}
