/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot scheduler; see the header. A list in boot order, looked through whenever something ended. */
#include "vzd/autostart.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/num.h"
#include "util/path.h"
#include "vzd/auth.h"
#include "vzd/bus.h"
#include "vzd/inv.h"
#include "vzd/job.h"
#include "vzd/policy.h"

#define LIST_FILE "autostart"
#define DAY_MS UINT64_C(86400000)	/* a start has its own limits */
#define BUSY_MS 1000		/* somebody else is at the container: look again */

enum boot_state { BOOT_WAITING, BOOT_STARTING, BOOT_SETTLING, BOOT_UP, BOOT_FAILED };
struct boot {
	struct autostart *a;
	unsigned id;
	enum boot_state state;
	char *error;
	struct job_wait *wait;
	struct ev_src *settle;
};
struct autostart {
	struct vzd *d;
	struct boot **v;
	size_t n;
	bool looking;
	struct ev_src *again;
};

static struct boot *boot_of(const struct autostart *a, unsigned id)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i]->id == id)
			return a->v[i];
	return NULL;
}

static bool open_state(const struct boot *b)
{
	return b->state == BOOT_WAITING || b->state == BOOT_STARTING || b->state == BOOT_SETTLING;
}

/* What is still to be done, for the next vzd. */
static void remember(const struct autostart *a)
{
	auto_close int dir = open(VZD_RUN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct buf auto_buf b = BUF_INIT;
	struct err e = { 0 };

	for (size_t i = 0; i < a->n; i++)
		if (open_state(a->v[i]))
			buf_addf(&b, "%u\n", a->v[i]->id);
	if (!b.len)
		unlinkat(dir, LIST_FILE, 0);
	else if (dir < 0 || fio_replace_run(dir, LIST_FILE, b.s, b.len, 0600, &e) < 0)
		vzd_log_err(LOG_WARNING, &e, "remember what is to be started");
}

static void look(struct autostart *a);

static void ended(struct boot *b, enum boot_state state, const char *error)
{
	const struct inv_ct *ct = inv_find(b->a->d->inv, b->id);

	b->state = state;
	if (state == BOOT_FAILED) {
		free(b->error);
		b->error = strdup(error);
		vzd_log(LOG_ERR, "CT %u was not started at boot: %s", b->id, error);
		bus_emit(b->a->d->bus, "ct.failed", b->id, ct ? ct->owner : "",
			 json_pack("{s:s, s:s}", "reason", "boot", "detail", error));
	}
	remember(b->a);
	look(b->a);
}

static void settled(void *arg)
{
	struct boot *b = arg;

	b->settle = NULL;
	ended(b, BOOT_UP, NULL);
}

static void job_over(void *arg, const struct job *j, const struct err *e)
{
	struct boot *b = arg;
	const struct inv_ct *ct = inv_find(b->a->d->inv, b->id);
	struct err none = { 0 };

	b->wait = NULL;
	if (e->code || (j->state != JOB_DONE && j->exit != VZ_VE_RUNNING)) {
		ended(b, BOOT_FAILED, e->code ? e->text : j->error ? j->error : j->stage);
	} else if (ct && ct->start_delay_s &&
		   ev_add_timer(b->a->d->ev, "boot.settle", ct->start_delay_s * UINT64_C(1000), 0, settled, b, &b->settle,
				&none) == 0) {
		b->state = BOOT_SETTLING;
		look(b->a);
	} else {
		ended(b, BOOT_UP, NULL);
	}
}

static void accepted(void *arg, const struct job *j, const struct err *e)
{
	struct boot *b = arg;
	struct err fail = { 0 };

	if (e->code)
		ended(b, BOOT_FAILED, e->text);
	else if (job_wait(b->a->d->jobs, j->id, DAY_MS, job_over, b, &b->wait, &fail) < 0)
		ended(b, BOOT_FAILED, fail.text);
}

static void look_again(void *arg)
{
	struct autostart *a = arg;

	a->again = NULL;
	look(a);
}

static void start_one(struct boot *b)
{
	struct vzd *d = b->a->d;
	const struct inv_ct *ct = inv_find(d->inv, b->id);
	char id[16], resource[32], busy[JOB_ID_LEN + 1];
	const char *const argv[] = { VZ_SBINDIR "/vzctl", "start", id, NULL };
	struct job_spec spec = { .kind = "boot.start", .ctid = b->id, .principal = "vzd", .argv = argv, .resource = resource,
				 .again = true };
	struct err e = { 0 };

	str_fmt(id, sizeof(id), "%u", b->id);
	str_fmt(resource, sizeof(resource), "/v1/cts/%u", b->id);
	if (!ct) {
		ended(b, BOOT_FAILED, "it does not exist any more");
		return;
	}
	spec.owner = ct->owner;
	b->state = BOOT_STARTING;
	if (ct->owner[0] && auth_tenant_suspended(d->auth, ct->owner))
		ended(b, BOOT_FAILED, "its tenant is suspended");
	else if (policy_admit(d, MIN(ct->mem_limit, NUM_UNLIMITED), ct->mem_guarantee, &e) < 0)
		ended(b, BOOT_FAILED, e.text);
	else if (job_submit(d->jobs, &spec, accepted, b, busy, &e) == 0)
		return;
	else if (e.code == EBUSY)
		b->state = BOOT_WAITING;
	else
		ended(b, BOOT_FAILED, e.text);
	if (b->state == BOOT_WAITING && !b->a->again)
		ev_add_timer(d->ev, "boot.again", BUSY_MS, 0, look_again, b->a, &b->a->again, &e);
}

/* Are all that @b names behind us? Names outside the list are not waited for. */
static bool ready(const struct autostart *a, const struct boot *b)
{
	const struct inv_ct *ct = inv_find(a->d->inv, b->id);
	char word[256];
	size_t n;

	for (const char *p = ct ? ct->start_after : ""; *(p += strspn(p, " ,")); p += n) {
		const struct inv_ct *dep;
		const struct boot *db;

		n = strcspn(p, " ,");
		str_fmt(word, sizeof(word), "%.*s", (int)n, p);
		dep = inv_find_text(a->d->inv, word);
		db = dep && dep->id != b->id ? boot_of(a, dep->id) : NULL;
		if (db && open_state(db))
			return false;
	}
	return true;
}

static size_t active(const struct autostart *a, struct boot **first_waiting)
{
	size_t n = 0;

	*first_waiting = NULL;
	for (size_t i = 0; i < a->n; i++) {
		n += a->v[i]->state == BOOT_STARTING;
		if (a->v[i]->state == BOOT_WAITING && !*first_waiting)
			*first_waiting = a->v[i];
	}
	return n;
}

static bool settling(const struct autostart *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i]->state == BOOT_SETTLING)
			return true;
	return false;
}

