/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_WEB_REPLY_H
#define VZD_WEB_REPLY_H
/*
 * One message of vzd, taken apart without parsing its body: the body is the last member, as long as body_length says, so
 * what is between the head and the final "}}" goes to the client as it is. Strings of the head are decoded in place.
 */
#include <stdbool.h>
#include <stddef.h>

struct err;

#define WEB_REPLY_HEADERS 24

struct web_text {
	char *s;			/* NULL: not there; NUL-terminated, no NUL inside */
	size_t len;
};
struct web_reply {
	int status;			/* 0: none */
	bool continues;
	bool has_exit;
	int exit;
	const char *error;		/* of the frame itself, NULL: none */
	const char *type, *ws;		/* NULL: not there */
	struct { const char *name, *value; } headers[WEB_REPLY_HEADERS];
	size_t n_headers;
	struct web_text body, text, chunk;	/* body: not terminated */
	long long fds;
};

/* @msg: the message without its final NUL, @len bytes and one writable byte more; it is changed, @ret points into it.
 * EBADMSG: that is no message of vzd. */
int web_reply_cut(char *msg, size_t len, struct web_reply *ret, struct err *e);

#endif
