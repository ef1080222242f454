/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Brings a file here: from a directory of this host by reading it, from a web server by the program vz-fetch. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "templates/pull.h"
#include "util/auto.h"
#include "util/fio.h"
#include "util/spawn.h"
#include "util/str.h"

#define CHUNK (256u << 10)
#define FETCH_TIMEOUT_MS (12 * 3600 * 1000)

bool fetch_is_web(const char *source)
{
	return str_starts(source, "http://") || str_starts(source, "https://");
}

const char *fetch_path(const char *source)
{
	if (str_starts(source, "file://"))
		source += strlen("file://");
	return source[0] == '/' ? source : NULL;
}

static int copy(int from, int out, uint64_t max, const char *what, struct err *e)
{
	auto_free char *buf = malloc(CHUNK);
	uint64_t got = 0;
	ssize_t n;

	if (!buf)
		return err_set(e, ENOMEM, "%s", what);
	while ((n = read(from, buf, CHUNK)) != 0) {
		int rc;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, errno, "read %s", what);
		got += (uint64_t)n;
		if (got > max)
			return err_say(e, EFBIG, "%s: more than the %llu bytes that it may have", what, (unsigned long long)max);
		rc = fio_write_all(out, buf, (size_t)n);
		if (rc < 0)
			return err_set(e, -rc, "copy %s", what);
	}
	return 0;
}

static int from_file(const char *path, int out, uint64_t max, struct err *e)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_say(e, EINVAL, "%s is not a file", path);
	return copy(fd, out, max, path, e);
}

static int from_web(const char *url, int out, uint64_t max, uint64_t expect, struct err *e)
{
	char prog[4096], limit[24], size[24];
	const char *const argv[] = { prog, url, limit, expect ? size : NULL, NULL };
	/* the reason is wanted, or how far it is: standard error is one of both */
	struct spawn s = { .argv = argv, .out = out, .err = expect ? 0 : -1, .timeout_ms = FETCH_TIMEOUT_MS, .tied = true };
	int status = 0;

	if (unpack_helper_path("vz-fetch", prog, e) < 0)
		return -e->code;
	str_fmt(limit, sizeof(limit), "%llu", (unsigned long long)max);
	str_fmt(size, sizeof(size), "%llu", (unsigned long long)expect);
	if (spawn_wait(&s, &status, e) == 0)
		return 0;
	if (status == 2)
		e->code = ENOENT;
	else if (status == 3)
		e->code = ENOSPC;
	return err_add(e, "fetch");
}

int fetch_to(const char *source, int out, uint64_t max, uint64_t expect, struct err *e)
{
	const char *path = fetch_path(source);

	if (fetch_is_web(source))
		return from_web(source, out, max, expect, e);
	if (!path)
		return err_say(e, EINVAL, "%s is neither a full path nor a URL that begins with file://, http:// or https://",
			       source);
	return from_file(path, out, max, e);
}

int fetch_new(const char *source, int dir, const char *name, uint64_t max, uint64_t expect, struct err *e)
{
	auto_close int fd = openat(dir, name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_set(e, errno, "%s", name);
	if (fetch_to(source, fd, max, expect, e) < 0)
		return -e->code;
	return fsync(fd) < 0 ? err_set(e, errno, "write %s", name) : take_fd(&fd);
}
