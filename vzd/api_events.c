/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /v1/events: the bus as server-sent events, from any number that it still has. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/num.h"
#include "vzd/api.h"
#include "vzd/bus.h"
#include "vzd/inv.h"

#define BEAT_MS 15000		/* a comment line, so that proxies keep the connection */

struct stream {
	struct api_call *call;
	struct principal *who;
	char *types;
	struct bus_sub *sub;
	struct ev_src *beat;
	struct auth_watch *watch;
};

static void stream_free(struct stream *s)
{
	bus_unsubscribe(s->sub);
	ev_del(s->beat);
	auth_unwatch(s->watch);
	s->call->on_close = NULL;
	s->call->priv = NULL;
	api_unref(s->call);
	principal_unref(s->who);
	free(s->types);
	free(s);
}

/* Events of a container go to those who see it; of the host, to those who are of no tenant. */
static bool may(void *arg, const struct bus_event *ev)
{
	const struct stream *s = arg;
	const struct principal *p = s->who;

	if (p->tenant[0] && !str_eq(p->tenant, ev->owner))
		return false;
	for (size_t i = 0; p->cts && i < p->n_cts; i++)
		if (p->cts[i] == ev->ctid)
			return true;
	return !p->cts;
}

static void send_event(void *arg, const struct bus_event *ev)
{
	struct stream *s = arg;
	struct buf auto_buf b = BUF_INIT;

	buf_addf(&b, "id: %" PRIu64 "\nevent: %s\ndata: %s\n\n", ev->seq, ev->type, ev->json);
	if (!buf_failed(&b))
		api_chunk(s->call, b.s, b.len, false);
}

static void end(struct stream *s)
{
	struct api_call *c = s->call;

	api_ref(c);
	stream_free(s);
	api_chunk(c, ": end\n\n", 7, true);
	api_unref(c);
}

static void beat(void *arg)
{
	struct stream *s = arg;
	struct err none = { 0 };

	if (auth_check(s->call->d->auth, s->who, &none) < 0)
		end(s);
	else
		api_chunk(s->call, ":\n\n", 3, false);
}

static void rights_changed(void *arg)
{
	struct stream *s = arg;
	struct err none = { 0 };

	if (auth_check(s->call->d->auth, s->who, &none) < 0)
		end(s);
}

static void client_left(struct api_call *c)
{
	struct stream *s = c->priv;

	if (s)
		stream_free(s);
}

static int since_of(struct api_call *c, uint64_t *ret)
{
	const char *last = c->req.last_event_id, *q = api_q_str(c, "since", NULL);

	*ret = UINT64_MAX;
	if (!last && !q)
		return 0;
	if (num_u64(last ? last : q, ret) == 0 && *ret < INT64_MAX)
		return 0;
	api_problem(c, "invalid-field", 0, "Last-Event-ID and since are numbers of events", NULL);
	return -1;
}

static int known_types(struct api_call *c, const char *types)
{
	char word[64], text[128];
	size_t n;

	for (const char *p = types; p && *(p += strspn(p, " ,")); p += n) {
		bool found = false;

		n = strcspn(p, " ,");
		str_fmt(word, sizeof(word), "%.*s", (int)n, p);
		for (size_t i = 0; i < bus_types_n; i++)
			found |= str_eq(bus_types[i].name, word) || (str_ends(word, ".") && str_starts(bus_types[i].name, word));
		if (found)
			continue;
		str_fmt(text, sizeof(text), "there are no events '%s'", word);
		api_problem(c, "invalid-field", 0, text, NULL);
		return -1;
	}
	return 0;
}

static int subscribe(struct api_call *c, struct stream *s, uint64_t since, struct err *e)
{
	const struct bus_filter f = { .types = s->types, .ctid = (unsigned)api_q_int(c, "ct", 0), .may = may, .may_arg = s };

	if (bus_subscribe(c->d->bus, &f, since, send_event, s, &s->sub, e) < 0 ||
	    ev_add_timer(c->d->ev, "events.beat", BEAT_MS, BEAT_MS, beat, s, &s->beat, e) < 0)
		return -e->code;
	return auth_watch(c->d->auth, rights_changed, s, &s->watch, e);
}

static int events_run(struct api_call *c, struct err *e)
{
	const char *types = api_q_str(c, "types", NULL);
	struct stream *s;
	uint64_t since;

	if (since_of(c, &since) < 0 || known_types(c, types) < 0)
		return 0;
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(e, ENOMEM, "event stream");
	s->call = api_ref(c);
	s->who = principal_ref(c->who);
	s->types = types ? strdup(types) : NULL;
	c->priv = s;
	c->on_close = client_left;
	if (subscribe(c, s, since, e) < 0) {
		stream_free(s);
		return -e->code;
	}
	api_header(c, "Cache-Control", "no-store");
	api_header(c, "X-Accel-Buffering", "no");
	api_raw(c, 200, "text/event-stream", "", 0);
	return 0;
}

static const struct api_field events_query[] = {
	{ .name = "types",
	  .type = API_STR,
	  .max = 1024,
	  .doc = "Only these, separated by commas or blanks; \"ct.\" stands for all that begin so." },
	{ .name = "ct", .type = API_INT, .min = 1, .max = CT_ID_MAX, .doc = "Only those of this container." },
	{ .name = "since", .type = API_STR, .max = 20, .doc = "Events after this number; Last-Event-ID goes before it." },
	{ .name = NULL },
};
static const struct api_route rows[] = {
	{ "GET", "/v1/events", "events", SCOPE_EVENTS_READ, API_STREAM | API_TEXT, NULL, events_query, NULL,
	  "What happens, as server-sent events with numbers to resume from.", events_run },
};
const struct api_table api_events_table = API_TABLE(rows);
