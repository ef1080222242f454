/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * POOL/lock: who changes a pool holds it, and has written there who he is. A lock of the kind that NFS carries to its server
 * (F_OFD_SETLK; a flock() of the server's own programs would not meet its clients'), so two hosts that write an export meet as
 * well. Two that write one device cannot be kept apart by anything on it. The file is never removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "templates/pool.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "util/sys.h"

#define POLL_MS 50

int pool_lock_wait_ms = 60000;

static int try_lock(int fd)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &l) < 0 ? -errno : 0;
}

/* The file is whoever's: only what can be printed. */
static int locked(int fd, const char *pool, struct err *e)
{
	char who[100];
	ssize_t n = pread(fd, who, sizeof(who) - 1, 0);

	who[n > 0 ? n : 0] = '\0';
	for (char *p = who; *p; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
			*p = *p == '\n' ? '\0' : '?';
	return err_say(e, EBUSY, "pool %s is being changed by %s: try again when it is done", pool, *who ? who : "somebody else");
}

static int cannot_write(const char *pool, struct err *e)
{
	if (errno == EROFS)
		return err_say(e, EROFS, "pool %s is mounted read-only here: a pool is changed on the one host that writes it",
			       pool);
	if (errno == EACCES || errno == EPERM)
		return err_say(e, errno, "pool %s: this host may not write there: a pool is changed on the one host that writes it",
			       pool);
	return err_set(e, errno, "pool %s: " POOL_LOCK, pool);
}

static int no_locks(int code, const char *pool, struct err *e)
{
	return code == ENOLCK || code == EOPNOTSUPP || code == EINVAL
	       ? err_say(e, code, "pool %s: its file system knows no locks, so another writer would not be seen", pool)
	       : err_set(e, code, "pool %s: lock " POOL_LOCK, pool);
}

static int say_who(int fd, const char *pool, struct err *e)
{
	char text[100], host[65] = "";
	int n;

	if (gethostname(host, sizeof(host) - 1) < 0)
		host[0] = '\0';
	n = snprintf(text, sizeof(text), "process %d of host %s\n", (int)getpid(), host);
	return ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n ? err_set(e, errno, "pool %s: " POOL_LOCK, pool) : 0;
}

int pool_lock(int dir, const char *pool, int *ret_fd, struct err *e)
{
	auto_close int fd = openat(dir, POOL_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
	const int64_t end = sys_now_ms() + pool_lock_wait_ms;
	const struct timespec nap = { .tv_nsec = POLL_MS * 1000000L };
	int rc;

	if (fd < 0)
		return cannot_write(pool, e);
	while ((rc = try_lock(fd)) == -EAGAIN || rc == -EACCES || rc == -EINTR) {
		if (sys_now_ms() >= end)
			return locked(fd, pool, e);
		nanosleep(&nap, NULL);
	}
	if (rc < 0)
		return no_locks(-rc, pool, e);
	if (say_who(fd, pool, e) < 0)
		return -e->code;
	*ret_fd = take_fd(&fd);
	return 0;
}
