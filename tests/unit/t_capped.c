/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What costs the host: which keys, how much of one there is, and what a copy keeps of it. */
#include "tests/unit/t_ct_box.h"
#include "libct/capped.h"
#include "util/num.h"

/*
 * What a tenant may do with a key of its own container, as vzd judges it. A new row stands in one of these lists, so that
 * somebody has decided; the rest is an administrator's (PARAM_ADMIN) or is acted on by nobody (PARAM_KEPT).
 */
static const char capped[] =
	" BOOTORDER CPULIMIT CPUUNITS DISABLED DISKINODES DISK_QUOTA IOLIMIT IOPRIO IOPSLIMIT LOCKEDPAGES NUMPROC NUMPTY RESTART_MAX "
	"STOP_TIMEOUT SWAPPAGES VMGUARPAGES ";
static const char counted[] = " CPUS DISKSPACE PHYSPAGES PRIVVMPAGES ";
static const char its_own[] =
	" NAME DESCRIPTION OSTEMPLATE VE_LAYOUT NOATIME ONBOOT HOSTNAME NAMESERVER SEARCHDOMAIN NETFILTER IP_ADDRESS SHMPAGES "
	"RESTART START_DELAY START_AFTER IPTABLES AUTOSTOP "
	/* only kept, or a part of the memory limit */
	"KMEMSIZE OOMGUARPAGES NUMTCPSOCK NUMFLOCK NUMSIGINFO TCPSNDBUF TCPRCVBUF OTHERSOCKBUF DGRAMRCVBUF NUMOTHERSOCK DCACHESIZE "
	"NUMFILE NUMIPTENT AVNUMPROC ";

static bool among(const char *list, const char *key)
{
	char word[40];

	str_fmt(word, sizeof(word), " %s ", key);
	return strstr(list, word);
}

TEST(capped_somebody_has_decided)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	while ((p = ct_row_next(&it, &base))) {
		bool cap = p->flags & PARAM_CAPPED, count = p->flags & PARAM_COUNTED;

		if (cap + count + !!(p->flags & PARAM_ADMIN) > 1 || (p->flags & PARAM_ZERO_LIFTS && !cap && !count))
			test_fail(__FILE__, __LINE__, "%s: what does it say?", p->key ? p->key : p->opt);
		if ((cap || count) && p->type->size != sizeof(struct num_pair) && p->type->size != sizeof(struct num_opt))
			test_fail(__FILE__, __LINE__, "%s: of its type none is more than another", p->key);
		if (!p->key || !p->opt || p->flags & (PARAM_ADMIN | PARAM_KEPT))
			continue;
		if (cap != among(capped, p->key) || count != among(counted, p->key) ||
		    (!cap && !count && !among(its_own, p->key)))
			test_fail(__FILE__, __LINE__, "%s: may a tenant raise it? See enum param_flag and the lists here", p->key);
	}
}

static void read_text(struct ct_conf *c, const char *text)
{
	struct err e = { 0 };
	auto_kv struct kv kv = { 0 };

	CHECK_OK(kv_parse(&kv, text, strlen(text), &e), &e);
	CHECK_OK(ct_conf_read(c, &kv, &(struct ct_conf_src){ .file = "text" }, &e), &e);
}

static void more(const char *asked, const char *have, const char *key, uint64_t has, uint64_t most)
{
	auto_conf struct ct_conf a = { 0 }, h = { 0 };
	struct ct_more m = { 0 };
	bool above;

	read_text(&a, asked);
	read_text(&h, have);
	above = ct_conf_more(&a, &h, PARAM_CAPPED, &m);
	if (above != !!key)
		test_fail(__FILE__, __LINE__, "'%s' above '%s': %d", asked, have, above);
	if (!key || !above)
		return;
	CHECK_STR(m.row->key, key);
	CHECK_EQ(m.has, has);
	CHECK_EQ(m.most, most);
}

