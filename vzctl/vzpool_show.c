/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What vzpool prints: pools and images as tables, pools as JSON. */
#include "util/buf.h"
#include "util/json_text.h"
#include "vzctl/tool.h"
#include "vzctl/vzpool.h"

void vzpool_table(struct buf *b, const struct vzpool_row *v, size_t n)
{
	buf_addf(b, "%-16s %-9s %-8s %7s %6s %5s %8s  %s\n", "NAME", "KIND", "STATE", "IMAGES", "SIZE", "CTS", "RUNNING",
		 "SOURCE");
	for (size_t i = 0; i < n; i++) {
		const struct tmpl_pool *p = &v[i].p;
		char size[8];

		tool_human(p->bytes, size);
		buf_addf(b, "%-16s %-9s %-8s %7llu %6s %5u %8u  %s\n", p->name, tmpl_pool_kind_names[p->kind],
			 tmpl_pool_health_names[p->health], (unsigned long long)p->images, p->bytes ? size : "-", v[i].u.n,
			 v[i].u.running, p->source);
	}
	for (size_t i = 0; i < n; i++)
		if (v[i].p.why[0])
			buf_addf(b, "%s: %s\n", v[i].p.name, v[i].p.why);
}

static void text(struct buf *b, const char *key, const char *value)
{
	buf_addf(b, "\"%s\":", key);
	json_str(b, value);
	buf_addc(b, ',');
}

void vzpool_json(struct buf *b, const struct vzpool_row *v, size_t n)
{
	buf_addc(b, '[');
	for (size_t i = 0; i < n; i++) {
		const struct tmpl_pool *p = &v[i].p;

		buf_adds(b, i ? ",\n{" : "{");
		text(b, "name", p->name);
		text(b, "kind", tmpl_pool_kind_names[p->kind]);
		text(b, "source", p->source);
		text(b, "path", p->path);
		text(b, "id", p->id);
		text(b, "state", tmpl_pool_health_names[p->health]);
		text(b, "why", p->why);
		buf_addf(b, "\"images\":%llu,\"bytes\":%llu,\"containers\":%u,\"running\":%u}", (unsigned long long)p->images,
			 (unsigned long long)p->bytes, v[i].u.n, v[i].u.running);
	}
	buf_adds(b, "]\n");
}

void vzpool_images(struct buf *b, const struct tmpl_image *v, size_t n)
{
	buf_addf(b, "%-40s %-9s %6s %8s  %s\n", "TEMPLATE", "FORMAT", "SIZE", "ENTRIES", "SHA-256 OF THE TEMPLATE");
	for (size_t i = 0; i < n; i++) {
		char size[8];

		tool_human(v[i].bytes, size);
		buf_addf(b, "%-40s %-9s %6s %8llu  %s\n", v[i].name, v[i].bytes ? v[i].format : "damaged", v[i].bytes ? size : "-",
			 (unsigned long long)v[i].entries, v[i].digest);
	}
}
