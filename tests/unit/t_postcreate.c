/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First use of a tree from a template: what is changed in it and what is not. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libct/postcreate.h"
#include "tests/unit/t_ct_box.h"

static int run(enum ct_postcreate how)
{
	struct err e = { 0 };
	auto_close int root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = ct_postcreate(root, how, &e);

	if (r < 0)
		fprintf(stderr, "# %s\n", e.text);
	return r;
}

static void tree(void)
{
	CHECK(chdir(test_tmp()) == 0 && mkdir("etc", 0755) == 0 && mkdir("etc/cron.d", 0755) == 0);
}

TEST(postcreate_password)
{
	struct stat st;

	tree();
	box_put("etc/shadow", "bin:*:1::::::\nroot::19000:0:99999:7:::\nrooty::1::::::\n");
	CHECK(chmod("etc/shadow", 0640) == 0);
	box_put("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
	CHECK_EQ(run(CT_POSTCREATE_ALL), 0);
	CHECK(box_file_is("etc/shadow", "bin:*:1::::::\nroot:!!:19000:0:99999:7:::\nrooty::1::::::\n"));
	CHECK(box_file_is("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"));
	CHECK(stat("etc/shadow", &st) == 0 && (st.st_mode & 07777) == 0640);
	box_put("etc/shadow", "root:$6$salt$hash:19000::::::\n");
	box_put("etc/passwd", "root::0:0::/root:/bin/sh\n");	/* a tree without shadow passwords */
	CHECK_EQ(run(CT_POSTCREATE_ALL), 0);
	CHECK(box_file_is("etc/shadow", "root:$6$salt$hash:19000::::::\n"));
	CHECK(box_file_is("etc/passwd", "root:!!:0:0::/root:/bin/sh\n"));
}

TEST(postcreate_files)
{
	tree();
	box_put("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
	CHECK_EQ(run(CT_POSTCREATE_NO_CRON), 0);
	CHECK(box_file_is("etc/machine-id", ""));
	CHECK(box_file_is("etc/hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"));
	box_put("etc/hosts", "mine\n");
	CHECK_EQ(run(CT_POSTCREATE_ALL), 0);
	CHECK(box_file_is("etc/hosts", "mine\n"));
	CHECK_EQ(run(CT_POSTCREATE_NONE), 0);
}

TEST(postcreate_cron)
{
	static const char rest[] = " * * * * root run-parts /etc/cron.hourly\n";
	static const char keep[] = "# 17 comment\nSHELL=/bin/sh\n*/5 * * * * root a\n5-55/10 * * * * root b\n";
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };
	char *end;

	tree();
	box_put("etc/crontab", keep);
	box_put("etc/cron.d/job", "17 * * * * root run-parts /etc/cron.hourly\n");
	CHECK_EQ(run(CT_POSTCREATE_NO_CRON), 0);
	CHECK(box_file_is("etc/cron.d/job", "17 * * * * root run-parts /etc/cron.hourly\n"));
	CHECK_EQ(run(CT_POSTCREATE_ALL), 0);
	CHECK(box_file_is("etc/crontab", keep));
	CHECK_OK(fio_read_at(AT_FDCWD, "etc/cron.d/job", &b, &e), &e);
	CHECK(strtoul(buf_str(&b), &end, 10) < 60);
	CHECK_STR(end, rest);
}

/* Nothing outside the tree, nothing through a link, no wait for a fifo. */
TEST(postcreate_hostile)
{
	tree();
	box_put("canary", "root::0:0::/:/bin/sh\n");
	CHECK(mkdir("in", 0755) == 0 && chdir("in") == 0);
	CHECK_EQ(run(CT_POSTCREATE_ALL), 0);				/* no /etc */
	CHECK(symlink("..", "etc") == 0);
	CHECK_EQ(run(CT_POSTCREATE_ALL), 0);				/* /etc is a link */
	CHECK(unlink("etc") == 0 && mkdir("etc", 0755) == 0 && symlink("../../canary", "etc/passwd") == 0);
	CHECK(mkfifo("etc/shadow", 0600) == 0 && symlink("../../canary", "etc/hosts") == 0);
	CHECK(mkfifo("etc/crontab", 0600) == 0 && symlink("..", "etc/cron.d") == 0);
	CHECK_EQ(run(CT_POSTCREATE_ALL), 0);
	CHECK(box_file_is("../canary", "root::0:0::/:/bin/sh\n"));
}

TEST_ROOT(postcreate_mark)
{
	CHECK(chdir(test_tmp()) == 0);
	auto_close int dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int path = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	unsetenv("VZCTL_POSTCREATE_SKIP");
	CHECK_EQ(ct_postcreate_is_due(dir), CT_POSTCREATE_NONE);
	ct_postcreate_due(dir);
	CHECK_EQ(ct_postcreate_is_due(path), CT_POSTCREATE_ALL);
	setenv("VZCTL_POSTCREATE_SKIP", "1", 1);
	ct_postcreate_due(dir);
	CHECK_EQ(ct_postcreate_is_due(dir), CT_POSTCREATE_NO_CRON);
	ct_postcreate_done(path);
	CHECK_EQ(ct_postcreate_is_due(dir), CT_POSTCREATE_NONE);
	unsetenv("VZCTL_POSTCREATE_SKIP");
}