TEST(capped_more)
{
	more("", "", NULL, 0, 0);
	more("CPUUNITS=\"1000\"", "", NULL, 0, 0);
	more("CPUUNITS=\"1001\"", "", "CPUUNITS", 1001, 1000);
	more("CPUUNITS=\"1001\"", "CPUUNITS=\"2000\"", NULL, 0, 0);
	more("CPULIMIT=\"100\"", "", NULL, 0, 0);
	more("CPULIMIT=\"0\"", "CPULIMIT=\"100\"", "CPULIMIT", NUM_UNLIMITED, 100);
	more("CPULIMIT=\"0\"", "CPULIMIT=\"0\"", NULL, 0, 0);
	more("NUMPROC=\"9000\"", "", "NUMPROC", 9000, 8192);
	more("NUMPROC=\"0:9000\"", "NUMPROC=\"10\"", "NUMPROC", 9000, 10);
	more("NUMPROC=\"20:10\"", "NUMPROC=\"10\"", "NUMPROC", 20, 10);
	more("DISABLED=\"no\"", "DISABLED=\"yes\"", "DISABLED", NUM_UNLIMITED, 1);
	more("DISABLED=\"yes\"", "", NULL, 0, 0);
	more("DISABLED=\"no\"", "", NULL, 0, 0);
	more("DISK_QUOTA=\"no\"", "", "DISK_QUOTA", NUM_UNLIMITED, 1);
	more("BOOTORDER=\"1\"", "", "BOOTORDER", 1, 0);
	more("BOOTORDER=\"1\"", "BOOTORDER=\"5\"", NULL, 0, 0);
	more("PHYSPAGES=\"0:100000\"", "PHYSPAGES=\"0:1\"", NULL, 0, 0);	/* counts, and is not asked for here */
	/* a guarantee of everything is none; private memory has no swap by itself */
	more("VMGUARPAGES=\"10\"", "VMGUARPAGES=\"unlimited\"", "VMGUARPAGES", 10, 0);
	more("SWAPPAGES=\"0:10\"", "PRIVVMPAGES=\"1000\"", "SWAPPAGES", 10, 0);
	more("SWAPPAGES=\"0:10\"", "", NULL, 0, 0);
}

TEST(capped_lower)
{
	auto_conf struct ct_conf c = { 0 }, most = { 0 };

	read_text(&c, "CPUUNITS=\"5000\"\nNUMPROC=\"100:200\"\nIOLIMIT=\"0\"\nIOPRIO=\"1\"\nPHYSPAGES=\"0:99999\"\n");
	read_text(&most, "NUMPROC=\"150\"\nIOLIMIT=\"1048576\"\nIOPSLIMIT=\"50\"\n");
	ct_conf_lower(&c, &most);
	CHECK_EQ(c.cg.cpuunits.v, 1000);
	CHECK_EQ(c.cg.ubc[CG_NUMPROC].bar, 100);
	CHECK_EQ(c.cg.ubc[CG_NUMPROC].lim, 150);
	CHECK_EQ(c.cg.iolimit.v, 1048576);
	CHECK_EQ(c.cg.ioprio.v, 1);
	CHECK_EQ(c.cg.iopslimit.v, 50);		/* said nothing, so had no limit */
	CHECK(c.cg.iopslimit.set && !c.cg.cpulimit.set);
	CHECK_EQ(c.cg.ubc[CG_PHYSPAGES].lim, 99999);
}

TEST_ROOT(capped_new)
{
	auto_conf struct ct_conf c = { 0 };
	auto_kv struct kv kv = { 0 };
	struct box b;
	struct ct *ct;

	box_init(&b, "CONFIGFILE=\"x\"\nCPUUNITS=\"700\"\nIOPRIO=\"3\"\n");
	box_put(CT_CONF_DIR "/ve-x.conf-sample", "CPUUNITS=\"800\"\nNUMPROC=\"50\"\n");
	CHECK_OK(ct_conf_new(b.host, &c, &b.e), &b.e);
	CHECK_EQ(c.cg.cpuunits.v, 800);
	CHECK_EQ(c.cg.ioprio.v, 3);
	CHECK_EQ(c.cg.ubc[CG_NUMPROC].lim, 50);

	ct = box_open(&b, "101", CT_NO_CONFIG_OK);
	CHECK_OK(kv_parse(&kv, "CPUUNITS=\"900\"\nIOPRIO=\"2\"\n", 26, &b.e), &b.e);
	CHECK_OK(ct_kv_lower(ct, &kv, &b.e), &b.e);
	CHECK_STR(kv_get(&kv, "CPUUNITS"), "800");
	CHECK_STR(kv_get(&kv, "IOPRIO"), "2");
	CHECK_STR(kv_get(&kv, "NUMPROC"), "50");
	CHECK(!kv_get(&kv, "CPULIMIT"));
	ct_close(ct);
	CHECK_EQ(unlink(CT_CONF_DIR "/ve-x.conf-sample"), 0);
	CHECK(ct_conf_new(b.host, &c, &b.e) < 0);
	CHECK(strstr(b.e.text, "the limits that new containers have"));
	box_done(&b);
}
