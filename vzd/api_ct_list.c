/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /v1/cts: filters, order, pages. A page goes on where the one before ended, whatever came and went meanwhile. */
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/num.h"
#include "vzd/api_ct.h"
#include "vzd/inv.h"

static bool wild(const char *pattern, const char *text)
{
	return !pattern || fnmatch(pattern, text, 0) == 0;
}

static bool has_text(const struct inv_ct *ct, const char *q)
{
	char id[16];

	str_fmt(id, sizeof(id), "%u", ct->id);
	return strstr(id, q) || strcasestr(ct->name, q) || strcasestr(ct->hostname, q) || strcasestr(ct->description, q);
}

static bool matches(const struct api_call *c, const struct inv_ct *ct)
{
	const char *state = api_q_str(c, "state", NULL), *owner = api_q_str(c, "owner", NULL), *q = api_q_str(c, "q", NULL);

	return auth_sees(c->who, ct) && (!state || str_eq(state, inv_state_names[ct->state])) &&
	       (!owner || str_eq(owner, ct->owner)) && wild(api_q_str(c, "template", NULL), ct->ostemplate) &&
	       wild(api_q_str(c, "name", NULL), ct->name) && wild(api_q_str(c, "hostname", NULL), ct->hostname) &&
	       (!q || has_text(ct, q));
}

/* The end of the value that begins at @p, in compact JSON of ours. */
static const char *value_end(const char *p)
{
	int depth = 0;

	for (; *p; p++) {
		if (*p == '"') {
			for (p++; *p && *p != '"'; p++)
				p += *p == '\\' && p[1];
		} else if (*p == '{' || *p == '[') {
			depth++;
		} else if (*p == '}' || *p == ']') {
			if (depth-- == 0)
				return p;
		} else if (*p == ',' && depth == 0) {
			return p;
		}
		if (!*p)
			break;
	}
	return p;
}

static bool wanted(const json_t *fields, const char *name, size_t n)
{
	const json_t *f;
	size_t i;

	json_array_foreach(fields, i, f)
		if (json_string_length(f) == n && !memcmp(json_string_value(f), name, n))
			return true;
	return false;
}

/* The members of @json that @fields names, copied as they stand: no text is parsed into a tree and printed again. */
static void add_trimmed(struct buf *b, const char *json, const json_t *fields)
{
	const char *p = json + 1, *sep = "";

	buf_addc(b, '{');
	while (*p == '"') {
		const char *name = p + 1, *colon = strchr(name, '"') + 1, *end = value_end(colon + 1);

		if (wanted(fields, name, (size_t)(colon - 1 - name))) {
			buf_adds(b, sep);
			buf_add(b, p, (size_t)(end - p));
			sep = ",";
		}
		p = *end == ',' ? end + 1 : end;
	}
	buf_addc(b, '}');
}

/* ,"config":{...}} is the end of a Ct's text: lists leave it out. */
static void add_brief(struct buf *b, const char *json)
{
	const char *at = strstr(json, ",\"config\":{");

	for (const char *more = at; more; more = strstr(more + 1, ",\"config\":{"))
		at = more;	/* the last one: a description may hold the same text, escaped quotes excepted */
	buf_add(b, json, at ? (size_t)(at - json) : strlen(json));
	if (at)
		buf_addc(b, '}');
}

static void send_list(struct api_call *c, struct inv_ct **v, size_t n, const char *next)
{
	const json_t *fields = json_object_get(c->query, "fields");
	struct buf auto_buf b = { .cap = 16u << 20 };

	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(&b, ',');
		if (fields)
			add_trimmed(&b, inv_json(c->d->inv, v[i]), fields);
		else
			add_brief(&b, inv_json(c->d->inv, v[i]));
	}
	api_page_raw(c, buf_str(&b), b.len, next);
}

#define CT_OF(p) (*(struct inv_ct *const *)(p))

static int by_id(const struct inv_ct *a, const struct inv_ct *b)
{
	return (a->id > b->id) - (a->id < b->id);
}

static int by_ctid(const void *a, const void *b)
{
	return by_id(CT_OF(a), CT_OF(b));
}

static int by_name(const void *a, const void *b)
{
	int d = strcmp(CT_OF(a)->name, CT_OF(b)->name);

	return d ? d : by_id(CT_OF(a), CT_OF(b));
}

static int by_hostname(const void *a, const void *b)
{
	int d = strcmp(CT_OF(a)->hostname, CT_OF(b)->hostname);

	return d ? d : by_id(CT_OF(a), CT_OF(b));
}

static int by_state(const void *a, const void *b)
{
	int d = (int)CT_OF(a)->state - (int)CT_OF(b)->state;

	return d ? d : by_id(CT_OF(a), CT_OF(b));
}

