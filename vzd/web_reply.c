/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cuts vzd's messages. vzd is trusted to mean well, not to be free of bugs: whatever the bytes are, nothing outside the
 * message is touched, and a header that could split a response is refused.
 */
#include "vzd/web_reply.h"

#include <errno.h>
#include <string.h>

#include "util/err.h"
#include "util/str.h"

struct cut {
	char *p, *end;			/* *end may be written: it is the message's NUL */
	struct web_reply *r;
	long long body_length;
};

static char peek(struct cut *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\n' || *c->p == '\r' || *c->p == '\t'))
		c->p++;
	return c->p < c->end ? *c->p : '\0';
}

static bool take(struct cut *c, char want)
{
	if (peek(c) != want)
		return false;
	c->p++;
	return true;
}

/* --- strings --- */

static int hex4(const char *s, const char *end, unsigned *ret)
{
	unsigned v = 0;

	if (end - s < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = s[i];

		if (c >= '0' && c <= '9')
			v = v * 16 + (unsigned)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v * 16 + (unsigned)((c | 0x20) - 'a') + 10;
		else
			return -1;
	}
	*ret = v;
	return 0;
}

/* At most 4 bytes: never more than the 6 or 12 characters of the escape they come from. */
static char *put_utf8(char *to, unsigned v)
{
	if (v < 0x80) {
		*to++ = (char)v;
	} else if (v < 0x800) {
		*to++ = (char)(0xc0 | (v >> 6));
		*to++ = (char)(0x80 | (v & 0x3f));
	} else if (v < 0x10000) {
		*to++ = (char)(0xe0 | (v >> 12));
		*to++ = (char)(0x80 | ((v >> 6) & 0x3f));
		*to++ = (char)(0x80 | (v & 0x3f));
	} else {
		*to++ = (char)(0xf0 | (v >> 18));
		*to++ = (char)(0x80 | ((v >> 12) & 0x3f));
		*to++ = (char)(0x80 | ((v >> 6) & 0x3f));
		*to++ = (char)(0x80 | (v & 0x3f));
	}
	return to;
}

/* @from is behind "\u"; returns what follows the escape, NULL: it is broken. */
static char *unescape_u(char *from, const char *end, char **to)
{
	unsigned v, low;

	if (hex4(from, end, &v) < 0 || v == 0)
		return NULL;
	from += 4;
	if (v >= 0xd800 && v < 0xdc00) {
		if (end - from < 6 || from[0] != '\\' || from[1] != 'u' || hex4(from + 2, end, &low) < 0)
			return NULL;
		if (low < 0xdc00 || low > 0xdfff)
			return NULL;
		v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
		from += 6;
	} else if (v >= 0xdc00 && v < 0xe000) {
		return NULL;
	}
	*to = put_utf8(*to, v);
	return from;
}

static char *unescape(char *from, const char *end, char **to)
{
	static const char plain[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (from >= end)
		return NULL;
	if (*from == 'u')
		return unescape_u(from + 1, end, to);
	at = *from ? strchr(plain, *from) : NULL;
	if (!at)
		return NULL;
	*(*to)++ = means[at - plain];
	return from + 1;
}

/* Decodes in place; ends with a NUL where the closing quote was, or before it. */
static int get_string(struct cut *c, struct web_text *ret)
{
	char *to, *from, *start;

	if (!take(c, '"'))
		return -1;
	start = c->p;
	while (c->p < c->end && *c->p != '"' && *c->p != '\\' && *c->p)
		c->p++;
	for (from = to = c->p; from < c->end && *from != '"'; ) {
		if (*from == '\0')
			return -1;
		if (*from != '\\') {
			*to++ = *from++;
			continue;
		}
		from = unescape(from + 1, c->end, &to);
		if (!from)
			return -1;
	}
	if (from >= c->end)
		return -1;
	*to = '\0';
	c->p = from + 1;
	*ret = (struct web_text){ .s = start, .len = (size_t)(to - start) };
	return 0;
}

/* --- other values --- */

static int get_int(struct cut *c, long long *ret)
{
	bool minus = peek(c) == '-';
	long long v = 0;
	int digits = 0;

	if (minus)
		c->p++;
	for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++, digits++) {
		if (digits > 15)
			return -1;
		v = v * 10 + (*c->p - '0');
	}
	*ret = minus ? -v : v;
	return digits ? 0 : -1;
}

static int skip_string(struct cut *c)
{
	for (c->p++; c->p < c->end && *c->p != '"'; c->p++) {
		if (*c->p == '\\')
			c->p++;
	}
	if (c->p >= c->end)
		return -1;
	c->p++;
	return 0;
}

