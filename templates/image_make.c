/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes an image of an unpacked tree with the distribution's mkfs.erofs or mksquashfs, and checks one. The tree is a
 * stranger's, so the tool runs in the box of vz-mkimage (image_box.c): the tree is its own, read-only, and so is one file.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "templates/image.h"
#include "templates/image_proto.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/fio.h"
#include "util/sys.h"

#define PROG "vz-mkimage"
#define TIMEOUT_MS (30 * 60 * 1000)
#define LOG_BYTES (1u << 20)
#define SQUASHFS_MEMORY (2ull << 30)	/* of a large machine it would take a quarter, more than the box has addresses for */
#define SLACK_BYTES (1ull << 30)	/* an image may be larger than its tree's contents and inodes by this */
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

const char *image_maker_path(const struct image_format *f)
{
	struct err none = { 0 };

	return str_eq(f->fs, "erofs") ? find_tool(mkfs_erofs, "", &none) : find_tool(mk_squashfs, "", &none);
}

bool image_maker(const struct image_format *f, struct err *e)
{
	return str_eq(f->fs, "erofs") ? find_tool(mkfs_erofs, "erofs-utils", e) : find_tool(mk_squashfs, "squashfs-tools", e);
}

/* What the tool printed; not more than @log has room for. */
static void read_log(int log, char *text, size_t size)
{
	ssize_t n = pread(log, text, size - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
}

static int bad_end(const char *prog, int status, const char *text, struct err *e)
{
	const size_t n = strlen(text);
	char *tail;

	if (n) {
		tail = (char *)text + (n > 200 ? n - 200 : 0);
		return err_say(e, ECHILD, "%s failed: %s", prog, str_trim(tail));
	}
	if (WIFSIGNALED(status))
		return err_say(e, ECHILD, "%s was killed by signal %d (%s)", prog, WTERMSIG(status), strsignal(WTERMSIG(status)));
	return err_say(e, ECHILD, "%s failed with exit code %d", prog, WEXITSTATUS(status));
}

/* Its one file, as a mount: it belongs to the boxed user, so that a mode set there is nobody's on this host. */
static int file_mount(int file, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
				   .propagation = MS_PRIVATE };
	auto_close int fd = -1;

	if (fchown(file, UNPACK_ID_BASE, UNPACK_ID_BASE) < 0)
		return err_set(e, errno, "give the image's file to %s", PROG);
	fd = sys_open_tree(file, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (fd < 0 || sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attr) < 0)
		return err_set(e, errno, "open the image's file as a mount");
	return take_fd(&fd);
}

static int answer(struct unpack *u, int *ret_status, struct err *e)
{
	struct pollfd p = { .fd = u->ctl, .events = POLLIN };
	struct image_done done;
	int rc;

	do
		rc = poll(&p, 1, TIMEOUT_MS);
	while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return err_say(e, ETIMEDOUT, "it took longer than %d minutes", TIMEOUT_MS / 60000);
	if (unpack_answer(u, &done, sizeof(done), e) < 0)
		return -e->code;
	if (done.magic != IMAGE_MAGIC)
		return err_say(e, EPROTO, "%s gave no answer that can be read", PROG);
	*ret_status = done.status;
	return done.err.code ? unpack_take_text(e, &done.err) : 0;
}

