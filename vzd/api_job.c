/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers that are jobs: 202 with the Operation as soon as it is promised, or its end when the client would rather wait.
 * And the routes of operations. One is seen by those of its tenant, by whoever asked for it, and by the host's own.
 */
#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/str.h"
#include "vzd/api_priv.h"
#include "vzd/idem.h"
#include "vzd/inv.h"

/* --- api_job() --- */

struct pending {
	struct api_call *c;		/* held */
	struct jobs *jobs;
	api_after *after;
};

static void location(struct api_call *c, const char *id)
{
	char path[64];

	if (str_fmt(path, sizeof(path), "/v1/operations/%s", id) == 0)
		api_header(c, "Location", path);
}

static void answer_accepted(struct api_call *c, const struct job *j)
{
	location(c, j->id);
	api_json(c, 202, job_json(j, true));
}

static void answer_failed(struct api_call *c, const struct job *j)
{
	const char *slug = j->state == JOB_CANCELLED ? "conflict-state" : j->exit > 0 ? api_slug_of_exit(j->exit) : "failed";

	location(c, j->id);
	api_problem(c, slug, j->exit, j->error ? j->error : "it failed", json_pack("{ss}", "operation", j->id));
}

static void answer_ended(struct pending *p, const struct job *j)
{
	int status = 200;
	json_t *what;

	if (j->state != JOB_DONE && !job_keeps_output(j)) {
		answer_failed(p->c, j);
		return;
	}
	what = p->after && j->state == JOB_DONE ? p->after(p->c, &status) : NULL;
	if (p->c->answered) {
		json_decref(what);
		return;
	}
	location(p->c, j->id);
	api_json(p->c, status, what ? what : job_json(j, true));
}

static void pending_free(struct pending *p)
{
	api_unref(p->c);
	free(p);
}

static void on_ended(void *arg, const struct job *j, const struct err *e)
{
	struct pending *p = arg;

	(void)e;
	if (j->state >= JOB_DONE)
		answer_ended(p, j);
	else
		answer_accepted(p->c, j);
	pending_free(p);
}

/* The Operation as it is, or when it has ended, as the client prefers. */
static void answer(struct pending *p, const struct job *j)
{
	int wait = api_prefer_wait(p->c);
	struct err e = { 0 };

	(void)str_copy(gate_of(p->c)->job, JOB_ID_LEN + 1, j->id);
	if (wait > 0) {
		api_header(p->c, "Preference-Applied", "wait");
		if (job_wait(p->jobs, j->id, (uint64_t)wait * 1000, on_ended, p, NULL, &e) == 0)
			return;
	}
	answer_accepted(p->c, j);
	pending_free(p);
}

static void on_accepted(void *arg, const struct job *j, const struct err *e)
{
	struct pending *p = arg;

	if (j) {
		answer(p, j);
		return;
	}
	api_problem_err(p->c, e);
	pending_free(p);
}

static struct pending *pending_new(struct api_call *c, api_after *after)
{
	struct pending *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->c = api_ref(c);
	p->jobs = c->d->jobs;
	p->after = after;
	return p;
}

void api_job_replay(struct api_call *c, const char *id)
{
	struct pending *p = pending_new(c, NULL);
	struct job *j = p ? job_get(p->jobs, id) : NULL;

	if (j) {
		answer(p, j);
		job_free(j);
		return;
	}
	api_problem(c, p ? "not-found" : "no-capacity", 0, p ? "the record of this key's operation is gone" : "memory", NULL);
	if (p)
		pending_free(p);
}

int api_job(struct api_call *c, const struct job_spec *s, api_after *after, struct err *e)
{
	struct pending *p = pending_new(c, after);
	struct job_spec spec = *s;
	char busy[JOB_ID_LEN + 1] = "";

	if (!p)
		return err_set(e, ENOMEM, "request");
	idem_of_job(gate_of(c), &spec);
	if (job_submit(c->d->jobs, &spec, on_accepted, p, busy, e) == 0)
		return 0;
	pending_free(p);
	if (!busy[0])
		return -e->code;
	api_problem(c, "locked", VZ_LOCKED, e->text, json_pack("{ss}", "operation", busy));
	return 0;
}

/* --- operations --- */

static bool may_see(const struct api_call *c, const struct job *j)
{
	const struct principal *who = c->who;

	if (!strcmp(who->name, j->principal) && (!who->tenant[0] || !strcmp(who->tenant, j->owner)))
		return true;
	if (who->tenant[0] && strcmp(who->tenant, j->owner) != 0)
		return false;
	if (!auth_has(who, SCOPE_CT_READ))
		return false;
	if (!who->cts)
		return true;
	for (size_t i = 0; i < who->n_cts; i++) {
		if (who->cts[i] == j->ctid)
			return true;
	}
	return false;
}

/* The operation {op}, if it is the caller's to see; job_free() it. NULL: answered. */
static struct job *visible(struct api_call *c)
{
	struct job *j = job_get(c->d->jobs, c->seg[0]);

	if (j && may_see(c, j))
		return j;
	job_free(j);
	api_problem(c, "not-found", 0, "there is no such operation", NULL);
	return NULL;
}

