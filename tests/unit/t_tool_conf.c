/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/tool_conf.c: shares, contradictions, factors. */
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/kv.h"
#include "vzctl/tool.h"

TEST(tool_split_vswap)
{
	const struct tool_split s = { .n = 4, .vswap = true, .ram_kib = 4194304, .disk_kib = 44000000, .inodes = 1100 };
	struct buf auto_buf b = BUF_INIT;

	tool_split(&b, &s);
	CHECK_STR(buf_str(&b),
		  "# One of 4 containers that share a node with 4096 MiB of memory.\n\nONBOOT=\"no\"\n\n"
		  "# Memory and swap, in pages of 4 KiB\nPHYSPAGES=\"0:262144\"\nSWAPPAGES=\"0:524288\"\n\n"
		  "# Disk: KiB and inodes, soft:hard\nDISKSPACE=\"10000000:11000000\"\nDISKINODES=\"250:275\"\n"
		  "QUOTATIME=\"0\"\n\n# Share of the processors\nCPUUNITS=\"1000\"\n");
}

TEST(tool_split_swap_and_no_inodes)
{
	const struct tool_split s = { .n = 2, .vswap = true, .ram_kib = 1048576, .swap_kib = 80, .swap_given = true };
	struct buf auto_buf b = BUF_INIT;

	tool_split(&b, &s);
	CHECK(strstr(buf_str(&b), "\nPHYSPAGES=\"0:131072\"\nSWAPPAGES=\"0:10\"\n") != NULL);
	CHECK(!strstr(buf_str(&b), "DISKINODES"));
}

struct said { struct buf text; const char *answers; };

static void hear(void *arg, const char *text)
{
	buf_addf(&((struct said *)arg)->text, "%s\n", text);
}

static bool answer(void *arg, const char *text)
{
	struct said *s = arg;

	buf_addf(&s->text, "? %s\n", text);
	return *s->answers && *s->answers++ == 'y';
}

static void validate(const char *text, struct tool_valid *v, struct said *s, struct buf *after)
{
	auto_kv struct kv kv = { 0 };
	struct err e = { 0 };

	v->say = hear;
	v->ask = answer;
	v->arg = s;
	s->text = (struct buf)BUF_INIT;
	CHECK_OK(kv_parse(&kv, text, strlen(text), &e), &e);
	CHECK_OK(tool_validate(&kv, v, &e), &e);
	CHECK_OK(kv_print(&kv, after, &e), &e);
}

