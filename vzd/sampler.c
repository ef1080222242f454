/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rounds over all containers, in slices: at the beginning of each one dump of the network's counters, then as many containers
 * in a turn as fit into SAMPLE_TURN_MS.
 */
#include "vzd/sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "libct/exitrec.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/path.h"
#include "vzd/sampler_priv.h"
#include "vzd/timefmt.h"

#define HISTORY_DIR VZD_LIB "/history"
#define SLICE_PAUSE_MS 10	/* between turns of a round: the loop is for others */

/* --- rounds ------------------------------------------------------------------------------------------------------ */
/* The first container with an id of at least @id. */
static size_t index_of(struct inv *v, unsigned id)
{
	size_t lo = 0, hi = inv_count(v);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (inv_at(v, mid)->id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void look_at(struct sampler *s, struct inv_ct *ct)
{
	struct err e = { 0 };

	if (sample_runs(ct)) {
		if (sample_take(s, ct, false, &e) < 0 && e.code != ENOENT)
			vzd_log_err(LOG_WARNING, &e, "sample");
	} else if (!ct->broken && (s->rounds + ct->id) % SAMPLE_DOWN == 0) {
		sample_down(s, ct);
	}
}

static void round_end(struct sampler *s)
{
	s->under_way = false;
	if (!s->rounds++)
		usage_first_round_done(s->usage);
	usage_flush(s->usage, ev_now_ms(), s->rounds == 1);
}

static void slice(void *arg)
{
	struct sampler *s = arg;
	uint64_t until = ev_now_ms() + SAMPLE_TURN_MS;
	struct inv *v = s->d->inv;
	struct err e = { 0 };
	struct inv_ct *ct;

	s->slice = NULL;
	for (size_t i = index_of(v, s->next); (ct = inv_at(v, i)); i++) {
		s->next = ct->id + 1;
		look_at(s, ct);
		if (ev_now_ms() < until)
			continue;
		if (ev_add_timer(s->d->ev, "sampler.slice", SLICE_PAUSE_MS, 0, slice, s, &s->slice, &e) < 0)
			vzd_log_err(LOG_WARNING, &e, "sample");
		else
			return;
	}
	round_end(s);
}

static void start_round(void *arg)
{
	struct sampler *s = arg;
	struct err e = { 0 };

	if (s->under_way)	/* slower than its period: the rest first */
		return;
	if (sample_net(s, &e) < 0)
		vzd_log_err(LOG_WARNING, &e, "network counters");
	s->under_way = true;
	s->next = 0;
	if (ev_add_timer(s->d->ev, "sampler.slice", 0, 0, slice, s, &s->slice, &e) < 0) {
		vzd_log_err(LOG_WARNING, &e, "sample");
		s->under_way = false;
	}
}

/* --- news of containers ------------------------------------------------------------------------------------------ */
static void forget(struct sampler *s, unsigned id)
{
	struct inv_ct *ct = inv_find(s->d->inv, id);

	if (ct) {
		sample_free(ct->sample);
		ct->sample = NULL;
	}
	usage_gone(s->usage, id);
	if (s->hist_dir >= 0)
		hist_drop(s->hist_dir, id);
}

static void on_change(void *arg, unsigned id, struct inv_ct *ct, enum inv_state before)
{
	struct sampler *s = arg;
	struct s_ct *c = ct ? ct->sample : NULL;

	if (!ct) {
		forget(s, id);
		return;
	}
	if (c)
		c->stale = true;
	if (!sample_runs(ct) && before != ct->state && c && c->life)
		sample_down(s, ct);
}

static void on_exit_record(void *arg, const struct ct_exit *x)
{
	struct sampler *s = arg;
	struct inv_ct *ct = inv_find(s->d->inv, x->ctid);

	usage_exit(s->usage, x, ct ? ct->owner : "");
	usage_flush(s->usage, ev_now_ms(), true);
}

/* --- on demand --------------------------------------------------------------------------------------------------- */
const struct sample *sampler_get(struct sampler *s, struct inv_ct *ct, unsigned max_age_ms, struct err *e)
{
	struct s_ct *c = ct->sample;

	if (!sample_runs(ct)) {
		err_say(e, ESRCH, "container %u does not run", ct->id);
		return NULL;
	}
	if (c && c->mono_ms && max_age_ms && ev_now_ms() - c->whole_ms <= max_age_ms)
		return &c->last;
	if (sample_take(s, ct, true, e) < 0)
		return NULL;
	return &((struct s_ct *)ct->sample)->last;
}

const struct limits *sampler_limits(const struct inv_ct *ct)
{
	const struct s_ct *c = ct->sample;

	return c ? &c->lim : NULL;
}

struct usage *sampler_usage(struct sampler *s)
{
	return s->usage;
}

json_t *history_json(struct sampler *s, unsigned ctid, const char *span, struct err *e)
{
	struct inv_ct *ct = inv_find(s->d->inv, ctid);
	struct s_ct *c = ct ? sample_of(s, ct, e) : NULL;
	auto_free struct hist_slot *v = NULL;
	json_t *j;
	int n = -1, which = 0;

	while (which < HIST_SPAN_N && !str_eq(hist_span_names[which], span))
		which++;
	if (!c || which == HIST_SPAN_N) {
		if (!e->code)
			err_say(e, EINVAL, "hour, day, month or year, not '%s'", span);
		return NULL;
	}
	sample_flush_hist(c);
	v = calloc(HIST_SPAN_MAX, sizeof(*v));
	if (v)
		n = hist_read(s->hist_dir, ctid, c->birth, (enum hist_span)which, timefmt_now_ms() / 1000, v, e);
	j = n < 0 ? NULL : hist_json((enum hist_span)which, v, (unsigned)n);
	if (!j && !e->code)
		err_set(e, ENOMEM, "history");
	return j;
}

/* --- life -------------------------------------------------------------------------------------------------------- */
static int open_parts(struct sampler *s, struct err *e)
{
	const struct ct_host_conf *h = ct_host_conf(s->d->host);

	if (cg_host_open(h->cgroup_parent, &s->cg, e) < 0 || net_open(h->nft_table, &s->net, e) < 0)
		return -e->code;
	if (path_mkdir_host(HISTORY_DIR, 0700, e) < 0)
		return -e->code;
	s->hist_dir = open(HISTORY_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (s->hist_dir < 0)
		return err_set(e, errno, "open " HISTORY_DIR);
	return usage_open(s->d, &s->usage, e);
}

static int listen_to_all(struct sampler *s, struct err *e)
{
	uint64_t ms = s->d->conf.sample_sec.v * 1000;

	if (inv_on_change(s->d->inv, on_change, s, e) < 0 || inv_on_exit(s->d->inv, on_exit_record, s, e) < 0)
		return -e->code;
	return ev_add_timer(s->d->ev, "sampler.round", 1000, ms ? ms : 30000, start_round, s, &s->round, e);
}

int sampler_open(struct vzd *d, struct sampler **ret, struct err *e)
{
	struct sampler *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(e, ENOMEM, "sampler");
	s->d = d;
	s->hist_dir = -1;
	s->opened_ms = timefmt_now_ms();
	if (open_parts(s, e) < 0 || listen_to_all(s, e) < 0) {
		sampler_close(s);
		return -e->code;
	}
	*ret = s;
	return 0;
}

void sampler_close(struct sampler *s)
{
	struct inv_ct *ct;

	if (!s)
		return;
	ev_del(s->round);
	ev_del(s->slice);
	ev_del(s->rearm);
	for (size_t i = 0; s->d->inv && (ct = inv_at(s->d->inv, i)); i++) {
		struct s_ct *c = ct->sample;

		if (c && c->hist.n)
			sample_flush_hist(c);
		sample_free(c);
		ct->sample = NULL;
	}
	usage_close(s->usage);
	metrics_close(s->metrics);
	net_close(s->net);
	cg_host_close(s->cg);
	auto_close_(&s->hist_dir);
	free(s);
}
