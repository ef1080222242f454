/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a container's network namespace. Its processes are gone, and all that could still hold it are sockets that
 * nobody has open any more: those whose packets wait for a neighbour that never answers (for as long as the guest has told
 * the kernel to ask) or in a slow queue, and TCP connections that still want to be closed. Links that go take the first
 * along, and the kernel's socket diagnosis ends the others.
 */
#include "net/net_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/num.h"
#include "util/sys.h"

#define HERE "/proc/thread-self/ns/net"
#define SOCKETS "/proc/thread-self/net/sockstat"
#define END_GROUP 0x767au	/* of the links that go, all in one request */
#define END_SETTLE_MS 20	/* until the kernel has let go of what was closed a moment ago */
#define TCP_ALL 0xfff		/* every state */
#define TCP_TIME_WAIT 6		/* holds nothing */

/* --- who holds it --- */

/* Not ours, or the rest would strike this host's own links. */
static int foreign(int netns_fd, int here, struct err *e)
{
	struct stat a, b;

	if (fstat(netns_fd, &a) < 0 || fstat(here, &b) < 0)
		return err_set(e, errno, "look at a network namespace");
	if (a.st_dev != b.st_dev || a.st_ino == b.st_ino)
		return err_say(e, EINVAL, "no network namespace of a container");
	return 0;
}

static int count(const char *text, unsigned *ret, struct err *e)
{
	static const char head[] = "sockets: used ";
	uint64_t n;
	char *end;

	if (!str_starts(text, head))
		return err_say(e, EBADMSG, SOCKETS);
	n = strtoull(text + strlen(head), &end, 10);
	if (*end != '\n')
		return err_say(e, EBADMSG, SOCKETS);
	*ret = (unsigned)n;
	return 0;
}

int net_held(int netns_fd, unsigned *ret, struct err *e)
{
	auto_close int here = open(HERE, O_RDONLY | O_CLOEXEC);
	auto_buf struct buf b = { .cap = 4096 };
	int rc;

	if (here < 0)
		return err_set(e, errno, HERE);
	if (foreign(netns_fd, here, e) < 0)
		return -e->code;
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return err_set(e, errno, "enter the container's network namespace");
	rc = fio_read_at(AT_FDCWD, SOCKETS, &b, e);
	if (setns(here, CLONE_NEWNET) < 0)
		abort();	/* nothing of this host may be done from there: the next command repairs */
	return rc < 0 ? rc : count(buf_str(&b), ret, e);
}

/* --- links --- */

struct end_link { unsigned index; bool fixed; };	/* @fixed: lo, and others that cannot be deleted */
struct end_links { struct end_link *v; size_t n, size; };

static void links_done(struct end_links *l)
{
	free(l->v);
}

static void links_restart(void *arg)
{
	((struct end_links *)arg)->n = 0;
}

static bool has_kind(const struct nlattr *info)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, info) {
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
			return true;
	}
	return false;
}

static int links_one(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct end_links *l = arg;
	const struct nlattr *attr;
	bool fixed = true;

	if (l->n == l->size) {
		struct end_link *more = reallocarray(l->v, l->size * 2 + 64, sizeof(*more));

		if (!more)
			return -ENOMEM;
		l->v = more;
		l->size = l->size * 2 + 64;
	}
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
			fixed = !has_kind(attr);
	}
	l->v[l->n++] = (struct end_link){ .index = (unsigned)ifi->ifi_index, .fixed = fixed };
	return 0;
}

static void put_down(struct nl_batch *b, unsigned index, bool down, uint32_t group)
{
	struct ifinfomsg *ifi = nl_msg(b, RTM_NEWLINK, 0, sizeof(*ifi), "set down an interface", NULL);

	ifi->ifi_index = (int)index;
	ifi->ifi_change = down ? IFF_UP : 0;
	nl_put_u32(b, IFLA_GROUP, group);
	nl_ok(b, ENODEV, 0);
}