static int list(struct api_call *c, struct err *e)
{
	const char *state = api_q_str(c, "state", NULL), *before = api_cursor(c), *owner;
	size_t limit = (size_t)api_q_int(c, "limit", API_LIMIT_DEF), i;
	char last[JOB_ID_LEN + 1] = "";
	json_t *all, *ret = json_array(), *item;

	owner = c->who->tenant[0] ? c->who->tenant : api_q_str(c, "owner", NULL);
	if (job_list(c->d->jobs, owner, (unsigned)api_q_int(c, "ct", 0), state, before, (unsigned)limit + 1, &all, e) < 0) {
		json_decref(ret);
		return -e->code;
	}
	json_array_foreach(all, i, item) {
		struct job *j;

		if (i == limit)
			break;
		(void)str_copy(last, sizeof(last), json_string_value(json_object_get(item, "id")));
		j = job_get(c->d->jobs, last);
		if (j && may_see(c, j))
			json_array_append(ret, item);
		job_free(j);
	}
	api_page(c, ret, json_array_size(all) > limit ? last : NULL);
	json_decref(all);
	return 0;
}

static void on_waited(void *arg, const struct job *j, const struct err *e)
{
	struct api_call *c = arg;

	(void)e;
	c->priv = NULL;
	c->on_close = NULL;
	api_json(c, 200, job_json(j, true));
	api_unref(c);
}

static void stop_waiting(struct api_call *c)
{
	struct job_wait *w = c->priv;

	c->priv = NULL;
	if (!w)
		return;
	job_unwait(w);
	api_unref(c);
}

static int get(struct api_call *c, struct err *e)
{
	long long wait = api_q_int(c, "wait", 0);
	struct job *j = visible(c);
	struct job_wait *w = NULL;

	if (!j)
		return 0;
	if (wait == 0 || j->state >= JOB_DONE) {
		api_json(c, 200, job_json(j, true));
		job_free(j);
		return 0;
	}
	if (job_wait(c->d->jobs, j->id, (uint64_t)wait * 1000, on_waited, api_ref(c), &w, e) < 0) {
		api_unref(c);
		return -e->code;
	}
	if (!c->answered) {
		c->priv = w;
		c->on_close = stop_waiting;
	}
	return 0;
}

static int cancel(struct api_call *c, struct err *e)
{
	struct job *j = visible(c);
	char id[JOB_ID_LEN + 1];

	if (!j)
		return 0;
	if (!auth_has(c->who, SCOPE_CT_POWER) && strcmp(c->who->name, j->principal) != 0) {
		job_free(j);
		api_problem(c, "forbidden", 0, "cancelling what another asked for needs a scope",
			    json_pack("{ss}", "required_scope", scope_names[SCOPE_CT_POWER]));
		return 0;
	}
	(void)str_copy(id, sizeof(id), j->id);
	job_free(j);
	(void)str_copy(gate_of(c)->job, JOB_ID_LEN + 1, id);
	if (job_cancel(c->d->jobs, id, e) < 0)
		return -e->code;
	j = job_get(c->d->jobs, id);
	if (!j)
		return err_say(e, ENOENT, "there is no such operation");
	answer_accepted(c, j);
	job_free(j);
	return 0;
}

/* The last of it: from the beginning of a line if there is one. */
static void text_tail(struct api_call *c, const struct buf *b)
{
	const char *from = buf_str(b), *line;

	if (b->len > API_TEXT_MAX) {
		from += b->len - API_TEXT_MAX;
		line = strchr(from, '\n');
		while (line == NULL && (*from & 0xc0) == 0x80)
			from++;
		from = line ? line + 1 : from;
	}
	api_raw(c, 200, "text/plain; charset=utf-8", from, strlen(from));
}

static int log_get(struct api_call *c, struct err *e)
{
	struct job *j = visible(c);
	auto_buf struct buf b = BUF_INIT;
	int r;

	if (!j)
		return 0;
	r = job_log(c->d->jobs, j->id, &b, e);
	job_free(j);
	if (r == 0)
		text_tail(c, &b);
	return r;
}

static const struct api_field list_query[] = {
	{ .name = "state", .type = API_STR, .one_of = "queued running done failed cancelled", .doc = "Only those in this state." },
	{ .name = "ct", .type = API_INT, .min = 1, .max = CT_ID_MAX, .doc = "Only those of this container." },
	{ .name = "owner", .type = API_STR, .min = 1, .max = 32, .doc = "Only those of this tenant." },
	{ .name = NULL },
};
static const struct api_field get_query[] = {
	{ .name = "wait", .type = API_INT, .min = 0, .max = API_WAIT_MAX, .doc = "Seconds to wait for its end." },
	{ .name = NULL },
};

static const struct api_route rows[] = {
	{ "GET", "/v1/operations", "operation.list", SCOPE_NONE, API_KNOWN | API_PAGED, NULL, list_query, "OperationPage",
	  "Operations, newest first.", list },
	{ "GET", "/v1/operations/{operation}", "operation.get", SCOPE_NONE, API_KNOWN, NULL, get_query, "Operation",
	  "One operation; with wait, when it has ended or the time is up.", get },
	{ "DELETE", "/v1/operations/{operation}", "operation.cancel", SCOPE_NONE, API_KNOWN | API_WRITE | API_JOB, NULL, NULL,
	  "Operation", "Cancels it: a queued one never begins, a running one is asked to roll back.", cancel },
	{ "GET", "/v1/operations/{operation}/log", "operation.log", SCOPE_NONE, API_KNOWN | API_TEXT, NULL, NULL, "Text",
	  "What the command has said so far.", log_get },
};
const struct api_table api_job_table = API_TABLE(rows);
