/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of the firewall and forwards: what is taken is printed in a spelling that reads back to the same, and compiles bounded. */
#include <string.h>

#include "net/fw.h"
#include "net/nat.h"
#include "tests/fuzz/fuzz.h"
#include "util/buf.h"
#include "util/err.h"

static void rule(const char *s)
{
	struct buf b = BUF_INIT, again = BUF_INIT;
	struct fw_rule r, back;
	struct fw_elems l = { 0 };
	struct err e = { 0 };

	if (fw_rule_parse(s, &r, &e) < 0) {
		FUZZ_CHECK(e.text[0]);
		return;
	}
	fw_rule_print(&r, &b);
	FUZZ_CHECK(fw_rule_parse(buf_str(&b), &back, &e) == 0);
	fw_rule_print(&back, &again);
	FUZZ_CHECK(strcmp(buf_str(&b), buf_str(&again)) == 0);
	if (fw_compile(&r, 1, &l, &e) == 0)
		FUZZ_CHECK(l.n <= FW_ELEMS_MAX);
	fw_elems_done(&l);
	buf_done(&b);
	buf_done(&again);
}

static void forward(const char *s)
{
	struct buf b = BUF_INIT;
	struct nat_fwd f, back;
	struct err e = { 0 };

	if (nat_fwd_parse(s, &f, &e) < 0) {
		FUZZ_CHECK(e.text[0]);
		return;
	}
	FUZZ_CHECK(f.lo && f.hi >= f.lo && f.hi - f.lo < NAT_PORTS_MAX && f.to_port + (f.hi - f.lo) <= 65535);
	nat_fwd_print(&f, &b);
	FUZZ_CHECK(nat_fwd_parse(buf_str(&b), &back, &e) == 0);
	FUZZ_CHECK(back.lo == f.lo && back.hi == f.hi && back.to_port == f.to_port && back.to.family == f.to.family);
	buf_done(&b);
}

void fuzz_one(const uint8_t *data, size_t len)
{
	char s[2048];
	bool drop, log;

	if (len >= sizeof(s))
		return;
	memcpy(s, data, len);
	s[len] = '\0';
	rule(s);
	forward(s);
	fw_policy_parse(s, &drop, &log, &(struct err){ 0 });
	fw_name_ok(s);
}
