/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service manager's datagrams (sd_notify(3)), without its library. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/num.h"
#include "util/str.h"
#include "vzd/proc.h"
#include "vzd/vzd.h"

static struct sockaddr_un to;
static socklen_t to_len;
static unsigned watchdog_ms;

void notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET"), *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t us = 0, p = 0;

	to_len = 0;
	watchdog_ms = 0;
	if (path && (*path == '/' || *path == '@') && str_copy(to.sun_path, sizeof(to.sun_path), path) == 0) {
		to.sun_family = AF_UNIX;
		to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
		if (*path == '@')
			to.sun_path[0] = '\0';
	}
	if (usec && num_u64(usec, &us) == 0 && (!pid || (num_u64(pid, &p) == 0 && p == (uint64_t)getpid())))
		watchdog_ms = (unsigned)MIN(us / 3000, (uint64_t)3600000);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void notify_send(const char *state)
{
	auto_close int fd = -1;

	if (!to_len)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&to, to_len) < 0)
		vzd_log(LOG_WARNING, "tell the service manager %s: %s", state, strerror(errno));
}

void notify_reloading(void)
{
	char text[64];

	str_fmt(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)ev_now_ms() * 1000);
	notify_send(text);
}

unsigned notify_watchdog_ms(void)
{
	return watchdog_ms;
}
