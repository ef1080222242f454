/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inner half as a container does it: root of a user namespace and nothing more. */
#include "tests/unit/t_net_lab.h"

#include <sys/wait.h>

TEST_ROOT(net_inside_in_a_user_namespace)
{
	struct lab l;
	struct str_list ips = { 0 };
	char path[64], c;
	int up[2], down[2], ns, status;
	pid_t pid;

	lab_init(&l, NULL, NULL);
	lab_ips(&ips, "10.9.0.1/24 fd09::1");
	CHECK(pipe2(up, O_CLOEXEC) == 0 && pipe2(down, O_CLOEXEC) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		struct err e = { 0 };

		if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 || write(up[1], "r", 1) != 1 || read(down[0], &c, 1) != 1)
			_exit(2);
		if (net_inside_up(&ips, &e) < 0) {
			fprintf(stderr, "%s\n", e.text);
			_exit(1);
		}
		if (write(up[1], "i", 1) != 1 || read(down[0], &c, 1) != 1)
			_exit(3);
		_exit(0);
	}
	CHECK(read(up[0], &c, 1) == 1);
	str_fmt(path, sizeof(path), "/proc/%d/ns/net", pid);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(ns >= 0);
	CHECK_OK(net_up(l.net, 9, &ips, ns, &l.e), &l.e);
	CHECK(write(down[1], "g", 1) == 1);
	CHECK(read(up[0], &c, 1) == 1 && c == 'i');
	CHECK_EQ(lab_udp(&l, l.host, ns, "10.9.0.1", NULL), 2);
	CHECK_EQ(lab_udp(&l, ns, l.host, LAB_HOST6, NULL), 2);
	CHECK(write(down[1], "x", 1) == 1);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	lab_down(&l, 9, NULL);
	str_list_clear(&ips);
	lab_done(&l);
}

TEST_ROOT(net_inside_without_link)
{
	struct str_list ips = { 0 };
	struct err e = { 0 };

	CHECK(unshare(CLONE_NEWNET) == 0);
	CHECK_EQ(net_inside_up(&ips, &e), -ENODEV);
	CHECK_STR(e.text, "there is no interface venet0 in the container");
}

/* No address: the link is up, and nothing is routed. Twice is an error told, not a crash. */
TEST_ROOT(net_inside_without_addresses)
{
	struct lab l;
	auto_buf struct buf b = BUF_INIT;
	int a;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 3, "");
	lab_in(a);
	CHECK_OK(fio_read_at(AT_FDCWD, "/proc/thread-self/net/route", &b, &l.e), &l.e);
	CHECK(!strstr(buf_str(&b), "venet0"));
	lab_in(l.host);
	CHECK_EQ(lab_elements(&l), 0);
	lab_done(&l);
}
