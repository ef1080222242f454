/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work inside a container that is stopped: it is started without its own init, in whose place a
 * process waits and does nothing, and stopped again. Nothing of the guest runs but what is asked.
 */
#include <unistd.h>

#include "libct/ct_priv.h"

static void say_nothing(void *arg, int level, unsigned ctid, const char *text)
{
	(void)arg;
	(void)level;
	(void)ctid;
	(void)text;
}

struct ct_ui ct_ui_mute(struct ct *ct)
{
	struct ct_ui was = ct->host->ui;

	ct->host->ui = (struct ct_ui){ .say = say_nothing };
	return was;
}

int ct_exec_held(struct ct *ct, const struct ct_exec *x, int *status, struct err *e)
{
	struct err stop = { 0 };
	bool mounted = ct_is_mounted(ct);
	struct ct_ui ui;
	int rc;

	if (ct_is_running(ct, NULL))
		return ct_exec(ct, x, status, e);
	ui = ct_ui_mute(ct);
	rc = ct_start(ct, CT_START_SKIP_SETUP | CT_START_HOLD | CT_START_FORCE, e);
	if (rc == 0) {
		rc = ct_exec(ct, x, status, e);
		if (ct_stop(ct, CT_STOP_FAST, &stop) < 0 && rc == 0) {
			*e = stop;
			rc = -e->code;
		}
		if (mounted && rc == 0)
			rc = ct_mount(ct, e);
	}
	ct->host->ui = ui;
	return rc;
}

int ct_kill(struct ct *ct, struct err *e)
{
	struct ct_ui ui = ct_ui_mute(ct);
	int rc = ct_stop(ct, CT_STOP_FAST, e);

	ct->host->ui = ui;
	return rc;
}
