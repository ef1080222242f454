/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree as an archive: tar in pax form, zstd, names sorted, so that the same tree gives the same bytes. Runs in the box
 * with the tree as its root: it cannot see, nor be led to, anything else. Only vz-unpack links it.
 *
 * UNPACK_CLEAN leaves out what a template must not carry over from the machine it was: identity, keys, logs, caches.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "templates/unpack_proto.h"
#include "util/auto.h"
#include "util/str.h"
#include "util/sys.h"

#define MAX_PATH 4095
#define MAX_DEPTH 256
#define XATTR_MAX 65536
#define SPARSE_FROM (64 << 10)
#define ZSTD_LEVEL "7"

struct pack {
	int root;
	const struct unpack_go *go;
	struct unpack_count *c;
	struct archive *out;
	struct archive_entry_linkresolver *links;
	char path[MAX_PATH + 1];	/* of the entry at hand, "" the top */
	size_t len;
	unsigned depth;
	char buf[128 << 10];
};

static int write_error(struct pack *p, struct err *e)
{
	int code = archive_errno(p->out);
	const char *why = archive_error_string(p->out);

	if (code > 0 && code < 4096)
		return err_set(e, code, "write the archive at \"%s\"", p->path);
	return err_say(e, EIO, "write the archive at \"%s\": %s", p->path, why ? why : "failed");
}

static int open_at(struct pack *p, int flags)
{
	struct open_how how = { .flags = (uint64_t)flags | O_NOFOLLOW | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV };

	return sys_openat2(p->root, p->len ? p->path : ".", &how);
}

/* --- what is left out --- */

struct rule { const char *path; enum { DROP, EMPTY, INSIDE } what; };	/* gone; there, without content; a directory's content */
static const struct rule rules[] = {
	{ "etc/machine-id", EMPTY }, { "etc/hostname", DROP }, { "etc/resolv.conf", DROP }, { "var/lib/dbus/machine-id", DROP },
	{ "var/lib/systemd/random-seed", DROP }, { "var/lib/urandom/random-seed", DROP }, { "lost+found", DROP },
	{ "root/.bash_history", DROP }, { "root/.ash_history", DROP }, { "root/.viminfo", DROP }, { "root/.lesshst", DROP },
	{ "tmp", INSIDE }, { "var/tmp", INSIDE }, { "run", INSIDE }, { "dev", INSIDE }, { "proc", INSIDE }, { "sys", INSIDE },
	{ "var/lib/apt/lists", INSIDE }, { "var/cache/apt/archives", INSIDE }, { "var/cache/dnf", INSIDE },
	{ "var/cache/apk", INSIDE }, { "var/lib/dhcp", INSIDE }, { "var/lib/cloud/instances", INSIDE },
};

static bool is_host_key(const char *path)
{
	return str_starts(path, "etc/ssh/ssh_host_") && !strchr(path + strlen("etc/ssh/"), '/');
}

/* 1: leave it out, 2: write it without content. */
static int judge(const struct pack *p, mode_t type)
{
	if (!(p->go->flags & UNPACK_CLEAN))
		return 0;
	if (is_host_key(p->path))
		return 1;
	if (str_starts(p->path, "var/log/") && type == S_IFREG)
		return 2;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		size_t n = strlen(rules[i].path);

		if (rules[i].what == INSIDE && str_starts(p->path, rules[i].path) && p->path[n] == '/')
			return 1;
		if (rules[i].what != INSIDE && strcmp(p->path, rules[i].path) == 0)
			return rules[i].what == DROP ? 1 : 2;
	}
	return 0;
}

/* --- one entry --- */

static bool xattr_goes(const char *name)
{
	return strcmp(name, "security.capability") == 0 || str_starts(name, "system.posix_acl_") ||
	       (str_starts(name, "user.") && !str_starts(name, "user.overlay."));
}

