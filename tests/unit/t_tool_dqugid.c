/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/tool_dqugid.c */
#include <stdarg.h>
#include <string.h>

#include "tests/lib/test.h"
#include "util/err.h"
#include "vzctl/tool.h"

static int args(struct tool_dqugid *d, struct err *e, ...)
{
	char *argv[8] = { (char *)"vzdqdump" };
	va_list ap;

	*d = (struct tool_dqugid){ 0 };
	err_clear(e);
	va_start(ap, e);
	for (size_t i = 1; i < ARRAY_SIZE(argv); i++) {
		argv[i] = va_arg(ap, char *);
		if (!argv[i])
			break;
	}
	va_end(ap);
	return tool_dqugid_args("vzdqdump", argv, d, e);
}

TEST(tool_dqugid_grammar)
{
	struct tool_dqugid d;
	struct err e = { 0 };

	CHECK_EQ(args(&d, &e, "101", "-U", "-G", "-T", "-F", NULL), 0);
	CHECK_STR(d.id, "101");
	CHECK_EQ(args(&d, &e, "-UGT", "-q", "-c", "/f", "101", NULL), 0);
	CHECK(d.quiet && !strcmp(d.file, "/f"));
	CHECK(args(&d, &e, "101", NULL) < 0);
	CHECK_STR(e.text, "One of -G, -U, -T and -F is needed");
	CHECK(args(&d, &e, "-U", NULL) < 0);
	CHECK_STR(e.text, "A container is needed");
	CHECK(args(&d, &e, "0", "-U", NULL) < 0);
	CHECK_STR(e.text, "Invalid quota id: 0");
	CHECK(args(&d, &e, "101", "102", "-U", NULL) < 0);
	CHECK(args(&d, &e, "101", "-X", NULL) < 0);
	CHECK(args(&d, &e, "--json", "101", NULL) == 0 && d.json && !d.what);
	CHECK(args(&d, &e, "--json", "-U", "101", NULL) < 0);
	CHECK_STR(e.text, "--json is for vzdqdump, and is all of it");
	CHECK(args(&d, &e, "-h", NULL) == 0 && d.help);
}

TEST(tool_dqugid_lines)
{
	static const char *const empty[] = { "", "\n", " \t\r\n\n", "# a comment\n  # another" };
	static const char *const full[] = { "x", "\n\n user 5", "# c\n1" };

	for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
		CHECK(!tool_dqugid_has_line(empty[i]));
	for (size_t i = 0; i < ARRAY_SIZE(full); i++)
		CHECK(tool_dqugid_has_line(full[i]));
}
