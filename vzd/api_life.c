/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to a container as a whole: state, restart, reinstall, password, and the verbs that only administrators use. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "vzd/api_ct.h"
#include "vzd/change.h"
#include "vzd/inv.h"
#include "vzd/timefmt.h"

static json_t *state_json(const struct inv_ct *ct)
{
	json_t *pid = ct->init_pid > 0 ? json_integer(ct->init_pid) : json_null();

	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "state", inv_state_names[ct->state], "since",
			 timefmt_json(ct->since_ms), "started_at", timefmt_json(ct->started_ms), "init_pid", pid, "last_exit",
			 ct->exit_ms ? json_pack("{s:s, s:o}", "reason", ct->exit_reason, "at", timefmt_json(ct->exit_ms))
				     : json_null());
}

static int state_get(struct api_call *c, struct err *e)
{
	(void)e;
	api_json(c, 200, state_json(c->ct));
	return 0;
}

static json_t *state_after(struct api_call *c, int *status)
{
	const struct inv_ct *ct;

	(void)status;
	inv_refresh(c->d->inv, c->ctid);
	ct = inv_find(c->d->inv, c->ctid);
	return ct ? state_json(ct) : NULL;
}

/* [state now][wanted]: vzctl's verb and option; "=": nothing to do; NULL: not from here. */
enum want { WANT_RUNNING, WANT_STOPPED, WANT_FROZEN, WANT_MOUNTED, WANT_N };
static const char *const want_names[WANT_N] = { "running", "stopped", "frozen", "mounted" };
struct move { const char *verb, *option; };
static const struct move moves[INV_N][WANT_N] = {
	[INV_STOPPED] = { { "start", NULL }, { "=", NULL }, { NULL, NULL }, { "mount", NULL } },
	[INV_MOUNTED] = { { "start", NULL }, { "umount", NULL }, { NULL, NULL }, { "=", NULL } },
	[INV_RUNNING] = { { "=", NULL }, { "stop", NULL }, { "chkpnt", "suspend" }, { NULL, NULL } },
	[INV_FROZEN] = { { "chkpnt", "resume" }, { "stop", NULL }, { "=", NULL }, { NULL, NULL } },
	[INV_STARTING] = { { "=", NULL }, { "stop", NULL }, { NULL, NULL }, { NULL, NULL } },
	[INV_STOPPING] = { { NULL, NULL }, { "stop", NULL }, { NULL, NULL }, { NULL, NULL } },
	[INV_BROKEN] = { { NULL, NULL }, { "=", NULL }, { NULL, NULL }, { NULL, NULL } },
};

static const struct move *move_of(const struct api_call *c)
{
	const char *target = ct_body_text(c, "target");

	for (int w = 0; w < WANT_N; w++)
		if (str_eq(target, want_names[w]))
			return &moves[c->ct->state][w];
	return &moves[INV_BROKEN][WANT_RUNNING];
}

static int refuse_state(struct api_call *c)
{
	char text[160];

	str_fmt(text, sizeof(text), "a container that is %s cannot become %s", inv_state_names[c->ct->state],
		ct_body_text(c, "target"));
	api_problem(c, "conflict-state", 0, c->ct->broken ? c->ct->broken : text,
		    json_pack("{s:s}", "state", inv_state_names[c->ct->state]));
	return 0;
}

static int state_words(struct api_call *c, const struct move *m, struct conf_args *a, struct err *e)
{
	bool stop = str_eq(m->verb, "stop"), start = str_eq(m->verb, "start");

	if (ct_words(a, m->verb, c->ctid, e) < 0 || (m->option && conf_args_add(a, m->option, NULL, e) < 0))
		return -e->code;
	if (stop && str_eq(ct_body_text(c, "mode"), "force") && conf_args_add(a, "fast", NULL, e) < 0)
		return -e->code;
	if (start && json_is_true(json_object_get(c->req.body, "wait")) && conf_args_add(a, "wait", NULL, e) < 0)
		return -e->code;
	return 0;
}

