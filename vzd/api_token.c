/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tokens over the API: list, make, look, rotate, revoke; and who the caller is. A secret is in one answer and nowhere else. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzd/api.h"
#include "vzd/auth_priv.h"
#include "vzd/db.h"
#include "vzd/timefmt.h"

/* One change on its way to the database. */
struct token_op {
	struct api_call *c;
	struct token *t;		/* the new one, or of the old one id, hash and rotated */
	bool created;			/* delete: what it made, too */
	char text[TOKEN_LEN + 1];
};

static void op_free(struct token_op *op)
{
	token_free(op->t);
	api_unref(op->c);
	explicit_bzero(op->text, sizeof(op->text));
	free(op);
}

static int op_new(struct api_call *c, struct token *t, struct token_op **ret, struct err *e)
{
	struct token_op *op = calloc(1, sizeof(*op));

	if (!op) {
		token_free(t);
		return err_set(e, ENOMEM, "token");
	}
	op->c = api_ref(c);
	op->t = t;
	*ret = op;
	return 0;
}

static int op_write(struct token_op *op, db_work *work, db_done *done, struct err *e)
{
	if (db_write(op->c->d->db, work, op, done, e) == 0)
		return 0;
	op_free(op);
	return -e->code;
}

static bool sees(const struct principal *who, const struct token *t)
{
	return !who->tenant[0] || strcmp(who->tenant, t->tenant) == 0;
}

static struct token *wanted(struct api_call *c, struct err *e)
{
	struct token *t = token_find(&c->d->auth->tokens, c->seg[0], strlen(c->seg[0]));

	if (t && sees(c->who, t))
		return t;
	err_say(e, ENOENT, "there is no token '%s'", c->seg[0]);
	return NULL;
}

/* --- look --- */

struct listing {
	struct api_call *c;
	const char *after, *tenant, *created_by;
	struct token **v;
	size_t n;
};

static int list_one(struct token *t, void *arg)
{
	struct listing *l = arg;

	if (sees(l->c->who, t) && (!l->after || strcmp(t->id, l->after) > 0) && (!l->tenant || !strcmp(l->tenant, t->tenant)) &&
	    (!l->created_by || !strcmp(l->created_by, t->created_by)))
		l->v[l->n++] = t;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	return strcmp((*(struct token *const *)a)->id, (*(struct token *const *)b)->id);
}

static int token_list(struct api_call *c, struct err *e)
{
	struct token_table *tt = &c->d->auth->tokens;
	size_t limit = (size_t)api_q_int(c, "limit", 100);
	auto_free struct token **v = calloc(tt->n + 1, sizeof(struct token *));
	struct listing l = { .c = c, .after = api_cursor(c), .tenant = api_q_str(c, "tenant", NULL),
			     .created_by = api_q_str(c, "created_by", NULL), .v = v };
	json_t *items = json_array();

	if (!v || !items) {
		json_decref(items);
		return err_set(e, ENOMEM, "list of tokens");
	}
	token_each(tt, list_one, &l);
	qsort(v, l.n, sizeof(*v), by_id);
	for (size_t i = 0; i < l.n && i < limit; i++)
		json_array_append_new(items, token_json(v[i]));
	api_page(c, items, l.n > limit ? v[limit - 1]->id : NULL);
	return 0;
}

static int token_get(struct api_call *c, struct err *e)
{
	struct token *t = wanted(c, e);

	if (!t)
		return -e->code;
	api_json(c, 200, token_json(t));
	return 0;
}

static int myself(struct api_call *c, struct err *e)
{
	const struct token *t = auth_token_of(c->d->auth, c->who);
	char text[TIMEFMT_LEN];
	json_t *cts = json_array();

	(void)e;
	for (size_t i = 0; i < c->who->n_cts; i++)
		json_array_append_new(cts, json_integer(c->who->cts[i]));
	api_json(c, 200,
		 json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:b, s:s}", "principal", c->who->name, "role",
			   t				      ? t->role
			   : c->who->root		      ? "admin"
			   : str_starts(c->who->name, "uid:") ? "operator"
							      : "",
			   "scopes", scopes_json(c->who->scopes), "tenant", c->who->tenant, "cts", cts, "expires",
			   t && t->expires ? json_string(timefmt(t->expires * 1000, text)) : json_null(), "suspended",
			   c->who->suspended, "remote", c->who->remote));
	return 0;
}

