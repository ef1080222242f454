/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/set.c and set_check.c, on a stopped container: words, statuses, what is stored and what is not. Running ones are in the integration tests. */
#include <sched.h>
#include <unistd.h>

#include "tests/unit/t_ct_box.h"

#define BASE "NAME=\"web\"\nPHYSPAGES=\"0:10000\"\nIP_ADDRESS=\"10.0.0.1\"\n"

/* One `set 101`: @how "opt", "value", ..., NULL. */
static void run(struct box *b, const struct ct_set *s, const char *const *how, int exit, const char *text, const char *said)
{
	auto_conf struct ct_conf c = { 0 };
	struct ct *ct = box_open(b, "101", CT_NO_CONFIG_OK);
	int r;

	buf_reset(&b->said);
	for (; *how; how += 2) {
		size_t base;
		const struct param *p = ct_param_by_opt(how[0], &base);

		CHECK(p);
		CHECK_OK(p->type->parse(p, how[1], PARAM_CLI, param_field(p, base, &c), &b->e), &b->e);
	}
	CHECK_OK(ct_lock(ct, &b->e), &b->e);
	r = ct_set(ct, s, &c, &b->e);
	if (exit)
		box_failed(b, r, exit, text);
	else
		CHECK_OK(r, &b->e);
	box_said(b, said);
	CHECK(!box_is_there(CT_INTENT_DIR "/101"));
	ct_close(ct);
}

static void init(struct box *b)
{
	box_init(b, "STOP_TIMEOUT=\"9\"\n");
	CHECK(unshare(CLONE_NEWNET) == 0);
	box_conf(101, BASE);
	CHECK(mkdir(CT_NAMES_DIR, 0755) == 0 && symlink("/etc/vz/conf/101.conf", CT_NAMES_DIR "/web") == 0);
}

#define SAVED "O CT configuration saved to /etc/vz/conf/101.conf\n"
#define ARGS(...) ((const char *[]){ __VA_ARGS__, NULL })
static const struct ct_set save = { .save = true }, keep = { 0 };

TEST_ROOT(set_save)
{
	struct box b;

	init(&b);
	run(&b, &save, ARGS("onboot", "yes", "ipadd", "10.0.0.2"), 0, NULL, SAVED);
	run(&b, &save, ARGS("onboot", "yes", "ipadd", "10.0.0.2"), 0, NULL, "O No changes in CT configuration, not saving\n");
	run(&b, &save, ARGS("ipdel", "all"), 0, NULL, SAVED);
	CHECK(box_file_is(CT_CONF_DIR "/101.conf", "NAME=\"web\"\nPHYSPAGES=\"0:10000\"\nIP_ADDRESS=\"\"\nONBOOT=\"yes\"\n"));
	/* a default of vz.conf, asked for, is pinned */
	run(&b, &save, ARGS("stop-timeout", "9"), 0, NULL, SAVED);
	box_done(&b);
}

TEST_ROOT(set_without_save)
{
	struct box b;

	init(&b);
	run(&b, &keep, ARGS("onboot", "yes"), 0, NULL, "O WARNING: Settings were not saved to config (use --save flag)\n");
	run(&b, &keep, ARGS("cpuunits", "500", "onboot", "yes"), VZ_VE_NOT_RUNNING,
	    "Unable to apply CPU parameters: container is not running", "");
	run(&b, &keep, ARGS("ipdel", "all"), VZ_VE_NOT_RUNNING, "Unable to apply network parameters: container is not running", "");
	run(&b, &keep, ARGS("name", "x"), VZ_SET_NAME_ERROR, "Error: unable to use --name option without --save", "");
	run(&b, &keep, ARGS("stop-timeout", "5"), VZ_INVALID_PARAMETER_SYNTAX,
	    "Error: unable to use --stop-timeout option without --save", "");
	run(&b, &(struct ct_set){ .force = true }, ARGS("onboot", "yes"), VZ_INVALID_PARAMETER_SYNTAX,
	    "Error: --force is useless without --save", "");
	run(&b, &(struct ct_set){ .mode = CT_SETMODE_RESTART }, ARGS("onboot", "yes"), VZ_INVALID_PARAMETER_SYNTAX,
	    "Error: --setmode restart doesn't make sense without --save flag", "");
	run(&b, &keep, ARGS("nodemask", "0"), VZ_INVALID_PARAMETER_SYNTAX, "Error: option --nodemask requires --cpumask", "");
	run(&b, &(struct ct_set){ .reset_ub = true }, ARGS("onboot", "yes"), VZ_INVALID_PARAMETER_SYNTAX,
	    "Error: option --reset_ub is exclusive", "");
	run(&b, &(struct ct_set){ .reset_ub = true }, (const char *[]){ NULL }, VZ_VE_NOT_RUNNING, "Container is not running", "");
	CHECK(box_file_is(CT_CONF_DIR "/101.conf", BASE));
	box_done(&b);
}

