/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event bus: numbers, the ring in memory, its copy in the database, subscribers. Emitting formats the event once; a
 * deferred pump hands it to subscribers, each with a cursor of its own into the ring, so that a long replay is cut into turns.
 */
#include "vzd/bus.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "vzd/db.h"
#include "vzd/timefmt.h"

#define BUS_RESERVE 10000	/* numbers reserved at a time */
#define BUS_FLUSH_MS 200	/* events wait so long to be written together */
#define BUS_TURN 200		/* events one subscriber gets in one turn */

struct bus_slot { uint64_t seq; int64_t time_ms; const char *type; unsigned ctid; char *owner, *json; };

struct bus_sub {
	struct bus *bus;
	struct bus_sub *next;
	char *types;
	struct bus_filter f;
	uint64_t at;			/* number of the next event it has not seen */
	bool dead, begun, reset;	/* reset: what it asked for is gone, say so first */
	bus_fn *fn;
	void *arg;
};

struct bus {
	struct vzd *d;
	struct bus_slot ring[BUS_RING];
	uint64_t first, n;		/* ring positions [first, n): n grows, slot = position % BUS_RING */
	uint64_t seq, reserved;		/* last given; numbers below it may be used */
	struct bus_sub *subs;
	struct ev_src *flush;
	uint64_t flushed;		/* ring position up to which the database has been told */
	bool pumping;
};

static const char *const bus_sql[] = {
	"CREATE TABLE event(seq INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, type TEXT NOT NULL, ctid INTEGER NOT NULL,"
	" owner TEXT NOT NULL, json TEXT NOT NULL);"
	"CREATE TABLE event_seq(one INTEGER PRIMARY KEY CHECK(one = 1), reserved INTEGER NOT NULL);"
	"INSERT INTO event_seq VALUES(1, 0);",
};
const struct db_schema bus_schema = { "bus", bus_sql, ARRAY_SIZE(bus_sql) };

const struct bus_type bus_types[] = {
	{ "ct.created", "A container's configuration appeared." },
	{ "ct.destroyed", "A container's configuration is gone." },
	{ "ct.starting", "A start has begun." },
	{ "ct.started", "The container runs." },
	{ "ct.stopping", "A stop has begun." },
	{ "ct.stopped", "The container is down; data.reason says why." },
	{ "ct.rebooted", "The container was rebooted and runs again." },
	{ "ct.failed", "The container went down by a crash, or its restarts were given up." },
	{ "ct.frozen", "Its processes are suspended." },
	{ "ct.thawed", "Its processes go on." },
	{ "ct.mounted", "Its root is mounted on the host." },
	{ "ct.umounted", "Its root is no longer mounted." },
	{ "ct.config", "Its configuration changed." },
	{ "ct.oom", "The kernel's memory killer ended processes in it." },
	{ "ct.limit", "It hit a limit; data.kind says which." },
	{ "ct.traffic", "It is above its monthly quota of traffic; data has month, used, quota, action." },
	{ "ct.policy", "A policy of the host acted on it." },
	{ "job.queued", "An operation was accepted." },
	{ "job.running", "An operation is under way." },
	{ "job.done", "An operation ended well." },
	{ "job.failed", "An operation failed." },
	{ "job.cancelled", "An operation was cancelled." },
	{ "template.added", "An OS template appeared." },
	{ "template.removed", "An OS template is gone." },
	{ "pool.lost", "A pool of template images does not answer, or is not what it was; data.state and data.why." },
	{ "pool.back", "It is well again; data.seconds: how long it was not." },
	{ "host.pressure", "The host is short of memory, processors or disk." },
	{ "host.started", "vzd started; data.unclean: the one before did not end by itself." },
	{ "host.shutdown", "The host's containers are being stopped." },
	{ "alert", "Something an administrator should look at." },
	{ "reset", "Events were lost to this stream: read again what you track." },
};
const size_t bus_types_n = ARRAY_SIZE(bus_types);

static const char *type_of(const char *name)
{
	for (size_t i = 0; i < bus_types_n; i++)
		if (str_eq(bus_types[i].name, name))
			return bus_types[i].name;
	return NULL;
}

