/* SPDX-License-Identifier: GPL-2.0-or-later */
/* destroy of a stopped container, at once and after an interruption. */
#include <unistd.h>

#include "tests/unit/t_ct_box.h"

static struct ct *ready(struct box *b)
{
	uint32_t base;

	box_init(b, NULL);
	box_conf(101, "NAME=\"web\"\nLOCAL_UID=\"275054592\"\n");
	box_put(CT_CONF_DIR "/101.start", "#!/bin/sh\n");
	CHECK_OK(path_mkdir_host(BOX "/private/101/upper/x", 0755, &b->e), &b->e);
	CHECK_OK(path_mkdir_host(BOX "/dump/Dump.101/img", 0755, &b->e), &b->e);
	CHECK_OK(path_mkdir_host(BOX "/root/101", 0755, &b->e), &b->e);
	struct ct *ct = box_open(b, "101", 0);
	CHECK_OK(ct_idmap_get(ct, &base, &b->e), &b->e);
	CHECK_OK(ct_name_claim(ct, "web", NULL, &b->e), &b->e);
	return ct;
}

static void all_gone(void)
{
	SOON(!box_is_there(CT_UID_DIR "/101"));
	CHECK(!box_is_there(BOX "/private/101") && !box_is_there(BOX "/dump/Dump.101") && !box_is_there(BOX "/root/101"));
	CHECK(!box_is_there(CT_NAMES_DIR "/web") && !box_is_there(CT_UID_DIR "/101") && !box_is_there(CT_INTENT_DIR "/101"));
	CHECK(!box_is_there(CT_CONF_DIR "/101.conf") && box_is_there(CT_CONF_DIR "/101.conf.destroyed"));
	CHECK(box_is_there(CT_CONF_DIR "/101.start.destroyed"));
	SOON(rmdir(BOX "/vztmp") == 0);		/* the remover may have another container's */
}

TEST_ROOT(destroy_stopped)
{
	struct box b;
	struct ct *ct = ready(&b);

	CHECK_OK(ct_lock(ct, &b.e), &b.e);
	CHECK_OK(ct_destroy(ct, &b.e), &b.e);
	box_said(&b, "O Destroying container private area: " BOX "/private/101\nO Container private area was destroyed\n");
	CHECK(!ct_has_conf(ct));
	all_gone();
	ct_close(ct);
	box_done(&b);
}

/* From before the rename and from after it: forward. */
TEST_ROOT(destroy_interrupted)
{
	for (int renamed = 0; renamed < 2; renamed++) {
		const char *const pairs[] = {
			"PRIVATE", BOX "/private/101", "TRASH", BOX "/vztmp/vzctl-rm-me.abcdef", "ROOT", BOX "/root/101",
			"LOCAL_UID", "275054592", NULL,
		};
		struct box b;
		struct ct *ct = ready(&b);

		CHECK_OK(ct_intent_begin(ct, "destroy", pairs, &b.e), &b.e);
		CHECK(mkdir(BOX "/vztmp", 0700) == 0);
		if (renamed)
			CHECK(rename(BOX "/private/101", BOX "/vztmp/vzctl-rm-me.abcdef") == 0);
		box_failed(&b, ct_lock(ct, &b.e), VZ_NOVECONFIG, "Container config file does not exist");
		ct_close(ct);
		all_gone();
		box_done(&b);
	}
}

TEST_ROOT(destroy_no_area)
{
	struct box b;
	struct ct *ct;

	box_init(&b, NULL);
	box_conf(101, "");
	ct = box_open(&b, "101", 0);
	box_failed(&b, ct_destroy(ct, &b.e), VZ_FS_NOPRVT,
		   "Container private area " BOX "/private/101 does not exist");
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(destroy_symlink)
{
	struct box b;

	box_init(&b, NULL);
	box_conf(101, "");
	CHECK(mkdir(BOX "/data", 0755) == 0 && symlink(BOX "/data", BOX "/private/101") == 0);
	struct ct *ct = box_open(&b, "101", 0);
	CHECK_OK(ct_destroy(ct, &b.e), &b.e);
	CHECK(strstr(buf_str(&b.said), "E Warning: " BOX "/private/101 is a symbolic link"));
	CHECK(box_is_there(BOX "/data") && !box_is_there(BOX "/private/101"));
	ct_close(ct);
	box_done(&b);
}

static void sweep(struct box *b)
{
	usleep(300000);
	box_conf(102, "");
	CHECK_OK(path_mkdir_host(BOX "/private/102/upper", 0755, &b->e), &b->e);
	struct ct *ct = box_open(b, "102", 0);
	CHECK_OK(ct_destroy(ct, &b->e), &b->e);
	ct_close(ct);
	usleep(300000);
}

/* Whatever call fails, the next command on the container ends the work or begins it anew. */
TEST_ROOT(destroy_faults)
{
	EACH_FAULT(FAULT_ALLOC | FAULT_IO) {
		struct box b;
		int r;

		test_fault_off();
		struct ct *ct = ready(&b);
		CHECK_OK(ct_lock(ct, &b.e), &b.e);
		test_fault_on();
		r = ct_destroy(ct, &b.e);
		test_fault_off();
		ct_close(ct);
		if (r < 0) {
			CHECK(b.e.text[0]);
			err_clear(&b.e);
			ct = box_open(&b, "101", CT_NO_CONFIG_OK);
			CHECK_OK(ct_lock(ct, &b.e), &b.e);
			if (ct_has_conf(ct))
				CHECK_OK(ct_destroy(ct, &b.e), &b.e);
			ct_close(ct);
		}
		if (!test_fault_hit())		/* the remover in the background may have met it: the next one sweeps */
			sweep(&b);
		all_gone();
		box_done(&b);
	}
}
