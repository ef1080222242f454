/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run-time records: no file, lines, empty again. */
#include "libct/record.h"
#include "tests/unit/t_ct_box.h"

TEST_ROOT(record_round_trip)
{
	auto_list struct str_list l = { 0 }, got = { 0 };
	struct box b;
	struct ct *ct;

	box_init(&b, NULL);
	CHECK_OK(path_mkdir_host(CT_RUN_DIR, 0755, &b.e), &b.e);
	ct = box_open(&b, "101", CT_NO_CONFIG_OK);
	CHECK_OK(ct_record_load(ct, "things", &got, &b.e), &b.e);
	CHECK_EQ(got.n, 0);
	CHECK_OK(str_list_add(&l, "eth0 up", &b.e), &b.e);
	CHECK_OK(str_list_add(&l, "eth1", &b.e), &b.e);
	CHECK_OK(ct_record_save(ct, "things", &l, &b.e), &b.e);
	CHECK_OK(ct_record_load(ct, "things", &got, &b.e), &b.e);
	CHECK(str_list_equal(&l, &got));
	str_list_clear(&l);
	CHECK_OK(ct_record_save(ct, "things", &l, &b.e), &b.e);
	CHECK(!box_is_there(CT_RUN_DIR "/101/things"));
	CHECK_OK(ct_record_save(ct, "things", &l, &b.e), &b.e);
	ct_close(ct);
	box_done(&b);
}
