/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * floor: the least that starting, entering, stopping and creating a container can be on this
 * kernel, as plain system calls: what `make bench` divides by. All namespaces with a user
 * namespace, control groups of v1 (joined by the child itself) and v2, an overlay root, the
 * mounts a system container has, a routed veth with address and default route, exec. No
 * configuration, lock, state, limit, filter or check: that is what a real program adds.
 *
 *	floor start -r LOWER -o DIR -p PIDFILE [-i IF -a IP] [-2 DIR] [-1 DIR]... -- argv
 *	floor exec -p PIDFILE [-2 DIR] [-1 DIR]... -- argv
 *						setns by pidfd, join, fork, exec, wait
 *	floor stop -p PIDFILE [-2 DIR] [-1 DIR]...
 *						SIGKILL by pidfd, wait, remove the groups
 *	floor create -o DIR			upper, work, merged, a durable file
 *	floor hook -a IP			createRuntime hook of OCI: the veth alone
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/sched.h>

#include "bench/floor_net.h"

#define V1_MAX 16
#define UID_MAP "0 100000 65536"

static const char *lower, *ovl, *pidfile, *cg2, *addr, *host_if;
static const char *cg1[V1_MAX];
static unsigned cg1_n;

_Noreturn void die(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

static const char *in(const char *dir, const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void join(void)
{
	for (unsigned i = 0; i < cg1_n; i++)
		put(in(cg1[i], "tasks"), "0");
}

static void groups(bool make)
{
	for (unsigned i = 0; i <= cg1_n; i++) {
		const char *dir = i < cg1_n ? cg1[i] : cg2;

		if (!dir)
			continue;
		if (make && mkdir(dir, 0755) < 0 && errno != EEXIST)
			die(dir);
		for (int k = 0; !make && k < 10000 && rmdir(dir) < 0 && errno == EBUSY; k++)
			usleep(50);
	}
}

static int group_fd(void)
{
	return cg2 ? open(cg2, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
}

static pid_t born(uint64_t flags, int group)
{
	struct clone_args a = { .flags = flags, .exit_signal = SIGCHLD };
	long pid;

	if (group >= 0) {
		a.cgroup = (uint64_t)group;
		a.flags |= CLONE_INTO_CGROUP;
	}
	pid = syscall(SYS_clone3, &a, sizeof(a));
	if (pid < 0)
		die("clone3");
	return (pid_t)pid;
}

static pid_t read_pid(void)
{
	char b[16] = "";
	int fd = open(pidfile, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, b, sizeof(b) - 1) < 1)
		die(pidfile);
	close(fd);
	return (pid_t)strtol(b, NULL, 10);
}

static void device(const char *name)
{
	char to[32], from[32];
	int fd;

	snprintf(to, sizeof(to), "dev/%s", name);
	snprintf(from, sizeof(from), "/dev/%s", name);
	fd = open(to, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
	close(fd);
	if (mount(from, to, NULL, MS_BIND, NULL) < 0)
		die(to);
}

/* What a system container's own init finds mounted, and the covers every runtime puts on /proc. */
static void mounts(void)
{
	static const char *const dev[] = { "null", "zero", "full", "random", "urandom", "tty" };
	static const char *const ro[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys",
					  "proc/sysrq-trigger" };
	static const char *const cover[] = { "proc/kcore", "proc/keys", "proc/timer_list" };
	const unsigned long ns = MS_NOSUID | MS_NOEXEC | MS_NODEV;

	if (mount("proc", "proc", "proc", ns, NULL) < 0 ||
	    mount("sysfs", "sys", "sysfs", ns | MS_RDONLY, NULL) < 0)
		die("proc, sys");
	if (mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755") < 0 ||
	    mount("tmpfs", "run", "tmpfs", ns, "mode=755") < 0)
		die("dev, run");
	for (size_t i = 0; i < sizeof(dev) / sizeof(*dev); i++)
		device(dev[i]);
	if (mkdir("dev/pts", 0755) < 0 || mkdir("dev/shm", 01777) < 0 ||
	    mkdir("dev/mqueue", 0755) < 0)
		die("dev");
	if (mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		  "newinstance,ptmxmode=0666,mode=0620") < 0 ||
	    mount("tmpfs", "dev/shm", "tmpfs", ns, "mode=1777") < 0 ||
	    mount("mqueue", "dev/mqueue", "mqueue", ns, NULL) < 0 ||
	    symlink("pts/ptmx", "dev/ptmx") < 0 || symlink("/proc/self/fd", "dev/fd") < 0)
		die("dev/*");
	if (cg2)
		mount("cgroup2", "sys/fs/cgroup", "cgroup2", ns, NULL);
	for (size_t i = 0; i < sizeof(ro) / sizeof(*ro); i++) {
		mount(ro[i], ro[i], NULL, MS_BIND, NULL);
		mount(NULL, ro[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | ns, NULL);
	}
	for (size_t i = 0; i < sizeof(cover) / sizeof(*cover); i++)
		mount("/dev/null", cover[i], NULL, MS_BIND, NULL);
}

static void root(void)
{
	char opt[1200];
	const char *at = in(ovl, "m");

	snprintf(opt, sizeof(opt), "lowerdir=%s,upperdir=%s/u,workdir=%s/w,userxattr", lower, ovl,
		 ovl);
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
	    mount("overlay", at, "overlay", 0, opt) < 0 || chdir(at) < 0)
		die("overlay");
	mounts();
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
	    chdir("/") < 0 || sethostname("floor", 5) < 0)
		die("pivot_root, hostname");
}

static void init_main(int from, int to, char **argv)
{
	char c;

	close(to);
	join();
	if (unshare(CLONE_NEWCGROUP) < 0 || read(from, &c, 1) != 1 || setresgid(0, 0, 0) < 0 ||
	    setresuid(0, 0, 0) < 0)
		die("user namespace");
	setsid();
	root();
	if (read(from, &c, 1) != 1)
		die("parent");
	floor_net_inside(addr);
	execv(argv[0], argv);
	die(argv[0]);
}

static int do_start(char **argv)
{
	char path[40], text[16];
	int go[2], gone[2], fd;
	pid_t pid;

	groups(true);
	if (pipe2(go, O_CLOEXEC) < 0 || pipe2(gone, O_CLOEXEC) < 0)
		die("pipe");
	pid = born(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
			   CLONE_NEWNET,
		   group_fd());
	if (pid == 0) {
		close(gone[0]);
		init_main(go[0], go[1], argv);
	}
	close(go[0]);
	close(gone[1]);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	put(path, UID_MAP);
	snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	put(path, UID_MAP);
	if (write(go[1], "m", 1) != 1)
		die("child");
	if (addr)
		floor_net_host(pid, host_if, addr);
	if (write(go[1], "n", 1) != 1)
		die("child");
	snprintf(text, sizeof(text), "%d\n", pid);
	fd = open(pidfile, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(pidfile);
	return (int)read(gone[0], text, 1); /* end of file: it has exec'd */
}

static int do_exec(char **argv)
{
	int fd = (int)syscall(SYS_pidfd_open, read_pid(), 0), group = group_fd(), status = 0;
	pid_t pid;

	join();
	if (setns(fd, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
			      CLONE_NEWCGROUP | CLONE_NEWNET) < 0)
		die("setns");
	pid = born(0, group);
	if (pid == 0) {
		if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
			die("setresuid");
		execv(argv[0], argv);
		die(argv[0]);
	}
	return waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) ? 1 : WEXITSTATUS(status);
}

static int do_stop(void)
{
	struct pollfd p = { (int)syscall(SYS_pidfd_open, read_pid(), 0), POLLIN, 0 };

	syscall(SYS_pidfd_send_signal, p.fd, SIGKILL, NULL, 0);
	if (poll(&p, 1, 10000) != 1)
		die("poll");
	groups(false);
	return 0;
}

static int do_create(void)
{
	static const char *const dir[] = { "u", "w", "m" };
	int fd;

	if (mkdir(ovl, 0755) < 0)
		die(ovl);
	for (size_t i = 0; i < sizeof(dir) / sizeof(*dir); i++)
		if (mkdir(in(ovl, dir[i]), 0755) < 0 || chown(in(ovl, dir[i]), 100000, 100000) < 0)
			die(dir[i]);
	fd = open(in(ovl, "conf"), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	return fd < 0 || write(fd, "x\n", 2) < 0 || fsync(fd) < 0;
}

static int options(int argc, char **argv)
{
	int o;

	while ((o = getopt(argc, argv, "+r:o:p:i:a:1:2:")) != -1) {
		static const struct {
			char o;
			const char **to;
		} plain[] = {
			{ 'r', &lower },   { 'o', &ovl },  { 'p', &pidfile },
			{ 'i', &host_if }, { 'a', &addr }, { '2', &cg2 },
		};
		const char **s = NULL;

		for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
			if (plain[i].o == o)
				s = plain[i].to;
		if (o == '1' && cg1_n < V1_MAX)
			s = &cg1[cg1_n++];
		if (!s)
			return -1;
		*s = optarg;
	}
	return optind;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	int at = argc > 1 ? options(argc - 1, argv + 1) : -1;

	if (at >= 0 && strcmp(verb, "start") == 0 && lower && ovl && pidfile)
		return do_start(argv + 1 + at);
	if (at >= 0 && strcmp(verb, "exec") == 0 && pidfile)
		return do_exec(argv + 1 + at);
	if (at >= 0 && strcmp(verb, "stop") == 0 && pidfile)
		return do_stop();
	if (at >= 0 && strcmp(verb, "create") == 0 && ovl)
		return do_create();
	if (at >= 0 && strcmp(verb, "hook") == 0 && addr)
		return floor_net_hook(addr);
	fprintf(stderr, "usage: floor start|exec|stop|create|hook (see floor.c)\n");
	return 2;
}
