/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Batches: errors are told apart by request, some are none, more than fit go in several sends. */
#include "tests/unit/t_net_lab.h"

static void add_ip(struct nl_batch *b, unsigned i, const char *text, bool add)
{
	struct net_ip ip = { .family = AF_INET, .prefix = 32 };

	ip.v4.s_addr = htonl(0x0a000000u + i);
	addr_put(b, add, 1, &ip, text);
}

static int count_addr(const struct net_ip *ip, void *arg)
{
	*(unsigned *)arg += ip->family == AF_INET && ip->v4.s_addr != htonl(INADDR_LOOPBACK);
	return 0;
}

static unsigned addresses(struct nl *nl, struct err *e)
{
	unsigned n = 0;

	CHECK_OK(addr_each(nl, 1, count_addr, &n, e), e);
	return n;
}

TEST_ROOT(nl_many_requests)
{
	struct nl nl = { 0 };
	struct err e = { 0 };
	struct nl_batch b;

	CHECK(unshare(CLONE_NEWNET) == 0);
	CHECK_OK(nl_open(&nl, NETLINK_ROUTE, &e), &e);
	nl_batch_begin(&b, &nl, &e);
	CHECK_OK(nl_batch_end(&b), &e);			/* nothing is fine */
	nl_batch_begin(&b, &nl, &e);
	for (unsigned i = 1; i <= 3 * NL_BATCH_MSGS + 5; i++)
		add_ip(&b, i, "x", true);
	CHECK_OK(nl_batch_end(&b), &e);
	CHECK_EQ(addresses(&nl, &e), 3 * NL_BATCH_MSGS + 5);
	nl_close(&nl);
	nl_close(&nl);
}

TEST_ROOT(nl_first_error_is_told)
{
	struct nl nl = { 0 };
	struct err e = { 0 };
	struct nl_batch b;

	CHECK(unshare(CLONE_NEWNET) == 0);
	CHECK_OK(nl_open(&nl, NETLINK_ROUTE, &e), &e);
	nl_batch_begin(&b, &nl, &e);
	add_ip(&b, 1, "one", true);
	add_ip(&b, 1, "again", true);
	nl_ok(&b, ENOENT, EEXIST);
	add_ip(&b, 1, "thrice", true);
	add_ip(&b, 77, "missing", false);
	add_ip(&b, 2, "two", true);
	CHECK_EQ(nl_batch_end(&b), -EEXIST);
	CHECK_STR(b.arg, "thrice");
	CHECK(strncmp(e.text, "add address thrice", 18) == 0);
	CHECK_EQ(addresses(&nl, &e), 2);		/* what came after it was tried */
	/* every request of several sends fails: the first is reported, nothing hangs */
	err_clear(&e);
	nl_batch_begin(&b, &nl, &e);
	for (unsigned i = 0; i < 500; i++)
		add_ip(&b, 1000 + i, i ? "later" : "first", false);
	CHECK_EQ(nl_batch_end(&b), -EADDRNOTAVAIL);
	CHECK_STR(b.arg, "first");
	nl_close(&nl);
}

TEST_ROOT(nl_attributes_are_bounded)
{
	struct nl nl = { 0 };
	struct err e = { 0 };
	struct nl_batch b;
	char big[NL_MSG_MAX] = { 0 };

	CHECK(unshare(CLONE_NEWNET) == 0);
	CHECK_OK(nl_open(&nl, NETLINK_ROUTE, &e), &e);
	nl_batch_begin(&b, &nl, &e);
	nl_msg(&b, RTM_NEWLINK, 0, sizeof(struct ifinfomsg), "set", "lo");
	nl_put(&b, IFLA_IFALIAS, big, sizeof(big));
	CHECK_EQ(nl_batch_end(&b), -EMSGSIZE);
	err_clear(&e);
	nl_batch_begin(&b, &nl, &e);
	nl_msg(&b, RTM_NEWLINK, 0, sizeof(struct ifinfomsg), "set", "lo");
	nl_put_raw(&b, big, sizeof(big));
	CHECK_EQ(nl_batch_end(&b), -EMSGSIZE);
	nl_close(&nl);
}

static int stop_at_once(const struct nlmsghdr *nlh, void *arg)
{
	(void)nlh;
	++*(unsigned *)arg;
	return -EXDEV;
}

TEST_ROOT(nl_dump_stops)
{
	_Alignas(8) char buf[64] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nl nl = { 0 };
	struct err e = { 0 };
	unsigned n = 0;

	CHECK(unshare(CLONE_NEWNET) == 0);
	CHECK_OK(nl_open(&nl, NETLINK_ROUTE, &e), &e);
	nlh->nlmsg_type = RTM_GETLINK;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	CHECK_EQ(nl_dump(&nl, nlh, stop_at_once, NULL, &n, &e), -EXDEV);
	CHECK_EQ(n, 1);
	n = 0;
	nlh->nlmsg_len = MNL_NLMSG_HDRLEN;
	nlh->nlmsg_type = RTM_GETLINK;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	CHECK_EQ(nl_dump(&nl, nlh, stop_at_once, NULL, &n, &e), -EXDEV);	/* the socket is in step */
	CHECK_EQ(n, 1);
	nl_close(&nl);
}
