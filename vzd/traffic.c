/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vzd/traffic.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "util/err.h"
#include "util/ev.h"
#include "vzd/vzd.h"

#define EVERY_MS 60000u

struct traffic {
	struct vzd *d;
	struct ev_src *timer, *child;
};

static void ended(void *arg, pid_t pid, int status)
{
	struct traffic *t = arg;

	t->child = NULL;
	if (status)
		vzd_log(LOG_WARNING, "vznetstat -s (%d) ended with status %d", pid, status);
}

static void look(void *arg)
{
	char prog[] = VZ_SBINDIR "/vznetstat", store[] = "-s";
	char *argv[] = { prog, store, NULL };
	char *env[] = { (char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" }, (char[]){ "HOME=/" }, NULL };
	struct traffic *t = arg;
	struct err e = { 0 };
	pid_t pid;
	int rc;

	if (t->child || t->d->stopping)
		return;			/* still at it: it stops somebody */
	rc = posix_spawn(&pid, prog, NULL, NULL, argv, env);
	if (rc || ev_add_child(t->d->ev, "traffic", pid, ended, t, &t->child, &e) < 0)
		vzd_log(LOG_ERR, "run %s: %s", prog, rc ? strerror(rc) : e.text);
}

int traffic_open(struct vzd *d, struct traffic **ret, struct err *e)
{
	struct traffic *t = calloc(1, sizeof(*t));

	if (!t)
		return err_set(e, ENOMEM, "traffic");
	t->d = d;
	if (ev_add_timer(d->ev, "traffic", EVERY_MS, EVERY_MS, look, t, &t->timer, e) < 0) {
		free(t);
		return -e->code;
	}
	*ret = t;
	return 0;
}

void traffic_close(struct traffic *t)
{
	if (!t)
		return;
	ev_del(t->timer);
	ev_del(t->child);
	free(t);
}