TEST(tool_validate_findings)
{
	static const struct { const char *conf; int vswap; unsigned errors; const char *want; } t[] = {
		{ "PHYSPAGES=\"0:65536\"\nSWAPPAGES=\"0:131072\"\n", -1, 0, "" },
		{ "ONBOOT=\"no\"\n# c\n", -1, 0, "" },
		{ "KMEMSIZE=\"10:5\"\n", -1, 1, "Error: KMEMSIZE barrier 10 is above the limit 5\n" },
		{ "DISKSPACE=\"10:5\"\n", -1, 1, "Error: DISKSPACE barrier 10 is above the limit 5\n" },
		{ "NUMPROC=\"x\"\n", -1, 1, NULL }, { "NUMPROC=\"1\n", -1, 1, "Error: line 1 is no KEY=\"value\": NUMPROC=\"1\n" },
		{ "PHYSPAGES=\"0:65536\"\n", -1, 1, "Error: SWAPPAGES is not set\n" },
		{ "ONBOOT=\"no\"\n", 1, 2, "Error: PHYSPAGES has no limit\nError: SWAPPAGES is not set\n" },
		{ "PHYSPAGES=\"0:65536\"\nNUMPROC=\"5\"\nAVNUMPROC=\"9\"\n", 0, 0,
		  "Recommendation: numproc.bar should be at least 9 (now 5)\n" },
		{ "NUMPROC=\"9\"\nAVNUMPROC=\"9\"\nNUMFILE=\"unlimited\"\n", -1, 0, "" },
		{ "TCPSNDBUF=\"65536:65537\"\nNUMTCPSOCK=\"10\"\n", -1, 0,
		  "Recommendation: tcpsndbuf.lim-bar should be at least 25600 (now 1)\n" },
		{ "KMEMSIZE=\"100000:200000\"\nAVNUMPROC=\"2\"\nDCACHESIZE=\"20000:30000\"\n", -1, 0,
		  "Recommendation: kmemsize.bar should be at least 111920 (now 100000)\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct tool_valid v = { .vswap = t[i].vswap };
		struct buf auto_buf after = BUF_INIT;
		struct said s = { .answers = "" };

		validate(t[i].conf, &v, &s, &after);
		CHECK_EQ(v.errors, t[i].errors);
		CHECK_EQ(v.fixed, 0);
		if (t[i].want)
			CHECK_STR(buf_str(&s.text), t[i].want);
		CHECK_STR(buf_str(&after), t[i].conf);
		buf_done(&s.text);
	}
}

TEST(tool_validate_repairs)
{
	static const char conf[] = "# mine\nKMEMSIZE=\"10:5\"\nFOO=\"1\"\nNUMPROC=\"5\"\nAVNUMPROC=\"9\"\n"
				   "TCPSNDBUF=\"65536:65537\"\nNUMTCPSOCK=\"10\"\n";
	struct buf auto_buf all = BUF_INIT, some = BUF_INIT;
	struct tool_valid v = { .vswap = -1, .fix = TOOL_FIX_ALL }, w = { .vswap = -1, .fix = TOOL_FIX_ASK };
	struct said s = { .answers = "" }, ask = { .answers = "nyn" };

	validate(conf, &v, &s, &all);
	CHECK_EQ(v.errors, 0);
	CHECK_EQ(v.fixed, 3);
	CHECK_STR(buf_str(&all), "# mine\nKMEMSIZE=\"10\"\nFOO=\"1\"\nNUMPROC=\"9\"\nAVNUMPROC=\"9\"\n"
				 "TCPSNDBUF=\"65536:91136\"\nNUMTCPSOCK=\"10\"\n");
	validate(conf, &w, &ask, &some);
	CHECK_EQ(w.errors, 1);
	CHECK_EQ(w.fixed, 1);
	CHECK(strstr(buf_str(&ask.text), "? set numproc.bar to 9\n") != NULL);
	CHECK(strstr(buf_str(&some), "KMEMSIZE=\"10:5\"\n") && strstr(buf_str(&some), "\nNUMPROC=\"9\"\n"));
	buf_done(&s.text);
	buf_done(&ask.text);
}

/* What vzsplit makes has no fault. */
TEST(tool_split_is_valid)
{
	const struct tool_split s = { .n = 10, .ram_kib = 24684096, .disk_kib = 1000000, .inodes = 1000000 };
	struct buf auto_buf b = BUF_INIT, after = BUF_INIT;
	struct tool_valid v = { .vswap = -1 };
	struct said said = { .answers = "" };

	tool_split(&b, &s);
	CHECK(strstr(buf_str(&b), "\nPHYSPAGES=\"0:unlimited\"\n") != NULL);
	validate(buf_str(&b), &v, &said, &after);
	CHECK_STR(buf_str(&said.text), "");
	buf_done(&said.text);
}

TEST(tool_scale_values)
{
	static const char conf[] = "VE_ROOT=\"/vz/root/$VEID\"\nKMEMSIZE=\"1000:1100\"\nNUMPROC=\"5\"\nPHYSPAGES=\"0:unlimited\"\n"
		"PRIVVMPAGES=\"4M\"\nCPUUNITS=\"1000\"\nDISKSPACE=\"1G:2G\"\nRATE=\"eth0:1:800 eth1:1:10\"\nHOSTNAME=\"a\"\nX=\"1\"\n";
	static const struct { struct tool_scale s; const char *want; } t[] = {
		{ { 1, 1, 1, 1, false }, conf },
		{ { 2, 0.5, 1.5, 2, true }, "KMEMSIZE=\"1500:1650\"\nNUMPROC=\"8\"\nPHYSPAGES=\"0:unlimited\"\nPRIVVMPAGES=\"1536\"\n"
		  "CPUUNITS=\"2000\"\nDISKSPACE=\"524288:1048576\"\nRATE=\"eth0:1:1600 eth1:1:20\"\nX=\"1\"\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct buf auto_buf b = BUF_INIT;
		auto_kv struct kv kv = { 0 };
		struct err e = { 0 };

		CHECK_OK(kv_parse(&kv, conf, strlen(conf), &e), &e);
		CHECK_OK(tool_scale(&kv, &t[i].s, &e), &e);
		CHECK_OK(kv_print(&kv, &b, &e), &e);
		CHECK_STR(buf_str(&b), t[i].want);
	}
}

TEST(tool_scale_bad_values)
{
	static const char *const t[] = { "CPUUNITS=\"x\"\n", "NUMPROC=\"x\"\n", "RATE=\"eth0\"\n", "DISKSPACE=\"1:x\"\n" };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		auto_kv struct kv kv = { 0 };
		struct err e = { 0 };

		CHECK_OK(kv_parse(&kv, t[i], strlen(t[i]), &e), &e);
		CHECK_ERR(tool_scale(&kv, &(struct tool_scale){ 2, 2, 2, 2, false }, &e), EINVAL);
	}
}
