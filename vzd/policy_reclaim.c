/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reclaim under pressure. The kernel tells (a trigger on /proc/pressure/memory: nothing is polled); what is idle gives first, what
 * is guaranteed stays, and one step takes RECLAIM_STEP at most, in a child, since the kernel may have to write out what it takes.
 * With memory on cgroup v1 only all of a group's memory can be taken: only from idle containers without a guarantee whose memory
 * is mostly cache.
 */
#include "vzd/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"
#include "vzd/bus.h"
#include "vzd/node.h"
#include "vzd/sampler.h"
#include "vzd/timefmt.h"

#define PRESSURE "/proc/pressure/memory"
#define WINDOW_US 2000000u		/* a multiple of 2 s is what kernels take from all */
#define RECLAIM_STEP (256u << 20)	/* bytes a step, or 2 % of the host if that is less */
#define RECLAIM_MIN (4u << 20)		/* not worth the while below */
#define CHILD_S 20			/* then it is ended */
#define EVENT_MS 60000
#define IDLE_PCT 1.0

struct done { unsigned ctid; uint64_t bytes; };
struct reclaim {
	struct vzd *d;
	struct cg_host *cg;
	int fd;
	struct ev_src *src, *child;
	struct done *done;		/* shared with the child */
	uint64_t triggers, steps, bytes;
	int64_t last_ms;
	uint64_t event_ms;		/* CLOCK_MONOTONIC */
	const char *method;		/* NULL: this kernel has none */
};

/* --- whom -------------------------------------------------------------------------------------------------------- */
static int by_worth(const void *a, const void *b)
{
	const struct victim *x = a, *y = b;
	uint64_t m = x->used - MIN(x->used, x->guarantee), n = y->used - MIN(y->used, y->guarantee);

	if (x->idle != y->idle)
		return x->idle ? -1 : 1;
	return m < n ? 1 : m > n ? -1 : 0;
}

unsigned reclaim_plan(struct victim *v, unsigned n, uint64_t budget)
{
	unsigned k = 0;

	qsort(v, n, sizeof(*v), by_worth);
	for (unsigned i = 0; i < n; i++) {
		uint64_t above = v[i].used > v[i].guarantee ? v[i].used - v[i].guarantee : 0;

		v[i].take = k < RECLAIM_VICTIMS ? MIN(above / 4, budget) : 0;
		if (v[i].take < RECLAIM_MIN) {
			v[i].take = 0;
			continue;
		}
		budget -= v[i].take;
		SWAP(v[k], v[i]);
		k++;
	}
	return k;
}

static unsigned gather(struct reclaim *r, struct victim *v)
{
	bool part = cg_host_can_reclaim(r->cg);
	struct inv_ct *ct;
	unsigned n = 0;

	for (size_t i = 0; (ct = inv_at(r->d->inv, i)); i++) {
		struct err ignored = { 0 };
		const struct sample *s = ct->gen ? sampler_get(r->d->sampler, ct, UINT_MAX, &ignored) : NULL;
		struct victim x = { .ctid = ct->id, .guarantee = ct->mem_guarantee };

		if (!s)
			continue;
		x.used = s->cg.mem_bytes;
		x.cache = s->mem_cache_bytes;
		x.idle = s->cpu_pct < IDLE_PCT;
		if (part || (x.idle && !x.guarantee && x.cache > x.used / 2))
			v[n++] = x;
	}
	return n;
}

/* --- the child --------------------------------------------------------------------------------------------------- */
static uint64_t used_now(const struct cg *cg)
{
	struct err ignored = { 0 };
	struct cg_stat s;

	return cg_stat((struct cg *)(uintptr_t)cg, &s, &ignored) == 0 ? s.mem_bytes : 0;
}

static void take_one(struct reclaim *r, struct cg *cg, const struct victim *v, struct done *done)
{
	uint64_t before = used_now(cg), after;
	struct err ignored = { 0 };

	if (cg_reclaim(cg, v->take, &ignored) == -ENOTSUP)
		cg_reclaim_all(cg, &ignored);
	after = used_now(cg);
	done->ctid = v->ctid;
	done->bytes = before > after ? before - after : 0;
	(void)r;
}

