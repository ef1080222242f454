/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree of an archive in memory. In the box; only the program that serves mounted archives links it. */
#include "templates/backup_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/str.h"

#define SEGS_MAX (1u << 20)

static uint64_t hash_of(uint32_t dir, const char *name)
{
	uint64_t h = 0xcbf29ce484222325ull ^ dir;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3ull;
	return h ^ h >> 29;
}

static uint32_t *slot_of(const struct bk_tree *t, uint32_t dir, const char *name)
{
	uint32_t i = (uint32_t)hash_of(dir, name) & (t->n_slots - 1);

	while (t->slots[i] && (t->v[t->slots[i]].parent != dir || !str_eq(t->v[t->slots[i]].name, name)))
		i = (i + 1) & (t->n_slots - 1);
	return &t->slots[i];
}

uint32_t bk_tree_find(const struct bk_tree *t, uint32_t dir, const char *name)
{
	return t->n_slots ? *slot_of(t, dir, name) : 0;
}

static int grow(struct bk_tree *t, struct err *e)
{
	uint32_t max = t->max ? t->max * 2 : 4096, n = 4 * max;
	struct bk_node *v = max > BK_NODES_MAX ? NULL : reallocarray(t->v, max + 1, sizeof(*v));

	if (!v)
		return err_set(e, ENOMEM, "so many files");
	t->v = v;
	t->max = max;
	free(t->slots);
	t->slots = calloc(n, sizeof(*t->slots));
	t->n_slots = t->slots ? n : 0;
	if (!t->slots)
		return err_set(e, ENOMEM, "so many files");
	for (uint32_t i = 2; i <= t->n; i++)
		*slot_of(t, v[i].parent, v[i].name) = i;
	return 0;
}

static uint32_t by_path(const struct bk_tree *t, const char *path)
{
	uint32_t at = 1;
	char part[256];

	while (at && *path) {
		size_t n = strcspn(path, "/");

		if (n >= sizeof(part))
			return 0;
		memcpy(part, path, n);
		part[n] = '\0';
		at = bk_tree_find(t, at, part);
		path += n + (path[n] == '/');
	}
	return at;
}

static int hang_in(struct bk_tree *t, uint32_t i, struct err *e)
{
	struct bk_node *x = &t->v[i];
	char *slash = strrchr(x->row.path, '/');
	uint32_t parent = 1;

	if (slash) {
		*slash = '\0';
		parent = by_path(t, x->row.path);
		*slash = '/';
	}
	x->name = slash ? slash + 1 : x->row.path;
	if (!parent || t->v[parent].row.type != 'd' || bk_tree_find(t, parent, x->name))
		return err_say(e, EBADMSG, "the index has a file without its directory");
	x->parent = parent;
	if (t->v[parent].last)
		t->v[t->v[parent].last].next = i;
	else
		t->v[parent].child = i;
	t->v[parent].last = i;
	*slot_of(t, parent, x->name) = i;
	return 0;
}

static int add(struct bk_tree *t, const struct bk_row *r, struct err *e)
{
	struct bk_node *x;

	if (t->n == t->max && grow(t, e) < 0)
		return -e->code;
	if (r->archive >= t->n_in || (t->n == 0) != str_eq(r->path, ".") || (t->n == 0 && r->type != 'd'))
		return err_say(e, EBADMSG, "a line of the index names no member");
	x = &t->v[t->n + 1];
	*x = (struct bk_node){ .row = *r, .link = t->n + 1 };
	x->row.path = strdup(r->path);
	x->row.target = r->target ? strdup(r->target) : NULL;
	t->n++;
	if (!x->row.path || (r->target && !x->row.target))
		return err_set(e, ENOMEM, "so many files");
	if (t->n == 1) {
		x->name = x->row.path;
		return 0;
	}
	if (hang_in(t, t->n, e) < 0 || r->type != 'h')
		return -e->code;
	x->link = by_path(t, r->target);
	if (!x->link || x->link == t->n || t->v[x->link].row.type == 'd' || t->v[x->link].row.type == 'h')
		return err_say(e, EBADMSG, "a hard link in the index leads to no file");
	return 0;
}

