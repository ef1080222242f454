/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SSH host keys of a template: removed only where new ones will be made. */
#include <unistd.h>

#include "libct/postcreate.h"
#include "tests/unit/t_ct_box.h"

#define KEY "etc/ssh/ssh_host_ed25519_key"

static void tree(const char *const *files)
{
	struct err e = { 0 };

	CHECK(chdir(test_tmp()) == 0);
	auto_close int root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (; *files; files++) {
		char dir[128];

		str_fmt(dir, sizeof(dir), "%.*s", (int)(strrchr(*files, '/') - *files), *files);
		auto_close int fd = path_mkdirs(root, dir, 0755, &e);
		CHECK(fd >= 0);
		box_put(*files, "x\n");
	}
}

static void run(void)
{
	auto_close int root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int etc = open("etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ct_postcreate_ssh(root, etc);
}

TEST(postcreate_ssh_redhat)
{
	tree((const char *[]){ KEY, KEY ".pub", "etc/ssh/sshd_config", "usr/lib/systemd/system/sshd-keygen@.service", NULL });
	run();
	CHECK(!box_is_there(KEY) && !box_is_there(KEY ".pub") && box_is_there("etc/ssh/sshd_config"));
	CHECK(!box_is_there("etc/systemd"));
}

TEST(postcreate_ssh_debian)
{
	tree((const char *[]){ KEY, "usr/bin/ssh-keygen", "usr/sbin/sshd", "usr/lib/systemd/system/ssh.service", NULL });
	run();
	CHECK(!box_is_there(KEY));
	CHECK(box_file_is("etc/systemd/system/ssh.service.d/vz-keys.conf",
			  "# Written by vz: host keys of its own for each container.\n[Service]\nExecStartPre=\n"
			  "ExecStartPre=/usr/bin/ssh-keygen -A\nExecStartPre=/usr/sbin/sshd -t\n"));
	CHECK(box_file_is("etc/systemd/system/ssh@.service.d/vz-keys.conf",
			  "# Written by vz: host keys of its own for each container.\n[Service]\n"
			  "ExecStartPre=/usr/bin/ssh-keygen -A\n"));
}

/* Nobody would make new ones. */
TEST(postcreate_ssh_kept)
{
	tree((const char *[]){ KEY, "etc/init.d/ssh", NULL });
	run();
	CHECK(box_is_there(KEY));
	tree((const char *[]){ KEY, "usr/lib/systemd/system/ssh.service", NULL });
	run();
	CHECK(box_is_there(KEY) && !box_is_there("etc/systemd"));
}

TEST(postcreate_ssh_none)
{
	tree((const char *[]){ "etc/passwd", "usr/bin/ssh-keygen", "usr/sbin/sshd", "usr/lib/systemd/system/ssh.service", NULL });
	run();
	CHECK(!box_is_there("etc/systemd"));	/* made at home when it is installed: nothing to renew */
}
