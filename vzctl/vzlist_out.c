/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzlist's order, its text form and its JSON form. Widths and frames are interface: scripts cut columns and match lines. */
#include <ctype.h>
#include <string.h>

#include "net/net.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/json_text.h"
#include "vzctl/vzlist.h"

/* --- order --- */

struct sort_arg { const struct vzlist_field *by; bool down; };

static int cmp_num(double a, double b)
{
	return (a > b) - (a < b);
}

static const char *cell_text(const struct vzlist_cell *c)
{
	if (c->str)
		return c->str;
	return c->list && c->list->n ? c->list->v[0] : "";
}

static int sort_cmp(const void *pa, const void *pb, void *arg)
{
	const struct vzlist_row *a = pa, *b = pb;
	const struct sort_arg *s = arg;
	const struct vzlist_col *col = s->by->col;
	struct vzlist_cell ca, cb;
	int d = 0;

	col->get(a, col, s->by->part, &ca);
	col->get(b, col, s->by->part, &cb);
	switch (col->type) {
	case LIST_STR:
	case LIST_LIST:
	case LIST_ONOFF:
	case LIST_SMART:
		d = strcmp(cell_text(&ca), cell_text(&cb));
		break;
	case LIST_ID:
	case LIST_NUM:
	case LIST_FLAG:
	case LIST_FLAG3:
	case LIST_UPTIME:
	case LIST_UBC:
	case LIST_DISK:
	case LIST_LOAD:
	case LIST_TYPE_N:
		d = ca.set != cb.set ? ca.set - cb.set : cmp_num((double)ca.num + ca.real, (double)cb.num + cb.real);
		break;
	}
	if (s->down)
		d = -d;
	return d ? d : cmp_num(a->id, b->id);
}

void vzlist_sort(struct vzlist_row *v, size_t n, const struct vzlist_field *by, bool down)
{
	struct sort_arg s = { .by = by, .down = down };

	qsort_r(v, n, sizeof(*v), sort_cmp, &s);
}

/* --- text --- */

static void put_lower(struct buf *b, const char *s)
{
	for (; *s; s++)
		buf_addc(b, (char)tolower((unsigned char)*s));
}

/* Addresses of a running container are shown without their prefix, unless they are a whole network. */
static void put_item(struct buf *b, const struct vzlist_row *r, const struct vzlist_col *c, const char *item)
{
	const char *slash = r->info.run == CT_RUNNING && str_eq(c->name, "ip") ? strchr(item, '/') : NULL;
	struct err ignored = { 0 };
	struct net_ip ip;

	if (slash && net_ip_parse(item, &ip, &ignored) == 0 && net_ip_is_net(&ip))
		slash = NULL;
	buf_add(b, item, slash ? (size_t)(slash - item) : strlen(item));
}

static void put_list(struct buf *b, const struct vzlist_row *r, const struct vzlist_col *c, const struct str_list *l,
		     size_t max)
{
	for (size_t i = 0; i < l->n && i < max; i++) {
		if (i)
			buf_addc(b, c->type == LIST_ONOFF ? ',' : ' ');
		if (c->type == LIST_ONOFF)
			put_lower(b, l->v[i]);
		else
			put_item(b, r, c, l->v[i]);
	}
}

static void put_uptime(struct buf *b, double up)
{
	unsigned long s = (unsigned long)up;

	buf_addf(b, "%03lud%02luh:%02lum:%02lus", s / 86400, s / 3600 % 24, s / 60 % 60, s % 60);
}

/* The value without padding. */
static void put_value(struct buf *b, const struct vzlist_row *r, const struct vzlist_col *c,
		      const struct vzlist_cell *cell, bool last)
{
	switch (c->type) {
	case LIST_STR:
		buf_adds(b, cell->str);
		return;
	case LIST_LIST:
		put_list(b, r, c, cell->list, last ? SIZE_MAX : 1);
		return;
	case LIST_ONOFF:
		put_list(b, r, c, cell->list, SIZE_MAX);
		return;
	case LIST_FLAG:
	case LIST_FLAG3:
		buf_adds(b, cell->num ? "yes" : "no");
		return;
	case LIST_UPTIME:
		put_uptime(b, cell->real);
		return;
	case LIST_SMART:
		if (cell->str) {
			buf_adds(b, cell->str);
			return;
		}
		buf_addu(b, cell->num);
		return;
	case LIST_ID:
	case LIST_NUM:
	case LIST_UBC:
	case LIST_DISK:
	case LIST_LOAD:
	case LIST_TYPE_N:
		buf_addu(b, cell->num);
		return;
	}
}

static bool col_is_text(const struct vzlist_col *c)
{
	return c->type == LIST_STR || c->type == LIST_LIST || c->type == LIST_ONOFF || c->type == LIST_SMART;
}

static void put_cell(struct buf *b, const struct vzlist_row *r, const struct vzlist_field *f, bool last, bool no_trim)
{
	struct buf auto_buf val = BUF_INIT;
	struct vzlist_cell cell;
	int cut = -1;

	f->col->get(r, f->col, f->part, &cell);
	if (cell.set)
		put_value(&val, r, f->col, &cell, last);
	else
		buf_adds(&val, "-");
	if (col_is_text(f->col) && !f->col->whole && !last && !no_trim)
		cut = f->col->width;
	buf_addf(b, "%*.*s", f->col->right ? f->col->width : -f->col->width, cut, buf_str(&val));
}

static void end_line(struct buf *b)
{
	while (b->len && b->s[b->len - 1] == ' ')
		b->len--;
	buf_addc(b, '\n');
}

