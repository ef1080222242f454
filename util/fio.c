/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files: read, replace atomically, write to a control file. Locks and formats are the callers' business. */
#include "util/fio.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/path.h"
#include "util/str.h"

int fio_write_all(int fd, const void *p, size_t n)
{
	const char *s = p;

	while (n > 0) {
		ssize_t w = write(fd, s, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return w < 0 ? -errno : -EIO;
		s += w;
		n -= (size_t)w;
	}
	return 0;
}

int fio_read_fd(int fd, struct buf *b, const char *what, struct err *e)
{
	char chunk[4096];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, errno, "read %s", what);
		if (n == 0)
			return 0;
		if (b->len + (size_t)n > b->cap)
			return err_say(e, EFBIG, "read %s: larger than %zu bytes", what, b->cap);
		buf_add(b, chunk, (size_t)n);
		if (buf_failed(b))
			return err_set(e, ENOMEM, "read %s", what);
	}
}

int fio_read_at(int dir, const char *name, struct buf *b, struct err *e)
{
	/* O_NONBLOCK: a FIFO that somebody put there must not hold us */
	auto_close int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, errno, "open %s", name);
	if (!S_ISREG(st.st_mode))
		return err_say(e, S_ISDIR(st.st_mode) ? EISDIR : EINVAL, "read %s: not a regular file", name);
	return fio_read_fd(fd, b, name, e);
}

int fio_control(int dir, const char *name, const char *val, struct err *e)
{
	auto_close int fd = openat(dir, name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = strlen(val);
	ssize_t n;

	if (fd < 0)
		return err_set(e, errno, "open %s", name);
	do {
		n = write(fd, val, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(e, errno, "write '%s' to %s", val, name);
	if ((size_t)n != len)
		return err_set(e, EIO, "write '%s' to %s: only %zd bytes were taken", val, name, n);
	return 0;
}

/* Makes, fills and renames the temporary file. What exists of it after a failure is for the caller to remove. */
static int write_aside(int dir, const char *tmp, const char *name, const void *p, size_t n, mode_t mode, bool sync)
{
	auto_close int fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return -errno;
	r = fio_write_all(fd, p, n);
	if (r < 0)
		return r;
	if (fchmod(fd, mode) < 0 || (sync && fsync(fd) < 0))
		return -errno;
	if (close(take_fd(&fd)) < 0 || renameat(dir, tmp, dir, name) < 0)
		return -errno;
	return 0;
}

static int replace(int dir, const char *name, const void *p, size_t n, mode_t mode, bool sync, bool sync_dir,
		   struct err *e)
{
	char tmp[NAME_MAX + 1];
	int r;

	if (!path_is_component(name))
		return err_say(e, EINVAL, "write '%s': not a single file name", name);
	if (str_fmt(tmp, sizeof(tmp), ".%s.tmp", name) < 0)
		return err_set(e, ENAMETOOLONG, "write %s", name);
	if (unlinkat(dir, tmp, 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove stale %s", tmp);
	r = write_aside(dir, tmp, name, p, n, mode, sync);
	if (r == -EEXIST)
		return err_say(e, EBUSY, "write %s: another process is writing it", name);
	if (r < 0) {
		unlinkat(dir, tmp, 0);
		return err_set(e, -r, "write %s", name);
	}
	return sync_dir ? fio_fsync_dir(dir, e) : 0;
}

int fio_replace(int dir, const char *name, const void *p, size_t n, mode_t mode, struct err *e)
{
	return replace(dir, name, p, n, mode, true, true, e);
}

int fio_replace_file(int dir, const char *name, const void *p, size_t n, mode_t mode, struct err *e)
{
	return replace(dir, name, p, n, mode, true, false, e);
}

int fio_replace_run(int dir, const char *name, const void *p, size_t n, mode_t mode, struct err *e)
{
	return replace(dir, name, p, n, mode, false, false, e);
}

int fio_fsync_dir(int dir, struct err *e)
{
	auto_close int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_set(e, errno, "sync directory");
	return 0;
}
