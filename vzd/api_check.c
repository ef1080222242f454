/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bodies and queries against the rows' fields: unknown names, types, ranges, lengths, characters. All that is wrong is
 * reported at once, each with a pointer: "/name" into the body, "?name" for a parameter of the query.
 * What a value means (does the template exist, may the disk shrink) is the handler's.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/num.h"
#include "util/str.h"
#include "vzd/api_priv.h"

#define ISSUES_MAX 16
#define INT_SAFE 9007199254740991LL	/* 2^53 - 1: what every JSON reader keeps exactly */

const struct api_field api_paged_fields[] = {
	{ .name = "limit", .type = API_INT, .min = 1, .max = API_LIMIT_MAX, .doc = "Items on a page; 100 when absent." },
	{ .name = "cursor", .type = API_STR, .min = 1, .max = 512, .doc = "The `next` of the page before." },
	{ .name = "fields", .type = API_LIST, .min = 1, .max = 64, .doc = "Only these members of each item, separated by commas." },
	{ .name = NULL },
};

struct check {
	json_t *issues;			/* array; NULL: none yet */
	const char *prefix;		/* "/" or "?" */
	const char *name;		/* of the member looked at; NULL: the whole */
	bool patch;			/* null takes a member away (RFC 7396) */
};

static void __attribute__((format(printf, 3, 4))) issue(struct check *k, const char *code, const char *fmt, ...)
{
	auto_buf struct buf p = BUF_INIT, d = BUF_INIT;
	va_list ap;

	if (!k->issues)
		k->issues = json_array();
	if (json_array_size(k->issues) >= ISSUES_MAX)
		return;
	va_start(ap, fmt);
	buf_vaddf(&d, fmt, ap);
	va_end(ap);
	if (k->name)
		buf_adds(&p, k->prefix);
	for (const char *s = k->name; s && *s; s++) {	/* RFC 6901 */
		if (*s == '~' || (*s == '/' && *k->prefix == '/'))
			buf_adds(&p, *s == '~' ? "~0" : "~1");
		else
			buf_addc(&p, *s);
	}
	json_array_append_new(k->issues, json_pack("{ss ss ss}", "pointer", buf_str(&p), "code", code, "detail", buf_str(&d)));
}

static bool word_in(const char *list, const char *w)
{
	size_t len = strlen(w);

	for (const char *p = list; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		if (n == len && !memcmp(p, w, n))
			return true;
		p += n;
	}
	return false;
}

static bool bad_char(unsigned char c, bool lines)
{
	return (c < 0x20 && !(lines && (c == '\n' || c == '\t' || c == '\r'))) || c == 0x7f;
}

static void check_text(struct check *k, const struct api_field *f, const json_t *v, long long min, long long max)
{
	const char *s = json_string_value(v);
	long long len = (long long)json_string_length(v);

	if (len < min || len > max)
		issue(k, "length", "must have %lld to %lld bytes, has %lld", min, max, len);
	for (long long i = 0; i < len && f->type != API_ARGV; i++) {
		if (bad_char((unsigned char)s[i], f->type == API_LINES)) {
			issue(k, "characters", "has a control character at byte %lld", i);
			return;
		}
	}
	if (f->one_of && !word_in(f->one_of, s))
		issue(k, "value", "must be one of: %s", f->one_of);
}

static void check_list(struct check *k, const struct api_field *f, const json_t *v)
{
	long long n = (long long)json_array_size(v), min = f->max ? f->min : 0, max = f->max ? f->max : API_LIST_MAX;
	json_t *item;
	size_t i;

	if (n < min || n > max)
		issue(k, "length", "must have %lld to %lld items, has %lld", min, max, n);
	json_array_foreach(v, i, item) {
		if (!json_is_string(item))
			issue(k, "type", "item %zu must be a string", i);
		else
			check_text(k, f, item, 0, f->type == API_ARGV ? API_LINES_MAX : API_STR_MAX);
	}
}

static void check_int(struct check *k, const struct api_field *f, const json_t *v)
{
	long long n = json_integer_value(v), min = -INT_SAFE, max = INT_SAFE;

	if (f->min || f->max) {
		min = f->min;
		max = f->max;
	}
	if (n < min || n > max)
		issue(k, "range", "must be from %lld to %lld, is %lld", min, max, n);
}

static void check_value(struct check *k, const struct api_field *f, const json_t *v)
{
	static const char *const types[API_TYPE_N] = {
		[API_STR] = "a string", [API_INT] = "an integer", [API_BOOL] = "true or false", [API_LIST] = "a list of strings",
		[API_OBJ] = "an object", [API_LINES] = "a string", [API_ARGV] = "a list of strings",
	};
	long long most = f->type == API_STR ? API_STR_MAX : API_LINES_MAX;
	bool right = false;

	if (json_is_null(v) && k->patch && !f->required)
		return;
	switch (f->type) {
	case API_STR:
	case API_LINES:
		right = json_is_string(v);
		if (right)
			check_text(k, f, v, f->max ? f->min : 0, f->max ? f->max : most);
		break;
	case API_INT:
		right = json_is_integer(v);
		if (right)
			check_int(k, f, v);
		break;
	case API_BOOL:
		right = json_is_boolean(v);
		break;
	case API_LIST:
	case API_ARGV:
		right = json_is_array(v);
		if (right)
			check_list(k, f, v);
		break;
	case API_OBJ:
		right = json_is_object(v);
		break;
	case API_TYPE_N:
		break;
	}
	if (!right && f->type < API_TYPE_N)
		issue(k, "type", "must be %s", types[f->type]);
}

