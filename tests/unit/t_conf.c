/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration text through the rows: who wins, what is warned of, what a change merges. */
#include "tests/unit/t_ct_box.h"

static void say(void *arg, int level, unsigned ctid, const char *text)
{
	(void)ctid;
	if (level <= 0)
		buf_addf(arg, "%d %s\n", level, text);
}

static void read_text(struct ct_conf *c, const char *text, bool host, const char *want_said)
{
	auto_buf struct buf said = BUF_INIT;
	const struct ct_ui ui = { say, &said };
	const struct ct_conf_src src = { .ui = &ui, .id = 1, .file = "F", .host = host };
	auto_kv struct kv kv = { 0 };
	struct err e = { 0 };

	CHECK_OK(kv_parse(&kv, text, strlen(text), &e), &e);
	CHECK_OK(ct_conf_read(c, &kv, &src, &e), &e);
	CHECK_STR(buf_str(&said), want_said);
}

TEST(conf_scalars_first)
{
	auto_conf struct ct_conf c = { 0 };

	read_text(&c, "ONBOOT=\"yes\"\nONBOOT=\"no\"\nHOSTNAME=a # b\nHOSTNAME=c\n", false,
		  "-1 Warning at F:2: duplicate for ONBOOT (\"no\"), ignored\n"
		  "-1 Warning at F:4: duplicate for HOSTNAME (\"c\"), ignored\n");
	CHECK_EQ(c.onboot.v, 1);
	CHECK_STR(c.hostname, "a");
}

TEST(conf_ubc_last)
{
	auto_conf struct ct_conf c = { 0 };

	read_text(&c, "NUMPROC=\"10\"\nNUMPROC=\"20:30\"\n", false, "");
	CHECK_EQ(c.cg.ubc[CG_NUMPROC].bar, 20);
	CHECK_EQ(c.cg.ubc[CG_NUMPROC].lim, 30);
}

TEST(conf_lists_add)
{
	auto_conf struct ct_conf c = { 0 };

	read_text(&c, "NAMESERVER=\"1.1.1.1\"\nNAMESERVER=\"::1 1.1.1.1\"\nIP_ADDRESS=\"10.0.0.1\"\nIP_ADDRESS=\"10.0.0.2\"\n", false, "");
	CHECK_EQ(c.nameserver.n, 2);
	CHECK_STR(c.nameserver.v[1], "::1");
	CHECK_EQ(c.net.ip.n, 2);
}

TEST(conf_bad_values)
{
	auto_conf struct ct_conf c = { 0 };

	read_text(&c, "ONBOOT=\"YES\"\nHOSTNAME=\"a b\"\nwhat is this\nCPUUNITS=\"7\"\nONBOOT=\"no\"\nX=y\n", false,
		  "-1 Warning at F:1: invalid value for ONBOOT (\"YES\"), skipped\n"
		  "-1 Warning at F:2: invalid value for HOSTNAME (\"a b\"), skipped\n"
		  "-1 Warning: can't parse F:3 ('=' not found), skipping\n"
		  "-1 Warning at F:4: invalid value for CPUUNITS (\"7\"), skipped\n");
	CHECK(c.onboot.set && !c.onboot.v && !c.hostname && !c.cg.cpuunits.set);
}

TEST(conf_too_large)
{
	auto_conf struct ct_conf c = { 0 };

	read_text(&c, "NUMFILE=\"99999999999999999999\"\n", false,
		  "-1 Warning at F:1: too large value for NUMFILE (\"99999999999999999999\"), truncated\n");
	CHECK_EQ(c.cg.ubc[CG_NUMFILE].lim, NUM_UNLIMITED);
}

