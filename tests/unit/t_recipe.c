/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/recipe.c: recipes that are refused before anything is run. Building one needs the network: tests/integration. */
#include "templates/tmpl.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/test.h"
#include "util/fio.h"
#include "util/str.h"

static int build(const char *conf, struct err *e)
{
	auto_close int top = test_tmp_fd(), dir = -1;
	struct tmpl t;

	CHECK(mkdirat(top, "recipes", 0755) == 0 || errno == EEXIST);
	CHECK(mkdirat(top, "recipes/r", 0755) == 0 || errno == EEXIST);
	dir = openat(top, "recipes/r", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(fio_replace(dir, "recipe.conf", conf, strlen(conf), 0644, e), e);
	return tmpl_build(test_tmp(), &(struct tmpl_recipe){ .name = "r" }, &t, e);
}

TEST(refused)
{
#define HEAD "NAME=\"r\"\nARCH=\"amd64\"\nBUILDER=\"mmdebstrap\"\nSUITE=\"bookworm\"\n"
	static const struct { const char *conf, *text; } t[] = {
		{ "", "NAME is missing" },
		{ "NAME=\"r\"\nARCH=\"amd64\"\nBUILDER=\"mmdebstrap\"\n", "SUITE is missing" },
		{ "NAME=\"../r\"\nARCH=\"amd64\"\nBUILDER=\"mmdebstrap\"\nSUITE=\"x\"\n", "NAME is not valid" },
		{ "NAME=\"..\"\nARCH=\"amd64\"\nBUILDER=\"mmdebstrap\"\nSUITE=\"x\"\n", "NAME is not valid" },
		{ "NAME=\"r\"\nARCH=\"amd64\"\nBUILDER=\"sh\"\nSUITE=\"x\"\n", "BUILDER" },
		{ "NAME=\"r\"\nARCH=\"amd64\"\nBUILDER=\"base\"\n", "BASE is missing" },
		{ "NAME=\"r\"\nARCH=\"amd64\"\nBUILDER=\"base\"\nBASE=\"../x\"\n", "BASE is not valid" },
		{ HEAD "KEYRING=\"/x y\"\n", "KEYRING is not valid" },
		{ HEAD "PACKAGES=\"a;reboot\"\n", "PACKAGES is not valid" },
		{ HEAD "PACKAGES=\"a $(reboot)\"\n", "PACKAGES is not valid" },
		{ HEAD "MIRROR=\"http://a b\"\n", "MIRROR" },
		{ HEAD "ZSTD_LEVEL=\"9 -o x\"\n", "ZSTD_LEVEL" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct err e = { 0 };

		if (build(t[i].conf, &e) != -EINVAL || !strstr(e.text, t[i].text))
			test_fail(__FILE__, __LINE__, "%zu: %d %s", i, e.code, e.text);
	}
}

TEST(hooks_must_be_executable)
{
	auto_close int top = test_tmp_fd(), dir = -1;
	struct err e = { 0 };

	CHECK(mkdirat(top, "recipes", 0755) == 0 && mkdirat(top, "recipes/r", 0755) == 0);
	CHECK(mkdirat(top, "recipes/r/post.d", 0755) == 0);
	dir = openat(top, "recipes/r/post.d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(fio_replace(dir, "10-x", "x", 1, 0644, &e), &e);
	CHECK_ERR(build(HEAD, &e), EINVAL);
	CHECK(strstr(e.text, "10-x is no executable file"));
}

TEST(unknown)
{
	struct err e = { 0 };
	struct tmpl t;

	CHECK_ERR(tmpl_build(test_tmp(), &(struct tmpl_recipe){ .name = "no-such-recipe" }, &t, &e), ENOENT);
	CHECK_ERR(tmpl_build(test_tmp(), &(struct tmpl_recipe){ .name = "./no-such-recipe" }, &t, &e), ENOENT);
	CHECK_ERR(tmpl_build(test_tmp(), &(struct tmpl_recipe){ .name = ".." }, &t, &e), EINVAL);
}
