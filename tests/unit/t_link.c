/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/t_net_lab.h"

TEST(link_names)
{
	char name[16];
	unsigned id = 0;

	net_ifname(2147483644, name);
	CHECK_STR(name, "vz2147483644");
	net_ifname(UINT32_MAX, name);
	CHECK_STR(name, "vz4294967295");
	CHECK(link_id(name, &id) && id == UINT32_MAX);
	CHECK(!link_id("vz4294967296", &id) && !link_id("xvz1", &id) && !link_id("vz1 ", &id) && !link_id("vz+1", &id));
}

static int sum_ids(unsigned id, void *arg)
{
	*(unsigned *)arg += id;
	return 0;
}

static int refuse(unsigned id, void *arg)
{
	(void)id;
	(void)arg;
	return -EXDEV;
}

TEST_ROOT(link_each_and_drop)
{
	struct lab l;
	unsigned sum = 0;
	int a;

	lab_init(&l, NULL, NULL);
	CHECK_OK(net_each(l.net, sum_ids, &sum, &l.e), &l.e);
	CHECK_EQ(sum, 0);
	a = lab_up(&l, 1000, "10.9.0.1");
	lab_up(&l, 300, "");
	lab_up(&l, 7, "10.9.0.3");
	lab_outside(&l, false);
	CHECK_OK(net_each(l.net, sum_ids, &sum, &l.e), &l.e);
	CHECK_EQ(sum, 1307);
	CHECK_EQ(net_each(l.net, refuse, NULL, &l.e), -EXDEV);
	err_clear(&l.e);
	CHECK_EQ(net_ready(l.net, 5555, &l.e), -ENODEV);
	err_clear(&l.e);
	CHECK_OK(link_drop(&l.net->rt, 1000, &l.e), &l.e);
	sum = 0;
	CHECK_OK(net_each(l.net, sum_ids, &sum, &l.e), &l.e);
	CHECK_EQ(sum, 307);
	CHECK(link_index(&l.net->rt, "vz-1000"));
	CHECK_OK(link_sweep(&l.net->rt, &l.e), &l.e);
	CHECK(!link_index(&l.net->rt, "vz-1000"));
	CHECK_OK(link_sweep(&l.net->rt, &l.e), &l.e);
	CHECK_OK(link_drop(&l.net->rt, 1000, &l.e), &l.e);
	CHECK_OK(link_delete(&l.net->rt, "vz1000", &l.e), &l.e);
	close(a);
	lab_done(&l);
}

/* What the module's head promises of the pair. */
TEST_ROOT(link_pair)
{
	struct lab l;
	struct ifreq rq = { 0 };
	auto_buf struct buf b = BUF_INIT;
	int a, fd;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 258, "10.9.0.1 fd09::1");
	fd = lab_socket(&l, l.host, SOCK_DGRAM, "10.9.0.1", NULL, 0);
	str_copy(rq.ifr_name, IFNAMSIZ, "vz258");
	CHECK(ioctl(fd, SIOCGIFHWADDR, &rq) == 0);
	CHECK(memcmp(rq.ifr_hwaddr.sa_data, "\x02\x7a\x00\x00\x01\x02", 6) == 0);
	CHECK(ioctl(fd, SIOCGIFFLAGS, &rq) == 0);
	CHECK((rq.ifr_flags & (IFF_NOARP | IFF_UP)) == (IFF_NOARP | IFF_UP));
	close(fd);
	CHECK_OK(fio_read_at(AT_FDCWD, "/proc/sys/net/ipv4/conf/vz258/rp_filter", &b, &l.e), &l.e);
	CHECK_STR(buf_str(&b), "1\n");
	buf_reset(&b);
	CHECK_OK(fio_read_at(AT_FDCWD, "/proc/sys/net/ipv6/conf/vz258/addr_gen_mode", &b, &l.e), &l.e);
	CHECK_STR(buf_str(&b), "1\n");
	buf_reset(&b);
	CHECK_OK(fio_read_at(AT_FDCWD, "/proc/self/net/if_inet6", &b, &l.e), &l.e);
	CHECK(!strstr(buf_str(&b), "vz258"));		/* no address of its own */
	buf_reset(&b);
	lab_in(a);
	CHECK_OK(fio_read_at(AT_FDCWD, "/proc/thread-self/net/if_inet6", &b, &l.e), &l.e);
	CHECK(strstr(buf_str(&b), "venet0") && !strstr(buf_str(&b), "fe80"));
	lab_done(&l);
}
