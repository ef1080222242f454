/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands of vzadm that are more than one call: any call, the stream of events, waiting for a job or a suspended tenant. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/str.h"
#include "vzctl/client.h"
#include "vzctl/vzadm.h"

#define SILENCE_MS 500		/* events without --follow: this long none came */
#define FIRST_MS 3000		/* nor the first one: vzd may be busy */
#define STEP_MS 500

int adm_show_secret(struct adm *a, json_t *answer, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;
	const char *token = json_string_value(json_object_get(answer, "token"));
	const char *secret = json_string_value(json_object_get(answer, "secret"));

	if (a->json)
		return adm_print_json(answer, e);
	adm_show_object(answer, &b);
	buf_addf(&b, "\nThis is shown once; keep it now: %s\n", token ? token : secret ? secret : "");
	return adm_print(&b, e);
}

/* --- call --- */

static int read_stdin(struct buf *b, struct err *e)
{
	char text[65536];
	ssize_t n;

	while ((n = read(STDIN_FILENO, text, sizeof(text))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, errno, "standard input");
		buf_add(b, text, (size_t)n);
	}
	return buf_failed(b) ? err_say(e, EMSGSIZE, "standard input: the body is larger than 1 MiB") : 0;
}

/* The body as it was given, if it is JSON: the frame around it must stay whole. */
static int call_body(struct adm *a, char **ret, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;
	json_error_t je;
	json_t *j;

	*ret = NULL;
	if (a->n_operand < 3)
		return 0;
	if (strcmp(a->operand[2], "-") == 0) {
		if (read_stdin(&b, e) < 0)
			return -e->code;
	} else {
		buf_adds(&b, a->operand[2]);
	}
	j = json_loadb(buf_str(&b), b.len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &je);
	if (!j)
		return err_say(e, EINVAL, "the body is no JSON: line %d, column %d: %s", je.line, je.column, je.text);
	*ret = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(j);
	return *ret ? 0 : err_set(e, ENOMEM, "body");
}

/* One that streams goes to standard output as it comes. */
static int stream_out(struct adm *a, struct err *e)
{
	int more = 1;

	while (more > 0) {
		struct buf auto_buf b = BUF_INIT;

		more = client_next(a->client, &b, NULL, e);
		if (more < 0 || adm_print(&b, e) < 0)
			return -e->code;
	}
	return 0;
}

static int print_body(const struct client_answer *ans, struct err *e)
{
	struct buf auto_buf b = { .cap = 256u << 20 };

	if (!ans->body.len)
		return 0;
	buf_add(&b, ans->body.s, ans->body.len);
	if (b.s[b.len - 1] != '\n')
		buf_addc(&b, '\n');
	return adm_print(&b, e);
}

int adm_verb_call(struct adm *a, struct err *e)
{
	struct client_answer __attribute__((cleanup(client_answer_done))) ans = { 0 };
	auto_free char *body = NULL, *path = strdup(a->operand[1]);
	char *query = path ? strchr(path, '?') : NULL;
	struct client_call call = { .verb = a->operand[0], .path = path, .token = a->token, .stream = true };
	struct err problem;
	int rc;

	if (!path)
		return err_set(e, ENOMEM, "call");
	if (query) {
		*query++ = '\0';
		call.query = query;
	}
	if (call_body(a, &body, e) < 0)
		return -e->code;
	call.body = body;
	if (adm_connect(a, e) < 0 || client_call(a->client, &call, &ans, e) < 0)
		return -e->code;
	if (ans.status >= 400) {
		adm_problem(ans.status, buf_str(&ans.body), ans.body.len, &problem);
		a->exit = problem.exit;
	}
	rc = print_body(&ans, e);
	return rc == 0 && ans.more ? stream_out(a, e) : rc;
}

/* --- events --- */

/* One event of the stream: blocks end with an empty line, comments begin with ':'. */
static int show_event(struct adm *a, const char *data, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;
	json_t *j = json_loads(data, 0, NULL);
	json_t *more = json_object_get(j, "data");
	auto_free char *text = json_object_size(more) ? json_dumps(more, JSON_COMPACT) : NULL;
	const char *time = json_string_value(json_object_get(j, "time")), *type = json_string_value(json_object_get(j, "type"));
	json_int_t ct = json_integer_value(json_object_get(j, "ctid"));

	if (a->json)
		buf_addf(&b, "%s\n", data);
	else if (j)
		buf_addf(&b, "%lld %s %s%s", (long long)json_integer_value(json_object_get(j, "seq")), time ? time : "-",
			 type ? type : "-", ct ? "" : "\n");
	if (!a->json && j && ct)
		buf_addf(&b, " CT %lld\n", (long long)ct);
	if (!a->json && text && b.len) {
		b.s[--b.len] = '\0';
		buf_addf(&b, " %s\n", text);
	}
	json_decref(j);
	return adm_print(&b, e);
}

