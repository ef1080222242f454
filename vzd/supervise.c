/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The restart policy; see the header. One record per container that is or was restarted, forgotten when an hour is over. */
#include "vzd/supervise.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "libct/backup.h"
#include "libct/exitrec.h"
#include "util/auto.h"
#include "util/fio.h"
#include "util/num.h"
#include "util/path.h"
#include "vzd/auth.h"
#include "vzd/bus.h"
#include "vzd/inv.h"
#include "vzd/job.h"

#define RESTART_DIR VZD_RUN "/restart"
#define HOUR_MS (3600 * 1000)
#define SWEEP_MS (600 * 1000)
#define PAUSE_FIRST_MS 1000
#define PAUSE_LAST_MS 60000
#define RESUME_MS 5000
#define RESUME_MAX 5u		/* within an hour */
#define RETRY_MS 2000		/* another operation is on the container */

struct watch {
	struct watch *next;
	struct supervise *s;
	unsigned id;
	uint64_t gen;			/* of the start that ended */
	unsigned n;			/* restarts within the hour that began at @since */
	uint64_t since;			/* ev_now_ms() */
	struct ev_src *timer;
};
struct supervise {
	struct vzd *d;
	struct watch *watches;
	struct ev_src *sweep, *paused;
	int dir;
};

bool supervise_wants(enum ct_restart policy, const char *reason)
{
	bool oom = str_eq(reason, "oom");
	bool crash = oom || str_eq(reason, "failed") || str_eq(reason, "killed") || str_eq(reason, "unknown");
	bool ended = crash || str_eq(reason, "halt") || str_eq(reason, "exited");

	switch (policy) {
	case CT_RESTART_NO:
	case CT_RESTART_N:
		return false;
	case CT_RESTART_OOM:
		return oom;
	case CT_RESTART_FAILURE:
		return crash;
	case CT_RESTART_ALWAYS:
		return ended;
	}
	return false;
}

uint64_t supervise_pause(unsigned n)
{
	uint64_t ms = PAUSE_FIRST_MS;

	while (n-- > 1 && ms < PAUSE_LAST_MS)
		ms *= 2;
	return MIN(ms, (uint64_t)PAUSE_LAST_MS);
}

/* --- what is due, on disk --- */

static void due_write(struct supervise *s, const struct watch *w)
{
	struct err e = { 0 };
	char name[16], text[32];

	str_fmt(name, sizeof(name), "%u", w->id);
	str_fmt(text, sizeof(text), "%" PRIu64 "\n", w->gen);
	if (fio_replace_run(s->dir, name, text, strlen(text), 0600, &e) < 0)
		vzd_log_err(LOG_WARNING, &e, "remember a restart");
}

static void due_remove(struct supervise *s, unsigned id)
{
	char name[16];

	str_fmt(name, sizeof(name), "%u", id);
	unlinkat(s->dir, name, 0);
}

/* --- restarts --- */

static struct watch *watch_of(struct supervise *s, unsigned id)
{
	struct watch *w;

	for (w = s->watches; w; w = w->next)
		if (w->id == id)
			return w;
	w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	*w = (struct watch){ .next = s->watches, .s = s, .id = id, .since = ev_now_ms() };
	s->watches = w;
	return w;
}

static bool still_due(const struct supervise *s, const struct watch *w)
{
	const struct inv_ct *ct = inv_find(s->d->inv, w->id);

	return ct && (ct->state == INV_STOPPED || ct->state == INV_MOUNTED) && ct->restart != CT_RESTART_NO && !ct->disabled &&
	       !(ct->owner[0] && auth_tenant_suspended(s->d->auth, ct->owner));
}

static void due(void *arg);

static void arm(struct watch *w, uint64_t ms)
{
	struct err e = { 0 };

	ev_del(w->timer);
	w->timer = NULL;
	if (ev_add_timer(w->s->d->ev, "supervise.restart", ms, 0, due, w, &w->timer, &e) < 0)
		vzd_log_err(LOG_ERR, &e, "restart a container");
}

