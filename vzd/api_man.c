/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of vz-api(7): routes, problems, roles and events as mdoc, from the rows that serve them. */
#include "vzd/api_man.h"

#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/str.h"
#include "vzd/api.h"
#include "vzd/bus.h"

/* Text between macros: a line that would begin one, and backslashes, are made harmless. */
static void text(struct buf *b, const char *s)
{
	if (*s == '.' || *s == '\'')
		buf_adds(b, "\\&");
	for (; *s; s++) {
		if (*s == '\\')
			buf_adds(b, "\\e");
		else
			buf_addc(b, *s);
	}
	buf_addc(b, '\n');
}

static void fields(struct buf *b, const char *what, const struct api_field *f)
{
	if (!f || !f->name)
		return;
	buf_addf(b, ".Pp\n%s:\n.Bl -tag -width Ds -compact\n", what);
	for (; f->name; f++) {
		buf_addf(b, ".It Va %s", f->name);
		buf_adds(b, f->required ? " No (required)\n" : "\n");
		text(b, f->doc);
		if (f->one_of)
			buf_addf(b, "One of: %s.\n", f->one_of);
	}
	buf_adds(b, ".El\n");
}

static void route(struct buf *b, const struct api_route *r)
{
	buf_addf(b, ".It Li %s %s\n", r->verb, r->path);
	text(b, r->doc);
	buf_addf(b, ".br\nScope: %s%s%s.\n", r->scope == SCOPE_NONE ? "none" : scope_names[r->scope],
		 r->flags & API_JOB ? "; answers 202 with an operation, or what Prefer: wait=N waits for" : "",
		 r->flags & API_LOCAL ? "; through /run/vz/vzd.sock only" : r->flags & API_PAGED ? "; pages" : "");
	fields(b, "Query", r->query);
	fields(b, "Body", r->body);
}

void api_man_routes(struct buf *b)
{
	buf_adds(b, ".Bl -tag -width Ds\n");
	for (size_t t = 0; t < api_tables_n; t++)
		for (size_t i = 0; i < api_tables[t]->n; i++)
			route(b, &api_tables[t]->v[i]);
	buf_adds(b, ".El\n");
}

void api_man_problems(struct buf *b)
{
	buf_adds(b, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < api_problems_n; i++) {
		buf_addf(b, ".It Li %s , No %d\n", api_problems[i].slug, api_problems[i].status);
		text(b, api_problems[i].doc);
	}
	buf_adds(b, ".El\n");
}

void api_man_events(struct buf *b)
{
	buf_adds(b, ".Bl -tag -width Ds -compact\n");
	for (size_t i = 0; i < bus_types_n; i++) {
		buf_addf(b, ".It Li %s\n", bus_types[i].name);
		text(b, bus_types[i].doc);
	}
	buf_adds(b, ".El\n");
}

void api_man_roles(struct buf *b)
{
	buf_adds(b, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < auth_roles_n; i++) {
		buf_addf(b, ".It Li %s\n", auth_roles[i].name);
		text(b, auth_roles[i].doc);
		buf_adds(b, "Scopes:");
		for (int s = 0; s < SCOPE_NONE; s++)
			if (auth_roles[i].scopes >> s & 1)
				buf_addf(b, " %s", scope_names[s]);
		buf_adds(b, ".\n");
	}
	buf_adds(b, ".El\n");
}
