/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What anybody may ask: which version this is, whether it is well. */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "vzd/api_priv.h"
#include "vzd/api_schema.h"
#include "vzd/db.h"
#include "vzd/inv.h"

/* What this version can do beyond the first one: a client asks for the word instead of comparing versions. */
static const char *const features[] = { "operations", "idempotency-key", "etag", "events", "console", "exec", "metrics" };

static int root_get(struct api_call *c, struct err *e)
{
	json_t *f = json_array();
	struct utsname u;

	(void)e;
	for (size_t i = 0; i < sizeof(features) / sizeof(*features); i++)
		json_array_append_new(f, json_string(features[i]));
	api_json(c, 200, json_pack("{ss ss so s[s] ss}", "version", VZ_VERSION, "api", "v1", "features", f, "auth", "bearer",
				   "node", uname(&u) == 0 ? u.nodename : ""));
	return 0;
}

static bool check(json_t *checks, const char *name, bool ok, const char *detail)
{
	json_array_append_new(checks, json_pack("{ss sb ss}", "name", name, "ok", ok, "detail", detail));
	return ok;
}

static int one_row(sqlite3_stmt *st, void *arg, struct err *e)
{
	(void)st;
	(void)arg;
	(void)e;
	return 1;
}

static int health_get(struct api_call *c, struct err *e)
{
	json_t *checks = json_array();
	struct ev_stat st;
	bool ok;

	ev_stat(c->d->ev, &st);
	ok = check(checks, "running", !c->d->stopping, c->d->stopping ? "vzd is stopping" : "");
	ok &= check(checks, "database", db_each(db_reader(c->d->db), e, one_row, NULL, "SELECT 1", "") >= 0, "");
	ok &= check(checks, "inventory", c->d->inv != NULL, "");
	check(checks, "loop", st.worst_us < 1000000, "");
	api_json(c, ok ? 200 : 503, json_pack("{ss so}", "status", ok ? "ok" : "degraded", "checks", checks));
	return 0;
}

static int openapi_get(struct api_call *c, struct err *e)
{
	const char *text = openapi_text(e);

	if (!text)
		return -e->code;
	if (!api_not_modified(c, openapi_etag()))
		api_raw(c, 200, "application/json", text, strlen(text));
	return 0;
}

static int problem_get(struct api_call *c, struct err *e)
{
	for (size_t i = 0; i < api_problems_n; i++) {
		const struct api_problem_row *p = &api_problems[i];

		if (strcmp(p->slug, c->seg[0]) != 0)
			continue;
		api_json(c, 200, json_pack("{ss si ss ss}", "slug", p->slug, "status", p->status, "title", p->title, "doc",
					   p->doc));
		return 0;
	}
	return err_say(e, ENOENT, "there is no problem '%s'", c->seg[0]);
}

static const struct api_route rows[] = {
	{ "GET", "/v1/openapi.json", "openapi.get", SCOPE_NONE, 0, NULL, NULL, "OpenApi", "This description.", openapi_get },
	{ "GET", "/problems/{slug}", "problem.get", SCOPE_NONE, 0, NULL, NULL, "ProblemKind", "What a kind of problem means.",
	  problem_get },
	{ "GET", "/v1", "root.get", SCOPE_NONE, 0, NULL, NULL, "Root", "Version, features and how to authenticate.", root_get },
	{ "GET", "/v1/health", "health.get", SCOPE_NONE, 0, NULL, NULL, "Health", "Is the daemon well? 503 when it is not.",
	  health_get },
};
const struct api_table api_root_table = API_TABLE(rows);
