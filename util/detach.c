/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forks twice: when the caller goes on, the child in between has closed what it got, and waits for nobody. */
#include "util/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/sys.h"

#define KEPT 3

/* The kept descriptor as KEPT, everything above it closed. */
static void strip(int keep)
{
	auto_close int high = keep >= 0 ? fcntl(keep, F_DUPFD_CLOEXEC, KEPT + 1) : -1;

	if (high >= 0)
		dup2(high, KEPT);
	sys_close_range(high >= 0 ? KEPT + 1 : KEPT, ~0u, 0);
	take_fd(&high);
}

static void __attribute__((noreturn)) run(bool kept, detach_fn *fn, void *arg)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; null >= 0 && fd < 3; fd++)
		dup2(null, fd);
	if (null > KEPT || (null == KEPT && !kept))
		close(null);
	if (null >= 0 && chdir("/") == 0)
		fn(kept ? KEPT : -1, arg);
	_exit(0);
}

int detach_run(int keep, detach_fn *fn, void *arg, struct err *e)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return err_set(e, errno, "fork");
	if (pid == 0) {
		strip(keep);
		setsid();
		if (fork() == 0)
			run(keep >= 0, fn, arg);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return 0;
}