/* Read by the path below /proc, which there is none of in the box: so from the working directory, which is the root. */
static int add_xattrs(struct pack *p, struct archive_entry *en, struct err *e)
{
	char names[XATTR_MAX];
	ssize_t n = llistxattr(p->len ? p->path : ".", names, sizeof(names));

	if (n < 0)
		return errno == ENOTSUP ? 0 : err_set(e, errno, "attributes of \"%s\"", p->path);
	for (const char *name = names; name < names + n; name += strlen(name) + 1) {
		ssize_t len;

		if (!xattr_goes(name)) {
			p->c->xattrs_dropped++;
			continue;
		}
		len = lgetxattr(p->len ? p->path : ".", name, p->buf, XATTR_MAX);
		if (len < 0)
			return err_set(e, errno, "attribute %s of \"%s\"", name, p->path);
		archive_entry_xattr_add_entry(en, name, p->buf, (size_t)len);
	}
	return 0;
}

static void add_sparse(struct archive_entry *en, int fd, const struct stat *st)
{
	off_t at = 0, end;

	if (st->st_size < SPARSE_FROM || st->st_blocks * 512 >= st->st_size)
		return;
	while (at < st->st_size && (at = lseek(fd, at, SEEK_DATA)) >= 0) {
		end = lseek(fd, at, SEEK_HOLE);
		if (end < 0)
			return;
		archive_entry_sparse_add_entry(en, at, end - at);
		at = end;
	}
	if (archive_entry_sparse_count(en) == 0)
		archive_entry_sparse_add_entry(en, st->st_size, 0);	/* a hole from end to end */
}

static int copy_data(struct pack *p, int fd, int64_t size, struct err *e)
{
	int64_t done = 0;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_set(e, errno, "read \"%s\"", p->path);
	while (done < size) {
		ssize_t n = read(fd, p->buf, (size_t)MIN(size - done, (int64_t)sizeof(p->buf)));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, errno, "read \"%s\"", p->path);
		if (n == 0)
			return err_say(e, EAGAIN, "\"%s\" became shorter while it was read", p->path);
		if (archive_write_data(p->out, p->buf, (size_t)n) < 0)
			return write_error(p, e);
		done += n;
	}
	return 0;
}

static int describe(struct pack *p, struct archive_entry *en, const struct stat *st, struct err *e)
{
	char name[MAX_PATH + 3], target[MAX_PATH + 1];

	str_fmt(name, sizeof(name), "./%s", p->path);
	archive_entry_copy_stat(en, st);
	archive_entry_unset_atime(en);
	archive_entry_unset_ctime(en);
	archive_entry_unset_birthtime(en);
	archive_entry_set_pathname(en, name);
	if (S_ISLNK(st->st_mode)) {
		ssize_t n = readlinkat(p->root, p->path, target, sizeof(target) - 1);

		if (n < 0)
			return err_set(e, errno, "\"%s\"", p->path);
		target[n] = '\0';
		archive_entry_set_symlink(en, target);
	}
	return add_xattrs(p, en, e);
}

static int put(struct pack *p, struct archive_entry *en, int fd, struct err *e)
{
	struct archive_entry *spare = NULL;

	archive_entry_linkify(p->links, &en, &spare);
	if (!en)
		return 0;
	if (archive_write_header(p->out, en) != ARCHIVE_OK)
		return write_error(p, e);
	if (fd >= 0 && archive_entry_size(en) > 0 && !archive_entry_hardlink(en))
		return copy_data(p, fd, archive_entry_size(en), e);
	return 0;
}

static int entry(struct pack *p, const struct stat *st, bool no_content, struct err *e)
{
	struct archive_entry *en = archive_entry_new();
	auto_close int fd = -1;
	int rc;

	if (!en)
		return err_set(e, ENOMEM, "\"%s\"", p->path);
	rc = describe(p, en, st, e);
	if (rc == 0 && no_content) {
		archive_entry_set_size(en, 0);
		archive_entry_set_nlink(en, 1);
	} else if (rc == 0 && S_ISREG(st->st_mode)) {
		fd = open_at(p, O_RDONLY | O_NOCTTY);
		if (fd < 0)
			rc = err_set(e, errno, "\"%s\"", p->path);
		else
			add_sparse(en, fd, st);
	}
	if (rc == 0)
		rc = put(p, en, fd, e);
	p->c->bytes += no_content ? 0 : (uint64_t)(S_ISREG(st->st_mode) ? st->st_size : 0);
	archive_entry_free(en);
	return rc;
}

