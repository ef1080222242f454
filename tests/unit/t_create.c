/* SPDX-License-Identifier: GPL-2.0-or-later */
/* create: which check wins with which words and status, and that a refused or interrupted one leaves nothing. What a
 * create makes is seen by the integration tests. */
#include <unistd.h>

#include "tests/unit/t_ct_box.h"

#define LAST "Creation of container private area failed"

static void set(struct ct_conf *c, const char *opt, const char *text)
{
	struct err e = { 0 };
	size_t base;
	const struct param *p = ct_param_by_opt(opt, &base);

	CHECK_OK(p->type->parse(p, text, PARAM_CLI, param_field(p, base, c), &e), &e);
}

/* @opts: "opt", "value", ..., NULL. */
static void refused(const char *conf, const char *sample, const char *const *opts, int exit, const char *said)
{
	struct box b;
	auto_conf struct ct_conf c = { 0 };
	const struct ct_create how = { .sample = sample };

	box_init(&b, conf);
	buf_reset(&b.said);
	box_put(CT_CONF_DIR "/ve-s.conf-sample", "DISK_QUOTA=\"no\"\nPHYSPAGES=\"0:1000\"\nSWAPPAGES=\"0:0\"\n");
	box_conf(102, "NAME=\"taken\"\n");
	CHECK(mkdir(CT_NAMES_DIR, 0755) == 0 && symlink("/etc/vz/conf/102.conf", CT_NAMES_DIR "/taken") == 0);
	for (; *opts; opts += 2)
		set(&c, opts[0], opts[1]);
	struct ct *ct = box_open(&b, "101", CT_NO_CONFIG_OK);
	CHECK_OK(ct_lock(ct, &b.e), &b.e);
	buf_reset(&b.said);
	box_failed(&b, ct_create(ct, &how, &c, &b.e), exit, LAST);
	box_said(&b, said);
	ct_close(ct);
	CHECK(!box_is_there(CT_CONF_DIR "/101.conf") && !box_is_there(BOX "/private/101") && !box_is_there(BOX "/private/101.tmp"));
	CHECK(!box_is_there(CT_INTENT_DIR "/101") && !box_is_there(CT_UID_DIR "/101"));
	box_done(&b);
}

TEST_ROOT(create_no_sample)
{
	refused(NULL, "none", (const char *[]){ NULL }, VZ_CP_CONFIG,
		"E Sample config /etc/vz/conf/ve-none.conf-sample not found: No such file or directory\n");
}
TEST_ROOT(create_no_default_sample)
{
	refused("CONFIGFILE=\"none\"\n", NULL, (const char *[]){ NULL }, VZ_CP_CONFIG,
		"E Sample config /etc/vz/conf/ve-none.conf-sample not found: No such file or directory\n"
		"E Fix the value of CONFIGFILE in /etc/vz/vz.conf\n");
}
TEST_ROOT(create_no_template)
{
	refused(NULL, "s", (const char *[]){ NULL }, VZ_VE_OSTEMPLATE_NOTSET, "E OS template is not specified\n");
}
TEST_ROOT(create_unknown_template)
{
	refused(NULL, "s", (const char *[]){ "ostemplate", "nope", NULL }, VZ_OSTEMPLATE_NOT_FOUND,
		"E Cached OS template " BOX "/template/cache/nope.tar[.gz|.bz2|.xz|.zst] not found\n");
}
TEST_ROOT(create_name_taken)
{
	refused(NULL, "s", (const char *[]){ "name", "taken", NULL }, VZ_SET_NAME_ERROR,
		"E Conflict: name taken already used by container 102\n");
}
TEST_ROOT(create_name_bad)
{
	refused(NULL, "s", (const char *[]){ "name", "a\nb", NULL }, VZ_SET_NAME_ERROR, "E Error: invalid name a?b\n");
}
TEST_ROOT(create_no_private)
{
	refused("VE_PRIVATE=\"\"\n", "s", (const char *[]){ NULL }, VZ_VE_PRIVATE_NOTSET, "E VE_PRIVATE is not set\n");
}
TEST_ROOT(create_no_root)
{
	refused("VE_ROOT=\"\"\n", "s", (const char *[]){ NULL }, VZ_VE_ROOT_NOTSET, "E VE_ROOT is not set\n");
}
TEST_ROOT(create_no_tmpl_dir)
{
	refused("TEMPLATE=\"\"\n", "s", (const char *[]){ NULL }, VZ_VE_TMPL_NOTSET, "E TEMPLATE is not set\n");
}

