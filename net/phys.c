/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/phys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "net/net_priv.h"
#include "util/auto.h"
#include "util/err.h"

int net_phys_print(const struct net_phys *p, char *dst, size_t size)
{
	return str_fmt(dst, size, "%s %u %u %d %02x:%02x:%02x:%02x:%02x:%02x", p->name, p->index, p->mtu, p->up, p->mac[0],
		       p->mac[1], p->mac[2], p->mac[3], p->mac[4], p->mac[5]);
}

int net_phys_parse(const char *text, struct net_phys *ret, struct err *e)
{
	struct net_phys p = { 0 };
	unsigned mac[6], up;

	if (sscanf(text, "%15s %u %u %u %x:%x:%x:%x:%x:%x", p.name, &p.index, &p.mtu, &up, &mac[0], &mac[1], &mac[2], &mac[3],
		   &mac[4], &mac[5]) != 10)
		return err_say(e, EBADMSG, "'%.60s' describes no interface", text);
	for (size_t i = 0; i < ARRAY_SIZE(mac); i++)
		p.mac[i] = (uint8_t)mac[i];
	p.up = up;
	*ret = p;
	return 0;
}

int net_phys_look(struct net *n, const char *name, struct net_phys *ret, struct err *e)
{
	struct link_info link;
	struct net_phys p = { 0 };

	if (net_rt(n, e) < 0 || link_info(&n->rt, 0, name, &link, e) < 0)
		return -e->code;
	if (str_copy(p.name, sizeof(p.name), link.name) < 0)
		return err_say(e, EINVAL, "interface %s", name);
	p.mtu = link.mtu;
	p.up = link.up;
	memcpy(p.mac, link.mac, sizeof(p.mac));
	*ret = p;
	return 0;
}

static void put_move(struct nl_batch *b, unsigned ifindex, int netns_fd, const char *name)
{
	struct ifinfomsg *ifi = nl_msg(b, RTM_NEWLINK, 0, sizeof(*ifi), "set down interface", name);

	ifi->ifi_index = (int)ifindex;
	ifi->ifi_change = IFF_UP;
	ifi = nl_msg(b, RTM_NEWLINK, 0, sizeof(*ifi), "move interface", name);
	ifi->ifi_index = (int)ifindex;
	nl_put_str(b, IFLA_IFNAME, name);	/* its name there, whatever it was */
	nl_put_u32(b, IFLA_NET_NS_FD, (uint32_t)netns_fd);
}

/* --- there: in a child, which tells by a number that it writes into a pipe --- */

struct there {
	struct net_phys p;
	int host_netns, out;
};

static int there_find(struct nl *nl, void *arg, struct err *e)
{
	struct there *t = arg;
	unsigned ifindex = link_index(nl, t->p.name);

	if (!ifindex)
		return err_say(e, ENODEV, "interface %s vanished on its way into the container", t->p.name);
	return write(t->out, &ifindex, sizeof(ifindex)) == (ssize_t)sizeof(ifindex) ? 0 : err_set(e, errno, "pipe");
}

static int there_back(struct nl *nl, void *arg, struct err *e)
{
	struct there *t = arg;
	struct link_info link;
	struct nl_batch b;

	if (link_info(nl, t->p.index, t->p.name, &link, e) < 0)
		return -e->code;
	nl_batch_begin(&b, nl, e);
	put_move(&b, link.index, t->host_netns, t->p.name);
	return nl_batch_end(&b);
}

int net_phys_lend(struct net *n, struct net_phys *p, int netns_fd, struct err *e)
{
	auto_close int in = -1, out = -1;
	struct there t = { .p = *p };
	struct err undo = { 0 };
	struct link_info link;
	struct nl_batch b;
	int fd[2];

	if (net_rt(n, e) < 0 || link_info(&n->rt, 0, p->name, &link, e) < 0)
		return -e->code;
	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_set(e, errno, "pipe");
	in = fd[0];
	out = fd[1];
	t.out = out;
	nl_batch_begin(&b, &n->rt, e);
	put_move(&b, link.index, netns_fd, p->name);
	if (nl_batch_end(&b) < 0)
		return -e->code;
	if (inside_call(netns_fd, there_find, &t, e) == 0 && read(in, &p->index, sizeof(p->index)) == (ssize_t)sizeof(p->index))
		return 0;
	if (!e->code)
		err_set(e, EIO, "pipe");
	net_phys_return(n, p, netns_fd, &undo);
	return -e->code;
}

static int restore(struct nl *nl, const struct net_phys *p, struct err *e)
{
	static const uint8_t none[6];
	struct link_info link;
	struct ifinfomsg *ifi;
	struct nl_batch b;
	int rc = link_find(nl, 0, p->name, &link, e);

	if (rc <= 0)
		return rc;
	nl_batch_begin(&b, nl, e);
	if (memcmp(p->mac, link.mac, sizeof(p->mac)) != 0 && memcmp(p->mac, none, sizeof(none)) != 0) {
		ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "restore the hardware address of", p->name);
		ifi->ifi_index = (int)link.index;
		nl_put(&b, IFLA_ADDRESS, p->mac, sizeof(p->mac));
	}
	if (p->mtu && p->mtu != link.mtu) {
		ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "restore the MTU of", p->name);
		ifi->ifi_index = (int)link.index;
		nl_put_u32(&b, IFLA_MTU, p->mtu);
	}
	if (p->up != link.up) {
		ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "set up interface", p->name);
		ifi->ifi_index = (int)link.index;
		ifi->ifi_flags = p->up ? IFF_UP : 0;
		ifi->ifi_change = IFF_UP;
	}
	return nl_batch_end(&b);
}

int net_phys_return(struct net *n, const struct net_phys *p, int netns_fd, struct err *e)
{
	auto_close int here = -1;
	struct there t = { .p = *p };

	if (net_rt(n, e) < 0)
		return -e->code;
	if (netns_fd >= 0) {
		t.host_netns = here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		if (here < 0)
			return err_set(e, errno, "open the host's network namespace");
		if (inside_call(netns_fd, there_back, &t, e) < 0 && e->code != ENODEV)
			return err_add(e, "bring %s back", p->name);
		err_clear(e);
	}
	return restore(&n->rt, p, e);
}
