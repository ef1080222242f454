/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits of users on their way: what is kept, and what is no such text. File systems that count are in tests/vm. */
#include <errno.h>

#include "libct/ugids.h"
#include "tests/unit/t_ct_box.h"
#include "util/buf.h"

#define FILE_OF(id) CT_CONF_DIR "/" #id ".ugid"
#define TEXT "ugid_quota_status:\t1\nugid_number:\t1\nugid:\t1000\t0\t0\t1024\t0\t10\n"

TEST_ROOT(ugids_kept)
{
	const struct quota_conf q = { .ugidlimit = { .v = 10, .set = true } };
	auto_buf struct buf b = { .cap = CT_UGIDS_MAX };
	struct box s;

	box_init(&s, NULL);
	box_conf(101, "VE_LAYOUT=\"overlay\"\n");
	struct ct *ct = box_open(&s, "101", 0);
	CHECK_OK(ct_ugids_get(ct, &b, &s.e), &s.e);
	CHECK(b.len == 0);
	CHECK_ERR(ct_ugids_put(ct, -1, &q, "ugid_quota_status: 1 2\n", &s.e), EBADMSG);
	CHECK(!box_is_there(FILE_OF(101)));
	s.e = (struct err){ 0 };
	CHECK(ct_ugids_put(ct, -1, &q, "ugid_quota_status:\t1\n", &s.e) == 0 && !box_is_there(FILE_OF(101)));
	CHECK(ct_ugids_put(ct, -1, &q, TEXT, &s.e) == 1);
	CHECK(box_file_is(FILE_OF(101), TEXT));
	CHECK_OK(ct_ugids_get(ct, &b, &s.e), &s.e);
	CHECK_STR(buf_str(&b), TEXT);
	CHECK_OK(ct_ugids_copy(101, ct, &s.e), &s.e);
	ct_ugids_forget(101);
	CHECK(!box_is_there(FILE_OF(101)));
	CHECK_OK(ct_ugids_copy(101, ct, &s.e), &s.e);	/* nothing to copy */
	CHECK(!box_is_there(FILE_OF(101)));
	ct_close(ct);
	box_done(&s);
}
