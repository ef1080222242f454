/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tokens in the database: read at start, written by the writer's thread. Of a secret only the hash is ever here. */
#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/num.h"
#include "util/str.h"
#include "vzd/auth_priv.h"
#include "vzd/db.h"

const char token_select[] = "SELECT id, hash, role, scopes, tenant, cts, cidrs, not_before, expires, created, rotated, "
			    "last_used, created_by, description FROM tokens";

static void hex_of(const uint8_t hash[32], char hex[65])
{
	for (unsigned i = 0; i < 32; i++) {
		hex[2 * i] = "0123456789abcdef"[hash[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[hash[i] & 15];
	}
	hex[64] = '\0';
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hash_of(const char *hex, uint8_t hash[32])
{
	if (strlen(hex) != 64)
		return false;
	for (unsigned i = 0; i < 32; i++) {
		int hi = hex_digit(hex[2 * i]), lo = hex_digit(hex[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		hash[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

static int row_cts(struct token *t, const char *text, struct err *e)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };
	uint64_t id;

	if (str_list_split(&l, text, " ", e) < 0)
		return -e->code;
	t->cts = calloc(l.n + 1, sizeof(*t->cts));
	for (size_t i = 0; t->cts && i < l.n; i++)
		if (num_u64(l.v[i], &id) == 0 && id <= CT_ID_MAX)
			t->cts[t->n_cts++] = (unsigned)id;
	if (t->n_cts != l.n)
		return err_say(e, t->cts ? EBADMSG : ENOMEM, "token %s: its list of containers cannot be read", t->id);
	return 0;
}

static int row_from(struct token *t, const char *text, struct err *e)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };

	if (str_list_split(&l, text, " ", e) < 0)
		return -e->code;
	t->from = calloc(l.n + 1, sizeof(*t->from));
	if (!t->from)
		return err_set(e, ENOMEM, "token %s", t->id);
	for (size_t i = 0; i < l.n; i++, t->n_from++)
		if (cidr_parse(l.v[i], &t->from[i], e) < 0)
			return err_add(e, "token %s", t->id);
	return 0;
}

static int row_fill(struct sqlite3_stmt *st, struct token *t, struct err *e)
{
	if (str_copy(t->id, sizeof(t->id), db_text(st, 0)) < 0 || strlen(t->id) != TOKEN_ID_LEN ||
	    !hash_of(db_text(st, 1), t->hash) || str_copy(t->role, sizeof(t->role), db_text(st, 2)) < 0 ||
	    str_copy(t->tenant, sizeof(t->tenant), db_text(st, 4)) < 0 ||
	    str_copy(t->created_by, sizeof(t->created_by), db_text(st, 12)) < 0)
		return err_say(e, EBADMSG, "a token in the database cannot be read (id '%.16s')", t->id);
	t->not_before = sqlite3_column_int64(st, 7);
	t->expires = sqlite3_column_int64(st, 8);
	t->created = sqlite3_column_int64(st, 9);
	t->rotated = sqlite3_column_int64(st, 10);
	t->last_used = sqlite3_column_int64(st, 11);
	t->description = strdup(db_text(st, 13));
	if (!t->description)
		return err_set(e, ENOMEM, "token %s", t->id);
	if (scopes_parse(db_text(st, 3), &t->scopes, e) < 0)
		return err_add(e, "token %s", t->id);
	if (row_cts(t, db_text(st, 5), e) < 0)
		return -e->code;
	return row_from(t, db_text(st, 6), e);
}

/* A row that cannot be understood is refused as a whole: read half, it might grant more than it did. */
int token_row(struct sqlite3_stmt *st, void *table, struct err *e)
{
	struct token *t = calloc(1, sizeof(*t));

	if (!t)
		return err_set(e, ENOMEM, "token");
	if (row_fill(st, t, e) == 0 && token_insert(table, t, e) == 0)
		return 0;
	token_free(t);
	return -e->code;
}

/* The tenant or the maker may have gone while this was queued; a row of theirs must not outlive them. */
int token_db_insert(sqlite3 *s, const struct token *t, struct err *e)
{
	struct buf auto_buf scopes = BUF_INIT, cts = BUF_INIT, from = BUF_INIT;
	char hex[65];

	hex_of(t->hash, hex);
	scopes_print(t->scopes, &scopes);
	for (size_t i = 0; i < t->n_cts; i++)
		buf_addf(&cts, "%s%u", i ? " " : "", t->cts[i]);
	for (size_t i = 0; i < t->n_from; i++) {
		buf_adds(&from, i ? " " : "");
		cidr_print(&t->from[i], &from);
	}
	if (buf_failed(&scopes) || buf_failed(&cts) || buf_failed(&from))
		return err_set(e, ENOMEM, "token");
	if (db_exec(s, e,
		    "INSERT INTO tokens(id, hash, role, scopes, tenant, cts, cidrs, not_before, expires, created, rotated, "
		    "last_used, created_by, description) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, 0, ?11, ?12 "
		    "WHERE (?5 = '' OR EXISTS(SELECT 1 FROM tenants WHERE name = ?5)) AND (?11 NOT LIKE 'token:%' OR "
		    "EXISTS(SELECT 1 FROM tokens WHERE id = substr(?11, 7)))",
		    "sssssssiiiss", t->id, hex, t->role, buf_str(&scopes), t->tenant, buf_str(&cts), buf_str(&from),
		    t->not_before, t->expires, t->created, t->created_by, t->description) < 0)
		return -e->code;
	return sqlite3_changes(s) ? 0 : err_say(e, ENOENT, "the tenant or the token that makes it has been removed");
}

int token_db_rotate(sqlite3 *s, const struct token *t, struct err *e)
{
	char hex[65];

	hex_of(t->hash, hex);
	if (db_exec(s, e, "UPDATE tokens SET hash = ?2, rotated = ?3 WHERE id = ?1", "ssi", t->id, hex, t->rotated) < 0)
		return -e->code;
	return sqlite3_changes(s) ? 0 : err_say(e, ENOENT, "there is no token '%s'", t->id);
}

int token_db_delete(sqlite3 *s, const char *id, bool created, struct err *e)
{
	if (!created)
		return db_exec(s, e, "DELETE FROM tokens WHERE id = ?1", "s", id);
	return db_exec(s, e, "WITH RECURSIVE made(id) AS (VALUES(?1) UNION SELECT tokens.id FROM tokens, made "
			     "WHERE tokens.created_by = 'token:' || made.id) DELETE FROM tokens WHERE id IN (SELECT id FROM made)",
		       "s", id);
}
