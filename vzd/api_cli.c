/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /v1/cli: vzctl itself, run here for a client elsewhere (vzctl --host, or a local user of group vz), so that its output and
 * its exit status are the very ones. The words are judged first (cli_words.c): verb, container, parameters; whoever is not
 * an administrator of the host gets no option that this file does not know. Its three streams are descriptors that came with
 * the request, or those of a WebSocket.
 */
#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "vzd/api_ct.h"
#include "vzd/change.h"
#include "vzd/cli_words.h"
#include "vzd/console.h"
#include "vzd/inv.h"
#include "vzd/timefmt.h"

static int forbid(struct api_call *c, const char *text, enum scope need)
{
	api_problem(c, "forbidden", VZ_NO_ACCES, text, json_pack("{s:s}", "required_scope", scope_names[need]));
	return -1;
}

static int judge_object(struct api_call *c, const struct cli_words *w)
{
	const struct inv_ct *ct = w->id_text ? inv_find_text(c->d->inv, w->id_text) : NULL;
	char text[128];

	if (ct && auth_sees(c->who, ct)) {
		c->ctid = ct->id;
		return 0;
	}
	if (w->verb->flags & CLI_NEW && !ct && w->ctid) {
		c->ctid = w->ctid;
		return 0;
	}
	if (change_by_admin(c))
		return 0;	/* vzctl has the words for what is missing or wrong */
	str_fmt(text, sizeof(text), "there is no container '%s'", w->id_text ? w->id_text : "");
	api_problem(c, "not-found", VZ_NOVECONFIG, text, NULL);
	return -1;
}

static int judge_options(struct api_call *c, const struct cli_words *w)
{
	if (w->admin_option && !change_by_admin(c))
		return forbid(c, w->admin_option, SCOPE_NODE_WRITE);
	return w->host_option && change_bound(c) ? forbid(c, w->host_option, SCOPE_NODE_WRITE) : 0;
}

static int judge_words(struct api_call *c, struct cli_words *w)
{
	const struct inv_ct *ct = c->ctid ? inv_find(c->d->inv, c->ctid) : NULL;
	const char *owner = w->verb->flags & CLI_NEW ? change_owner(c, w->conf.policy.owner) : NULL;

	if (w->verb->flags & CLI_NEW && !owner)
		return -1;
	if (judge_options(c, w) < 0)
		return -1;
	if (w->problem.code && !change_by_admin(c)) {
		api_problem(c, "invalid-field", VZ_INVALID_PARAMETER_SYNTAX, w->problem.text, NULL);
		return -1;
	}
	if (w->problem.code)
		return 0;
	if (w->verb->flags & CLI_STARTS && ct && ct->state != INV_RUNNING && ct->state != INV_FROZEN && change_may_start(c, ct) < 0)
		return -1;
	if (w->verb->flags & CLI_SNAP && ct && change_snapshot(c, ct) < 0)
		return -1;
	return w->verb->flags & CLI_CONF ? change_judge(c, ct ? c->ctid : 0, owner, &w->conf) : 0;
}

static int judge(struct api_call *c, struct cli_words *w)
{
	/* as root, with the tokens that root keeps for other hosts */
	if (w->elsewhere) {
		api_problem(c, "invalid-field", VZ_INVALID_PARAMETER_SYNTAX, "--host cannot be given to a host: ask the other one",
			    NULL);
		return -1;
	}
	if (!w->verb)		/* --help, --version, a command that does not exist: vzctl answers */
		return 0;
	if (!auth_has(c->who, w->verb->scope))
		return forbid(c, "the token lacks a scope that this command needs", w->verb->scope);
	return judge_object(c, w) < 0 || judge_words(c, w) < 0 ? -1 : 0;
}

static int run_words(struct api_call *c, const struct cli_words *w, struct conf_args *a, struct err *e)
{
	const char *owner = c->who->tenant;
	char id[16];

	/* the container that was judged, and no other that vzctl might find by the same word */
	str_fmt(id, sizeof(id), "%u", c->ctid);
	if (ct_word(a, VZCTL, e) < 0)
		return -e->code;
	for (size_t i = 0; i < w->argc; i++)
		if (ct_word(a, w->id_text && c->ctid && i == w->id_at ? id : w->argv[i], e) < 0)
			return -e->code;
	if (w->verb && w->verb->flags & CLI_OWN_CONF && !change_by_admin(c) && conf_args_add(a, "skip-config", NULL, e) < 0)
		return -e->code;
	/* what a tenant makes is the tenant's */
	return w->verb && w->verb->flags & CLI_NEW && *owner && !w->conf.policy.owner ? conf_args_add(a, "owner", owner, e) : 0;
}

static int answer(struct api_call *c, const struct cli_words *w, struct err *e)
{
	auto_args struct conf_args a = { 0 };
	const json_t *cols = json_object_get(c->req.body, "cols"), *rows = json_object_get(c->req.body, "rows");
	bool tty = json_is_true(json_object_get(c->req.body, "tty"));
	struct console_spec s = { .kind = tty ? CONSOLE_TTY : CONSOLE_EXEC, .cols = cols ? (unsigned)json_integer_value(cols) : 80,
				  .rows = rows ? (unsigned)json_integer_value(rows) : 24, .ctid = c->ctid,
				  .changes = w->verb && w->verb->flags & (CLI_CONF | CLI_SNAP) };
	char ticket[CONSOLE_TICKET_LEN + 1], url[128], until[TIMEFMT_LEN];

	if (run_words(c, w, &a, e) < 0)
		return -e->code;
	s.argv = a.v;
	if (c->n_fds == 3)
		return console_start(c->d->consoles, c, &s, c->fds, e);
	if (console_ticket(c->d->consoles, c->who, &s, ticket, e) < 0)
		return -e->code;
	str_fmt(url, sizeof(url), "/v1/console?ticket=%s", ticket);
	api_json(c, 201, json_pack("{s:s, s:s, s:s}", "ws", url, "ticket", ticket, "expires_at",
				   timefmt(timefmt_now_ms() + CONSOLE_TICKET_MS, until)));
	return 0;
}

static int cli_run(struct api_call *c, struct err *e)
{
	__attribute__((cleanup(cli_words_done))) struct cli_words w = { 0 };

	if (c->n_fds && c->n_fds != 3)
		return err_say(e, EINVAL, "three descriptors are wanted: standard input, output and error");
	if (cli_words_parse(json_object_get(c->req.body, "argv"), &w, e) < 0)
		return -e->code;
	return judge(c, &w) < 0 ? 0 : answer(c, &w, e);
}

static const struct api_field cli_body[] = {
	{ .name = "argv",
	  .type = API_ARGV,
	  .required = true,
	  .min = 0,
	  .max = 256,
	  .doc = "vzctl's words, its own name left out." },
	{ .name = "tty", .type = API_BOOL, .doc = "Give it a terminal instead of three pipes." },
	{ .name = "cols", .type = API_INT, .min = 1, .max = 1000, .doc = "Columns of the terminal." },
	{ .name = "rows", .type = API_INT, .min = 1, .max = 1000, .doc = "Rows of the terminal." },
	{ .name = NULL },
};
static const struct api_route rows[] = {
	{ "POST", "/v1/cli", "cli", SCOPE_CT_READ, API_WRITE | API_STREAM | API_FDS, cli_body, NULL, "Ticket",
	  "Runs vzctl for a client elsewhere: a ticket for a WebSocket, or at once on descriptors sent along.", cli_run },
};
const struct api_table api_cli_table = API_TABLE(rows);