/* Any value; only as much of its form is checked as is needed to find its end. */
static int skip_value(struct cut *c)
{
	size_t depth = 0;
	char ch = peek(c);

	if (ch == ',' || ch == '}' || ch == ']')
		return -1;
	for (; c->p < c->end; ) {
		ch = *c->p;
		if (ch == '"') {
			if (skip_string(c) < 0)
				return -1;
			continue;
		}
		if (depth == 0 && (ch == ',' || ch == '}' || ch == ']'))
			return 0;
		if (ch == '{' || ch == '[')
			depth++;
		else if (ch == '}' || ch == ']')
			depth--;
		c->p++;
	}
	return -1;
}

static int get_bool(struct cut *c, bool *ret)
{
	char ch = peek(c);

	*ret = ch == 't';
	if ((ch != 't' && ch != 'f') || c->end - c->p < 5)
		return -1;
	if (memcmp(c->p, *ret ? "true" : "false", *ret ? 4 : 5))
		return -1;
	c->p += *ret ? 4 : 5;
	return 0;
}

/* --- members --- */

typedef int cut_member(struct cut *c, const char *name);

static int get_object(struct cut *c, cut_member *member)
{
	struct web_text name;

	if (!take(c, '{'))
		return -1;
	if (take(c, '}'))
		return 0;
	do {
		if (get_string(c, &name) < 0 || !take(c, ':') || member(c, name.s) < 0)
			return -1;
	} while (take(c, ','));
	return take(c, '}') ? 0 : -1;
}

static bool is_token(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++) {
		if (*s <= ' ' || *s >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", *s))
			return false;
	}
	return true;
}

static int header_member(struct cut *c, const char *name)
{
	struct web_reply *r = c->r;
	struct web_text value;

	if (get_string(c, &value) < 0 || !is_token(name) || str_has_ctrl(value.s) || r->n_headers == WEB_REPLY_HEADERS)
		return -1;
	r->headers[r->n_headers].name = name;
	r->headers[r->n_headers].value = value.s;
	r->n_headers++;
	return 0;
}

/* The body is the rest of the message but the two braces; behind it nothing can be. */
static int body_member(struct cut *c)
{
	if (c->body_length < 1 || c->body_length != c->end - c->p - 2)
		return -1;
	c->r->body = (struct web_text){ .s = c->p, .len = (size_t)c->body_length };
	c->p += c->body_length;
	return c->p[0] == '}' && c->p[1] == '}' ? 0 : -1;
}

static int text_member(struct cut *c, const char **ret)
{
	struct web_text t;

	if (get_string(c, &t) < 0 || str_has_ctrl(t.s))
		return -1;
	*ret = t.s;
	return 0;
}

static int int_member(struct cut *c, long long min, long long max, long long *ret)
{
	return get_int(c, ret) < 0 || *ret < min || *ret > max ? -1 : 0;
}

static int parameter(struct cut *c, const char *name)
{
	struct web_reply *r = c->r;
	long long n = 0;

	if (str_eq(name, "status")) {
		if (int_member(c, 100, 599, &n) < 0)
			return -1;
		r->status = (int)n;
		return 0;
	}
	if (str_eq(name, "body_length"))
		return int_member(c, 0, 1LL << 40, &c->body_length);
	if (str_eq(name, "body"))
		return body_member(c);
	if (str_eq(name, "fds"))
		return int_member(c, 0, 16, &r->fds);
	if (str_eq(name, "exit")) {
		r->has_exit = true;
		if (int_member(c, -1000, 1000, &n) < 0)
			return -1;
		r->exit = (int)n;
		return 0;
	}
	if (str_eq(name, "type"))
		return text_member(c, &r->type);
	if (str_eq(name, "ws"))
		return text_member(c, &r->ws);
	if (str_eq(name, "text"))
		return get_string(c, &r->text);
	if (str_eq(name, "chunk"))
		return get_string(c, &r->chunk);
	if (str_eq(name, "headers"))
		return get_object(c, header_member);
	return skip_value(c);
}

static int top_member(struct cut *c, const char *name)
{
	if (str_eq(name, "parameters") && peek(c) == '{')
		return get_object(c, parameter);
	if (str_eq(name, "continues"))
		return get_bool(c, &c->r->continues);
	if (str_eq(name, "error"))
		return text_member(c, &c->r->error);
	return skip_value(c);
}

int web_reply_cut(char *msg, size_t len, struct web_reply *ret, struct err *e)
{
	struct cut c = { .p = msg, .end = msg + len, .r = ret };

	memset(ret, 0, sizeof(*ret));
	if (get_object(&c, top_member) < 0 || peek(&c) || c.p != c.end) {
		memset(ret, 0, sizeof(*ret));
		return err_say(e, EBADMSG, "vzd sent a message that makes no sense at byte %zu of %zu", (size_t)(c.p - msg), len);
	}
	return 0;
}
