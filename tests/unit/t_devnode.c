/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes made by the helper: type, number, owner and mode; put in place once; nothing of the host's mounts changes. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "libct/devnode.h"
#include "tests/unit/t_ct_box.h"

static char *tun[] = { (char *)"c:10:200:rw", (char *)"c:1:11:none", (char *)"c:5:1:rw", NULL };
static char *null[] = { (char *)"null:rw", (char *)"zero:none", NULL };

static size_t lines(const char *path)
{
	auto_buf struct buf b = { .cap = 1 << 20 };
	struct err e = { 0 };
	size_t n = 0;

	CHECK_OK(fio_read_at(AT_FDCWD, path, &b, &e), &e);
	for (size_t i = 0; i < b.len; i++)
		n += b.s[i] == '\n';
	return n;
}

TEST_ROOT(devnode_make_and_place)
{
	struct ct_conf c = { .devices = { .v = tun, .n = 3, .set = true }, .devnodes = { .v = null, .n = 2, .set = true } };
	struct ct_devnodes ns;
	const char *t = test_tmp();
	struct err e = { 0 };
	struct stat st;
	size_t before;

	test_own_mounts();
	CHECK_OK(path_mkdir_host(CT_RUN_DIR, 0755, &e), &e);
	before = lines("/proc/self/mountinfo");
	CHECK_OK(ct_devnode_make(&c, 700000, &ns, &e), &e);
	CHECK_EQ(ns.n, 2);			/* tun by its number, null by name; "none" and unknown numbers give no node */
	CHECK_STR(ns.v[0].name, "net/tun");
	CHECK_STR(ns.v[1].name, "null");
	CHECK_EQ(lines("/proc/self/mountinfo"), before);
	CHECK_OK(ct_devnode_place(t, &ns, &e), &e);
	CHECK_OK(ct_devnode_place(t, &ns, &e), &e);	/* there already */
	CHECK(chdir(t) == 0 && stat("net/tun", &st) == 0);
	CHECK(S_ISCHR(st.st_mode) && st.st_rdev == makedev(10, 200));
	CHECK(st.st_uid == 700000 && st.st_gid == 700000 && (st.st_mode & 07777) == 0666);
	CHECK_EQ(lines("/proc/self/mountinfo"), before + 2);
	ct_devnode_release(&ns);
	CHECK_EQ(ns.n, 0);
}

TEST_ROOT(devnode_nothing_to_do)
{
	struct ct_conf c = { 0 };
	struct ct_devnodes ns;
	struct err e = { 0 };

	CHECK_OK(ct_devnode_make(&c, 0, &ns, &e), &e);
	CHECK_EQ(ns.n, 0);
	CHECK_OK(ct_devnode_place("/nonexistent", &ns, &e), &e);
}

TEST_ROOT(devnode_refuses)
{
	char *loop[] = { (char *)"b:7:0:rw", NULL };
	struct ct_conf c = { .devices = { .v = loop, .n = 1, .set = true } };
	struct ct_devnodes ns;
	struct err e = { 0 };

	CHECK_ERR(ct_devnode_make(&c, 0, &ns, &e), EINVAL);
}
