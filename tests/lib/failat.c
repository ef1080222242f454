/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * failat [-c] [-t] [-e ENOSPC|EDQUOT|EIO] [-n I [-s]] -- PROGRAM [ARG...]: a disk that is full, or breaks, under a program and all
 * that it starts. Its I-th call that stores something on a disk is not made and fails with that error; with -s all that
 * come after it, too, as long as they need space (a disk that stays full). -c counts the calls and prints the number on the
 * last line of standard error, -t names each. Not counted: what goes to standard output and error, pipes, sockets, devices, or file systems in
 * memory.
 *
 * Ends with the program's status, 128 + signal when a signal ended it (and says so), 125 for its own errors. What outlives the program
 * is let go.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/traced.h"

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif
#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

/* Where a call says what it is about. */
enum kind {
	FD,		/* first argument: the file */
	FD2,		/* third argument: the file */
	AT,		/* first argument: the directory, second: the name */
	OPEN_AT,	/* the same, if the flags in the third create */
	OPEN_HOW,	/* the same, in the struct that the third points to */
	AT2,		/* second argument: the directory, third: the name */
	AT4,		/* third argument: the directory, fourth: the name */
	PATH,		/* first argument: the name */
	PATH2,		/* second argument: the name */
	IOCTL,		/* first argument: the file; those that make copies */
};

struct call { long nr; const char *name; enum kind kind; bool space; };	/* space: also fails on a disk that stays full */
#define C(n, kind, space) { SYS_##n, #n, kind, space }
static const struct call calls[] = {
	C(write, FD, true), C(writev, FD, true), C(pwrite64, FD, true), C(pwritev, FD, true), C(sendfile, FD, true),
	C(copy_file_range, FD2, true), C(splice, FD2, true), C(fallocate, FD, true), C(ftruncate, FD, false),
	C(fsync, FD, false), C(fdatasync, FD, false), C(syncfs, FD, false),
	C(openat, OPEN_AT, true), C(openat2, OPEN_HOW, true), C(mkdirat, AT, true), C(mknodat, AT, true), C(symlinkat, AT2, true),
	C(linkat, AT4, true), C(renameat, AT4, false), C(renameat2, AT4, false), C(setxattr, PATH, true), C(lsetxattr, PATH, true),
	C(fsetxattr, FD, true), C(ioctl, IOCTL, true),
#ifdef __x86_64__
	C(rename, PATH2, false), C(mkdir, PATH, true), C(symlink, PATH2, true), C(link, PATH2, true), C(mknod, PATH, true),
	C(creat, PATH, true), C(open, PATH, true),
#endif
};
#undef C

struct run {
	pid_t pid;			/* the program */
	unsigned long count, at;	/* at: 0 = never */
	int error;
	bool stays, trace;
	pid_t inside[256];		/* those whose call must now fail */
};

static const struct call *find_call(uint64_t nr)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if ((uint64_t)calls[i].nr == nr)
			return &calls[i];
	return NULL;
}

static bool is_disk(const char *path)
{
	char real[PATH_MAX];
	struct statfs fs;
	struct stat st;

	if (stat(path, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) || statfs(path, &fs) < 0)
		return false;
	switch ((unsigned long)fs.f_type) {
	case TMPFS_MAGIC:		/* stands for a disk where the tests have put one */
		return realpath(path, real) && (strncmp(real, "/etc/vz", 7) == 0 || strncmp(real, "/var/lib/vz", 11) == 0);
	case EXT4_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case OVERLAYFS_SUPER_MAGIC:
	case FUSE_SUPER_MAGIC:
		return true;
	}
	return false;
}

/* The descriptor @fd of @pid, as a path that we can ask. */
static void fd_path(char out[PATH_MAX], pid_t pid, int fd)
{
	snprintf(out, PATH_MAX, fd == AT_FDCWD ? "/proc/%d/cwd" : "/proc/%d/fd/%d", (int)pid, fd);
}

static bool fd_on_disk(pid_t pid, int fd)
{
	char path[PATH_MAX];

	fd_path(path, pid, fd);
	return is_disk(path);
}

/* Whether what is called @name in the directory @dirfd of @pid is, or would be made, on a disk. */
static bool name_on_disk(pid_t pid, int dirfd, uint64_t name)
{
	char text[PATH_MAX] = "", path[2 * PATH_MAX], *slash;
	struct iovec to = { text, sizeof(text) - 1 }, from = { (void *)(uintptr_t)name, 0 };
	size_t page = 4096 - name % 4096;

	from.iov_len = page < to.iov_len ? page : to.iov_len;
	if (process_vm_readv(pid, &to, 1, &from, 1, 0) <= 0)
		return false;
	slash = strrchr(text, '/');
	if (text[0] == '/') {
		*slash = '\0';
		snprintf(path, sizeof(path), "/proc/%d/root%s/", (int)pid, text);
		return is_disk(path);
	}
	fd_path(path, pid, dirfd);
	if (slash) {
		*slash = '\0';
		strncat(path, "/", sizeof(path) - strlen(path) - 1);
		strncat(path, text, sizeof(path) - strlen(path) - 1);
	}
	return is_disk(path);
}

static bool creates(uint64_t flags)
{
	return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;
}

