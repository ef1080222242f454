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

static bool number_line(const char *s, uint64_t *ret)
{
	int end = 0;

	return sscanf(s, "%" SCNu64 "%n", ret, &end) == 1 && end && !s[end];
}

static bool clock_line(const char *s, struct traffic_steady *st)
{
	int end = 0;

	return sscanf(s, "%47s %" SCNd64 " %" SCNd64 "%n", st->boot, &st->offset_s, &st->since_s, &end) == 3 && end && !s[end];
}

static bool line(const char *s, struct traffic_file *f, size_t *months)
{
	if (str_starts(s, "total "))
		return class_line(s + 6, &f->t.total);
	if (str_starts(s, "here "))
		return class_line(s + 5, &f->t.here);
	if (str_starts(s, "made "))
		return number_line(s + 5, &f->t.made);
	if (str_starts(s, "clock "))
		return clock_line(s + 6, &f->steady);
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
	if (f->t.made) {
		buf_addf(b, "made %" PRIu64 "\n", f->t.made);
		print_classes(b, "here", &f->t.here);
	}
	if (f->steady.boot[0])
		buf_addf(b, "clock %s %" PRId64 " %" PRId64 "\n", f->steady.boot, f->steady.offset_s, f->steady.since_s);
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

/* Newest first. Of a month that is older than all there is room for: the oldest. */
static struct ct_traffic_month *month_of(struct ct_traffic *t, int month)
{
	size_t i = 0;

	while (i < CT_TRAFFIC_MONTHS - 1 && t->month[i].month > month)
		i++;
	if (t->month[i].month >= month)
		return &t->month[i];
	memmove(&t->month[i + 1], &t->month[i], (CT_TRAFFIC_MONTHS - 1 - i) * sizeof(t->month[0]));
	t->month[i] = (struct ct_traffic_month){ .month = month };
	return &t->month[i];
}

uint64_t ct_traffic_used(const struct ct_traffic *t)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < CT_TRAFFIC_MONTHS && t->month[i].month && t->month[i].month >= t->now; i++)
		sum += t->month[i].v[NET_SENT].bytes + t->month[i].v[NET_RECEIVED].bytes;
	return sum;
}

/* What was booked in months that are still to come goes to this one. */
static void take_back(struct ct_traffic *t, int now)
{
	struct net_traffic_cell sum[NET_WAY_N] = { 0 };
	struct ct_traffic_month *m;
	size_t n = 0;

	for (; n < CT_TRAFFIC_MONTHS && t->month[n].month > now; n++)
		for (unsigned w = 0; w < NET_WAY_N; w++) {
			sum[w].bytes += t->month[n].v[w].bytes;
			sum[w].packets += t->month[n].v[w].packets;
		}
	if (!n)
		return;
	memmove(&t->month[0], &t->month[n], (CT_TRAFFIC_MONTHS - n) * sizeof(t->month[0]));
	memset(&t->month[CT_TRAFFIC_MONTHS - n], 0, n * sizeof(t->month[0]));
	m = month_of(t, now);
	for (unsigned w = 0; w < NET_WAY_N; w++) {
		m->v[w].bytes += sum[w].bytes;
		m->v[w].packets += sum[w].packets;
	}
}

int traffic_file_month(struct traffic_file *f, const struct traffic_clock *c)
{
	int now = traffic_clock_month(c), newest = f->t.month[0].month;
	bool sure = traffic_clock_sure(c, &f->steady);

	if (!traffic_clock_plausible(c) && newest > now)
		now = newest;
	else if (sure)
		take_back(&f->t, now);
	f->t.now = now;
	return now;
}

/* A counter that is smaller than it was began anew. */
static void advance(struct net_traffic_cell *sum, struct net_traffic_cell *here, struct net_traffic_cell *month,
		    struct net_traffic_cell *last, const struct net_traffic_cell *now)
{
	uint64_t bytes = now->bytes >= last->bytes ? now->bytes - last->bytes : now->bytes;
	uint64_t packets = now->packets >= last->packets ? now->packets - last->packets : now->packets;

	sum->bytes += bytes;
	sum->packets += packets;
	here->bytes += bytes;
	here->packets += packets;
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
				advance(&f->t.total.v[c][v6][w], &f->t.here.v[c][v6][w], &m->v[w], &s->last.v[c][v6][w],
					&now->v[c][v6][w]);
}
