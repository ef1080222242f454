/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes of what was measured: statistics, history, usage, limits, the host, metrics. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzd/api_ct.h"
#include "vzd/db.h"
#include "vzd/inv.h"
#include "vzd/metrics.h"
#include "vzd/sampler.h"
#include "vzd/timefmt.h"
#include "vzd/traffic.h"
#include "vzd/usage.h"

#define OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"

static int answer(struct api_call *c, json_t *j, const struct err *e)
{
	if (!j)
		return -e->code;
	api_json(c, 200, j);
	return 0;
}

static int stats_get(struct api_call *c, struct err *e)
{
	return answer(c, sampler_stats_json(c->d->sampler, c->ct, e), e);
}

static int history_get(struct api_call *c, struct err *e)
{
	return answer(c, history_json(c->d->sampler, c->ctid, api_q_str(c, "span", "hour"), e), e);
}

static int limits_get(struct api_call *c, struct err *e)
{
	json_t *j = limits_json(sampler_limits(c->ct));

	if (!j)
		return err_set(e, ENOMEM, "limits");
	json_object_set_new(j, "ctid", json_integer(c->ctid));
	return answer(c, j, e);
}

static int node_get(struct api_call *c, struct err *e)
{
	json_t *j = host_json(c->d, e);

	if (j && (c->who->tenant[0] || c->who->n_cts))	/* whose containers run into what is not a tenant's affair */
		json_object_del(j, "limit_hits");
	return answer(c, j, e);
}

/* --- usage ------------------------------------------------------------------------------------------------------- */
static int time_of(const struct api_call *c, const char *name, int64_t def_s, int64_t *ret_s, struct err *e)
{
	const char *text = api_q_str(c, name, NULL);
	int64_t ms;

	if (!text) {
		*ret_s = def_s;
		return 0;
	}
	if (timefmt_parse(text, &ms) < 0)
		return err_say(e, EINVAL, "%s: '%.40s' is no time like 2026-11-27T10:00:00Z or unix seconds", name, text);
	*ret_s = ms / 1000;
	return 0;
}

/*
 * Sums over a thousand containers take a tenth of a second, so they are made in the writer's thread: behind what usage_flush() has
 * just queued, so they are up to date, too.
 */
struct ask {
	struct api_call *c;
	struct usage_query q;
	char owner[33];
	bool csv;
	char *text;
	size_t len;
};

static void ask_free(struct ask *a)
{
	api_unref(a->c);
	free(a->text);
	free(a);
}

static int ask_work(sqlite3 *s, void *arg, struct err *e)
{
	struct ask *a = arg;
	json_t *j = NULL;

	if (a->csv)
		return usage_csv(s, &a->q, &a->text, &a->len, e);
	if (usage_query(s, &a->q, &j, e) < 0)
		return -e->code;
	a->text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	a->len = a->text ? strlen(a->text) : 0;
	return a->text ? 0 : err_set(e, ENOMEM, "usage");
}

static void ask_done(void *arg, const struct err *e)
{
	struct ask *a = arg;

	if (e->code)
		api_problem_err(a->c, e);
	else
		api_raw(a->c, 200, a->csv ? "text/csv; charset=utf-8; header=present" : "application/json", a->text, a->len);
	ask_free(a);
}

int api_usage(struct api_call *c, const struct usage_query *q, struct err *e)
{
	struct ask *a = calloc(1, sizeof(*a));

	if (!a)
		return err_set(e, ENOMEM, "usage");
	a->c = api_ref(c);
	a->q = *q;
	a->csv = c->req.accept && strstr(c->req.accept, "text/csv");
	if (q->owner) {
		str_copy(a->owner, sizeof(a->owner), q->owner);
		a->q.owner = a->owner;
	}
	usage_flush(sampler_usage(c->d->sampler), ev_now_ms(), true);
	if (q->classes)
		traffic_flush(c->d->traffic);
	if (db_write(c->d->db, ask_work, a, ask_done, e) < 0) {
		ask_free(a);
		return -e->code;
	}
	return 0;
}

/* From the first of this month to now, unless said otherwise. */
static int usage_answer(struct api_call *c, unsigned ctid, const char *owner, struct err *e)
{
	struct usage_query q = { .ctid = ctid, .owner = owner, .classes = api_q_bool(c, "classes", false) };
	const char *step = api_q_str(c, "step", ctid ? "day" : "total");
	int64_t now = timefmt_now_ms() / 1000;

	if (time_of(c, "from", usage_month(now), &q.from_s, e) < 0 || time_of(c, "to", now, &q.to_s, e) < 0)
		return -e->code;
	if (q.from_s > q.to_s)
		return err_say(e, EINVAL, "from is after to");
	for (int i = 0; i < USAGE_STEP_N; i++)
		if (str_eq(usage_step_names[i], step))
			q.step = (enum usage_step)i;
	return api_usage(c, &q, e);
}