TEST_ROOT(create_area_exists)
{
	struct box b;
	auto_conf struct ct_conf c = { 0 };
	const struct ct_create how = { 0 };

	box_init(&b, NULL);
	box_conf(101, "ONBOOT=\"no\"\n");
	CHECK_OK(path_mkdir_host(BOX "/private/101/etc", 0755, &b.e), &b.e);
	struct ct *ct = box_open(&b, "101", CT_NO_CONFIG_OK);
	box_failed(&b, ct_create(ct, &how, &c, &b.e), VZ_FS_PRVT_AREA_EXIST, LAST);
	CHECK(strstr(buf_str(&b.said), "E Private area already exists in " BOX "/private/101\n"));
	CHECK(box_file_is(CT_CONF_DIR "/101.conf", "ONBOOT=\"no\"\n") && box_is_there(BOX "/private/101/etc"));
	ct_close(ct);
	box_done(&b);
}

/* --- records of a killed create --- */

static struct ct *interrupted(struct box *b, const char *conf, const char *hook, bool published)
{
	const char *const pairs[] = {
		"PRIVATE", BOX "/private/101", "TMP", "101.tmp", "CONF", conf, "NAME", "web", "HOOK", hook, NULL,
	};
	const char *area = published ? BOX "/private/101/upper" : BOX "/private/101.tmp/upper";
	uint32_t base;

	box_init(b, NULL);
	box_conf(101, "NAME=\"web\"\nLOCAL_UID=\"275054592\"\n");
	CHECK_OK(path_mkdir_host(area, 0755, &b->e), &b->e);
	struct ct *ct = box_open(b, "101", CT_NO_CONFIG_OK);
	CHECK_OK(ct_idmap_get(ct, &base, &b->e), &b->e);
	CHECK_OK(ct_name_claim(ct, "web", NULL, &b->e), &b->e);
	CHECK_OK(ct_intent_begin(ct, "create", pairs, &b->e), &b->e);
	box_put(CT_INTENT_DIR "/101.conf", "# before\n");
	return ct;
}

static bool nothing_left(void)
{
	return !box_is_there(BOX "/private/101.tmp") && !box_is_there(BOX "/private/101") && !box_is_there(CT_UID_DIR "/101") &&
	       !box_is_there(CT_NAMES_DIR "/web") && !box_is_there(CT_INTENT_DIR "/101") && !box_is_there(CT_INTENT_DIR "/101.conf");
}

TEST_ROOT(create_rolled_back)
{
	struct box b;
	struct ct *ct = interrupted(&b, "new", NULL, false);

	CHECK_OK(ct_lock(ct, &b.e), &b.e);
	CHECK(nothing_left() && !ct_has_conf(ct) && !box_is_there(CT_CONF_DIR "/101.conf"));
	ct_close(ct);
	box_done(&b);
}
TEST_ROOT(create_rolled_back_old_conf)
{
	struct box b;
	struct ct *ct = interrupted(&b, "old", NULL, false);

	CHECK_OK(ct_lock(ct, &b.e), &b.e);
	CHECK(nothing_left() && box_file_is(CT_CONF_DIR "/101.conf", "# before\n"));
	ct_close(ct);
	box_done(&b);
}
TEST_ROOT(create_rolled_back_before_hook)
{
	struct box b;
	struct ct *ct = interrupted(&b, "new", "yes", true);

	CHECK_OK(ct_lock(ct, &b.e), &b.e);
	CHECK(nothing_left());
	ct_close(ct);
	box_done(&b);
}
TEST_ROOT(create_rolled_forward)
{
	struct box b;
	struct ct *ct = interrupted(&b, "new", NULL, true);

	CHECK_OK(ct_lock(ct, &b.e), &b.e);
	CHECK(box_is_there(BOX "/private/101/upper") && box_is_there(CT_UID_DIR "/101") && box_is_there(CT_NAMES_DIR "/web"));
	CHECK(!box_is_there(CT_INTENT_DIR "/101") && !box_is_there(CT_INTENT_DIR "/101.conf") && ct_has_conf(ct));
	ct_close(ct);
	box_done(&b);
}
/* A command that needs a container finds that there is none after all. */
TEST_ROOT(create_gone_under_a_start)
{
	struct box b;

	ct_close(interrupted(&b, "new", NULL, false));
	struct ct *ct = box_open(&b, "101", 0);
	box_failed(&b, ct_lock(ct, &b.e), VZ_NOVECONFIG, "Container config file does not exist");
	CHECK(nothing_left());
	ct_close(ct);
	box_done(&b);
}
