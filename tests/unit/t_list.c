/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/t_ct_box.h"
#include "util/sys.h"

TEST_ROOT(list_conf_files)
{
	static const char *const files[] = {
		"101.conf", "7.conf", "0.conf", "2147483644.conf", "2147483645.conf", "12.conf.destroyed", "12.mount", "x.conf",
		"ve-basic.conf-sample", "+5.conf", "99999999999999999999.conf", "1000.conf", "010.conf", ".8.conf.tmp",
	};
	struct box b;
	auto_free unsigned *ids = NULL;
	char path[128];
	size_t n;

	box_init(&b, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		str_fmt(path, sizeof(path), CT_CONF_DIR "/%s", files[i]);
		box_put(path, "");
	}
	CHECK_OK(ct_list(b.host, &ids, &n, &b.e), &b.e);
	CHECK_EQ(n, 4);
	CHECK(ids[0] == 7 && ids[1] == 101 && ids[2] == 1000 && ids[3] == 2147483644u);
	box_done(&b);
}

TEST_ROOT(list_none)
{
	struct box b;
	auto_free unsigned *ids = NULL;
	size_t n = 9;

	box_init(&b, NULL);
	CHECK(rmdir(CT_CONF_DIR) == 0);
	CHECK_OK(ct_list(b.host, &ids, &n, &b.e), &b.e);
	CHECK_EQ(n, 0);
	box_done(&b);
}
