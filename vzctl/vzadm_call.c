/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A row of vzadm becomes a call: options into body and query, operands into the path, pages until there are no more. */
#include <jansson.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"
#include "util/str.h"
#include "vzctl/client.h"
#include "vzctl/vzadm.h"

const char *adm_val(const struct adm *a, const char *opt)
{
	for (size_t i = 0; i < a->cmd->n_opts; i++)
		if (strcmp(a->cmd->opts[i].name, opt) == 0)
			return a->val[i];
	return NULL;
}

int adm_connect(struct adm *a, struct err *e)
{
	return a->client ? 0 : client_open(a->sock, &a->client, e);
}

int adm_problem(int status, const char *text, size_t len, struct err *e)
{
	json_t *j = json_loadb(text, len, JSON_DECODE_ANY, NULL), *item;
	const char *detail = json_string_value(json_object_get(j, "detail"));
	const char *title = json_string_value(json_object_get(j, "title"));
	int code = (int)json_integer_value(json_object_get(j, "code"));
	size_t i;

	err_say(e, EREMOTEIO, "%s", detail ? detail : title ? title : "vzd refused it without a word");
	if (!detail && !title && status)
		err_say(e, EREMOTEIO, "vzd answered with status %d", status);
	json_array_foreach(json_object_get(j, "errors"), i, item) {
		const char *at = json_string_value(json_object_get(item, "pointer"));
		const char *why = json_string_value(json_object_get(item, "detail"));
		size_t n = strlen(e->text);

		str_fmt(e->text + n, sizeof(e->text) - n, "%s%s %s", i ? ", " : ": ", at ? at + (*at == '/') : "", why ? why : "");
	}
	e->exit = code > 0 && code < 256 ? code : 1;
	json_decref(j);
	return -e->code;
}

int adm_call(struct adm *a, const char *verb, const char *path, const char *query, json_t *body, json_t **ret, struct err *e)
{
	auto_free char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	struct client_call call = { .verb = verb, .path = path, .query = query && *query ? query : NULL, .token = a->token,
				    .body = text };
	struct client_answer __attribute__((cleanup(client_answer_done))) ans = { 0 };

	if (body && !text)
		return err_set(e, ENOMEM, "call");
	if (adm_connect(a, e) < 0 || client_call(a->client, &call, &ans, e) < 0)
		return -e->code;
	if (ans.status >= 400 && !(ans.status == 503 && strcmp(path, "/v1/health") == 0))
		return adm_problem(ans.status, buf_str(&ans.body), ans.body.len, e);
	if (ans.status >= 400)
		a->exit = 1;
	if (!ans.body.len)
		*ret = NULL;
	else if (strstr(ans.type, "json"))
		*ret = json_loadb(ans.body.s, ans.body.len, JSON_DECODE_ANY, NULL);
	else
		*ret = json_stringn(ans.body.s, ans.body.len);
	return ans.body.len && !*ret ? err_say(e, EBADMSG, "vzd's answer is no JSON") : 0;
}

/* --- arguments --- */

static json_t *list_value(const char *text)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };
	json_t *a = json_array();
	struct err ignored;

	if (str_list_split(&l, text, ", ", &ignored) < 0)
		return a;
	for (size_t i = 0; i < l.n; i++)
		json_array_append_new(a, json_string(l.v[i]));
	return a;
}

static int opt_value(const struct adm_opt *o, const char *text, json_t **ret, struct err *e)
{
	uint64_t v = 0;

	*ret = NULL;
	switch (o->kind) {
	case ADM_STR: *ret = json_string(text); break;
	case ADM_LIST: *ret = list_value(text); break;
	case ADM_TRUE: *ret = json_true(); break;
	case ADM_INT:
	case ADM_SIZE:
		if (strcmp(text, "none") == 0 || strcmp(text, "unlimited") == 0)
			*ret = json_null();
		else if ((o->kind == ADM_INT ? num_u64(text, &v) : num_size(text, NUM_BYTES, &v)) < 0 || v >= NUM_UNLIMITED)
			return err_say(e, EINVAL, "--%s: '%s' is no %s", o->name, text,
				       o->kind == ADM_INT ? "number" : "size, as 64G");
		else
			*ret = json_integer((json_int_t)v);
		break;
	case ADM_OWN: return 0;
	}
	return *ret ? 0 : err_say(e, EINVAL, "--%s: '%s' is not UTF-8", o->name, text);
}

