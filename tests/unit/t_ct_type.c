/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each parameter may be; above all, that nothing can start a line of its own in a file made from it. */
#include "tests/unit/t_ct_box.h"

static int try_row(const char *opt, const char *text)
{
	auto_conf struct ct_conf c = { 0 };
	struct err e = { 0 };
	size_t base;
	const struct param *p = ct_param_by_opt(opt, &base);

	CHECK(p);
	return p->type->parse(p, text, PARAM_CLI, param_field(p, base, &c), &e);
}

TEST(ct_type_values)
{
	static const struct { const char *opt, *text; bool good; } t[] = {
		{ "hostname", "www.example.com", true }, { "hostname", "a-b", true }, { "hostname", "host_1", true },
		{ "hostname", "", true }, { "hostname", "-a", false }, { "hostname", "a-", false }, { "hostname", "a..b", false },
		{ "hostname", ".a", false }, { "hostname", "a.", false }, { "hostname", "a b", false }, { "hostname", "a/b", false },
		{ "hostname", "\xc3\xa4", false },
		{ "hostname", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },	/* label of 64 */
		{ "hostname", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true },
		{ "hostname", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },	/* 65 in all */
		{ "nameserver", "8.8.8.8 2001:db8::1", true }, { "nameserver", "inherit", true },
		{ "nameserver", "dns.example.com", false }, { "nameserver", "1.2.3", false },
		{ "searchdomain", "example.com sub.example.com", true }, { "searchdomain", "inherit", true },
		{ "searchdomain", "example.com.", true }, { "searchdomain", "a;b", false },
		{ "userpasswd", "root:secret", true }, { "userpasswd", "root:", false }, { "userpasswd", "secret", false },
		{ "userpasswd", "-x:y", false }, { "userpasswd", "a b:c", false }, { "userpasswd", "ro/ot:x", false },
		{ "capability", "net_admin:on,SYS_TIME:off", true }, { "capability", "BOGUS:on", false },
		{ "capability", "net_admin", false }, { "capability", "net_admin:yes", false },
		{ "features", "nfs:on ppp:off", true }, { "features", "warp:on", true }, { "features", "warp", false }, { "features", "a/b:on", false },
		{ "devices", "c:10:200:rw", true }, { "devices", "b:8:all:none", true }, { "devices", "b:7:0:r", false },
		{ "devices", "x:1:1:r", false }, { "devices", "c:1", false }, { "devices", "c:1:2:", false }, { "devices", "c::2:r", false },
		{ "devnodes", "null:rw", true }, { "devnodes", "no-such-node:rw", false }, { "devnodes", "../etc/passwd:r", false },
		{ "devnodes", "loop0:rw", false }, { "devnodes", "null", false },
		{ "root", "/vz/root/$VEID", true }, { "root", "relative", false }, { "root", "/a/../b", false }, { "root", "/a/..b", true },
		{ "layout", "overlay", true }, { "layout", "simfs", true }, { "layout", "ploop:plain", true }, { "layout", "zfs", false },
		{ "local_uid", "268435456", true }, { "local_uid", "100000", false }, { "local_uid", "0", false },
		{ "onboot", "yes", true }, { "onboot", "1", false }, { "stop-timeout", "0", true }, { "stop-timeout", "x", false },
		{ "description", "any \"text\" at all", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		if ((try_row(t[i].opt, t[i].text) == 0) != t[i].good)
			test_fail(__FILE__, __LINE__, "--%s '%s' should be %s", t[i].opt, t[i].text, t[i].good ? "good" : "bad");
	}
}

/* S41: a value with a line break is refused by every row, or does not come out again. */
TEST(ct_type_no_second_line)
{
	static const char *const evil[] = {
		"a\nX=\"y\"", "1.1.1.1\noptions evil", "root:x\nevil::0:0::/:/bin/sh", "a\r\nb", "yes\n", "10\n", "/x\n/y", "net_admin:on\nx",
		"c:1:3:rw\n", "\n", "example.com\nnameserver 6.6.6.6", "a\x7f", "a\x1b[0m",
	};
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	while ((p = ct_row_next(&it, &base))) {
		for (size_t i = 0; i < ARRAY_SIZE(evil); i++) {
			auto_conf struct ct_conf c = { 0 };
			auto_buf struct buf out = BUF_INIT;
			struct err e = { 0 };

			if (p->type->parse(p, evil[i], PARAM_CLI, param_field(p, base, &c), &e) < 0)
				continue;
			p->type->print(p, param_field(p, base, &c), &out);
			if (strpbrk(buf_str(&out), "\n\r\x7f\x1b"))
				test_fail(__FILE__, __LINE__, "%s lets a control character through", p->key ? p->key : p->opt);
		}
	}
}

/* The password is in no message. */
TEST(ct_type_password_is_not_repeated)
{
	auto_conf struct ct_conf c = { 0 };
	struct err e = { 0 };
	size_t base;
	const struct param *p = ct_param_by_opt("userpasswd", &base);

	CHECK(p->type->parse(p, "ro/ot:hunter2", PARAM_CLI, param_field(p, base, &c), &e) < 0);
	CHECK(!strstr(e.text, "hunter2"));
}
