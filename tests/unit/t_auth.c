/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/auth.c, token_db.c, tenant_stop.c: callers, wrong tokens, what a restart keeps, who is told of a revocation. */
#include "tests/unit/t_auth_box.h"

#include <time.h>

#include "vzd/job_priv.h"

static struct jobs none;
static char stopped[256];

static int fake_submit(struct jobs *j, const struct job_spec *s, job_fn *accepted, void *arg, char busy[JOB_ID_LEN + 1],
		       struct err *e)
{
	(void)j;
	(void)accepted;
	(void)arg;
	(void)busy;
	if (s->ctid == 109)
		return err_say(e, EBUSY, "another job");
	CHECK_STR(s->argv[1], "stop");
	str_fmt(stopped + strlen(stopped), sizeof(stopped) - strlen(stopped), "%u:%s:%s ", s->ctid, s->argv[2], s->owner);
	return 0;
}

TEST(auth_peers)
{
	static struct box b;
	struct err e = { 0 };
	struct principal *p;

	box_open(&b);
	p = auth_peer(b.d.auth, 0, 0, getpid(), &e);
	CHECK(p && p->root && auth_has(p, SCOPE_TOKEN_WRITE) && auth_has(p, SCOPE_NONE));
	CHECK_STR(p->name, "root");
	principal_unref(p);
	b.d.conf.group = (char *)"daemon";		/* group 1 of every Debian */
	p = auth_peer(b.d.auth, 1000, 1, getpid(), &e);
	CHECK(p && !p->root && auth_has(p, SCOPE_CT_POWER) && !auth_has(p, SCOPE_TOKEN_WRITE));
	CHECK_STR(p->name, "uid:1000");
	principal_unref(p);
	CHECK(!auth_peer(b.d.auth, 1000, 1000, getpid(), &e));
	CHECK_EQ(e.code, EACCES);
	CHECK_STR(e.text, "uid 1000 is neither root nor in the group daemon");
	b.d.conf.group = (char *)"no-such-group";
	CHECK(!auth_peer(b.d.auth, 1000, 1, getpid(), &e));
	CHECK(!auth_has(NULL, SCOPE_CT_READ) && auth_has(NULL, SCOPE_NONE));
	box_done(&b);
}

static int check(struct box *b, const char *text, const char *remote, struct principal **ret)
{
	struct err e = { 0 };

	*ret = auth_token(b->d.auth, text, remote, &e);
	if (!*ret && e.code == EACCES)
		CHECK_STR(e.text, "this token is not valid");
	return *ret ? 0 : -e.code;
}

