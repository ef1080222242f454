/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event streams, and every other answer that vzd sends in chunks. What comes waits in a queue; libmicrohttpd's connection
 * sleeps (suspended) while the queue is empty. A client that is too far behind is closed: it comes back with Last-Event-ID.
 */
#include <string.h>

#include "util/auto.h"
#include "vzd/web_priv.h"

#define BLOCK 1024u			/* bytes handed over at a time: each stream has such a buffer */

struct web_stream {
	struct web_req *req;
	struct web_stream *prev, *next;
	struct web_q q;
	uint64_t sent;			/* ms: the last time something was put in */
	bool events;			/* text/event-stream: gets heartbeats */
	bool ended, broken;
};

static void unlink_stream(struct web_stream *s)
{
	if (s->prev)
		s->prev->next = s->next;
	else
		s->req->web->streams = s->next;
	if (s->next)
		s->next->prev = s->prev;
}

static ssize_t on_read(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct web_req *q = cls;
	struct web_stream *s = q->stream;
	size_t n;

	(void)pos;
	if (!s)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	n = MIN(web_q_left(&s->q), max);
	if (n > 0 && !s->broken) {
		memcpy(buf, web_q_head(&s->q), n);
		web_q_drop(&s->q, n);
		return (ssize_t)n;
	}
	if (s->ended)
		return s->broken ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
	MHD_suspend_connection(q->mc);		/* before 0 is returned: else it is asked again and again */
	q->suspended = true;
	return 0;
}

struct MHD_Response *web_stream_open(struct web_req *q)
{
	struct web_stream *s = calloc(1, sizeof(*s));
	struct MHD_Response *r;

	if (!s)
		return NULL;
	r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_read, q, NULL);
	if (!r) {
		free(s);
		return NULL;
	}
	s->req = q;
	s->q.keep = BLOCK;
	buf_init(&s->q.b, WEB_QUEUE_MAX);
	s->sent = ev_now_ms();
	s->next = q->web->streams;
	if (s->next)
		s->next->prev = s;
	q->web->streams = s;
	q->stream = s;
	return r;
}

void web_stream_events(struct web_req *q)
{
	q->stream->events = true;
}

void web_stream_put(struct web_req *q, const char *text, size_t n)
{
	struct web_stream *s = q->stream;

	if (!s || s->ended || n == 0)
		return;
	s->sent = ev_now_ms();
	buf_add(&s->q.b, text, n);
	if (buf_failed(&s->q.b)) {
		up_cancel(q->web->up, &q->call);
		web_stream_end(q, true);
		return;
	}
	web_req_resume(q);
}

void web_stream_end(struct web_req *q, bool broken)
{
	struct web_stream *s = q->stream;

	if (!s || s->ended)
		return;
	s->ended = true;
	s->broken = broken;
	web_req_resume(q);
}

void web_stream_close(struct web_req *q)
{
	struct web_stream *s = q->stream;

	if (!s)
		return;
	q->stream = NULL;
	unlink_stream(s);
	web_q_done(&s->q);
	free(s);
}

void web_streams_tick(struct web *w)
{
	static const char beat[] = ": \n\n";
	struct web_stream *next;

	for (struct web_stream *s = w->streams; s; s = next) {
		next = s->next;
		if (s->events && !s->ended && w->now - s->sent >= WEB_HEARTBEAT_MS)
			web_stream_put(s->req, beat, sizeof(beat) - 1);
	}
}

void web_streams_end(struct web *w)
{
	for (struct web_stream *s = w->streams; s; s = s->next)
		web_stream_end(s->req, false);
}
