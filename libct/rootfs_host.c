/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A root put together for the host itself. Layers may be mounts of their own (template images), and overlayfs wants its
 * layers in the mount namespace of who mounts it; so a child does it in one that ends with it, and only the finished root
 * comes back. Killed at any point, nothing of it stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libct/ct_priv.h"
#include "libct/stagens.h"
#include "libct/sync.h"
#include "util/sys.h"

static int build(const struct ct_rootfs *r, int stage_ns, struct err *e)
{
	if (setns(stage_ns, CLONE_NEWNS) < 0 || unshare(CLONE_NEWNS) < 0)
		return err_set(e, errno, "a mount namespace for the root");
	if (mount("none", CT_RUN_DIR, "tmpfs", MS_NOSUID, "mode=700,size=1m") < 0 || chdir(CT_RUN_DIR) < 0)
		return err_set(e, errno, "mount the staging tmpfs");
	return ct_rootfs_assemble(r, e);
}

static void child(const struct ct_rootfs *r, int stage_ns, int sk)
{
	struct err e = { 0 };
	int root = build(r, stage_ns, &e);

	if (root < 0)
		ct_sync_fail(sk, &e);
	else
		ct_sync_send(sk, CT_SYNC_ROOT, 0, &root, 1, &e);
	_exit(0);
}

static int attach(int root, const char *at, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };

	if (sys_mount_setattr(root, "", AT_EMPTY_PATH, &attr) < 0 ||
	    sys_move_mount(root, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_set(e, errno, "mount the root on %s", at);
	return 0;
}

int ct_rootfs_host(const struct ct_rootfs *r, const char *at, struct err *e)
{
	auto_close int stage_ns = ct_stage_ns_open(e);
	struct ct_sync_msg m;
	int sk[2], rc;
	pid_t pid;

	if (stage_ns < 0 || ct_sync_pair(sk, e) < 0)
		return -e->code;
	pid = fork();
	if (pid == 0)
		child(r, stage_ns, sk[1]);
	close(sk[1]);
	rc = pid < 0 ? err_set(e, errno, "fork") : ct_sync_wait(sk[0], CT_SYNC_ROOT, &m, e);
	if (rc == 0) {
		rc = attach(m.fd[0], at, e);
		ct_sync_close_fds(&m);
	}
	close(sk[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return rc;
}
