/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/notify.c */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/lib/test.h"
#include "util/str.h"
#include "vzd/proc.h"

static char got[256];

static int manager(const char *name)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	CHECK(str_copy(sa.sun_path, sizeof(sa.sun_path), name) == 0);
	if (*name == '@')
		sa.sun_path[0] = '\0';
	CHECK(bind(fd, (struct sockaddr *)&sa, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))) == 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static const char *heard(int fd)
{
	ssize_t n = recv(fd, got, sizeof(got) - 1, 0);

	got[MAX(n, (ssize_t)0)] = '\0';
	return got;
}

TEST(both_kinds_of_address)
{
	char names[2][128];

	CHECK(str_fmt(names[0], sizeof(names[0]), "%s/notify", test_tmp()) == 0);
	CHECK(str_fmt(names[1], sizeof(names[1]), "@vz-test-%d", (int)getpid()) == 0);
	for (int i = 0; i < 2; i++) {
		int fd = manager(names[i]);

		notify_open();
		CHECK(!getenv("NOTIFY_SOCKET"));
		notify_send("READY=1");
		CHECK_STR(heard(fd), "READY=1");
		notify_reloading();
		CHECK(str_starts(heard(fd), "RELOADING=1\nMONOTONIC_USEC="));
		close(fd);
	}
	notify_open();
	notify_send("READY=1");		/* nobody listens */
}

TEST(watchdog_is_ours_and_thrice_as_often_as_wanted)
{
	char pid[16];

	notify_open();
	CHECK_EQ(notify_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	notify_open();
	CHECK_EQ(notify_watchdog_ms(), 10000);
	CHECK(!getenv("WATCHDOG_USEC"));
	CHECK(str_fmt(pid, sizeof(pid), "%d", (int)getpid()) == 0);
	setenv("WATCHDOG_USEC", "3000", 1);
	setenv("WATCHDOG_PID", pid, 1);
	notify_open();
	CHECK_EQ(notify_watchdog_ms(), 1);
	setenv("WATCHDOG_USEC", "3000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	notify_open();
	CHECK_EQ(notify_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "never", 1);
	notify_open();
	CHECK_EQ(notify_watchdog_ms(), 0);
}
