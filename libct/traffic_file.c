/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libct/traffic_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/buf.h"
#include "util/err.h"

static const char head[] = "vz-traffic 1";

/* --- text --- */

static bool cells(const char *s, struct net_traffic_cell v[NET_WAY_N])
{
	int end = 0;

	return sscanf(s, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 "%n", &v[NET_SENT].bytes, &v[NET_SENT].packets,
		      &v[NET_RECEIVED].bytes, &v[NET_RECEIVED].packets, &end) == 4 && end && !s[end];
}

static bool class_line(const char *s, struct net_traffic *t)
{
	unsigned cls, v6;
	int end = 0;

	return sscanf(s, "%2u %1u %n", &cls, &v6, &end) == 2 && end && cls < NET_CLASS_N && v6 < 2 && cells(s + end, t->v[cls][v6]);
}

static bool month_line(const char *s, struct traffic_file *f, size_t *n)
{
	unsigned month;
	int end = 0;

	if (sscanf(s, "%6u %n", &month, &end) != 1 || !end || *n >= CT_TRAFFIC_MONTHS || month < 197001 || month % 100 - 1 > 11)
		return false;
	f->t.month[*n].month = (int)month;
	return cells(s + end, f->t.month[(*n)++].v);
}

static bool source_line(const char *s, struct traffic_file *f)
{
	struct traffic_src *src = &f->src[f->n_src];
	int end = 0;

	if (f->n_src >= TRAFFIC_SOURCES || sscanf(s, "%15s %95s%n", src->ifname, src->id, &end) != 2 || !end || s[end])
		return false;
	f->n_src++;
	return true;
}

static bool line(const char *s, struct traffic_file *f, size_t *months)
{
	if (str_starts(s, "total "))
		return class_line(s + 6, &f->t.total);
	if (str_starts(s, "month "))
		return month_line(s + 6, f, months);
	if (str_starts(s, "source "))
		return source_line(s + 7, f);
	if (str_starts(s, "last "))
		return f->n_src && class_line(s + 5, &f->src[f->n_src - 1].last);
	return false;
}

int traffic_file_parse(const char *text, struct traffic_file *ret, struct err *e)
{
	auto_free char *copy = strdup(text);
	uint64_t seq = 0, last = 0;
	size_t months = 0;
	int end = 0;
	bool ok = copy != NULL, done = false;

	memset(ret, 0, sizeof(*ret));
	for (char *s = copy, *next; ok && s && *s; s = next) {
		next = strchr(s, '\n');
		ok = next && !done;
		if (next)
			*next++ = '\0';
		if (s == copy)
			ok = ok && str_starts(s, head) && sscanf(s + sizeof(head) - 1, " %" SCNu64 "%n", &seq, &end) == 1 &&
			     !s[sizeof(head) - 1 + (size_t)end];
		else if (ok && sscanf(s, "end %" SCNu64 "%n", &last, &end) == 1)
			done = !s[end];
		else
			ok = ok && line(s, ret, &months);
	}
	if (!ok || !done || last != seq)
		return err_say(e, EBADMSG, "not a whole record of traffic");
	ret->seq = seq;
	return 0;
}

static void print_cells(struct buf *b, const struct net_traffic_cell v[NET_WAY_N])
{
	buf_addf(b, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", v[NET_SENT].bytes, v[NET_SENT].packets,
		 v[NET_RECEIVED].bytes, v[NET_RECEIVED].packets);
}

static void print_classes(struct buf *b, const char *word, const struct net_traffic *t)
{
	for (unsigned c = 0; c < NET_CLASS_N; c++)
		for (unsigned f = 0; f < 2; f++) {
			if (!t->v[c][f][NET_SENT].packets && !t->v[c][f][NET_RECEIVED].packets)
				continue;
			buf_addf(b, "%s %u %u", word, c, f);
			print_cells(b, t->v[c][f]);
		}
}

void traffic_file_print(const struct traffic_file *f, struct buf *b)
{
	buf_addf(b, "%s %" PRIu64 "\n", head, f->seq);
	print_classes(b, "total", &f->t.total);
	for (size_t i = 0; i < CT_TRAFFIC_MONTHS && f->t.month[i].month; i++) {
		buf_addf(b, "month %d", f->t.month[i].month);
		print_cells(b, f->t.month[i].v);
	}
	for (size_t i = 0; i < f->n_src; i++) {
		buf_addf(b, "source %s %s\n", f->src[i].ifname, f->src[i].id);
		print_classes(b, "last", &f->src[i].last);
	}
	buf_addf(b, "end %" PRIu64 "\n", f->seq);
}

/* --- counting --- */

static struct traffic_src *source(struct traffic_file *f, const char *ifname)
{
	for (size_t i = 0; i < f->n_src; i++)
		if (str_eq(f->src[i].ifname, ifname))
			return &f->src[i];
	return NULL;
}

/* A clock that goes back adds to the month it came from: months only ever go forward. */
static struct ct_traffic_month *month_of(struct ct_traffic *t, int month)
{
	if (month <= t->month[0].month)
		return &t->month[0];
	memmove(&t->month[1], &t->month[0], sizeof(t->month) - sizeof(t->month[0]));
	t->month[0] = (struct ct_traffic_month){ .month = month };
	return &t->month[0];
}

/* A counter that is smaller than it was began anew. */
static void advance(struct net_traffic_cell *sum, struct net_traffic_cell *month, struct net_traffic_cell *last,
		    const struct net_traffic_cell *now)
{
	uint64_t bytes = now->bytes >= last->bytes ? now->bytes - last->bytes : now->bytes;
	uint64_t packets = now->packets >= last->packets ? now->packets - last->packets : now->packets;

	sum->bytes += bytes;
	sum->packets += packets;
	month->bytes += bytes;
	month->packets += packets;
	*last = *now;
}

void traffic_file_count(struct traffic_file *f, const char *ifname, const char *id, const struct net_traffic *now, int month)
{
	struct ct_traffic_month *m = month_of(&f->t, month);
	struct traffic_src *s = source(f, ifname);

	if (!s) {
		if (f->n_src == TRAFFIC_SOURCES)	/* the oldest has long been gone */
			memmove(&f->src[0], &f->src[1], --f->n_src * sizeof(f->src[0]));
		s = &f->src[f->n_src++];
		*s = (struct traffic_src){ 0 };
		str_copy(s->ifname, sizeof(s->ifname), ifname);
	}
	if (!str_eq(s->id, id)) {
		memset(&s->last, 0, sizeof(s->last));
		str_copy(s->id, sizeof(s->id), id);
	}
	for (unsigned c = 0; c < NET_CLASS_N; c++)
		for (unsigned v6 = 0; v6 < 2; v6++)
			for (unsigned w = 0; w < NET_WAY_N; w++)
				advance(&f->t.total.v[c][v6][w], &m->v[w], &s->last.v[c][v6][w], &now->v[c][v6][w]);
}
