/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attacks on the system call filter: numbers, ABIs, ioctls, socket families, user namespaces. */
#include "tests/evil/evil.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define X32 0x40000000L
#define SYSCALLS 501

enum abi { NATIVE, I386, X32_ABI };
struct call {
	enum abi abi;
	long nr, a[3];
	long *result; /* shared with the parent: errno, 0 for success, -1 while it runs */
	long wait_us;
};

static long int80(long nr, long a, long b, long c)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(-1L), "D"(-1L)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)r;
}

static int issue(void *arg)
{
	const struct call *c = arg;
	struct itimerval t = { .it_value = { .tv_usec = c->wait_us } };
	long r;

	setitimer(ITIMER_REAL, &t, NULL);
	if (c->abi == I386) {
		r = int80(c->nr, c->a[0], c->a[1], c->a[2]);
	} else {
		errno = 0;
		r = syscall(c->abi == X32_ABI ? c->nr | X32 : c->nr, c->a[0], c->a[1], c->a[2], -1L,
			    -1L, -1L);
		r = r < 0 && errno ? -errno : 0;
	}
	*c->result = r < 0 ? -r : 0;
	return 0;
}

static long *shared_long(void)
{
	void *p = mmap(NULL, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static enum abi abi_of(const char *name)
{
	return strcmp(name, "i386") == 0 ? I386 : strcmp(name, "x32") == 0 ? X32_ABI : NATIVE;
}

/* One line a class: "EPERM 101 105 ...". A number that ended its process is under SIGNAL. */
int evil_syscalls(int argc, char **argv)
{
	static char class[SYSCALLS][16];
	struct call c = { .abi = abi_of(argc > 1 ? argv[1] : ""), .result = shared_long() };

	for (c.nr = 0; c.nr < SYSCALLS; c.nr++) {
		int st;

		c.a[0] = c.a[1] = c.a[2] = -1;
		*c.result = -1;
		c.wait_us = 200000;
		st = bounded(issue, &c, 5000);
		if (*c.result < 0 && st == 128 + SIGALRM) { /* or the machine was busy */
			c.wait_us = 600000;
			st = bounded(issue, &c, 5000);
		}
		if (*c.result < 0)
			snprintf(class[c.nr], sizeof(class[0]), st == 128 + SIGALRM ? "WAITS" : "SIGNAL%d", st);
		else
			snprintf(class[c.nr], sizeof(class[0]), "%s",
				 *c.result ? errno_name((int)*c.result) : "OK");
	}
	for (int i = 0; i < SYSCALLS; i++) {
		if (!class[i][0])
			continue;
		printf("%s", class[i]);
		for (int k = i; k < SYSCALLS; k++)
			if (strcmp(class[k], class[i]) == 0) {
				printf(" %d", k);
				if (k != i)
					class[k][0] = '\0';
			}
		printf("\n");
	}
	return 0;
}

int evil_ioctls(int argc, char **argv)
{
	static const struct {
		const char *name;
		unsigned long cmd;
	} t[] = {
		{ "subvol_create", 0x5000940e }, { "subvol_create_v2", 0x50009418 },
		{ "snap_create", 0x50009401 },	 { "snap_create_v2", 0x50009417 },
		{ "subvol_create_high", 0xffffffff5000940eul },
		{ "default_subvol", 0x40089413 }, { "qgroup_limit", 0x8030942b },
		{ "qgroup_assign", 0x40189429 },  { "quota_ctl", 0xc0109428 },
		{ "freeze", 0xc0045877 },	  { "trim", 0xc0185879 },
	};
	const char *dir = argc > 1 ? argv[1] : "/";
	int fd = open(dir, O_RDONLY | O_DIRECTORY), file;
	static char arg[4096];
	struct fsxattr x;
	int fl = 0;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		memset(arg, 0, sizeof(arg));
		snprintf(arg + 8, 32, "evil%zu", i);
		TRY(t[i].name, syscall(SYS_ioctl, fd, t[i].cmd, arg));
	}
	memset(arg, 0, sizeof(arg));
	snprintf(arg + 8, 32, "evil32");
	errno = 0;
	{
		/* the argument must be reachable with 32 bits */
		char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
		long r;

		memcpy(low, arg, sizeof(arg));
		r = int80(54, fd, 0x5000940e, (long)low);
		errno = r < 0 ? (int)-r : 0;
		say("subvol_create_i386", r, NULL);
	}
	snprintf(arg, sizeof(arg), "%s/pf", dir);
	file = open(arg, O_CREAT | O_RDWR, 0600);
	memset(&x, 0, sizeof(x));
	if (ioctl(file, FS_IOC_FSGETXATTR, &x) == 0) {
		x.fsx_projid ^= 4242;
		TRY("project_id", ioctl(file, FS_IOC_FSSETXATTR, &x));
		memset(&x, 0, sizeof(x));
		ioctl(fd, FS_IOC_FSGETXATTR, &x);
		x.fsx_xflags ^= FS_XFLAG_PROJINHERIT;
		TRY("project_inherit", ioctl(fd, FS_IOC_FSSETXATTR, &x));
	} else {
		say("project_id", -1, NULL);
		say("project_inherit", -1, NULL);
	}
	ioctl(file, FS_IOC_GETFLAGS, &fl);
	fl |= FS_IMMUTABLE_FL;
	TRY("immutable", ioctl(file, FS_IOC_SETFLAGS, &fl));
	return 0;
}

int evil_userns(int argc, char **argv)
{
	struct clone_args a = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	long r;

	(void)argc;
	(void)argv;
	r = syscall(SYS_clone3, &a, sizeof(a));
	if (r == 0)
		_exit(0);
	say("clone3", r, NULL);
	r = syscall(SYS_clone, (long)CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
	if (r == 0)
		_exit(0);
	say("clone", r, NULL);
	/* the filter must look at 32 bits of the flags */
	r = syscall(SYS_clone, 0x7f00000000000000l | CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
	if (r == 0)
		_exit(0);
	say("clone_high", r, NULL);
	r = int80(310, CLONE_NEWUSER, 0, 0);
	errno = r < 0 ? (int)-r : 0;
	say("unshare_i386", r, NULL);
	r = int80(120, CLONE_NEWUSER | SIGCHLD, 0, 0);
	if (r == 0)
		_exit(0);
	errno = r < 0 ? (int)-r : 0;
	say("clone_i386", r, NULL);
	TRY("unshare", unshare(CLONE_NEWUSER));
	return 0;
}

int evil_families(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	for (int f = 0; f < 64; f++)
		for (int t = 1; t <= 6; t++) {
			int s = socket(f, t, 0);

			if (s < 0)
				continue;
			printf("%d ", f);
			close(s);
			break;
		}
	{
		int *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
		long r;

		low[0] = AF_VSOCK;
		low[1] = SOCK_STREAM;
		low[2] = 0;
		r = int80(102, 1, (long)low, 0);
		printf("socketcall=%s\n", r < 0 ? errno_name((int)-r) : "OK");
	}
	return 0;
}

/* Types a command into every descriptor that is a terminal; then stays, holding them. */
int evil_tty(int argc, char **argv)
{
	const char *text = "echo injected >/tmp/evil-injected\n";

	for (int fd = 0; fd < 64; fd++) {
		char name[32];
		long r = 0;

		if (!isatty(fd))
			continue;
		for (const char *p = text; *p && r == 0; p++)
			r = ioctl(fd, TIOCSTI, p);
		snprintf(name, sizeof(name), "tiocsti%d", fd);
		say(name, r, NULL);
		snprintf(name, sizeof(name), "tioclinux%d", fd);
		TRY(name, ioctl(fd, 0x541c, "\3"));
		snprintf(name, sizeof(name), "tiocsti_high%d", fd);
		TRY(name, syscall(SYS_ioctl, fd, 0x7f00000000005412l, "x"));
		snprintf(name, sizeof(name), "link%d", fd);
		{
			char path[40], to[128];
			ssize_t n;

			snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
			n = readlink(path, to, sizeof(to) - 1);
			to[n > 0 ? n : 0] = '\0';
			say(name, 0, to);
		}
	}
	if (argc > 1 && fork() == 0) {
		signal(SIGHUP, SIG_IGN);
		sleep((unsigned)strtoul(argv[1], NULL, 10));
	}
	return 0;
}