TEST(auth_tokens)
{
	static struct box b;
	struct principal *p, *q;
	char *text, *net, *late;

	box_open(&b);
	text = box_token(&b, "{\"role\":\"viewer\",\"cts\":[\"101\"]}");
	net = box_token(&b, "{\"role\":\"viewer\",\"from\":[\"10.0.0.0/8\"]}");
	late = box_token(&b, "{\"role\":\"viewer\",\"not_before\":\"1h\"}");
	CHECK_EQ(check(&b, text, "192.0.2.1", &p), 0);
	CHECK_STR(p->remote, "192.0.2.1");
	CHECK(auth_has(p, SCOPE_CT_READ) && !auth_has(p, SCOPE_CT_POWER) && p->n_cts == 1);
	CHECK_EQ(check(&b, text, "192.0.2.1", &q), 0);
	CHECK(p == q);				/* cached */
	principal_unref(q);
	CHECK_EQ(check(&b, text, "192.0.2.2", &q), 0);
	CHECK_STR(q->remote, "192.0.2.2");
	CHECK_STR(p->remote, "192.0.2.1");
	principal_unref(q);
	principal_unref(p);
	CHECK_ERR(check(&b, net, "192.0.2.1", &p), EACCES);
	CHECK_EQ(check(&b, net, "10.9.9.9", &p), 0);
	principal_unref(p);
	CHECK_ERR(check(&b, late, "192.0.2.1", &p), EACCES);
	text[20] = text[20] == 'a' ? 'b' : 'a';
	CHECK_ERR(check(&b, text, "192.0.2.1", &p), EACCES);
	text[5] = text[5] == 'a' ? 'b' : 'a';
	CHECK_ERR(check(&b, text, "192.0.2.1", &p), EACCES);
	CHECK_ERR(check(&b, "", "192.0.2.1", &p), EACCES);
	/* the all-zero hash of nobody is nobody's */
	CHECK_ERR(check(&b, "vz1_aaaaaaaaaaaa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "192.0.2.1", &p), EACCES);
	free(text);
	free(net);
	free(late);
	box_done(&b);
}

/* Twenty wrong ones, then 429; from elsewhere as before, and a right one always. */
TEST(auth_guessing)
{
	static struct box b;
	const char *wrong = "vz1_aaaaaaaaaaaa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	struct principal *p;
	char *text;

	box_open(&b);
	text = box_token(&b, "{\"role\":\"viewer\"}");
	for (unsigned i = 0; i < 20; i++)
		CHECK_ERR(check(&b, wrong, "192.0.2.1", &p), EACCES);
	CHECK_ERR(check(&b, wrong, "192.0.2.1", &p), EUSERS);
	CHECK_ERR(check(&b, "x", "192.0.2.1", &p), EUSERS);
	CHECK_ERR(check(&b, wrong, "192.0.2.2", &p), EACCES);
	CHECK_EQ(check(&b, text, "192.0.2.1", &p), 0);
	principal_unref(p);
	for (unsigned i = 0; i < 20; i++)
		check(&b, wrong, "2001:db8::1", &p);
	CHECK_ERR(check(&b, wrong, "2001:db8::2", &p), EUSERS);	/* one network, one guesser */
	CHECK_ERR(check(&b, wrong, "2001:db8:0:1::2", &p), EACCES);
	CHECK_EQ(box_call(&b, wrong, "GET", "/v1/token", NULL, NULL), 429);
	CHECK(strstr(b.headers, "\"Retry-After\":\"10\""));
	free(text);
	box_done(&b);
}

TEST(auth_rates)
{
	static struct box b;
	unsigned retry, left;

	box_open(&b);
	b.d.conf.rate = (struct num_opt){ .v = 1, .set = true };
	b.d.conf.burst = (struct num_opt){ .v = 2, .set = true };
	struct principal p = { .name = "token:aaaaaaaaaaaa" }, root = { .name = "root", .root = true };

	CHECK(auth_rate(b.d.auth, &p, &retry, &left) && left == 1);
	CHECK(auth_rate(b.d.auth, &p, &retry, &left) && left == 0);
	CHECK(!auth_rate(b.d.auth, &p, &retry, &left) && retry == 1 && left == 0);
	for (unsigned i = 0; i < 100; i++)
		CHECK(auth_rate(b.d.auth, &root, &retry, &left));
	b.d.conf.rate.v = 0;
	CHECK(auth_rate(b.d.auth, &p, &retry, &left));
	box_done(&b);
}

TEST(auth_survives_restart)
{
	static struct box b;
	struct principal *p;
	char *text, *gone;
	char path[64];

	box_open(&b);
	CHECK_EQ(box_call(&b, NULL, "POST", "/v1/tenants", NULL, "{\"name\":\"acme\",\"title\":\"Acme\",\"limits\":{\"cts\":3}}"), 201);
	text = box_token(&b, "{\"role\":\"operator\",\"tenant\":\"acme\",\"cts\":[\"101\",\"7\"],\"from\":[\"192.0.2.0/24\",\"2001:db8::/32\"],"
			     "\"expires\":\"1h\",\"description\":\"it's \\u00e9\"}");
	gone = box_token(&b, "{\"role\":\"viewer\"}");
	CHECK_EQ(check(&b, text, "192.0.2.1", &p), 0);
	principal_unref(p);
	str_fmt(path, sizeof(path), "/v1/tokens/%.12s", gone + 4);
	CHECK_EQ(box_call(&b, NULL, "DELETE", path, NULL, NULL), 204);
	box_close(&b);
	box_open(&b);
	CHECK_EQ(check(&b, text, "192.0.2.1", &p), 0);
	CHECK_STR(p->tenant, "acme");
	CHECK(p->n_cts == 2 && p->cts[1] == 7);
	principal_unref(p);
	CHECK_ERR(check(&b, text, "198.51.100.1", &p), EACCES);
	CHECK_ERR(check(&b, gone, "192.0.2.1", &p), EACCES);
	str_fmt(path, sizeof(path), "/v1/tokens/%.12s", text + 4);
	CHECK_EQ(box_call(&b, NULL, "GET", path, NULL, NULL), 200);
	CHECK_STR(box_str(&b, "description"), "it's \xc3\xa9");
	CHECK(*box_str(&b, "last_used") && *box_str(&b, "expires"));
	CHECK_EQ(box_call(&b, NULL, "GET", "/v1/tenants/acme", NULL, NULL), 200);
	CHECK_STR(box_str(&b, "title"), "Acme");
	free(text);
	free(gone);
	box_done(&b);
}

/* --- streams are told --- */

static unsigned told;
static struct auth_watch *second;

static void on_change(void *arg)
{
	told += *(unsigned *)arg;
}

static void on_change_and_leave(void *arg)
{
	on_change(arg);
	auth_unwatch(second);
	second = NULL;
}

TEST(auth_watches)
{
	static struct box b;
	static unsigned one = 1, ten = 10;
	struct auth_watch *w = NULL;
	struct principal *p;
	struct err e = { 0 };
	char *text, path[64];

	box_open(&b);
	text = box_token(&b, "{\"role\":\"viewer\"}");
	CHECK_EQ(check(&b, text, "192.0.2.1", &p), 0);
	CHECK_OK(auth_watch(b.d.auth, on_change, &one, &w, &e), &e);
	CHECK_OK(auth_watch(b.d.auth, on_change_and_leave, &ten, &second, &e), &e);
	CHECK_OK(auth_check(b.d.auth, p, &e), &e);
	str_fmt(path, sizeof(path), "/v1/tokens/%.12s/rotate", text + 4);
	CHECK_EQ(box_call(&b, NULL, "POST", path, NULL, NULL), 200);
	CHECK_EQ(told, 11);
	CHECK_ERR(auth_check(b.d.auth, p, &e), EACCES);
	principal_unref(p);
	CHECK_ERR(check(&b, text, "192.0.2.1", &p), EACCES);
	CHECK_EQ(check(&b, box_str(&b, "token"), "192.0.2.1", &p), 0);
	path[strlen(path) - 7] = '\0';
	CHECK_EQ(box_call(&b, NULL, "DELETE", path, NULL, NULL), 204);
	CHECK_EQ(told, 12);
	CHECK_ERR(auth_check(b.d.auth, p, &e), EACCES);
	principal_unref(p);
	auth_unwatch(w);
	CHECK_OK(auth_check(b.d.auth, b.d.auth->root, &e), &e);
	free(text);
	box_done(&b);
}

TEST(auth_expiry_is_told)
{
	static struct box b;
	static unsigned one = 1;
	struct auth_watch *w = NULL;
	struct principal *p;
	struct err e = { 0 };
	char *text;

	box_open(&b);
	text = box_token(&b, "{\"role\":\"viewer\",\"expires\":\"1s\"}");
	if (check(&b, text, "192.0.2.1", &p) < 0) {		/* the disk took that second: another one, with more time */
		free(text);
		text = box_token(&b, "{\"role\":\"viewer\",\"expires\":\"20s\"}");
		CHECK_EQ(check(&b, text, "192.0.2.1", &p), 0);
	}
	CHECK_OK(auth_watch(b.d.auth, on_change, &one, &w, &e), &e);
	UNTIL(b.d.ev, told);
	CHECK_EQ(told, 1);
	CHECK_ERR(auth_check(b.d.auth, p, &e), EACCES);
	principal_unref(p);
	CHECK_ERR(check(&b, text, "192.0.2.1", &p), EACCES);
	auth_unwatch(w);
	free(text);
	box_done(&b);
}

/* --- suspended --- */

TEST(auth_suspended)
{
	static struct box b;
	struct principal *p;
	char *text;

	box_open(&b);
	b.d.jobs = &none;
	b.d.auth->submit = fake_submit;
	box_ct(&b, 101, "acme", 1, INV_RUNNING);
	box_ct(&b, 102, "acme", 1, INV_STOPPED);
	box_ct(&b, 103, "other", 1, INV_RUNNING);
	box_ct(&b, 109, "acme", 1, INV_FROZEN);
	CHECK_EQ(box_call(&b, NULL, "POST", "/v1/tenants", NULL, "{\"name\":\"acme\"}"), 201);
	text = box_token(&b, "{\"role\":\"operator\",\"tenant\":\"acme\"}");
	CHECK_EQ(box_call(&b, NULL, "PUT", "/v1/tenants/acme/suspended", NULL, "{\"suspended\":true,\"reason\":\"unpaid\"}"), 202);
	CHECK(json_is_true(json_object_get(b.json, "stopping")));
	UNTIL(b.d.ev, stopped[0]);
	CHECK(str_starts(stopped, "101:101:acme "));
	CHECK_EQ(check(&b, text, "192.0.2.1", &p), 0);
	CHECK(p->suspended && auth_has(p, SCOPE_CT_READ) && !auth_has(p, SCOPE_CT_POWER) && !auth_has(p, SCOPE_CT_CONSOLE));
	principal_unref(p);
	CHECK(auth_tenant_suspended(b.d.auth, "acme") && !auth_tenant_suspended(b.d.auth, "other"));
	/* vzd dies and comes back: it is still due */
	stopped[0] = '\0';
	box_close(&b);
	box_open(&b);
	b.d.auth->submit = fake_submit;
	UNTIL(b.d.ev, stopped[0]);
	CHECK(str_starts(stopped, "101:101:acme "));
	b.cts[0]->state = b.cts[3]->state = INV_STOPPED;
	UNTIL(b.d.ev, !tenant_find(&b.d.auth->tenants, "acme")->stop_pending);
	CHECK_EQ(box_call(&b, NULL, "PUT", "/v1/tenants/acme/suspended", NULL, "{\"suspended\":false}"), 200);
	CHECK_EQ(check(&b, text, "192.0.2.1", &p), 0);
	CHECK(!p->suspended && auth_has(p, SCOPE_CT_POWER));
	principal_unref(p);
	free(text);
	box_done(&b);
}

TEST(auth_sees_what)
{
	static unsigned cts[] = { 101 };
	struct inv_ct a = { .id = 101, .owner = (char *)"acme" }, b = { .id = 102, .owner = (char *)"" };
	struct principal all = { .name = "x" }, acme = { .tenant = "acme" }, one = { .cts = cts, .n_cts = 1 };
	struct principal strange = { .tenant = "other", .cts = cts, .n_cts = 1 };

	CHECK(auth_sees(&all, &a) && auth_sees(&all, &b));
	CHECK(auth_sees(&acme, &a) && !auth_sees(&acme, &b));
	CHECK(auth_sees(&one, &a) && !auth_sees(&one, &b));
	CHECK(!auth_sees(&strange, &a) && !auth_sees(&strange, &b) && !auth_sees(NULL, &a));
}