int bk_tree_open(struct bk_tree *t, const int *fds, unsigned n, struct err *e)
{
	struct bk_rows *rows = NULL;
	struct bk_row r;
	int rc;

	for (; t->n_in < n; t->n_in++)
		if (bk_in_open(&t->in[t->n_in], fds[t->n_in], e) < 0) {
			t->bad = t->n_in + 1;
			bk_in_close(&t->in[t->n_in]);
			return -e->code;
		}
	t->bad = n;
	if (n == 0 || t->in[n - 1].end.depth != n - 1)
		return err_say(e, EBADMSG, "the chain of archives is not whole");
	if (bk_rows_open(&rows, &t->in[n - 1], e) < 0)
		return -e->code;
	while ((rc = bk_rows_next(rows, &r, e)) > 0)
		if (add(t, &r, e) < 0) {
			rc = -e->code;
			break;
		}
	bk_rows_close(rows);
	if (rc == 0 && t->n == 0)
		return err_say(e, EBADMSG, "the archive holds nothing");
	return rc;
}

void bk_tree_close(struct bk_tree *t)
{
	for (uint32_t i = 1; i <= t->n; i++) {
		free(t->v[i].row.path);
		free(t->v[i].row.target);
	}
	free(t->v);
	free(t->slots);
	for (unsigned i = 0; i < t->n_in; i++)
		bk_in_close(&t->in[i]);
	*t = (struct bk_tree){ 0 };
}

/* --- contents ------------------------------------------------------------------------------------------------------- */

/* A number and its newline at *at of the member. */
static int number(struct bk_in *in, uint64_t *at, uint64_t *ret, struct err *e)
{
	uint64_t v = 0;

	for (unsigned digits = 0; ; digits++, (*at)++) {
		const uint8_t *p;
		size_t got;

		if (bk_in_get(in, *at, 1, &p, &got, e) < 0)
			return -e->code;
		if (*p == '\n' && digits) {
			(*at)++;
			*ret = v;
			return 0;
		}
		if (*p < '0' || *p > '9' || digits > 18)
			return err_say(e, EBADMSG, "the map of a sparse file is none");
		v = v * 10 + (*p - '0');
	}
}

int bk_tree_map(struct bk_tree *t, uint32_t node, struct bk_seg **ret, size_t *n, uint64_t *data, struct err *e)
{
	const struct bk_row *r = &t->v[node].row;
	struct bk_in *in = &t->in[r->archive];
	uint64_t at = r->off + r->data, count = 1, end = 0;
	auto_free struct bk_seg *v = NULL;

	if (r->sparse && number(in, &at, &count, e) < 0)
		return -e->code;
	v = count > SEGS_MAX ? NULL : calloc(count + 1, sizeof(*v));
	if (!v)
		return err_set(e, ENOMEM, "the map of a sparse file");
	v[0].len = MIN(r->size, r->data_len);
	for (uint64_t i = 0; r->sparse && i < count; i++) {
		if (number(in, &at, &v[i].off, e) < 0 || number(in, &at, &v[i].len, e) < 0)
			return -e->code;
		if (v[i].off < end || v[i].off > r->size || v[i].len > r->size - v[i].off)
			return err_say(e, EBADMSG, "the map of a sparse file is none");
		end = v[i].off + v[i].len;
	}
	if (r->sparse)
		at = r->off + r->data + (at - r->off - r->data + 511) / 512 * 512;
	*data = at;
	*n = count;
	*ret = take_ptr(v);
	return 0;
}

static int copy(struct bk_in *in, uint64_t at, uint8_t *to, size_t n, struct err *e)
{
	while (n) {
		const uint8_t *p;
		size_t got;

		if (bk_in_get(in, at, n, &p, &got, e) < 0)
			return -e->code;
		memcpy(to, p, got);
		at += got;
		to += got;
		n -= got;
	}
	return 0;
}

int bk_tree_read(struct bk_tree *t, uint32_t node, const struct bk_seg *seg, size_t n, uint64_t data, uint64_t off, void *to,
		 size_t size, size_t *got, struct err *e)
{
	const struct bk_row *r = &t->v[node].row;

	*got = off < r->size ? (size_t)MIN((uint64_t)size, r->size - off) : 0;
	memset(to, 0, *got);
	for (size_t i = 0; i < n && seg[i].off < off + *got; i++) {
		uint64_t from = MAX(seg[i].off, off), end = MIN(seg[i].off + seg[i].len, off + *got);

		if (from < end && copy(&t->in[r->archive], data + (from - seg[i].off), (uint8_t *)to + (from - off),
				end - from, e) < 0)
			return -e->code;
		data += seg[i].len;
	}
	return 0;
}
