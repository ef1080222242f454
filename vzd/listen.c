/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listening AF_UNIX sockets: those that systemd passed (LISTEN_FDS), found by their path, and new ones. A new one gets its
 * owner and mode before it listens; the caller holds vzd's lock, so a file that is there is nobody's.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"
#include "util/str.h"
#include "vzd/server_priv.h"

#define FIRST_FD 3
#define BACKLOG 1024

static int n_passed;

void listen_adopt(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t p = 0, n = 0;

	if (pid && fds && num_u64(pid, &p) == 0 && num_u64(fds, &n) == 0 && p == (uint64_t)getpid() && n < 64)
		n_passed = (int)n;
	for (int i = 0; i < n_passed; i++)
		fcntl(FIRST_FD + i, F_SETFD, FD_CLOEXEC);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

static int find_passed(const char *path)
{
	for (int fd = FIRST_FD; fd < FIRST_FD + n_passed; fd++) {
		struct sockaddr_un sa = { 0 };
		socklen_t len = sizeof(sa);

		if (getsockname(fd, (struct sockaddr *)&sa, &len) == 0 && sa.sun_family == AF_UNIX && str_eq(sa.sun_path, path))
			return fd;
	}
	return -1;
}

int listen_unix(const char *path, mode_t mode, gid_t gid, int *ret_fd, bool *ret_ours, struct err *e)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int passed = find_passed(path);
	auto_close int fd = -1;

	*ret_ours = passed < 0;
	if (passed >= 0) {
		*ret_fd = passed;
		return fcntl(passed, F_SETFL, O_NONBLOCK) < 0 ? err_set(e, errno, "%s", path) : 0;
	}
	if (str_copy(sa.sun_path, sizeof(sa.sun_path), path) < 0)
		return err_say(e, ENAMETOOLONG, "%s: too long for a socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(e, errno, "socket %s", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove the old %s", path);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return err_set(e, errno, "make socket %s", path);
	if (chown(path, 0, gid) < 0 || chmod(path, mode) < 0 || listen(fd, BACKLOG) < 0)
		return err_set(e, errno, "socket %s", path);
	*ret_fd = take_fd(&fd);
	return 0;
}