static int show_events(struct adm *a, struct buf *in, struct err *e)
{
	char *line = in->s, *nl;

	while (line && (nl = strchr(line, '\n'))) {
		*nl = '\0';
		if (str_starts(line, "data: ") && show_event(a, line + 6, e) < 0)
			return -e->code;
		line = nl + 1;
	}
	if (line && line != in->s) {
		in->len -= (size_t)(line - in->s);
		memmove(in->s, line, in->len + 1);
	}
	return 0;
}

static int event_loop(struct adm *a, struct err *e)
{
	struct buf auto_buf in = BUF_INIT;
	struct pollfd p = { .fd = client_fd(a->client), .events = POLLIN };
	int more = 1, silence = FIRST_MS;

	for (; more > 0; silence = SILENCE_MS) {
		if (!client_buffered(a->client) && !adm_val(a, "follow") && poll(&p, 1, silence) == 0)
			return 0;
		more = client_next(a->client, &in, NULL, e);
		if (more < 0 || show_events(a, &in, e) < 0)
			return -e->code;
	}
	return 0;
}

int adm_verb_events(struct adm *a, struct err *e)
{
	struct client_answer __attribute__((cleanup(client_answer_done))) ans = { 0 };
	struct buf auto_buf q = BUF_INIT;
	struct client_call call = { .verb = "GET", .path = "/v1/events", .token = a->token, .stream = true };
	const char *since = adm_val(a, "since");

	if (since || !adm_val(a, "follow"))
		client_query(&q, "since", since ? since : "0");
	if (adm_val(a, "types"))
		client_query(&q, "types", adm_val(a, "types"));
	if (adm_val(a, "ct"))
		client_query(&q, "ct", adm_val(a, "ct"));
	call.query = q.len ? buf_str(&q) : NULL;
	if (adm_connect(a, e) < 0 || client_call(a->client, &call, &ans, e) < 0)
		return -e->code;
	if (ans.status >= 400)
		return adm_problem(ans.status, buf_str(&ans.body), ans.body.len, e);
	return ans.more ? event_loop(a, e) : 0;
}

/* --- jobs --- */

static bool ended(const json_t *j)
{
	const char *state = json_string_value(json_object_get(j, "state"));

	return state && strcmp(state, "queued") != 0 && strcmp(state, "running") != 0;
}

/* With --wait the status is the job's: its program's, or 1. */
static int job_exit(const json_t *j)
{
	int exit = (int)json_integer_value(json_object_get(json_object_get(j, "result"), "exit"));
	const char *state = json_string_value(json_object_get(j, "state"));

	if (state && strcmp(state, "done") == 0)
		return exit > 0 && exit < 256 ? exit : 0;
	return exit > 0 && exit < 256 ? exit : 1;
}

int adm_verb_job(struct adm *a, struct err *e)
{
	struct buf auto_buf path = BUF_INIT, b = BUF_INIT;
	bool wait = adm_val(a, "wait");
	json_t *j = NULL;
	int rc;

	buf_adds(&path, "/v1/operations/");
	client_path_seg(&path, a->operand[0]);
	do {
		json_decref(j);
		j = NULL;
		if (adm_call(a, "GET", buf_str(&path), wait ? "wait=30" : NULL, NULL, &j, e) < 0)
			return -e->code;
	} while (wait && !ended(j));
	if (wait)
		a->exit = job_exit(j);
	adm_show_object(j, &b);
	rc = a->json ? adm_print_json(j, e) : adm_print(&b, e);
	json_decref(j);
	return rc;
}

/* --- suspended tenants --- */

int adm_verb_suspend(struct adm *a, struct err *e)
{
	struct buf auto_buf path = BUF_INIT;
	bool stopping = true;

	if (adm_run_row(a, e) < 0 || !adm_val(a, "wait"))
		return e->code ? -e->code : 0;
	buf_adds(&path, "/v1/tenants/");
	client_path_seg(&path, a->operand[0]);
	while (stopping) {
		json_t *j = NULL;

		poll(NULL, 0, STEP_MS);
		if (adm_call(a, "GET", buf_str(&path), NULL, NULL, &j, e) < 0)
			return -e->code;
		stopping = json_is_true(json_object_get(j, "stopping"));
		json_decref(j);
	}
	return 0;
}