static void __attribute__((noreturn)) child(struct reclaim *r, struct cg *const *cg, const struct victim *v, unsigned n)
{
	sigset_t none;

	signal(SIGALRM, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	alarm(CHILD_S);
	for (unsigned i = 0; i < n; i++)
		if (cg[i])
			take_one(r, cg[i], &v[i], &r->done[i]);
	_exit(0);
}

static void on_child(void *arg, pid_t pid, int status)
{
	struct reclaim *r = arg;
	struct err ignored = { 0 };

	(void)pid;
	r->child = NULL;
	if (!WIFEXITED(status))
		vzd_log(LOG_WARNING, "reclaiming memory took more than %d s and was ended", CHILD_S);
	for (unsigned i = 0; i < RECLAIM_VICTIMS; i++) {
		struct inv_ct *ct = r->done[i].ctid ? inv_find(r->d->inv, r->done[i].ctid) : NULL;

		r->bytes += r->done[i].bytes;
		if (ct && ct->gen)
			sampler_get(r->d->sampler, ct, 0, &ignored);	/* an idle one does not show it by itself */
		if (ct && r->done[i].bytes)
			bus_emit(r->d->bus, "ct.policy", ct->id, ct->owner,
				 json_pack("{ss sI}", "action", "reclaim", "bytes", (json_int_t)r->done[i].bytes));
	}
}

static void start_child(struct reclaim *r, const struct victim *v, unsigned n)
{
	struct cg *cg[RECLAIM_VICTIMS] = { 0 };
	struct err e = { 0 };
	char ids[16];
	pid_t pid;

	memset(r->done, 0, RECLAIM_VICTIMS * sizeof(*r->done));
	for (unsigned i = 0; i < n; i++) {	/* here: the child may not allocate */
		str_fmt(ids, sizeof(ids), "%u", v[i].ctid);
		if (cg_open(r->cg, ids, &cg[i], &e) < 0)
			cg[i] = NULL;
	}
	pid = fork();
	if (pid == 0)
		child(r, cg, v, n);
	for (unsigned i = 0; i < n; i++)
		cg_close(cg[i]);
	err_clear(&e);
	if (pid < 0 || ev_add_child(r->d->ev, "policy.reclaim", pid, on_child, r, &r->child, &e) < 0)
		vzd_log(LOG_WARNING, "cannot reclaim memory: %s", pid < 0 ? strerror(errno) : e.text);
	else
		r->steps++;
}

/* --- pressure ---------------------------------------------------------------------------------------------------- */
static void tell_pressure(struct reclaim *r)
{
	uint64_t now = ev_now_ms();
	struct node_fig f;

	if (r->event_ms && now - r->event_ms < EVENT_MS)
		return;
	r->event_ms = now;
	node_fig(r->d, &f);
	bus_emit(r->d->bus, "host.pressure", 0, "", json_pack("{ss sf sI}", "resource", "memory", "some_pct", f.psi_avg10[1][0],
							      "available", (json_int_t)f.mem_available));
}

static void step(struct reclaim *r)
{
	auto_free struct victim *v = calloc(inv_count(r->d->inv) + 1, sizeof(*v));
	uint64_t budget = MIN(node_ram() / 50, (uint64_t)RECLAIM_STEP);
	unsigned n = v ? reclaim_plan(v, gather(r, v), budget) : 0;

	if (n)
		start_child(r, v, n);
}

static void on_pressure(void *arg, uint32_t events)
{
	struct reclaim *r = arg;

	if (events & EPOLLERR) {	/* the trigger is gone: it would say so for ever */
		ev_del(r->src);
		r->src = NULL;
		return;
	}
	r->triggers++;
	r->last_ms = timefmt_now_ms();
	tell_pressure(r);
	if (!r->child && r->method)
		step(r);
}

/* --- life -------------------------------------------------------------------------------------------------------- */
static int set_trigger(struct reclaim *r, struct err *e)
{
	char text[64];

	r->fd = open(PRESSURE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (r->fd < 0)
		return err_set(e, errno, PRESSURE);
	str_fmt(text, sizeof(text), "some %" PRIu64 " %u", r->d->conf.reclaim_psi.v * (WINDOW_US / 100), WINDOW_US);
	if (write(r->fd, text, strlen(text) + 1) < 0)
		return err_set(e, errno, "set the trigger '%s' on " PRESSURE, text);
	return ev_add_fd(r->d->ev, "policy.pressure", r->fd, EPOLLPRI, on_pressure, r, &r->src, e);
}

int reclaim_open(struct vzd *d, struct reclaim **ret, struct err *e)
{
	struct reclaim *r;
	struct err no = { 0 };

	if (!d->conf.reclaim_psi.v)
		return 0;
	r = calloc(1, sizeof(*r));
	if (!r)
		return err_set(e, ENOMEM, "policy");
	r->d = d;
	r->fd = -1;
	r->done = mmap(NULL, RECLAIM_VICTIMS * sizeof(*r->done), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r->done == MAP_FAILED || cg_host_open(ct_host_conf(d->host)->cgroup_parent, &r->cg, e) < 0) {
		if (r->done == MAP_FAILED)
			r->done = NULL;
		reclaim_close(r);
		return e->code ? -e->code : err_set(e, ENOMEM, "policy");
	}
	r->method = cg_host_can_reclaim(r->cg) ? "memory.reclaim" : cg_host_is_v2(r->cg, "memory") ? NULL : "memory.force_empty";
	if (set_trigger(r, &no) < 0)
		vzd_log_err(LOG_WARNING, &no, "RECLAIM_PSI: nothing will be reclaimed");
	*ret = r;
	return 0;
}

void reclaim_close(struct reclaim *r)
{
	if (!r)
		return;
	ev_del(r->src);
	ev_del(r->child);
	auto_close_(&r->fd);
	if (r->done)
		munmap(r->done, RECLAIM_VICTIMS * sizeof(*r->done));
	cg_host_close(r->cg);
	free(r);
}

json_t *reclaim_json(const struct reclaim *r)
{
	char t[TIMEFMT_LEN];

	if (!r)
		return json_pack("{ss}", "state", "off");
	return json_pack("{ss sI ss sI sI sI so}", "state", r->src ? "watching" : "unavailable", "threshold_pct",
			 (json_int_t)r->d->conf.reclaim_psi.v, "method", r->method ? r->method : "none", "triggers",
			 (json_int_t)r->triggers, "steps", (json_int_t)r->steps, "reclaimed_bytes", (json_int_t)r->bytes,
			 "last_trigger", r->last_ms ? json_string(timefmt(r->last_ms, t)) : json_null());
}
