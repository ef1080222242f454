/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_FRAME_H
#define VZD_FRAME_H
/*
 * The messages of VZD_SOCK and VZD_WEB_SOCK as text: requests in, answers out. Varlink framing: JSON, ended by one NUL.
 * "body" is the last member of an answer and the message ends BODY + "}}", so a proxy can cut it out unparsed.
 */
#include "util/buf.h"
#include "vzd/api.h"

#define FRAME_MAX (1u << 20)		/* bytes of a request, without its NUL */
#define FRAME_REPLY_MAX (32u << 20)	/* bytes of an answer */
#define FRAME_DEPTH 32
#define FRAME_VALUES 65536u		/* of JSON in a request: more than a body of 64 KiB can have */
#define FRAME_FDS 4

enum frame_method { FRAME_CALL, FRAME_INFO, FRAME_DESCRIBE, FRAME_UNKNOWN };
struct frame {
	enum frame_method method;
	bool more;
	struct api_request rq;		/* points into @root */
	const char *bad;		/* name of the wrong member, or "message" */
	json_t *root;
};
/* -EBADMSG: e->text and ret->bad say what is wrong. frame_done() in any case. */
int frame_parse(const char *text, size_t len, struct frame *ret, struct err *e);
void frame_done(struct frame *f);

/* Each adds one message with its NUL. @type NULL: no body. @more: "continues". */
void frame_reply(struct buf *b, int status, const char *type, const char *headers_json, const char *body, size_t len,
		 size_t n_fds, bool more);
void frame_chunk(struct buf *b, const char *text, size_t len, bool last);
void frame_raw(struct buf *b, const char *json, size_t len, bool last);		/* @json: the parameters */
void frame_error(struct buf *b, const char *error, const char *name, const char *value);
void frame_info(struct buf *b);
void frame_describe(struct buf *b);
/* JSON string in quotes; what is not UTF-8 becomes U+FFFD. */
void frame_string(struct buf *b, const char *s, size_t len);

#endif
