/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIGINT and SIGTERM during an action. Every action can be killed at any point and the next holder of the lock repairs
 * what it left; so cancelling is: become that next holder. The handler gives the lock up by exec (every descriptor is
 * close-on-exec) of `vzctl repair CTID`, which undoes the work and ends with a status that is not 0.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "util/str.h"
#include "vzctl/cmd.h"

static char cancel_id[16], cancel_lck[4096], cancel_other[16], cancel_other_lck[4096];
static bool cancel_quiet;

static void cancel_now(int sig)
{
	static char text[] = "\nCancelling...\n";
	char prog[] = "vzctl", quiet[] = "--quiet", word[] = "repair", why[] = "cancelled";
	char *const argv[] = { prog, quiet, word, cancel_id, why, cancel_other[0] ? cancel_other : NULL, NULL };

	if (!cancel_quiet)
		(void)!write(STDOUT_FILENO, text, sizeof(text) - 1);
	unlink(cancel_lck);
	if (cancel_other[0])
		unlink(cancel_other_lck);
	execv("/proc/self/exe", argv);
	_exit(128 + sig);
}

/* Between the lock and the knowledge what to undo: a signal waits. */
static volatile sig_atomic_t cancel_waits;

static void cancel_note(int sig)
{
	cancel_waits = sig;
}

static void on_signals(void (*handler)(int))
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_RESTART };

	sigemptyset(&sa.sa_mask);
	sigaddset(&sa.sa_mask, SIGINT);
	sigaddset(&sa.sa_mask, SIGTERM);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

void cancel_hold(void)
{
	on_signals(cancel_note);
}

static const char *cancel_dir;

void cancel_arm_too(unsigned id)
{
	if (str_fmt(cancel_other_lck, sizeof(cancel_other_lck), "%s/%u.lck", cancel_dir ? cancel_dir : "/vz/lock", id) == 0)
		str_fmt(cancel_other, sizeof(cancel_other), "%u", id);
}

void cancel_arm(const struct ct_host *host, unsigned id, bool quiet)
{
	const char *dir = ct_host_conf(host)->lockdir;

	if (str_fmt(cancel_id, sizeof(cancel_id), "%u", id) < 0 ||
	    str_fmt(cancel_lck, sizeof(cancel_lck), "%s/%u.lck", dir ? dir : "/vz/lock", id) < 0)
		return;
	cancel_dir = dir;
	cancel_quiet = quiet;
	on_signals(cancel_now);
	if (cancel_waits)
		cancel_now(cancel_waits);
}