/* One deletion for all: each of its own would wait for a grace period. */
static int end_links(struct nl *nl, struct err *e)
{
	__attribute__((cleanup(links_done))) struct end_links l = { 0 };
	_Alignas(8) char buf[128] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nl_batch b;
	int rc;

	nlh->nlmsg_type = RTM_GETLINK;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	rc = nl_dump(nl, nlh, links_one, links_restart, &l, e);
	if (rc < 0)
		return e->code ? -e->code : err_set(e, -rc, "list the container's interfaces");
	nl_batch_begin(&b, nl, e);
	for (size_t i = 0; i < l.n; i++)
		put_down(&b, l.v[i].index, l.v[i].fixed, l.v[i].fixed ? 0 : END_GROUP);
	nl_msg(&b, RTM_DELLINK, 0, sizeof(struct ifinfomsg), "remove the container's interfaces", NULL);
	nl_put_u32(&b, IFLA_GROUP, END_GROUP);
	nl_ok(&b, ENODEV, 0);
	if (nl_batch_end(&b) == 0)
		return 0;
	err_clear(e);		/* one of a kind that is never deleted: then each is set down */
	nl_batch_begin(&b, nl, e);
	for (size_t i = 0; i < l.n; i++)
		put_down(&b, l.v[i].index, true, 0);
	return nl_batch_end(&b);
}

/* --- TCP --- */

static int destroy_one(const struct nlmsghdr *nlh, void *arg)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(nlh);
	struct inet_diag_req_v2 *rq;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*m))
		return 0;
	rq = nl_msg(arg, SOCK_DESTROY, 0, sizeof(*rq), "end a connection", NULL);
	rq->sdiag_family = m->idiag_family;
	rq->sdiag_protocol = IPPROTO_TCP;
	rq->idiag_states = 1u << m->idiag_state;
	rq->id = m->id;
	nl_ok(arg, ENOENT, EOPNOTSUPP);
	return 0;
}

/* A kernel that cannot does not ask a peer for long at least, which it else does as long as the guest has told it to. */
static int end_tcp(struct err *e)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	__attribute__((cleanup(nl_close))) struct nl ask = { 0 }, tell = { 0 };
	struct err ignored = { 0 };
	struct nl_batch b;

	fio_control(AT_FDCWD, "/proc/sys/net/ipv4/tcp_orphan_retries", "1", &ignored);
	if (nl_open(&ask, NETLINK_SOCK_DIAG, e) < 0 || nl_open(&tell, NETLINK_SOCK_DIAG, e) < 0)
		return -e->code;
	nl_batch_begin(&b, &tell, e);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		_Alignas(8) char buf[128] = { 0 };
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
		struct inet_diag_req_v2 *rq;
		struct err why = { 0 };

		nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
		rq = mnl_nlmsg_put_extra_header(nlh, sizeof(*rq));
		rq->sdiag_family = families[i];
		rq->sdiag_protocol = IPPROTO_TCP;
		rq->idiag_states = TCP_ALL & ~(1u << TCP_TIME_WAIT);
		if (nl_dump(&ask, nlh, destroy_one, NULL, &b, &why) < 0 && why.code != ENOENT && why.code != EINVAL && !e->code)
			*e = why;
	}
	return nl_batch_end(&b) < 0 || e->code ? -e->code : 0;
}

static int empty(struct nl *nl, void *arg, struct err *e)
{
	struct err first = { 0 };

	(void)arg;
	end_links(nl, &first);
	end_tcp(e);
	if (first.code)
		*e = first;
	return -e->code;
}

int net_end(int netns_fd, int ms, struct err *e)
{
	int64_t end = sys_now_ms() + ms;
	struct err why = { 0 };
	unsigned left = 0;

	for (bool first = true; net_held(netns_fd, &left, e) == 0 && left; first = false) {
		if (sys_now_ms() >= end)
			return why.code ? (*e = why, -e->code) :
				err_say(e, EBUSY, "the network namespace of what was stopped is held by sockets (%u)", left);
		if (!first) {
			err_clear(&why);
			inside_call(netns_fd, empty, NULL, &why);
		}
		usleep(END_SETTLE_MS * 1000);
	}
	return -e->code;
}
