/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is left out of a change, and the words about it. */
#include "tests/unit/t_ct_box.h"

static void tidy(struct box *b, struct ct *ct, const char *opt, const char *val, const char *said)
{
	auto_conf struct ct_conf c = { 0 };
	size_t base;
	const struct param *p = ct_param_by_opt(opt, &base);

	CHECK_OK(p->type->parse(p, val, PARAM_CLI, param_field(p, base, &c), &b->e), &b->e);
	ct_tidy(ct, &c);
	box_said(b, said);
	CHECK(!str_list_has(&c.features, "warp:on") && !str_list_has(&c.compat.iptables, "foo"));
	CHECK(!c.cg.ubc[CG_NUMIPTENT].set || c.cg.ubc[CG_NUMIPTENT].lim >= 16);
}

TEST_ROOT(tidy_words)
{
	struct box b;
	struct ct *ct;

	box_init(&b, "IPV6=\"no\"\n");
	ct = box_open(&b, "101", CT_NO_CONFIG_OK);
	tidy(&b, ct, "features", "nfs:on,warp:on", "O Warning: Unknown feature: warp\n");
	tidy(&b, ct, "iptables", "ipt_LOG foo", "E Warning: Unknown iptable module: foo, skipped\n");
	tidy(&b, ct, "numiptent", "8:20",
	     "E Warning: NUMIPTENT 8:20 is less than minimally allowable value, set to 16:16\n");
	tidy(&b, ct, "numiptent", "16", "");
	tidy(&b, ct, "ipadd", "fd00::1", "O WARNING: IPv6 support is disabled\n");
	tidy(&b, ct, "meminfo", "pages:1", "O Warning: stored, but without effect on this kernel: MEMINFO\n");
	tidy(&b, ct, "meminfo", "none", "");
	tidy(&b, ct, "quotatime", "0", "");
	tidy(&b, ct, "quotatime", "60", "O Warning: stored, but without effect on this kernel: QUOTATIME\n");
	tidy(&b, ct, "kmemsize", "14372700:14790164", "");	/* every panel sends it */
	ct_close(ct);
	box_conf(101, "NETFILTER=\"full\"\n");
	ct = box_open(&b, "101", 0);
	tidy(&b, ct, "iptables", "ipt_LOG", "E Warning: NETFILTER is set, so IPTABLES is ignored\n");
	ct_close(ct);
	box_done(&b);
}
