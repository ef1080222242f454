/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vztmpl add: an archive (rootfs.tar.*), or an OCI image as a layout directory or an archive of one, becomes a template.
 * Somebody must vouch for it: a signature beside it, a digest on the command line, or the administrator with --unsigned.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "templates/add.h"
#include "templates/incus.h"
#include "templates/index.h"
#include "templates/pull.h"
#include "templates/sign.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/sha256.h"
#include "util/str.h"

#define SIG_MAX 4096
#define SIGNED_MAX SIGN_DATA_MAX	/* a signature is over the whole file in memory */

#define SQUASHFS ".squashfs"

/* The ending of what may be added, or NULL. */
static const char *add_suffix(const char *file)
{
	const char *s = tmpl_suffix_of(file);

	return s ? s : str_ends(file, SQUASHFS) && strlen(file) > strlen(SQUASHFS) ? SQUASHFS : NULL;
}

struct add {
	const struct tmpl_add *a;
	const char *tmpldir;
	int base;
	struct tmpl_tmp tmp;
	struct sign_key key;
	char name[256], file[300];	/* the template's; in tmp/ */
};

static void add_done(struct add *x)
{
	tmp_done(&x->tmp);
	auto_close_(&x->base);
}

/* "x/debian.tar.zst" -> "debian", unless a name was given. */
static int find_name(struct add *x, const char *suffix, struct err *e)
{
	const char *s = x->a->source, *slash;
	size_t len = strlen(s);

	while (len > 1 && s[len - 1] == '/')
		len--;
	slash = memrchr(s, '/', len);
	if (slash) {
		len -= (size_t)(slash + 1 - s);
		s = slash + 1;
	}
	if (suffix)
		len -= strlen(suffix);
	if (x->a->name)
		str_copy(x->name, sizeof(x->name), x->a->name);
	else
		str_fmt(x->name, sizeof(x->name), "%.*s", (int)MIN(len, (size_t)255), s);
	if (!tmpl_name_ok(x->name) || (x->a->name && strlen(x->a->name) >= sizeof(x->name)))
		return err_say(e, EINVAL, "\"%.80s\" is not a name for a template; give one with --name", x->name);
	return 0;
}

