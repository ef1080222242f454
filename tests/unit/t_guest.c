/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts written into guests, and how: hostile trees, unchanged files, nothing but our own line in hosts. */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libct/guest.h"
#include "tests/unit/t_ct_box.h"

TEST(guest_texts)
{
	struct ct_conf c = { .hostname = (char *)"www.example.org",
		.nameserver = { .v = (char *[]){ (char *)"192.0.2.53", (char *)"2001:db8::53", NULL }, .n = 2, .set = true },
		.searchdomain = { .v = (char *[]){ (char *)"a.example", (char *)"b.example", NULL }, .n = 2, .set = true },
		.net.ip = { .v = (char *[]){ (char *)"10.1.2.3/24", NULL }, .n = 1, .set = true } };
	struct ct_guest g;
	struct err e = { 0 };

	CHECK_OK(ct_guest_prepare(&c, CT_GUEST_HOSTNAME | CT_GUEST_DNS | CT_GUEST_IP, &g, &e), &e);
	CHECK_STR(g.hostname, "www.example.org\n");
	CHECK_STR(g.resolv, "search a.example b.example\nnameserver 192.0.2.53\nnameserver 2001:db8::53\n");
	CHECK_STR(g.hosts_line, "10.1.2.3 www.example.org www\t# vz\n");
	ct_guest_done(&g);
	c.net.ip.n = 0;
	c.hostname = (char *)"plain";
	CHECK_OK(ct_guest_prepare(&c, CT_GUEST_HOSTNAME, &g, &e), &e);
	CHECK(g.resolv == NULL);
	CHECK_STR(g.hosts_line, "127.0.1.1 plain\t# vz\n");
	ct_guest_done(&g);
	c.hostname = NULL;
	CHECK_OK(ct_guest_prepare(&c, CT_GUEST_HOSTNAME | CT_GUEST_IP, &g, &e), &e);
	CHECK(!g.hostname && !g.hosts_line);
}

/* Runs ct_guest_files() with @root as "/" in a child, as a start does. Returns the errno, 0 for success. */
static int files_in(const char *root, const struct ct_guest *g)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct err e = { 0 };

		if (chroot(root) < 0 || chdir("/") < 0)
			_exit(200);
		ct_guest_files(g, &e);
		_exit(e.code);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 201;
}

TEST_ROOT(guest_files)
{
	const struct ct_guest g = { .hostname = (char *)"h\n", .resolv = (char *)"nameserver 192.0.2.1\n",
				   .hosts_line = (char *)"10.0.0.1 h\t# vz\n" };
	const char *t = test_tmp();
	struct stat a, b;

	CHECK(chdir(t) == 0 && mkdir("etc", 0755) == 0);
	box_put("etc/hosts", "127.0.0.1 localhost\n10.9.9.9 old\t# vz\n192.0.2.7 mine\n");
	CHECK_EQ(files_in(t, &g), 0);
	CHECK(box_file_is("etc/hostname", "h\n"));
	CHECK(box_file_is("etc/hosts", "127.0.0.1 localhost\n192.0.2.7 mine\n10.0.0.1 h\t# vz\n"));
	CHECK(stat("etc/hosts", &a) == 0);
	CHECK_EQ(files_in(t, &g), 0);
	CHECK(stat("etc/hosts", &b) == 0 && a.st_ino == b.st_ino);	/* same text: not touched */
}

TEST_ROOT(guest_hostile_tree)
{
	const struct ct_guest g = { .resolv = (char *)"nameserver 192.0.2.1\n" };
	const char *t = test_tmp();

	CHECK(chdir(t) == 0 && mkdir("root", 0755) == 0 && mkdir("canary", 0755) == 0);
	CHECK(chdir("root") == 0);
	CHECK_EQ(files_in(".", &g), ENOENT);			/* no /etc */
	CHECK(symlink("../canary", "etc") == 0);		/* resolves inside: /canary, which is not there */
	CHECK_EQ(files_in(".", &g), ENOENT);
	CHECK(unlink("etc") == 0 && mkdir("etc", 0755) == 0 && mkfifo("etc/resolv.conf", 0666) == 0);
	CHECK_EQ(files_in(".", &g), EEXIST);
	CHECK(unlink("etc/resolv.conf") == 0 && mkdir("etc/resolv.conf", 0755) == 0);
	CHECK_EQ(files_in(".", &g), EEXIST);
	CHECK(rmdir("etc/resolv.conf") == 0 && symlink("/run/gone", "etc/resolv.conf") == 0);
	CHECK_EQ(files_in(".", &g), 0);				/* a link is replaced, never followed */
	CHECK(box_file_is("etc/resolv.conf", "nameserver 192.0.2.1\n"));
	CHECK(!box_is_there("../canary/resolv.conf"));
}