static int by_memory(const void *a, const void *b)
{
	uint64_t x = CT_OF(a)->mem_limit, y = CT_OF(b)->mem_limit;

	return x == y ? by_id(CT_OF(a), CT_OF(b)) : x < y ? -1 : 1;
}

typedef int cmp_fn(const void *, const void *);
struct order { const char *key; cmp_fn *cmp; };
static const struct order orders[] = {
	{ "ctid", by_ctid }, { "name", by_name }, { "hostname", by_hostname }, { "state", by_state }, { "memory", by_memory },
};

static const struct order *order_of(const char *sort)
{
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		if (str_eq(orders[i].key, sort + (*sort == '-')))
			return &orders[i];
	return &orders[0];
}

static void sort_list(struct inv_ct **v, size_t n, const struct order *o, bool down)
{
	if (n && o != &orders[0])	/* the inventory is in that order */
		qsort(v, n, sizeof(struct inv_ct *), o->cmp);
	for (size_t i = 0; down && i < n / 2; i++)
		SWAP(v[i], v[n - 1 - i]);
}

/* Cursor: "ID VALUE", the last one's id and what it was sorted by, so that a page goes on there though it may be gone. */
static void cursor_put(struct buf *b, const struct inv_ct *ct, const struct order *o)
{
	buf_addf(b, "%u ", ct->id);
	if (o->cmp == by_name || o->cmp == by_hostname)
		buf_adds(b, o->cmp == by_name ? ct->name : ct->hostname);
	else if (o->cmp == by_state || o->cmp == by_memory)
		buf_addf(b, "%" PRIu64, o->cmp == by_state ? (uint64_t)ct->state : ct->mem_limit);
}

/* A container that stands where the cursor's stood; its text is the cursor's. */
static int cursor_read(const char *cursor, struct inv_ct *ret)
{
	size_t n = strcspn(cursor, " ");
	char id[16];
	uint64_t v;

	if (!cursor[n] || str_fmt(id, sizeof(id), "%.*s", (int)n, cursor) < 0 || num_u64(id, &v) < 0 || v > CT_ID_MAX)
		return -EINVAL;
	*ret = (struct inv_ct){ .id = (unsigned)v };
	ret->name = ret->hostname = (char *)(uintptr_t)(cursor + n + 1);
	if (num_u64(ret->name, &v) == 0) {
		ret->state = (enum inv_state)MIN(v, (uint64_t)INV_N);
		ret->mem_limit = v;
	}
	return 0;
}

static size_t place_after(struct inv_ct **v, size_t n, const struct inv_ct *at, const struct order *o, bool down)
{
	size_t i;

	for (i = 0; i < n; i++) {
		int d = o->cmp(&v[i], &at);

		if (down ? d < 0 : d > 0)
			break;
	}
	return i;
}

int ct_list_run(struct api_call *c, struct err *e)
{
	const char *sort = api_q_str(c, "sort", "ctid"), *cursor = api_cursor(c);
	const struct order *o = order_of(sort);
	size_t limit = (size_t)api_q_int(c, "limit", 100), n = 0, at = 0;
	auto_free struct inv_ct **v = NULL;
	struct buf auto_buf next = BUF_INIT;
	struct inv_ct from;

	if (cursor && cursor_read(cursor, &from) < 0)
		return err_say(e, EINVAL, "the cursor is not one of ours");
	v = calloc(inv_count(c->d->inv) + 1, sizeof(struct inv_ct *));
	if (!v)
		return err_set(e, ENOMEM, "list");
	for (size_t i = 0; i < inv_count(c->d->inv); i++)
		if (matches(c, inv_at(c->d->inv, i)))
			v[n++] = inv_at(c->d->inv, i);
	sort_list(v, n, o, *sort == '-');
	if (cursor)
		at = place_after(v, n, &from, o, *sort == '-');
	limit = MIN(limit, n - at);
	if (limit && at + limit < n)
		cursor_put(&next, v[at + limit - 1], o);
	send_list(c, v + at, limit, next.len ? buf_str(&next) : NULL);
	return 0;
}

const struct api_field ct_list_query[] = {
	{ .name = "state", .type = API_STR, .one_of = "stopped mounted running frozen starting stopping broken",
	  .doc = "Only containers in this state." },
	{ .name = "owner", .type = API_STR, .max = 32, .doc = "Only those of this tenant." },
	{ .name = "template", .type = API_STR, .max = 255, .doc = "Shell pattern of the template's name." },
	{ .name = "name", .type = API_STR, .max = 255, .doc = "Shell pattern of the name." },
	{ .name = "hostname", .type = API_STR, .max = 255, .doc = "Shell pattern of the host name." },
	{ .name = "q", .type = API_STR, .max = 255, .doc = "Text in id, name, host name or description." },
	{ .name = "sort", .type = API_STR, .one_of = "ctid -ctid name -name hostname -hostname state -state memory -memory",
	  .doc = "Order; - for descending." },
	{ .name = NULL },
};
