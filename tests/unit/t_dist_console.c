/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A login on the console: inittabs as distributions ship them, and upstart. */
#include <errno.h>

#include "tests/unit/t_dist_tree.h"

static int console(void)
{
	auto_close int root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct err e = { 0 };

	return ct_dist_console(root, &e);
}

#define SYSV "id:2:initdefault:\nsi::sysinit:/etc/init.d/rcS\nl2:2:wait:/etc/init.d/rc 2\n"
#define SYSV_OURS BEGIN "vz:2345:respawn:/sbin/getty -L 115200 console linux\n" END

TEST(dist_console_inittab)
{
	static const struct { const char *have, *want; } t[] = {
		/* Debian, Devuan, Gentoo: terminals that are not there */
		{ SYSV "1:2345:respawn:/sbin/getty --noclear 38400 tty1\n#T0:23:respawn:/sbin/getty -L ttyS0 9600 vt100\n",
		  SYSV "#vz# 1:2345:respawn:/sbin/getty --noclear 38400 tty1\n#T0:23:respawn:/sbin/getty -L ttyS0 9600 vt100\n"
		  SYSV_OURS },
		/* CentOS 5: mingetty, no newline at the end */
		{ SYSV "x:5:respawn:/etc/X11/prefdm -nodaemon\n1:2345:respawn:/sbin/mingetty tty1",
		  SYSV "x:5:respawn:/etc/X11/prefdm -nodaemon\n#vz# 1:2345:respawn:/sbin/mingetty tty1\n" SYSV_OURS },
		/* a line of the guest's own for the console is enough; a terminal that is there is left alone */
		{ SYSV "c:2345:respawn:/sbin/agetty console 9600\n8:23:respawn:/sbin/getty 38400 tty8\n",
		  SYSV "c:2345:respawn:/sbin/agetty console 9600\n8:23:respawn:/sbin/getty 38400 tty8\n" },
		/* Alpine: busybox init, where the first field is the terminal */
		{ "::sysinit:/sbin/openrc sysinit\ntty1::respawn:/sbin/getty 38400 tty1\nttyS0::askfirst:-/bin/sh\n::ctrlaltdel:/sbin/reboot\n",
		  "::sysinit:/sbin/openrc sysinit\n#vz# tty1::respawn:/sbin/getty 38400 tty1\n#vz# ttyS0::askfirst:-/bin/sh\n"
		  "::ctrlaltdel:/sbin/reboot\n" BEGIN "console::respawn:/sbin/getty -L 115200 console linux\n" END },
		/* our own template */
		{ "::sysinit:/etc/init.d/rcS\nconsole::respawn:/sbin/getty -L 115200 console linux\n",
		  "::sysinit:/etc/init.d/rcS\nconsole::respawn:/sbin/getty -L 115200 console linux\n" },
		/* commented out before, there now */
		{ SYSV "#vz# 8:23:respawn:/sbin/getty 38400 tty8\n", SYSV "8:23:respawn:/sbin/getty 38400 tty8\n" SYSV_OURS },
		{ "", BEGIN "console::respawn:/sbin/getty -L 115200 console linux\n" END },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct stat a, b;

		dist_tree(NULL, DIRS("usr/sbin", "dev"));
		CHECK(symlink("usr/sbin", "sbin") == 0 || errno == EEXIST);
		box_put("usr/sbin/getty", "");
		box_put("dev/tty8", "");
		box_put("etc/inittab", t[i].have);
		CHECK_EQ(console(), 0);
		CHECK(box_file_is("etc/inittab", t[i].want));
		CHECK(stat("etc/inittab", &a) == 0);
		CHECK_EQ(console(), 0);
		CHECK(stat("etc/inittab", &b) == 0 && a.st_ino == b.st_ino);
	}
}

TEST(dist_console_programs)
{
	static const struct { const char *dir, *path, *line; } t[] = {
		{ "usr/bin", "usr/bin/agetty", "vz:2345:respawn:/usr/bin/agetty -L 115200 console linux\n" },
		{ "bin", "bin/busybox", "vz:2345:respawn:/bin/busybox getty -L 115200 console linux\n" },
		{ "sbin", "sbin/mingetty", "vz:2345:respawn:/sbin/mingetty --noclear console\n" },
		{ "sbin", "sbin/agetty", "vz:2345:respawn:/sbin/agetty -L 115200 console linux\n" },
	};
	auto_buf struct buf want = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		dist_tree(NULL, DIRS(t[i].dir));
		box_put(t[i].path, "");
		box_put("etc/inittab", SYSV);
		CHECK_EQ(console(), 0);
		buf_reset(&want);
		buf_addf(&want, SYSV BEGIN "%s" END, t[i].line);
		CHECK(box_file_is("etc/inittab", buf_str(&want)));
		unlink(t[i].path);
	}
	dist_tree(NULL, DIRS("etc"));		/* no program: none is started in vain */
	box_put("etc/inittab", SYSV);
	CHECK_EQ(console(), 0);
	CHECK(box_file_is("etc/inittab", SYSV));
}

TEST(dist_console_upstart)
{
	dist_tree(NULL, DIRS("etc/init", "sbin"));
	box_put("sbin/mingetty", "");
	CHECK_EQ(console(), 0);
	CHECK(!box_is_there("etc/init/vz-console.conf"));
	box_put("sbin/initctl", "");
	CHECK_EQ(console(), 0);
	CHECK(box_file_is("etc/init/vz-console.conf", OURS "start on stopped rc RUNLEVEL=[2345]\nstop on runlevel [!2345]\n"
			  "respawn\nexec /sbin/mingetty --noclear console\n"));
	CHECK(unlink("etc/init/vz-console.conf") == 0);
	dist_tree(NULL, DIRS("etc/init", "sbin", "lib/systemd"));	/* Ubuntu 16.04 has the directory still */
	box_put("sbin/initctl", "");
	box_put("lib/systemd/systemd", "");
	CHECK_EQ(console(), 0);
	CHECK(!box_is_there("etc/init/vz-console.conf"));
}

TEST(dist_console_hostile)
{
	dist_tree(NULL, DIRS("sbin", "in"));
	box_put("sbin/getty", "");
	box_put("canary", "stays\n");
	CHECK(symlink("../canary", "etc/inittab") == 0);
	CHECK(console() < 0);
	CHECK(box_file_is("canary", "stays\n"));
	CHECK(unlink("etc/inittab") == 0 && mkfifo("etc/inittab", 0600) == 0 && console() < 0);
	CHECK(unlink("etc/inittab") == 0 && mkdir("etc/inittab", 0700) == 0 && console() < 0);
	CHECK(rmdir("etc/inittab") == 0);
	box_put("etc/inittab", ":::::\n::::getty\ngetty tty\n:respawn:-:tty99999999999999999999999999999999999999999999\n");
	CHECK_EQ(console(), 0);
}
