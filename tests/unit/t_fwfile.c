/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/fwfile.c: values of the firewall's files, and a change that the kernel is behind with until it has followed. */
#include "libct/fwfile.h"

#include "libct/record.h"
#include "tests/unit/t_ct_box.h"
#include "tests/unit/t_net_lab.h"

#define PENDING CT_LIB_DIR "/firewall.pending"

static void values_are(const char *file, const char *key, const char *text)
{
	auto_list struct str_list l = { 0 };
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };

	CHECK_OK(ct_fw_values(file, key, &l, &e), &e);
	for (size_t i = 0; i < l.n; i++)
		buf_addf(&b, "%s%s", i ? "|" : "", l.v[i]);
	CHECK_STR(buf_str(&b), text);
}

TEST_ROOT(fwfile_values_and_names)
{
	auto_list struct str_list names = { 0 };
	struct err e = { 0 };
	struct box box;

	box_init(&box, NULL);
	CHECK_OK(ct_fw_groups(&names, &e), &e);		/* no directory: no groups */
	CHECK_EQ(names.n, 0);
	values_are("web.conf", "RULES", "");
	CHECK_OK(path_mkdir_host(CT_FW_DIR, 0755, &e), &e);
	box_put(CT_FW_DIR "/web.conf", "RULES=\" in accept ssh ;; udp 53;\"\nDESCRIPTION=\"for web\"\n");
	box_put(CT_FW_DIR "/db.conf", "");
	box_put(CT_FW_DIR "/.hidden.conf", "");
	box_put(CT_FW_DIR "/zones", "ALLOW=\"a b\"\n");
	values_are("web.conf", "RULES", "in accept ssh|udp 53");
	values_are("web.conf", "NOTHERE", "");
	values_are("db.conf", "RULES", "");
	CHECK_OK(ct_fw_groups(&names, &e), &e);
	CHECK_EQ(names.n, 2);
	CHECK_STR(names.v[0], "db");
	CHECK_STR(names.v[1], "web");
	CHECK(ct_fw_exists("web.conf") && !ct_fw_exists("mail.conf"));
	CHECK_OK(ct_fw_remove("db.conf", &e), &e);
	CHECK(!ct_fw_exists("db.conf"));
	CHECK_ERR(ct_fw_remove("db.conf", &e), ENOENT);
	box_done(&box);
}

TEST_ROOT(fwfile_the_kernel_follows)
{
	const struct ct_fw_edit close_it[] = { { "CT_POLICY", "drop" } }, open_it[] = { { "CT_POLICY", NULL } };
	struct err e = { 0 };
	unsigned n = 99;
	struct box box;
	struct lab l;

	box_init(&box, NULL);
	lab_init(&l, NULL, NULL);
	CHECK_ERR(ct_fw_write(l.net, "web.conf", false, close_it, 1, &n, &e), ENOENT);	/* not made unless that is said */
	err_clear(&e);
	CHECK(!box_is_there(PENDING));
	CHECK_OK(ct_fw_write(l.net, "host", true, close_it, 1, &n, &e), &e);
	CHECK_EQ(n, 0);
	values_are("host", "CT_POLICY", "drop");
	CHECK(!box_is_there(PENDING));
	CHECK_OK(ct_fw_write(l.net, "host", false, open_it, 1, &n, &e), &e);
	values_are("host", "CT_POLICY", "");
	/* somebody was killed between the file and the kernel */
	box_put(PENDING, "");
	CHECK_OK(ct_fw_follow(l.net, &e), &e);
	CHECK(!box_is_there(PENDING));
	/* a wrong rule: the mark stays, so that whoever comes next is told, too */
	box_put(CT_FW_DIR "/host", "CT_RULES=\"in accept nonsense\"\n");
	box_put(PENDING, "");
	CHECK(ct_fw_follow(l.net, &e) < 0);
	CHECK(strstr(e.text, "nonsense"));
	CHECK(box_is_there(PENDING));
	lab_done(&l);
	box_done(&box);
}
