/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/t_net_lab.h"

TEST_ROOT(net_stat_as_the_container_sees_it)
{
	struct lab l;
	struct net_stat before, after;
	struct sockaddr_storage sa;
	char big[1000] = { 0 };
	int a, fd;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 1, "10.9.0.1");
	CHECK_EQ(lab_udp(&l, l.host, a, "10.9.0.1", NULL), 2);
	CHECK_OK(net_stat(l.net, 1, &before, &l.e), &l.e);
	CHECK(before.rx_packets > 0 && before.tx_packets > 0);
	fd = lab_socket(&l, a, SOCK_DGRAM, LAB_HOST4, NULL, 0);
	for (int i = 0; i < 10; i++)
		CHECK(sendto(fd, big, sizeof(big), 0, (void *)&sa, lab_sockaddr("203.0.113.1", 9, &sa)) == sizeof(big));
	close(fd);
	CHECK_OK(net_stat(l.net, 1, &after, &l.e), &l.e);
	CHECK_EQ(after.tx_packets - before.tx_packets, 10);
	CHECK_EQ(after.tx_bytes - before.tx_bytes, 10 * (1000 + 8 + 20 + 14));
	CHECK_EQ(net_stat(l.net, 2, &after, &l.e), -ENODEV);
	lab_done(&l);
}
