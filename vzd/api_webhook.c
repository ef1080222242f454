/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Webhooks over the API. A tenant has its own, and gets its own events only. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzd/api.h"
#include "vzd/bus.h"
#include "vzd/db.h"
#include "vzd/timefmt.h"
#include "vzd/webhook_priv.h"

struct hook_op {
	struct api_call *c;
	struct webhook *h;
	bool show;			/* the secret was made here: it is in this answer */
	int status;
};

static void op_free(struct hook_op *op)
{
	webhook_free(op->h);
	api_unref(op->c);
	free(op);
}

/* Takes @h. */
static int op_write(struct api_call *c, struct webhook *h, int status, bool show, db_work *work, db_done *done, struct err *e)
{
	struct hook_op *op = malloc(sizeof(*op));

	if (!op) {
		webhook_free(h);
		return err_set(e, ENOMEM, "webhook");
	}
	*op = (struct hook_op){ .c = api_ref(c), .h = h, .status = status, .show = show };
	if (db_write(c->d->db, work, op, done, e) == 0)
		return 0;
	op_free(op);
	return -e->code;
}

static bool sees(const struct principal *who, const struct webhook *h)
{
	if (who->tenant[0] && strcmp(who->tenant, h->tenant) != 0)
		return false;
	if (who->n_cts && !h->n_cts)
		return false;
	for (size_t i = 0; who->n_cts && i < h->n_cts; i++) {
		bool found = false;

		for (size_t k = 0; k < who->n_cts; k++)
			found |= who->cts[k] == h->cts[i];
		if (!found)
			return false;
	}
	return true;
}

static struct webhook *wanted(struct api_call *c, struct err *e)
{
	struct webhook *h = webhook_find(c->d->webhooks, c->seg[0]);

	if (h && sees(c->who, h))
		return h;
	err_say(e, ENOENT, "there is no webhook '%s'", c->seg[0]);
	return NULL;
}

static int hook_list(struct api_call *c, struct err *e)
{
	struct webhooks *w = c->d->webhooks;
	size_t limit = (size_t)api_q_int(c, "limit", 100), n = 0;
	const char *after = api_cursor(c), *last = NULL, *next = NULL;
	json_t *items = json_array();

	if (!items)
		return err_set(e, ENOMEM, "list of webhooks");
	for (size_t i = 0; i < w->n && !next; i++) {
		const struct webhook *h = w->v[i];

		if (!sees(c->who, h) || (after && strcmp(h->id, after) <= 0))
			continue;
		if (n++ == limit) {
			next = last;
			continue;
		}
		last = h->id;
		json_array_append_new(items, webhook_json(h));
	}
	api_page(c, items, next);
	return 0;
}

static int hook_get(struct api_call *c, struct err *e)
{
	struct webhook *h = wanted(c, e);

	if (!h)
		return -e->code;
	api_json(c, 200, webhook_json(h));
	return 0;
}

/* --- change --- */

static int put_work(sqlite3 *s, void *arg, struct err *e)
{
	return webhook_db_put(s, ((struct hook_op *)arg)->h, e);
}

static void put_done(void *arg, const struct err *e)
{
	struct hook_op *op = arg;
	struct webhooks *w = op->c->d->webhooks;
	struct webhook *h = op->h;
	struct err mem = { 0 };
	char path[64];
	json_t *j;

	if (e->code) {
		api_problem_err(op->c, e);
	} else if (webhook_put(w, h, &mem) < 0) {
		api_problem_err(op->c, &mem);
	} else {
		op->h = NULL;
		j = webhook_json(h);
		if (op->show)
			json_object_set_new(j, "secret", json_string(h->secret));
		if (op->status == 201) {
			str_fmt(path, sizeof(path), "/v1/webhooks/%s", h->id);
			api_header(op->c, "Location", path);
		}
		api_json(op->c, op->status, j);
		webhook_later(w);
	}
	op_free(op);
}