static int state_put(struct api_call *c, struct err *e)
{
	const struct move *m = move_of(c);
	auto_args struct conf_args a = { 0 };

	if (!m->verb)
		return refuse_state(c);
	if (str_eq(m->verb, "=")) {
		api_json(c, 200, state_json(c->ct));
		return 0;
	}
	if (str_eq(m->verb, "start") && change_may_start(c, c->ct) < 0)
		return 0;
	return state_words(c, m, &a, e) < 0 ? -e->code : ct_job(c, &a, NULL, state_after, e);
}

static int restart_run(struct api_call *c, struct err *e)
{
	bool down = c->ct->state == INV_STOPPED || c->ct->state == INV_MOUNTED;
	auto_args struct conf_args a = { 0 };

	if (down && change_may_start(c, c->ct) < 0)
		return 0;
	if (ct_words(&a, "restart", c->ctid, e) < 0 ||
	    (str_eq(ct_body_text(c, "mode"), "force") && conf_args_add(&a, "fast", NULL, e) < 0))
		return -e->code;
	return ct_job(c, &a, NULL, state_after, e);
}

static int reinstall_run(struct api_call *c, struct err *e)
{
	const char *template = ct_body_text(c, "template"), *pw = ct_body_text(c, "password");
	auto_free char *secret = NULL;
	auto_args struct conf_args a = { 0 };

	if (template && strchr(template, '/') && (c->who->tenant[0] || !auth_has(c->who, SCOPE_NODE_WRITE))) {
		api_problem(c, "forbidden", 0, "a template by its path is for administrators of the host", NULL);
		return 0;
	}
	if (pw && asprintf(&secret, "root:%s\n", pw) < 0) {
		secret = NULL;
		return err_set(e, ENOMEM, "reinstall");
	}
	if ((pw && ct_word(&a, VZ_LIBEXEC "/vz-seq", e) < 0) || ct_words(&a, "reinstall", c->ctid, e) < 0 ||
	    conf_args_add(&a, "skipbackup", NULL, e) < 0 || (template && conf_args_add(&a, "ostemplate", template, e) < 0))
		return -e->code;
	if (pw && (ct_word(&a, ";", e) < 0 || ct_words(&a, "set", c->ctid, e) < 0 ||
		   conf_args_add(&a, "password-stdin", NULL, e) < 0))
		return -e->code;
	return ct_job(c, &a, secret, ct_after, e);
}

static int password_run(struct api_call *c, struct err *e)
{
	const char *user = json_object_get(c->req.body, "user") ? ct_body_text(c, "user") : "root";
	auto_free char *secret = NULL;
	auto_args struct conf_args a = { 0 };

	if (strpbrk(user, ": \t") || user[0] == '-') {
		api_problem(c, "invalid-field", VZ_INVALID_PARAMETER_VALUE,
			    "a user's name has no blank, colon or leading '-'", NULL);
		return 0;
	}
	if (asprintf(&secret, "%s:%s\n", user, ct_body_text(c, "password")) < 0) {
		secret = NULL;
		return err_set(e, ENOMEM, "password");
	}
	if (ct_words(&a, "set", c->ctid, e) < 0 || conf_args_add(&a, "password-stdin", NULL, e) < 0)
		return -e->code;
	return ct_job(c, &a, secret, NULL, e);
}

static int unregister_run(struct api_call *c, struct err *e)
{
	auto_args struct conf_args a = { 0 };

	return ct_words(&a, "unregister", c->ctid, e) < 0 ? -e->code : ct_job(c, &a, NULL, NULL, e);
}

