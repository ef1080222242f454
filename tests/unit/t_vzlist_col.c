/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/vzlist_col.c and vzlist_out.c on made-up containers: what scripts cut and match. */
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "vzctl/vzlist.h"

static char *ips_one[] = { (char *)"10.0.0.1/24", NULL };
static char *ips_two[] = { (char *)"10.0.0.2", (char *)"fd00::2", NULL };
static char *feat[] = { (char *)"NFS:on", (char *)"ppp:off", NULL };

/* 101 runs, 7 is stopped and bare. */
static void make_rows(struct vzlist_row rows[2], struct ct_conf conf[2])
{
	memset(rows, 0, 2 * sizeof(*rows));
	memset(conf, 0, 2 * sizeof(*conf));
	conf[0].hostname = (char *)"a-very-long-host-name-that-does-not-fit.example.org";
	conf[0].name = (char *)"web";
	conf[0].description = (char *)"say \"hi\"\\";
	conf[0].layout = (char *)"overlay";
	conf[0].net.ip = (struct str_list){ .v = ips_one, .n = 1, .set = true };
	conf[0].features = (struct str_list){ .v = feat, .n = 2, .set = true };
	conf[0].onboot = (struct num_opt){ .v = 1, .set = true };
	conf[0].cg.cpulimit = (struct num_opt){ .v = 50, .set = true };
	conf[0].quota.space = (struct num_pair){ .bar = 1000, .lim = 2000, .set = true };
	rows[0] = (struct vzlist_row){ .id = 101, .conf = &conf[0], .name_ok = true };
	rows[0].info.run = CT_RUNNING;
	rows[0].info.exists = true;
	rows[0].info.uptime = 93784.5;
	rows[0].info.ubc[CG_NUMPROC] = (struct cg_ubc_row){ .held = 12, .maxheld = 20, .barrier = 100, .limit = 200, .failcnt = 3 };
	rows[0].info.disk.used_kib = 345;
	conf[1].net.ip = (struct str_list){ .v = ips_two, .n = 2, .set = true };
	rows[1] = (struct vzlist_row){ .id = 7, .conf = &conf[1] };
	rows[1].info.exists = true;
	rows[1].info.ubc[CG_NUMPROC] = (struct cg_ubc_row){ .barrier = 5, .limit = NUM_UNLIMITED };
}

static void text_of(const char *fields, const struct vzlist_form *form, struct buf *b)
{
	struct vzlist_fields f;
	struct vzlist_row rows[2];
	struct ct_conf conf[2];
	struct err e = { 0 };

	make_rows(rows, conf);
	CHECK_OK(vzlist_fields_parse(fields, &f, &e), &e);
	vzlist_sort(rows, 2, &(struct vzlist_field){ .col = &vzlist_cols[0] }, false);
	vzlist_text(b, &f, rows, 2, form);
}

