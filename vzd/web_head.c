/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a request's head to the message for vzd. What goes into that message is printable ASCII or a body that was checked,
 * so no client can end a string or a message early.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzd/web_priv.h"

#define HEADER_MAX 4096u		/* bytes of a header's value that goes to vzd */

/* --- reading --- */

static const struct { const char *name; size_t len, off; } rows[] = {
#define ROW(text, field) { text, sizeof(text) - 1, offsetof(struct web_head, field) }
	ROW("Authorization", auth),
	ROW("If-Match", if_match),
	ROW("If-None-Match", if_none_match),
	ROW("Idempotency-Key", idempotency_key),
	ROW("Prefer", prefer),
	ROW("Accept", accept),
	ROW("Last-Event-ID", last_event_id),
	ROW("Content-Type", type),
	ROW("Content-Length", length),
	ROW("Transfer-Encoding", coding),
	ROW("Host", host),
	ROW("Origin", origin),
	ROW("Upgrade", upgrade),
	ROW("Connection", connection),
	ROW("Sec-WebSocket-Key", ws_key),
	ROW("Sec-WebSocket-Version", ws_version),
	ROW("Sec-WebSocket-Protocol", ws_protocol),
#undef ROW
};

static bool printable(const char *s)
{
	size_t n = 0;

	for (; *s; s++, n++) {
		if ((*s < ' ' && *s != '\t') || *s >= 0x7f)
			return false;
	}
	return n <= HEADER_MAX;
}

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct web_head *h = cls;
	size_t n = strlen(name);

	(void)kind;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char **at;

		if (rows[i].len != n || strcasecmp(rows[i].name, name))
			continue;
		at = (const char **)(void *)((char *)h + rows[i].off);
		h->twice |= *at != NULL;
		h->odd |= !printable(value ? value : "");
		*at = value ? value : "";
	}
	return MHD_YES;
}

void web_head_read(struct MHD_Connection *mc, struct web_head *ret)
{
	memset(ret, 0, sizeof(*ret));
	MHD_get_connection_values(mc, MHD_HEADER_KIND, on_header, ret);
}

const char *web_head_token(const struct web_head *h, size_t *len)
{
	const char *s = h->auth;
	size_t n;

	if (!s || strncasecmp(s, "Bearer ", 7))
		return NULL;
	for (s += 7; *s == ' '; s++)
		;
	n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=");
	if (s[n] || n == 0 || n > WEB_TOKEN_MAX)
		return NULL;
	*len = n;
	return s;
}

bool web_head_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (list && *list) {
		size_t n;

		list += strspn(list, ", \t");
		n = strcspn(list, ",");
		while (n > 0 && (list[n - 1] == ' ' || list[n - 1] == '\t'))
			n--;
		if (n == len && !strncasecmp(list, word, n))
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

bool web_head_json(const char *type)
{
	static const char *const good[] = { "application/json", "application/merge-patch+json" };
	size_t n = type ? strcspn(type, "; \t") : 0;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		if (n == strlen(good[i]) && !strncasecmp(type, good[i], n))
			return true;
	}
	return false;
}

bool web_head_same_origin(const struct web_head *h)
{
	const char *at;

	if (!h->origin)
		return true;
	at = strstr(h->origin, "://");
	return at && h->host && *h->host && !strcasecmp(at + 3, h->host);
}

/* --- the body --- */

static int check_depth(const char *s, size_t n, struct err *e)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < n; i++) {
		if (quoted && s[i] == '\\')
			i++;
		else if (s[i] == '"')
			quoted = !quoted;
		else if (!quoted && (s[i] == '{' || s[i] == '['))
			depth++;
		else if (!quoted && (s[i] == '}' || s[i] == ']') && depth > 0)
			depth--;
		if (depth > WEB_BODY_DEPTH)
			return err_say(e, EINVAL, "deeper than %u levels at byte %zu", WEB_BODY_DEPTH, i);
	}
	return 0;
}

int web_body_check(const char *s, size_t n, struct err *e)
{
	json_error_t je;
	json_t *j;

	if (check_depth(s, n, e) < 0)
		return -e->code;
	j = json_loadb(s, n, JSON_REJECT_DUPLICATES, &je);
	if (!j)
		return err_say(e, EINVAL, "%s at line %d, column %d", je.text, je.line, je.column);
	json_decref(j);
	return 0;
}

/* --- the message --- */

/* @s is printable ASCII (tabs aside). */
static void put_string(struct buf *b, const char *s, size_t n)
{
	buf_addc(b, '"');
	for (size_t from = 0, i = 0; i <= n; i++) {
		if (i < n && s[i] != '"' && s[i] != '\\' && s[i] != '\t')
			continue;
		buf_add(b, s + from, i - from);
		if (i < n && s[i] == '\t')
			buf_addc(b, ' ');
		else if (i < n)
			buf_add(b, s[i] == '"' ? "\\\"" : "\\\\", 2);
		from = i + 1;
	}
	buf_addc(b, '"');
}

static void put_member(struct buf *b, const char *name, size_t name_len, const char *value)
{
	if (!value)
		return;
	buf_add(b, name, name_len);
	put_string(b, value, strlen(value));
}
#define MEMBER(b, name, value) put_member(b, ",\"" name "\":", sizeof(",\"" name "\":") - 1, value)

void web_msg_put(struct buf *b, const struct web_msg *m)
{
	static const char begin[] = "{\"method\":\"org.vz.Api.Call\",\"parameters\":{\"verb\":";
	const struct web_head *h = m->head;
	const char *token;
	size_t len = 0;

	buf_add(b, begin, sizeof(begin) - 1);
	put_string(b, m->verb, strlen(m->verb));
	MEMBER(b, "path", m->path);
	MEMBER(b, "query", m->query);
	MEMBER(b, "remote", m->remote);
	token = web_head_token(h, &len);
	if (token) {
		buf_add(b, ",\"token\":", 9);
		put_string(b, token, len);
	}
	MEMBER(b, "if_match", h->if_match);
	MEMBER(b, "if_none_match", h->if_none_match);
	MEMBER(b, "idempotency_key", h->idempotency_key);
	MEMBER(b, "prefer", h->prefer);
	MEMBER(b, "accept", h->accept);
	MEMBER(b, "last_event_id", h->last_event_id);
	if (m->body) {
		buf_add(b, ",\"body\":", 8);
		buf_add(b, m->body, m->body_len);
	}
	buf_add(b, "}", 1);
	if (m->more)
		buf_add(b, ",\"more\":true", 12);
	buf_add(b, "}", 2);		/* with its NUL */
}
