/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIGINT and SIGTERM during an action. Every action can be killed at any point and the next holder of the lock repairs
 * what it left; so cancelling is: become that next holder. The handler gives the lock up by exec (every descriptor is
 * close-on-exec) of `vzctl repair CTID`, which undoes the work and ends with a status that is not 0. Without the lock there
 * is nothing to undo: the signal does what it does to any program.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "util/str.h"
#include "vzctl/cmd.h"

static char cancel_id[16], cancel_lck[4096], cancel_other[16], cancel_other_lck[4096];
static bool cancel_quiet;
static const struct ct *volatile cancel_ct, *volatile cancel_other_ct;

static void cancel_now(int sig)
{
	static char text[] = "\nCancelling...\n";
	char prog[] = "vzctl", quiet[] = "--quiet", word[] = "repair", why[] = "cancelled";
	bool other = cancel_other_ct && ct_lock_held(cancel_other_ct);
	char *const argv[] = { prog, quiet, word, cancel_id, why, other ? cancel_other : NULL, NULL };

	if (!cancel_ct || !ct_lock_held(cancel_ct)) {
		signal(sig, SIG_DFL);
		raise(sig);		/* comes when this handler returns */
		return;
	}
	if (!cancel_quiet)
		(void)!write(STDOUT_FILENO, text, sizeof(text) - 1);
	unlink(cancel_lck);
	if (other)
		unlink(cancel_other_lck);
	execv("/proc/self/exe", argv);
	_exit(128 + sig);
}

static bool names(const struct ct_host *host, unsigned id, char text[16], char *lck, size_t size)
{
	const char *dir = ct_host_conf(host)->lockdir;

	return str_fmt(text, 16, "%u", id) == 0 && str_fmt(lck, size, "%s/%u.lck", dir ? dir : "/vz/lock", id) == 0;
}

void cancel_arm_too(const struct ct_host *host, const struct ct *ct)
{
	cancel_other_ct = NULL;
	if (ct && names(host, ct_id(ct), cancel_other, cancel_other_lck, sizeof(cancel_other_lck)))
		cancel_other_ct = ct;
}

void cancel_arm(const struct ct_host *host, const struct ct *ct, bool quiet)
{
	struct sigaction sa = { .sa_handler = cancel_now };

	cancel_ct = NULL;
	if (!ct || !names(host, ct_id(ct), cancel_id, cancel_lck, sizeof(cancel_lck)))
		return;
	cancel_ct = ct;
	cancel_quiet = quiet;
	sigemptyset(&sa.sa_mask);
	sigaddset(&sa.sa_mask, SIGINT);
	sigaddset(&sa.sa_mask, SIGTERM);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}
