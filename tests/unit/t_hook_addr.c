/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/hook_addr.c: where a webhook may not go, in every way to write it. */
#include <string.h>

#include "tests/lib/test.h"
#include "vzd/webhook_priv.h"

TEST(hook_addresses)
{
	static const struct { const char *addr; bool ok; } t[] = {
		{ "8.8.8.8", true }, { "1.1.1.1", true }, { "2600::1", true }, { "2a00:1450::1", true }, { "172.15.255.255", true },
		{ "172.32.0.1", true }, { "100.63.0.1", true }, { "100.128.0.1", true }, { "11.0.0.1", true },
		{ "127.0.0.1", false }, { "127.8.9.1", false }, { "0.0.0.0", false }, { "10.1.2.3", false }, { "172.16.0.1", false },
		{ "172.31.255.255", false }, { "192.168.1.1", false }, { "169.254.169.254", false }, { "100.64.0.1", false },
		{ "100.127.255.255", false }, { "198.18.0.1", false }, { "198.19.255.1", false }, { "224.0.0.1", false },
		{ "255.255.255.255", false }, { "240.1.1.1", false }, { "192.0.0.1", false },
		{ "::", false }, { "::1", false }, { "fe80::1", false }, { "fec0::1", false }, { "fc00::1", false }, { "fd12::1", false },
		{ "ff02::1", false }, { "::ffff:127.0.0.1", false }, { "::ffff:8.8.8.8", true }, { "::127.0.0.1", false },
		{ "64:ff9b::7f00:1", false }, { "64:ff9b::a00:1", false }, { "64:ff9b::808:808", true }, { "2002:7f00:1::1", false },
		{ "2002:a00:1::1", false }, { "2002:808:808::1", true }, { "2001::1", false }, { "2001:db8::1", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		uint8_t a[16];

		CHECK_EQ(cidr_addr(t[i].addr, a), 0);
		if (hook_addr_ok(a, NULL, 0) != t[i].ok)
			test_fail(__FILE__, __LINE__, "%s", t[i].addr);
	}
}

TEST(hook_addresses_allowed)
{
	struct cidr allow[2];
	struct err e = { 0 };
	uint8_t a[16];

	CHECK_OK(cidr_parse("10.1.2.0/24", &allow[0], &e), &e);
	CHECK_OK(cidr_parse("::1/128", &allow[1], &e), &e);
	CHECK_EQ(cidr_addr("10.1.2.3", a), 0);
	CHECK(hook_addr_ok(a, allow, 2) && !hook_addr_ok(a, allow + 1, 1));
	CHECK_EQ(cidr_addr("10.1.3.3", a), 0);
	CHECK(!hook_addr_ok(a, allow, 2));
	CHECK_EQ(cidr_addr("::1", a), 0);
	CHECK(hook_addr_ok(a, allow, 2));
	CHECK_EQ(cidr_addr("127.0.0.1", a), 0);
	CHECK(!hook_addr_ok(a, allow, 2));
}

TEST(hook_urls)
{
	static const struct { const char *url; bool ok; } t[] = {
		{ "https://example.com/hook?x=1", true }, { "http://example.com:8080", true }, { "https://[2600::1]/x", true },
		{ "ftp://example.com/", false }, { "file:///etc/shadow", false }, { "gopher://x/", false }, { "https://", false },
		{ "https:///x", false }, { "https://:80/", false }, { "https://user:pw@example.com/", false }, { "HTTPS://x/", false },
		{ "https://exa mple.com/", false }, { "https://example.com/\xc3\xa9", false }, { "https://example.com\\@evil/", false },
		{ "", false }, { "https://?x", false }, { "https://example.com/a@b", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct err e = { 0 };

		if ((hook_url_check(t[i].url, &e) == 0) != t[i].ok)
			test_fail(__FILE__, __LINE__, "%s: %s", t[i].url, e.text);
	}
}
