/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A token as somebody asked for it. Nobody can give what he lacks: scopes, tenant, containers, addresses and end of a new
 * token are within those of its maker. What is not given is as the maker has it.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"
#include "util/str.h"
#include "vzd/auth_priv.h"
#include "vzd/timefmt.h"

static const int64_t year = 366 * 86400;

/* Digits and one letter: so long from now. */
static int when_in(const char *s, int64_t now, int64_t *ret)
{
	static const struct { char unit; int64_t s; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 7 * 86400 }, { 'y', 365 * 86400 },
	};
	size_t len = strlen(s);
	char digits[12];
	uint64_t n;

	if (len < 2 || len > 10 || str_fmt(digits, sizeof(digits), "%.*s", (int)len - 1, s) < 0 || num_u64(digits, &n) < 0)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (units[i].unit != s[len - 1])
			continue;
		if (n > (uint64_t)(100 * year / units[i].s))
			return -ERANGE;
		*ret = now + (int64_t)n * units[i].s;
		return 0;
	}
	return -EINVAL;
}

int token_when(const char *s, int64_t now, int64_t *ret, struct err *e)
{
	struct tm tm = { 0 };
	const char *end;
	int64_t ms;

	if (when_in(s, now, ret) == 0)
		return 0;
	end = strptime(s, "%Y-%m-%d", &tm);
	if (end && !*end && tm.tm_year >= 70) {
		*ret = (int64_t)timegm(&tm);
		return 0;
	}
	if (timefmt_parse(s, &ms) == 0 && ms > 0) {
		*ret = ms / 1000;
		return 0;
	}
	return err_say(e, EINVAL, "'%.40s' is no time: 30d, 12h, 2027-01-31 or 2027-01-31T12:00:00Z", s);
}

static int new_scopes(struct token *t, const json_t *body, struct err *e)
{
	const char *name = json_string_value(json_object_get(body, "role"));
	json_t *list = json_object_get(body, "scopes"), *item;
	const struct role *role = name ? role_find(name) : NULL;
	size_t i;

	if (name && list)
		return err_say(e, EINVAL, "scopes: a token has a role or a list of scopes, not both");
	if (!name && !json_array_size(list))
		return err_say(e, EINVAL, "role: a token needs a role or a list of scopes");
	if (name && !role)
		return err_say(e, EINVAL, "role: there is no role '%.32s'; roles are viewer, operator, tenant-admin, admin", name);
	if (role) {
		str_copy(t->role, sizeof(t->role), role->name);
		t->scopes = role->scopes;
		if (role->needs_tenant && !t->tenant[0])
			return err_say(e, EINVAL, "tenant: a token of role %s belongs to a tenant", role->name);
	}
	json_array_foreach(list, i, item) {
		int s = json_is_string(item) ? scope_find(json_string_value(item)) : -ENOENT;

		if (s < 0)
			return err_say(e, EINVAL, "scopes: there is no scope '%.32s'",
				       json_is_string(item) ? json_string_value(item) : "?");
		t->scopes |= SCOPE_BIT(s);
	}
	/* Roles lose what means nothing inside a tenant; what was asked for by name is refused. */
	if (t->tenant[0] && role)
		t->scopes &= scopes_tenant;
	return 0;
}

static int check_scopes(const struct token *t, const struct principal *by, struct err *e)
{
	uint32_t bad = t->tenant[0] ? t->scopes & ~scopes_tenant : 0;

	for (unsigned i = 0; i < SCOPE_NONE; i++)
		if (bad >> i & 1)
			return err_say(e, EINVAL, "scopes: %s means nothing inside a tenant", scope_names[i]);
	for (unsigned i = 0; i < SCOPE_NONE; i++)
		if ((t->scopes & ~by->scopes) >> i & 1)
			return err_say(e, EPERM, "scopes: you cannot give %s, which you do not have", scope_names[i]);
	return 0;
}

static int new_tenant(struct auth *a, struct token *t, const struct principal *by, const json_t *body, struct err *e)
{
	const char *name = json_string_value(json_object_get(body, "tenant"));

	if (!name)
		name = by->tenant;
	if (str_copy(t->tenant, sizeof(t->tenant), name) < 0 || (name[0] && !tenant_find(&a->tenants, name)) ||
	    (by->tenant[0] && name[0] && strcmp(by->tenant, name) != 0))
		return err_say(e, EINVAL, "tenant: there is no tenant '%.40s'", name);
	if (by->tenant[0] && strcmp(by->tenant, t->tenant) != 0)
		return err_say(e, EPERM, "tenant: you can make tokens of tenant %s only", by->tenant);
	return 0;
}

static bool has_ct(const unsigned *v, size_t n, unsigned id)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] == id)
			return true;
	return false;
}

static int ct_of(const json_t *item, unsigned *ret)
{
	uint64_t id = 0;

	if (json_is_integer(item) && json_integer_value(item) > 0)
		id = (uint64_t)json_integer_value(item);
	else if (!json_is_string(item) || num_u64(json_string_value(item), &id) < 0)
		return -EINVAL;
	if (id == 0 || id > CT_ID_MAX)
		return -EINVAL;
	*ret = (unsigned)id;
	return 0;
}

