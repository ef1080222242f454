/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc /sys /dev /run of a container. They are built on a staging tmpfs, the child's working
 * directory, where nothing is hostile, and only then moved onto the container's root, each onto
 * a descriptor that was resolved without following a symbolic link. Device nodes are binds of
 * the host's own; masks use them too, never an inode of the container.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "libct/ct_priv.h"
#include "libct/devnode.h"
#include "libct/init.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/sys.h"

#define NSD (MS_NOSUID | MS_NODEV)
#define NSDE (MS_NOSUID | MS_NODEV | MS_NOEXEC)

static const struct {
	const char *name; unsigned major, minor;
} nodes[] = {
	{ "null", 1, 3 },   { "zero", 1, 5 },	 { "full", 1, 7 },
	{ "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 },
};
static const struct {
	const char *to, *at;
} links[] = {
	{ "pts/ptmx", "dev/ptmx" },	     { "/proc/self/fd", "dev/fd" },
	{ "/proc/self/fd/0", "dev/stdin" },  { "/proc/self/fd/1", "dev/stdout" },
	{ "/proc/self/fd/2", "dev/stderr" }, { "/proc/kcore", "dev/core" },
};
/* Nothing here is writable for a mapped root anyway; read-only says so even after a kernel bug. */
static const char *const proc_ro[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sysrq-trigger",
				       "proc/sys" };
static const char *const mask_files[] = {
	"proc/kcore", "proc/kmsg", "proc/keys", "proc/key-users", "proc/timer_list",
	"proc/latency_stats", "proc/sched_debug", "proc/slabinfo", "proc/kpagecount",
	"proc/kpageflags",
};
static const char *const mask_dirs[] = {
	"proc/acpi", "proc/scsi", "sys/firmware", "sys/kernel/security",
	"sys/devices/virtual/powercap", "sys/devices/virtual/dmi",
};

static int mnt(const char *src, const char *at, const char *fs, unsigned long flags,
	       const char *data, struct err *e)
{
	if (mount(src, at, fs, flags, data) < 0)
		return err_set(e, errno, "mount %s on /%s", fs ? fs : src, at);
	return 0;
}

static int make_dir(const char *at, mode_t mode, struct err *e)
{
	if (mkdir(at, mode) < 0 && errno != EEXIST)
		return err_set(e, errno, "make /%s", at);
	return 0;
}

/* A bind that is restricted from the moment it is visible. @ro false: writable below a read-only
 * one. Absent paths differ from kernel to kernel: skipped. */
static int bind_over(const char *src, const char *at, bool ro, struct err *e)
{
	struct mount_attr attr = { .attr_set = (ro ? MOUNT_ATTR_RDONLY : 0) | MOUNT_ATTR_NOSUID |
					       MOUNT_ATTR_NOEXEC,
				   .attr_clr = ro ? 0 : MOUNT_ATTR_RDONLY };
	auto_close int fd = sys_open_tree(AT_FDCWD, src, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "open /%s", src);
	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attr) < 0)
		return err_set(e, errno, "restrict /%s", src);
	if (sys_move_mount(fd, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "cover /%s", at);
	return 0;
}