struct accepted { struct supervise *s; unsigned id; };

static void accepted(void *arg, const struct job *j, const struct err *e)
{
	struct accepted *a = arg;

	(void)j;
	if (e->code)
		vzd_log_err(LOG_ERR, e, "restart a container");
	else
		due_remove(a->s, a->id);	/* from here the job is the promise */
	free(a);
}

static void submit(struct watch *w)
{
	const struct inv_ct *ct = inv_find(w->s->d->inv, w->id);
	char id[16], resource[32], busy[JOB_ID_LEN + 1];
	const char *const argv[] = { VZ_SBINDIR "/vzctl", "start", id, NULL };
	const struct job_spec spec = { .kind = "policy.restart", .ctid = w->id, .owner = ct->owner, .principal = "vzd",
				       .argv = argv, .resource = resource, .again = true };
	struct accepted *a = calloc(1, sizeof(*a));
	struct err e = { 0 };

	if (!a)
		return;
	*a = (struct accepted){ w->s, w->id };
	str_fmt(id, sizeof(id), "%u", w->id);
	str_fmt(resource, sizeof(resource), "/v1/cts/%u", w->id);
	if (job_submit(w->s->d->jobs, &spec, accepted, a, busy, &e) == 0) {
		bus_emit(w->s->d->bus, "ct.policy", w->id, ct->owner,
			 json_pack("{s:s, s:i}", "action", "restart", "count", (int)w->n));
		return;
	}
	free(a);
	if (e.code == EBUSY)
		arm(w, RETRY_MS);
	else
		vzd_log_err(LOG_ERR, &e, "restart a container");
}

static void due(void *arg)
{
	struct watch *w = arg;

	w->timer = NULL;
	if (still_due(w->s, w))
		submit(w);
	else
		due_remove(w->s, w->id);
}

static void give_up(struct supervise *s, const struct inv_ct *ct, const char *reason)
{
	vzd_log(LOG_WARNING, "CT %u went down %u times within an hour: it is left down (RESTART_MAX)", ct->id, ct->restart_max + 1);
	bus_emit(s->d->bus, "ct.failed", ct->id, ct->owner,
		 json_pack("{s:s, s:i, s:s}", "reason", reason, "restarts", (int)ct->restart_max, "detail",
			   "restarts within an hour are used up: look at its log, then start it by hand"));
}

static void schedule(struct supervise *s, const struct inv_ct *ct, uint64_t gen, const char *reason)
{
	struct watch *w = watch_of(s, ct->id);

	if (!w)
		return;
	if (ev_now_ms() - w->since > HOUR_MS) {
		w->n = 0;
		w->since = ev_now_ms();
	}
	w->gen = gen;
	if (w->n >= ct->restart_max) {
		give_up(s, ct, reason);
		return;
	}
	w->n++;
	due_write(s, w);
	arm(w, supervise_pause(w->n));
}

/* A restart that waits is not made: the container was started by hand, and then stopped. */
static void forget_due(struct supervise *s, unsigned id)
{
	for (struct watch *w = s->watches; w; w = w->next) {
		if (w->id != id || !w->timer)
			continue;
		ev_del(w->timer);
		w->timer = NULL;
		due_remove(s, id);
	}
}

static void on_exit_record(void *arg, const struct ct_exit *x)
{
	struct supervise *s = arg;
	const struct inv_ct *ct = inv_find(s->d->inv, x->ctid);

	if (str_eq(x->reason, "stop") || str_eq(x->reason, "reboot"))
		forget_due(s, x->ctid);		/* somebody has seen to it since */
	if (!ct || str_eq(x->reason, "stop") || str_eq(x->reason, "reboot"))
		return;
	if (str_eq(x->reason, "oom"))
		bus_emit(s->d->bus, "ct.oom", ct->id, ct->owner, json_pack("{s:I}", "kills", (json_int_t)x->oom_kills));
	if (supervise_wants(ct->restart, x->reason))
		schedule(s, ct, x->gen, x->reason);
	else if (supervise_wants(CT_RESTART_FAILURE, x->reason))
		bus_emit(s->d->bus, "ct.failed", ct->id, ct->owner, json_pack("{s:s}", "reason", x->reason));
}

