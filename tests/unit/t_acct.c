/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/acct.h"
#include "net/net_part.h"
#include "tests/unit/t_net_lab.h"

static void acct_up(struct lab *l, unsigned id, const char *ip, const char *classes, struct str_list *lines, int *ns)
{
	struct net_host_conf c = { .classes = classes };
	char name[IFNAMSIZ];
	uint32_t used;

	CHECK_OK(net_host_conf_set(l->net, &c, &l->e), &l->e);
	net_ifname(id, name);
	CHECK_OK(net_acct_classes(l->net, &used, &l->e), &l->e);
	CHECK_OK(net_acct_line(lines, name, false, used, &l->e), &l->e);
	net_with(l->net, lines);
	*ns = lab_up(l, id, ip);
	net_with(l->net, NULL);
}

static void send_n(struct lab *l, int ns, const char *dst, unsigned n)
{
	auto_close int fd = lab_socket(l, ns, SOCK_DGRAM, dst, NULL, 0);
	struct sockaddr_storage sa;
	char big[1000] = { 0 };
	socklen_t len = lab_sockaddr(dst, 9, &sa);

	for (unsigned i = 0; i < n; i++)
		CHECK(sendto(fd, big, sizeof(big), 0, (void *)&sa, len) == sizeof(big));
}

static void classes_file(char path[64], const char *text)
{
	str_fmt(path, 64, "%s/classes", test_tmp());
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	CHECK(fd >= 0 && fio_write_all(fd, text, strlen(text)) == 0);
}

TEST_ROOT(acct_by_class)
{
	struct net_traffic_cell sum[NET_WAY_N];
	struct str_list lines = { 0 };
	struct net_traffic before, t;
	struct lab l;
	char path[64];
	int ns;

	classes_file(path, "1 0.0.0.0/0\n1 ::/0\n2 203.0.113.0/24\n0 203.0.113.5\n3 2001:db8:77::/48\n");
	lab_init(&l, NULL, NULL);
	acct_up(&l, 1, "10.9.0.1 fd00::1", path, &lines, &ns);
	CHECK_STR(lines.v[0], "traffic routed vz1 1 2 3");
	send_n(&l, ns, "203.0.113.1", 10);
	send_n(&l, ns, "203.0.113.5", 5);
	send_n(&l, ns, "203.0.112.1", 3);
	send_n(&l, ns, "2001:db8:77::9", 7);
	CHECK_OK(net_acct_read(l.net, "vz1", false, &before, &l.e), &l.e);
	send_n(&l, l.host, "10.9.0.1", 4);
	CHECK_OK(net_acct_read(l.net, "vz1", false, &t, &l.e), &l.e);
	CHECK_EQ(t.v[2][0][NET_SENT].packets, 10);
	CHECK_EQ(t.v[2][0][NET_SENT].bytes, 10 * 1028);
	CHECK_EQ(t.v[3][1][NET_SENT].packets, 7);
	CHECK_EQ(t.v[3][1][NET_SENT].bytes, 7 * 1048);
	CHECK_EQ(t.v[1][0][NET_RECEIVED].packets - before.v[1][0][NET_RECEIVED].packets, 4);
	CHECK(t.v[1][0][NET_SENT].packets >= 3);	/* and what it answers */
	CHECK_EQ(t.v[0][0][NET_SENT].packets, 0);
	net_traffic_sum(&t, 2, -1, sum);
	CHECK_EQ(sum[NET_SENT].packets, 10);
	net_with(l.net, &lines);
	lab_down(&l, 1, "10.9.0.1 fd00::1");
	CHECK_OK(net_acct_read(l.net, "vz1", false, &t, &l.e), &l.e);
	net_traffic_sum(&t, -1, -1, sum);
	CHECK_EQ(sum[NET_SENT].packets + sum[NET_RECEIVED].packets, 0);
	CHECK_EQ(lab_elements(&l), 0);
	str_list_clear(&lines);
	lab_done(&l);
}

static int count_cells(void *arg, const char *ifname, unsigned cls, bool v6, enum net_traffic_way way,
		       const struct net_traffic_cell *c)
{
	(void)v6;
	(void)way;
	(void)c;
	CHECK_STR(ifname, "vz1");
	CHECK(cls == 1 || cls == 2);
	++*(unsigned *)arg;
	return 0;
}

/* New classes, and a flushed ruleset: the counters begin anew under another epoch. */
TEST_ROOT(acct_reload_and_flush)
{
	struct str_list lines = { 0 }, more = { 0 };
	uint64_t epoch, again;
	struct net_traffic t;
	struct lab l;
	unsigned n = 0;
	char path[64];
	int ns;

	classes_file(path, "1 0/0\n");
	lab_init(&l, NULL, NULL);
	acct_up(&l, 1, "10.9.0.1", path, &lines, &ns);
	send_n(&l, ns, "203.0.113.1", 10);
	classes_file(path, "1 0/0\n2 203.0.113.0/24\n255.0.0.0/8\n");
	CHECK_EQ(net_acct_ensure(l.net, &l.e), -EINVAL);
	CHECK(strstr(l.e.text, "line 3 is not"));
	err_clear(&l.e);
	classes_file(path, "1 0/0\n2 203.0.113.0/24\n2 255.0.0.0/8\n");
	CHECK_OK(net_acct_ensure(l.net, &l.e), &l.e);
	CHECK_OK(net_acct_line(&more, "vz1", false, 6, &l.e), &l.e);
	CHECK_OK(str_list_add(&more, lines.v[0], &l.e), &l.e);
	CHECK_OK(net_lines_change(l.net, 1, &lines, &more, &l.e), &l.e);
	send_n(&l, ns, "203.0.113.1", 6);
	CHECK_OK(net_acct_read(l.net, "vz1", false, &t, &l.e), &l.e);
	CHECK_EQ(t.v[2][0][NET_SENT].packets, 6);
	CHECK_OK(net_acct_all(l.net, count_cells, &n, &l.e), &l.e);
	CHECK_EQ(n, 8);
	CHECK_OK(net_acct_epoch(l.net, false, &epoch, &l.e), &l.e);
	CHECK_OK(net_acct_epoch(l.net, false, &again, &l.e), &l.e);
	CHECK(epoch && epoch == again);
	CHECK_OK(antispoof_teardown(l.net, &l.e), &l.e);
	CHECK_OK(net_acct_read(l.net, "vz1", false, &t, &l.e), &l.e);
	CHECK_OK(net_lines_change(l.net, 1, &more, &more, &l.e), &l.e);
	CHECK_OK(net_acct_ensure(l.net, &l.e), &l.e);
	CHECK_OK(net_acct_epoch(l.net, false, &again, &l.e), &l.e);
	CHECK(again && again != epoch);
	str_list_clear(&lines);
	str_list_clear(&more);
	close(ns);
	lab_done(&l);
}
