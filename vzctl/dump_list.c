/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of vzdump --list and vzrestore --list. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/json_text.h"
#include "vzctl/dump.h"
#include "vzctl/tool.h"

static void date_of(char *dst, size_t size, time_t when, bool seconds)
{
	struct tm t;

	localtime_r(&when, &t);
	if (seconds)
		strftime(dst, size, "%Y-%m-%d %H:%M:%S", &t);
	else
		strftime(dst, size, "%Y-%m-%d %H:%M", &t);
}

static const char *kind_of(const struct ct_dump *d)
{
	if (d->broken[0])
		return "broken";
	return d->foreign ? "foreign" : d->end.depth ? "changes" : "whole";
}

void dump_table(struct buf *b, const struct ct_dumps *l)
{
	buf_addf(b, "%10s %-19s %-8s %7s %7s %9s  %s\n", "CTID", "DATE", "KIND", "SIZE", "HOLDS", "FILES", "NAME");
	for (size_t i = 0; i < l->n; i++) {
		const struct ct_dump *d = &l->v[i];
		char size[8], holds[8] = "-", files[24] = "-", date[32];

		tool_human(d->size, size);
		if (d->ours) {
			tool_human(d->end.bytes, holds);
			str_fmt(files, sizeof(files), "%" PRIu64, d->end.entries);
		}
		date_of(date, sizeof(date), d->when, true);
		buf_addf(b, "%10u %-19s %-8s %7s %7s %9s  %s\n", d->ctid, date, kind_of(d), size, holds, files, d->name);
		if (d->broken[0])
			buf_addf(b, "%10s %s\n", "", d->broken);
	}
}

void dump_json(struct buf *b, const struct ct_dumps *l)
{
	buf_adds(b, "[");
	for (size_t i = 0; i < l->n; i++) {
		const struct ct_dump *d = &l->v[i];

		buf_addf(b, "%s\n  {\"name\": ", i ? "," : "");
		json_str(b, d->name);
		buf_addf(b, ", \"ctid\": %u, \"created\": %lld, \"size\": %" PRIu64 ", \"kind\": \"%s\"", d->ctid,
				(long long)d->when,
			 d->size, kind_of(d));
		if (d->ours)
			buf_addf(b, ", \"bytes\": %" PRIu64 ", \"files\": %" PRIu64, d->end.bytes, d->end.entries);
		buf_adds(b, ", \"builds_on\": ");
		json_str(b, d->ours && d->end.depth ? d->end.parent_name : NULL);
		buf_addf(b, ", \"sealed\": %s, \"owner\": ", d->sealed ? "true" : "false");
		json_str(b, d->sealed && d->end.owner[0] ? d->end.owner : NULL);
		buf_adds(b, ", \"problem\": ");
		json_str(b, d->broken[0] ? d->broken : NULL);
		buf_adds(b, "}");
	}
	buf_adds(b, l->n ? "\n]\n" : "]\n");
}

static bool wanted(const struct ct_dump *d, const struct dump_opts *o)
{
	char id[16];

	str_fmt(id, sizeof(id), "%u", d->ctid);
	if ((o->ids.n && !str_list_has(&o->ids, id)) || (o->named && !str_eq(o->named, d->name)))
		return false;
	return !o->owner || (d->sealed && str_eq(d->end.owner, o->owner));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct ct_dump *)a)->name, ((const struct ct_dump *)b)->name);
}

void dump_pick(struct ct_dumps *l, const struct dump_opts *o)
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i < l->n; i++)
		if (wanted(&l->v[i], o))
			l->v[n++] = l->v[i];
	l->n = n;
	if (!o->after && !o->limit)
		return;
	if (n)
		qsort(l->v, n, sizeof(*l->v), by_name);
	while (o->after && from < n && strcmp(l->v[from].name, o->after) <= 0)
		from++;
	if (from)
		memmove(l->v, l->v + from, (n - from) * sizeof(*l->v));
	l->n = o->limit ? MIN(n - from, (size_t)o->limit) : n - from;
}

static int by_owner(const void *a, const void *b)
{
	return strcmp(((const struct ct_dump *)a)->end.owner, ((const struct ct_dump *)b)->end.owner);
}

void dump_owners(struct buf *b, struct ct_dumps *l)
{
	size_t n = 0, own = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].sealed && l->v[i].end.owner[0])
			l->v[own++] = l->v[i];
	l->n = own;
	if (own)
		qsort(l->v, own, sizeof(*l->v), by_owner);
	buf_adds(b, "{");
	for (size_t i = 0; i < own; i += n) {
		for (n = 1; i + n < own && str_eq(l->v[i + n].end.owner, l->v[i].end.owner); n++)
			;
		buf_adds(b, i ? ", " : "");
		json_str(b, l->v[i].end.owner);
		buf_addf(b, ": %zu", n);
	}
	buf_adds(b, "}\n");
}

static void add_name(struct buf *b, const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f || *s == '\\')
			buf_addf(b, "\\%03o", (unsigned char)*s);
		else
			buf_addc(b, *s);
	}
}

static void add_mode(struct buf *b, const struct bk_row *r)
{
	static const char bits[] = "rwxrwxrwx";
	char m[10];

	for (unsigned i = 0; i < 9; i++)
		m[i] = r->mode >> (8 - i) & 1 ? bits[i] : '-';
	m[9] = '\0';
	if (r->mode & 04000)
		m[2] = m[2] == 'x' ? 's' : 'S';
	if (r->mode & 02000)
		m[5] = m[5] == 'x' ? 's' : 'S';
	if (r->mode & 01000)
		m[8] = m[8] == 'x' ? 't' : 'T';
	buf_addf(b, "%c%s", r->type == 'f' || r->type == 'h' ? '-' : r->type, m);
}

void dump_file_json(struct buf *b, const struct bk_row *r)
{
	static const struct { char type; const char *name; } types[] = {
		{ 'f', "file" }, { 'd', "directory" }, { 'l', "link" }, { 'h', "file" }, { 'p', "fifo" },
	};
	const char *type = "other";

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == r->type)
			type = types[i].name;
	buf_adds(b, "{\"path\": ");
	json_str(b, r->path);
	buf_addf(b, ", \"type\": \"%s\", \"mode\": \"%04o\", \"uid\": %u, \"gid\": %u, \"size\": %" PRIu64 ", \"mtime\": %lld"
		 ", \"target\": ", type, r->mode & 07777u, r->uid, r->gid, r->size, (long long)r->mtime);
	json_str(b, r->target);
	buf_adds(b, "}");
}

void dump_file_line(struct buf *b, const struct bk_row *r)
{
	char date[32];

	date_of(date, sizeof(date), (time_t)r->mtime, false);
	add_mode(b, r);
	buf_addf(b, " %5u %5u %10" PRIu64 " %s ", r->uid, r->gid, r->size, date);
	add_name(b, r->path);
	if (r->target) {
		buf_adds(b, r->type == 'l' ? " -> " : " link to ");
		add_name(b, r->target);
	}
	buf_addc(b, '\n');
}
