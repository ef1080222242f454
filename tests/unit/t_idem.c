/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/idem.c and api_job.c: one request for each key, also over a kill. */
#include "tests/unit/t_api_env.h"

static struct api_env v;
static struct api_answer a;
static struct principal *root, *other;
static unsigned ran;

static int make(struct api_call *c, struct err *e)
{
	(void)e;
	ran++;
	api_header(c, "Location", "/v1/things/7");
	api_json(c, 201, json_pack("{si}", "n", (int)ran));
	return 0;
}

static int refuse(struct api_call *c, struct err *e)
{
	(void)c;
	ran++;
	return err_say(e, EEXIST, "it is there");
}

static json_t *after(struct api_call *c, int *status)
{
	(void)c;
	*status = 201;
	return json_pack("{ss}", "made", "yes");
}

static int work(struct api_call *c, struct err *e)
{
	const char *script = json_string_value(json_object_get(c->req.body, "script"));
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const struct job_spec s = { .kind = c->route->op, .owner = c->who->tenant, .principal = c->who->name, .argv = argv,
				    .resource = "/v1/things/8" };

	return api_job(c, &s, after, e);
}

static const struct api_field b_script[] = { { .name = "script", .type = API_STR }, { .name = NULL } };
static const struct api_route rows[] = {
	{ "POST", "/v1/things", "make", SCOPE_NODE_WRITE, API_WRITE, b_script, NULL, NULL, "", make },
	{ "POST", "/v1/secrets", "secret", SCOPE_NODE_WRITE, API_WRITE | API_SECRET, NULL, NULL, NULL, "", make },
	{ "POST", "/v1/refused", "refuse", SCOPE_NODE_WRITE, API_WRITE, NULL, NULL, NULL, "", refuse },
	{ "POST", "/v1/work", "work", SCOPE_NODE_WRITE, API_WRITE | API_JOB, b_script, NULL, NULL, "", work },
};
static const struct api_table table = API_TABLE(rows);
extern const struct api_table api_job_table;
static const struct api_table *const tables[] = { &table, &api_job_table };

static void up(void)
{
	api_env_open(&v);
	CHECK_OK(api_route_use(tables, 2, &v.v.e), &v.v.e);
	root = api_env_who("root", "", scopes_all);
	other = api_env_who("token:other", "acme", scopes_all);
}

static void down(void)
{
	api_answer_done(&a);
	principal_unref(root);
	principal_unref(other);
	api_env_close(&v);
}

static int post(struct principal *who, const char *path, const char *key, const char *body, const char *prefer)
{
	struct api_request r = { .verb = "POST", .path = path, .idempotency_key = key, .prefer = prefer,
				 .body = body ? json_loads(body, 0, NULL) : NULL };

	api_answer_done(&a);
	api_env_ask(&v, who, &r, &a);
	json_decref(r.body);
	return a.status;
}

static bool replayed(void)
{
	return api_answer_head(&a, "Idempotent-Replayed") != NULL;
}

TEST(idem_same_answer)
{
	up();
	CHECK_EQ(post(root, "/v1/things", "k1", "{\"script\":\"a\"}", NULL), 201);
	CHECK(!replayed());
	CHECK_EQ(post(root, "/v1/things", "k1", "{\"script\":\"a\"}", NULL), 201);
	CHECK(replayed());
	CHECK_EQ(json_integer_value(json_object_get(a.body, "n")), 1);
	CHECK_STR(api_answer_head(&a, "Location"), "/v1/things/7");
	CHECK_EQ(post(root, "/v1/things", "k1", "{\"script\":\"b\"}", NULL), 422);
	CHECK_STR(api_answer_str(&a, "type"), "/problems/key-reused");
	CHECK_EQ(post(root, "/v1/secrets", "k1", NULL, NULL), 422);
	CHECK_EQ(post(other, "/v1/things", "k1", "{\"script\":\"b\"}", NULL), 201);	/* another's key is another */
	CHECK_EQ(post(root, "/v1/things", NULL, "{\"script\":\"a\"}", NULL), 201);
	CHECK_EQ(ran, 3);
	down();
}

