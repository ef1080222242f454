/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stops what runs of a suspended tenant: one job per container, again and again until nothing runs. That the work is due
 * stands in the database (stop_pending), so a vzd that died in between goes on with it.
 */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzd/auth_priv.h"
#include "vzd/db.h"
#include "vzd/job.h"

#define SWEEP_FIRST_MS 200u
#define SWEEP_MAX_MS 60000u

static int done_work(sqlite3 *s, void *arg, struct err *e)
{
	return db_exec(s, e, "UPDATE tenants SET stop_pending = 0 WHERE name = ?1", "s", (const char *)arg);
}

static void done_done(void *arg, const struct err *e)
{
	if (e->code)
		vzd_log_err(LOG_WARNING, e, "suspended tenant");
	free(arg);
}

static void accepted(void *arg, const struct job *j, const struct err *e)
{
	(void)arg;
	(void)j;
	if (e && e->code && e->code != EBUSY)
		vzd_log_err(LOG_WARNING, e, "stop of a suspended tenant's container");
}

static void stop(struct auth *a, const struct tenant *t, const struct inv_ct *ct)
{
	char id[16], busy[JOB_ID_LEN + 1], resource[32];
	const char *const argv[] = { VZ_SBINDIR "/vzctl", "stop", id, NULL };
	const struct job_spec spec = { .kind = "ct.stop", .ctid = ct->id, .owner = t->name, .principal = "vzd", .argv = argv,
				       .resource = resource, .again = true };
	struct err e = { 0 };

	str_fmt(id, sizeof(id), "%u", ct->id);
	str_fmt(resource, sizeof(resource), "/v1/cts/%u", ct->id);
	if (a->submit(a->d->jobs, &spec, accepted, NULL, busy, &e) < 0)
		accepted(NULL, NULL, &e);
}

/* How many of its containers are not down. */
static unsigned sweep_tenant(struct auth *a, const struct tenant *t)
{
	unsigned up = 0;

	for (size_t i = 0; i < inv_count(a->d->inv); i++) {
		const struct inv_ct *ct = inv_at(a->d->inv, i);

		if (!str_eq(ct->owner, t->name))
			continue;
		up += ct->state == INV_RUNNING || ct->state == INV_FROZEN || ct->state == INV_STARTING || ct->state == INV_STOPPING;
		if (ct->state == INV_RUNNING || ct->state == INV_FROZEN)
			stop(a, t, ct);
	}
	return up;
}

static void settle(struct auth *a, struct tenant *t)
{
	struct err e = { 0 };
	char *name = strdup(t->name);

	t->stop_pending = false;
	if (!name || db_write(a->d->db, done_work, name, done_done, &e) < 0)
		free(name);
}

static void sweep_due(void *arg)
{
	struct auth *a = arg;
	bool more = false;

	a->sweep = NULL;
	for (size_t i = 0; i < a->tenants.n; i++) {
		struct tenant *t = a->tenants.v[i];

		if (!t->stop_pending)
			continue;
		if (t->suspended && (!a->d->jobs || !a->d->inv || sweep_tenant(a, t)))
			more = true;
		else
			settle(a, t);
	}
	a->sweep_ms = MIN(a->sweep_ms * 2, SWEEP_MAX_MS);
	if (more) {
		struct err e = { 0 };

		if (ev_add_timer(a->d->ev, "auth sweep", a->sweep_ms, 0, sweep_due, a, &a->sweep, &e) < 0)
			vzd_log_err(LOG_ERR, &e, "suspended tenants");
	}
}

int auth_sweep(struct auth *a, struct err *e)
{
	bool any = false;

	for (size_t i = 0; i < a->tenants.n; i++)
		any |= a->tenants.v[i]->stop_pending;
	ev_del(a->sweep);
	a->sweep = NULL;
	a->sweep_ms = SWEEP_FIRST_MS;
	return any ? ev_add_timer(a->d->ev, "auth sweep", a->sweep_ms, 0, sweep_due, a, &a->sweep, e) : 0;
}
