/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_WEB_WS_H
#define VZD_WEB_WS_H
/*
 * WebSocket frames, RFC 6455, the server's side: no extensions, frames of at most 64 KiB, fragments allowed. It knows no
 * socket: bytes are fed in, what they mean comes out by callback; what is to be sent is a header in front of the payload.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WS_FRAME_MAX 65536u
#define WS_HEAD_MAX 10u			/* bytes of a server's frame header */
#define WS_CONTROL_MAX 125u
#define WS_TEXT_MAX 4096u		/* of a whole text message */
#define WS_ACCEPT_LEN 28u

enum ws_op { WS_MORE = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };
/* Close codes that we send. */
enum ws_code { WS_NORMAL = 1000, WS_GOING = 1001, WS_PROTOCOL = 1002, WS_BAD_TYPE = 1003, WS_BAD_TEXT = 1007,
	       WS_POLICY = 1008, WS_TOO_BIG = 1009, WS_INTERNAL = 1011 };

struct ws_events {
	/* A piece of a binary message, unmasked. @first: the message begins here. @last: it ends here. A message without
	 * bytes comes as one piece of length 0. */
	void (*binary)(void *arg, const uint8_t *p, size_t n, bool first, bool last);
	void (*text)(void *arg, const char *s, size_t n);	/* whole, NUL-terminated, valid UTF-8 */
	void (*ping)(void *arg, const uint8_t *p, size_t n);	/* answer with a pong of the same payload */
	void (*pong)(void *arg);
	void (*close)(void *arg, unsigned code);		/* 1005: the client gave none */
	void *arg;
};
struct ws {
	struct ws_events on;
	uint8_t head[14], control[WS_CONTROL_MAX];
	size_t head_len, left, at;	/* of the frame: bytes to come, bytes seen */
	uint8_t op, message;		/* of this frame; of the fragmented message under way, 0: none */
	bool fin, in_frame, first, closed;
	size_t text_len;
	char text[WS_TEXT_MAX + 1];
};

void ws_init(struct ws *w, const struct ws_events *on);
/* Returns 0, or the close code that the client's mistake earns; nothing more is taken after that or after a close frame. A
 * callback may set w->closed to stop the rest of the bytes. */
unsigned ws_feed(struct ws *w, const uint8_t *p, size_t n);
/* Header of an unmasked, unfragmented frame of @n bytes of payload. Returns its length. */
size_t ws_head(uint8_t head[WS_HEAD_MAX], enum ws_op op, size_t n);
/* Sec-WebSocket-Accept for this key, NUL-terminated. -EINVAL: the key is not 16 bytes in base64. */
int ws_accept(const char *key, char ret[WS_ACCEPT_LEN + 1]);
bool ws_utf8(const char *s, size_t n);

#endif