/* --- the walk --- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list(struct pack *p, struct str_list *ret, struct err *e)
{
	auto_close int fd = open_at(p, O_RDONLY | O_DIRECTORY);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d)
		return err_set(e, errno, "\"%s\"", p->path);
	take_fd(&fd);
	while ((de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0 && str_list_add(ret, de->d_name, e) < 0)
			return -e->code;
	if (ret->n > 1)
		qsort(ret->v, ret->n, sizeof(ret->v[0]), by_name);
	return 0;
}

static int walk(struct pack *p, struct err *e);

static int visit(struct pack *p, struct err *e)
{
	struct stat st;
	int what;

	if (fstatat(p->root, p->len ? p->path : ".", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "\"%s\"", p->path);
	what = judge(p, st.st_mode & S_IFMT);
	if (what == 1)
		return 0;
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) || S_ISSOCK(st.st_mode)) {
		p->c->nodes_skipped++;
		return 0;
	}
	if (++p->c->entries > p->go->max_entries)
		return err_say(e, EFBIG, "more than %llu files", (unsigned long long)p->go->max_entries);
	if (entry(p, &st, what == 2, e) < 0)
		return -e->code;
	if (p->c->bytes > p->go->max_bytes)
		return err_say(e, EFBIG, "more than %llu bytes", (unsigned long long)p->go->max_bytes);
	return S_ISDIR(st.st_mode) ? walk(p, e) : 0;
}

static int walk(struct pack *p, struct err *e)
{
	struct str_list names __attribute__((cleanup(str_list_clear))) = { 0 };
	size_t len = p->len;
	int rc = 0;

	if (++p->depth > MAX_DEPTH)
		return err_say(e, ELOOP, "\"%s\" is nested deeper than %d directories", p->path, MAX_DEPTH);
	if (list(p, &names, e) < 0)
		return -e->code;
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		size_t n = strlen(names.v[i]);

		if (len + n + 1 > MAX_PATH)
			return err_set(e, ENAMETOOLONG, "\"%.200s...\"", p->path);
		if (len)
			p->path[len] = '/';
		memcpy(p->path + len + (len > 0), names.v[i], n + 1);
		p->len = len + (len > 0) + n;
		rc = visit(p, e);
		p->path[len] = '\0';
		p->len = len;
	}
	p->depth--;
	return rc;
}

int pack_run(int out, const struct unpack_go *go, struct unpack_count *c, struct err *e)
{
	static struct pack p;
	int rc = 0;

	p = (struct pack){ .go = go, .c = c, .root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) };
	p.out = archive_write_new();
	p.links = archive_entry_linkresolver_new();
	if (p.root < 0 || !p.out || !p.links)
		return err_set(e, ENOMEM, "begin the archive");
	archive_entry_linkresolver_set_strategy(p.links, ARCHIVE_FORMAT_TAR_PAX_RESTRICTED);
	if (archive_write_set_format_pax_restricted(p.out) != ARCHIVE_OK || archive_write_add_filter_zstd(p.out) != ARCHIVE_OK ||
	    archive_write_set_filter_option(p.out, "zstd", "compression-level", ZSTD_LEVEL) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(p.out, 1) != ARCHIVE_OK || archive_write_open_fd(p.out, out) != ARCHIVE_OK)
		rc = write_error(&p, e);
	if (rc == 0)
		rc = visit(&p, e);
	if (rc == 0 && archive_write_close(p.out) != ARCHIVE_OK)
		rc = write_error(&p, e);
	archive_entry_linkresolver_free(p.links);
	archive_write_free(p.out);
	return rc;
}
