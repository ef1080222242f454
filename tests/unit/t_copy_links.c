/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of files with several names: first names, growth, devices that differ. */
#include "templates/copy_proto.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/test.h"

TEST(copy_links)
{
	struct copy_links l = { 0 };
	struct stat st = { .st_dev = 1, .st_ino = 1, .st_nlink = 1 };
	const char *first = "";
	struct err e = { 0 };
	char name[16];

	CHECK_OK(copy_links_first(&l, &st, "alone", &first, &e), &e);
	CHECK(!first && l.n == 0);
	st.st_nlink = 2;
	for (unsigned i = 0; i < 5000; i++) {
		st.st_ino = i;
		snprintf(name, sizeof(name), "f%u", i);
		CHECK_OK(copy_links_first(&l, &st, name, &first, &e), &e);
		CHECK(!first);
	}
	st.st_ino = 4321;
	CHECK_OK(copy_links_first(&l, &st, "again", &first, &e), &e);
	CHECK_STR(first, "f4321");
	st.st_dev = 2;
	CHECK_OK(copy_links_first(&l, &st, "elsewhere", &first, &e), &e);
	CHECK(!first);
	copy_links_done(&l);
}

TEST(copy_keeps)
{
	CHECK(copy_keeps("user.mine") && copy_keeps("security.capability") && copy_keeps("system.posix_acl_default"));
	CHECK(!copy_keeps("user.overlay.opaque") && !copy_keeps("trusted.x") && !copy_keeps("security.selinux"));
}