TEST_ROOT(set_ram_needs_swap)
{
	struct box b;

	init(&b);
	run(&b, &save, ARGS("ram", "64M"), VZ_NOTENOUGHUBCPARAMS, "Error: required UB parameter (swap) not set", "");
	run(&b, &save, ARGS("ram", "64M", "swap", "0"), 0, NULL, SAVED);
	run(&b, &save, ARGS("ram", "32M"), 0, NULL, SAVED);
	CHECK(box_file_is(CT_CONF_DIR "/101.conf", "NAME=\"web\"\nPHYSPAGES=\"0:8192\"\nIP_ADDRESS=\"10.0.0.1\"\nSWAPPAGES=\"0\"\n") ||
	      box_file_is(CT_CONF_DIR "/101.conf", "NAME=\"web\"\nPHYSPAGES=\"0:8192\"\nIP_ADDRESS=\"10.0.0.1\"\nSWAPPAGES=\"0:0\"\n"));
	box_done(&b);
}

TEST_ROOT(set_name)
{
	struct box b;
	unsigned id;

	init(&b);
	box_conf(102, "NAME=\"other\"\n");
	CHECK(symlink("/etc/vz/conf/102.conf", CT_NAMES_DIR "/other") == 0);
	run(&b, &save, ARGS("name", "other"), VZ_SET_NAME_ERROR, "Conflict: name other already used by container 102", "");
	run(&b, &save, ARGS("name", "a\nb"), VZ_SET_NAME_ERROR, "Error: invalid name a?b", "");
	CHECK(box_file_is(CT_CONF_DIR "/101.conf", BASE));
	run(&b, &save, ARGS("name", "new"), 0, NULL, "O Name new assigned\n" SAVED);
	CHECK(ct_name_lookup("web", &id) < 0 && ct_name_lookup("new", &id) == 0 && id == 101);
	run(&b, &save, ARGS("name", ""), 0, NULL, SAVED);
	CHECK(ct_name_lookup("new", &id) < 0);
	CHECK(box_file_is(CT_CONF_DIR "/101.conf", "NAME=\"\"\nPHYSPAGES=\"0:10000\"\nIP_ADDRESS=\"10.0.0.1\"\n"));
	box_done(&b);
}

TEST_ROOT(set_no_file)
{
	struct box b;

	init(&b);
	CHECK(unlink(CT_CONF_DIR "/101.conf") == 0);
	run(&b, &save, ARGS("onboot", "yes"), 0, NULL,
	    "E WARNING: /etc/vz/conf/101.conf not found: No such file or directory\n" SAVED);
	CHECK(box_file_is(CT_CONF_DIR "/101.conf", "ONBOOT=\"yes\"\n"));
	box_done(&b);
}