/* --- make --- */

static int insert_work(sqlite3 *s, void *arg, struct err *e)
{
	return token_db_insert(s, ((struct token_op *)arg)->t, e);
}

static json_t *with_secret(const struct token *t, const char *text)
{
	json_t *j = token_json(t);

	json_object_set_new(j, "token", json_string(text));
	return j;
}

static void insert_done(void *arg, const struct err *e)
{
	struct token_op *op = arg;
	struct auth *a = op->c->d->auth;
	struct err ins = { 0 };
	char path[64];

	if (e->code) {
		api_problem_err(op->c, e);
	} else if (token_insert(&a->tokens, op->t, &ins) < 0) {
		api_problem_err(op->c, &ins);	/* durable: it works from vzd's next start on */
	} else {
		str_fmt(path, sizeof(path), "/v1/tokens/%s", op->t->id);
		api_header(op->c, "Location", path);
		api_json(op->c, 201, with_secret(op->t, op->text));
		op->t = NULL;
		auth_changed(a);
	}
	op_free(op);
}

/* What is above the caller's own rights is 403, everything else that is wrong 400. */
static int token_add(struct api_call *c, struct err *e)
{
	struct auth *a = c->d->auth;
	struct token_op *op = NULL;
	struct token *t;

	if (token_from_json(a, c->who, auth_token_of(a, c->who), c->req.body, &t, e) < 0 || op_new(c, t, &op, e) < 0)
		return -e->code;
	if (token_make(op->t, op->text, e) < 0) {
		op_free(op);
		return -e->code;
	}
	return op_write(op, insert_work, insert_done, e);
}

/* --- rotate --- */

static int rotate_work(sqlite3 *s, void *arg, struct err *e)
{
	return token_db_rotate(s, ((struct token_op *)arg)->t, e);
}

static void rotate_done(void *arg, const struct err *e)
{
	struct token_op *op = arg;
	struct auth *a = op->c->d->auth;
	struct token *t = token_find(&a->tokens, op->t->id, TOKEN_ID_LEN);
	struct err gone;

	if (e->code) {
		api_problem_err(op->c, e);
	} else if (!t) {
		err_say(&gone, ENOENT, "there is no token '%s'", op->t->id);
		api_problem_err(op->c, &gone);
	} else {
		memcpy(t->hash, op->t->hash, sizeof(t->hash));
		t->rotated = op->t->rotated;
		t->gen++;
		api_json(op->c, 200, with_secret(t, op->text));
		auth_changed(a);
	}
	op_free(op);
}

static int token_rotate(struct api_call *c, struct err *e)
{
	struct token *t = wanted(c, e), *copy;
	struct token_op *op = NULL;

	if (!t)
		return -e->code;
	if (!token_within(t, c->who, auth_token_of(c->d->auth, c->who)))
		return err_say(e, EPERM, "token %s has rights that you do not have", t->id);
	copy = calloc(1, sizeof(*copy));
	if (!copy)
		return err_set(e, ENOMEM, "token");
	memcpy(copy->id, t->id, sizeof(copy->id));
	copy->rotated = (int64_t)time(NULL);
	if (op_new(c, copy, &op, e) < 0)
		return -e->code;
	if (token_make(op->t, op->text, e) < 0) {
		op_free(op);
		return -e->code;
	}
	return op_write(op, rotate_work, rotate_done, e);
}

/* --- revoke --- */

static int delete_work(sqlite3 *s, void *arg, struct err *e)
{
	const struct token_op *op = arg;

	return token_db_delete(s, op->t->id, op->created, e);
}

struct made { const char *id; struct token *found; };

static int made_by(struct token *t, void *arg)
{
	struct made *m = arg;

	if (strncmp(t->created_by, "token:", 6) != 0 || strcmp(t->created_by + 6, m->id) != 0)
		return 0;
	m->found = t;
	return 1;
}

