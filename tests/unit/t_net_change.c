/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of a running container: given, taken, and put back when something goes wrong. */
#include "tests/unit/t_net_lab.h"

static int change(struct lab *l, unsigned id, int ns, const char *add, const char *del)
{
	struct str_list a = { 0 }, d = { 0 };
	int rc;

	lab_ips(&a, add);
	lab_ips(&d, del);
	err_clear(&l->e);
	rc = net_change(l->net, id, ns, &a, &d, &l->e);
	str_list_clear(&a);
	str_list_clear(&d);
	return rc;
}

TEST_ROOT(net_change_live)
{
	struct lab l;
	int a;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 101, "");
	CHECK_EQ(lab_udp(&l, l.host, l.host, LAB_HOST4, NULL), 2);
	CHECK_OK(change(&l, 101, a, "10.9.0.1 fd09::1", ""), &l.e);	/* the first ones bring routes along */
	CHECK_EQ(lab_udp(&l, a, l.host, LAB_HOST4, NULL), 2);
	CHECK_EQ(lab_udp(&l, a, l.host, LAB_HOST6, NULL), 2);
	CHECK_OK(change(&l, 101, a, "10.9.0.2", "10.9.0.1"), &l.e);	/* the only one of its family replaced */
	CHECK_EQ(lab_udp(&l, l.host, a, "10.9.0.2", NULL), 2);
	CHECK_EQ(lab_udp(&l, a, l.host, LAB_HOST4, NULL), 2);
	CHECK_EQ(lab_routes(&l, "vz101"), 2);
	CHECK_EQ(lab_elements(&l), 2);
	CHECK_OK(change(&l, 101, a, "10.9.0.2/24", "10.9.0.2"), &l.e);	/* another prefix only */
	CHECK_EQ(lab_udp(&l, l.host, a, "10.9.0.2", NULL), 2);
	CHECK_EQ(lab_elements(&l), 2);
	CHECK_OK(change(&l, 101, a, "10.9.0.3/24 10.9.0.4/24", ""), &l.e);
	CHECK_OK(change(&l, 101, a, "", "10.9.0.2"), &l.e);	/* first of its subnet: the others stay */
	CHECK_EQ(lab_udp(&l, l.host, a, "10.9.0.3", NULL), 2);
	CHECK_EQ(lab_udp(&l, l.host, a, "10.9.0.4", NULL), 2);
	CHECK_EQ(lab_udp(&l, a, l.host, LAB_HOST4, NULL), 2);
	CHECK_OK(change(&l, 101, a, "10.9.0.3/24 fd09::1", "10.9.0.77"), &l.e);	/* nothing new, nothing there */
	CHECK_EQ(lab_elements(&l), 3);
	CHECK_OK(change(&l, 101, a, "", "10.9.0.3 10.9.0.4 fd09::1"), &l.e);
	CHECK_EQ(lab_elements(&l), 0);
	CHECK_EQ(lab_routes(&l, "vz101"), 0);
	CHECK_OK(change(&l, 101, a, "fd09::9/64", ""), &l.e);
	CHECK_EQ(lab_udp(&l, a, l.host, LAB_HOST6, NULL), 2);
	lab_done(&l);
}

TEST_ROOT(net_change_undo)
{
	struct lab l;
	int a, b, nowhere, ok;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 101, "10.9.0.1 fd09::1");
	lab_up(&l, 102, "10.9.0.2");
	nowhere = lab_ns(&l);
	/* taken by another: nothing of it happens */
	CHECK_EQ(change(&l, 101, a, "10.9.0.3 10.9.0.2", "10.9.0.1"), -EADDRINUSE);
	CHECK_STR(l.e.text, "address 10.9.0.2 is in use by interface vz102");
	CHECK_EQ(lab_routes(&l, "vz101"), 2);
	CHECK_EQ(lab_routes(&l, "vz102"), 1);
	CHECK_EQ(lab_elements(&l), 3);
	/* the inside fails: no venet0 there */
	CHECK_EQ(change(&l, 101, nowhere, "10.9.0.3", "10.9.0.1"), -ENODEV);
	CHECK_STR(l.e.text, "there is no interface venet0 in the container");
	CHECK_EQ(lab_routes(&l, "vz101"), 2);
	CHECK_EQ(lab_elements(&l), 3);
	b = open("/dev/null", O_RDONLY | O_CLOEXEC);
	CHECK_EQ(change(&l, 101, b, "10.9.0.3", ""), -EINVAL);
	CHECK(strstr(l.e.text, "enter the container's network namespace"));
	CHECK_EQ(lab_elements(&l), 3);
	CHECK_EQ(change(&l, 999, a, "10.9.0.3", ""), -ENODEV);
	CHECK_EQ(change(&l, 101, a, "10.9.0.300", ""), -EINVAL);
	err_clear(&l.e);
	ok = lab_udp(&l, l.host, a, "10.9.0.1", NULL) + lab_udp(&l, a, l.host, LAB_HOST6, NULL);
	CHECK_EQ(ok, 4);
	lab_done(&l);
}

/* The container's own route or address in the way is no reason to fail, and not ours to remove. */
TEST_ROOT(net_change_with_what_is_there)
{
	struct lab l;
	struct nl nl = { 0 };
	int a;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 101, "10.9.0.1");
	lab_in(a);
	CHECK_OK(nl_open(&nl, NETLINK_ROUTE, &l.e), &l.e);
	lab_addr(&nl, "venet0", "10.9.0.5", &l.e);
	nl_close(&nl);
	lab_in(l.host);
	CHECK_OK(change(&l, 101, a, "10.9.0.5", ""), &l.e);
	CHECK_EQ(lab_udp(&l, l.host, a, "10.9.0.5", NULL), 2);
	CHECK_OK(change(&l, 101, a, "", "10.9.0.5 10.9.0.5"), &l.e);
	CHECK_EQ(lab_udp(&l, l.host, a, "10.9.0.1", NULL), 2);
	lab_done(&l);
}

TEST_ROOT(net_change_heals)
{
	struct lab l;
	auto_buf struct buf b = BUF_INIT;
	int a;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 101, "10.9.0.1");
	lab_nft(&b, "flush", "ruleset", NULL, NULL);
	CHECK_OK(change(&l, 101, a, "10.9.0.5", ""), &l.e);
	CHECK_EQ(lab_elements(&l), 2);
	CHECK_EQ(lab_udp(&l, l.host, a, "10.9.0.1", NULL), 2);
	lab_done(&l);
}
