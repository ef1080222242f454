/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contents of regular files: shared where both trees are on one file system that can, else copied, holes left out. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "templates/copy_proto.h"
#include "util/auto.h"
#include "util/fio.h"

#define CHUNK (256u << 10)
#define SPARSE_MIN (1 << 20)
#define SPARSE_SLACK (1 << 16)

static int open_in(int dir, const char *name, int flags)
{
	return openat(dir, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* The data from @at to @end. */
static int stretch(int from, int to, off_t at, off_t end, char *buf)
{
	while (at < end) {
		ssize_t n = pread(from, buf, (size_t)MIN((off_t)CHUNK, end - at), at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;	/* it became shorter: somebody is at it */
		if (lseek(to, at, SEEK_SET) < 0)
			return -errno;
		int rc = fio_write_all(to, buf, (size_t)n);

		if (rc < 0)
			return rc;
		at += n;
		copy_tell_part((uint64_t)n);
	}
	return 0;
}

static int stretches(int from, int to, off_t size)
{
	auto_free char *buf = malloc(CHUNK);
	off_t at = 0, end;
	int rc;

	if (!buf)
		return -ENOMEM;
	while (at < size && (at = lseek(from, at, SEEK_DATA)) >= 0) {
		end = lseek(from, at, SEEK_HOLE);
		if (end < 0)
			return -errno;
		rc = stretch(from, to, at, MIN(end, size), buf);
		if (rc < 0)
			return rc;
		at = end;
	}
	if (at < 0 && errno != ENXIO)		/* ENXIO: nothing but a hole is left */
		return -errno;
	return ftruncate(to, size) < 0 ? -errno : 0;
}

int copy_data(const struct copy_at *at, const struct stat *st, struct err *e)
{
	auto_close int from = open_in(at->from, at->name, O_RDONLY);
	auto_close int to = from < 0 ? -1 : openat(at->to, at->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc;

	if (to < 0)
		return err_set(e, errno, "/%s", at->path);
	if (st->st_size == 0 || ioctl(to, FICLONE, from) == 0)
		return 0;
	rc = stretches(from, to, st->st_size);
	return rc < 0 ? err_set(e, -rc, "/%s", at->path) : 0;
}

/* Where data begins at @at or after it, in one of two files; @size: nowhere. A guest's hole may have any size. */
static off_t either_data(int a, int b, off_t at, off_t size)
{
	off_t first = size;

	for (int i = 0; i < 2; i++) {
		off_t pos = lseek(i ? b : a, at, SEEK_DATA);

		if (pos < 0 && errno != ENXIO)
			return -errno;
		if (pos >= 0 && pos < first)
			first = pos;
	}
	return first;
}

/* 1 the same, 0 not, or -errno. */
static int same(int a, int b, off_t size)
{
	auto_free char *pa = malloc(CHUNK), *pb = malloc(CHUNK);

	if (!pa || !pb)
		return -ENOMEM;
	for (off_t at = 0; (at = either_data(a, b, at, size)) < size;) {
		ssize_t n, m;

		if (at < 0)
			return (int)at;
		n = pread(a, pa, CHUNK, at);
		m = n > 0 ? pread(b, pb, (size_t)n, at) : 0;
		if (n < 0 || m < 0)
			return -errno;
		if (n == 0 || n != m || memcmp(pa, pb, (size_t)n) != 0)
			return 0;
		at += n;
		copy_tell_part((uint64_t)n);
	}
	return 1;
}

int copy_data_same(const struct copy_at *at, const struct stat *st, struct err *e)
{
	auto_close int a = open_in(at->from, at->name, O_RDONLY), b = open_in(at->to, at->name, O_RDONLY);
	struct stat now;
	int rc;

	if (a < 0 || b < 0 || fstat(b, &now) < 0)
		return err_set(e, errno, "/%s", at->path);
	rc = now.st_size == st->st_size ? same(a, b, st->st_size) : 0;
	if (rc < 0)
		return err_set(e, -rc, "compare /%s", at->path);
	if (rc == 0)
		return err_say(e, EIO, "/%s differs from what it was copied from: its contents", at->path);
	if (st->st_size >= SPARSE_MIN && st->st_blocks * 512 < st->st_size / 2 &&
	    now.st_blocks * 512 > st->st_size / 2 + SPARSE_SLACK)
		return err_say(e, EIO, "/%s differs from what it was copied from: it lost its holes", at->path);
	return 0;
}
