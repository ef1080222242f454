/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An OCI image layout as a root tree: index, manifest, configuration and layers, each read only after its digest was
 * found right. Layers are unpacked one on the other by vz-unpack. An image without an init gets one that runs its
 * entrypoint, if that is wanted; else it is refused, since a container here is a whole system.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "templates/add.h"
#include "templates/oci.h"
#include "templates/pull.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/sha256.h"
#include "util/str.h"

#define INDEX_DEPTH 3		/* an index may name an index */

static const char *oci_arch(void)
{
	static const struct { const char *kernel, *oci; } t[] = {
		{ "x86_64", "amd64" }, { "aarch64", "arm64" }, { "armv7l", "arm" }, { "i686", "386" }, { "ppc64le", "ppc64le" },
		{ "s390x", "s390x" }, { "riscv64", "riscv64" },
	};
	static struct utsname u;

	uname(&u);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		if (str_eq(t[i].kernel, u.machine))
			return t[i].oci;
	return u.machine;
}

static int open_blob(int layout, const struct oci_blob *b, struct err *e)
{
	auto_close int fd = -1;
	char path[96];
	struct stat st;

	str_fmt(path, sizeof(path), "blobs/sha256/%s", b->sha256);
	fd = path_open_beneath(layout, path, O_RDONLY | O_NONBLOCK, 0, e);
	if (fd < 0)
		return e->code == ENOENT ? err_say(e, EBADMSG, "the image is incomplete: %s is missing", path) : -e->code;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != b->size)
		return err_say(e, EBADMSG, "the image is damaged: %s has not the size that its manifest says", path);
	return take_fd(&fd);
}

static int read_blob(int layout, const struct oci_blob *b, struct buf *text, struct err *e)
{
	auto_close int fd = open_blob(layout, b, e);
	char digest[TMPL_DIGEST_LEN + 1];
	struct sha256 s;

	if (fd < 0)
		return -e->code;
	if (fio_read_fd(fd, text, "a blob", e) < 0)
		return -e->code;
	sha256_init(&s);
	sha256_add(&s, buf_str(text), text->len);
	sha256_hex(&s, digest);
	if (strcmp(digest, b->sha256) != 0)
		return err_say(e, EBADMSG, "the image is damaged: blobs/sha256/%s has the SHA-256 %s", b->sha256, digest);
	return 0;
}

static int find_manifest(int layout, const char *tag, struct oci_image *img, char digest[TMPL_DIGEST_LEN + 1],
			 struct err *e)
{
	auto_buf struct buf b = { .cap = OCI_JSON_MAX };
	auto_close int fd = path_open_beneath(layout, "index.json", O_RDONLY | O_NONBLOCK, 0, e);
	struct oci_ref ref = { .kind = OCI_INDEX };

	if (fd < 0 || fio_read_fd(fd, &b, "index.json", e) < 0)
		return -e->code;
	for (int depth = 0; depth < INDEX_DEPTH && ref.kind == OCI_INDEX; depth++) {
		if (oci_index_parse(buf_str(&b), b.len, oci_arch(), depth ? NULL : tag, &ref, e) < 0)
			return -e->code;
		buf_reset(&b);
		if (read_blob(layout, &ref.blob, &b, e) < 0)
			return -e->code;
	}
	if (ref.kind == OCI_INDEX)
		return err_say(e, EBADMSG, "the image's indexes are nested too deep");
	str_copy(digest, TMPL_DIGEST_LEN + 1, ref.blob.sha256);
	return oci_manifest_parse(buf_str(&b), b.len, img, e);
}

static int lay(int layout, const struct oci_image *img, int tree, const struct tmpl_ui *ui, struct err *e)
{
	struct tmpl_limits l = { TMPL_MAX_BYTES, TMPL_MAX_ENTRIES };

	for (size_t i = 0; i < img->n_layers; i++) {
		auto_close int fd = open_blob(layout, &img->layer[i], e);
		struct unpack_result r;

		if (fd < 0)
			return -e->code;
		import_say(ui, "layer %zu of %zu, %llu bytes", i + 1, img->n_layers, (unsigned long long)img->layer[i].size);
		if (unpack_layer(fd, tree, &l, &r, e) < 0)
			return err_add(e, "layer %zu", i + 1);
		if (strcmp(r.digest, img->layer[i].sha256) != 0)
			return err_say(e, EBADMSG, "the image is damaged: layer %zu has the SHA-256 %s, its manifest says %s",
				       i + 1, r.digest, img->layer[i].sha256);
		if (r.count.bytes >= l.max_bytes || r.count.entries >= l.max_entries)
			return err_say(e, EFBIG, "the image's layers are too large together");
		l.max_bytes -= r.count.bytes;
		l.max_entries -= r.count.entries;
	}
	return 0;
}

