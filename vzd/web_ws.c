/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WebSocket framing. Binary payload is unmasked piece by piece as it comes, text and control frames are put together. */
#include "vzd/web_ws.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "util/auto.h"

#define WS_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define WS_KEY_LEN 24u			/* 16 bytes in base64 */
#define WS_NO_CODE 1005u
#define PIECE 4096u

void ws_init(struct ws *w, const struct ws_events *on)
{
	memset(w, 0, sizeof(*w));
	w->on = *on;
}

size_t ws_head(uint8_t head[WS_HEAD_MAX], enum ws_op op, size_t n)
{
	head[0] = (uint8_t)(0x80 | op);
	if (n < 126) {
		head[1] = (uint8_t)n;
		return 2;
	}
	if (n < 65536) {
		head[1] = 126;
		head[2] = (uint8_t)(n >> 8);
		head[3] = (uint8_t)n;
		return 4;
	}
	head[1] = 127;
	for (int i = 0; i < 8; i++)
		head[2 + i] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
	return 10;
}

/* --- the handshake --- */

static bool is_key(const char *key)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	return strlen(key) == WS_KEY_LEN && strspn(key, alphabet) == WS_KEY_LEN - 2 && !strcmp(key + WS_KEY_LEN - 2, "==");
}

int ws_accept(const char *key, char ret[WS_ACCEPT_LEN + 1])
{
	gnutls_datum_t sum, out = { 0 };
	char text[WS_KEY_LEN + sizeof(WS_GUID)];
	uint8_t hash[20];
	int r;

	if (!is_key(key))
		return -EINVAL;
	memcpy(text, key, WS_KEY_LEN);
	memcpy(text + WS_KEY_LEN, WS_GUID, sizeof(WS_GUID));
	if (gnutls_hash_fast(GNUTLS_DIG_SHA1, text, sizeof(text) - 1, hash) < 0)
		return -ENOTSUP;
	sum = (gnutls_datum_t){ .data = hash, .size = sizeof(hash) };
	if (gnutls_base64_encode2(&sum, &out) < 0)
		return -ENOMEM;
	r = out.size == WS_ACCEPT_LEN ? 0 : -ENOTSUP;
	if (r == 0)
		memcpy(ret, out.data, WS_ACCEPT_LEN);
	ret[r == 0 ? WS_ACCEPT_LEN : 0] = '\0';
	gnutls_free(out.data);
	return r;
}

/* --- text --- */

/* Bytes of the character that begins with @lead; 0: none does. */
static size_t utf8_len(uint8_t lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead < 0xe0)
		return 2;
	if (lead >= 0xe0 && lead < 0xf0)
		return 3;
	return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

/* The second byte rules out long forms, surrogates and what is above U+10FFFF. */
static bool utf8_second(uint8_t lead, uint8_t second)
{
	switch (lead) {
	case 0xe0:
		return second >= 0xa0;
	case 0xed:
		return second < 0xa0;
	case 0xf0:
		return second >= 0x90;
	case 0xf4:
		return second < 0x90;
	}
	return true;
}

bool ws_utf8(const char *s, size_t n)
{
	const uint8_t *p = (const uint8_t *)s;

	while (n > 0) {
		size_t len = utf8_len(*p);

		if (len == 0 || len > n || (len > 1 && !utf8_second(p[0], p[1])))
			return false;
		for (size_t i = 1; i < len; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return false;
		}
		p += len;
		n -= len;
	}
	return true;
}

/* --- frames --- */

static bool is_control(uint8_t op)
{
	return op & 8;
}

/* How long the header is, as far as the bytes that are there tell. */
static size_t head_need(const struct ws *w)
{
	uint8_t len;

	if (w->head_len < 2)
		return 2;
	len = w->head[1] & 0x7f;
	return 2 + (len == 126 ? 2 : len == 127 ? 8 : 0) + ((w->head[1] & 0x80) ? 4 : 0);
}

static uint64_t head_length(const struct ws *w, bool *shortest)
{
	uint8_t len = w->head[1] & 0x7f;
	uint64_t n = 0;

	*shortest = true;
	if (len < 126)
		return len;
	for (int i = 0; i < (len == 126 ? 2 : 8); i++)
		n = n << 8 | w->head[2 + i];
	*shortest = len == 126 ? n >= 126 : n >= 65536;
	return n;
}

