/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After create: an empty password of root is locked, cron jobs that all copies of a template would
 * run in the same minute are spread over the hour, /etc/hosts is there, and no two containers have
 * one machine id or one set of SSH host keys. Everything may be done twice.
 */
#include "libct/postcreate.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/str.h"

#define MARK "trusted.vz.postcreate"

void ct_postcreate_due(int area)
{
	const char *how = getenv("VZCTL_POSTCREATE_SKIP") ? "nocron" : "all";

	if (fsetxattr(area, MARK, how, strlen(how), 0) < 0)
		return;		/* a file system without attributes: the template stays as it is */
}

enum ct_postcreate ct_postcreate_is_due(int area)
{
	char how[16] = "", path[40];

	str_fmt(path, sizeof(path), "/proc/self/fd/%d", area);	/* it may be an O_PATH one */
	if (getxattr(path, MARK, how, sizeof(how) - 1) <= 0)
		return CT_POSTCREATE_NONE;
	return str_eq(how, "nocron") ? CT_POSTCREATE_NO_CRON : CT_POSTCREATE_ALL;
}

void ct_postcreate_done(int area)
{
	char path[40];

	str_fmt(path, sizeof(path), "/proc/self/fd/%d", area);
	if (removexattr(path, MARK) < 0)
		return;		/* then it is done once more */
}

/* A regular file with one name, as text; false: absent, strange or too large. */
static bool read_file(int dir, const char *name, struct buf *b, struct stat *st)
{
	auto_close int fd =
		openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct err ignored = { 0 };

	return fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode) &&
	       fio_read_fd(fd, b, name, &ignored) == 0 && !buf_failed(b);
}

static int write_file(int dir, const char *name, const struct buf *b, const struct stat *st,
		      struct err *e)
{
	if (buf_failed(b))
		return err_set(e, ENOMEM, "%s", name);
	if (fio_replace_run(dir, name, buf_str(b), b->len, st->st_mode & 07777, e) < 0)
		return -e->code;
	if (fchownat(dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "%s", name);
	return 0;
}

/* "root::..." -> "root:!!:...", in shadow and, for trees without one, in passwd. */
static int lock_root(int etc, const char *name, struct err *e)
{
	auto_buf struct buf old = BUF_INIT, b = BUF_INIT;
	struct stat st;
	const char *at;

	if (!read_file(etc, name, &old, &st) || !old.s)
		return 0;
	at = str_starts(old.s, "root::") ? old.s : strstr(old.s, "\nroot::");
	if (!at)
		return 0;
	at += strcspn(at, ":") + 1;
	buf_add(&b, old.s, (size_t)(at - old.s));
	buf_addf(&b, "!!%s", at);
	return write_file(etc, name, &b, &st, e);
}

/* The length of a first field that is one minute, 0 otherwise. */
static size_t minute(const char *line)
{
	size_t n = strspn(line, "0123456789");

	return n && n <= 2 && (line[n] == ' ' || line[n] == '\t') ? n : 0;
}

static void spread(int dir, const char *name)
{
	auto_buf struct buf old = BUF_INIT, b = BUF_INIT;
	struct err ignored = { 0 };
	struct stat st;
	bool changed = false;
	uint32_t r = 0;

	if (!read_file(dir, name, &old, &st) || !old.s)
		return;
	for (char *line = old.s, *end; *line; line = end) {
		size_t n = minute(line);

		end = line + strcspn(line, "\n");
		end += *end == '\n';
		if (n && getrandom(&r, sizeof(r), 0) == sizeof(r)) {
			buf_addf(&b, "%u", r % 60);
			line += n;
			changed = true;
		}
		buf_add(&b, line, (size_t)(end - line));
	}
	if (changed)
		write_file(dir, name, &b, &st, &ignored);
}

static void spread_all(int etc)
{
	struct err ignored = { 0 };
	int fd = path_open_beneath(etc, "cron.d", O_RDONLY | O_DIRECTORY, 0, &ignored);
	auto_closedir DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;

	spread(etc, "crontab");
	for (int i = 0; d && i < 256 && (de = readdir(d)); i++)
		if (de->d_name[0] != '.')
			spread(dirfd(d), de->d_name);
}

static void make_hosts(int etc)
{
	static const char text[] = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
	auto_close int fd = openat(etc, "hosts", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				   0644);

	if (fd >= 0 && (fio_write_all(fd, text, strlen(text)) < 0 || fchmod(fd, 0644) < 0))
		unlinkat(etc, "hosts", 0);
}

/* Empty, it is filled at the next boot; absent, systemd would take it for the first one. */
static void drop_machine_id(int etc)
{
	auto_buf struct buf old = BUF_INIT, none = BUF_INIT;
	struct err ignored = { 0 };
	struct stat st;

	if (read_file(etc, "machine-id", &old, &st) && old.len)
		write_file(etc, "machine-id", &none, &st, &ignored);
}

int ct_postcreate(int root, enum ct_postcreate how, struct err *e)
{
	struct err none = { 0 };
	auto_close int etc = path_open_beneath(root, "etc", O_RDONLY | O_DIRECTORY, 0, &none);

	if (how == CT_POSTCREATE_NONE || etc < 0)
		return 0;
	if (how == CT_POSTCREATE_ALL)
		spread_all(etc);
	make_hosts(etc);
	drop_machine_id(etc);
	ct_postcreate_ssh(root, etc);
	if (lock_root(etc, "shadow", e) < 0 || lock_root(etc, "passwd", e) < 0)
		return err_add(e, "lock the empty password of root");
	return 0;
}
