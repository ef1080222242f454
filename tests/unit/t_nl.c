/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Batches: errors are told apart by request, some are none, more than fit go in several sends. */
#include "tests/unit/t_net_lab.h"

#include <pthread.h>

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

/* The kernel's part of a dump: @torn times a list that changed meanwhile, then a whole one. Each is of two messages. */
struct torn_kernel { int fd, torn; };

static void *play_kernel(void *arg)
{
	const struct torn_kernel *k = arg;
	_Alignas(8) char buf[512];
	struct nlmsghdr ask;

	for (int i = 0; i <= k->torn && read(k->fd, &ask, sizeof(ask)) == sizeof(ask); i++) {
		size_t len = 0;

		for (int m = 0; m < 3; m++) {
			struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf + len);

			nlh->nlmsg_type = m < 2 ? RTM_NEWLINK : NLMSG_DONE;
			nlh->nlmsg_flags = NLM_F_MULTI | (m == 1 && i < k->torn ? NLM_F_DUMP_INTR : 0);
			nlh->nlmsg_seq = ask.nlmsg_seq;
			mnl_nlmsg_put_extra_header(nlh, 3);	/* of no aligned length */
			len += MNL_ALIGN(nlh->nlmsg_len);
		}
		CHECK(write(k->fd, buf, len) == (ssize_t)len);
	}
	return NULL;
}

static int count_one(const struct nlmsghdr *nlh, void *arg)
{
	CHECK_EQ(nlh->nlmsg_type, RTM_NEWLINK);
	++*(unsigned *)arg;
	return 0;
}

static void forget(void *arg)
{
	*(unsigned *)arg = 0;
}

/* What a torn list said is not said twice, whether the caller can forget or not. */
TEST(nl_dump_torn)
{
	static const struct { int torn; void (*restart)(void *arg); int rc; unsigned n; } tab[] = {
		{ 0, NULL, 0, 2 }, { 1, NULL, 0, 2 }, { 7, NULL, 0, 2 }, { 8, NULL, -EBUSY, 0 },
		{ 0, forget, 0, 2 }, { 7, forget, 0, 2 }, { 8, forget, -EBUSY, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tab); i++) {
		_Alignas(8) char buf[64] = { 0 };
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
		struct nl nl = { 0 };
		struct err e = { 0 };
		unsigned n = 0;
		pthread_t kernel;
		int sk[2];
		struct torn_kernel k = { .torn = tab[i].torn };

		CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sk) == 0);
		k.fd = sk[1];
		nl.sk = mnl_socket_fdopen(sk[0]);
		CHECK(nl.sk != NULL);
		nl.fd = sk[0];
		CHECK(pthread_create(&kernel, NULL, play_kernel, &k) == 0);
		CHECK_EQ(nl_dump(&nl, nlh, count_one, tab[i].restart, &n, &e), tab[i].rc);
		CHECK_EQ(n, tab[i].n);
		if (tab[i].rc)
			CHECK_STR(e.text, "the kernel's list changed during each of 8 readings");
		nl_close(&nl);
		CHECK(pthread_join(kernel, NULL) == 0);
		close(sk[1]);
	}
}