TEST(vzlist_text_lines)
{
	static const struct { const char *fields; bool no_header, no_trim; const char *want; } t[] = {
		{ VZLIST_DEFAULT, false, false,
		  "      CTID      NPROC STATUS    IP_ADDR         HOSTNAME\n"
		  "         7          - stopped   10.0.0.2        -\n"
		  "       101         12 running   10.0.0.1        a-very-long-host-name-that-does-not-fit.example.org\n" },
		{ "vpsid,status", true, false, "         7 stopped\n       101 running\n" },
		{ "veid", true, false, "         7\n       101\n" },
		{ "hostname,veid", true, false,
		  "-                                         7\n"
		  "a-very-long-host-name-that-does-        101\n" },
		{ "hostname,veid", true, true,
		  "-                                         7\n"
		  "a-very-long-host-name-that-does-not-fit.example.org        101\n" },
		{ "veid,ip", true, false, "         7 10.0.0.2 fd00::2\n       101 10.0.0.1\n" },
		{ "numproc.m,numproc.b,numproc.l,numproc.f", false, false,
		  "   NPROC.M    NPROC.B    NPROC.L    NPROC.F\n"
		  "         -          5 9223372036854775807          -\n"
		  "        20        100        200          3\n" },
		{ "uptime", false, false, "         UPTIME\n              -\n001d02h:03m:04s\n" },
		{ "diskspace,diskspace.s,diskspace.h", false, false,
		  "    DSPACE   DSPACE.S   DSPACE.H\n         -          -          -\n       345       1000       2000\n" },
		{ "smart_name,onboot,cpulimit,vswap,disabled,features", false, false,
		  " SMARTNAME ONBOOT  CPULIM VSWAP DISABL FEATURES\n"
		  "         7      -       0    no     no -\n"
		  "       web    yes      50    no     no nfs:on,ppp:off\n" },
		{ "layout,veid", false, false, "LAYOUT       CTID\n-               7\noverlay        101\n" },
		{ "origin_sample,veid", false, false,
		  "                   ORIGIN_SAMPLE       CTID\n"
		  "-                                         7\n"
		  "-                                       101\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const struct vzlist_form form = { .no_header = t[i].no_header, .no_trim = t[i].no_trim };

		struct buf auto_buf b = BUF_INIT;

		text_of(t[i].fields, &form, &b);
		CHECK_STR(buf_str(&b), t[i].want);
	}
}

TEST(vzlist_field_names)
{
	static const struct { const char *text; int rc; const char *why; } t[] = {
		{ "ctid", 0, "" }, { "ctid,numproc.l", 0, "" }, { "nope", -ENOENT, "Unknown field: nope" },
		{ "ctid,numproc.x", -ENOENT, "Unknown field: numproc.x" }, { "ctid.l", -ENOENT, "Unknown field: ctid.l" },
		{ "diskspace.h", 0, "" }, { "diskspace.l", -ENOENT, "Unknown field: diskspace.l" },
		{ "", -ENOENT, "Unknown field:" }, { "ctid,,ip", 0, "" }, { "numproc.", -ENOENT, "Unknown field: numproc." },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct vzlist_fields f;
		struct err e = { 0 };

		CHECK_EQ(vzlist_fields_parse(t[i].text, &f, &e), t[i].rc);
		CHECK_STR(e.text, t[i].why);
	}
}

TEST(vzlist_wants_only_what_is_shown)
{
	static const struct { const char *text; unsigned want; } t[] = {
		{ "ctid,status,ip,hostname", 0 }, { "numproc", CT_WANT_CG }, { "numproc.b,physpages.l", 0 },
		{ "numproc.m", CT_WANT_CG }, { "diskspace.s", 0 }, { "diskspace,uptime", CT_WANT_DISK | CT_WANT_TIME },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct vzlist_fields f;
		struct err e = { 0 };

		CHECK_OK(vzlist_fields_parse(t[i].text, &f, &e), &e);
		CHECK_EQ(vzlist_fields_want(&f), t[i].want);
	}
}

TEST(vzlist_json_frame)
{
	struct buf auto_buf b = BUF_INIT;
	struct vzlist_fields f;
	struct vzlist_row rows[2];
	struct ct_conf conf[2];
	struct err e = { 0 };

	make_rows(rows, conf);
	CHECK_OK(vzlist_fields_parse("ctid,description,ip,onboot,smart_name,uptime,features", &f, &e), &e);
	CHECK_OK(vzlist_json(&b, &f, rows, 2, &e), &e);
	CHECK_STR(buf_str(&b),
		  "[\n  {\n    \"ctid\": 101,\n    \"description\": \"say \\\"hi\\\"\\\\\",\n    \"ip\": [\"10.0.0.1\"],\n"
		  "    \"onboot\": true,\n    \"smart_name\": \"web\",\n    \"uptime\": 93784.500,\n"
		  "    \"features\": {\n      \"nfs\": true,\n      \"ppp\": false\n    }\n  },\n"
		  "  {\n    \"ctid\": 7,\n    \"description\": null,\n    \"ip\": [\"10.0.0.2\", \"fd00::2\"],\n"
		  "    \"onboot\": null,\n    \"smart_name\": 7,\n    \"uptime\": 0.000,\n    \"features\": null\n  }\n]\n");
	buf_reset(&b);
	CHECK_OK(vzlist_json(&b, &f, rows, 0, &e), &e);
	CHECK_STR(buf_str(&b), "[]\n");
	buf_reset(&b);
	CHECK_OK(vzlist_fields_parse("numproc,diskspace", &f, &e), &e);
	CHECK_OK(vzlist_json(&b, &f, rows, 1, &e), &e);
	CHECK_STR(buf_str(&b),
		  "[\n  {\n    \"numproc\": {\n      \"held\": 12,\n      \"maxheld\": 20,\n      \"barrier\": 100,\n"
		  "      \"limit\": 200,\n      \"failcnt\": 3\n    },\n"
		  "    \"diskspace\": {\n      \"usage\": 345,\n      \"softlimit\": 1000,\n"
		  "      \"hardlimit\": 2000\n    }\n  }\n]\n");
	CHECK_OK(vzlist_fields_parse("numproc.l", &f, &e), &e);
	CHECK_ERR(vzlist_json(&b, &f, rows, 1, &e), EINVAL);
	CHECK_STR(e.text, "Field `numproc.l' is not available in JSON output");
}

TEST(vzlist_json_control_characters)
{
	struct buf auto_buf b = BUF_INIT;
	struct vzlist_fields f;
	struct vzlist_row rows[2];
	struct ct_conf conf[2];
	struct err e = { 0 };

	make_rows(rows, conf);
	conf[0].description = (char *)"a\tb\nc\x01" "d\xc3\xa9";
	CHECK_OK(vzlist_fields_parse("description", &f, &e), &e);
	CHECK_OK(vzlist_json(&b, &f, rows, 1, &e), &e);
	CHECK_STR(buf_str(&b), "[\n  {\n    \"description\": \"a\\tb\\nc\\u0001d\xc3\xa9\"\n  }\n]\n");
}

TEST(vzlist_sorts)
{
	static const struct { const char *field; bool down; unsigned first; } t[] = {
		{ "ctid", false, 7 }, { "ctid", true, 101 }, { "numproc", false, 7 }, { "numproc", true, 101 },
		{ "hostname", false, 7 }, { "numproc.l", true, 7 }, { "status", false, 101 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct vzlist_field by;
		struct vzlist_row rows[2];
		struct ct_conf conf[2];

		make_rows(rows, conf);
		CHECK_EQ(vzlist_field_find(t[i].field, &by), 0);
		vzlist_sort(rows, 2, &by, t[i].down);
		CHECK_EQ(rows[0].id, t[i].first);
	}
}

/* `vzlist -L`: exactly two words on each line, every field once. */
TEST(vzlist_lists_its_fields)
{
	struct buf auto_buf b = BUF_INIT;
	struct vzlist_fields all;
	size_t lines = 0;

	vzlist_print_names(&b);
	for (char *s = b.s, *end; (end = strchr(s, '\n')); s = end + 1) {
		char name[32], head[32], more[2];

		*end = '\0';
		CHECK_EQ(sscanf(s, "%31s %31s %1s", name, head, more), 2);
		CHECK(strlen(s) >= 31);
		lines++;
	}
	CHECK_EQ(lines, vzlist_cols_n + 21 * 4 + 2 * 2);
	vzlist_fields_all(&all);
	CHECK_EQ(all.n, vzlist_cols_n);
}

TEST(vzlist_states)
{
	struct vzlist_row r = { 0 };

	CHECK_STR(vzlist_status(&r), "stopped");
	r.info.suspended = true;
	CHECK_STR(vzlist_status(&r), "suspended");
	r.info.run = CT_MOUNTED;
	CHECK_STR(vzlist_status(&r), "mounted");
	r.info.run = CT_RUNNING;
	CHECK_STR(vzlist_status(&r), "running");
}
