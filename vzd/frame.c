/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages as text. Pure functions: no descriptor, no state. */
#include "vzd/frame.h"

#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"

#define IFACE "org.vz.Api"
#define SERVICE "org.varlink.service"

static const char description[] =
	"# The API of vzd; GET /v1/openapi.json describes what can be called\n"
	"interface " IFACE "\n\n"
	"method Call(verb: string, path: string, query: ?string, token: ?string, remote: ?string, if_match: ?string,\n"
	"  if_none_match: ?string, idempotency_key: ?string, prefer: ?string, accept: ?string, last_event_id: ?string,\n"
	"  body: ?object) -> (status: ?int, type: ?string, headers: ?[string]string, body_length: ?int, text: ?string,\n"
	"  chunk: ?string, ws: ?string, fds: ?int, exit: ?int, body: ?object)\n";

/* --- requests --- */

static int wrong(struct frame *f, const char *name, struct err *e, const char *why)
{
	f->bad = name;
	return err_say(e, EBADMSG, "%s: %s", name, why);
}

/* Before the parser, which recurses, and takes 50 ms for a message of nothing but brackets. Why not, NULL: it may be parsed. */
static const char *too_much(const char *s, size_t len)
{
	unsigned depth = 0, values = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		if (in_string) {
			if (s[i] == '\\')
				i++;
			else if (s[i] == '"')
				in_string = false;
		} else if (s[i] == '"') {
			in_string = true;
		} else if (s[i] == '{' || s[i] == '[') {
			if (++depth > FRAME_DEPTH)
				return "is nested too deep";
		} else if ((s[i] == '}' || s[i] == ']') && depth) {
			depth--;
		} else if (s[i] == ',' && ++values > FRAME_VALUES) {
			return "has too many values";
		}
	}
	return NULL;
}

static int read_parameters(json_t *p, struct frame *f, struct err *e)
{
	struct api_request *r = &f->rq;
	const struct { const char *name; const char **to; } strings[] = {
		{ "verb", &r->verb }, { "path", &r->path }, { "query", &r->query }, { "token", &r->token },
		{ "remote", &r->remote }, { "if_match", &r->if_match }, { "if_none_match", &r->if_none_match },
		{ "idempotency_key", &r->idempotency_key }, { "prefer", &r->prefer }, { "accept", &r->accept },
		{ "last_event_id", &r->last_event_id },
	};
	const char *key;
	json_t *v;

	json_object_foreach(p, key, v) {
		size_t i = 0;

		if (!strcmp(key, "body")) {
			r->body = v;
			continue;
		}
		while (i < ARRAY_SIZE(strings) && strcmp(strings[i].name, key) != 0)
			i++;
		if (i == ARRAY_SIZE(strings))
			return wrong(f, key, e, "there is no such parameter");
		if (!json_is_string(v))
			return wrong(f, key, e, "is not a string");
		*strings[i].to = json_string_value(v);
	}
	if (!r->verb || !r->path)
		return wrong(f, r->verb ? "path" : "verb", e, "is missing");
	return 0;
}

static enum frame_method method_of(const char *name)
{
	static const char *const names[] = {
		[FRAME_CALL] = IFACE ".Call", [FRAME_INFO] = SERVICE ".GetInfo",
		[FRAME_DESCRIBE] = SERVICE ".GetInterfaceDescription",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(names[i], name))
			return (enum frame_method)i;
	}
	return FRAME_UNKNOWN;
}

static int read_message(json_t *root, struct frame *f, struct err *e)
{
	const char *key, *method = NULL;
	json_t *v, *parameters = NULL;

	json_object_foreach(root, key, v) {
		if (!strcmp(key, "method") && json_is_string(v))
			method = json_string_value(v);
		else if (!strcmp(key, "parameters") && json_is_object(v))
			parameters = v;
		else if (!strcmp(key, "more") && json_is_boolean(v))
			f->more = json_is_true(v);
		else
			return wrong(f, key, e, "is unknown, or of the wrong type");
	}
	if (!method)
		return wrong(f, "method", e, "is missing");
	f->method = method_of(method);
	if (f->method == FRAME_DESCRIBE) {
		const char *iface = json_string_value(json_object_get(parameters, "interface"));

		return str_eq(iface, IFACE) || str_eq(iface, SERVICE) ? 0 : wrong(f, "interface", e, "is not one of ours");
	}
	if (f->method != FRAME_CALL)
		return 0;
	if (!parameters)
		return wrong(f, "parameters", e, "are missing");
	return read_parameters(parameters, f, e);
}

