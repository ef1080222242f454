/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The child of a start, from the clone to the exec of the container's init. It is born single-
 * threaded in new namespaces, holds nothing of the host but what the parent opened for it, and
 * tells each failure whole over the stage socket. The parent's side is start.c.
 */
#include "libct/init.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "libct/caps.h"
#include "libct/ct_priv.h"
#include "libct/guest.h"
#include "libct/ksm.h"
#include "libct/postcreate.h"
#include "libct/seccomp.h"
#include "libct/sync.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/sys.h"

static const char *const init_paths[] = { "/sbin/init", "/etc/init", "/bin/init" };

static int become_root(struct err *e)
{
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_set(e, errno, "become root of the user namespace");
	return 0;
}

/* v1 groups are joined by the child itself: moving another process costs 8 ms. Only then is the
 * cgroup namespace made, so that it is rooted at the container's own groups. */
static int join_cgroups(const struct ct_init *p, struct err *e)
{
	int rc = p->join ? cg_join_self(p->join) : 0;

	if (rc < 0)
		return err_set(e, -rc, "join the control groups");
	if (unshare(CLONE_NEWCGROUP) < 0)
		return err_set(e, errno, "make a cgroup namespace");
	return 0;
}

/*
 * A tmpfs of our own as the working directory: every mount is built here, away from host and
 * container. The copies of the host's mounts are slaves already, since this namespace belongs to
 * another user namespace: nothing goes back.
 */
static int enter_stage(struct err *e)
{
	if (mount("none", CT_RUN_DIR, "tmpfs", MS_NOSUID, "mode=700,size=1m") < 0 ||
	    chdir(CT_RUN_DIR) < 0)
		return err_set(e, errno, "mount the staging tmpfs");
	return 0;
}

static int hand_over_root(const struct ct_init *p, struct err *e)
{
	auto_close int tree = ct_rootfs_assemble(p->rootfs, e);

	if (tree < 0)
		return tree;
	if (ct_postcreate(tree, p->postcreate, e) < 0)
		return -e->code;
	return ct_sync_send(p->sync, CT_SYNC_ROOT, 0, &tree, 1, e);
}

