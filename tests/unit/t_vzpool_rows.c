/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/vzpool_rows.c, vzctl/vztmpl_rows.c: what their command lines are taken for, and what is refused before anything is done. */
#include "vzctl/vzpool.h"

#include <string.h>

#include "tests/lib/test.h"
#include "util/str.h"
#include "vzctl/vztmpl.h"

static struct err e;

static char **words(const char *line)
{
	static char text[256], *argv[24];
	size_t n = 1;

	str_copy(text, sizeof(text), line);
	argv[0] = (char *)"prog";
	for (char *p = text, *w; (w = strsep(&p, " ")); )
		if (*w)
			argv[n++] = w;
	argv[n] = NULL;
	return argv;
}

static int pool(const char *line, struct vzpool *v, const struct vzpool_cmd **c)
{
	*v = (struct vzpool){ 0 };
	err_clear(&e);
	return vzpool_args(v, c, words(line), &e);
}

TEST(vzpool_takes)
{
	const struct vzpool_cmd *c;
	struct vzpool v;

	CHECK_OK(pool("add --format squashfs /srv/p debian", &v, &c), &e);
	CHECK_STR(c->word, "add");
	CHECK_STR(v.format, "squashfs");
	CHECK(v.n == 2 && str_eq(v.word[0], "/srv/p") && str_eq(v.word[1], "debian"));
	CHECK_OK(pool("gc --used a --used b /srv/p -n", &v, &c), &e);
	CHECK(v.used.n == 2 && str_eq(v.used.v[1], "b") && (v.given & VZPOOL_DRY));
	str_list_clear(&v.used);
	CHECK_OK(pool("status", &v, &c), &e);
	CHECK_EQ(v.wait_ms, 5000);
	CHECK_OK(pool("status --wait=600 p", &v, &c), &e);
	CHECK_EQ(v.wait_ms, 600000);
	CHECK_OK(pool("--help", &v, &c), &e);
	CHECK(!c);
	CHECK_OK(pool("create -- --odd", &v, &c), &e);
	CHECK_STR(v.word[0], "--odd");
}

TEST(vzpool_refuses)
{
	static const struct { const char *line, *says; } t[] = {
		{ "", "vzpool: no command" },
		{ "make /srv/p", "vzpool: unknown command: make" },
		{ "create", "vzpool create wants DIR" },
		{ "add /srv/p", "vzpool add wants DIR TEMPLATE" },
		{ "add a b c", "vzpool add wants DIR TEMPLATE" },
		{ "add a b c d e f", "vzpool add wants DIR TEMPLATE" },
		{ "rm --alone a b", "vzpool rm does not know --alone" },
		{ "detach --data p", "vzpool detach does not know --data" },
		{ "status --wait 0", "--wait wants seconds, 1 to 600" },
		{ "status --wait 601", "--wait wants seconds, 1 to 600" },
		{ "status --wait 1s", "--wait wants seconds, 1 to 600" },
	};
	const struct vzpool_cmd *c;
	struct vzpool v;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		if (pool(t[i].line, &v, &c) != -EINVAL)
			test_fail(__FILE__, __LINE__, "vzpool %s was taken", t[i].line);
		CHECK_STR(e.text, t[i].says);
	}
	CHECK(pool("status --colour", &v, &c) < 0);
}

static int tmpl(const char *line, struct vztmpl *v, const struct vztmpl_cmd **c)
{
	static const char *operands[24];

	*v = (struct vztmpl){ .operand = operands };
	err_clear(&e);
	return vztmpl_args(v, c, words(line), &e);
}

TEST(vztmpl_takes)
{
	const struct vztmpl_cmd *c;
	struct vztmpl v;

	CHECK_OK(tmpl("pull --keys /k --unsigned /idx deb* alp*", &v, &c), &e);
	CHECK_STR(c->word, "pull");
	CHECK(v.n == 3 && str_eq(v.operand[2], "alp*") && str_eq(v.keys, "/k"));
	CHECK_EQ(v.given, VZTMPL_KEYDIR | VZTMPL_UNSIGNED);
	CHECK_OK(tmpl("--template /t list", &v, &c), &e);
	CHECK_STR(v.keys, "/etc/vz/keys");
	CHECK_OK(tmpl("index --days 36500 --sign k /d", &v, &c), &e);
	CHECK_EQ(v.days, 36500);
	CHECK_OK(tmpl("index /d", &v, &c), &e);
	CHECK_EQ(v.days, 30);
}

TEST(vztmpl_refuses)
{
	static const struct { const char *line, *says; } t[] = {
		{ "", "vztmpl: no command" },
		{ "get x", "vztmpl: unknown command: get" },
		{ "info", "vztmpl info wants NAME" },
		{ "rm a b", "vztmpl rm wants no more than NAME" },
		{ "list x", "vztmpl list takes no argument" },
		{ "rm --unsigned a", "vztmpl rm does not know --unsigned" },
		{ "index --days 0 /d", "--days wants a number from 1 to 36500" },
		{ "index --days 36501 /d", "--days wants a number from 1 to 36500" },
		{ "index --days -1 /d", "--days wants a number from 1 to 36500" },
	};
	const struct vztmpl_cmd *c;
	struct vztmpl v;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		if (tmpl(t[i].line, &v, &c) != -EINVAL)
			test_fail(__FILE__, __LINE__, "vztmpl %s was taken", t[i].line);
		CHECK_STR(e.text, t[i].says);
	}
}
