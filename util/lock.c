/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes flock(2) locks. The file stays for ever, so there is no race between its removal and the next taker; it holds
 * nothing. Which object a lock guards, and in which order locks nest, is decided by the callers.
 */
#include "util/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/sys.h"

#define LOCK_POLL_MS 20

static int wait_forever(int fd)
{
	int r;

	do {
		r = flock(fd, LOCK_EX);
	} while (r < 0 && errno == EINTR);
	return r;
}

static int wait_until(int fd, int64_t end)
{
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		struct timespec ts = { .tv_nsec = LOCK_POLL_MS * 1000000L };
		int64_t left = end - sys_now_ms();

		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		if (left <= 0) {
			errno = EBUSY;
			return -1;
		}
		if (left < LOCK_POLL_MS)
			ts.tv_nsec = left * 1000000L;
		nanosleep(&ts, NULL);
	}
	return 0;
}

int lock_take(int dir, const char *name, int timeout_ms, int *ret_fd, struct err *e)
{
	auto_close int fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	int r;

	if (fd < 0)
		return err_set(e, errno, "lock file %s", name);
	r = timeout_ms < 0 ? wait_forever(fd) : wait_until(fd, sys_now_ms() + timeout_ms);
	if (r < 0 && errno == EBUSY)
		return err_say(e, EBUSY, "%s is locked by another process", name);
	if (r < 0)
		return err_set(e, errno, "lock %s", name);
	*ret_fd = take_fd(&fd);
	return 0;
}
