/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A name is one container's at a time, and a stale link never blocks it. */
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/t_ct_box.h"

TEST_ROOT(names_check)
{
	static const char *const bad[] = { "", "12", "-5", "a/b", "..", ".x", "a\nb", "a:b", "\xc3\xa4" };
	struct box b;

	box_init(&b, NULL);
	struct ct *ct = box_open(&b, "101", CT_NO_CONFIG_OK);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		box_failed(&b, ct_name_check(ct, bad[i], &b.e), VZ_SET_NAME_ERROR, NULL);
	CHECK_OK(ct_name_check(ct, "101", &b.e), &b.e);
	CHECK_OK(ct_name_check(ct, "My web-1+a_b.c", &b.e), &b.e);
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(names_claim)
{
	struct box b;
	unsigned id;

	box_init(&b, NULL);
	box_conf(101, "NAME=\"web\"\n");
	box_conf(102, "ONBOOT=\"no\"\n");
	struct ct *one = box_open(&b, "101", 0), *two = box_open(&b, "102", 0);
	CHECK_OK(ct_name_claim(one, "web", NULL, &b.e), &b.e);
	CHECK_EQ(ct_name_lookup("web", &id), 0);
	CHECK_EQ(id, 101);
	box_failed(&b, ct_name_claim(two, "web", NULL, &b.e), VZ_SET_NAME_ERROR, "Conflict: name web already used by container 101");
	CHECK_OK(ct_name_unlink(102, "web", &b.e), &b.e);		/* not its own: stays */
	CHECK_EQ(ct_name_lookup("web", &id), 0);
	/* 101 has another name now: the link is stale */
	box_conf(101, "NAME=\"other\"\n");
	CHECK_OK(ct_name_claim(two, "web", NULL, &b.e), &b.e);
	CHECK_EQ(ct_name_lookup("web", &id), 0);
	CHECK_EQ(id, 102);
	CHECK_OK(ct_name_claim(two, "second", NULL, &b.e), &b.e);
	CHECK_OK(ct_name_unlink_all(102, &b.e), &b.e);
	CHECK_EQ(ct_name_lookup("web", &id), -ENOENT);
	CHECK_EQ(ct_name_lookup("second", &id), -ENOENT);
	CHECK_EQ(ct_name_lookup("../conf/101", &id), -ENOENT);
	ct_close(one);
	ct_close(two);
	box_done(&b);
}

/* Eight at once: one has it. */
TEST_ROOT(names_race)
{
	struct box b;
	int won = 0;

	box_init(&b, NULL);
	for (unsigned id = 201; id < 209; id++)
		box_conf(id, "NAME=\"same\"\n");
	for (unsigned id = 201; id < 209; id++) {
		if (fork() == 0) {
			char ids[16];
			struct ct *ct;

			str_fmt(ids, sizeof(ids), "%u", id);
			ct = box_open(&b, ids, 0);
			_exit(ct_name_claim(ct, "same", NULL, &b.e) == 0 ? 0 : 1);
		}
	}
	for (int i = 0; i < 8; i++) {
		int status;

		CHECK(wait(&status) > 0);
		won += WIFEXITED(status) && WEXITSTATUS(status) == 0;
	}
	CHECK_EQ(won, 1);
	box_done(&b);
}