static void put_header(struct buf *b, const struct vzlist_fields *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct vzlist_col *c = f->v[i].col;
		char head[32];

		if (f->v[i].part)
			snprintf(head, sizeof(head), "%s.%c", c->header, f->v[i].part - 'a' + 'A');
		else
			snprintf(head, sizeof(head), "%s", c->header);
		buf_addf(b, "%s%*s", i ? " " : "", c->head_right ? c->width : -c->width, head);
	}
	end_line(b);
}

void vzlist_text(struct buf *b, const struct vzlist_fields *f, const struct vzlist_row *v, size_t n,
		 const struct vzlist_form *form)
{
	if (!form->no_header)
		put_header(b, f);
	for (size_t r = 0; r < n; r++) {
		for (size_t i = 0; i < f->n; i++) {
			if (i)
				buf_addc(b, ' ');
			put_cell(b, &v[r], &f->v[i], i + 1 == f->n, form->no_trim);
		}
		end_line(b);
	}
}

/* --- JSON --- */

static void json_list(struct buf *b, const struct vzlist_row *r, const struct vzlist_col *c, const struct str_list *l)
{
	buf_addc(b, '[');
	for (size_t i = 0; l && i < l->n; i++) {
		struct buf auto_buf item = BUF_INIT;

		put_item(&item, r, c, l->v[i]);
		if (i)
			buf_adds(b, ", ");
		json_text(b, buf_str(&item), item.len);
	}
	buf_addc(b, ']');
}

/* "nfs:on" -> "nfs": true */
static void json_onoff(struct buf *b, const struct str_list *l)
{
	buf_addc(b, '{');
	for (size_t i = 0; i < l->n; i++) {
		struct buf auto_buf name = BUF_INIT;
		const char *colon = strchr(l->v[i], ':');

		put_lower(&name, l->v[i]);
		buf_adds(b, i ? ",\n      " : "\n      ");
		json_text(b, buf_str(&name), colon ? (size_t)(colon - l->v[i]) : name.len);
		buf_adds(b, colon && !strcasecmp(colon, ":on") ? ": true" : ": false");
	}
	buf_adds(b, "\n    }");
}

static void json_part(struct buf *b, const struct vzlist_row *r, const struct vzlist_col *c, char part, const char *key,
		      bool first)
{
	struct vzlist_cell cell;

	c->get(r, c, part, &cell);
	buf_adds(b, first ? "{\n      \"" : ",\n      \"");
	buf_adds(b, key);
	buf_adds(b, "\": ");
	buf_addu(b, cell.set ? cell.num : 0);
}

static void json_ubc(struct buf *b, const struct vzlist_row *r, const struct vzlist_col *c)
{
	json_part(b, r, c, 0, "held", true);
	json_part(b, r, c, 'm', "maxheld", false);
	json_part(b, r, c, 'b', "barrier", false);
	json_part(b, r, c, 'l', "limit", false);
	json_part(b, r, c, 'f', "failcnt", false);
	buf_adds(b, "\n    }");
}

static void json_disk(struct buf *b, const struct vzlist_row *r, const struct vzlist_col *c)
{
	const struct num_pair *lim = c->arg ? &r->conf->quota.inodes : &r->conf->quota.space;

	if (!lim->set && !(c->arg ? r->info.disk.used_inodes : r->info.disk.used_kib)) {
		buf_adds(b, "null");
		return;
	}
	json_part(b, r, c, 0, "usage", true);
	json_part(b, r, c, 's', "softlimit", false);
	json_part(b, r, c, 'h', "hardlimit", false);
	buf_adds(b, "\n    }");
}

static void json_value(struct buf *b, const struct vzlist_row *r, const struct vzlist_col *c)
{
	struct vzlist_cell cell;

	c->get(r, c, 0, &cell);
	switch (c->type) {
	case LIST_STR:
		if (cell.set)
			json_str(b, cell.str);
		else
			buf_adds(b, "null");
		return;
	case LIST_LIST:
		json_list(b, r, c, cell.list);
		return;
	case LIST_ONOFF:
		if (cell.set)
			json_onoff(b, cell.list);
		else
			buf_adds(b, "null");
		return;
	case LIST_FLAG:
		buf_adds(b, cell.num ? "true" : "false");
		return;
	case LIST_FLAG3:
		buf_adds(b, !cell.set ? "null" : cell.num ? "true" : "false");
		return;
	case LIST_UPTIME:
		buf_addf(b, "%.3f", cell.set ? cell.real : 0.0);
		return;
	case LIST_UBC:
		json_ubc(b, r, c);
		return;
	case LIST_DISK:
		json_disk(b, r, c);
		return;
	case LIST_LOAD:
		buf_adds(b, "null");
		return;
	case LIST_SMART:
		if (cell.str) {
			json_str(b, cell.str);
			return;
		}
		buf_addu(b, cell.num);
		return;
	case LIST_ID:
	case LIST_NUM:
	case LIST_TYPE_N:
		buf_addu(b, cell.num);
		return;
	}
}

int vzlist_json(struct buf *b, const struct vzlist_fields *f, const struct vzlist_row *v, size_t n, struct err *e)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].part)
			return err_say(e, EINVAL, "Field `%s.%c' is not available in JSON output", f->v[i].col->name,
				       f->v[i].part);
	buf_addc(b, '[');
	for (size_t r = 0; r < n; r++) {
		buf_adds(b, r ? ",\n  {" : "\n  {");
		for (size_t i = 0; i < f->n; i++) {
			buf_adds(b, i ? ",\n    \"" : "\n    \"");
			buf_adds(b, f->v[i].col->name);
			buf_adds(b, "\": ");
			json_value(b, &v[r], f->v[i].col);
		}
		buf_adds(b, "\n  }");
	}
	buf_adds(b, n ? "\n]\n" : "]\n");
	return 0;
}
