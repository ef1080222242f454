/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/param.c: each type's texts, and the operations on fields every type must have. */
#include "util/param.h"

#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/num.h"
#include "util/str.h"

static struct err e;
static const struct param plain;

static int parse(const struct param_type *t, const char *s, enum param_src src, void *f)
{
	err_clear(&e);
	return t->parse(&plain, s, src, f, &e);
}

static void check_text(const struct param_type *t, const void *f, const char *want)
{
	auto_buf struct buf b = BUF_INIT;

	t->print(&plain, f, &b);
	CHECK_STR(buf_str(&b), want);
}

TEST(yesno)
{
	static const char *const bad[] = { "", "YES", "Yes", "1", "true", "on", "yes ", "y" };
	struct num_opt f = { 0 };

	CHECK(!param_yesno.is_set(&f));
	CHECK_OK(parse(&param_yesno, "yes", PARAM_CLI, &f), &e);
	check_text(&param_yesno, &f, "yes");
	CHECK_OK(parse(&param_yesno, "no", PARAM_FILE, &f), &e);
	check_text(&param_yesno, &f, "no");
	CHECK(param_yesno.is_set(&f));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_ERR(parse(&param_yesno, bad[i], PARAM_CLI, &f), EINVAL);
		CHECK(e.text[0]);
	}
	check_text(&param_yesno, &f, "no");
}

TEST(u64_range)
{
	static const struct param ranged = { .min = 8, .max = 500000 }, at_least = { .min = 1 };
	struct num_opt f = { 0 };

	CHECK_EQ(param_u64.parse(&ranged, "8", PARAM_CLI, &f, &e), 0);
	CHECK_EQ(param_u64.parse(&ranged, "500000", PARAM_CLI, &f, &e), 0);
	CHECK_EQ(param_u64.parse(&ranged, "7", PARAM_CLI, &f, &e), -EINVAL);
	CHECK_STR(e.text, "7 is not between 8 and 500000");
	CHECK_EQ(param_u64.parse(&ranged, "500001", PARAM_FILE, &f, &e), -EINVAL);
	CHECK_EQ(param_u64.parse(&ranged, "unlimited", PARAM_FILE, &f, &e), -EINVAL);
	CHECK_EQ(param_u64.parse(&ranged, "99999999999999999999", PARAM_FILE, &f, &e), -ERANGE);
	CHECK_EQ(f.v, 500000);
	CHECK_EQ(param_u64.parse(&at_least, "0", PARAM_CLI, &f, &e), -EINVAL);
	CHECK_STR(e.text, "0 is below the minimum of 1");
	CHECK_EQ(parse(&param_u64, "unlimited", PARAM_CLI, &f), 0);
	check_text(&param_u64, &f, "unlimited");
	CHECK_EQ(parse(&param_u64, "5K", PARAM_CLI, &f), -EINVAL);
	CHECK_EQ(parse(&param_u64, "-5", PARAM_CLI, &f), -EINVAL);
}

TEST(too_large_is_cut_in_files_only)
{
	struct num_opt n = { .v = 1, .set = true };
	struct num_pair p = { .bar = 1, .lim = 1, .set = true };

	CHECK_EQ(parse(&param_u64, "9223372036854775808", PARAM_CLI, &n), -ERANGE);
	CHECK_EQ(n.v, 1);
	CHECK_EQ(parse(&param_u64, "9223372036854775808", PARAM_FILE, &n), -ERANGE);
	CHECK_EQ(n.v, NUM_UNLIMITED);
	CHECK_EQ(parse(&param_ub_pages, "5:9223372036854775808", PARAM_CLI, &p), -ERANGE);
	CHECK_EQ(p.bar, 1);
	CHECK_EQ(parse(&param_ub_pages, "5:9223372036854775808", PARAM_FILE, &p), -ERANGE);
	check_text(&param_ub_pages, &p, "5:unlimited");
	CHECK_EQ(parse(&param_ram, "99999999T", PARAM_FILE, &p), -ERANGE);
	check_text(&param_ram, &p, "0:unlimited");
}

