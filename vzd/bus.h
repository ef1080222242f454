/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_BUS_H
#define VZD_BUS_H
/*
 * Events: what happened, numbered. Numbers only grow, over restarts and kill -9 too (they are reserved in blocks before
 * use). The last BUS_RING are in memory and in the database; a subscriber that resumes with a number older than that is
 * told so by an event "reset" first.
 */
#include <jansson.h>

#include "vzd/vzd.h"

#define BUS_RING 10000

struct bus_event {
	uint64_t seq;
	int64_t time_ms;		/* unix time */
	const char *type;		/* "ct.started" ...: bus_types[] */
	unsigned ctid;			/* 0: the host */
	const char *owner;		/* tenant, "" none: who may see it */
	const char *json;		/* the whole event as JSON text of one line */
};

/* What happens to containers (ct.*), jobs (job.*), templates (template.*) and the host, each documented in bus.c; OpenAPI and the
 * webhooks' filter use the table. */
struct bus_type { const char *name, *doc; };
extern const struct bus_type bus_types[];
extern const size_t bus_types_n;

int bus_open(struct vzd *d, struct bus **ret, struct err *e);
void bus_close(struct bus *b);
/* @data: an object with what is special to the type, stolen, may be NULL. {"seq","time","type","ctid","data":{...}} */
void bus_emit(struct bus *b, const char *type, unsigned ctid, const char *owner, json_t *data);
uint64_t bus_last(const struct bus *b);

struct bus_filter {
	const char *types;		/* blank-separated, prefixes allowed ("ct."); NULL: all */
	unsigned ctid;			/* 0: any */
	bool (*may)(void *arg, const struct bus_event *ev);	/* NULL: all */
	void *may_arg;
};
typedef void bus_fn(void *arg, const struct bus_event *ev);
struct bus_sub;
/* Events after @since first (UINT64_MAX: only new ones), then new ones as they come. @fn must not block; it may unsubscribe. */
int bus_subscribe(struct bus *b, const struct bus_filter *f, uint64_t since, bus_fn *fn, void *arg, struct bus_sub **ret,
		  struct err *e);
void bus_unsubscribe(struct bus_sub *s);

#endif
