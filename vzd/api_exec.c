/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running commands inside: POST exec is a job whose output is its result; consoles are tickets, and whoever upgrades with one
 * gets the descriptors of the session (console.c), the bytes never pass through vzd.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "vzd/api_ct.h"
#include "vzd/console.h"
#include "vzd/inv.h"
#include "vzd/timefmt.h"

static int must_run(struct api_call *c)
{
	if (c->ct->state == INV_RUNNING)
		return 0;
	api_problem(c, "conflict-state", VZ_VE_NOT_RUNNING, "Container is not running",
		    json_pack("{s:s}", "state", inv_state_names[c->ct->state]));
	return -1;
}

/* The words of the command inside: argv as it is (exec3), or one line for the guest's shell (exec2). */
static int exec_words(struct api_call *c, struct conf_args *a, struct err *e)
{
	const json_t *argv = json_object_get(c->req.body, "argv"), *line = json_object_get(c->req.body, "command"), *w;
	size_t i;

	if (!argv == !line || (argv && !json_array_size(argv))) {
		err_say(e, EINVAL, "either argv or command is wanted");
		return -EINVAL;
	}
	if (ct_words(a, argv ? "exec3" : "exec2", c->ctid, e) < 0)
		return -e->code;
	if (line)
		return ct_word(a, json_string_value(line), e);
	json_array_foreach(argv, i, w)
		if (ct_word(a, json_string_value(w), e) < 0)
			return -e->code;
	return 0;
}

static int exec_run(struct api_call *c, struct err *e)
{
	const json_t *timeout = json_object_get(c->req.body, "timeout");
	char resource[32];
	auto_args struct conf_args a = { 0 };
	const struct job_spec s = {
		.kind = c->route->op,
		.ctid = c->ctid,
		.shared = true,
		.owner = c->ct->owner,
		.principal = c->who->name,
		.resource = resource,
		.secret = json_string_value(json_object_get(c->req.body, "stdin")),
		.keep_output = true,
		.timeout_s = timeout ? (unsigned)json_integer_value(timeout) : 0,
	};
	struct job_spec with = s;

	str_fmt(resource, sizeof(resource), "/v1/cts/%u", c->ctid);
	if (must_run(c) < 0)
		return 0;
	if (exec_words(c, &a, e) < 0)
		return -e->code;
	with.argv = (const char *const *)a.v;
	return api_job(c, &with, NULL, e);
}

/* --- consoles --- */

static int console_words(struct api_call *c, enum console_kind kind, struct conf_args *a, struct err *e)
{
	if (kind == CONSOLE_SHELL)
		return ct_words(a, "enter", c->ctid, e);
	return kind == CONSOLE_TTY || kind == CONSOLE_EXEC ? exec_words(c, a, e) : 0;
}

static int ticket_run(struct api_call *c, struct err *e)
{
	const char *kind = json_string_value(json_object_get(c->req.body, "kind"));
	const json_t *cols = json_object_get(c->req.body, "cols"), *rows = json_object_get(c->req.body, "rows");
	enum console_kind k = console_kind_of(kind);
	struct console_spec s = { .kind = k, .ctid = c->ctid, .cols = cols ? (unsigned)json_integer_value(cols) : 80,
				  .rows = rows ? (unsigned)json_integer_value(rows) : 24 };
	char ticket[CONSOLE_TICKET_LEN + 1], url[128], until[TIMEFMT_LEN];
	auto_args struct conf_args a = { 0 };

	if (must_run(c) < 0)
		return 0;
	if (k != CONSOLE_CONSOLE && !auth_has(c->who, SCOPE_CT_EXEC)) {
		api_problem(c, "forbidden", 0, "a shell or a command inside needs ct:exec",
			    json_pack("{s:s}", "required_scope", scope_names[SCOPE_CT_EXEC]));
		return 0;
	}
	if (console_words(c, k, &a, e) < 0)
		return -e->code;
	s.argv = a.v;
	if (console_ticket(c->d->consoles, c->who, &s, ticket, e) < 0)
		return -e->code;
	str_fmt(url, sizeof(url), "/v1/console?ticket=%s", ticket);
	api_json(c, 201, json_pack("{s:s, s:s, s:s}", "ws", url, "ticket", ticket, "expires_at",
				   timefmt(timefmt_now_ms() + CONSOLE_TICKET_MS, until)));
	return 0;
}

static int upgrade_run(struct api_call *c, struct err *e)
{
	return console_open(c->d->consoles, c, api_q_str(c, "ticket", ""), e);
}

static int log_run(struct api_call *c, struct err *e)
{
	return console_history(c->d->consoles, c, (unsigned)api_q_int(c, "lines", 0), e);
}

static const struct api_field exec_body[] = {
	{ .name = "argv", .type = API_ARGV, .min = 1, .max = 256, .doc = "Program and its arguments." },
	{ .name = "command", .type = API_LINES, .min = 1, .max = 65536, .doc = "Instead of argv: a line for the guest's shell." },
	{ .name = "stdin", .type = API_LINES, .max = 262144, .doc = "What the command reads; kept nowhere." },
	{ .name = "timeout", .type = API_INT, .min = 1, .max = 86400, .doc = "Seconds; then it is killed." },
	{ .name = NULL },
};
static const struct api_field ticket_body[] = {
	{ .name = "kind", .type = API_STR, .required = true, .one_of = "console shell tty exec",
	  .doc = "console: the container's; shell: a login shell; tty, exec: a command with a terminal, or with three pipes." },
	{ .name = "argv", .type = API_ARGV, .min = 1, .max = 256, .doc = "tty and exec: program and arguments." },
	{ .name = "command", .type = API_LINES, .min = 1, .max = 65536, .doc = "Instead of argv: a line for the guest's shell." },
	{ .name = "cols", .type = API_INT, .min = 1, .max = 1000, .doc = "Columns of the terminal, 80 when absent." },
	{ .name = "rows", .type = API_INT, .min = 1, .max = 1000, .doc = "Rows of the terminal, 24 when absent." },
	{ .name = NULL },
};
static const struct api_field upgrade_query[] = {
	{ .name = "ticket", .type = API_STR, .required = true, .min = CONSOLE_TICKET_LEN, .max = CONSOLE_TICKET_LEN,
	  .doc = "From POST consoles; used once." },
	{ .name = NULL },
};
static const struct api_field log_query[] = {
	{ .name = "lines", .type = API_INT, .min = 1, .max = 10000, .doc = "Only the last so many lines." },
	{ .name = NULL },
};

static const struct api_route rows[] = {
	{ "POST", "/v1/cts/{ct}/exec", "ct.exec", SCOPE_CT_EXEC, API_CT | API_WRITE | API_JOB, exec_body, NULL, "Operation",
	  "Runs a command inside; its output is in the operation's result.", exec_run },
	{ "POST", "/v1/cts/{ct}/consoles", "ct.console", SCOPE_CT_CONSOLE, API_CT | API_WRITE, ticket_body, NULL, "Ticket",
	  "A ticket for a terminal or a command over WebSocket, good for 30 s and one use.", ticket_run },
	{ "GET", "/v1/console", "console.open", SCOPE_NONE, API_STREAM | API_FDS, NULL, upgrade_query, NULL,
	  "Upgrades to the WebSocket of a ticket: subprotocol vz.tty.v1 or vz.exec.v1.", upgrade_run },
	{ "GET", "/v1/cts/{ct}/log", "ct.log", SCOPE_CT_CONSOLE, API_CT | API_TEXT, NULL, log_query, NULL,
	  "The end of what the container wrote to its console.", log_run },
};
const struct api_table api_exec_table = API_TABLE(rows);