/* Depth first: a maker goes after all it made. */
static void remove_made(struct token_table *tt, const char *id, bool created)
{
	struct made m = { .id = id };

	while (created && token_each(tt, made_by, &m)) {
		struct token *t = token_remove(tt, m.found->id);

		remove_made(tt, t->id, true);
		token_free(t);
	}
	token_free(token_remove(tt, id));
}

static void delete_done(void *arg, const struct err *e)
{
	struct token_op *op = arg;
	struct auth *a = op->c->d->auth;

	if (e->code) {
		api_problem_err(op->c, e);
	} else {
		remove_made(&a->tokens, op->t->id, op->created);
		api_empty(op->c);
		auth_changed(a);
	}
	op_free(op);
}

static int token_revoke(struct api_call *c, struct err *e)
{
	struct token *t = wanted(c, e), *copy;
	struct token_op *op = NULL;

	if (!t)
		return -e->code;
	copy = calloc(1, sizeof(*copy));
	if (!copy)
		return err_set(e, ENOMEM, "token");
	memcpy(copy->id, t->id, sizeof(copy->id));
	if (op_new(c, copy, &op, e) < 0)
		return -e->code;
	op->created = api_q_bool(c, "created", false);
	return op_write(op, delete_work, delete_done, e);
}

static const struct api_field new_fields[] = {
	{ .name = "description", .type = API_STR, .max = 256, .doc = "For people." },
	{ .name = "role", .type = API_STR, .one_of = "viewer operator tenant-admin admin", .doc = "A preset of scopes." },
	{ .name = "scopes", .type = API_LIST, .min = 1, .max = 32, .doc = "Instead of a role: ct:read, ct:power ..." },
	{ .name = "tenant", .type = API_STR, .max = 32, .doc = "Only what belongs to this tenant; yours when absent." },
	{ .name = "cts", .type = API_LIST, .max = TOKEN_CTS_MAX, .doc = "Only these containers, by CTID." },
	{ .name = "from", .type = API_LIST, .max = TOKEN_FROM_MAX, .doc = "Only from these addresses and prefixes." },
	{ .name = "not_before", .type = API_STR, .max = 40, .doc = "Valid from then on: a time, or 12h, 30d from now." },
	{ .name = "expires",
	  .type = API_STR,
	  .max = 40,
	  .doc = "Valid until then: a time, or 12h, 30d from now. Never when absent." },
	{ .name = NULL },
};
static const struct api_field list_fields[] = {
	{ .name = "tenant", .type = API_STR, .max = 32, .doc = "Only of this tenant." },
	{ .name = "created_by", .type = API_STR, .max = 47, .doc = "Only those that this principal made." },
	{ .name = NULL },
};
static const struct api_field revoke_fields[] = {
	{ .name = "created", .type = API_BOOL, .doc = "Also every token it made, and what those made." },
	{ .name = NULL },
};
static const struct api_route rows[] = {
	{ "GET", "/v1/token", "token.self", SCOPE_NONE, 0, NULL, NULL, "Principal", "Who is calling, and what he may.",
	  myself },
	{ "GET", "/v1/tokens", "token.list", SCOPE_TOKEN_WRITE, API_PAGED, NULL, list_fields, "TokenPage",
	  "Lists tokens; no secrets.", token_list },
	{ "POST", "/v1/tokens", "token.create", SCOPE_TOKEN_WRITE, API_WRITE | API_SECRET, new_fields, NULL, "TokenSecret",
	  "Makes a token within your own rights; its secret is in this answer only.", token_add },
	{ "GET", "/v1/tokens/{token}", "token.get", SCOPE_TOKEN_WRITE, 0, NULL, NULL, "Token", "One token by its id.",
	  token_get },
	{ "POST", "/v1/tokens/{token}/rotate", "token.rotate", SCOPE_TOKEN_WRITE, API_WRITE | API_SECRET, NULL, NULL,
	  "TokenSecret", "Gives a token a new secret; the old one is wrong from then on.", token_rotate },
	{ "DELETE", "/v1/tokens/{token}", "token.revoke", SCOPE_TOKEN_WRITE, API_WRITE, NULL, revoke_fields, NULL,
	  "Revokes a token; what it has open is closed.", token_revoke },
};
const struct api_table api_token_table = API_TABLE(rows);