int frame_parse(const char *text, size_t len, struct frame *ret, struct err *e)
{
	const char *why = len > FRAME_MAX ? "is longer than 1 MiB" : too_much(text, len);
	json_error_t je;

	memset(ret, 0, sizeof(*ret));
	ret->method = FRAME_UNKNOWN;
	if (why)
		return wrong(ret, "message", e, why);
	ret->root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &je);
	if (!ret->root)
		return wrong(ret, "message", e, je.text);
	if (!json_is_object(ret->root))
		return wrong(ret, "message", e, "is not an object");
	return read_message(ret->root, ret, e);
}

void frame_done(struct frame *f)
{
	json_decref(f->root);
	f->root = NULL;
}

/* --- strings --- */

/* Bytes of the UTF-8 sequence at @s, 0: it is none. */
static size_t utf8_len(const unsigned char *s, size_t left)
{
	size_t n = s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : 0;

	if (!n || n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void escape(struct buf *b, unsigned char c)
{
	static const char from[] = "\"\\\n\r\t", to[] = "\"\\nrt";
	const char *at = c ? strchr(from, c) : NULL;

	if (at) {
		buf_addc(b, '\\');
		buf_addc(b, to[at - from]);
	} else {
		buf_addf(b, "\\u%04x", c);
	}
}

void frame_string(struct buf *b, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t i = 0, n;

	buf_addc(b, '"');
	while (i < len) {
		for (n = 0; i + n < len && is_plain(p[i + n]); n++)
			;
		buf_add(b, s + i, n);
		i += n;
		if (i >= len)
			break;
		n = p[i] >= 0x80 ? utf8_len(p + i, len - i) : 0;
		if (n)
			buf_add(b, s + i, n);
		else if (p[i] >= 0x80)
			buf_adds(b, "\xef\xbf\xbd");
		else
			escape(b, p[i]);
		i += n ? n : 1;
	}
	buf_addc(b, '"');
}

/* --- answers --- */

static void end(struct buf *b, bool more)
{
	buf_adds(b, more ? "},\"continues\":true}" : "}}");
	buf_addc(b, '\0');
}

void frame_reply(struct buf *b, int status, const char *type, const char *headers_json, const char *body, size_t len,
		 size_t n_fds, bool more)
{
	buf_addf(b, "{\"parameters\":{\"status\":%d", status);
	if (type && status != 101)
		buf_addf(b, ",\"type\":\"%s\"", type);
	if (headers_json && *headers_json)
		buf_addf(b, ",\"headers\":%s", headers_json);
	if (n_fds)
		buf_addf(b, ",\"fds\":%zu", n_fds);
	if (status == 101 && len > 2) {		/* its object says what the descriptors are */
		buf_addc(b, ',');
		buf_add(b, body + 1, len - 2);
	} else if (type && len && str_ends(type, "json")) {
		buf_addf(b, ",\"body_length\":%zu,\"body\":", len);
		buf_add(b, body, len);
	} else if (type && len && !more) {
		buf_adds(b, ",\"text\":");
		frame_string(b, body, len);
	}
	end(b, more);
}

void frame_chunk(struct buf *b, const char *text, size_t len, bool last)
{
	buf_adds(b, "{\"parameters\":{\"chunk\":");
	frame_string(b, text, len);
	end(b, !last);
}

void frame_raw(struct buf *b, const char *json, size_t len, bool last)
{
	buf_adds(b, "{\"parameters\":");
	if (len)
		buf_add(b, json, len - 1);
	else
		buf_addc(b, '{');
	end(b, !last);
}

void frame_error(struct buf *b, const char *error, const char *name, const char *value)
{
	buf_addf(b, "{\"error\":\"%s\",\"parameters\":{\"%s\":", error, name);
	frame_string(b, value, strlen(value));
	end(b, false);
}

void frame_info(struct buf *b)
{
	buf_adds(b, "{\"parameters\":{\"vendor\":\"vz\",\"product\":\"vzd\",\"version\":\"" VZ_VERSION "\",\"url\":\"man:vzd(8)\","
		    "\"interfaces\":[\"" SERVICE "\",\"" IFACE "\"]");
	end(b, false);
}

void frame_describe(struct buf *b)
{
	buf_adds(b, "{\"parameters\":{\"description\":");
	frame_string(b, description, sizeof(description) - 1);
	end(b, false);
}
