/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot's files for one process only. A child mounts them in a mount namespace of its own and hands the mount over as
 * a descriptor: nothing of it is ever seen on the host, and nothing is left whoever is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "libct/backup_tree.h"
#include "libct/ct_priv.h"
#include "libct/snapshot.h"
#include "util/fdmsg.h"
#include "util/sys.h"

#define AT "/tmp"		/* in the child's own namespace: a directory that every host has */

static int mount_it(struct ct *ct, const char *guid, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };
	int fd;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_set(e, errno, "mount namespace of the backup");
	if ((guid ? ct_snap_tree(ct, guid, AT, e) : ct_rootfs_by_name(ct->conf.layout)->mount_host(ct, AT, e)) < 0)
		return -e->code;
	fd = sys_open_tree(AT_FDCWD, AT, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "take the mount of the snapshot");
	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attr) < 0)
		return err_set(e, errno, "make the snapshot read-only");
	return fd;
}

/* The error, and with it the descriptor. */
static int give(int sk, int fd, const struct err *e)
{
	return fdmsg_send(sk, e, sizeof(*e), &fd, fd >= 0, 0) < 0 ? -errno : 0;
}

static int take(int sk, int *ret_fd, struct err *e)
{
	struct err got = { 0 };
	size_t n_fds = 1;
	ssize_t n = fdmsg_recv(sk, &got, sizeof(got), ret_fd, &n_fds, 0);

	if (n != (ssize_t)sizeof(got) || (!got.code && !n_fds))
		return err_say(e, EPROTO, "the process that mounts the snapshot ended without an answer");
	if (got.code)
		*e = got;
	return -got.code;
}

int ct_backup_tree(struct ct *ct, const char *guid, int *ret_fd, struct err *e)
{
	int sk[2], rc;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sk) < 0)
		return err_set(e, errno, "socketpair");
	pid = fork();
	if (pid == 0) {
		struct err mine = { 0 };
		int fd;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fd = mount_it(ct, guid, &mine);
		_exit(give(sk[1], fd, &mine) < 0);
	}
	close(sk[1]);
	rc = pid < 0 ? err_set(e, errno, "fork") : take(sk[0], ret_fd, e);
	close(sk[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return rc;
}
