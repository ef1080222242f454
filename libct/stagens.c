/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes and opens the staging mount namespace. */
#include "libct/stagens.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/sync.h"
#include "util/lock.h"
#include "util/path.h"
#include "util/sys.h"

#define PIN_DIR CT_RUN_DIR "/stage"
#define PIN PIN_DIR "/mnt"
#define LOCK_MS 10000

static int open_pinned(void)
{
	auto_close int fd = open(PIN, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNS ? take_fd(&fd) : -1;
}

static int take_over(const char *name, struct err *e)
{
	char src[16];
	auto_close int tree = -1;

	snprintf(src, sizeof(src), "/%s", name);
	tree = sys_open_tree(AT_FDCWD, src, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0 || mkdir(name, 0755) < 0 ||
	    sys_move_mount(tree, "", AT_FDCWD, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_set(e, errno, "take %s into the staging namespace", src);
	return 0;
}

static int furnish(struct err *e)
{
	static const char *const keep[] = { "proc", "sys", "dev" };

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_set(e, errno, "make the staging namespace");
	if (mount("none", CT_RUN_DIR, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=64k") < 0 ||
	    chdir(CT_RUN_DIR) < 0)
		return err_set(e, errno, "mount the staging root");
	for (size_t i = 0; i < ARRAY_SIZE(keep); i++)
		if (take_over(keep[i], e) < 0)
			return -e->code;
	if (mkdir("run", 0755) < 0 || mkdir("." CT_RUN_DIR, 0700) < 0)
		return err_set(e, errno, "make " CT_RUN_DIR);
	if (sys_pivot_root(".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return err_set(e, errno, "leave the host's mounts");
	return 0;
}

/* A mount namespace cannot be bound where the mount would propagate, and systemd shares /run with its services. */
static int private_dir(struct err *e)
{
	if (mkdir(PIN_DIR, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "make " PIN_DIR);
	if (mount(NULL, PIN_DIR, NULL, MS_PRIVATE, NULL) == 0)
		return 0;		/* a mount already */
	if (mount(PIN_DIR, PIN_DIR, NULL, MS_BIND, NULL) < 0 || mount(NULL, PIN_DIR, NULL, MS_PRIVATE, NULL) < 0)
		return err_set(e, errno, "make " PIN_DIR " a private mount");
	return 0;
}

static int pin(pid_t pid, struct err *e)
{
	char src[40];
	int rc = private_dir(e);
	auto_close int at = rc < 0 ? -1 : open(PIN, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (rc < 0)
		return rc;
	snprintf(src, sizeof(src), "/proc/%d/ns/mnt", pid);
	if (at < 0 || mount(src, PIN, NULL, MS_BIND, NULL) < 0)
		return err_set(e, errno, "keep the staging namespace on " PIN);
	return 0;
}

static void move_to(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

/* A child makes the namespace, on @cpu if that is not -1, and waits while we take hold of it. */
static int make_on(int cpu, struct err *e)
{
	int sk[2], rc;
	pid_t pid;

	if (ct_sync_pair(sk, e) < 0)
		return -e->code;
	pid = fork();
	if (pid == 0) {
		close(sk[0]);
		if (cpu >= 0)
			move_to(cpu);
		if (furnish(e) < 0)
			ct_sync_fail(sk[1], e);
		else if (ct_sync_send(sk[1], CT_SYNC_READY, 0, NULL, 0, e) == 0)
			ct_sync_wait(sk[1], CT_SYNC_GO, NULL, e);
		_exit(0);
	}
	close(sk[1]);
	rc = pid < 0 ? err_set(e, errno, "fork") : ct_sync_wait(sk[0], CT_SYNC_READY, NULL, e);
	if (rc == 0)
		rc = pin(pid, e);
	close(sk[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return rc;
}

/*
 * A mount namespace may only be bound in one with a lower id, so that there are no loops. Since
 * Linux 6.18 ids are handed out to CPUs in batches: a new one may be lower than ours. On the CPU
 * that made ours every new one is higher.
 */
static int make(struct err *e)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	for (int cpu = -1; cpu < cpus; cpu++) {
		err_clear(e);
		if (make_on(cpu, e) == 0)
			return 0;
		if (e->code != EINVAL)
			break;
	}
	return -e->code;
}

int ct_stage_ns_open(struct err *e)
{
	auto_close int dir = -1, lock = -1;
	int fd = open_pinned();

	if (fd >= 0)
		return fd;
	if (path_mkdir_host(CT_LOCK_DIR, 0700, e) < 0)
		return -e->code;
	dir = open(CT_LOCK_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || lock_take(dir, "stage", LOCK_MS, &lock, e) < 0)
		return err_set(e, dir < 0 ? errno : e->code, "lock the staging namespace");
	fd = open_pinned();
	if (fd >= 0)
		return fd;
	if (make(e) < 0)
		return -e->code;
	fd = open_pinned();
	return fd >= 0 ? fd : err_set(e, errno, "open " PIN);
}