static unsigned check_op(struct ws *w)
{
	switch (w->op) {
	case WS_MORE:
		return w->message ? 0 : WS_PROTOCOL;
	case WS_TEXT:
	case WS_BINARY:
		if (w->message)
			return WS_PROTOCOL;
		w->message = w->op;
		w->first = true;
		w->text_len = 0;
		return 0;
	case WS_CLOSE:
	case WS_PING:
	case WS_PONG:
		return w->fin && w->left <= WS_CONTROL_MAX ? 0 : WS_PROTOCOL;
	}
	return WS_PROTOCOL;
}

static unsigned begin_frame(struct ws *w)
{
	bool shortest;
	uint64_t n = head_length(w, &shortest);

	if ((w->head[0] & 0x70) || !(w->head[1] & 0x80) || !shortest)
		return WS_PROTOCOL;
	if (n > WS_FRAME_MAX)
		return WS_TOO_BIG;
	w->fin = w->head[0] & 0x80;
	w->op = w->head[0] & 0x0f;
	w->left = (size_t)n;
	w->at = 0;
	w->in_frame = true;
	return check_op(w);
}

/* RFC 6455, 7.4: codes that may be on the wire. */
static bool good_code(unsigned code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static unsigned end_close(struct ws *w)
{
	unsigned code = WS_NO_CODE;

	if (w->at == 1)
		return WS_PROTOCOL;
	if (w->at >= 2) {
		code = (unsigned)w->control[0] << 8 | w->control[1];
		if (!good_code(code))
			return WS_PROTOCOL;
		if (!ws_utf8((const char *)w->control + 2, w->at - 2))
			return WS_BAD_TEXT;
	}
	w->closed = true;
	w->on.close(w->on.arg, code);
	return 0;
}

static unsigned end_text(struct ws *w)
{
	w->text[w->text_len] = '\0';
	if (!ws_utf8(w->text, w->text_len))
		return WS_BAD_TEXT;
	w->on.text(w->on.arg, w->text, w->text_len);
	return 0;
}

/* The frame's last byte has been seen. */
static unsigned end_frame(struct ws *w)
{
	uint8_t message = w->message;

	w->in_frame = false;
	w->head_len = 0;
	if (w->op == WS_CLOSE)
		return end_close(w);
	if (w->op == WS_PING)
		w->on.ping(w->on.arg, w->control, w->at);
	else if (w->op == WS_PONG)
		w->on.pong(w->on.arg);
	if (is_control(w->op) || !w->fin)
		return 0;
	w->message = 0;
	return message == WS_TEXT ? end_text(w) : 0;
}

static unsigned piece(struct ws *w, const uint8_t *p, size_t n)
{
	bool last = n == w->left && w->fin;

	if (is_control(w->op)) {
		memcpy(w->control + w->at, p, n);
	} else if (w->message == WS_TEXT) {
		if (n > WS_TEXT_MAX - w->text_len)
			return WS_TOO_BIG;
		memcpy(w->text + w->text_len, p, n);
		w->text_len += n;
	} else if (n > 0 || last) {
		w->on.binary(w->on.arg, p, n, w->first, last);
		w->first = false;
	}
	return 0;
}

/* Unmasks into a small buffer: the caller's bytes stay as they are. */
static unsigned take_payload(struct ws *w, const uint8_t *p, size_t n)
{
	const uint8_t *mask = w->head + w->head_len - 4;
	uint8_t plain[PIECE];
	unsigned code = 0;

	if (n == 0)
		return piece(w, p, 0);
	while (n > 0 && !code && !w->closed) {
		size_t k = MIN(n, sizeof(plain));

		for (size_t i = 0; i < k; i++)
			plain[i] = p[i] ^ mask[(w->at + i) & 3];
		code = piece(w, plain, k);
		w->at += k;
		w->left -= k;
		p += k;
		n -= k;
	}
	return code;
}

unsigned ws_feed(struct ws *w, const uint8_t *p, size_t n)
{
	unsigned code = 0;

	while (n > 0 && !code && !w->closed) {
		size_t k;

		if (!w->in_frame) {
			k = MIN(n, head_need(w) - w->head_len);
			memcpy(w->head + w->head_len, p, k);
			w->head_len += k;
			p += k;
			n -= k;
			if (w->head_len < head_need(w))
				continue;
			code = begin_frame(w);
			if (code)
				break;
		}
		k = MIN(n, w->left);
		if (k == 0 && w->left > 0)
			break;
		code = take_payload(w, p, k);
		p += k;
		n -= k;
		if (!code && w->left == 0 && !w->closed)
			code = end_frame(w);
	}
	if (code)
		w->closed = true;
	return code;
}