static int receive_root(const struct ct_init *p, struct err *e)
{
	struct ct_sync_msg m;
	auto_close int tree = -1, root = -1;

	if (ct_sync_wait(p->sync, CT_SYNC_ROOT_BACK, &m, e) < 0)
		return -e->code;
	tree = m.fd[0];
	if (mkdir("new", 0700) < 0 ||
	    sys_move_mount(tree, "", AT_FDCWD, "new", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_set(e, errno, "attach the root");
	root = open("new", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_set(e, errno, "open the root");
	if (ct_mounts_move(root, e) < 0)
		return -e->code;
	if (fchdir(root) < 0 || sys_pivot_root(".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
	    chdir("/") < 0)
		return err_set(e, errno, "pivot to the root");
	return 0;
}

/* CTID.start, read by the parent into a memory file, fed to the container's own shell. */
static int run_script(const struct ct_init *p, struct err *e)
{
	int status = 0;

	if (p->script < 0)
		return 0;
	if (ct_shell_here(p, p->script, -1, &status, e) < 0)
		return -e->code;
	if (status != 0) {
		err_say(e, ECHILD, "start script of the container exited with status %d", status);
		return err_exit(e, VZ_ACTIONSCRIPT_ERROR);
	}
	return 0;
}

/* Old init scripts check no file systems when it is there. */
static void make_fastboot(void)
{
	auto_close int fd = open("/fastboot", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				 0644);

	(void)fd;
}

static int set_up_inside(const struct ct_init *p, struct err *e)
{
	const struct ct_conf *c = &p->ct->conf;
	const char *host = c->hostname && *c->hostname ? c->hostname : p->ct->ids;

	if (sethostname(host, strlen(host)) < 0)
		return err_set(e, errno, "set the host name %s", host);
	if (!p->setup)
		return 0;
	make_fastboot();
	return ct_guest_files(p->guest, e);
}

/* Standard streams of init are the console, opened inside (a checkpoint can only name what lies
 * inside). */
static int open_console(struct err *e)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, errno, "open /dev/console");
	for (int i = 0; i < 3; i++)
		if (dup2(fd, i) < 0)
			return err_set(e, errno, "open /dev/console");
	if (fd > 2)
		close(fd);
	return 0;
}

#define SOFT_NOFILE 1024	/* what the kernel gives its own init */

static bool init_is_systemd(void)
{
	char to[256];
	ssize_t n = readlink("/sbin/init", to, sizeof(to) - 1);

	return n > 0 && memmem(to, (size_t)n, "systemd", 7) != NULL;
}

/* Soft limits are the same whoever starts the container: a daemon's own are none of its business. */
static void lower_soft(__rlimit_resource_t what, rlim_t soft)
{
	struct rlimit l;

	if (getrlimit(what, &l) < 0 || l.rlim_cur <= soft)
		return;
	l.rlim_cur = soft;
	setrlimit(what, &l);
}

/* LOCKEDPAGES; never above what the host gives us. */
static void limit_mlock(const struct num_pair *pages)
{
	struct rlimit l;

	if (!pages->set || getrlimit(RLIMIT_MEMLOCK, &l) < 0 || pages->bar >= l.rlim_max / NUM_PAGE)
		return;
	l.rlim_cur = l.rlim_max = pages->bar * NUM_PAGE;
	setrlimit(RLIMIT_MEMLOCK, &l);
}

/* The words of the caller's command line, a password perhaps, are nothing for ps inside. */
static void hide_args(void)
{
	auto_buf struct buf b = BUF_INIT;
	struct err ignored = { 0 };
	unsigned long from = 0, to = 0;
	const char *at;

	prctl(PR_SET_NAME, "init", 0, 0, 0);
	if (fio_read_at(AT_FDCWD, "/proc/self/stat", &b, &ignored) < 0)
		return;
	at = strrchr(buf_str(&b), ')');		/* field 2 ends here; 48 and 49 are wanted */
	for (int field = 2; at && field < 48; field++)
		at = strchr(at + 1, ' ');
	if (at && sscanf(at, "%lu %lu", &from, &to) == 2 && from && to > from)
		memset((void *)from, 0, to - from);
}

/* In place of init: nothing but somebody whose children may come and go. Its memory is a copy of
 * the caller's, so it is not dumpable: nobody inside can look at it. */
static void __attribute__((noreturn)) hold(void)
{
	signal(SIGCHLD, SIG_IGN);
	hide_args();
	sys_close_range(0, ~0u, 0);
	for (;;)
		pause();
}

static int exec_init(const struct ct_init *p, struct err *e)
{
	char *argv[] = { "init", NULL };
	char *env[] = { "HOME=/", "TERM=linux", "container=openvz", NULL, NULL };

	if (init_is_systemd())
		env[3] = "NOTIFY_SOCKET=/run/host/notify";
	lower_soft(RLIMIT_CORE, 0);
	lower_soft(RLIMIT_NOFILE, SOFT_NOFILE);
	limit_mlock(&p->ct->conf.cg.ubc[CG_LOCKEDPAGES]);
	if (p->ct->conf.ksm.v == 1)
		ct_ksm_join(); /* the parent has said it if this kernel cannot */
	sys_reset_signals();
	setsid();
	syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */,
		NULL); /* never the host's; ENOSYS is as good */
	if (ct_caps_apply(p->caps, e) < 0 || ct_seccomp_load(p->nesting, e) < 0)
		return -e->code;
	if (p->hold)
		hold();
	for (size_t i = 0; i < ARRAY_SIZE(init_paths); i++) {
		execve(init_paths[i], argv, env);
		if (errno != ENOENT && errno != ENOTDIR)
			break;
	}
	err_set(e, errno, "exec init");
	return err_exit(e, VZ_FS_BAD_TMPL);
}

static int prepare(const struct ct_init *p, struct err *e)
{
	struct ct_staged st = { -1, -1, -1 };

	if (become_root(e) < 0 || join_cgroups(p, e) < 0 || enter_stage(e) < 0 ||
	    hand_over_root(p, e) < 0)
		return -e->code;
	if (p->mount_only)
		_exit(0);
	if (ct_mounts_stage(p, &st, e) < 0)
		return -e->code;
	if (ct_sync_send(p->sync, CT_SYNC_CONSOLE, 0, (int[]){ st.console, st.notify, st.ready }, 3,
			 e) < 0)
		return -e->code;
	auto_close_(&st.console);
	auto_close_(&st.notify);
	auto_close_(&st.ready);
	if (receive_root(p, e) < 0 || set_up_inside(p, e) < 0)
		return -e->code;
	if (ct_sync_wait(p->sync, CT_SYNC_NET, NULL, e) < 0)
		return -e->code;
	if (p->setup && net_inside_up(&p->ct->conf.net.ip, e) < 0)
		return err_exit(e, VZ_CANT_ADDIP);
	if (!p->setup)
		return 0;
	return ct_action_jobs_here(&p->guest->jobs, p, e) < 0 ? -e->code : run_script(p, e);
}

void ct_init_main(const struct ct_init *p)
{
	struct err e = { 0 };

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	umask(022);
	if (ct_sync_wait(p->sync, CT_SYNC_MAPPED, NULL, &e) == 0 && prepare(p, &e) == 0 &&
	    open_console(&e) == 0 && ct_sync_send(p->sync, CT_SYNC_READY, 0, NULL, 0, &e) == 0 &&
	    ct_sync_wait(p->sync, CT_SYNC_GO, NULL, &e) == 0) {
		sys_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
		exec_init(p, &e);
	}
	ct_sync_fail(p->sync, &e);
	_exit(1);
}
