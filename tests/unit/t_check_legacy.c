/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/check_legacy.c: ranges of ids, and what becomes of containers that are there. */
#include <unistd.h>

#include "tests/unit/t_ct_box.h"
#include "vzctl/check.h"

TEST(check_subids_overlap)
{
	static const struct { const char *text, *who; } t[] = {
		{ "", "" },
		{ "user:100000:65536\n", "" },
		{ "user:1000:9000\n", "user " },		/* 1000 to 9999 against [2000, 3000) */
		{ "a:0:2000\nb:0:2001\nc:2999:1\nd:3000:5\n", "b c " },
		{ "a:2500:18446744073709551615\n", "a " },
		{ "a:1:18446744073709551615\n", "a " },
		{ "a:2500:0\n", "" },
		{ "#a:2500:1\na:2500\n:2500:1\na:x:1\na:2500:1x\na:2500:1", "a " },
		{ "e\033[2J:2500:1\n", "e?[2J " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		auto_buf struct buf who = BUF_INIT;

		check_subids(t[i].text, 2000, 3000, &who);
		CHECK_STR(buf_str(&who), t[i].who);
	}
}

static void found(struct check *k, const char *what, const char *text)
{
	for (size_t i = 0; i < k->n; i++)
		if (str_eq(k->v[i].what, what)) {
			CHECK_STR(k->v[i].found, text);
			return;
		}
	test_fail(__FILE__, __LINE__, "nothing is said about %s", what);
}

TEST_ROOT(check_ids_and_containers)
{
	static const char *const areas[] = { BOX "/private/101/etc", BOX "/private/102/root.hdd", BOX "/private/103/upper" };
	struct check k = { 0 };
	struct box b;

	box_init(&b, NULL);
	box_put("/etc/subuid", "mallory:268435456:65536\n");
	check_ids(&k);
	CHECK_EQ(k.failed, 1);
	found(&k, "user ids", "/etc/subuid gives ids from 268435456 to 1879048191 to: mallory");
	check_done(&k);
	box_put("/etc/subuid", "alice:100000:65536\n");
	check_ids(&k);
	CHECK_EQ(k.failed, 0);
	check_done(&k);

	for (size_t i = 0; i < ARRAY_SIZE(areas); i++)
		CHECK_OK(path_mkdir_host(areas[i], 0755, &b.e), &b.e);
	box_put(BOX "/private/103/layers", "");
	box_conf(101, "");
	box_conf(102, "");
	box_conf(103, "");
	box_conf(104, "");
	CHECK(chmod(BOX "/private", 0755) == 0);
	check_legacy(&k, b.host);
	found(&k, "containers", "4, of which 2 run as they are (1 of them plain trees)");
	found(&k, "layout ploop", "1 container(s) are ploop images");
	found(&k, "no private area", "1 container(s) have a configuration only");
	found(&k, "private areas", "users of the host can enter plain trees");
	CHECK_EQ(k.failed, 1);
	check_done(&k);
	CHECK(chmod(BOX "/private", 0700) == 0);
	check_legacy(&k, b.host);
	CHECK_EQ(k.failed, 0);
	check_done(&k);
	box_done(&b);
}
