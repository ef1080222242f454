/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/cidr.c: what is a prefix, what is in it. */
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "vzd/auth_priv.h"

TEST(cidr_texts)
{
	static const struct { const char *in, *out; } t[] = {
		{ "192.0.2.0/24", "192.0.2.0/24" }, { "192.0.2.7", "192.0.2.7/32" }, { "0.0.0.0/0", "0.0.0.0/0" },
		{ "2001:db8::/32", "2001:db8::/32" }, { "::/0", "::/0" }, { "2001:DB8::1", "2001:db8::1/128" },
		{ "::ffff:192.0.2.0/120", "192.0.2.0/24" },
		{ "192.0.2.1/24", NULL }, { "192.0.2.0/33", NULL }, { "192.0.2", NULL }, { "", NULL }, { "/8", NULL },
		{ "1.2.3.4/", NULL }, { "1.2.3.4/ 8", NULL }, { "2001:db8::/129", NULL }, { "2001:db8::1/64", NULL }, { "x", NULL },
		{ "1.2.3.4/-1", NULL }, { "1.2.3.4/8/8", NULL }, { " 1.2.3.4", NULL }, { "01.2.3.4", NULL },
		{ "11111111111111111111111111111111111111111111111111111111111111111111111111/8", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct buf auto_buf b = BUF_INIT;
		struct err e = { 0 };
		struct cidr c;
		int r = cidr_parse(t[i].in, &c, &e);

		if (r == 0)
			cidr_print(&c, &b);
		if ((r == 0) != (t[i].out != NULL) || (t[i].out && strcmp(buf_str(&b), t[i].out) != 0) || (r < 0 && !e.text[0]))
			test_fail(__FILE__, __LINE__, "%s: %d %s", t[i].in, r, buf_str(&b));
	}
}

TEST(cidr_contains)
{
	static const struct { const char *net, *addr; bool in; } t[] = {
		{ "192.0.2.0/24", "192.0.2.255", true }, { "192.0.2.0/24", "192.0.3.0", false }, { "192.0.2.0/25", "192.0.2.128", false },
		{ "10.0.0.0/9", "10.127.255.255", true }, { "10.0.0.0/9", "10.128.0.0", false }, { "0.0.0.0/0", "8.8.8.8", true },
		{ "0.0.0.0/0", "2001:db8::1", false }, { "0.0.0.0/0", "::ffff:8.8.8.8", true }, { "::/0", "8.8.8.8", true },
		{ "2001:db8::/33", "2001:db8:7fff::", true }, { "2001:db8::/33", "2001:db8:8000::", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct err e = { 0 };
		uint8_t addr[16];
		struct cidr c;

		CHECK_OK(cidr_parse(t[i].net, &c, &e), &e);
		CHECK_EQ(cidr_addr(t[i].addr, addr), 0);
		if (cidr_has(&c, addr) != t[i].in)
			test_fail(__FILE__, __LINE__, "%s %s", t[i].net, t[i].addr);
	}
}

TEST(cidr_within_another)
{
	struct cidr a, b;
	struct err e = { 0 };

	CHECK_OK(cidr_parse("10.1.0.0/16", &a, &e), &e);
	CHECK_OK(cidr_parse("10.0.0.0/8", &b, &e), &e);
	CHECK(cidr_within(&a, &b) && !cidr_within(&b, &a) && cidr_within(&a, &a));
	CHECK_OK(cidr_parse("11.0.0.0/16", &a, &e), &e);
	CHECK(!cidr_within(&a, &b));
}