static int ct_usage_get(struct api_call *c, struct err *e)
{
	return usage_answer(c, c->ctid, NULL, e);
}

static int usage_get(struct api_call *c, struct err *e)
{
	const char *owner = api_q_str(c, "owner", NULL);

	if (c->who->n_cts) {
		api_problem(c, "forbidden", 0, "this token is for single containers: ask /v1/cts/{ct}/usage", NULL);
		return 0;
	}
	if (c->who->tenant[0] && owner && !str_eq(owner, c->who->tenant)) {
		api_problem(c, "not-found", 0, "no such tenant", NULL);
		return 0;
	}
	return usage_answer(c, 0, c->who->tenant[0] ? c->who->tenant : owner, e);
}

/* --- metrics ----------------------------------------------------------------------------------------------------- */
static int metrics_get(struct api_call *c, struct err *e)
{
	bool om = c->req.accept && strstr(c->req.accept, "application/openmetrics-text");
	bool part = c->who->tenant[0] || c->who->n_cts;
	auto_free char *own = NULL;
	const char *text;
	size_t len = 0;

	text = part ? own = metrics_text_of(c->d->sampler, c->who, om, &len) : metrics_text(c->d->sampler, om, &len);
	if (!text)
		return err_set(e, ENOMEM, "metrics");
	api_raw(c, 200, om ? OPENMETRICS_TYPE : PROMETHEUS_TYPE, text, len);
	return 0;
}

/* --- rows -------------------------------------------------------------------------------------------------------- */
static const struct api_field history_query[] = {
	{ "span", API_STR, false, 0, 0, "hour day month year",
	  "hour: 60 minutes; day: 288 of five minutes; month: 744 hours; year: 366 days. Unset: hour." },
	{ 0 },
};
#define USAGE_FIELDS \
	{ "from", API_STR, false, 1, 40, NULL, \
	  "Begin, RFC 3339 or unix seconds, rounded down to an hour. Unset: the first of this month, UTC." }, \
	{ "to", API_STR, false, 1, 40, NULL, "End, rounded up to an hour. Unset: now." }, \
	{ "step", API_STR, false, 0, 0, "hour day month year total", "What one row sums up." }, \
	{ "classes", API_BOOL, false, 0, 0, NULL, "Traffic by network class and version of IP, too; as CSV only that." }
static const struct api_field ct_usage_query[] = { USAGE_FIELDS, { 0 } };
static const struct api_field usage_fields[] = {
	USAGE_FIELDS,
	{ "owner", API_STR, false, 1, 32, NULL, "Only containers that were this tenant's when they used it." },
	{ 0 },
};

static const struct api_route rows[] = {
	{ "GET", "/v1/cts/{ct}/stats", "ct.stats.get", SCOPE_CT_READ, API_CT, NULL, NULL, "Stats",
	  "What the container uses now; counters are those of its present start.", stats_get },
	{ "GET", "/v1/cts/{ct}/history", "ct.history.get", SCOPE_CT_READ, API_CT, NULL, history_query, "History",
	  "Averages and maxima over time, for graphs; gaps are null.", history_get },
	{ "GET", "/v1/cts/{ct}/limits", "ct.limits.get", SCOPE_CT_READ, API_CT, NULL, NULL, "Limits",
	  "Which limits it has run into, how often, and when last.", limits_get },
	{ "GET", "/v1/cts/{ct}/usage", "ct.usage.get", SCOPE_CT_READ, API_CT, NULL, ct_usage_query, "Usage",
	  "What it has used, for billing; text/csv by Accept.", ct_usage_get },
	{ "GET", "/v1/usage", "usage.get", SCOPE_TENANT_READ, 0, NULL, usage_fields, "Usage",
	  "What containers have used, those that are gone too; text/csv by Accept.", usage_get },
	{ "GET", "/v1/node", "node.get", SCOPE_NODE_READ, 0, NULL, NULL, "Node",
	  "The host: capacity, what is promised of it, pressure, who runs into limits.", node_get },
	{ "GET", "/metrics", "metrics.get", SCOPE_METRICS_READ, API_TEXT, NULL, NULL, "Metrics",
	  "OpenMetrics 1.0, or the text format of Prometheus, as Accept says.", metrics_get },
};
const struct api_table api_stats_table = API_TABLE(rows);
