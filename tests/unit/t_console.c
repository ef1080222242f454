/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/console.c: tickets are good once, for a while, for whom they were made; a session ends with its client or its token. */
#include "tests/unit/t_api_env.h"
#include "vzd/console.h"

static struct api_env v;
static struct api_answer a;
static struct principal *root, *gone;
static char ticket[CONSOLE_TICKET_LEN + 1];
extern const struct api_table api_exec_table;
static const struct api_table *const tables[] = { &api_exec_table };

static void up(void)
{
	box_init(&v.box, "");
	v.boxed = true;
	CHECK_EQ(mkdir(BOX "/private/101", 0700), 0);
	box_conf(101, "OWNER=\"acme\"\n");
	api_env_open(&v);
	CHECK_OK(api_route_use(tables, 1, &v.v.e), &v.v.e);
	CHECK_OK(consoles_open(&v.v.d, &v.v.d.consoles, &v.v.e), &v.v.e);
	root = api_env_who("root", "", scopes_all);
	gone = api_env_who("token:aaaaaaaaaaaa", "", scopes_all);	/* of a token that was revoked */
}

static void down(void)
{
	consoles_close(v.v.d.consoles);
	v.v.d.consoles = NULL;
	api_answer_done(&a);
	principal_unref(root);
	principal_unref(gone);
	api_env_close(&v);
}

static int make(struct principal *who, unsigned ctid, const char *line)
{
	static char sh[] = "/bin/sh", c[] = "-c";
	char text[200];
	char *const argv[] = { sh, c, text, NULL };
	const struct console_spec s = { .kind = CONSOLE_EXEC, .ctid = ctid, .argv = argv };

	CHECK(str_copy(text, sizeof(text), line) == 0);
	err_clear(&v.v.e);
	return console_ticket(v.v.d.consoles, who, &s, ticket, &v.v.e);
}

/* Opens it; *ret is the call while the session goes on. */
static int use(const char *text, struct api_call **ret)
{
	const struct api_sink sink = { api_env_reply, api_env_chunk, &a };
	char query[100];
	const struct api_request r = { .verb = "GET", .path = "/v1/console", .query = query };

	str_fmt(query, sizeof(query), "ticket=%s", text);
	api_answer_done(&a);
	api_enter(&v.v.d, &r, NULL, &sink, ret);
	return a.status;
}

static void until_last(void)
{
	job_env_until(&v.v, &a.last);
}

TEST_ROOT(console_kinds)
{
	CHECK_EQ(console_kind_of("console"), CONSOLE_CONSOLE);
	CHECK_EQ(console_kind_of("exec"), CONSOLE_EXEC);
	CHECK_EQ(console_kind_of("Exec"), CONSOLE_N);
	CHECK_EQ(console_kind_of(""), CONSOLE_N);
}

TEST_ROOT(console_ticket_is_good_once)
{
	struct api_call *call;

	up();
	CHECK_OK(make(root, 0, "exit 7"), &v.v.e);
	CHECK_EQ(strlen(ticket), CONSOLE_TICKET_LEN);
	CHECK_EQ(use(ticket, &call), 101);
	until_last();
	CHECK_STR(a.chunk, "{\"exit\":7}");
	CHECK_EQ(use(ticket, &call), 401);
	down();
}

TEST_ROOT(console_ticket_that_nobody_made)
{
	struct api_call *call;

	up();
	CHECK_OK(make(root, 0, "true"), &v.v.e);
	ticket[0] = ticket[0] == 'A' ? 'B' : 'A';
	CHECK_EQ(use(ticket, &call), 401);
	CHECK_EQ(use("short", &call), 400);
	down();
}

TEST_ROOT(console_ticket_of_a_revoked_token)
{
	struct api_call *call;

	up();
	CHECK_OK(make(gone, 0, "touch " BOX "/ran"), &v.v.e);
	CHECK_EQ(use(ticket, &call), 401);
	CHECK(!box_is_there(BOX "/ran"));
	down();
}

TEST_ROOT(console_ticket_of_what_is_anothers_now)
{
	struct principal *acme;
	struct api_call *call;

	up();
	acme = api_env_who("root", "acme", scopes_tenant);
	CHECK_OK(make(acme, 101, "touch " BOX "/ran"), &v.v.e);
	box_conf(101, "OWNER=\"other\"\n");
	inv_refresh(v.v.d.inv, 101);
	CHECK_EQ(use(ticket, &call), 404);
	CHECK(!box_is_there(BOX "/ran"));
	principal_unref(acme);
	down();
}

TEST_ROOT(console_so_many_of_a_container)
{
	up();
	for (int i = 0; i < CONSOLE_PER_CT; i++)
		CHECK_OK(make(root, 101, "true"), &v.v.e);
	CHECK_EQ(make(root, 101, "true"), -EBUSY);
	CHECK_OK(make(root, 0, "true"), &v.v.e);
	down();
}

static void wait_for(const char *path)
{
	uint64_t end = ev_now_ms() + TEST_PATIENCE_MS;

	while (!box_is_there(path) && ev_now_ms() < end)
		CHECK_OK(ev_turn(v.v.d.ev, 20, &v.v.e), &v.v.e);
	if (!box_is_there(path))
		test_fail(__FILE__, __LINE__, "%s is not there: %s", path, a.chunk);
}

/* The program hears of it as from a terminal that was closed. */
TEST_ROOT(console_client_leaves)
{
	struct api_call *call;

	up();
	CHECK_OK(make(root, 0, "exec 2>/dev/null; trap 'touch " BOX "/hup; exit' HUP; touch " BOX "/up; while :; do sleep 0.05; done"), &v.v.e);
	CHECK_EQ(use(ticket, &call), 101);
	CHECK(call != NULL);
	wait_for(BOX "/up");
	api_client_left(call);
	wait_for(BOX "/hup");
	CHECK(!a.last);
	down();
}

/* Its token is revoked while it runs: the client is told how it ended. */
TEST_ROOT(console_session_of_a_container_that_changes_hands)
{
	struct principal *acme;
	struct api_call *call;

	up();
	acme = api_env_who("root", "acme", scopes_tenant);
	CHECK_OK(make(acme, 101, "touch " BOX "/up; exec sleep 60"), &v.v.e);
	CHECK_EQ(use(ticket, &call), 101);
	wait_for(BOX "/up");
	box_conf(101, "OWNER=\"other\"\n");
	inv_refresh(v.v.d.inv, 101);
	auth_changed(v.v.d.auth);
	until_last();
	CHECK_STR(a.chunk, "{\"exit\":129}");
	principal_unref(acme);
	down();
}

TEST_ROOT(console_sessions_end_with_vzd)
{
	struct api_call *call;

	up();
	CHECK_OK(make(root, 0, "touch " BOX "/up; exec sleep 60"), &v.v.e);
	CHECK_EQ(use(ticket, &call), 101);
	wait_for(BOX "/up");
	CHECK(!consoles_change(v.v.d.consoles, 0) && !consoles_change(NULL, 101));
	CHECK_OK(make(root, 0, "true"), &v.v.e);	/* a ticket that nobody uses */
	down();
	CHECK(a.last || !a.n);
}
