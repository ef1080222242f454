/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rewrite touches the lines it must, and no other byte. */
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/unit/t_ct_box.h"

#define OLD "# mine\n#UUID: 1-2-3\nONBOOT=\"no\"\n\nDESCRIPTION=\"{\"a\": \"b\"}\"\nDCACHE=\"5\"\nUNKNOWN=x y # z\nONBOOT=\"yes\"\n"

static void set(struct ct_conf *c, const char *opt, const char *text)
{
	struct err e = { 0 };
	size_t base;
	const struct param *p = ct_param_by_opt(opt, &base);

	CHECK_OK(p->type->parse(p, text, PARAM_CLI, param_field(p, base, c), &e), &e);
}

TEST_ROOT(store_keeps_lines)
{
	struct box b;
	auto_conf struct ct_conf c = { 0 };
	bool changed;

	box_init(&b, NULL);
	box_conf(101, OLD);
	struct ct *ct = box_open(&b, "101", 0);
	buf_reset(&b.said);
	set(&c, "onboot", "no");
	CHECK_OK(ct_store_rows(ct, &c, CT_STORE_PIN, &changed, &b.e), &b.e);
	CHECK(!changed && box_file_is(CT_CONF_DIR "/101.conf", OLD));
	set(&c, "onboot", "yes");
	set(&c, "dcachesize", "7:8");
	set(&c, "description", "a \"b\" $HOME `id` \\");
	set(&c, "private", "/p/$VEID");
	CHECK_OK(ct_store_rows(ct, &c, CT_STORE_PIN, &changed, &b.e), &b.e);
	CHECK(changed);
	box_said(&b, "O CT configuration saved to /etc/vz/conf/101.conf\n");
	CHECK(box_file_is(CT_CONF_DIR "/101.conf",
			  "# mine\n#UUID: 1-2-3\nONBOOT=\"yes\"\n\nDESCRIPTION=\"a \\\"b\\\" \\$HOME \\`id\\` \\\\\"\n"
			  "UNKNOWN=x y # z\nVE_PRIVATE=\"/p/$VEID\"\nDCACHESIZE=\"7:8\"\n"));
	CHECK_STR(ct->conf.description, "a \"b\" $HOME `id` \\");
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(store_defaults_stay_out)
{
	struct box b;
	auto_conf struct ct_conf c = { 0 };
	bool changed;

	box_init(&b, "NAMESERVER=\"inherit\"\n");
	box_conf(101, "ONBOOT=\"no\"\n");
	struct ct *ct = box_open(&b, "101", 0);
	/* a copy of everything with one change: only that is written */
	CHECK_OK(ct_conf_copy(&c, &ct->conf, &b.e), &b.e);
	set(&c, "hostname", "h");
	CHECK_OK(ct_store_put(ct, &c, &b.e), &b.e);
	CHECK(box_file_is(CT_CONF_DIR "/101.conf", "ONBOOT=\"no\"\nHOSTNAME=\"h\"\n"));
	/* asked for by name, it is pinned */
	ct_conf_done(&c);
	set(&c, "nameserver", "inherit");
	CHECK_OK(ct_store_rows(ct, &c, CT_STORE_PIN | CT_STORE_QUIET, &changed, &b.e), &b.e);
	CHECK(box_file_is(CT_CONF_DIR "/101.conf", "ONBOOT=\"no\"\nHOSTNAME=\"h\"\nNAMESERVER=\"inherit\"\n"));
	box_said(&b, "O CT configuration saved to /etc/vz/conf/101.conf\n");
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(store_copy)
{
	struct box b;
	auto_conf struct ct_conf c = { 0 };
	char got[256];
	ssize_t n;

	box_init(&b, NULL);
	box_conf(101, "VE_LAYOUT=\"overlay\"\n");
	box_conf(102, "VE_LAYOUT=\"simfs\"\n");
	CHECK(mkdir(BOX "/private/101", 0700) == 0 && mkdir(BOX "/private/102", 0700) == 0);
	struct ct *ct = box_open(&b, "101", 0);
	set(&c, "onboot", "yes");
	CHECK_OK(ct_store_put(ct, &c, &b.e), &b.e);
	CHECK(box_file_is(BOX "/private/101/ve.conf", "VE_LAYOUT=\"overlay\"\nONBOOT=\"yes\"\n"));
	ct_close(ct);
	ct = box_open(&b, "102", 0);
	CHECK_OK(ct_store_put(ct, &c, &b.e), &b.e);
	n = getxattr(BOX "/private/102", "trusted.vz.conf", got, sizeof(got) - 1);
	CHECK(n > 0);
	got[n] = '\0';
	CHECK_STR(got, "VE_LAYOUT=\"simfs\"\nONBOOT=\"yes\"\n");
	CHECK(!box_is_there(BOX "/private/102/ve.conf"));
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(store_read_only)
{
	struct box b;
	auto_conf struct ct_conf c = { 0 };

	box_init(&b, NULL);
	box_conf(101, "ONBOOT=\"no\"\n");
	struct ct *ct = box_open(&b, "101", 0);
	set(&c, "onboot", "yes");
	CHECK(mount("box", "/etc", NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
	box_failed(&b, ct_store_put(ct, &c, &b.e), VZ_CONFIG_SAVE_ERROR, NULL);
	CHECK(box_file_is(CT_CONF_DIR "/101.conf", "ONBOOT=\"no\"\n"));
	ct_close(ct);
	box_done(&b);
}

/* Whatever call fails, the file is the old one or the new one, and a failure is told. */
TEST_ROOT(store_faults)
{
	static const char old[] = "# c\nONBOOT=\"no\"\n", new[] = "# c\nONBOOT=\"yes\"\nHOSTNAME=\"h\"\n";
	struct box b;
	auto_conf struct ct_conf c = { 0 };

	box_init(&b, NULL);
	set(&c, "onboot", "yes");
	set(&c, "hostname", "h");
	EACH_FAULT(FAULT_ALLOC | FAULT_IO) {
		bool changed;
		int r;

		test_fault_off();
		box_conf(101, old);
		struct ct *ct = box_open(&b, "101", 0);
		test_fault_on();
		r = ct_store_rows(ct, &c, CT_STORE_PIN, &changed, &b.e);
		test_fault_off();
		if (r == 0) {
			CHECK(box_file_is(CT_CONF_DIR "/101.conf", new));
		} else {
			CHECK_EQ(b.e.exit, VZ_CONFIG_SAVE_ERROR);
			CHECK(b.e.text[0]);
			CHECK(box_file_is(CT_CONF_DIR "/101.conf", old) || box_file_is(CT_CONF_DIR "/101.conf", new));
		}
		err_clear(&b.e);
		ct_close(ct);
	}
	box_done(&b);
}