static int new_cts(struct token *t, const struct principal *by, const json_t *body, struct err *e)
{
	json_t *list = json_object_get(body, "cts"), *item;
	size_t n = json_array_size(list), i;

	if (n > TOKEN_CTS_MAX)
		return err_say(e, EINVAL, "cts: at most %u containers", TOKEN_CTS_MAX);
	t->cts = calloc((n ? n : by->n_cts) + 1, sizeof(*t->cts));
	if (!t->cts)
		return err_set(e, ENOMEM, "token");
	if (!n && by->n_cts) {
		memcpy(t->cts, by->cts, by->n_cts * sizeof(*t->cts));
		t->n_cts = by->n_cts;
	}
	json_array_foreach(list, i, item) {
		unsigned id;

		if (ct_of(item, &id) < 0)
			return err_say(e, EINVAL, "cts: item %zu is no CTID", i);
		if (by->n_cts && !has_ct(by->cts, by->n_cts, id))
			return err_say(e, EPERM, "cts: you cannot give container %u, which you do not have", id);
		if (!has_ct(t->cts, t->n_cts, id))
			t->cts[t->n_cts++] = id;
	}
	return 0;
}

static bool from_within(const struct token *by, const struct cidr *c)
{
	for (size_t i = 0; i < by->n_from; i++)
		if (cidr_within(c, &by->from[i]))
			return true;
	return by->n_from == 0;
}

static int new_from(struct token *t, const struct token *by, const json_t *body, struct err *e)
{
	json_t *list = json_object_get(body, "from"), *item;
	size_t n = json_array_size(list), i;

	if (n > TOKEN_FROM_MAX)
		return err_say(e, EINVAL, "from: at most %u prefixes", TOKEN_FROM_MAX);
	t->from = calloc((n ? n : by ? by->n_from : 0) + 1, sizeof(*t->from));
	if (!t->from)
		return err_set(e, ENOMEM, "token");
	if (!n && by && by->n_from) {
		memcpy(t->from, by->from, by->n_from * sizeof(*t->from));
		t->n_from = by->n_from;
	}
	json_array_foreach(list, i, item) {
		if (!json_is_string(item) || cidr_parse(json_string_value(item), &t->from[i], e) < 0)
			return json_is_string(item) ? err_add(e, "from") : err_say(e, EINVAL, "from: item %zu is no text", i);
		if (by && !from_within(by, &t->from[i]))
			return err_say(e, EPERM, "from: %s is not within what you may come from", json_string_value(item));
		t->n_from++;
	}
	return 0;
}

static int new_times(struct token *t, const struct token *by, const json_t *body, struct err *e)
{
	const char *until = json_string_value(json_object_get(body, "expires"));
	const char *since = json_string_value(json_object_get(body, "not_before"));

	t->created = (int64_t)time(NULL);
	if (until && token_when(until, t->created, &t->expires, e) < 0)
		return err_add(e, "expires");
	if (since && token_when(since, t->created, &t->not_before, e) < 0)
		return err_add(e, "not_before");
	if (t->expires && t->expires <= MAX(t->created, t->not_before))
		return err_say(e, EINVAL, "expires: it would never be valid");
	if (by && by->expires && t->expires > by->expires)
		return err_say(e, EPERM, "expires: it cannot outlive the token you make it with");
	if (by && by->expires && !t->expires)
		t->expires = by->expires;
	return 0;
}

bool token_within(const struct token *t, const struct principal *by, const struct token *by_token)
{
	if ((t->scopes & ~by->scopes) || (by->tenant[0] && strcmp(by->tenant, t->tenant) != 0))
		return false;
	if (by->n_cts && !t->n_cts)
		return false;
	for (size_t i = 0; by->n_cts && i < t->n_cts; i++)
		if (!has_ct(by->cts, by->n_cts, t->cts[i]))
			return false;
	if (!by_token)
		return true;
	if (by_token->n_from && !t->n_from)
		return false;
	for (size_t i = 0; i < t->n_from; i++)
		if (!from_within(by_token, &t->from[i]))
			return false;
	return !by_token->expires || (t->expires && t->expires <= by_token->expires);
}

int token_from_json(struct auth *a, const struct principal *by, const struct token *by_token, const json_t *body,
		    struct token **ret, struct err *e)
{
	const char *text = json_string_value(json_object_get(body, "description"));
	struct token *t = calloc(1, sizeof(*t));

	if (!t || !(t->description = strdup(text ? text : ""))) {
		token_free(t);
		return err_set(e, ENOMEM, "token");
	}
	str_copy(t->created_by, sizeof(t->created_by), by->name);
	if (new_tenant(a, t, by, body, e) < 0 || new_scopes(t, body, e) < 0 || check_scopes(t, by, e) < 0 ||
	    new_cts(t, by, body, e) < 0 || new_from(t, by_token, body, e) < 0 || new_times(t, by_token, body, e) < 0) {
		token_free(t);
		return -e->code;
	}
	*ret = t;
	return 0;
}
