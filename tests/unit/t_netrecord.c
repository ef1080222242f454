/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/netrecord.c: a record of one part says what the kernel has, one of two that nobody knows which. */
#include "libct/netrecord.h"

#include "libct/record.h"
#include "tests/lib/test.h"
#include "util/buf.h"

static struct err e;

static void check_list(const struct str_list *l, const char *want)
{
	auto_buf struct buf b = BUF_INIT;

	for (size_t i = 0; i < l->n; i++)
		buf_addf(&b, "%s%s", i ? "|" : "", l->v[i]);
	CHECK_STR(buf_str(&b), want);
}

TEST(netrecord_parts)
{
	auto_list struct str_list all = { 0 }, before = { 0 }, after = { 0 }, ret = { 0 };

	CHECK_OK(str_list_split(&before, "a b", " ", &e), &e);
	CHECK_OK(str_list_split(&after, "b c d", " ", &e), &e);
	CHECK_OK(ct_netrec_add(&all, &before, false, &e), &e);
	CHECK(!ct_netrec_unsure(&all));
	ct_netrec_last(&all, &ret, &e);
	check_list(&ret, "a|b");
	CHECK_OK(ct_netrec_add(&all, &after, true, &e), &e);
	CHECK(ct_netrec_unsure(&all));
	str_list_clear(&ret);
	ct_netrec_last(&all, &ret, &e);
	check_list(&ret, "b|c|d");
	str_list_clear(&ret);
	CHECK(ct_netrec_part(&all, 0, &ret, &e));
	check_list(&ret, "a|b");
	str_list_clear(&ret);
	CHECK(!ct_netrec_part(&all, 2, &ret, &e));
	CHECK_EQ(e.code, 0);
	CHECK_EQ(ret.n, 0);
}

/* Taking the last line away is a change, too: an empty part is one. */
TEST(netrecord_an_empty_part)
{
	auto_list struct str_list all = { 0 }, none = { 0 }, one = { 0 }, ret = { 0 };

	CHECK_OK(str_list_add(&one, "a", &e), &e);
	CHECK_OK(ct_netrec_add(&all, &one, false, &e), &e);
	CHECK_OK(ct_netrec_add(&all, &none, true, &e), &e);
	CHECK(ct_netrec_unsure(&all));
	ct_netrec_last(&all, &ret, &e);
	CHECK_EQ(ret.n, 0);
	CHECK(ret.set);
}