static int room_for(struct webhooks *w, const struct webhook *h, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		n += h->tenant[0] && strcmp(w->v[i]->tenant, h->tenant) == 0;
	if (w->n >= HOOKS_MAX || n >= HOOKS_TENANT_MAX)
		return err_say(e, EDQUOT, "there are %zu webhooks already", h->tenant[0] ? n : w->n);
	return 0;
}

/* The id and, if none was given, the secret: both as tokens have them. */
static int make_secret(struct webhook *h, bool *made, struct err *e)
{
	char text[TOKEN_LEN + 1];
	struct token t = { 0 };

	if (token_make(&t, text, e) < 0)
		return -e->code;
	if (!h->id[0])
		memcpy(h->id, t.id, sizeof(h->id));
	*made = !*h->secret;
	if (*made) {
		free(h->secret);
		h->secret = strdup(text + 5 + TOKEN_ID_LEN);
	}
	explicit_bzero(text, sizeof(text));
	return h->secret ? 0 : err_set(e, ENOMEM, "webhook");
}

static int hook_add(struct api_call *c, struct err *e)
{
	struct webhooks *w = c->d->webhooks;
	struct webhook *h = calloc(1, sizeof(*h));
	bool made = false;

	if (!h)
		return err_set(e, ENOMEM, "webhook");
	h->created = (int64_t)time(NULL);
	h->since = bus_last(c->d->bus);
	str_copy(h->created_by, sizeof(h->created_by), c->who->name);
	if (webhook_patch(w, h, c->who, c->req.body, e) < 0 || room_for(w, h, e) < 0 || make_secret(h, &made, e) < 0) {
		webhook_free(h);
		return -e->code;
	}
	return op_write(c, h, 201, made, put_work, put_done, e);
}

static struct webhook *copy_of(const struct webhook *h, struct err *e)
{
	struct webhook *c = malloc(sizeof(*c));

	if (!c) {
		err_set(e, ENOMEM, "webhook");
		return NULL;
	}
	*c = *h;
	c->url = strdup(h->url);
	c->types = strdup(h->types);
	c->secret = strdup(h->secret);
	c->description = strdup(h->description);
	c->cts = calloc(h->n_cts + 1, sizeof(*c->cts));
	if (!c->url || !c->types || !c->secret || !c->description || !c->cts) {
		webhook_free(c);
		err_set(e, ENOMEM, "webhook");
		return NULL;
	}
	memcpy(c->cts, h->cts, h->n_cts * sizeof(*c->cts));
	return c;
}

static int hook_change(struct api_call *c, struct err *e)
{
	struct webhook *h = wanted(c, e), *copy = h ? copy_of(h, e) : NULL;

	if (!copy)
		return -e->code;
	copy->tries = 0;
	copy->next_ms = 0;
	if (webhook_patch(c->d->webhooks, copy, c->who, c->req.body, e) < 0) {
		webhook_free(copy);
		return -e->code;
	}
	if (!*copy->secret) {
		webhook_free(copy);
		return err_say(e, EINVAL, "secret: it cannot be taken away");
	}
	return op_write(c, copy, 200, false, put_work, put_done, e);
}

/* --- remove --- */

static int delete_work(sqlite3 *s, void *arg, struct err *e)
{
	return webhook_db_delete(s, ((struct hook_op *)arg)->h->id, e);
}

static void delete_done(void *arg, const struct err *e)
{
	struct hook_op *op = arg;

	if (e->code) {
		api_problem_err(op->c, e);
	} else {
		webhook_remove(op->c->d->webhooks, op->h->id);
		api_empty(op->c);
	}
	op_free(op);
}

static int hook_delete(struct api_call *c, struct err *e)
{
	struct webhook *h = wanted(c, e), *copy = h ? copy_of(h, e) : NULL;

	return copy ? op_write(c, copy, 204, false, delete_work, delete_done, e) : -e->code;
}

