/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes an image of an unpacked tree with the distribution's mkfs.erofs or mksquashfs, and checks one. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "templates/image.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/spawn.h"

#define TIMEOUT_MS (30 * 60 * 1000)
static const char *const mkfs_erofs[] = { "/usr/bin/mkfs.erofs", "/usr/sbin/mkfs.erofs", "/sbin/mkfs.erofs", NULL };
static const char *const mk_squashfs[] = { "/usr/bin/mksquashfs", "/usr/sbin/mksquashfs", NULL };

static const char *find_tool(const char *const *where, const char *package, struct err *e)
{
	for (size_t i = 0; where[i]; i++)
		if (access(where[i], X_OK) == 0)
			return where[i];
	err_say(e, ENOENT, "%s is not installed: apt-get install %s", strrchr(where[0], '/') + 1, package);
	return NULL;
}

bool image_maker(const struct image_format *f, struct err *e)
{
	return str_eq(f->fs, "erofs") ? find_tool(mkfs_erofs, "erofs-utils", e) : find_tool(mk_squashfs, "squashfs-tools", e);
}

static int run(const char *const *argv, int log, struct err *e)
{
	const struct spawn s = { .argv = argv, .out = log, .err = log, .timeout_ms = TIMEOUT_MS, .tied = true };
	auto_buf struct buf b = { .cap = 1 << 20 };
	struct err unread;
	const char *tail;
	int status = 0;

	if (spawn_wait(&s, &status, e) == 0)
		return 0;
	if (lseek(log, 0, SEEK_SET) == 0 && fio_read_fd(log, &b, "its output", &unread) == 0 && b.len) {
		tail = buf_str(&b) + (b.len > 200 ? b.len - 200 : 0);
		return err_say(e, e->code, "%s failed: %s", strrchr(argv[0], '/') + 1, str_trim((char *)tail));
	}
	return err_add(e, "%s", strrchr(argv[0], '/') + 1);
}

/* Its identifier is the template's, so that two images of one template are alike. */
static int make_erofs(const struct image_job *j, const char *out, int log, struct err *e)
{
	const char *tool = find_tool(mkfs_erofs, "erofs-utils", e), *d = j->image->digest, *argv[8];
	char uuid[40];
	int n = 0;

	if (!tool)
		return -e->code;
	str_fmt(uuid, sizeof(uuid), "-U%.8s-%.4s-%.4s-%.4s-%.12s", d, d + 8, d + 12, d + 16, d + 20);
	argv[n++] = tool;
	argv[n++] = "--preserve-mtime";
	argv[n++] = uuid;
	if (str_eq(j->format->name, "erofs-lz4"))
		argv[n++] = "-zlz4hc";
	argv[n++] = out;
	argv[n++] = j->tree;
	argv[n] = NULL;
	return run(argv, log, e);
}

/* squashfs has no room for ACLs; mksquashfs says so and goes on, which a template must not. */
static int make_squashfs(const struct image_job *j, const char *out, int log, struct err *e)
{
	const char *tool = find_tool(mk_squashfs, "squashfs-tools", e);
	const char *const argv[] = { tool, j->tree, out, "-noappend", "-no-progress", "-quiet", "-comp", "zstd", NULL };
	auto_buf struct buf b = { .cap = 1 << 20 };

	if (!tool || run(argv, log, e) < 0)
		return -e->code;
	if (lseek(log, 0, SEEK_SET) < 0 || fio_read_fd(log, &b, "output of mksquashfs", e) < 0)
		return -e->code;
	if (strstr(buf_str(&b), "nrecognised xattr") || strstr(buf_str(&b), "xattr prefix"))
		return err_say(e, ENOTSUP, "template %s has ACLs or attributes that squashfs cannot keep: use --format erofs",
			       j->image->name);
	return 0;
}

static int digest_data(int dir, struct tmpl_image *i, bool sync, struct err *e)
{
	auto_close int fd = openat(dir, "data", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || (sync && fsync(fd) < 0))
		return err_set(e, errno, "image data");
	i->bytes = (uint64_t)st.st_size;
	return tmpl_digest_fd(fd, i->sha256, e);
}

int image_make(const struct image_job *j, struct err *e)
{
	auto_close int log = memfd_create("log", MFD_CLOEXEC);
	char out[4096];
	struct stat st;
	int rc;

	if (stat(j->tree, &st) < 0)
		return err_set(e, errno, "%s", j->tree);
	j->image->mode = st.st_mode & 07777;
	if (log < 0 || str_fmt(out, sizeof(out), "%s/data", j->into) < 0)
		return err_set(e, log < 0 ? errno : ENAMETOOLONG, "%s/data", j->into);
	rc = str_eq(j->format->fs, "erofs") ? make_erofs(j, out, log, e) : make_squashfs(j, out, log, e);
	if (rc < 0)
		return err_add(e, "image of %s", j->image->name);
	str_copy(j->image->format, sizeof(j->image->format), j->format->name);
	if (fchmodat(j->dir, "data", 0444, 0) < 0)
		return err_set(e, errno, "%s", out);
	if (digest_data(j->dir, j->image, true, e) < 0 || image_info_write(j->dir, j->image, e) < 0)
		return -e->code;
	return fio_fsync_dir(j->dir, e);
}

int image_verify(int dir, struct tmpl_image *ret, struct err *e)
{
	struct tmpl_image found;

	if (image_info_load(dir, ret, e) < 0 || digest_data(dir, &found, false, e) < 0)
		return -e->code;
	if (found.bytes != ret->bytes)
		return err_say(e, EBADMSG, "the image of %s is cut or was exchanged: it has %llu bytes and should have %llu",
			       ret->name, (unsigned long long)found.bytes, (unsigned long long)ret->bytes);
	if (!str_eq(found.sha256, ret->sha256))
		return err_say(e, EBADMSG, "the image of %s is damaged: its SHA-256 is %s and should be %s", ret->name,
			       found.sha256, ret->sha256);
	return 0;
}