/* One pass over the list; true: something was tried. */
static bool start_ready(struct autostart *a)
{
	struct boot *waiting;
	size_t busy = active(a, &waiting), most = a->d->conf.parallel.v ? (size_t)a->d->conf.parallel.v : 1;
	bool tried = false;

	for (size_t i = 0; i < a->n && busy < most; i++) {
		if (a->v[i]->state != BOOT_WAITING || !ready(a, a->v[i]))
			continue;
		start_one(a->v[i]);
		tried |= a->v[i]->state != BOOT_WAITING;
		busy += a->v[i]->state == BOOT_STARTING;
	}
	busy = active(a, &waiting);
	if (tried || !waiting || busy || settling(a) || a->again)
		return tried;
	vzd_log(LOG_WARNING, "CT %u: START_AFTER goes in a circle; it is started without", waiting->id);
	start_one(waiting);
	return waiting->state != BOOT_WAITING;
}

/* Starts what may start now. A start that ends at once frees others: the list is gone through until nothing moves. */
static void look(struct autostart *a)
{
	if (a->looking)
		return;
	a->looking = true;
	while (start_ready(a))
		;
	a->looking = false;
}

int autostart_add(struct autostart *a, const unsigned *ids, size_t n, struct err *e)
{
	struct boot **v = reallocarray(a->v, a->n + n + 1, sizeof(struct boot *));

	if (!v)
		return err_set(e, ENOMEM, "start at boot");
	a->v = v;
	for (size_t i = 0; i < n; i++) {
		const struct inv_ct *ct = inv_find(a->d->inv, ids[i]);
		struct boot *b = boot_of(a, ids[i]);

		if (!ct || ct->state == INV_RUNNING || ct->state == INV_FROZEN || (b && open_state(b)))
			continue;
		if (!b) {
			b = calloc(1, sizeof(*b));
			if (!b)
				return err_set(e, ENOMEM, "start at boot");
			a->v[a->n++] = b;
		}
		b->a = a;
		b->id = ids[i];
		b->state = BOOT_WAITING;
	}
	remember(a);
	look(a);
	return 0;
}

json_t *autostart_json(const struct autostart *a)
{
	json_t *failed = json_array();
	int up = 0, starting = 0, waiting = 0;

	for (size_t i = 0; i < a->n; i++) {
		const struct boot *b = a->v[i];

		up += b->state == BOOT_UP;
		starting += b->state == BOOT_STARTING || b->state == BOOT_SETTLING;
		waiting += b->state == BOOT_WAITING;
		if (b->state == BOOT_FAILED)
			json_array_append_new(failed,
					      json_pack("{s:i, s:s}", "ctid", (int)b->id, "error", b->error ? b->error : ""));
	}
	return json_pack("{s:i, s:i, s:i, s:i, s:o}", "total", (int)a->n, "up", up, "starting", starting, "waiting", waiting,
			 "failed", failed);
}

/* --- life --- */

static void resume(void *arg)
{
	struct autostart *a = arg;
	auto_close int dir = open(VZD_RUN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct buf auto_buf b = BUF_INIT;
	auto_free unsigned *ids = NULL;
	struct err e = { 0 };
	size_t n = 0, len;

	if (dir < 0 || fio_read_at(dir, LIST_FILE, &b, &e) < 0)
		return;
	ids = calloc(b.len + 1, sizeof(*ids));
	for (const char *p = buf_str(&b); ids && *p; p += len + (p[len] == '\n')) {
		char word[16];
		uint64_t id;

		len = strcspn(p, "\n");
		str_fmt(word, sizeof(word), "%.*s", (int)len, p);
		if (num_u64(word, &id) == 0 && id <= CT_ID_MAX)
			ids[n++] = (unsigned)id;
	}
	if (n)
		autostart_add(a, ids, n, &e);
}

int autostart_open(struct vzd *d, struct autostart **ret, struct err *e)
{
	struct autostart *a;

	if (path_mkdir_host(VZD_RUN, 0700, e) < 0)
		return -e->code;
	a = calloc(1, sizeof(*a));
	if (!a)
		return err_set(e, ENOMEM, "start at boot");
	a->d = d;
	if (ev_defer(d->ev, "boot.resume", resume, a, e) < 0) {
		free(a);
		return -e->code;
	}
	*ret = a;
	return 0;
}

void autostart_close(struct autostart *a)
{
	if (!a)
		return;
	ev_del(a->again);
	for (size_t i = 0; i < a->n; i++) {
		job_unwait(a->v[i]->wait);
		ev_del(a->v[i]->settle);
		free(a->v[i]->error);
		free(a->v[i]);
	}
	free(a->v);
	free(a);
}
