/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libct/exitrec.h"

#include "t_ct_box.h"

static struct box b;

static struct ct *container(void)
{
	struct ct *ct = NULL;

	box_init(&b, "");
	box_conf(101, "OSTEMPLATE=\"x\"\n");
	CHECK_OK(ct_open(b.host, "101", 0, &ct, &b.e), &b.e);
	return ct;
}

TEST_ROOT(exitrec_nobody_who_wants_it_means_no_file)
{
	struct ct *ct = container();

	ct_exit_record(ct, 5, "halt");
	CHECK(!box_is_there(CT_EXIT_DIR));
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(exitrec_says_what_it_was_told)
{
	auto_close int dir = -1;
	struct ct *ct = container();
	struct ct_exit x;

	CHECK_OK(path_mkdir_host(CT_EXIT_DIR, 0700, &b.e), &b.e);
	dir = open(CT_EXIT_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ct_exit_record(ct, 21, "halt");
	CHECK_OK(ct_exit_read(dir, "101.5", &x, &b.e), &b.e);	/* 21 modulo 16 */
	CHECK_EQ(x.ctid, 101);
	CHECK_EQ(x.gen, 21);
	CHECK_STR(x.reason, "halt");
	CHECK(x.time_ms > 1700000000000);
	CHECK(!x.net_counted);
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(exitrec_keeps_sixteen_of_a_container_and_forgets_them_at_destroy)
{
	struct ct *ct = container();

	CHECK_OK(path_mkdir_host(CT_EXIT_DIR, 0700, &b.e), &b.e);
	for (unsigned gen = 1; gen <= 40; gen++)
		ct_exit_record(ct, gen, "stop");
	for (unsigned i = 0; i < 20; i++) {
		char path[64];

		str_fmt(path, sizeof(path), CT_EXIT_DIR "/101.%u", i);
		CHECK_EQ(box_is_there(path), i < 16);
	}
	ct_exit_forget(101);
	CHECK(!box_is_there(CT_EXIT_DIR "/101.0") && !box_is_there(CT_EXIT_DIR "/101.15"));
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(exitrec_refuses_what_is_no_record)
{
	static const char *const bad[] = { "", "CTID=\"101\"\n", "CTID=\"x\"\nGEN=\"1\"\nTIME_MS=\"1\"\nREASON=\"halt\"\n",
					   "CTID=\"99999999999\"\nGEN=\"1\"\nTIME_MS=\"1\"\nREASON=\"halt\"\n" };
	auto_close int dir = -1;
	struct ct_exit x;

	box_init(&b, "");
	CHECK_OK(path_mkdir_host(CT_EXIT_DIR, 0700, &b.e), &b.e);
	dir = open(CT_EXIT_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		box_put(CT_EXIT_DIR "/1.1", bad[i]);
		CHECK_EQ(ct_exit_read(dir, "1.1", &x, &b.e), -EBADMSG);
		err_clear(&b.e);
	}
	CHECK_EQ(ct_exit_read(dir, "2.2", &x, &b.e), -ENOENT);
	box_done(&b);
}
