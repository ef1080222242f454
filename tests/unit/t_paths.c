/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/t_ct_box.h"

TEST(paths_expand)
{
	static const struct { const char *in, *out; } t[] = {
		{ "/vz/private/$VEID", "/vz/private/101" }, { "/a/${VEID}/$VEID", "/a/101/101" }, { "/plain", "/plain" },
		{ "/$VEIDX", "/101X" }, { "/$HOME", "/$HOME" }, { "", NULL }, { NULL, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		auto_free char *s = ct_expand(t[i].in, 101);

		CHECK_STR(s, t[i].out);
	}
}

TEST(paths_split)
{
	static const struct { const char *in, *parent, *name; } t[] = {
		{ "/vz/private/101", "/vz/private", "101" }, { "/vz/private/101//", "/vz/private", "101" }, { "/a", "/", "a" },
		{ "/", NULL, NULL }, { "a/b", NULL, NULL }, { "/a/..", NULL, NULL }, { "/a/.", NULL, NULL }, { "", NULL, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		auto_free char *parent = NULL, *name = NULL;
		struct err e = { 0 };
		int r = ct_path_split(t[i].in, &parent, &name, &e);

		CHECK_EQ(r, t[i].parent ? 0 : -EINVAL);
		CHECK_STR(parent, t[i].parent);
		CHECK_STR(name, t[i].name);
	}
}

TEST(paths_fmt)
{
	struct err e = { 0 };
	char s[8];

	CHECK_OK(ct_path_fmt(s, sizeof(s), &e, "/%d", 12345), &e);
	CHECK_STR(s, "/12345");
	CHECK_ERR(ct_path_fmt(s, sizeof(s), &e, "/%d", 1234567), ENAMETOOLONG);
}
