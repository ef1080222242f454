/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images of Incus and LXD: one archive with metadata.yaml and rootfs/, or two files, metadata.tar.* and rootfs.tar.* or
 * rootfs.squashfs. Of the metadata only the architecture counts; its templates are not used, for name, addresses and the
 * like are written into a container by vz itself. Everything is unpacked by vz-unpack; no kernel mounts what is in it.
 */
#include "templates/incus.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "templates/add.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/spawn.h"
#include "util/str.h"

#define META "metadata.yaml"
#define META_MAX (256u << 10)
#define SQFS2TAR "/usr/bin/sqfs2tar"
#define SQFS_TIMEOUT_MS (3600 * 1000)

bool incus_is_unified(int tree)
{
	return add_has(tree, META) && add_has(tree, "rootfs/.");
}

/* Debian's and Go's names for what the kernel calls otherwise. */
static const char *kernel_name(const char *arch)
{
	static const struct { const char *from, *to; } t[] = {
		{ "amd64", "x86_64" }, { "arm64", "aarch64" }, { "armhf", "armv7l" }, { "i386", "i686" }, { "ppc64el", "ppc64le" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		if (strcmp(arch, t[i].from) == 0)
			return t[i].to;
	return arch;
}

/* The one key that is wanted stands at the left edge, in all files that there are; nested ones do not. */
int incus_arch(const char *text, size_t len, char out[32], struct err *e)
{
	static const char key[] = "architecture:", word[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	const char *end = text + len;

	out[0] = '\0';
	if (memchr(text, '\0', len))
		return err_say(e, EBADMSG, "the image's " META " is not a text");
	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((nl ? nl : end) - text);

		if (n >= sizeof(key) - 1 && memcmp(text, key, sizeof(key) - 1) == 0) {
			char value[32] = "";
			size_t from = sizeof(key) - 1, to = n;

			while (from < to && strchr(" \t\"'", text[from]))
				from++;
			while (to > from && strchr(" \t\r\"'", text[to - 1]))
				to--;
			if (to == from || to - from >= sizeof(value))
				return err_say(e, EBADMSG, "the image's " META " names no architecture that is one");
			memcpy(value, text + from, to - from);
			if (strspn(value, word) != to - from)
				return err_say(e, EBADMSG, "the image's " META " names no architecture that is one");
			str_copy(out, 32, kernel_name(value));
			return 0;
		}
		text += n + (nl != NULL);
	}
	return 0;
}

int incus_check(int tree, struct err *e)
{
	auto_buf struct buf b = { .cap = META_MAX };
	auto_close int fd = path_open_beneath(tree, META, O_RDONLY | O_NONBLOCK, 0, e);
	struct utsname u;
	char arch[32];

	if (fd < 0)
		return e->code == ENOENT ? err_say(e, ENOENT, "there is no " META " in it: not an image of Incus or LXD")
					 : -e->code;
	if (fio_read_fd(fd, &b, META, e) < 0 || incus_arch(buf_str(&b), b.len, arch, e) < 0)
		return -e->code;
	uname(&u);
	if (arch[0] && strcmp(arch, u.machine) != 0 && !(str_eq(arch, "i686") && str_eq(u.machine, "x86_64")))
		return err_say(e, ENOTSUP, "the image is for %s; this host is %s", arch, u.machine);
	return 0;
}

int incus_squashfs(int in, const struct tmpl_tmp *tmp, const char *file, struct err *e)
{
	/* nobody's ids, no capability, no network: it reads the one file and writes the other */
	static const char *const argv[] = {
		"/usr/bin/unshare", "--net", "--ipc", "--", "/usr/bin/prlimit", "--as=2147483648", "--fsize=21474836480",
		"--nproc=64", "/usr/bin/setpriv", "--reuid=268369920", "--regid=268369920", "--clear-groups", "--no-new-privs",
		"--inh-caps=-all", "--bounding-set=-all", SQFS2TAR, "-c", "zstd", "-r", ".", "/proc/self/fd/0", NULL,
	};
	auto_close int out = openat(tmp->dir, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	struct spawn s = { .argv = argv, .in = in, .out = out, .err = -1, .timeout_ms = SQFS_TIMEOUT_MS, .tied = true };
	char magic[4] = "";
	int status;

	if (out < 0)
		return err_set(e, errno, "tmp/%s/%s", tmp->name, file);
	if (pread(in, magic, 4, 0) != 4 || memcmp(magic, "hsqs", 4) != 0)
		return err_say(e, EBADMSG, "it is not a squashfs");
	if (access(SQFS2TAR, X_OK) < 0)
		return err_say(e, ENOENT, "sqfs2tar is missing, which reads squashfs: apt-get install squashfs-tools-ng");
	if (fchmod(in, 0444) < 0 || spawn_wait(&s, &status, e) < 0)
		return e->code ? err_say(e, EBADMSG, "the squashfs is damaged, or cannot be read: %s", e->text)
			       : err_set(e, errno, "%s", file);
	return fsync(out) < 0 ? err_set(e, errno, "tmp/%s/%s", tmp->name, file) : 0;
}