/* --- stopped for a moment by a command that was killed --- */

static void start_again(struct supervise *s, const struct inv_ct *ct)
{
	struct watch *w = watch_of(s, ct->id);
	char id[16], resource[32], busy[JOB_ID_LEN + 1];
	const char *const argv[] = { VZ_SBINDIR "/vzctl", "repair", id, NULL };
	const struct job_spec spec = { .kind = "policy.restart", .ctid = ct->id, .owner = ct->owner, .principal = "vzd",
				       .argv = argv, .resource = resource };
	struct err e = { 0 };

	if (!w || w->timer || w->n >= RESUME_MAX)
		return;
	str_fmt(id, sizeof(id), "%u", ct->id);
	str_fmt(resource, sizeof(resource), "/v1/cts/%u", ct->id);
	if (job_submit(s->d->jobs, &spec, NULL, NULL, busy, &e) == 0)
		w->n++;
	else if (e.code != EBUSY)
		vzd_log_err(LOG_ERR, &e, "start a container again");
}

static void look_paused(void *arg)
{
	struct supervise *s = arg;
	const struct inv_ct *ct;

	for (size_t i = 0; (ct = inv_at(s->d->inv, i)); i++)
		if ((ct->state == INV_STOPPED || ct->state == INV_MOUNTED) && ct_restart_due(ct->id))
			start_again(s, ct);
}

/* --- life --- */

static void sweep(void *arg)
{
	struct supervise *s = arg;

	for (struct watch **p = &s->watches; *p;) {
		struct watch *w = *p;

		if (w->timer || ev_now_ms() - w->since <= HOUR_MS) {
			p = &w->next;
			continue;
		}
		*p = w->next;
		free(w);
	}
}

/* What was due when the vzd before this one ended. */
static int resume(struct supervise *s, struct err *e)
{
	int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;
	uint64_t id;

	if (!d)
		return err_set(e, errno, "read " RESTART_DIR);
	while ((de = readdir(d))) {
		struct watch *w = num_u64(de->d_name, &id) == 0 && id <= CT_ID_MAX ? watch_of(s, (unsigned)id) : NULL;

		if (!w)
			continue;
		w->n++;
		arm(w, PAUSE_FIRST_MS);
	}
	return 0;
}

int supervise_open(struct vzd *d, struct supervise **ret, struct err *e)
{
	struct supervise *s;

	if (path_mkdir_host(VZD_RUN, 0700, e) < 0 || path_mkdir_host(RESTART_DIR, 0700, e) < 0)
		return -e->code;
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(e, ENOMEM, "supervision");
	s->d = d;
	s->dir = open(RESTART_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (s->dir < 0)
		err_set(e, errno, "open " RESTART_DIR);
	if (s->dir < 0 || inv_on_exit(d->inv, on_exit_record, s, e) < 0 || resume(s, e) < 0 ||
	    ev_add_timer(d->ev, "supervise.sweep", SWEEP_MS, SWEEP_MS, sweep, s, &s->sweep, e) < 0 ||
	    ev_add_timer(d->ev, "supervise.paused", RESUME_MS, RESUME_MS, look_paused, s, &s->paused, e) < 0) {
		supervise_close(s);
		return -e->code;
	}
	*ret = s;
	return 0;
}

void supervise_close(struct supervise *s)
{
	if (!s)
		return;
	ev_del(s->sweep);
	ev_del(s->paused);
	while (s->watches) {
		struct watch *w = s->watches;

		s->watches = w->next;
		ev_del(w->timer);
		free(w);
	}
	auto_close_(&s->dir);
	free(s);
}
