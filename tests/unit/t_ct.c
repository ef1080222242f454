/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening a container: which check comes first, and what a broken file does. */
#include <unistd.h>

#include "tests/unit/t_ct_box.h"

TEST_ROOT(ct_open_checks)
{
	struct box b;
	struct ct *ct = NULL;

	box_init(&b, "STOP_TIMEOUT=\"9\"\n");
	box_failed(&b, ct_open(b.host, "999", 0, &ct, &b.e), VZ_NOVECONFIG, "Container config file does not exist");
	box_failed(&b, ct_open(b.host, "-1", 0, &ct, &b.e), VZ_INVALID_PARAMETER_VALUE, "Bad CT ID -1");
	ct = box_open(&b, "999", CT_NO_CONFIG_OK);
	CHECK(!ct_has_conf(ct) && ct_id(ct) == 999);
	CHECK_STR(ct_conf(ct)->private_dir, BOX "/private/$VEID");
	ct_close(ct);

	box_conf(101, "NAME=\"web\"\nONBOOT=\"maybe\"\n");
	CHECK(mkdir(CT_NAMES_DIR, 0755) == 0);
	CHECK(symlink("/etc/vz/conf/101.conf", CT_NAMES_DIR "/web") == 0);
	CHECK(symlink("/etc/vz/conf/101.conf", CT_NAMES_DIR "/old") == 0);
	ct = box_open(&b, "web", 0);
	CHECK(ct_has_conf(ct) && ct_id(ct) == 101);
	CHECK_EQ(ct_conf(ct)->stop_timeout.v, 9);
	box_said(&b, "E Warning at /etc/vz/conf/101.conf:2: invalid value for ONBOOT (\"maybe\"), skipped\n");
	/* the reload under the lock does not warn again */
	CHECK_OK(ct_lock(ct, &b.e), &b.e);
	box_said(&b, "");
	ct_close(ct);
	/* a link that the file does not confirm */
	box_failed(&b, ct_open(b.host, "old", 0, &ct, &b.e), VZ_INVALID_PARAMETER_VALUE, "Unable to find container by name old");
	box_done(&b);
}

TEST_ROOT(ct_open_broken_files)
{
	struct box b;
	struct ct *ct = NULL;
	auto_close int fd = -1;

	box_init(&b, NULL);
	fd = open(CT_CONF_DIR "/101.conf", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHECK(fd >= 0 && write(fd, "A=\"\0\"\n", 6) == 6);
	box_failed(&b, ct_open(b.host, "101", 0, &ct, &b.e), VZ_INVALID_CONFIG, NULL);
	CHECK(mkdir(CT_CONF_DIR "/102.conf", 0755) == 0);
	CHECK(ct_open(b.host, "102", CT_NO_CONFIG_OK, &ct, &b.e) < 0 && b.e.exit);
	box_conf(103, "ONBOOT=\"yes\"\nHOSTNAME=\"cut");
	ct = box_open(&b, "103", 0);
	CHECK(ct_conf(ct)->onboot.v && !ct_conf(ct)->hostname);
	ct_close(ct);
	box_done(&b);
}
