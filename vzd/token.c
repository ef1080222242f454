/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tokens: their text, the table of them in memory, when and from where one holds. What a new one may grant is
 * token_new.c's, the rows in the database token_db.c's, who asks for them auth.c's.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/sha256.h"
#include "vzd/auth_priv.h"
#include "vzd/timefmt.h"

static bool id_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool secret_char(char c)
{
	return id_char(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

bool token_split(const char *text, const char **id, const char **secret)
{
	if (strncmp(text, "vz1_", 4) != 0 || strnlen(text, TOKEN_LEN + 1) != TOKEN_LEN || text[4 + TOKEN_ID_LEN] != '_')
		return false;
	for (size_t i = 4; i < 4 + TOKEN_ID_LEN; i++)
		if (!id_char(text[i]))
			return false;
	for (size_t i = 5 + TOKEN_ID_LEN; i < TOKEN_LEN; i++)
		if (!secret_char(text[i]))
			return false;
	*id = text + 4;
	*secret = text + 5 + TOKEN_ID_LEN;
	return true;
}

/* The secret is random, so a fast hash is enough: there is nothing to guess. */
void token_hash(const char *secret, uint8_t hash[32])
{
	struct sha256 s;

	sha256_init(&s);
	sha256_add(&s, secret, TOKEN_SECRET_LEN);
	sha256_end(&s, hash);
}

static void base64url(const uint8_t in[32], char out[TOKEN_SECRET_LEN])
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (unsigned i = 0; i < TOKEN_SECRET_LEN; i++) {
		unsigned bit = i * 6, at = bit / 8, two = (unsigned)in[at] << 8 | (at < 31 ? in[at + 1] : 0u);

		out[i] = set[two >> (10 - bit % 8) & 63];
	}
}

int token_make(struct token *t, char text[TOKEN_LEN + 1], struct err *e)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t rnd[32 + TOKEN_ID_LEN];

	if (getrandom(rnd, sizeof(rnd), 0) != sizeof(rnd))
		return err_set(e, errno ? errno : EIO, "random numbers for a token");
	for (unsigned i = 0; i < TOKEN_ID_LEN && !t->id[i]; i++)
		t->id[i] = set[rnd[32 + i] & 31];
	memcpy(text, "vz1_", 4);
	memcpy(text + 4, t->id, TOKEN_ID_LEN);
	text[4 + TOKEN_ID_LEN] = '_';
	base64url(rnd, text + 5 + TOKEN_ID_LEN);
	text[TOKEN_LEN] = '\0';
	token_hash(text + 5 + TOKEN_ID_LEN, t->hash);
	explicit_bzero(rnd, sizeof(rnd));
	return 0;
}

/* --- table --- */

static size_t slot(const struct token_table *tt, const char *id, size_t len)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)id[i]) * 16777619u;
	return (h ^ h >> 15) & (tt->size - 1);
}

struct token *token_find(const struct token_table *tt, const char *id, size_t len)
{
	if (!tt->size || len != TOKEN_ID_LEN)
		return NULL;
	for (struct token *t = tt->v[slot(tt, id, len)]; t; t = t->next)
		if (memcmp(t->id, id, len) == 0)
			return t;
	return NULL;
}

static int grow(struct token_table *tt, struct err *e)
{
	struct token_table big = { .size = tt->size ? tt->size * 2 : 64, .n = tt->n };

	big.v = calloc(big.size, sizeof(struct token *));
	if (!big.v)
		return err_set(e, ENOMEM, "table of tokens");
	for (size_t i = 0; i < tt->size; i++) {
		for (struct token *t = tt->v[i], *next; t; t = next) {
			size_t k = slot(&big, t->id, TOKEN_ID_LEN);

			next = t->next;
			t->next = big.v[k];
			big.v[k] = t;
		}
	}
	free(tt->v);
	*tt = big;
	return 0;
}

int token_insert(struct token_table *tt, struct token *t, struct err *e)
{
	size_t k;

	if (tt->n >= tt->size && grow(tt, e) < 0)
		return -e->code;
	k = slot(tt, t->id, TOKEN_ID_LEN);
	t->next = tt->v[k];
	tt->v[k] = t;
	tt->n++;
	return 0;
}

struct token *token_remove(struct token_table *tt, const char *id)
{
	if (!tt->size || strlen(id) != TOKEN_ID_LEN)
		return NULL;
	for (struct token **p = &tt->v[slot(tt, id, TOKEN_ID_LEN)]; *p; p = &(*p)->next) {
		struct token *t = *p;

		if (strcmp(t->id, id) == 0) {
			*p = t->next;
			tt->n--;
			return t;
		}
	}
	return NULL;
}

void token_free(struct token *t)
{
	if (!t)
		return;
	principal_unref(t->who);
	free(t->cts);
	free(t->from);
	free(t->description);
	explicit_bzero(t->hash, sizeof(t->hash));
	free(t);
}

void token_table_done(struct token_table *tt)
{
	for (size_t i = 0; i < tt->size; i++) {
		for (struct token *t = tt->v[i], *next; t; t = next) {
			next = t->next;
			token_free(t);
		}
	}
	free(tt->v);
	*tt = (struct token_table){ 0 };
}

int token_each(struct token_table *tt, int (*fn)(struct token *t, void *arg), void *arg)
{
	for (size_t i = 0; i < tt->size; i++) {
		for (struct token *t = tt->v[i], *next; t; t = next) {
			int r;

			next = t->next;
			r = fn(t, arg);
			if (r)
				return r;
		}
	}
	return 0;
}

/* --- when and from where --- */

bool token_in_time(const struct token *t, int64_t now)
{
	return now >= t->not_before && (!t->expires || now < t->expires);
}

/* What came through no address (VZD_SOCK with a token) passes no list of addresses. */
bool token_from_ok(const struct token *t, const char *remote)
{
	uint8_t addr[16];

	if (!t->n_from)
		return true;
	if (!remote || cidr_addr(remote, addr) < 0)
		return false;
	for (size_t i = 0; i < t->n_from; i++)
		if (cidr_has(&t->from[i], addr))
			return true;
	return false;
}

/* --- JSON --- */

static json_t *time_json(int64_t s)
{
	char text[TIMEFMT_LEN];

	return s ? json_string(timefmt(s * 1000, text)) : json_null();
}

json_t *token_json(const struct token *t)
{
	json_t *cts = json_array(), *from = json_array();

	for (size_t i = 0; i < t->n_cts; i++)
		json_array_append_new(cts, json_integer(t->cts[i]));
	for (size_t i = 0; i < t->n_from; i++) {
		struct buf auto_buf b = BUF_INIT;

		cidr_print(&t->from[i], &b);
		json_array_append_new(from, json_string(buf_str(&b)));
	}
	return json_pack("{s:s, s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "id", t->id, "description",
			 t->description ? t->description : "", "role", t->role, "scopes", scopes_json(t->scopes), "tenant",
			 t->tenant, "cts", cts, "from", from, "not_before", time_json(t->not_before), "expires",
			 time_json(t->expires), "created", time_json(t->created), "rotated", time_json(t->rotated), "last_used",
			 time_json(t->last_used), "created_by", t->created_by);
}