TEST(idem_bad_keys)
{
	char longer[300];

	up();
	memset(longer, 'a', sizeof(longer));
	longer[256] = '\0';
	CHECK_EQ(post(root, "/v1/things", "", NULL, NULL), 400);
	CHECK_EQ(post(root, "/v1/things", "a b", NULL, NULL), 400);
	CHECK_EQ(post(root, "/v1/things", "caf\xc3\xa9", NULL, NULL), 400);
	CHECK_EQ(post(root, "/v1/things", longer, NULL, NULL), 400);
	longer[255] = '\0';
	CHECK_EQ(post(root, "/v1/things", longer, NULL, NULL), 201);
	CHECK_EQ(ran, 1);
	down();
}

TEST(idem_refused_leaves_no_key)
{
	up();
	CHECK_EQ(post(root, "/v1/refused", "k", NULL, NULL), 409);
	CHECK_EQ(post(root, "/v1/refused", "k", NULL, NULL), 409);
	CHECK(!replayed());
	CHECK_EQ(ran, 2);
	down();
}

TEST(idem_secret_is_not_kept)
{
	up();
	CHECK_EQ(post(root, "/v1/secrets", "k", NULL, NULL), 201);
	CHECK_EQ(post(root, "/v1/secrets", "k", NULL, NULL), 409);
	CHECK_STR(api_answer_str(&a, "type"), "/problems/exists");
	CHECK_STR(api_answer_str(&a, "resource"), "/v1/things/7");
	CHECK_EQ(ran, 1);
	down();
}

TEST(idem_in_progress)
{
	struct api_request r = { .verb = "POST", .path = "/v1/things", .idempotency_key = "k" };
	struct api_answer first = { .n = 0 };
	const struct api_sink sink = { api_env_reply, api_env_chunk, &first };

	up();
	api_enter(&v.v.d, &r, root, &sink, NULL);
	CHECK_EQ(first.n, 0);			/* waits until its key is durable */
	CHECK_EQ(post(root, "/v1/things", "k", NULL, NULL), 409);
	CHECK_STR(api_answer_str(&a, "type"), "/problems/key-in-progress");
	CHECK_EQ(post(root, "/v1/things", "k", "{\"script\":\"x\"}", NULL), 422);
	job_env_until(&v.v, &first.done);
	CHECK_EQ(first.status, 201);
	CHECK_EQ(post(root, "/v1/things", "k", NULL, NULL), 201);
	CHECK(replayed());
	CHECK_EQ(ran, 1);
	api_answer_done(&first);
	down();
}

TEST(job_answers)
{
	char path[100], op[40], body[400];

	up();
	CHECK(str_fmt(body, sizeof(body), "{\"script\":\"while [ ! -e %s/go ]; do sleep 0.05; done; echo did\"}", v.v.dir) == 0);
	CHECK_EQ(post(root, "/v1/work", "k", body, NULL), 202);
	CHECK_STR(api_answer_str(&a, "state"), "queued");
	CHECK(str_copy(op, sizeof(op), api_answer_str(&a, "id")) == 0);
	CHECK(str_fmt(path, sizeof(path), "/v1/operations/%s", op) == 0);
	CHECK_STR(api_answer_head(&a, "Location"), path);
	CHECK_EQ(post(root, "/v1/work", "k", body, NULL), 202);
	CHECK(replayed());
	CHECK_STR(api_answer_str(&a, "id"), op);
	api_answer_done(&a);
	job_env_go(&v.v);
	CHECK(str_fmt(path, sizeof(path), "/v1/operations/%s?wait=30", op) == 0);
	CHECK_EQ(api_env_do(&v, root, "GET", path, NULL, &a), 200);
	CHECK_STR(api_answer_str(&a, "state"), "done");
	CHECK_STR(api_answer_str(&a, "stage"), "did");
	api_answer_done(&a);
	CHECK_EQ(api_env_do(&v, root, "DELETE", path, NULL, &a), 400);	/* it takes no wait */
	api_answer_done(&a);
	CHECK(str_fmt(path, sizeof(path), "/v1/operations/%s", op) == 0);
	CHECK_EQ(api_env_do(&v, root, "DELETE", path, NULL, &a), 409);
	api_answer_done(&a);
	CHECK_EQ(api_env_do(&v, other, "GET", path, NULL, &a), 404);	/* another tenant's eyes */
	api_answer_done(&a);
	CHECK_EQ(api_env_do(&v, other, "DELETE", path, NULL, &a), 404);
	api_answer_done(&a);
	CHECK(str_fmt(path, sizeof(path), "/v1/operations/%s/log", op) == 0);
	CHECK_EQ(api_env_do(&v, root, "GET", path, NULL, &a), 200);
	CHECK_STR(json_string_value(a.body), "did\n");
	down();
}

