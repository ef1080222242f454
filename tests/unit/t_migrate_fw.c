/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/migrate_fw.c */
#include "vzctl/migrate.h"

#include <errno.h>
#include <string.h>

#include "tests/lib/test.h"
#include "util/err.h"

TEST(migrate_fw_answers)
{
	struct err e = { 0 };

	CHECK_OK(migrate_fw_answer("", false, &e), &e);
	CHECK_EQ(migrate_fw_answer("web\nmgmt\n", false, &e), -ENOENT);
	CHECK(strstr(e.text, "group web, mgmt does not exist on the destination"));
	err_clear(&e);
	CHECK_EQ(migrate_fw_answer("web\n", true, &e), -ENOENT);	/* it would not start there */
	err_clear(&e);
	CHECK_EQ(migrate_fw_answer("/\nweb\n", false, &e), -ENOTSUP);
	CHECK(strstr(e.text, "has no vzfw"));
	err_clear(&e);
	CHECK_OK(migrate_fw_answer("/\nweb\n", true, &e), &e);
}