static int stage_node(const char *name, unsigned major, unsigned minor, struct err *e)
{
	char at[32], src[32];
	struct stat st;
	int fd;

	snprintf(at, sizeof(at), "dev/%s", name);
	snprintf(src, sizeof(src), "/dev/%s", name);
	fd = open(at, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_set(e, errno, "make /%s", at);
	close(fd);
	if (mnt(src, at, NULL, MS_BIND, NULL, e) < 0)
		return -e->code;
	if (stat(at, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(major, minor))
		return err_say(e, ENODEV, "the host's %s is not device %u:%u", src, major, minor);
	return 0;
}

/* The console is a pty of the container's own devpts; the master goes to the monitor. */
static int stage_console(int *ret_master, struct err *e)
{
	auto_close int master = open("dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), slave = -1,
		       tree = -1, at = -1;
	int unlock = 0;

	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return err_set(e, errno, "open a console pty");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || fchmod(slave, 0600) < 0)
		return err_set(e, errno, "open the console");
	at = open("dev/console", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	tree = sys_open_tree(slave, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (at < 0 || tree < 0 ||
	    sys_move_mount(tree, "", AT_FDCWD, "dev/console", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_set(e, errno, "put the console on /dev/console");
	*ret_master = take_fd(&master);
	return 0;
}

/* SHMPAGES: 0 if there is no limit. */
static uint64_t shm_pages(const struct ct_init *p)
{
	const struct num_pair *v = &p->ct->conf.cg.ubc[CG_SHMPAGES];
	uint64_t pages = v->bar ? v->bar : v->lim;

	return v->set && pages < NUM_UNLIMITED / NUM_PAGE ? pages : 0;
}

static int mount_shm(const struct ct_init *p, struct err *e)
{
	uint64_t pages = shm_pages(p);
	char opts[64];

	snprintf(opts, sizeof(opts), pages ? "mode=1777,size=%llu" : "mode=1777",
		 (unsigned long long)pages * NUM_PAGE);
	return mnt("none", "dev/shm", "tmpfs", NSD, opts, e);
}

/* System V's share of it. Before 6.11 only the host's root may set it: /dev/shm is limited anyway. */
static void limit_shmall(const struct ct_init *p)
{
	struct err ignored = { 0 };
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)shm_pages(p));
	if (shm_pages(p))
		fio_control(AT_FDCWD, "proc/sys/kernel/shmall", text, &ignored);
}

static int stage_dev(const struct ct_init *p, struct ct_staged *ret, struct err *e)
{
	const struct num_pair *npty = &p->ct->conf.cg.ubc[CG_NUMPTY];
	char opts[96];

	snprintf(opts, sizeof(opts), "newinstance,gid=5,mode=0620,ptmxmode=0666,max=%llu",
		 npty->set && npty->bar > 0 && npty->bar < 100000
			 ? (unsigned long long)npty->bar + 1
			 : 1024ull);
	if (mnt("none", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME,
		"mode=755,size=1m,nr_inodes=1024", e) < 0)
		return -e->code;
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		if (stage_node(nodes[i].name, nodes[i].major, nodes[i].minor, e) < 0)
			return -e->code;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlink(links[i].to, links[i].at) < 0)
			return err_set(e, errno, "make /%s", links[i].at);
	if (make_dir("dev/pts", 0755, e) < 0 || make_dir("dev/shm", 01777, e) < 0 ||
	    make_dir("dev/mqueue", 0755, e) < 0)
		return -e->code;
	if (mnt("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, opts, e) < 0 ||
	    mount_shm(p, e) < 0 ||
	    mnt("mqueue", "dev/mqueue", "mqueue", NSDE, NULL, e) < 0)
		return -e->code;
	if (p->nodes && ct_devnode_place("dev", p->nodes, e) < 0)
		return -e->code;
	return stage_console(&ret->console, e);
}

static int stage_proc_sys(const struct ct_init *p, struct err *e)
{
	if (mnt("proc", "proc", "proc", NSDE, NULL, e) < 0 ||
	    mnt("sysfs", "sys", "sysfs", NSDE | MS_RDONLY, NULL, e) < 0)
		return -e->code;
	limit_shmall(p);
	if (p->cgroup2 && mnt("cgroup2", "sys/fs/cgroup", "cgroup2", NSDE, NULL, e) < 0)
		return -e->code;
	for (size_t i = 0; i < ARRAY_SIZE(proc_ro); i++)
		if (bind_over(proc_ro[i], proc_ro[i], true, e) < 0)
			return -e->code;
	/* the network namespace's own knobs stay writable: VPN and router guests need them */
	if (bind_over("proc/sys/net", "proc/sys/net", false, e) < 0)
		return -e->code;
	for (size_t i = 0; i < ARRAY_SIZE(mask_files); i++)
		if (bind_over("dev/null", mask_files[i], true, e) < 0)
			return -e->code;
	for (size_t i = 0; i < ARRAY_SIZE(mask_dirs); i++)
		if (bind_over("empty", mask_dirs[i], true, e) < 0)
			return -e->code;
	return 0;
}

/* Where a guest says that it is up: sd_notify(3) for systemd, a fifo for others. Both ends on
 * our side are the monitor's. */
static int stage_run(struct ct_staged *ret, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "run/host/notify" };

	if (mnt("none", "run", "tmpfs", NSD, "mode=755", e) < 0 ||
	    make_dir("run/host", 0755, e) < 0)
		return -e->code;
	ret->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (ret->notify < 0 || bind(ret->notify, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    chmod(a.sun_path, 0600) < 0)
		return err_set(e, errno, "make the notify socket");
	if (mkfifo("run/host/ready", 0600) < 0)
		return err_set(e, errno, "make the readiness fifo");
	ret->ready = open("run/host/ready", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return ret->ready < 0 ? err_set(e, errno, "open the readiness fifo") : 0;
}

int ct_mounts_stage(const struct ct_init *p, struct ct_staged *ret, struct err *e)
{
	static const char *const dirs[] = { "dev", "proc", "sys", "run", "empty" };

	*ret = (struct ct_staged){ -1, -1, -1 };
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (make_dir(dirs[i], 0755, e) < 0)
			return -e->code;
	if (stage_dev(p, ret, e) < 0 || stage_proc_sys(p, e) < 0 || stage_run(ret, e) < 0)
		return -e->code;
	return 0;
}

int ct_mounts_move(int root, struct err *e)
{
	static const char *const tops[] = { "dev", "proc", "sys", "run" };

	for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
		auto_close int at = -1;

		if (mkdirat(root, tops[i], 0755) < 0 && errno != EEXIST)
			return err_set(e, errno, "make the mount point /%s", tops[i]);
		at = path_open_beneath(root, tops[i], O_PATH | O_DIRECTORY, 0, e);
		if (at < 0)
			return err_add(e, "mount point /%s must be a plain directory", tops[i]);
		if (sys_move_mount(AT_FDCWD, tops[i], at, "", MOVE_MOUNT_T_EMPTY_PATH) < 0)
			return err_set(e, errno, "move the mounts to /%s", tops[i]);
	}
	return 0;
}