TEST(pairs)
{
	static const struct { const struct param_type *t; const char *in, *out; } t[] = {
		{ &param_ub_items, "5", "5" }, { &param_ub_items, "5:6", "5:6" },
		{ &param_ub_items, "9223372036854775807", "unlimited" },
		{ &param_ub_bytes, "1K:2K", "1024:2048" }, { &param_ub_pages, "1M:unlimited", "256:unlimited" },
		{ &param_dq_blocks, "2G", "2097152" }, { &param_dq_blocks, "1000:1100", "1000:1100" },
		{ &param_dq_blocks, "unlimited", "unlimited" }, { &param_dq_inodes, "200000:220000", "200000:220000" },
		{ &param_ram, "512M", "0:131072" }, { &param_ram, "4097", "0:2" }, { &param_ram, "4096", "0:1" },
		{ &param_ram, "0", "0" }, { &param_ram, "unlimited", "0:unlimited" }, { &param_ram, "1.5G", "0:393216" },
		{ &param_ub_items, "5K", NULL }, { &param_dq_inodes, "1M", NULL }, { &param_ram, "1M:2M", NULL },
		{ &param_ub_bytes, "1MB", NULL }, { &param_dq_blocks, "", NULL }, { &param_ram, "1.5", NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct num_pair f = { 0 };

		CHECK_EQ(parse(t[i].t, t[i].in, PARAM_CLI, &f), t[i].out ? 0 : -EINVAL);
		CHECK_EQ(t[i].t->is_set(&f), t[i].out != NULL);
		if (t[i].out)
			check_text(t[i].t, &f, t[i].out);
	}
}

TEST(strings)
{
	char *f = NULL;

	CHECK(!param_str.is_set(&f));
	check_text(&param_str, &f, "");
	CHECK_OK(parse(&param_str, "", PARAM_CLI, &f), &e);
	CHECK(param_str.is_set(&f));
	CHECK_OK(parse(&param_str, "two \"words\"", PARAM_CLI, &f), &e);
	CHECK_ERR(parse(&param_str, "a\nb", PARAM_CLI, &f), EINVAL);
	CHECK_ERR(parse(&param_str, "a\tb", PARAM_CLI, &f), EINVAL);
	CHECK_STR(f, "two \"words\"");
	param_str.done(&f);
	CHECK(!f);
}

TEST(lists)
{
	struct str_list f = { 0 };

	CHECK_OK(parse(&param_list, "", PARAM_CLI, &f), &e);
	CHECK(param_list.is_set(&f));
	CHECK_OK(parse(&param_list, " a,b  c\td ", PARAM_CLI, &f), &e);
	CHECK_OK(parse(&param_listc, "e,f g", PARAM_CLI, &f), &e);
	check_text(&param_list, &f, "a,b c d e f g");
	CHECK_ERR(parse(&param_list, "x\ny", PARAM_CLI, &f), EINVAL);
	CHECK_EQ(f.n, 6);
	param_list.done(&f);
	CHECK(!param_list.is_set(&f));
}

/* copy, equal, done for each type, on memory the checker watches. */
TEST(fields)
{
	static const struct { const struct param_type *t; const char *a, *b; } t[] = {
		{ &param_u64, "1", "2" }, { &param_yesno, "yes", "no" }, { &param_str, "a", "b" },
		{ &param_list, "a b", "a" }, { &param_listc, "a,b", "b" }, { &param_ub_items, "1", "1:2" },
		{ &param_ub_bytes, "1", "2" }, { &param_ub_pages, "1", "2" }, { &param_dq_blocks, "1", "2" },
		{ &param_dq_inodes, "1", "2" }, { &param_ram, "1", "1G" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const struct param_type *type = t[i].t;
		auto_free void *a = calloc(1, type->size), *b = calloc(1, type->size), *zero = calloc(1, type->size);

		CHECK(a && b && zero && type->name);
		CHECK(type->equal(a, b));
		CHECK_OK(parse(type, t[i].a, PARAM_CLI, a), &e);
		CHECK(!type->equal(a, b));
		CHECK_OK(parse(type, t[i].b, PARAM_CLI, b), &e);
		CHECK(!type->equal(a, b));
		CHECK_OK(type->copy(b, a, &e), &e);
		CHECK(type->equal(a, b) && type->is_set(b));
		CHECK_OK(type->copy(a, zero, &e), &e);
		CHECK(!type->is_set(a) && type->is_set(b));
		type->done(b);
		type->done(a);
		CHECK(!memcmp(b, zero, type->size) && !memcmp(a, zero, type->size));
	}
}

TEST(no_memory)
{
	static const struct { const struct param_type *t; const char *a, *b; } t[] = {
		{ &param_str, "a", "b" }, { &param_list, "a b", "c" }, { &param_listc, "a,b", "c" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		EACH_FAULT(FAULT_ALLOC) {
			const struct param_type *type = t[i].t;
			_Alignas(16) char a[64] = { 0 }, b[64] = { 0 };
			int r = parse(type, t[i].a, PARAM_CLI, a);

			if (r == 0)
				r = parse(type, t[i].b, PARAM_CLI, b);
			if (r == 0)
				r = type->copy(a, b, &e);
			test_fault_off();
			CHECK_EQ(r, test_fault_hit() ? -ENOMEM : 0);
			type->done(a);
			type->done(b);
		}
	}
}
