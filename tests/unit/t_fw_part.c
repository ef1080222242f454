/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines in the kernel: what one container gets, another keeps, and that the thousandth costs what the first does. */
#include "tests/unit/t_net_lab.h"

#include "net/fw.h"

static void lines(struct str_list *l, unsigned id, const char *rule, struct err *e)
{
	char text[128];

	str_list_clear(l);
	l->set = true;
	str_fmt(text, sizeof(text), "fw if vz%u", id);
	CHECK_EQ(str_list_add(l, text, e), 0);
	CHECK_EQ(str_list_add(l, "fw policy in drop", e), 0);
	str_fmt(text, sizeof(text), "fw rule %s", rule);
	CHECK_EQ(str_list_add(l, text, e), 0);
}

TEST_ROOT(fw_rules_hold)
{
	struct str_list l1 = { 0 }, l2 = { 0 }, none = { .set = true };
	struct lab l;
	int a, b;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 1, "10.9.0.1");
	b = lab_up(&l, 2, "10.9.0.2");
	CHECK(lab_tcp(&l, a, b, "10.9.0.2"));
	lines(&l2, 2, "in accept udp", &l.e);
	CHECK_OK(net_lines_change(l.net, 2, &none, &l2, &l.e), &l.e);
	CHECK(!lab_tcp(&l, a, b, "10.9.0.2"));
	CHECK(lab_tcp(&l, b, a, "10.9.0.1"));
	lines(&l1, 2, "in accept tcp from 10.9.0.1", &l.e);
	CHECK_OK(net_lines_change(l.net, 2, &l2, &l1, &l.e), &l.e);
	CHECK(lab_tcp(&l, a, b, "10.9.0.2"));
	CHECK_OK(net_lines_change(l.net, 2, &l1, &none, &l.e), &l.e);
	str_list_clear(&l1);
	str_list_clear(&l2);
	close(a);
	close(b);
	lab_done(&l);
}

TEST(fw_lines_that_are_wrong)
{
	struct str_list l = { 0 };
	struct err e = { 0 };

	lines(&l, 1, "in accept nonsense", &e);
	CHECK_EQ(fw_lines_check(&l, &e), -EINVAL);
	err_clear(&e);
	lines(&l, 1, "in accept ssh", &e);
	CHECK_EQ(fw_lines_check(&l, &e), 0);
	str_list_clear(&l);
}
