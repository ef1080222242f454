/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/pool_nbd_dev.c without a device; with one and a real server: tests/vm/cases/pool.sh. */
#include <errno.h>
#include <string.h>

#include "templates/pool.h"
#include "templates/pool_nbd.h"
#include "tests/lib/test.h"
#include "util/err.h"

TEST(no_device)
{
	struct tmpl_pool p = { .name = "t-none", .source = "nbd://127.0.0.1:1/x" };
	struct err e = { 0 };

	CHECK_EQ(pool_nbd_find("t-none"), -ENOENT);
	CHECK_ERR(pool_nbd_heal(&p, &e), ENOENT);
	err_clear(&e);
	CHECK_OK(pool_nbd_drop("t-none", &e), &e);
}
