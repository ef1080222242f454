/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * killat [-c] [-f] [-t] [-n I [-a]] -- PROGRAM [ARG...]: kills a program with SIGKILL at its I-th system call that
 * changes something outside of itself, right before the call happens, or right after it with -a. -c counts those calls and
 * prints the number on the last line of standard error; -t names each on standard error. Only the program's first process
 * is traced and counted, what it forks runs free: as after a kill -9 by hand. With -f it is the other way round: the calls
 * of its descendants count, and the one that makes the I-th is killed, not the program. Descendants that outlive the
 * program are let go.
 *
 * Ends with the program's status, 128 + signal when a signal ended it (so 137 after our kill), 125 for its own errors.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/traced.h"

/* How to tell whether one call has an effect. */
enum kind {
	ALWAYS,
	OUTPUT,		/* first argument is a descriptor: not standard output or error */
	OPEN_AT,	/* flags in the third argument create or truncate */
	OPEN_HOW,	/* the same in the struct that the third points to */
	SETS,		/* third argument is what to set, NULL only asks */
	IOCTL,		/* not the families that only ask */
};

struct call { long nr; const char *name; enum kind kind; };
#define C(n) { SYS_##n, #n, ALWAYS }
static const struct call calls[] = {
	{ SYS_write, "write", OUTPUT }, { SYS_writev, "writev", OUTPUT }, { SYS_pwrite64, "pwrite64", OUTPUT },
	{ SYS_openat, "openat", OPEN_AT }, { SYS_openat2, "openat2", OPEN_HOW }, { SYS_ioctl, "ioctl", IOCTL },
	C(sendto), C(sendmsg), C(sendmmsg), C(sendfile), C(splice), C(copy_file_range), C(ftruncate), C(truncate),
	C(fallocate), C(fsync), C(fdatasync), C(syncfs), C(sync), C(sync_file_range),
	C(renameat), C(renameat2), C(unlinkat), C(mkdirat), C(mknodat), C(symlinkat), C(linkat),
	C(fchmod), C(fchmodat), C(fchown), C(fchownat), C(utimensat),
	C(setxattr), C(lsetxattr), C(fsetxattr), C(removexattr), C(lremovexattr), C(fremovexattr),
	C(mount), C(umount2), C(pivot_root), C(fsopen), C(fsconfig), C(fsmount), C(fspick), C(move_mount), C(open_tree),
	C(mount_setattr), C(quotactl), C(quotactl_fd), C(bpf), C(clone), C(clone3), C(setns), C(unshare),
	C(kill), C(tgkill), C(tkill), C(pidfd_send_signal), C(sethostname), C(setdomainname), C(swapon), C(swapoff),
	C(add_key), C(keyctl), C(bind), C(connect), C(sched_setaffinity),
	{ SYS_prlimit64, "prlimit64", SETS },
#ifdef __x86_64__
	C(rename), C(unlink), C(mkdir), C(rmdir), C(symlink), C(link), C(mknod), C(chmod), C(chown), C(lchown), C(fork),
	C(vfork), C(creat), C(utimes), C(open),
#endif
};
#undef C

static const struct call *find_call(uint64_t nr)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if ((uint64_t)calls[i].nr == nr)
			return &calls[i];
	return NULL;
}

static bool opens_for_change(uint64_t flags)
{
	return flags & (O_CREAT | O_TRUNC) || (flags & O_TMPFILE) == O_TMPFILE;
}

static bool has_effect(pid_t pid, const struct call *c, const uint64_t *args)
{
	struct open_how how = { 0 };
	struct iovec to = { &how, sizeof(how) }, from = { (void *)(uintptr_t)args[2], sizeof(how) };

	switch (c->kind) {
	case ALWAYS:
		return true;
	case OUTPUT:
		return (int)args[0] > STDERR_FILENO;
	case OPEN_AT:
		return opens_for_change(args[2]);
	case OPEN_HOW:
		return process_vm_readv(pid, &to, 1, &from, 1, 0) <= 0 || opens_for_change(how.flags);
	case SETS:
		return args[2] != 0;
	case IOCTL:		/* terminals, sockets' questions, namespaces */
		return ((args[1] >> 8) & 0xff) != 0x54 && ((args[1] >> 8) & 0xff) != 0x89 && ((args[1] >> 8) & 0xff) != 0xb7;
	}
	return true;
}

struct run {
	pid_t pid;			/* the program */
	unsigned long count, at;	/* at: 0 = never */
	pid_t hit;			/* is inside the call after which to kill it */
	bool after, trace, follow;
};

static void on_syscall(void *arg, pid_t pid)
{
	struct run *r = arg;
	struct __ptrace_syscall_info si;
	const struct call *c;

	if (r->follow == (pid == r->pid) || ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(si), &si) <= 0)
		return;
	if (si.op == PTRACE_SYSCALL_INFO_EXIT && r->hit == pid)
		kill(pid, SIGKILL);
	if (si.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	c = find_call(si.entry.nr);
	if (!c || !has_effect(pid, c, si.entry.args))
		return;
	r->count++;
	if (r->trace)
		fprintf(stderr, "killat: %lu %s(%#llx, %#llx, %#llx)\n", r->count, c->name, (unsigned long long)si.entry.args[0],
			(unsigned long long)si.entry.args[1], (unsigned long long)si.entry.args[2]);
	if (r->count != r->at)
		return;
	if (r->after)
		r->hit = pid;
	else
		kill(pid, SIGKILL);
}

int main(int argc, char **argv)
{
	struct run r = { 0 };
	bool count = false;
	int opt, st;

	while ((opt = getopt(argc, argv, "+acfn:t")) != -1) {
		switch (opt) {
		case 'c':
			count = true;
			break;
		case 'a':
			r.after = true;
			break;
		case 'f':
			r.follow = true;
			break;
		case 'n':
			r.at = strtoul(optarg, NULL, 10);
			break;
		case 't':
			r.trace = true;
			break;
		default:
			return TRACED_BROKEN;
		}
	}
	if (optind >= argc) {
		fprintf(stderr, "usage: killat [-c] [-f] [-t] [-n I [-a]] -- program [arg...]\n");
		return TRACED_BROKEN;
	}
	r.pid = traced_start("killat", argv + optind, r.follow);
	if (r.pid < 0) {
		fprintf(stderr, "killat: cannot trace %s: %s\n", argv[optind], strerror(errno));
		return TRACED_BROKEN;
	}
	st = traced_follow(r.pid, on_syscall, &r);
	if (count)
		fprintf(stderr, "%lu\n", r.count);
	if (st == -1)
		return TRACED_BROKEN;
	return WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st);
}