int add_dir(const struct tmpl_tmp *tmp, const char *name, struct err *e)
{
	int fd = -1;

	if (mkdirat(tmp->dir, name, 0755) == 0)
		fd = openat(tmp->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 || fchmod(fd, 0755) < 0 ? err_set(e, errno, "tmp/%s/%s", tmp->name, name) : fd;
}

int add_pack(const struct tmpl_tmp *tmp, int tree, bool clean, const char *file, struct err *e)
{
	auto_close int out = openat(tmp->dir, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (out < 0)
		return err_set(e, errno, "tmp/%s/%s", tmp->name, file);
	if (tmpl_pack(tree, out, clean ? TMPL_PACK_CLEAN : 0, NULL, e) < 0)
		return -e->code;
	return fsync(out) < 0 ? err_set(e, errno, "tmp/%s/%s", tmp->name, file) : 0;
}

/* --- who vouches for it --- */

static int signature_beside(struct add *x, int fd, struct err *e)
{
	auto_buf struct buf sig = { .cap = SIG_MAX }, text = { .cap = SIGNED_MAX };
	auto_close int sfd = -1;
	char url[4200];

	str_fmt(url, sizeof(url), "%s.sig", x->a->source);
	sfd = fetch_new(url, x->tmp.dir, "sig", SIG_MAX, 0, e);
	if (sfd < 0)
		return -e->code;
	if (lseek(sfd, 0, SEEK_SET) < 0 || fio_read_fd(sfd, &sig, url, e) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    fio_read_fd(fd, &text, x->a->source, e) < 0)
		return e->code ? -e->code : err_set(e, errno, "%s", x->a->source);
	return sign_verify(x->a->keys, buf_str(&sig), sig.len, buf_str(&text), text.len, &x->key, e);
}

static int vouched(struct add *x, int fd, struct err *e)
{
	char digest[TMPL_DIGEST_LEN + 1];

	if (x->a->sha256) {
		if (lseek(fd, 0, SEEK_SET) < 0 || tmpl_digest_fd(fd, digest, e) < 0)
			return e->code ? -e->code : err_set(e, errno, "%s", x->a->source);
		return strcmp(digest, x->a->sha256) == 0 ? 0
		       : err_say(e, EBADMSG, "%s has the SHA-256 %s, not the one given", x->a->source, digest);
	}
	if (signature_beside(x, fd, e) == 0 || (e->code != ENOENT && !(x->a->unsigned_ok && e->code == ENOKEY)))
		return -e->code;
	if (!x->a->unsigned_ok)
		return err_say(e, ENOENT, "nobody vouches for %s: there is no %s.sig. Give its digest with --sha256, or take it "
			       "as it is with --unsigned", x->a->source, x->a->source);
	err_clear(e);
	return 0;
}

/* --- what it is --- */

/* A tar, not compressed, whose entries are those of a layout. Headers only are looked at. */
static bool is_oci_archive(int fd)
{
	char h[512], size[13];
	off_t at = 0;

	for (int i = 0; i < 4096 && pread(fd, h, sizeof(h), at) == (ssize_t)sizeof(h) && h[0]; i++) {
		const char *name = str_starts(h, "./") ? h + 2 : h;

		if (memcmp(h + 257, "ustar", 5) != 0)
			return false;
		if (strncmp(name, "oci-layout", sizeof("oci-layout")) == 0)	/* the nul too: not one that begins so */
			return true;
		memcpy(size, h + 124, 12);
		size[12] = '\0';
		at += 512 + (off_t)((strtoull(size, NULL, 8) + 511) / 512 * 512);
	}
	return false;
}

static int from_layout(struct add *x, int layout, struct err *e)
{
	auto_close int tree = add_dir(&x->tmp, "root", e);
	const struct origin o = { "oci", x->a->source, x->key.name };
	struct tmpl t;

	str_fmt(x->file, sizeof(x->file), "%s.tar.zst", x->name);
	if (tree < 0 || oci_to_tree(layout, x->a, tree, e) < 0 || add_pack(&x->tmp, tree, false, x->file, e) < 0)
		return -e->code;
	return import_archive(x->tmpldir, &x->tmp, x->file, x->name, &o, &t, e);
}

static int layout_dir(struct add *x, const char *path, struct err *e)
{
	auto_close int layout = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (layout < 0)
		return err_set(e, errno, "%s", path);
	if (!add_has(layout, "oci-layout"))
		return err_say(e, EINVAL, "%s is a directory without the file oci-layout: not an image", path);
	if (!x->a->sha256 && !x->a->unsigned_ok)
		return err_say(e, ENOENT, "nobody vouches for %s: give the SHA-256 of its manifest with --sha256, or take it as "
			       "it is with --unsigned", path);
	return find_name(x, NULL, e) < 0 ? -e->code : from_layout(x, layout, e);
}

static int oci_archive(struct add *x, int fd, struct err *e)
{
	auto_close int layout = add_dir(&x->tmp, "layout", e);
	const struct tmpl_add *a = x->a;
	struct tmpl_add own = *a;
	struct unpack_result r;
	int rc;

	if (layout < 0 || lseek(fd, 0, SEEK_SET) < 0 || unpack_archive(fd, layout, NULL, &r, e) < 0)
		return e->code ? -e->code : err_set(e, errno, "%s", x->a->source);
	own.sha256 = NULL;		/* it was the archive's */
	x->a = &own;
	rc = from_layout(x, layout, e);
	x->a = a;
	return rc;
}

/* Of Incus and LXD: what is below rootfs/ of the tree in the store is the template. */
static int from_unified(struct add *x, int tree, struct err *e)
{
	const struct origin o = { "incus", x->a->source, x->key.name };
	auto_close int rootfs = -1;
	struct tmpl t;

	if (incus_check(tree, e) < 0)
		return -e->code;
	rootfs = path_open_beneath(tree, "rootfs", O_RDONLY | O_DIRECTORY, 0, e);
	str_fmt(x->file, sizeof(x->file), "incus-%s.tar.zst", x->name);
	if (rootfs < 0 || add_pack(&x->tmp, rootfs, false, x->file, e) < 0)
		return -e->code;
	return import_archive(x->tmpldir, &x->tmp, x->file, x->name, &o, &t, e);
}

/* A root, or an image of Incus; the store has its tree afterwards, which is not unpacked again. */
static int root_archive(struct add *x, struct err *e)
{
	const struct origin o = { x->a->rootfs ? "incus" : "add", x->a->source, x->key.name };
	struct tmpl t = { .name = "" };
	auto_close int tree = -1;

	str_copy(t.name, sizeof(t.name), x->name);
	if (str_fmt(t.archive, sizeof(t.archive), "%s/tmp/%s/%s", x->tmpldir, x->tmp.name, x->file) < 0)
		return err_set(e, ENAMETOOLONG, "%s", x->tmpldir);
	if (tmpl_tree(x->tmpldir, &t, NULL, &tree, e) < 0)
		return -e->code;
	if (!x->a->rootfs && incus_is_unified(tree))
		return from_unified(x, tree, e);
	if (add_has(tree, "metadata.yaml") && !add_has(tree, "bin"))
		return err_say(e, EINVAL, "%s is the metadata of an image in two files: name the other one with --rootfs",
			       x->a->source);
	return import_archive(x->tmpldir, &x->tmp, x->file, x->name, &o, &t, e);
}

/* The file @fd, which came by the name @source, as tmp/x->file. */
static int squashfs(struct add *x, int fd, const char *file, struct err *e)
{
	str_fmt(x->file, sizeof(x->file), "%s.tar.zst", x->name);
	if (incus_squashfs(fd, &x->tmp, x->file, e) < 0)
		return -e->code;
	unlinkat(x->tmp.dir, file, 0);
	return root_archive(x, e);
}

static int archive(struct add *x, struct err *e)
{
	const char *suffix = add_suffix(x->a->source);
	auto_close int fd = -1;

	if (!suffix)
		return err_say(e, EINVAL, "%s does not end like a template (.tar, .tar.gz, .tar.bz2, .tar.xz, .tar.zst, .squashfs)",
			       x->a->source);
	if (find_name(x, suffix, e) < 0)
		return -e->code;
	str_fmt(x->file, sizeof(x->file), "%s%s", x->name, suffix);
	fd = fetch_new(x->a->source, x->tmp.dir, x->file, INDEX_ARCHIVE_MAX, 0, e);
	if (fd < 0 || vouched(x, fd, e) < 0)
		return -e->code;
	if (str_eq(suffix, SQUASHFS)) {
		char file[300];

		str_copy(file, sizeof(file), x->file);
		return squashfs(x, fd, file, e);
	}
	if (is_oci_archive(fd)) {
		unlinkat(x->tmp.dir, x->file, 0);
		return oci_archive(x, fd, e);
	}
	return root_archive(x, e);
}

/* SHA-256 of both files, one behind the other: what Incus calls the image. */
static int fingerprint(struct add *x, int meta, int rootfs, struct err *e)
{
	char digest[TMPL_DIGEST_LEN + 1];
	struct sha256 s;
	const int fd[] = { meta, rootfs };

	if (!x->a->sha256)
		return x->a->unsigned_ok ? 0
		       : err_say(e, ENOENT, "nobody vouches for %s: give the image's fingerprint (the SHA-256 of both files, one "
				 "behind the other) with --sha256, or take it as it is with --unsigned", x->a->source);
	sha256_init(&s);
	for (size_t i = 0; i < ARRAY_SIZE(fd); i++) {
		char buf[16384];
		ssize_t n;

		if (lseek(fd[i], 0, SEEK_SET) < 0)
			return err_set(e, errno, "%s", x->a->source);
		while ((n = read(fd[i], buf, sizeof(buf))) > 0)
			sha256_add(&s, buf, (size_t)n);
		if (n < 0 || lseek(fd[i], 0, SEEK_SET) < 0)
			return err_set(e, errno, "%s", x->a->source);
	}
	sha256_hex(&s, digest);
	return strcmp(digest, x->a->sha256) == 0 ? 0
	       : err_say(e, EBADMSG, "the image has the fingerprint %s, not the one given", digest);
}

/* Metadata and root in two files. */
static int split(struct add *x, struct err *e)
{
	const char *suffix = add_suffix(x->a->source), *rsuffix = add_suffix(x->a->rootfs);
	auto_close int meta = -1, root = -1, tree = -1;
	struct unpack_result r;
	char file[300];

	if (!suffix || str_eq(suffix, SQUASHFS) || !rsuffix)
		return err_say(e, EINVAL, "%s does not end like %s", !rsuffix ? x->a->rootfs : x->a->source,
			       !rsuffix ? "a root (.squashfs, .tar, .tar.gz, .tar.bz2, .tar.xz, .tar.zst)"
					: "an archive of metadata");
	if (find_name(x, suffix, e) < 0)
		return -e->code;
	str_fmt(file, sizeof(file), "meta%s", suffix);
	meta = fetch_new(x->a->source, x->tmp.dir, file, INDEX_ARCHIVE_MAX, 0, e);
	if (meta < 0)
		return -e->code;
	str_fmt(x->file, sizeof(x->file), "%s%s", x->name, rsuffix);
	root = fetch_new(x->a->rootfs, x->tmp.dir, x->file, INDEX_ARCHIVE_MAX, 0, e);
	if (root < 0 || fingerprint(x, meta, root, e) < 0)
		return -e->code;
	tree = add_dir(&x->tmp, "meta", e);
	if (tree < 0 || lseek(meta, 0, SEEK_SET) < 0 || unpack_archive(meta, tree, NULL, &r, e) < 0)
		return e->code ? err_add(e, "%s", x->a->source) : err_set(e, errno, "%s", x->a->source);
	if (incus_check(tree, e) < 0)
		return err_add(e, "%s", x->a->source);
	str_copy(file, sizeof(file), x->file);
	return str_eq(rsuffix, SQUASHFS) ? squashfs(x, root, file, e) : root_archive(x, e);
}

int tmpl_add(const char *tmpldir, const struct tmpl_add *a, struct tmpl *ret, struct err *e)
{
	struct add x __attribute__((cleanup(add_done))) = { .a = a, .tmpldir = tmpldir, .base = -1,
							    .tmp = { .top = -1, .dir = -1 } };
	const char *path = fetch_path(a->source);
	struct stat st;
	int rc;

	if (!path && !fetch_is_web(a->source))
		return err_say(e, EINVAL, "%s is neither a full path nor a URL that begins with file://, http:// or https://",
			       a->source);
	if (a->sha256 && !tmpl_is_digest(a->sha256))
		return err_say(e, EINVAL, "\"%.80s\" is not a SHA-256: 64 digits 0-9 and a-f", a->sha256);
	if (path_mkdir_host(tmpldir, 0755, e) < 0)
		return -e->code;
	x.base = tmpl_base(tmpldir, e);
	if (x.base < 0 || tmpl_sweep(tmpldir, e) < 0 || tmp_make(x.base, &x.tmp, e) < 0)
		return -e->code;
	if (a->rootfs)
		rc = split(&x, e);
	else
		rc = path && stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? layout_dir(&x, path, e) : archive(&x, e);
	return rc < 0 ? rc : tmpl_find(tmpldir, x.name, ret, e);
}