static void quote(struct buf *b, const char *s)
{
	buf_addc(b, '\'');
	for (; *s; s++)
		if (*s == '\'')
			buf_adds(b, "'\\''");
		else
			buf_addc(b, *s);
	buf_addc(b, '\'');
}

static const char names[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

/* The init of an application's image: its environment, its directory, its entrypoint under a shell that collects the dead. */
static int init_text(const struct oci_config *c, struct buf *b, struct err *e)
{
	if (!c->entry.n)
		return err_say(e, EINVAL, "the image has neither an init nor an entrypoint");
	if (c->user[0] && strcmp(c->user, "root") != 0 && strcmp(c->user, "0") != 0 && !str_starts(c->user, "0:"))
		return err_say(e, ENOTSUP, "the image's entrypoint runs as user %s; only root's are run", c->user);
	buf_adds(b, "#!/bin/sh\n# Written by vztmpl add --app from the image's configuration.\n");
	for (size_t i = 0; i < c->env.n; i++) {
		size_t n = strcspn(c->env.v[i], "=");

		if (n == 0 || !c->env.v[i][n] || strspn(c->env.v[i], names) != n)
			continue;
		buf_addf(b, "export %.*s=", (int)n, c->env.v[i]);
		quote(b, c->env.v[i] + n + 1);
		buf_addc(b, '\n');
	}
	buf_adds(b, "cd ");
	quote(b, c->dir[0] ? c->dir : "/");
	buf_adds(b, " || cd /\n");
	for (size_t i = 0; i < c->entry.n; i++) {
		quote(b, c->entry.v[i]);
		buf_addc(b, i + 1 < c->entry.n ? ' ' : '\n');
	}
	buf_adds(b, "status=$?\necho \"the application ended with status $status\" >/dev/console 2>/dev/null\nexit $status\n");
	return buf_failed(b) ? err_set(e, ENOMEM, "an init") : 0;
}

bool add_has(int tree, const char *path)
{
	struct err none = { 0 };
	int fd = path_open(tree, path, O_PATH, 0, &none);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int see_to_init(int layout, const struct oci_image *img, bool app, int tree, struct err *e)
{
	auto_buf struct buf text = { .cap = OCI_JSON_MAX }, init = BUF_INIT;
	struct oci_config c __attribute__((cleanup(oci_config_done))) = { .user = "" };
	auto_close int sbin = -1;

	if (read_blob(layout, &img->config, &text, e) < 0 || oci_config_parse(buf_str(&text), text.len, oci_arch(), &c, e) < 0)
		return -e->code;
	if (add_has(tree, "sbin/init"))
		return 0;
	if (!app)
		return err_say(e, EINVAL, "the image has no /sbin/init: it is an application, not a system; --app runs its "
			       "entrypoint in place of one");
	if (!add_has(tree, "bin/sh"))
		return err_say(e, ENOTSUP, "the image has neither /sbin/init nor /bin/sh");
	if (init_text(&c, &init, e) < 0)
		return -e->code;
	/* the tree is not yet anybody's: no process but this one can reach it; links in it stay inside it */
	sbin = path_open(tree, "sbin", O_RDONLY | O_DIRECTORY, 0, e);
	if (sbin < 0 && e->code == ENOENT) {
		err_clear(e);
		sbin = path_mkdirs(tree, "sbin", 0755, e);
	}
	return sbin < 0 ? -e->code : fio_replace(sbin, "init", buf_str(&init), init.len, 0755, e);
}

int oci_to_tree(int layout, const struct tmpl_add *a, int tree, struct err *e)
{
	char digest[TMPL_DIGEST_LEN + 1];
	struct oci_image img;

	if (find_manifest(layout, a->tag, &img, digest, e) < 0)
		return -e->code;
	if (a->sha256 && strcmp(a->sha256, digest) != 0)
		return err_say(e, EBADMSG, "its manifest has the SHA-256 %s, not the one given", digest);
	if (lay(layout, &img, tree, a->ui, e) < 0)
		return -e->code;
	return see_to_init(layout, &img, a->app, tree, e);
}