/* One that is no event of the bus, so that its receiver can be tried out. */
/* Promised only when it is durable. */
static void test_queued(void *arg, const struct err *e)
{
	struct api_call *c = arg;
	struct webhook *h = webhook_find(c->d->webhooks, c->seg[0]);

	if (e->code)
		api_problem_err(c, e);
	else if (h)
		api_json(c, 202, webhook_json(h));
	else
		api_problem(c, "not-found", 0, "the webhook was removed meanwhile", NULL);
	api_unref(c);
}

static int hook_test(struct api_call *c, struct err *e)
{
	struct webhook *h = wanted(c, e);
	char now[TIMEFMT_LEN];
	auto_free char *text = NULL;
	json_t *j;

	if (!h)
		return -e->code;
	if (!h->enabled)
		return err_say(e, ENOTEMPTY, "webhook %s is disabled", h->id);
	j = json_pack("{s:i, s:s, s:s, s:n, s:{s:s}}", "seq", 0, "time", timefmt(timefmt_now_ms(), now), "type", "test", "ctid",
		      "data", "webhook", h->id);
	text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	if (!text)
		return err_set(e, ENOMEM, "webhook");
	h->next_ms = 0;
	if (webhook_queue(c->d->webhooks, h, -timefmt_now_ms(), text, test_queued, api_ref(c), e) == 0)
		return 0;
	api_unref(c);
	return -e->code;
}

#define FIELDS \
	{ .name = "types", .type = API_LIST, .max = 64, .doc = "Only these events; \"ct.\" stands for all that begin so." }, \
	{ .name = "cts", .type = API_LIST, .max = TOKEN_CTS_MAX, .doc = "Only of these containers, by CTID." }, \
	{ .name = "secret", .type = API_STR, .max = 256, .doc = "Signs what is sent; made and answered once when absent." }, \
	{ .name = "description", .type = API_STR, .max = 256, .doc = "For people." }, \
	{ .name = "enabled", .type = API_BOOL, .doc = "false: nothing is queued or sent." }, \
	{ .name = NULL }
static const struct api_field add_fields[] = {
	{ .name = "url", .type = API_STR, .required = true, .min = 1, .max = 2048,
	  .doc = "https:// or http://, to no private address." },
	{ .name = "tenant", .type = API_STR, .max = 32, .doc = "Only this tenant's events; yours when absent." },
	FIELDS,
};
static const struct api_field patch_fields[] = {
	{ .name = "url", .type = API_STR, .min = 1, .max = 2048, .doc = "Where to from now on, also what waits." },
	FIELDS,
};
static const struct api_route rows[] = {
	{ "GET", "/v1/webhooks", "webhook.list", SCOPE_TENANT_WRITE, API_PAGED, NULL, NULL, "WebhookPage",
	  "Lists webhooks; no secrets.", hook_list },
	{ "POST", "/v1/webhooks", "webhook.create", SCOPE_TENANT_WRITE, API_WRITE | API_SECRET, add_fields, NULL, "WebhookSecret",
	  "Has events posted to an address, signed with a secret.", hook_add },
	{ "GET", "/v1/webhooks/{webhook}", "webhook.get", SCOPE_TENANT_WRITE, 0, NULL, NULL, "Webhook",
	  "One webhook and how it fares.", hook_get },
	{ "PATCH", "/v1/webhooks/{webhook}", "webhook.patch", SCOPE_TENANT_WRITE, API_WRITE, patch_fields, NULL, "Webhook",
	  "Changes a webhook; what waits is tried at once.", hook_change },
	{ "DELETE", "/v1/webhooks/{webhook}", "webhook.delete", SCOPE_TENANT_WRITE, API_WRITE, NULL, NULL, NULL,
	  "Removes a webhook and what it has not sent.", hook_delete },
	{ "POST", "/v1/webhooks/{webhook}/test", "webhook.test", SCOPE_TENANT_WRITE, API_WRITE, NULL, NULL, "Webhook",
	  "Queues a delivery of type test.", hook_test },
};
const struct api_table api_webhook_table = API_TABLE(rows);
