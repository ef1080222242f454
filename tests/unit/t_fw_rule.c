/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/fw.h"

#include <errno.h>
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/str.h"

TEST(fw_rule_reads)
{
	static const struct { const char *in, *out; } t[] = {
		{ "ssh", "in accept ssh" },
		{ "in accept tcp 22", "in accept tcp 22" },
		{ "drop tcp 80,443,8000-8100", "in drop tcp 80,443,8000-8100" },
		{ "out deny smtp", "out drop smtp" },
		{ "allow http,https from 10.1.2.3/8 log", "in accept http,https from 10.0.0.0/8 log" },
		{ "in accept from 192.0.2.7,2001:DB8::1/64 count", "in accept any from 192.0.2.7,2001:db8::/64 count" },
		{ "out accept any to 224.0.0.0/4", "out accept any to 224.0.0.0/4" },
		{ "in accept ping from any", "in accept ping" },
		{ "in accept 47 from 0.0.0.0/0", "in accept 47 from 0.0.0.0/0" },
		{ "in drop any from ::/0", "in drop any from ::/0" },
		{ "count log in", NULL },
		{ "", NULL }, { "in accept tcp", "in accept tcp" }, { "in accept tcp 70000", NULL }, { "in accept tcp 9-1", NULL },
		{ "in accept icmp 8", NULL }, { "in accept ssh http", NULL }, { "in accept ssh to 10.0.0.1", NULL },
		{ "out accept ssh from 10.0.0.1", NULL }, { "in accept ssh from", NULL }, { "in accept ssh from 10.0.0.1/33", NULL },
		{ "in accept ssh from 10.0.0", NULL }, { "in accept telepathy", NULL }, { "in accept ssh; out drop any", NULL },
		{ "in accept tcp 80 \"x\"", NULL }, { "in accept 0", NULL }, { "in accept 256", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct buf b = BUF_INIT;
		struct err e = { 0 };
		struct fw_rule r;
		int rc = fw_rule_parse(t[i].in, &r, &e);

		CHECK_EQ(rc < 0, !t[i].out);
		if (rc == 0 && t[i].out) {
			fw_rule_print(&r, &b);
			CHECK_STR(buf_str(&b), t[i].out);
		} else {
			CHECK(e.text[0]);
		}
		buf_done(&b);
	}
}

TEST(fw_rule_services_have_ports)
{
	const char *ports, *name;
	struct err e = { 0 };
	struct fw_rule r;
	size_t i = 0;

	for (; (name = fw_service_name(i, &ports)); i++) {
		CHECK_EQ(fw_rule_parse(name, &r, &e), 0);
		CHECK(r.n_match > 0);
	}
	CHECK(i > 30);
	CHECK_EQ(fw_rule_parse("dns", &r, &e), 0);
	CHECK_EQ(r.n_match, 2u);
	CHECK_EQ(r.match[1].proto, 17);
	CHECK_EQ(r.match[1].lo, 53);
}

TEST(fw_policy)
{
	struct err e = { 0 };
	bool drop = false, log = false;

	CHECK_EQ(fw_policy_parse("drop,log", &drop, &log, &e), 0);
	CHECK(drop && log);
	CHECK_EQ(fw_policy_parse("accept", &drop, &log, &e), 0);
	CHECK(!drop && !log);
	CHECK_EQ(fw_policy_parse("reject", &drop, &log, &e), -EINVAL);
	CHECK(fw_name_ok("web-1.a") && !fw_name_ok("") && !fw_name_ok("a/b") && !fw_name_ok("..") && !fw_name_ok("-x"));
}