static bool copies(uint64_t request)
{
	return request == 0x40049409 || request == 0x4020940d ||	/* FICLONE, FICLONERANGE */
	       request == 0x50009417 || request == 0x50009418;		/* BTRFS_IOC_SNAP_CREATE_V2, BTRFS_IOC_SUBVOL_CREATE_V2 */
}

static bool stores(pid_t pid, const struct call *c, const uint64_t *a)
{
	struct open_how how = { 0 };
	struct iovec to = { &how, sizeof(how) }, from = { (void *)(uintptr_t)a[2], sizeof(how) };

	switch (c->kind) {
	case FD:		/* what it says is heard */
		return (int)a[0] > STDERR_FILENO && fd_on_disk(pid, (int)a[0]);
	case FD2:
		return fd_on_disk(pid, (int)a[2]);
	case AT:
		return name_on_disk(pid, (int)a[0], a[1]);
	case OPEN_AT:
		return creates(a[2]) && name_on_disk(pid, (int)a[0], a[1]);
	case OPEN_HOW:
		return process_vm_readv(pid, &to, 1, &from, 1, 0) > 0 && creates(how.flags) && name_on_disk(pid, (int)a[0], a[1]);
	case AT2:
		return name_on_disk(pid, (int)a[1], a[2]);
	case AT4:
		return name_on_disk(pid, (int)a[2], a[3]);
	case PATH:
		return (c->nr != SYS_open || creates(a[1])) && name_on_disk(pid, AT_FDCWD, a[0]);
	case PATH2:
		return name_on_disk(pid, AT_FDCWD, a[1]);
	case IOCTL:
		return copies(a[1]) && fd_on_disk(pid, (int)a[0]);
	}
	return false;
}

/* At its entry: the call is not made. At its exit: it has failed. */
static void spoil(struct run *r, pid_t pid, bool entry)
{
	struct user_regs_struct regs;
	struct iovec io = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, 1 /* NT_PRSTATUS */, &io) < 0)
		return;
#ifdef __x86_64__
	if (entry)
		regs.orig_rax = (unsigned long long)-1;
	else
		regs.rax = (unsigned long long)-r->error;
#else
#error "name the registers of this architecture"
#endif
	ptrace(PTRACE_SETREGSET, pid, 1, &io);
}

static bool leave(struct run *r, pid_t pid)
{
	for (size_t i = 0; i < sizeof(r->inside) / sizeof(*r->inside); i++)
		if (r->inside[i] == pid) {
			r->inside[i] = 0;
			return true;
		}
	return false;
}

static void on_syscall(void *arg, pid_t pid)
{
	struct run *r = arg;
	struct __ptrace_syscall_info si;
	const struct call *c;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(si), &si) <= 0)
		return;
	if (si.op == PTRACE_SYSCALL_INFO_EXIT && leave(r, pid))
		spoil(r, pid, false);
	if (si.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	c = find_call(si.entry.nr);
	if (!c || !stores(pid, c, si.entry.args))
		return;
	r->count++;
	if (r->trace)
		fprintf(stderr, "failat: %lu %d %s(%#llx, %#llx, %#llx)\n", r->count, (int)pid, c->name,
			(unsigned long long)si.entry.args[0], (unsigned long long)si.entry.args[1],
			(unsigned long long)si.entry.args[2]);
	if (!r->at || r->count < r->at || (r->count > r->at && !(r->stays && c->space)))
		return;
	for (size_t i = 0; i < sizeof(r->inside) / sizeof(*r->inside); i++)
		if (!r->inside[i]) {
			r->inside[i] = pid;
			spoil(r, pid, true);
			return;
		}
}

static int error_of(const char *name)
{
	return strcmp(name, "EIO") == 0 ? EIO : strcmp(name, "EDQUOT") == 0 ? EDQUOT : strcmp(name, "ENOSPC") == 0 ? ENOSPC : 0;
}

int main(int argc, char **argv)
{
	struct run r = { .error = ENOSPC };
	bool count = false;
	int opt, st;

	while ((opt = getopt(argc, argv, "+ce:n:st")) != -1) {
		switch (opt) {
		case 'c':
			count = true;
			break;
		case 'e':
			r.error = error_of(optarg);
			break;
		case 'n':
			r.at = strtoul(optarg, NULL, 10);
			break;
		case 's':
			r.stays = true;
			break;
		case 't':
			r.trace = true;
			break;
		default:
			return TRACED_BROKEN;
		}
	}
	if (optind >= argc || !r.error) {
		fprintf(stderr, "usage: failat [-c] [-t] [-e ENOSPC|EDQUOT|EIO] [-n I [-s]] -- program [arg...]\n");
		return TRACED_BROKEN;
	}
	r.pid = traced_start("failat", argv + optind, true);
	if (r.pid < 0) {
		fprintf(stderr, "failat: cannot trace %s: %s\n", argv[optind], strerror(errno));
		return TRACED_BROKEN;
	}
	st = traced_follow(r.pid, on_syscall, &r);
	if (st != -1 && WIFSIGNALED(st))
		fprintf(stderr, "failat: ended by signal %d\n", WTERMSIG(st));
	if (count)
		fprintf(stderr, "%lu\n", r.count);
	if (st == -1)
		return TRACED_BROKEN;
	return WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st);
}