TEST(conf_host_is_shell)
{
	auto_conf struct ct_conf c = { 0 };

	/* a script is no news; a container's own keys are not the host's to give */
	read_text(&c, "if [ -f /x ]; then\n  . /x\nfi\nexport A=b\nNAME=\"x\"\nLOCAL_UID=\"100000\"\nIP_ADDRESS=\"10.0.0.1\"\n"
		  "NAMESERVER=inherit # Copy from host\nVE_PRIVATE=\"/p/$VEID\"\n", true, "");
	CHECK(!c.name && !c.local_uid.set && !c.net.ip.n);
	CHECK_EQ(c.nameserver.n, 1);
	CHECK_STR(c.nameserver.v[0], "inherit");
	CHECK_STR(c.private_dir, "/p/$VEID");
}

TEST(conf_aliases)
{
	auto_conf struct ct_conf c = { 0 };

	read_text(&c, "DCACHE=\"100\"\nIPTENTRIES=\"50\"\n", false, "");
	CHECK_EQ(c.cg.ubc[CG_DCACHESIZE].lim, 100);
	CHECK_EQ(c.cg.ubc[CG_NUMIPTENT].lim, 50);
}

TEST(conf_defaults_fill)
{
	auto_conf struct ct_conf c = { 0 }, d = { 0 };
	struct err e = { 0 };

	read_text(&d, "STOP_TIMEOUT=\"5\"\nNAMESERVER=\"inherit\"\nVE_ROOT=\"/r\"\n", true, "");
	read_text(&c, "STOP_TIMEOUT=\"7\"\n", false, "");
	ct_conf_defaults(&c, &d, &e);
	CHECK_OK(-e.code, &e);
	CHECK_EQ(c.stop_timeout.v, 7);
	CHECK_STR(c.root, "/r");
	CHECK_STR(c.nameserver.v[0], "inherit");
}

TEST(conf_merge_change)
{
	auto_conf struct ct_conf c = { 0 }, ch = { 0 }, rows = { 0 };
	struct err e = { 0 };

	read_text(&c, "CAPABILITY=\"NET_ADMIN:on SYS_TIME:off\"\nIP_ADDRESS=\"10.0.0.1 10.0.0.2\"\nNAMESERVER=\"1.1.1.1\"\n", false, "");
	read_text(&ch, "CAPABILITY=\"net_admin:off\"\nNAMESERVER=\"9.9.9.9\"\nIP_ADDRESS=\"10.0.0.3\"\n", false, "");
	CHECK_OK(str_list_add(&ch.net.ip_del, "10.0.0.1", &e), &e);
	ch.net.ip_del.set = true;
	CHECK_OK(ct_conf_merge(&c, &ch, &e), &e);
	CHECK_EQ(c.capability.n, 2);
	CHECK(str_list_has(&c.capability, "net_admin:off") && str_list_has(&c.capability, "SYS_TIME:off"));
	CHECK_EQ(c.nameserver.n, 1);
	CHECK_EQ(c.net.ip.n, 2);
	CHECK(str_list_has(&c.net.ip, "10.0.0.2") && str_list_has(&c.net.ip, "10.0.0.3"));
	CHECK_OK(ct_conf_pick(&rows, &c, &ch, &e), &e);
	CHECK(rows.nameserver.set && !rows.hostname && rows.capability.n == 2);
}

TEST(conf_faults)
{
	static const char text[] = "HOSTNAME=\"a\"\nNAMESERVER=\"1.1.1.1 ::1\"\nIP_ADDRESS=\"10.0.0.1\"\nCAPABILITY=\"mknod:on\"\nNAME=\"x\"\n";
	auto_kv struct kv kv = { 0 };
	struct err e = { 0 };

	CHECK_OK(kv_parse(&kv, text, strlen(text), &e), &e);
	EACH_FAULT(FAULT_ALLOC) {
		auto_conf struct ct_conf c = { 0 }, d = { 0 };

		ct_conf_from_kv(&c, &kv, NULL, "F", &e);
		ct_conf_copy(&d, &c, &e);
		ct_conf_merge(&d, &c, &e);
		test_fault_off();
	}
}
