/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/outlet_to.c, outlet.c: whom a build reaches, and what is named for it. */
#include "templates/outlet.h"

#include <errno.h>
#include <string.h>

#include "tests/lib/test.h"

static union outlet_addr at(const char *text)
{
	union outlet_addr a;

	if (outlet_addr_parse(text, &a) < 0)
		test_fail(__FILE__, __LINE__, "%s", text);
	return a;
}

TEST(addresses)
{
	static const char *const bad[] = { "", "/", "192.0.2.1", "192.0.2.1/", "192.0.2.1/0", "192.0.2.1/65536", "192.0.2/80",
					   "x/80", "2001:db8::1%lo/80", "/80", "192.0.2.1/80/80" };
	union outlet_addr a = at("192.0.2.1/80"), b = at("2001:db8::1/443"), c;
	char text[80];

	outlet_addr_print(&a, text);
	CHECK_STR(text, "192.0.2.1 port 80");
	outlet_addr_print(&b, text);
	CHECK_STR(text, "2001:db8::1 port 443");
	c = at("192.0.2.1/81");
	CHECK(outlet_addr_equal(&a, &a) && !outlet_addr_equal(&a, &c) && !outlet_addr_equal(&a, &b));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(outlet_addr_parse(bad[i], &c), -EINVAL);
}

TEST(refused)
{
	static const char *const own[] = { "127.0.0.1/80", "127.9.9.9/1", "0.0.0.0/80", "169.254.169.254/80", "224.0.0.1/1",
					   "255.255.255.255/1", "::1/80", "::/80", "::ffff:127.0.0.1/80", "::7f00:1/80", "fe80::1/80",
					   "ff02::1/80" };
	struct outlet_named named = { .n = 0 };

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		union outlet_addr a = at(own[i]);

		if (!outlet_refuses(&named, &a))
			test_fail(__FILE__, __LINE__, "%s is reached", own[i]);
	}
	named.v[named.n++] = at("127.0.0.53/53");
	union outlet_addr dns = at("127.0.0.53/53"), web = at("127.0.0.53/80");

	CHECK(outlet_refuses(&named, &dns) == NULL);
	CHECK(outlet_refuses(&named, &web) != NULL);
}

static void names(const char *resolv, const char *url, const char *want)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };
	struct err e = { 0 };
	char got[400] = "";

	CHECK_OK(resolv ? outlet_nameservers(&l, resolv, &e) : outlet_name(&l, url, &e), &e);
	for (size_t i = 0; i < l.n; i++)
		str_fmt(got + strlen(got), sizeof(got) - strlen(got), "%s ", l.v[i]);
	CHECK_STR(got, want);
}

TEST(named)
{
	names("# x\nsearch a b\nnameserver 127.0.0.53\nnameserver\t::1\r\nnameserver fe80::1%eth0\noptions edns0\n", NULL,
	      "127.0.0.53/53 ::1/53 ");
	names("nameserver 192.0.2.1\nnameserver 192.0.2.1\n", NULL, "192.0.2.1/53 ");
	names("", NULL, "127.0.0.1/53 ");
	names("nameserver x\nnameserver", NULL, "127.0.0.1/53 ");
	names(NULL, "http://127.0.0.1:3142/debian", "127.0.0.1/3142 ");
	names(NULL, "http://192.0.2.1/debian", "192.0.2.1/80 ");
	names(NULL, "https://user:secret@192.0.2.1/debian", "192.0.2.1/443 ");
	names(NULL, "http://[2001:db8::1]:8080/x", "2001:db8::1/8080 ");
	names(NULL, "file:///srv/mirror", "");
	names(NULL, "http://", "");
	names(NULL, "none", "");
}
