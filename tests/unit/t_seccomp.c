/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compiled filter, loaded for real in a child: what it refuses, with which errno, and what it must let through. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libct/seccomp.h"
#include "tests/lib/test.h"
#include "util/err.h"

struct call { long nr, a0, a1; int want; };	/* want: errno; 0: anything but EPERM and ENOSYS */

/* Exit status 0: as wanted; else 100 + index. */
static int in_child(bool nesting, const struct call *c, int n)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct err e = { 0 };

		if (ct_seccomp_load(nesting, &e) < 0)
			_exit(99);
		for (int i = 0; i < n; i++) {
			long r = syscall(c[i].nr, c[i].a0, c[i].a1, 0, 0, 0, 0);
			int got = r < 0 ? errno : 0;

			if (c[i].want ? got != c[i].want : (got == EPERM || got == ENOSYS))
				_exit(100 + i);
		}
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

TEST_ROOT(seccomp_default)
{
	static const struct call c[] = {
		{ SYS_bpf, 0, 0, EPERM }, { SYS_kexec_load, 0, 0, EPERM }, { SYS_init_module, 0, 0, EPERM },
		{ SYS_finit_module, -1, 0, EPERM }, { SYS_delete_module, 0, 0, EPERM },
		{ SYS_open_by_handle_at, -1, 0, EPERM }, { SYS_perf_event_open, 0, 0, EPERM },
		{ SYS_userfaultfd, 0, 0, EPERM }, { SYS_keyctl, 0, 0, EPERM }, { SYS_add_key, 0, 0, EPERM },
		{ SYS_io_uring_setup, 1, 0, EPERM }, { SYS_swapon, 0, 0, EPERM }, { SYS_syslog, 3, 0, EPERM },
		{ SYS_iopl, 0, 0, EPERM }, { SYS_settimeofday, 0, 0, EPERM }, { SYS_quotactl, 0, 0, EPERM },
		{ SYS_clone3, 0, 0, ENOSYS }, { 463, 0, 0, ENOSYS }, { 1000, 0, 0, ENOSYS },
		{ SYS_unshare, CLONE_NEWUSER, 0, EPERM }, { SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS, 0, EPERM },
		{ SYS_ioctl, -1, TIOCSTI, EPERM }, { SYS_ioctl, -1, 0x541c, EPERM },
		{ SYS_ioctl, -1, 0x5000940e, EPERM }, { SYS_ioctl, -1, 0x50009418, EPERM },
		/* let through: their own errors */
		{ SYS_getppid, 0, 0, 0 }, { SYS_ioctl, -1, TCGETS, EBADF }, { SYS_read, -1, 0, EBADF },
		{ SYS_unshare, CLONE_NEWNS, 0, 0 }, { SYS_openat2, -1, 0, 0 }, { SYS_mount, 0, 0, 0 },
		{ 462, 0, 0, 0 },
	};

	CHECK_EQ(in_child(false, c, sizeof(c) / sizeof(c[0])), 0);
}

/* A command word with garbage above 32 bits is the same request to the kernel. */
TEST_ROOT(seccomp_ioctl_upper_half)
{
	static const struct call c[] = { { SYS_ioctl, -1, (long)(0xdead00000000ull | TIOCSTI), EPERM } };

	CHECK_EQ(in_child(false, c, 1), 0);
}

TEST_ROOT(seccomp_nesting)
{
	static const struct call c[] = {
		{ SYS_clone3, 0, 0, EINVAL }, { SYS_bpf, 0, 0, EPERM }, { SYS_ioctl, -1, TIOCSTI, EPERM },
		{ SYS_unshare, CLONE_NEWUSER, 0, 0 },
	};

	CHECK_EQ(in_child(true, c, sizeof(c) / sizeof(c[0])), 0);
}
