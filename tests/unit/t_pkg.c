/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/pkg.c: what vzpkg takes for a verb and a package. What it does is tests/integration/vzpkg.sh. */
#include "templates/pkg.h"

#include <string.h>

#include "tests/lib/test.h"

TEST(words)
{
	static const struct { const char *verb, *package; int code; } t[] = {
		{ "install", "nginx", 0 }, { "install", NULL, EINVAL }, { "remove", NULL, EINVAL }, { "update", NULL, 0 },
		{ "update", "lib+x:amd64", 0 }, { "status", NULL, 0 }, { "status", "x", EINVAL }, { "list", "x", EINVAL },
		{ "dance", NULL, EINVAL }, { "install", "-y", EINVAL }, { "install", "/etc/passwd", EINVAL },
		{ "install", "./x.deb", EINVAL }, { "install", "a b", EINVAL }, { "install", "$(reboot)", EINVAL },
		{ "install", "a;b", EINVAL }, { "install", "", EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct err e = { 0 };

		if (tmpl_pkg_check(t[i].verb, &t[i].package, t[i].package != NULL, &e) != -t[i].code)
			test_fail(__FILE__, __LINE__, "%s %s: %d %s", t[i].verb, t[i].package, e.code, e.text);
	}
}

TEST(argv)
{
	static const char *const p[] = { "one", "two" };
	const char *argv[TMPL_PKG_ARGV];

	tmpl_pkg_argv("template", "install", p, 2, argv);
	CHECK_STR(argv[0], "/bin/sh");
	CHECK_STR(argv[3], "template");
	CHECK_STR(argv[4], "install");
	CHECK_STR(argv[6], "two");
	CHECK(!argv[7]);
	CHECK(tmpl_pkg_changes("update") && !tmpl_pkg_changes("status") && !tmpl_pkg_changes("none"));
}
