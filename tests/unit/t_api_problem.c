/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/api_problem.c: every exit status of vzctl and every slug has its row. */
#include <fcntl.h>
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/str.h"
#include "vzd/api_priv.h"

/* The numbers in the text of enum vz_exit. */
TEST(problem_every_exit_has_a_row)
{
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };
	unsigned n = 0;

	CHECK_OK(fio_read_at(AT_FDCWD, "libct/exit.h", &b, &e), &e);
	for (const char *p = buf_str(&b); (p = strstr(p, "VZ_")); ) {
		const char *eq = p + strcspn(p, " ,\n");
		long v;

		p = eq;
		if (strncmp(eq, " = ", 3) != 0)
			continue;
		v = strtol(eq + 3, NULL, 10);
		if (v == 0)
			continue;
		n++;
		if (!api_exit_has_row((int)v))
			test_fail(__FILE__, __LINE__, "exit status %ld has no row", v);
	}
	CHECK(n > 70);
	CHECK(!api_exit_has_row(0) && !api_exit_has_row(4));
}

TEST(problem_slugs_of_exits)
{
	static const struct { int exit; const char *slug; int status; } t[] = {
		{ 9, "locked", 409 }, { 14, "not-found", 404 }, { 20, "invalid-field", 400 }, { 21, "invalid-field", 400 },
		{ 22, "unprocessable", 422 }, { 31, "conflict-state", 409 }, { 32, "conflict-state", 409 }, { 44, "exists", 409 },
		{ 46, "no-capacity", 507 }, { 62, "unprocessable", 422 }, { 91, "not-found", 404 }, { 105, "conflict-state", 409 },
		{ 3, "failed", 500 }, { 78, "exists", 409 }, { 250, "failed", 500 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		json_t *j;

		CHECK_STR(api_slug_of_exit(t[i].exit), t[i].slug);
		j = api_problem_json(api_slug_of_exit(t[i].exit), t[i].exit, "text", NULL);
		CHECK_EQ(json_integer_value(json_object_get(j, "status")), t[i].status);
		CHECK_EQ(json_integer_value(json_object_get(j, "code")), t[i].exit);
		json_decref(j);
	}
}

TEST(problem_rows)
{
	for (size_t i = 0; i < api_problems_n; i++) {
		const struct api_problem_row *p = &api_problems[i];

		CHECK(p->status >= 400 && p->status < 600 && *p->title && *p->doc);
		for (size_t k = 0; k < i; k++)
			CHECK(strcmp(api_problems[k].slug, p->slug) != 0);
		for (const char *c = p->slug; *c; c++)
			CHECK((*c >= 'a' && *c <= 'z') || *c == '-');
	}
}

TEST(problem_extra_does_not_hide)
{
	json_t *j = api_problem_json("locked", 9, "busy", json_pack("{ss si}", "operation", "j1", "status", 200));

	CHECK_EQ(json_integer_value(json_object_get(j, "status")), 409);
	CHECK_STR(json_string_value(json_object_get(j, "operation")), "j1");
	json_decref(j);
	j = api_problem_json("no-such-slug", 0, "\xff", NULL);
	CHECK_STR(json_string_value(json_object_get(j, "type")), "/problems/internal");
	CHECK(!json_object_get(j, "detail"));
	json_decref(j);
}
