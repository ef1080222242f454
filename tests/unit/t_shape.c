/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices of places, the trunk of the trees that comes back; a rate holds, at one interface and over several. */
#include <linux/pkt_sched.h>

#include "net/shape_priv.h"
#include "tests/unit/t_net_lab.h"

static int tc_del(struct lab *l, uint16_t type, uint32_t handle, uint32_t parent)
{
	struct err e = { 0 };
	struct nl_batch b;
	struct tcmsg *t;

	nl_batch_begin(&b, &l->net->rt, &e);
	t = nl_msg(&b, type, 0, sizeof(*t), "remove", NULL);
	t->tcm_ifindex = (int)link_index(&l->net->rt, SHAPE_UP);
	t->tcm_handle = handle;
	t->tcm_parent = parent;
	return nl_batch_end(&b);
}

static void alias(struct lab *l, char dst[256])
{
	struct link_info info;

	CHECK_OK(link_info(&l->net->rt, 0, SHAPE_UP, &info, &l->e), &l->e);
	str_copy(dst, 256, info.alias);
}

TEST_ROOT(shape_trunk)
{
	const struct net_place p3 = { .slot = 3, .kind = NET_PLACE_SHARED }, p4 = { .slot = 4, .kind = NET_PLACE_SHARED };
	struct net_rates r = { .rate[1].kbit = { 1000, 1000 } };
	struct net_totals t = { 0 };
	char first[256], other[256];
	struct lab l;

	lab_init(&l, "", "");
	CHECK_OK(net_shape_devices(l.net, &p3, &l.e), &l.e);
	CHECK_OK(net_shape_set(l.net, &p3, &r, &t, &l.e), &l.e);
	alias(&l, first);
	CHECK(str_starts(first, "vz rates "));
	t.total_kbit[1] = 5000;
	CHECK_OK(net_shape_set(l.net, &p4, &r, &t, &l.e), &l.e);
	alias(&l, other);
	CHECK(!str_eq(first, other));
	/* somebody removes the tree: the next one makes it again */
	CHECK_EQ(tc_del(&l, RTM_DELQDISC, SHAPE_MAJOR, TC_H_ROOT), 0);
	CHECK_OK(net_shape_set(l.net, &p4, &r, &t, &l.e), &l.e);
	CHECK_EQ(tc_del(&l, RTM_DELTCLASS, shape_class(&p4, 1), 0), 0);
	/* with those of its chunk, but for what nobody asked for */
	CHECK_EQ(tc_del(&l, RTM_DELTCLASS, shape_class(&p3, 1), 0), 0);
	CHECK_EQ(tc_del(&l, RTM_DELTCLASS, shape_class(&(struct net_place){ .slot = 15, .kind = NET_PLACE_SHARED }, 1), 0), 0);
	CHECK(tc_del(&l, RTM_DELTCLASS, shape_class(&(struct net_place){ .slot = 16, .kind = NET_PLACE_SHARED }, 1), 0) < 0);
	CHECK(tc_del(&l, RTM_DELTCLASS, shape_class(&p4, 2), 0) < 0);
	CHECK_OK(net_shape_set(l.net, &p3, &r, &t, &l.e), &l.e);
	CHECK_EQ(tc_del(&l, RTM_DELTCLASS, shape_class(&p3, 1), 0), 0);
	CHECK_OK(net_shape_clear(l.net, &p4, &l.e), &l.e);
	net_close(l.net);
}

TEST_ROOT(shape_devices)
{
	static const enum net_place_kind kinds[] = { NET_PLACE_PLAIN, NET_PLACE_CLASSES };
	static const char *const names[][2] = { { "vzifb-up2", "vzifb-down2" }, { "vzifb-upc2", "vzifb-downc2" } };
	struct lab l;

	lab_init(&l, "", "");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct net_place own = { .slot = 70, .kind = kinds[i], .own = true }, several = { .slot = 71, .kind = kinds[i] };

		CHECK_OK(net_shape_devices(l.net, &own, &l.e), &l.e);
		CHECK_OK(net_shape_devices(l.net, &own, &l.e), &l.e);
		CHECK(link_index(&l.net->rt, names[i][0]));
		CHECK_EQ(link_index(&l.net->rt, names[i][1]) != 0, kinds[i] != NET_PLACE_PLAIN);
		CHECK_OK(net_shape_devices(l.net, &several, &l.e), &l.e);
		CHECK(link_index(&l.net->rt, names[i][1]));
		CHECK(!link_index(&l.net->rt, "vzifb-up"));
		CHECK_OK(net_shape_devices_gone(l.net, &own, &l.e), &l.e);
		CHECK_OK(net_shape_devices_gone(l.net, &own, &l.e), &l.e);
		CHECK(!link_index(&l.net->rt, names[i][0]));
		CHECK(!link_index(&l.net->rt, names[i][1]));
		CHECK_OK(net_shape_clear(l.net, &own, &l.e), &l.e);
	}
	net_close(l.net);
}

