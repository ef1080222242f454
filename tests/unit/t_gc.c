/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/gc.c: what is kept and why, and that nothing goes when it is not known who uses what. */
#include "tests/unit/t_gc_lab.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static bool there(const char *digest)
{
	auto_close int top = test_tmp_fd();
	char path[128];

	store_path(path, digest, "/tree");
	return faccessat(top, path, F_OK, 0) == 0;
}

static int users(void *arg, struct str_list *l, struct err *e)
{
	if (!arg)
		return err_say(e, EIO, "an area cannot be read");
	return str_list_add(l, arg, e);
}

static int gc(const char *used, unsigned days, bool dry, struct tmpl_gc *g, struct err *e)
{
	*g = (struct tmpl_gc){ .users = users, .arg = (void *)used, .days = days, .dry_run = dry };
	return tmpl_gc(test_tmp(), g, e);
}

TEST(kept_and_gone)
{
	struct err e = { 0 };
	struct tmpl_gc g;

	make(A);
	make(B);
	make(EMPTY);
	CHECK_OK(gc(A, 0, true, &g, &e), &e);
	CHECK_EQ(g.n, 1);
	CHECK(there(A) && there(B));
	CHECK_OK(gc(A, 1, false, &g, &e), &e);
	CHECK_EQ(g.n, 0);
	CHECK_OK(tmpl_pin(test_tmp(), B, true, &e), &e);
	CHECK_OK(gc(A, 0, false, &g, &e), &e);
	CHECK(there(B));
	CHECK_OK(tmpl_pin(test_tmp(), B, false, &e), &e);
	CHECK_OK(gc(A, 0, false, &g, &e), &e);
	CHECK_EQ(g.n, 1);
	CHECK(there(A) && !there(B) && there(EMPTY));
	CHECK_ERR(tmpl_pin(test_tmp(), "../x", true, &e), EINVAL);
}

TEST(unknown_users)
{
	struct err e = { 0 };
	struct tmpl_gc g;

	make(A);
	CHECK_ERR(gc(NULL, 0, false, &g, &e), EIO);
	CHECK_STR(e.text, "nothing was removed, since it is not known what is in use: an area cannot be read");
	CHECK(there(A));
}

TEST(held)
{
	auto_close int top = test_tmp_fd();
	struct err e = { 0 };

	make(A);
	CHECK_OK(gc_hold(top, &e), &e);
	CHECK_OK(gc_hold(top, &e), &e);		/* once per process */
	gc_unhold();
	struct tmpl_gc g;
	CHECK_OK(gc(B, 0, false, &g, &e), &e);
	CHECK(!there(A));
}
