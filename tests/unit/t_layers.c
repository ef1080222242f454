/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/layers.c: lists of layers, and stacks of them. */
#include "libct/layers.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/test.h"
#include "util/fio.h"

#define A "aaaaaaaa-0000-4000-8000-000000000001"
#define B "bbbbbbbb-0000-4000-8000-000000000002"
#define D "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct err e;

TEST(lines)
{
	static const char *const bad[] = { "", "snap:", "snap:" D, "snap:{" A "}", "share:" A, "share:" A "/", "share:" A "/" D,
					   "share:" A ":" B, A, D "0", "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
					   "snap:../../../../etc", "share:../../../../../../../../../../../../" "/" A };
	struct ct_layer l;

	CHECK(ct_layer_parse(D, &l) == 0 && l.kind == CT_LAYER_TMPL);
	CHECK_STR(l.id, D);
	CHECK(ct_layer_parse("snap:" A, &l) == 0 && l.kind == CT_LAYER_SNAP);
	CHECK_STR(l.id, A);
	CHECK(ct_layer_parse("share:" A "/" B, &l) == 0 && l.kind == CT_LAYER_SHARE);
	CHECK_STR(l.home, A);
	CHECK_STR(l.id, B);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(ct_layer_parse(bad[i], &l), -EINVAL);
}

static void put(int dir, const char *name, const char *text)
{
	CHECK_OK(fio_replace_run(dir, name, text, strlen(text), 0600, &e), &e);
}

TEST(stack)
{
	auto_close int area = test_tmp_fd(), snap = -1;
	struct ct_layers l, head;

	CHECK(mkdirat(area, "snap", 0700) == 0);
	snap = openat(area, "snap", O_RDONLY | O_CLOEXEC);
	put(snap, A ".below", D "\n");
	put(snap, B ".below", "snap:" A "\n");
	CHECK_OK(ct_layers_stack(area, B, &l, &e), &e);
	CHECK(l.n == 3 && str_eq(l.v[0].id, B) && str_eq(l.v[1].id, A) && str_eq(l.v[2].id, D));
	ct_layers_head(&l, &head);
	CHECK(head.n == 1 && str_eq(head.v[0].id, B));
	CHECK_OK(ct_layers_save(area, "layers", &l, &e), &e);
	CHECK_OK(ct_layers_load(area, "layers", &head, &e), &e);
	CHECK(head.n == 3 && ct_layers_own(&head, A) && !ct_layers_own(&head, D));
	put(snap, A ".below", "snap:" B "\n");		/* a circle */
	CHECK_ERR(ct_layers_stack(area, B, &l, &e), E2BIG);
}

TEST(files_that_are_none)
{
	auto_close int area = test_tmp_fd();
	struct ct_layers l;

	put(area, "layers", D "\nrubbish\n");
	CHECK_ERR(ct_layers_load(area, "layers", &l, &e), EBADMSG);
	CHECK_STR(e.text, "layers, line 2: \"rubbish\" names no layer");
	put(area, "layers", "\n");
	CHECK_ERR(ct_layers_load(area, "layers", &l, &e), EBADMSG);
}