/* What tc(8), which only the tests look with, says of it. */
static void tc_show(struct buf *b, const char *what, const char *where, const char *of)
{
	const char *const argv[] = { "/usr/sbin/tc", what, "show", where, of, NULL };
	auto_close int fd = open(test_tmp(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct spawn s = { .argv = argv, .out = fd, .err = fd };
	struct err e = { 0 };
	int status = 0;

	if (access(argv[0], X_OK) < 0)
		SKIP("no tc(8)");
	CHECK(fd >= 0);
	CHECK_OK(spawn_wait(&s, &status, &e), &e);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	buf_reset(b);
	CHECK_OK(fio_read_fd(fd, b, "tc", &e), &e);
}

/* Classes that others of the chunk make leave alone what a place has. */
TEST_ROOT(shape_chunk)
{
	const struct net_place p3 = { .slot = 3, .kind = NET_PLACE_SHARED }, p4 = { .slot = 4, .kind = NET_PLACE_SHARED };
	struct net_rates r = { .limit[1].kbit = { 80000, 80000 } };
	const struct net_totals none = { 0 };
	auto_buf struct buf b = BUF_INIT;
	struct lab l;

	lab_init(&l, "", "");
	CHECK_OK(net_shape_devices(l.net, &p3, &l.e), &l.e);
	CHECK_OK(net_shape_set(l.net, &p3, &r, &none, &l.e), &l.e);
	CHECK_EQ(tc_del(&l, RTM_DELTCLASS, shape_class(&p4, 1), 0), 0);
	r.limit[1] = (struct net_rate){ { 7000, 7000 } };
	CHECK_OK(net_shape_set(l.net, &p4, &r, &none, &l.e), &l.e);
	tc_show(&b, "class", "dev", SHAPE_UP);
	CHECK(strstr(buf_str(&b), "htb 1:51 parent 1:2 leaf "));
	CHECK(strstr(buf_str(&b), "ceil 80Mbit"));
	CHECK(strstr(buf_str(&b), "ceil 7Mbit"));
	tc_show(&b, "qdisc", "dev", SHAPE_UP);
	CHECK(strstr(buf_str(&b), "parent 1:51 limit 1000000b"));
	CHECK(strstr(buf_str(&b), "parent 1:61 limit 128Kb"));
	net_close(l.net);
}

/* From any kind to any other, and twice: what the one made is gone, what the other makes is there. */
TEST_ROOT(shape_kinds)
{
	static const struct { enum net_place_kind kind; bool own, none; const char *root; } t[] = {
		{ NET_PLACE_PLAIN, true, false, "qdisc tbf 2:" }, { NET_PLACE_CLASSES, true, false, "qdisc noqueue" },
		{ NET_PLACE_SHARED, false, false, "qdisc noqueue" }, { NET_PLACE_PLAIN, false, false, "qdisc noqueue" },
		{ NET_PLACE_SHARED, false, true, "qdisc noqueue" }, { NET_PLACE_PLAIN, true, true, "qdisc noqueue" },
	};
	const struct net_rates r = { .limit[1].kbit = { 80000, 80000 } };
	const struct net_totals none = { 0 };
	auto_buf struct buf b = BUF_INIT;
	struct lab l;
	int ns;

	lab_init(&l, "", "");
	ns = lab_up(&l, 7, "10.1.0.7");
	for (size_t i = 0; i < ARRAY_SIZE(t) * ARRAY_SIZE(t) * 2; i++) {
		size_t to = i % 2 ? i / 2 % ARRAY_SIZE(t) : i / 2 / ARRAY_SIZE(t);
		const struct net_place p = { .slot = 33, .kind = t[to].kind, .own = t[to].own };
		char blocks[64];

		CHECK_OK(net_shape_devices(l.net, &p, &l.e), &l.e);
		CHECK_OK(net_shape_set(l.net, &p, &r, &none, &l.e), &l.e);
		for (int again = 0; again < 2; again++)
			CHECK_OK(net_shape_dev(l.net, "vz7", &p, t[to].none ? NULL : &r, &none, &l.e), &l.e);
		tc_show(&b, "qdisc", "dev", "vz7");
		CHECK(strstr(buf_str(&b), t[to].root));
		CHECK_EQ(strstr(buf_str(&b), "clsact") != NULL, !t[to].none);
		str_fmt(blocks, sizeof(blocks), "ingress_block %u egress_block %u ", shape_shard_block(&p, NET_SENT),
			shape_shard_block(&p, NET_RECEIVED));
		CHECK_EQ(strstr(buf_str(&b), blocks) != NULL, !t[to].none);
	}
	close(ns);
	net_close(l.net);
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* As many datagrams of 1000 bytes as the sender's buffer takes, at once: 100 kB/s and the burst come through. */
static void slow(struct lab *l, int from_ns, int to_ns, const char *to, const char *from)
{
	auto_close int in = lab_socket(l, to_ns, SOCK_DGRAM, to, to, LAB_PORT);
	auto_close int out = lab_socket(l, from_ns, SOCK_DGRAM, to, from, 0);
	struct sockaddr_storage sa;
	socklen_t len = lab_sockaddr(to, LAB_PORT, &sa);
	static char data[1000];
	double begin = now_s();
	unsigned sent = 0, got = 0;

	for (unsigned i = 0; i < 300; i++)
		sent += sendto(out, data, sizeof(data), MSG_DONTWAIT, (void *)&sa, len) > 0;
	CHECK(sent >= 60);
	while (now_s() - begin < 5 && recv(in, data, sizeof(data), 0) > 0)
		got++;
	CHECK(got >= 5);
	CHECK(got < 40 + 110 * (now_s() - begin));
}

static void limited(const struct net_place *p, const struct net_totals *t)
{
	struct net_rates r = { .limit[1].kbit = { 800, 800 } };
	struct str_list lines = { 0 };
	struct lab l;
	int ns;

	lab_init(&l, "", "");
	CHECK_OK(net_shape_devices(l.net, p, &l.e), &l.e);
	CHECK_OK(net_shape_set(l.net, p, &r, t, &l.e), &l.e);
	CHECK_OK(net_acct_line(&lines, "vz7", false, 2, &l.e), &l.e);
	net_with(l.net, &lines);
	ns = lab_up(&l, 7, "10.1.0.7 2001:db8:7::7");
	net_with(l.net, NULL);
	for (int again = 0; again < 2; again++)
		CHECK_OK(net_shape_dev(l.net, "vz7", p, &r, t, &l.e), &l.e);
	slow(&l, ns, l.host, LAB_HOST4, "10.1.0.7");
	slow(&l, ns, l.host, LAB_HOST6, "2001:db8:7::7");
	slow(&l, l.host, ns, "10.1.0.7", LAB_HOST4);
	slow(&l, l.host, ns, "2001:db8:7::7", LAB_HOST6);
	for (int again = 0; again < 2; again++)
		CHECK_OK(net_shape_dev(l.net, "vz7", p, NULL, t, &l.e), &l.e);
	str_list_clear(&lines);
	close(ns);
	net_close(l.net);
}

/* Far above the rate, then a pause in which the queue empties, and again: what comes through comes in the order it was sent. */
TEST_ROOT(shape_order)
{
	const struct net_place p = { .slot = 0, .own = true };
	const struct net_rates r = { .limit[1].kbit = { 80000, 0 } };
	const struct net_totals t = { 0 };
	unsigned got = 0, number, last = 0, overtaken = 0;
	auto_close int in = -1, out = -1;
	struct sockaddr_storage sa;
	socklen_t len;
	struct lab l;
	int ns;

	lab_init(&l, "", "");
	CHECK_OK(net_shape_devices(l.net, &p, &l.e), &l.e);
	CHECK_OK(net_shape_set(l.net, &p, &r, &t, &l.e), &l.e);
	ns = lab_up(&l, 7, "10.1.0.7");
	CHECK_OK(net_shape_dev(l.net, "vz7", &p, &r, &t, &l.e), &l.e);
	in = lab_socket(&l, l.host, SOCK_DGRAM, LAB_HOST4, LAB_HOST4, LAB_PORT);
	out = lab_socket(&l, ns, SOCK_DGRAM, LAB_HOST4, "10.1.0.7", 0);
	len = lab_sockaddr(LAB_HOST4, LAB_PORT, &sa);
	for (unsigned i = 1; i <= 20000; i++) {
		char data[1000] = { 0 };

		memcpy(data, &i, sizeof(i));
		sendto(out, data, sizeof(data), MSG_DONTWAIT, (void *)&sa, len);
		if (i % 500 == 0)
			usleep(i * 7 % 40000);
		while (recv(in, data, sizeof(data), MSG_DONTWAIT) > 0) {
			memcpy(&number, data, sizeof(number));
			overtaken += number < last;
			last = MAX(last, number);
			got++;
		}
	}
	CHECK(overtaken * 20 < got);	/* none but on a machine that stands still for long */
	CHECK(got > 1000);
	close(ns);
	net_close(l.net);
}

TEST_ROOT(shape_own) { limited(&(struct net_place){ .own = true }, &(struct net_totals){ 0 }); }
TEST_ROOT(shape_several) { limited(&(struct net_place){ .slot = 65 }, &(struct net_totals){ 0 }); }
TEST_ROOT(shape_classes_own)
{
	limited(&(struct net_place){ .kind = NET_PLACE_CLASSES, .own = true }, &(struct net_totals){ 0 });
}
TEST_ROOT(shape_classes_several)
{
	limited(&(struct net_place){ .slot = 65, .kind = NET_PLACE_CLASSES }, &(struct net_totals){ 0 });
}
TEST_ROOT(shape_shared)
{
	limited(&(struct net_place){ .slot = 65, .kind = NET_PLACE_SHARED }, &(struct net_totals){ .bandwidth_kbit = 10000 });
}