static const struct api_field *field_of(const struct api_field *f, const char *name)
{
	for (; f && f->name; f++) {
		if (!strcmp(f->name, name))
			return f;
	}
	return NULL;
}

static void check_required(struct check *k, const struct api_field *f, const json_t *obj)
{
	for (; f && f->name; f++) {
		if (f->required && !json_object_get(obj, f->name)) {
			k->name = f->name;
			issue(k, "required", "is missing");
		}
	}
}

static int closed(struct check *k, json_t **ret_errors)
{
	if (!k->issues)
		return 0;
	*ret_errors = k->issues;
	return -EINVAL;
}

int api_check_body(const struct api_route *r, json_t *body, json_t **ret_errors)
{
	struct check k = { .prefix = "/", .patch = !strcmp(r->verb, "PATCH") };
	const char *name;
	json_t *v;

	if (body && !json_is_object(body)) {
		issue(&k, "type", "the body must be an object");
		return closed(&k, ret_errors);
	}
	json_object_foreach(body, name, v) {
		const struct api_field *f = field_of(r->body, name);

		k.name = name;
		if (f)
			check_value(&k, f, v);
		else
			issue(&k, "unknown", r->body ? "there is no such member here" : "this request takes no body");
	}
	check_required(&k, r->body, body);
	return closed(&k, ret_errors);
}

/* --- the query --- */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool utf8_ok(const char *s)
{
	json_t *j;

	while (*s && !(*s & 0x80))
		s++;
	if (!*s)
		return true;
	j = json_string(s);		/* NULL: not UTF-8 */
	json_decref(j);
	return j != NULL;
}

int api_url_decode(char *s, bool plus)
{
	char *to = s;

	for (const char *p = s; *p; p++) {
		int c = (unsigned char)*p;

		if (*p == '%') {
			int high = hex(p[1]), low = high < 0 ? -1 : hex(p[2]);

			if (low < 0)
				return -EINVAL;
			c = high * 16 + low;
			p += 2;
		} else if (plus && c == '+') {
			c = ' ';
		}
		if (c < 0x20 || c == 0x7f)
			return -EINVAL;
		*to++ = (char)c;
	}
	*to = '\0';
	return utf8_ok(s) ? 0 : -EINVAL;
}

static json_t *list_of(const char *text)
{
	json_t *l = json_array();

	for (const char *p = text; *p; ) {
		size_t n = strcspn(p, ",");

		if (n > 0)
			json_array_append_new(l, json_stringn(p, n));
		p += n + (p[n] == ',');
	}
	return l;
}

/* NULL: not a value of that type. */
static json_t *value_of(const struct api_field *f, const char *text)
{
	int64_t n;

	switch (f->type) {
	case API_INT:
		return num_i64(text, &n) == 0 ? json_integer(n) : NULL;
	case API_BOOL:
		if (!strcmp(text, "true") || !strcmp(text, "1"))
			return json_true();
		return !strcmp(text, "false") || !strcmp(text, "0") ? json_false() : NULL;
	case API_LIST:
	case API_ARGV:
		return list_of(text);
	case API_STR:
	case API_LINES:
	case API_OBJ:
	case API_TYPE_N:
		break;
	}
	return json_string(text);
}

static void query_pair(struct check *k, const struct api_route *r, json_t *q, char *name, char *val)
{
	const struct api_field *f;
	json_t *v;

	k->name = NULL;
	if (api_url_decode(name, true) < 0 || api_url_decode(val, true) < 0) {
		issue(k, "characters", "the query has a broken escape, a control character or is not UTF-8");
		return;
	}
	k->name = name;
	f = field_of(r->query, name);
	if (!f && (r->flags & API_PAGED))
		f = field_of(api_paged_fields, name);
	if (!f) {
		issue(k, "unknown", "there is no such parameter here");
		return;
	}
	if (json_object_get(q, name)) {
		issue(k, "duplicate", "is given twice");
		return;
	}
	v = value_of(f, val);
	check_value(k, f, v);
	json_object_set_new(q, name, v);
}

int api_check_query(const struct api_route *r, const char *query, json_t **ret_query, json_t **ret_errors)
{
	struct check k = { .prefix = "?" };
	auto_free char *copy = NULL;
	json_t *q = NULL;

	if (query && *query) {
		copy = strdup(query);
		q = json_object();
	}
	for (char *p = copy; p && *p; ) {
		char *end = p + strcspn(p, "&"), *eq;
		bool last = !*end;

		*end = '\0';
		eq = strchr(p, '=');
		if (eq)
			*eq++ = '\0';
		if (*p || eq)
			query_pair(&k, r, q, p, eq ? eq : end);
		p = last ? NULL : end + 1;
	}
	check_required(&k, r->query, q);
	*ret_query = q;
	return closed(&k, ret_errors);
}

const char *api_q_str(const struct api_call *c, const char *name, const char *def)
{
	const char *s = json_string_value(json_object_get(c->query, name));

	return s ? s : def;
}

long long api_q_int(const struct api_call *c, const char *name, long long def)
{
	const json_t *v = json_object_get(c->query, name);

	return json_is_integer(v) ? json_integer_value(v) : def;
}

bool api_q_bool(const struct api_call *c, const char *name, bool def)
{
	const json_t *v = json_object_get(c->query, name);

	return json_is_boolean(v) ? json_is_true(v) : def;
}
