/* SPDX-License-Identifier: GPL-2.0-or-later */
/* networks_classes as a list: read, replaced as a whole, by whoever has seen what is there. */
#include "libct/classfile.h"
#include "tests/unit/t_ct_box.h"

#define FILE_PATH CT_CONF_DIR "/" CT_CLASSES_FILE

static void save(const char *rows, const char *tag, int code)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };
	struct err e = { 0 };

	CHECK_OK(str_list_split(&l, rows, ";", &e), &e);
	ct_classes_save(&l, tag, &e);
	if (e.code != code)
		test_fail(__FILE__, __LINE__, "'%s': %d, wanted %d: %s", rows, e.code, code, e.text);
}

static void shows(const char *rows, bool usual, char tag[17])
{
	struct ct_classes c = { 0 };
	struct buf auto_buf b = BUF_INIT;
	struct err e = { 0 };

	CHECK_OK(ct_classes_load(&c, &e), &e);
	for (size_t i = 0; i < c.rows.n; i++)
		buf_addf(&b, "%s;", c.rows.v[i]);
	CHECK_STR(buf_str(&b), rows);
	CHECK_EQ(c.usual, usual);
	str_copy(tag, 17, c.tag);
	ct_classes_done(&c);
}

TEST_ROOT(classfile_is_replaced)
{
	char none[17], first[17], now[17];
	struct ct_classes c = { 0 };
	struct box b;

	box_init(&b, NULL);
	shows("1 0.0.0.0/0;1 ::/0;", true, none);
	save("1 0/0;2 10.0.0.0/8", none, 0);
	CHECK(box_file_is(FILE_PATH, "1 0/0\n2 10.0.0.0/8\n"));
	shows("1 0/0;2 10.0.0.0/8;", false, first);
	save("3 ::/0", none, ESTALE);			/* somebody else was there first */
	save("16 ::/0", NULL, EINVAL);
	save("1 10.0.0.0/8;2 10.0.0.0/8", NULL, EINVAL);
	save("1 ::/0 # all", NULL, EINVAL);
	shows("1 0/0;2 10.0.0.0/8;", false, now);
	CHECK_STR(now, first);
	save("3 ::/0", first, 0);
	shows("3 ::/0;", false, now);
	save("", now, 0);
	CHECK(!box_is_there(FILE_PATH));
	save("", NULL, 0);
	box_put(FILE_PATH, "# by hand\n 1\t0/0  # all\n\n2 10.0.0.0/8\n");
	shows("1 0/0;2 10.0.0.0/8;", false, now);
	box_put(FILE_PATH, "oops\n");
	CHECK_ERR(ct_classes_load(&c, &b.e), EINVAL);
	ct_classes_done(&c);
	save("1 0/0", NULL, 0);
	box_done(&b);
}
