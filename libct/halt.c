/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The graceful part of a stop: each kind of init is asked in its own way, and asked again where the question got lost. */
#include "libct/halt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libct/ct_priv.h"
#include "libct/inside.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/sys.h"

#define LISTEN_MS 20		/* between two looks at an init that has just begun */
#define AGAIN_MS 5000		/* the command that asked was killed, and nothing happens */

/* What init answers to "power off": it is told apart by the file it runs, which the guest may
 * fake to its own cost. */
static int halt_signal(pid_t init)
{
	char path[40], exe[256];
	ssize_t n;

	str_fmt(path, sizeof(path), "/proc/%d/exe", init);
	n = readlink(path, exe, sizeof(exe) - 1);
	if (n <= 0)
		return 0;
	exe[n] = '\0';
	return strstr(exe, "/systemd") ? SIGRTMIN + 3 : 0;
}

static bool has_signal(const char *status, const char *key, int sig)
{
	const char *line = strstr(status, key);

	return line && (strtoull(line + strlen(key), NULL, 16) >> (sig - 1) & 1);
}

bool ct_halt_listens(const char *status, int sig)
{
	return has_signal(status, "\nSigCgt:", sig) || has_signal(status, "\nSigBlk:", sig);
}

/* An init that was started a moment ago has no handlers yet: the kernel drops what is sent to it. */
static void await_listener(pid_t init, int sig, int pidfd, int64_t deadline)
{
	char path[40];

	str_fmt(path, sizeof(path), "/proc/%d/status", init);
	do {
		auto_buf struct buf b = BUF_INIT;
		struct err none = { 0 };

		if (fio_read_at(AT_FDCWD, path, &b, &none) < 0 || ct_halt_listens(buf_str(&b), sig))
			return;
	} while (sys_pidfd_wait(pidfd, LISTEN_MS) == 0 && sys_now_ms() < deadline);
}

static int left_ms(int64_t deadline)
{
	int64_t left = deadline - sys_now_ms();

	return left > 0 ? (int)left : 0;
}

/*
 * Another init: its own poweroff(8), without -f, so that services are stopped in order.
 * (busybox's init would take the signal too, but sleeps 2 s over it; vz-base's command does
 * not.)
 */
static int run_halt(struct ct *ct, int limit_ms, int *status, struct err *e)
{
	static const char *const argv[] = {
		"sh", "-c", "{ /sbin/poweroff || poweroff || halt; } >/dev/null 2>&1", NULL
	};

	return ct_inside_run(ct, "/bin/sh", argv, NULL, limit_ms, status, e);
}

/*
 * The command may be killed by the very shutdown it began, and then init ends within moments. If it does not, somebody else
 * killed it, such as another poweroff that was killed by this one: nobody is left who would end anything.
 */
static bool halt_by_command(struct ct *ct, int pidfd, int64_t deadline)
{
	int status = 0;

	while (left_ms(deadline) > 0) {
		struct err e = { 0 };

		if (run_halt(ct, left_ms(deadline), &status, &e) < 0)
			return sys_pidfd_wait(pidfd, 0) == 1;
		if (status != 128 + SIGKILL && status != 128 + SIGTERM)
			break;
		if (sys_pidfd_wait(pidfd, left_ms(deadline) < AGAIN_MS ? left_ms(deadline) : AGAIN_MS) == 1)
			return true;
	}
	return sys_pidfd_wait(pidfd, left_ms(deadline)) == 1;
}

bool ct_halt(struct ct *ct, pid_t init, int pidfd, int64_t deadline)
{
	int sig = halt_signal(init);

	if (!sig)
		return halt_by_command(ct, pidfd, deadline);
	await_listener(init, sig, pidfd, deadline);
	if (sys_pidfd_send_signal(pidfd, sig) < 0 && errno != ESRCH)
		return false;
	return sys_pidfd_wait(pidfd, left_ms(deadline)) == 1;
}
