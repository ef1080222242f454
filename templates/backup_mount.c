/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An archive as a mount: the privileged side opens /dev/fuse and mounts; vz-bkmount in its box serves. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "templates/backup.h"
#include "templates/backup_box.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/str.h"

#define PROG "vz-bkmount"
#define SOURCE "vzdump"
#define FUSE_MAGIC 0x65735546

static int mount_at(const char *at, int dev, struct err *e)
{
	char opts[96];

	str_fmt(opts, sizeof(opts), "fd=%d,rootmode=40000,user_id=0,group_id=0,default_permissions", dev);
	if (mount(SOURCE, at, "fuse", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, opts) == 0)
		return 0;
	return errno == ENODEV ? err_say(e, ENODEV, "this kernel has no FUSE (modprobe fuse); vzrestore --file --to needs none")
			       : err_set(e, errno, "mount on %s", at);
}

static int serve(struct unpack *u, const struct tmpl_chain *c, int dev, struct err *e)
{
	const struct bk_go go = { .magic = BK_MAGIC, .stage = BK_GO, .n_chain = c->n };
	const struct unpack_msg msg = { .data = &go, .size = sizeof(go), .fds = c->fd, .n_fds = c->n };
	struct bk_answer a;
	ssize_t n;

	if (unpack_fork(u, PROG, "serve", (const int[2]){ dev, -1 }, e) < 0 || unpack_begin(u, -1, &msg, e) < 0)
		return -e->code;
	do
		n = recv(u->ctl, &a, sizeof(a), 0);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(a) || a.magic != BK_MAGIC)
		return err_say(e, EPROTO, PROG " gave no answer that can be read");
	return a.err.code ? backup_take_error(e, &a, c) : 0;
}

int tmpl_backup_mount(const struct tmpl_chain *c, const char *at, struct err *e)
{
	auto_close int dev = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	struct unpack u = { .ctl = -1, .in = -1 };

	if (dev < 0)
		return err_set(e, errno, "/dev/fuse (modprobe fuse); vzrestore --file --to needs none");
	if (mount_at(at, dev, e) < 0)
		return -e->code;
	if (serve(&u, c, dev, e) < 0) {
		umount2(at, MNT_DETACH | UMOUNT_NOFOLLOW);
		unpack_kill(&u);
		return -e->code;
	}
	close(u.ctl);
	return 0;
}

/* The server ends by itself; a busy mount is the user's business. */
int tmpl_backup_umount(const char *at, struct err *e)
{
	struct statfs fs = { 0 };

	errno = 0;
	if (statfs(at, &fs) < 0 && errno != ENOTCONN)
		return err_set(e, errno, "%s", at);
	if (errno != ENOTCONN && fs.f_type != FUSE_MAGIC)
		return err_say(e, EINVAL, "no archive is mounted on %s", at);
	return umount2(at, UMOUNT_NOFOLLOW) < 0 ? err_set(e, errno, "unmount %s", at) : 0;
}