static int register_run(struct api_call *c, struct err *e)
{
	const json_t *id = json_object_get(c->req.body, "ctid");
	char text[16];
	auto_args struct conf_args a = { 0 };

	c->ctid = (unsigned)json_integer_value(id);
	if (inv_find(c->d->inv, c->ctid)) {
		api_problem(c, "exists", VZ_REGISTER, "there is a container of this id", NULL);
		return 0;
	}
	str_fmt(text, sizeof(text), "%u", c->ctid);
	if (ct_word(&a, VZCTL, e) < 0 || ct_word(&a, "register", e) < 0 || ct_word(&a, ct_body_text(c, "path"), e) < 0 ||
	    ct_word(&a, text, e) < 0)
		return -e->code;
	return ct_job(c, &a, NULL, ct_after, e);
}

static const struct api_field state_body[] = {
	{ .name = "target",
	  .type = API_STR,
	  .required = true,
	  .one_of = "running stopped frozen mounted",
	  .doc = "The state wanted." },
	{ .name = "mode", .type = API_STR, .one_of = "clean force", .doc = "How to stop: clean asks the guest first." },
	{ .name = "wait", .type = API_BOOL, .doc = "A start ends only when the guest says that it is up." },
	{ .name = NULL },
};
static const struct api_field restart_body[] = {
	{ .name = "mode", .type = API_STR, .one_of = "clean force", .doc = "How to stop." },
	{ .name = NULL },
};
static const struct api_field reinstall_body[] = {
	{ .name = "template", .type = API_STR, .min = 1, .max = 255, .doc = "OS template; the one it has when absent." },
	{ .name = "password", .type = API_STR, .min = 1, .max = 255, .doc = "New password of root." },
	{ .name = NULL },
};
static const struct api_field password_body[] = {
	{ .name = "user", .type = API_STR, .min = 1, .max = 64, .doc = "User inside; root when absent." },
	{ .name = "password", .type = API_STR, .required = true, .min = 1, .max = 255, .doc = "Set inside, kept nowhere." },
	{ .name = NULL },
};
static const struct api_field register_body[] = {
	{ .name = "ctid", .type = API_INT, .required = true, .min = 1, .max = CT_ID_MAX, .doc = "Id that it gets." },
	{ .name = "path", .type = API_STR, .required = true, .min = 2, .max = 4000, .doc = "Private area on this host." },
	{ .name = NULL },
};

static const struct api_route rows[] = {
	{ "GET", "/v1/cts/{ct}/state", "ct.state.get", SCOPE_CT_READ, API_CT, NULL, NULL, "CtState", "State of a container.",
	  state_get },
	{ "PUT", "/v1/cts/{ct}/state", "ct.state", SCOPE_CT_POWER, API_CT | API_WRITE | API_JOB, state_body, NULL, "CtState",
	  "Starts, stops, freezes, thaws, mounts or unmounts a container.", state_put },
	{ "POST", "/v1/cts/{ct}/restart", "ct.restart", SCOPE_CT_POWER, API_CT | API_WRITE | API_JOB, restart_body, NULL,
	  "CtState", "Stops a container and starts it.", restart_run },
	{ "POST", "/v1/cts/{ct}/reinstall", "ct.reinstall", SCOPE_CT_WRITE, API_CT | API_WRITE | API_JOB, reinstall_body,
	  NULL, "Ct", "Gives a container new files from a template; the old ones are removed.", reinstall_run },
	{ "PUT", "/v1/cts/{ct}/password", "ct.password", SCOPE_CT_WRITE, API_CT | API_WRITE | API_JOB, password_body, NULL,
	  "Operation", "Sets a password inside.", password_run },
	{ "POST", "/v1/cts/{ct}/unregister", "ct.unregister", SCOPE_NODE_WRITE, API_CT | API_WRITE | API_JOB, NULL, NULL,
	  "Operation", "Forgets a container; its files stay.", unregister_run },
	{ "POST", "/v1/register", "ct.register", SCOPE_NODE_WRITE, API_WRITE | API_JOB, register_body, NULL, "Ct",
	  "Takes over a private area with the configuration in it.", register_run },
};
const struct api_table api_life_table = API_TABLE(rows);