/* "limits.cts" -> body.limits.cts */
static void set_member(json_t *body, const char *name, json_t *v)
{
	const char *dot = strchr(name, '.');
	char outer[64];
	json_t *in;

	if (!dot) {
		json_object_set_new(body, name, v);
		return;
	}
	str_fmt(outer, sizeof(outer), "%.*s", (int)(dot - name), name);
	in = json_object_get(body, outer);
	if (!in) {
		in = json_object();
		json_object_set_new(body, outer, in);
	}
	json_object_set_new(in, dot + 1, v);
}

static int put_options(struct adm *a, json_t *body, struct buf *query, struct err *e)
{
	for (size_t i = 0; i < a->cmd->n_opts; i++) {
		const struct adm_opt *o = &a->cmd->opts[i];
		json_t *v;

		if (!a->val[i] || o->kind == ADM_OWN)
			continue;
		if (o->query) {
			client_query(query, o->member, o->kind == ADM_TRUE ? "true" : a->val[i]);
			continue;
		}
		if (opt_value(o, a->val[i], &v, e) < 0)
			return -e->code;
		set_member(body, o->member, v);
	}
	return 0;
}

static size_t put_path(const struct adm *a, struct buf *path)
{
	size_t used = 0;

	for (const char *s = a->cmd->path; *s; s++) {
		if (s[0] == '{' && s[1] == '}') {
			client_path_seg(path, a->operand[used++]);
			s++;
		} else {
			buf_addc(path, *s);
		}
	}
	return used;
}

/* --- pages --- */

static int all_pages(struct adm *a, const char *path, const struct buf *query, json_t **page, struct err *e)
{
	json_t *items = json_object_get(*page, "items"), *more = NULL;
	const char *next;
	char *cursor = NULL;

	while (items && !adm_val(a, "limit") && (next = json_string_value(json_object_get(more ? more : *page, "next")))) {
		struct buf auto_buf q = BUF_INIT;

		free(cursor);
		cursor = strdup(next);
		buf_adds(&q, query->len ? buf_str(query) : "limit=500");
		client_query(&q, "cursor", cursor ? cursor : "");
		json_decref(more);
		more = NULL;
		if (adm_call(a, "GET", path, buf_str(&q), NULL, &more, e) < 0) {
			free(cursor);
			return -e->code;
		}
		json_array_extend(items, json_object_get(more, "items"));
	}
	free(cursor);
	json_decref(more);
	return 0;
}

static int show(struct adm *a, json_t *j, struct err *e)
{
	struct buf auto_buf b = { .cap = 256u << 20 };

	if (a->cmd->show)
		return a->cmd->show(a, j, e);
	if (!j)
		return 0;
	if (json_is_string(j)) {
		buf_adds(&b, json_string_value(j));
		return adm_print(&b, e);
	}
	if (a->json)
		return adm_print_json(a->cmd->columns ? json_object_get(j, "items") : j, e);
	if (a->cmd->columns)
		adm_show_list(a->cmd->columns, json_object_get(j, "items"), &b);
	else
		adm_show_object(j, &b);
	return adm_print(&b, e);
}

int adm_run_row(struct adm *a, struct err *e)
{
	struct buf auto_buf path = BUF_INIT, query = BUF_INIT;
	const struct adm_cmd *c = a->cmd;
	json_t *body = c->body ? json_loads(c->body, 0, NULL) : NULL, *answer = NULL;
	size_t used = put_path(a, &path);
	int rc;

	if (c->member && used < a->n_operand)
		json_object_set_new(body, c->member, json_string(a->operand[used]));
	rc = put_options(a, body, &query, e);
	if (rc == 0)
		rc = adm_call(a, c->verb, buf_str(&path), buf_str(&query), body, &answer, e);
	if (rc == 0 && c->columns)
		rc = all_pages(a, buf_str(&path), &query, &answer, e);
	if (rc == 0)
		rc = show(a, answer, e);
	json_decref(body);
	json_decref(answer);
	return rc;
}