TEST_ROOT(set_applyconfig)
{
	struct box b;

	init(&b);
	box_put(CT_CONF_DIR "/ve-s.conf-sample", "CPUUNITS=\"77\"\nHOSTNAME=\"h\"\nOSTEMPLATE=\"o\"\nVE_ROOT=\"/r\"\nVE_PRIVATE=\"/p\"\n"
		"DESCRIPTION=\"d\"\nIP_ADDRESS=\"1.2.3.4\"\nNAME=\"n\"\nNUMPROC=\"5\"\n");
	run(&b, &(struct ct_set){ .save = true, .applyconfig = "none" }, (const char *[]){ NULL }, VZ_APPLY_CONFIG_ERROR,
	    "Sample config file not found: /etc/vz/conf/ve-none.conf-sample", "");
	run(&b, &(struct ct_set){ .save = true, .applyconfig = "s" }, ARGS("numproc", "6"), 0, NULL, SAVED);
	CHECK(box_file_is(CT_CONF_DIR "/101.conf", BASE "NUMPROC=\"6\"\nCPUUNITS=\"77\"\n") ||
	      box_file_is(CT_CONF_DIR "/101.conf", BASE "CPUUNITS=\"77\"\nNUMPROC=\"6\"\n"));
	box_done(&b);
}

TEST_ROOT(set_failed_save)
{
	struct box b;
	unsigned id;

	init(&b);
	struct ct *ct = box_open(&b, "101", 0);
	auto_conf struct ct_conf c = { 0 };
	CHECK((c.name = strdup("new")));
	CHECK(mount("box", CT_CONF_DIR, "tmpfs", MS_RDONLY, NULL) == 0);
	CHECK(ct_set(ct, &save, &c, &b.e) < 0);
	CHECK_EQ(b.e.exit, VZ_CONFIG_SAVE_ERROR);
	CHECK_STR(b.e.text, "Error: failed to apply some parameters, not saving configuration file!");
	CHECK(umount(CT_CONF_DIR) == 0);
	CHECK(ct_name_lookup("new", &id) < 0 && ct_name_lookup("web", &id) == 0 && id == 101);
	CHECK(box_file_is(CT_CONF_DIR "/101.conf", BASE));
	ct_close(ct);
	box_done(&b);
}

/* Killed between the link and the file: what the file says counts. */
TEST_ROOT(set_recover_name)
{
	const char *const pairs[] = { "PARTS", "0", "NAME_OLD", "web", "NAME_NEW", "new", NULL };
	struct box b;
	unsigned id;

	init(&b);
	struct ct *ct = box_open(&b, "101", 0);
	CHECK_OK(ct_intent_begin(ct, "set", pairs, &b.e), &b.e);
	CHECK(unlink(CT_NAMES_DIR "/web") == 0 && symlink("/etc/vz/conf/101.conf", CT_NAMES_DIR "/new") == 0);
	CHECK_OK(ct_lock(ct, &b.e), &b.e);
	CHECK(ct_name_lookup("web", &id) == 0 && id == 101 && ct_name_lookup("new", &id) < 0);
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(set_host)
{
	struct box b;
	auto_conf struct ct_conf c = { 0 };

	init(&b);
	struct ct *ct = box_open(&b, "0", CT_NO_CONFIG_OK);
	c.cg.cpuunits = (struct num_opt){ .v = 1000, .set = true };
	CHECK_OK(ct_set(ct, &keep, &c, &b.e), &b.e);
	CHECK_OK(ct_set(ct, &(struct ct_set){ .reset_ub = true }, &(struct ct_conf){ 0 }, &b.e), &b.e);
	box_said(&b, "");
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(set_unknown_feature)
{
	struct box b;

	init(&b);
	run(&b, &save, ARGS("features", "warp:on,nfs:on"), 0, NULL, "O Warning: Unknown feature: warp\n" SAVED);
	CHECK(box_file_is(CT_CONF_DIR "/101.conf", BASE "FEATURES=\"nfs:on\"\n"));
	run(&b, &save, ARGS("features", "warp:on"), 0, NULL,
	    "O Warning: Unknown feature: warp\nO No changes in CT configuration, not saving\n");
	box_done(&b);
}