/* The image's file is @file, the tool's words in @text when it has run. */
static int run_boxed(const struct image_job *j, const struct image_go *go, int file, char text[LOG_BYTES], struct err *e)
{
	auto_close int tree = open(j->tree, O_PATH | O_DIRECTORY | O_CLOEXEC), mnt = file_mount(file, e);
	auto_close int log = memfd_create("log", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct unpack u = { .ctl = -1, .in = -1, .read_only = true };
	const struct unpack_msg msg = { .data = go, .size = sizeof(*go), .fds = &mnt, .n_fds = 1 };
	const char *prog = strrchr(go->args, '/') + 1;
	int rc, status = 0;

	if (mnt < 0)
		return -e->code;
	if (tree < 0 || log < 0 || ftruncate(log, LOG_BYTES) < 0 || fcntl(log, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) < 0)
		return err_set(e, errno, "%s", j->tree);
	rc = unpack_fork(&u, PROG, "run", (const int[2]){ -1, log }, e);
	if (rc == 0)
		rc = unpack_begin(&u, tree, &msg, e);
	if (rc == 0)
		rc = answer(&u, &status, e);
	unpack_kill(&u);
	if (rc < 0)
		return err_add(e, "%s", prog);
	read_log(log, text, LOG_BYTES);
	return status ? bad_end(prog, status, text, e) : 0;
}

static int add_arg(struct image_go *go, size_t *at, const char *arg, struct err *e)
{
	if (str_copy(go->args + *at, sizeof(go->args) - *at, arg) < 0)
		return err_set(e, E2BIG, "%s", arg);
	*at += strlen(arg) + 1;
	go->n_args++;
	return 0;
}

/* Runs @argv on the tree, with data as its image; both are where IMAGE_BOX_* say. */
static int run(const struct image_job *j, const char *const *argv, char text[LOG_BYTES], struct err *e)
{
	struct image_go go = { .magic = IMAGE_MAGIC, .max_bytes = j->image->tree_bytes + j->image->entries * 8192 + SLACK_BYTES };
	auto_close int file = openat(j->dir, "data", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	size_t at = 0;
	int rc = 0;

	if (file < 0)
		return err_set(e, errno, "%s/data", j->into);
	for (size_t i = 0; argv[i] && rc == 0; i++)
		rc = add_arg(&go, &at, argv[i], e);
	if (rc == 0)
		rc = run_boxed(j, &go, file, text, e);
	if (fchown(file, geteuid(), getegid()) < 0 || fchmod(file, 0444) < 0)
		return rc < 0 ? rc : err_set(e, errno, "%s/data", j->into);
	return rc;
}

/* Its identifier is the template's, so that two images of one template are alike. */
static int make_erofs(const struct image_job *j, char text[LOG_BYTES], struct err *e)
{
	const char *tool = find_tool(mkfs_erofs, "erofs-utils", e), *d = j->image->digest, *argv[8];
	char uuid[40];
	int n = 0;

	if (!tool)
		return -e->code;
	str_fmt(uuid, sizeof(uuid), "-U%.8s-%.4s-%.4s-%.4s-%.12s", d, d + 8, d + 12, d + 16, d + 20);
	argv[n++] = tool;
	argv[n++] = "--quiet";
	argv[n++] = "--preserve-mtime";
	argv[n++] = uuid;
	if (str_eq(j->format->name, "erofs-lz4"))
		argv[n++] = "-zlz4hc";
	argv[n++] = IMAGE_BOX_OUT;
	argv[n++] = IMAGE_BOX_TREE;
	argv[n] = NULL;
	return run(j, argv, text, e);
}

/* squashfs has no room for ACLs; mksquashfs says so and goes on, which a template must not. Nor for an identifier: the time of
 * its making, which would be all that two images of one template differ in, is a number of the template's. */
static int make_squashfs(const struct image_job *j, char text[LOG_BYTES], struct err *e)
{
	const char *tool = find_tool(mk_squashfs, "squashfs-tools", e);
	const bool large = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) > SQUASHFS_MEMORY * 4;
	char seven[8], made[16];
	const char *const argv[] = { tool, IMAGE_BOX_TREE, IMAGE_BOX_OUT, "-noappend", "-no-progress", "-quiet", "-comp", "zstd",
				     "-mkfs-time", made, large ? "-mem" : NULL, "2G", NULL };

	str_fmt(seven, sizeof(seven), "%.7s", j->image->digest);
	str_fmt(made, sizeof(made), "%lu", strtoul(seven, NULL, 16));
	if (!tool || run(j, argv, text, e) < 0)
		return -e->code;
	if (strstr(text, "nrecognised xattr") || strstr(text, "xattr prefix"))
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
	auto_free char *text = calloc(1, LOG_BYTES);
	struct stat st;
	int rc;

	if (!text || stat(j->tree, &st) < 0)
		return err_set(e, errno, "%s", j->tree);
	j->image->mode = st.st_mode & 07777;
	rc = str_eq(j->format->fs, "erofs") ? make_erofs(j, text, e) : make_squashfs(j, text, e);
	if (rc < 0)
		return err_add(e, "image of %s", j->image->name);
	str_copy(j->image->format, sizeof(j->image->format), j->format->name);
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