/* --- ring --- */

static struct bus_slot *slot_at(struct bus *b, uint64_t pos)
{
	return &b->ring[pos % BUS_RING];
}

static void slot_clear(struct bus_slot *s)
{
	free(s->owner);
	free(s->json);
	*s = (struct bus_slot){ 0 };
}

/* Takes @owner and @json over. */
static void ring_add(struct bus *b, struct bus_slot in)
{
	struct bus_slot *s = slot_at(b, b->n);

	if (b->n - b->first == BUS_RING)
		b->first++;
	slot_clear(s);
	*s = in;
	b->n++;
}

/* Position of the first event with a number of at least @seq. */
static uint64_t ring_find(struct bus *b, uint64_t seq)
{
	uint64_t lo = b->first, hi = b->n;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (slot_at(b, mid)->seq < seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int load_row(sqlite3_stmt *st, void *arg, struct err *e)
{
	struct bus *b = arg;
	struct bus_slot s = {
		.seq = (uint64_t)sqlite3_column_int64(st, 0), .time_ms = sqlite3_column_int64(st, 1),
		.type = type_of(db_text(st, 2)), .ctid = (unsigned)sqlite3_column_int64(st, 3),
		.owner = strdup(db_text(st, 4)), .json = strdup(db_text(st, 5)),
	};

	if (!s.type)
		s.type = "alert";	/* of another version: still there to be replayed */
	if (!s.owner || !s.json) {
		slot_clear(&s);
		return err_set(e, ENOMEM, "load events");
	}
	ring_add(b, s);
	b->seq = s.seq;
	return 0;
}

/* --- database --- */

static int reserve_work(sqlite3 *s, void *arg, struct err *e)
{
	return db_exec(s, e, "UPDATE event_seq SET reserved = MAX(reserved, ?1)", "i", (int64_t)(intptr_t)arg);
}

static void reserve_more(struct bus *b)
{
	struct err e = { 0 };

	if (b->reserved - b->seq > BUS_RESERVE / 2)
		return;
	b->reserved += BUS_RESERVE;
	if (db_write(b->d->db, reserve_work, (void *)(intptr_t)b->reserved, NULL, &e) < 0)
		vzd_log_err(LOG_ERR, &e, "reserve event numbers");
}

struct batch { size_t n; struct bus_slot v[]; };

static void batch_free(struct batch *w)
{
	for (size_t i = 0; i < w->n; i++)
		slot_clear(&w->v[i]);
	free(w);
}

/* Nobody waits for it: the batch ends here, written or not. */
static int batch_work(sqlite3 *s, void *arg, struct err *e)
{
	struct batch *w = arg;
	int rc = 0;

	for (size_t i = 0; i < w->n && rc == 0; i++)
		rc = db_exec(s, e, "INSERT OR REPLACE INTO event VALUES(?1,?2,?3,?4,?5,?6)", "iisiss", (int64_t)w->v[i].seq,
			     w->v[i].time_ms, w->v[i].type, (int64_t)w->v[i].ctid, w->v[i].owner, w->v[i].json);
	if (rc == 0)
		rc = db_exec(s, e, "DELETE FROM event WHERE seq <= (SELECT MAX(seq) FROM event) - ?1", "i", (int64_t)BUS_RING);
	batch_free(w);
	return rc;
}

/* What is new in the ring goes to the writer as one unit. */
static void bus_flush(struct bus *b)
{
	uint64_t from = MAX(b->flushed, b->first);
	struct batch *w = calloc(1, sizeof(*w) + (size_t)(b->n - from) * sizeof(w->v[0]));
	struct err e = { 0 };

	if (!w)
		return;		/* tried again with the next event */
	for (uint64_t p = from; p < b->n; p++) {
		struct bus_slot *s = slot_at(b, p), *c = &w->v[w->n++];

		*c = *s;
		c->owner = strdup(s->owner);
		c->json = strdup(s->json);
	}
	b->flushed = b->n;
	if (!w->n) {
		free(w);
		return;
	}
	if (db_write(b->d->db, batch_work, w, NULL, &e) == 0)
		return;
	vzd_log_err(LOG_ERR, &e, "store events");
	batch_free(w);
}

static void flush_timer(void *arg)
{
	struct bus *b = arg;

	b->flush = NULL;
	bus_flush(b);
}

/* --- subscribers --- */

static bool type_matches(const char *types, const char *type)
{
	size_t n;

	for (const char *p = types; *(p += strspn(p, " ,")); p += n) {
		n = strcspn(p, " ,");
		if (p[n - 1] == '.' ? !strncmp(p, type, n) : strlen(type) == n && !strncmp(p, type, n))
			return true;
	}
	return false;
}

static bool wants(const struct bus_sub *s, const struct bus_event *ev)
{
	if (s->types && !type_matches(s->types, ev->type))
		return false;
	if (s->f.ctid && s->f.ctid != ev->ctid)
		return false;
	return !s->f.may || s->f.may(s->f.may_arg, ev);
}

static void say_reset(struct bus_sub *s)
{
	const struct bus_slot *next = s->bus->n > s->bus->first ? slot_at(s->bus, s->bus->first) : NULL;
	uint64_t seq = next ? next->seq - 1 : s->bus->seq;
	char json[96];

	str_fmt(json, sizeof(json), "{\"seq\":%" PRIu64 ",\"type\":\"reset\"}", seq);
	s->reset = false;
	s->fn(s->arg, &(struct bus_event){ .seq = seq, .type = "reset", .owner = "", .json = json });
}

/* True: there is more for it. */
static bool pump_one(struct bus *b, struct bus_sub *s)
{
	uint64_t pos;

	/* so far behind that the ring has overtaken it */
	s->reset |= s->begun && b->n > b->first && slot_at(b, b->first)->seq > s->at;
	s->begun = true;
	if (s->reset)
		say_reset(s);
	pos = ring_find(b, s->at);
	for (int i = 0; i < BUS_TURN && pos < b->n && !s->dead; i++, pos++) {
		const struct bus_slot *c = slot_at(b, pos);
		const struct bus_event ev = { c->seq, c->time_ms, c->type, c->ctid, c->owner, c->json };

		s->at = c->seq + 1;
		if (wants(s, &ev))
			s->fn(s->arg, &ev);
	}
	return !s->dead && pos < b->n;
}

static void sweep(struct bus *b)
{
	for (struct bus_sub **p = &b->subs; *p;) {
		struct bus_sub *s = *p;

		if (!s->dead) {
			p = &s->next;
			continue;
		}
		*p = s->next;
		free(s->types);
		free(s);
	}
}

static void pump(void *arg);

static void pump_soon(struct bus *b)
{
	struct err e = { 0 };

	if (!b->pumping && b->subs && ev_defer(b->d->ev, "bus.pump", pump, b, &e) == 0)
		b->pumping = true;
}

static void pump(void *arg)
{
	struct bus *b = arg;
	bool more = false;

	for (struct bus_sub *s = b->subs; s; s = s->next)
		if (!s->dead)
			more |= pump_one(b, s);
	sweep(b);
	b->pumping = false;
	if (more)
		pump_soon(b);
}

int bus_subscribe(struct bus *b, const struct bus_filter *f, uint64_t since, bus_fn *fn, void *arg, struct bus_sub **ret,
		  struct err *e)
{
	struct bus_sub *s = calloc(1, sizeof(*s));

	if (s && f && f->types && !(s->types = strdup(f->types))) {
		free(s);
		s = NULL;
	}
	if (!s)
		return err_set(e, ENOMEM, "subscribe to events");
	s->bus = b;
	if (f)
		s->f = *f;
	s->f.types = NULL;
	s->fn = fn;
	s->arg = arg;
	s->at = since == UINT64_MAX ? b->seq + 1 : since + 1;
	/* older than the ring, or from a number that was never given (another host's): both have lost something */
	s->reset = since != UINT64_MAX && (since > b->seq || (b->n > b->first && since + 1 < slot_at(b, b->first)->seq && since));
	if (since > b->seq)
		s->at = b->seq + 1;
	s->next = b->subs;
	b->subs = s;
	pump_soon(b);
	*ret = s;
	return 0;
}

void bus_unsubscribe(struct bus_sub *s)
{
	if (!s)
		return;
	s->dead = true;
	pump_soon(s->bus);		/* frees it */
}

/* --- emit --- */

static char *event_json(uint64_t seq, int64_t ms, const char *type, unsigned ctid, json_t *data)
{
	char time[TIMEFMT_LEN];
	auto_free char *text = data ? json_dumps(data, JSON_COMPACT) : NULL;
	struct buf b = BUF_INIT;

	buf_addf(&b, "{\"seq\":%" PRIu64 ",\"time\":\"%s\",\"type\":\"%s\"", seq, timefmt(ms, time), type);
	if (ctid)
		buf_addf(&b, ",\"ctid\":%u", ctid);
	buf_addf(&b, ",\"data\":%s}", text ? text : "{}");
	return buf_take(&b);
}

void bus_emit(struct bus *b, const char *type, unsigned ctid, const char *owner, json_t *data)
{
	struct bus_slot s = { .type = type_of(type), .ctid = ctid };
	struct err e = { 0 };

	if (!b || !s.type) {
		json_decref(data);
		return;
	}
	s.time_ms = timefmt_now_ms();
	s.seq = ++b->seq;
	s.owner = strdup(owner ? owner : "");
	s.json = event_json(s.seq, s.time_ms, s.type, ctid, data);
	json_decref(data);
	if (!s.owner || !s.json) {
		slot_clear(&s);
		vzd_log(LOG_ERR, "out of memory: an event %s was lost", type);
		return;
	}
	ring_add(b, s);
	reserve_more(b);
	if (!b->flush)
		ev_add_timer(b->d->ev, "bus.flush", BUS_FLUSH_MS, 0, flush_timer, b, &b->flush, &e);
	pump_soon(b);
}

uint64_t bus_last(const struct bus *b)
{
	return b->seq;
}

static int reserved_row(sqlite3_stmt *st, void *arg, struct err *e)
{
	(void)e;
	*(uint64_t *)arg = (uint64_t)sqlite3_column_int64(st, 0);
	return 0;
}

int bus_open(struct vzd *d, struct bus **ret, struct err *e)
{
	struct bus *b = calloc(1, sizeof(*b));
	uint64_t reserved = 0;

	if (!b)
		return err_set(e, ENOMEM, "event bus");
	b->d = d;
	if (db_each(db_reader(d->db), e, load_row, b,
		    "SELECT seq, time_ms, type, ctid, owner, json FROM event ORDER BY seq", "") < 0 ||
	    db_each(db_reader(d->db), e, reserved_row, &reserved, "SELECT reserved FROM event_seq", "") < 0) {
		bus_close(b);
		return -e->code;
	}
	b->flushed = b->n;
	b->seq = MAX(b->seq, reserved);		/* what was reserved may have been seen */
	b->reserved = b->seq + BUS_RESERVE;
	if (db_write_sync(d->db, reserve_work, (void *)(intptr_t)b->reserved, e) < 0) {
		bus_close(b);
		return err_add(e, "reserve event numbers");
	}
	*ret = b;
	return 0;
}

static int unreserve_work(sqlite3 *s, void *arg, struct err *e)
{
	return db_exec(s, e, "UPDATE event_seq SET reserved = ?1", "i", (int64_t)(intptr_t)arg);
}

void bus_close(struct bus *b)
{
	struct err e = { 0 };

	if (!b)
		return;
	ev_del(b->flush);
	if (b->flushed < b->n)
		bus_flush(b);
	if (b->reserved)	/* a clean end gives back what it did not use */
		db_write_sync(b->d->db, unreserve_work, (void *)(intptr_t)b->seq, &e);
	for (struct bus_sub *s = b->subs; s; s = s->next)
		s->dead = true;
	sweep(b);
	for (uint64_t p = b->first; p < b->n; p++)
		slot_clear(slot_at(b, p));
	free(b);
}
