/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The embedded template: has vz-unpack write it from the host's busybox, and puts it into the cache when it is new. No
 * binary is shipped with vz, and none is run here: busybox tells its applets inside vz-unpack's box.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/str.h"

static bool same_content(int cache, const char *name, const char *digest)
{
	auto_close int fd = openat(cache, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char have[TMPL_DIGEST_LEN + 1];
	struct err ignored;

	return fd >= 0 && tmpl_digest_fd(fd, have, &ignored) == 0 && strcmp(have, digest) == 0;
}

static int write_new(const struct tmpl_tmp *tmp, int busybox, char digest[TMPL_DIGEST_LEN + 1], struct err *e)
{
	auto_close int out = openat(tmp->dir, "base", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (out < 0 || fchmod(out, 0644) < 0)
		return err_set(e, errno, "tmp/%s/base", tmp->name);
	if (unpack_base(busybox, out, e) < 0)
		return -e->code;
	if (fsync(out) < 0 || lseek(out, 0, SEEK_SET) < 0)
		return err_set(e, errno, "tmp/%s/base", tmp->name);
	return tmpl_digest_fd(out, digest, e);
}

int tmpl_build_base(const char *tmpldir, const char *busybox, struct err *e)
{
	struct tmpl_tmp tmp __attribute__((cleanup(tmp_done))) = { .top = -1, .dir = -1 };
	auto_close int base = -1, cache = -1, fd = open(busybox, O_RDONLY | O_CLOEXEC);
	char digest[TMPL_DIGEST_LEN + 1], name[128];
	struct utsname u;

	if (fd < 0)
		return err_set(e, errno, "%s (a static busybox is needed; package busybox-static)", busybox);
	if (path_mkdir_host(tmpldir, 0755, e) < 0)
		return -e->code;
	base = open(tmpldir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (base < 0 || uname(&u) < 0)
		return err_set(e, errno, "%s", tmpldir);
	cache = path_mkdirs(base, "cache", 0755, e);
	if (cache < 0 || tmp_make(base, &tmp, e) < 0 || write_new(&tmp, fd, digest, e) < 0)
		return err_add(e, "template vz-base");
	str_fmt(name, sizeof(name), "vz-base-%s.tar.zst", u.machine);
	if (same_content(cache, name, digest))
		return 0;
	if (renameat(tmp.dir, "base", cache, name) < 0)
		return err_set(e, errno, "%s/cache/%s", tmpldir, name);
	return fio_fsync_dir(cache, e);
}