TEST(job_prefer_wait)
{
	char path[100];

	up();
	CHECK_EQ(post(root, "/v1/work", NULL, "{\"script\":\"true\"}", "respond-async, wait=30"), 201);
	CHECK_STR(api_answer_str(&a, "made"), "yes");
	CHECK_STR(api_answer_head(&a, "Preference-Applied"), "wait");
	CHECK_EQ(post(root, "/v1/work", NULL, "{\"script\":\"echo no such template; exit 91\"}", "wait=30"), 404);
	CHECK_STR(api_answer_str(&a, "detail"), "no such template");
	CHECK_EQ(json_integer_value(json_object_get(a.body, "code")), 91);
	CHECK(api_answer_str(&a, "operation") != NULL);
	CHECK_EQ(post(root, "/v1/work", NULL, "{\"script\":\"sleep 4\"}", "wait=1"), 202);
	CHECK_STR(api_answer_str(&a, "state"), "running");
	CHECK(str_fmt(path, sizeof(path), "%s?wait=30", api_answer_head(&a, "Location")) == 0);
	api_answer_done(&a);
	CHECK_EQ(api_env_do(&v, root, "GET", path, NULL, &a), 200);	/* leaves no process behind */
	CHECK_STR(api_answer_str(&a, "state"), "done");
	down();
}

TEST(job_pages)
{
	up();
	for (int i = 0; i < 3; i++)
		CHECK_EQ(post(i == 1 ? other : root, "/v1/work", NULL, "{\"script\":\"true\"}", "wait=30"), 201);
	api_answer_done(&a);
	CHECK_EQ(api_env_do(&v, root, "GET", "/v1/operations?limit=2", NULL, &a), 200);
	CHECK_EQ(json_array_size(json_object_get(a.body, "items")), 2);
	CHECK(api_answer_str(&a, "next") != NULL);
	api_answer_done(&a);
	CHECK_EQ(api_env_do(&v, other, "GET", "/v1/operations?state=done", NULL, &a), 200);
	CHECK_EQ(json_array_size(json_object_get(a.body, "items")), 1);
	api_answer_done(&a);
	CHECK_EQ(api_env_do(&v, NULL, "GET", "/v1/operations", NULL, &a), 401);
	down();
}

/* A vzd that is killed between the promise and the answer: the retry finds the job. */
TEST(idem_over_a_kill)
{
	char ran_path[300], body[400];
	auto_free char *text = NULL;
	char first[40] = "";

	api_env_open(&v);
	CHECK(str_fmt(ran_path, sizeof(ran_path), "%s/ran", v.v.dir) == 0);
	CHECK(str_fmt(body, sizeof(body), "{\"script\":\"echo x >>%s\"}", ran_path) == 0);
	for (int i = 0; i < 5; i++) {
		struct jobs *old = v.v.d.jobs;
		const struct jobs_where w = { v.v.jobs, v.v.prog, 4, 2 };

		CHECK_OK(api_route_use(tables, 2, &v.v.e), &v.v.e);
		root = api_env_who("root", "", scopes_all);
		CHECK_EQ(post(root, "/v1/work", "the-key", body, "wait=10"), i ? 200 : 201);
		CHECK_EQ(replayed(), i > 0);
		if (i)
			CHECK_STR(api_answer_str(&a, "id"), first);
		else
			CHECK(str_copy(first, sizeof(first), strrchr(api_answer_head(&a, "Location"), '/') + 1) == 0);
		principal_unref(root);
		jobs_close(old);	/* what it had in memory is gone */
		CHECK_OK(jobs_open_at(&v.v.d, &w, &v.v.d.jobs, &v.v.e), &v.v.e);
	}
	text = job_env_cat(&v.v, "ran");
	CHECK_STR(text, "x\n");
	api_answer_done(&a);
	api_env_close(&v);
}
