/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/snaptree.c: the tree as text, and what is no tree. */
#include <string.h>

#include "libct/snap.h"
#include "tests/lib/test.h"
#include "util/buf.h"

#define A "aaaaaaaa-0000-4000-8000-000000000001"
#define B "bbbbbbbb-0000-4000-8000-000000000002"
#define C "cccccccc-0000-4000-8000-000000000003"

static struct err e;

static int parse(const char *text, struct ct_snaps *s)
{
	err_clear(&e);
	return ct_snaps_parse(s, text, strlen(text), &e);
}

TEST(guid)
{
	char g[CT_GUID_SIZE];

	CHECK_EQ(ct_guid_parse("{AAAAAAAA-0000-4000-8000-000000000001}", g), 0);
	CHECK_STR(g, A);
	CHECK_EQ(ct_guid_parse(A, g), 0);
	CHECK_EQ(ct_guid_parse("{" A, g), -EINVAL);
	CHECK_EQ(ct_guid_parse("", g), -EINVAL);
	CHECK_EQ(ct_guid_parse("gaaaaaaa-0000-4000-8000-000000000001", g), -EINVAL);
	CHECK_EQ(ct_guid_parse("aaaaaaaa00000-4000-8000-000000000001", g), -EINVAL);
	CHECK_OK(ct_guid_new(g, &e), &e);
	CHECK(g[14] == '4' && ct_guid_parse(g, g) == 0);
}

TEST(there_and_back)
{
	const struct ct_snap one = { .guid = A, .date = 1, .name = (char *)"a \"b\" $c \\", .desc = (char *)"\xc3\xa4" };
	const struct ct_snap two = { .guid = B, .parent = A, .date = 2, .owner = 77, .owner_start = 1234567890123 };
	auto_snaps struct ct_snaps s = { 0 }, back = { 0 };
	auto_buf struct buf b = BUF_INIT;

	CHECK_OK(ct_snaps_add(&s, &one, &e), &e);
	CHECK_OK(ct_snaps_add(&s, &two, &e), &e);
	memcpy(s.current, A, CT_GUID_SIZE);
	CHECK_OK(ct_snaps_print(&s, &b, &e), &e);
	CHECK_OK(parse(buf_str(&b), &back), &e);
	CHECK_EQ(back.n, 2);
	CHECK_STR(back.current, A);
	CHECK_STR(back.v[0].name, "a \"b\" $c \\");
	CHECK_STR(back.v[0].desc, "\xc3\xa4");
	CHECK_STR(back.v[1].parent, A);
	CHECK_EQ(back.v[1].owner, 77);
	CHECK_EQ(back.v[1].owner_start, 1234567890123);
	CHECK_STR(back.v[1].name, "");
}

TEST(children_of_a_deleted_one_are_its_parents)
{
	auto_snaps struct ct_snaps s = { 0 };

	CHECK_OK(parse("CURRENT=\"" B "\"\nGUID=\"" A "\"\nGUID=\"" B "\"\nPARENT=\"" A "\"\nGUID=\"" C "\"\nPARENT=\"" B "\"\n", &s), &e);
	ct_snaps_del(&s, B);
	CHECK_EQ(s.n, 2);
	CHECK_STR(s.current, A);
	CHECK_STR(ct_snaps_find(&s, C)->parent, A);
	ct_snaps_del(&s, A);
	CHECK_STR(s.current, "");
	CHECK_STR(s.v[0].parent, "");
	ct_snaps_del(&s, A);
	CHECK_EQ(s.n, 1);
}

TEST(what_is_no_tree)
{
	static const struct { const char *text, *says; } t[] = {
		{ "GUID=\"x\"\n", "line 1: GUID=\"x\" is not the id of a snapshot" },
		{ "GUID=\"" A "\"\nGUID=\"" A "\"\n", "is there twice" },
		{ "PARENT=\"" A "\"\n", "is not known before the first GUID" },
		{ "GUID=\"" A "\"\nCOLOUR=\"red\"\n", "line 2: COLOUR=\"red\" is not known here" },
		{ "GUID=\"" A "\"\nDATE=\"soon\"\n", "is not a time in seconds" },
		{ "GUID=\"" A "\"\nDATE=\"99999999999999999999\"\n", "is not a time in seconds" },
		{ "GUID=\"" A "\"\nOWNER=\"1\"\n", "names no process" },
		{ "GUID=\"" A "\"\nPARENT=\"" B "\"\n", "which is not listed before it" },
		{ "GUID=\"" A "\"\nPARENT=\"" A "\"\n", "which is not listed before it" },
		{ "GUID=\"" A "\"\nPARENT=\"" B "\"\nGUID=\"" B "\"\nPARENT=\"" A "\"\n", "which is not listed before it" },
		{ "CURRENT=\"" A "\"\n", "CURRENT=\"" A "\" is not listed" },
		{ "GUID=\"" A "\"\nsome words\n", "is not KEY=\"value\"" },
		{ "CURRENT=\"" A "\"\nCURRENT=\"" A "\"\nGUID=\"" A "\"\n", "line 2: CURRENT=\"" A "\" is there twice" },
		{ "CURRENT=\"" A "\"\nGUID=\"" A "\"\nCURRENT=\"" A "\"\n", "line 3: CURRENT=\"" A "\" is there twice" },
		{ "DONE=\"" A "\"\nDONE=\"" B "\"\n", "line 2: DONE=\"" B "\" is there twice" },
		{ "GUID=\"" A "\"\nDATE=\"1\"\nDATE=\"1\"\n", "line 3: DATE=\"1\" is there twice" },
		{ "GUID=\"" A "\"\nNAME=\"a\"\nNAME=\"b\"\n", "line 3: NAME=\"b\" is there twice" },
		{ "GUID=\"" A "\"\nGUID=\"" B "\"\nPARENT=\"" A "\"\nPARENT=\"" A "\"\n", "line 4: PARENT" },
		{ "GUID=\"" A "\"\nOWNER=\"1:2\"\nDESC=\"a\"\nOWNER=\"1:2\"\n", "line 4: OWNER" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		auto_snaps struct ct_snaps s = { 0 };

		CHECK_ERR(parse(t[i].text, &s), EBADMSG);
		if (!strstr(e.text, t[i].says))
			CHECK_STR(e.text, t[i].says);
	}
}

TEST(each_has_its_own_fields)
{
	auto_snaps struct ct_snaps s = { 0 };

	CHECK_OK(parse("GUID=\"" A "\"\nDATE=\"1\"\nNAME=\"a\"\nGUID=\"" B "\"\nDATE=\"2\"\nNAME=\"b\"\n", &s), &e);
	CHECK_EQ(s.n, 2);
	CHECK_EQ(s.v[1].date, 2);
}

TEST(comments_and_blanks_are_fine)
{
	auto_snaps struct ct_snaps s = { 0 };

	CHECK_OK(parse("# by hand\n\nGUID=\"" A "\"\n  # more\n", &s), &e);
	CHECK_EQ(s.n, 1);
}

TEST(no_more_than_can_be)
{
	auto_snaps struct ct_snaps s = { 0 };
	struct ct_snap one = { .date = 1 };

	for (int i = 0; i < CT_SNAPS_MAX; i++) {
		CHECK_OK(ct_guid_new(one.guid, &e), &e);
		CHECK_OK(ct_snaps_add(&s, &one, &e), &e);
	}
	CHECK_ERR(ct_snaps_add(&s, &one, &e), E2BIG);
}
