/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handle with its two sockets, lists of addresses, and who has an address. What a container gets is venet.c. */
#include "net/net_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <linux/netlink.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/sys.h"

#define TABLE_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

int net_open(const char *table, struct net **ret, struct err *e)
{
	struct net *n;

	if (!table[0] || table[strspn(table, TABLE_CHARS)])
		return err_say(e, EINVAL, "'%.40s' is no name for a firewall table", table);
	n = calloc(1, sizeof(*n));
	if (!n)
		return err_set(e, ENOMEM, "network handle");
	if (str_copy(n->table, sizeof(n->table), table) < 0) {
		free(n);
		return err_say(e, EINVAL, "the name of the firewall table is longer than %zu", sizeof(n->table) - 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(n->packet); i++)
		n->packet[i] = -1;
	*ret = n;
	return 0;
}

#define HELD_MAX 4		/* the netfilter socket, those for packets */

/* Keeps what is in @held and nothing else until the other end of @until is closed. */
static _Noreturn void keep_open(const int held[HELD_MAX], int until)
{
	unsigned from = 0, next;
	char c;

	do {
		next = (unsigned)until >= from ? (unsigned)until : ~0u;
		for (int i = 0; i < HELD_MAX; i++) {
			if (held[i] >= 0 && (unsigned)held[i] >= from)
				next = MIN(next, (unsigned)held[i]);
		}
		if (next > from)
			sys_close_range(from, next == ~0u ? ~0u : next - 1, 0);
		from = next + 1;
	} while (next != ~0u);
	while (read(until, &c, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

/*
 * The last close of a netfilter socket waits until the kernel has destroyed what any transaction of this network removed:
 * an RCU grace period, 7 to 18 ms, at each stop of a container and at a start shortly after one. Elements are out of the
 * sets long before, so nobody has to wait: a child that does nothing else closes the socket last (0.1 ms). It is no
 * child that wait() of a program with children of its own would see; the next call collects it, or init does. Packet sockets
 * wait for the same when they are closed.
 */
static int net_close_later(const int held[HELD_MAX])
{
	static _Atomic pid_t last;
	struct clone_args a = { 0 };
	pid_t pid = atomic_exchange(&last, 0);
	int p[2];

	if (pid > 0)
		waitpid(pid, NULL, __WCLONE);
	if (pipe2(p, O_CLOEXEC) < 0)
		return -1;
	pid = sys_clone3(&a);
	if (pid == 0)
		keep_open(held, p[0]);
	close(p[0]);
	atomic_store(&last, MAX(pid, 0));
	return p[1];
}

void net_close(struct net *n)
{
	auto_close int hold = -1;
	int held[HELD_MAX] = { -1, -1, -1, -1 };
	bool any = false;

	if (!n)
		return;
	nl_close(&n->rt);
	held[0] = n->nft.nl.sk ? n->nft.nl.fd : -1;
	memcpy(&held[1], n->packet, sizeof(n->packet));
	for (int i = 0; i < HELD_MAX; i++)
		any |= held[i] >= 0;
	if (any)
		hold = net_close_later(held);
	nft_close(&n->nft);
	for (size_t i = 0; i < ARRAY_SIZE(n->packet); i++)
		auto_close_(&n->packet[i]);
	free(n->told.v);
	free(n->probe.asked.v);
	net_owners_free(n->owners);
	free(n);
}

int net_rt(struct net *n, struct err *e)
{
	return nl_open(&n->rt, NETLINK_ROUTE, e);
}

int net_nf(struct net *n, struct err *e)
{
	return nl_open(&n->nft.nl, NETLINK_NETFILTER, e);
}

int ip_vec_add(struct ip_vec *v, const struct net_ip *ip, struct err *e)
{
	if ((v->n & (v->n - 1)) == 0) {		/* full at each power of two */
		size_t size = v->n ? v->n * 2 : 1;
		struct net_ip *more = reallocarray(v->ip, size, sizeof(*v->ip));
		char (*text)[NET_IP_TEXT] = NULL;

		if (more) {
			v->ip = more;
			text = reallocarray(v->text, size, sizeof(*v->text));
		}
		if (!text)
			return err_set(e, ENOMEM, "list of addresses");
		v->text = text;
	}
	net_ip_print(ip, false, v->text[v->n], sizeof(v->text[0]));
	v->ip[v->n++] = *ip;
	return 0;
}

int ip_vec_parse(struct ip_vec *v, const struct str_list *l, struct err *e)
{
	struct net_ip ip;

	for (size_t i = 0; l && i < l->n; i++) {
		if (net_ip_parse(l->v[i], &ip, e) < 0)
			return -e->code;
		if (!net_ip_is_any(&ip) && ip_vec_add(v, &ip, e) < 0)
			return -e->code;
	}
	return 0;
}

const struct net_ip *ip_vec_find(const struct ip_vec *v, const struct net_ip *ip)
{
	for (size_t i = 0; i < v->n; i++) {
		if (net_ip_equal(&v->ip[i], ip))
			return &v->ip[i];
	}
	return NULL;
}

bool ip_same_route(const struct net_ip *a, const struct net_ip *b)
{
	return net_ip_equal(a, b) && net_ip_route_len(a) == net_ip_route_len(b);
}

bool ip_vec_routed(const struct ip_vec *v, const struct net_ip *ip)
{
	for (size_t i = 0; i < v->n; i++) {
		if (ip_same_route(&v->ip[i], ip))
			return true;
	}
	return false;
}

bool ip_vec_first(const struct ip_vec *v, size_t i)
{
	return ip_vec_find(v, &v->ip[i]) == &v->ip[i];
}

bool ip_vec_has_family(const struct ip_vec *v, int family)
{
	for (size_t i = 0; i < v->n; i++) {
		if (v->ip[i].family == family)
			return true;
	}
	return false;
}

void ip_vec_done(struct ip_vec *v)
{
	free(v->ip);
	free(v->text);
	*v = (struct ip_vec){ 0 };
}

struct holds { const struct net_ip *net; bool found; };

static int holds_one(unsigned ifindex, const struct net_ip *ip, void *arg)
{
	struct holds *h = arg;

	(void)ifindex;
	h->found |= net_ip_within(ip, h->net);
	return 0;
}

/* Does an address of this host lie in prefix @ip? */
static bool net_holds_host(struct net *n, const struct net_ip *ip, struct err *e)
{
	struct holds h = { ip, false };

	return addr_each_of_host(&n->rt, holds_one, &h, e) < 0 || h.found;
}

bool link_of_ours(struct nl *nl, unsigned ifindex)
{
	char name[IFNAMSIZ];
	unsigned id;

	return link_name(nl, ifindex, name) && link_id(name, &id);
}

int net_ip_conflict(struct net *n, unsigned id, const struct net_ip *ip, char owner[16], struct err *e)
{
	struct route_hit hit;
	char self[IFNAMSIZ];

	owner[0] = '\0';
	net_ifname(id, self);
	if (net_rt(n, e) < 0 || route_find(&n->rt, ip, &hit, e) < 0)
		return -e->code;
	if (!hit.found)
		return NET_IP_FREE;
	if (hit.local || hit.broadcast)
		return hit.broadcast ? NET_IP_BROADCAST : net_ip_is_net(ip) ? NET_IP_HOLDS_HOST : NET_IP_HOST;
	if (net_ip_is_net(ip) && net_holds_host(n, ip, e))
		return e->code ? -e->code : NET_IP_HOLDS_HOST;
	/* the whole of another's prefix is another's */
	if ((hit.host || hit.len >= net_ip_route_len(ip) || link_of_ours(&n->rt, hit.ifindex)) &&
	    link_name(&n->rt, hit.ifindex, owner) && !str_eq(owner, self))
		return link_of_ours(&n->rt, hit.ifindex) ? NET_IP_CONTAINER : NET_IP_ROUTED;
	owner[0] = '\0';
	return NET_IP_FREE;
}
