/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From (verb, path) to its row: a tree of path segments, built once from the tables. A literal wins over a {name}. */
#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "vzd/api_priv.h"

const char *const api_verbs[VERB_N] = {
	[VERB_GET] = "GET", [VERB_POST] = "POST", [VERB_PUT] = "PUT", [VERB_PATCH] = "PATCH", [VERB_DELETE] = "DELETE",
};

struct node {
	const char *lit;		/* of the row's path, @len bytes; NULL: root or {name} */
	size_t len;
	struct node *child, *next;	/* literals below; beside */
	struct node *param;		/* the {name} below */
	const struct api_route *row[VERB_N];
	int ct_seg;
	bool any;			/* some verb is there */
};

static struct {
	const struct api_table *const *t;
	size_t n;
	struct node *root;
} routes;

int api_verb_of(const char *verb)
{
	for (int i = 0; i < VERB_N; i++) {
		if (!strcmp(verb, api_verbs[i]))
			return i;
	}
	return strcmp(verb, "HEAD") ? -1 : VERB_GET;
}

const struct api_route *api_route_next(size_t *i)
{
	size_t k = *i;

	if (!routes.t) {
		routes.t = api_tables;
		routes.n = api_tables_n;
	}
	for (size_t t = 0; t < routes.n; t++) {
		if (k < routes.t[t]->n) {
			(*i)++;
			return &routes.t[t]->v[k];
		}
		k -= routes.t[t]->n;
	}
	return NULL;
}

/* --- building --- */

static void node_free(struct node *nd)
{
	while (nd) {
		struct node *next = nd->next;

		node_free(nd->child);
		node_free(nd->param);
		free(nd);
		nd = next;
	}
}

void api_route_done(void)
{
	node_free(routes.root);
	routes.root = NULL;
	routes.t = NULL;
}

static struct node *node_below(struct node *at, const char *seg, size_t len)
{
	bool param = seg[0] == '{';
	struct node *nd = param ? at->param : at->child;

	while (nd && !param && !(nd->len == len && !memcmp(nd->lit, seg, len)))
		nd = nd->next;
	if (nd)
		return nd;
	nd = calloc(1, sizeof(*nd));
	if (!nd)
		return NULL;
	nd->ct_seg = -1;
	if (param) {
		at->param = nd;
		return nd;
	}
	nd->lit = seg;
	nd->len = len;
	nd->next = at->child;
	at->child = nd;
	return nd;
}

static int add_row(const struct api_route *r, struct err *e)
{
	struct node *at = routes.root;
	int verb = api_verb_of(r->verb), n = 0, ct = -1;

	for (const char *p = r->path; *p == '/'; ) {
		size_t len = strcspn(++p, "/");

		if (*p == '{') {
			if (len == 4 && !memcmp(p, "{ct}", 4))
				ct = n;
			n++;
		}
		at = node_below(at, p, len);
		if (!at)
			return err_set(e, ENOMEM, "routes");
		p += len;
	}
	if (verb < 0 || n > API_SEGS || at->row[verb])
		return err_say(e, EINVAL, "the row %s %s has an unknown verb, more than %d names, or is there twice",
			       r->verb, r->path, API_SEGS);
	at->row[verb] = r;
	at->any = true;
	at->ct_seg = ct;
	return 0;
}

static int build(struct err *e)
{
	const struct api_route *r;
	size_t i = 0;

	routes.root = calloc(1, sizeof(*routes.root));
	if (!routes.root)
		return err_set(e, ENOMEM, "routes");
	while ((r = api_route_next(&i))) {
		if (add_row(r, e) < 0) {
			api_route_done();
			return -e->code;
		}
	}
	return 0;
}

int api_route_use(const struct api_table *const *t, size_t n, struct err *e)
{
	api_route_done();
	routes.t = t;
	routes.n = n;
	return build(e);
}

/* --- finding --- */

/* The node of seg[i..n); fills f->seg from *k on. A literal that leads nowhere gives way to the {name} beside it. */
static const struct node *walk(const struct node *at, char *const seg[], size_t n, struct api_found *f, size_t k)
{
	const struct node *nd, *found;
	size_t len;

	if (n == 0)
		return at->any ? at : NULL;
	len = strlen(seg[0]);
	for (nd = at->child; nd; nd = nd->next) {
		if (nd->len != len || memcmp(nd->lit, seg[0], len))
			continue;
		found = walk(nd, seg + 1, n - 1, f, k);
		if (found)
			return found;
		break;
	}
	if (!at->param || k >= API_SEGS)
		return NULL;
	f->seg[k] = seg[0];
	return walk(at->param, seg + 1, n - 1, f, k + 1);
}

int api_route_find(int verb, char *const seg[], size_t n, struct api_found *f, struct err *e)
{
	const struct node *nd;

	*f = (struct api_found){ .ct_seg = -1 };
	if (!routes.root && build(e) < 0)
		return -e->code;
	nd = walk(routes.root, seg, n, f, 0);
	if (!nd)
		return 0;
	f->verbs = nd->row;
	f->route = verb >= 0 ? nd->row[verb] : NULL;
	f->ct_seg = nd->ct_seg;
	return 0;
}

/* --- the path itself --- */

static int segment(char *s, struct err *e)
{
	if (!*s)
		return err_say(e, ENOENT, "the path has an empty segment");
	if (strchr(s, '%') && api_url_decode(s, false) < 0)
		return err_say(e, EINVAL, "the path has a broken or forbidden escape");
	for (const char *p = s; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '/' || *p == '\\')
			return err_say(e, EINVAL, "the path has a forbidden character");
	}
	if (!strcmp(s, ".") || !strcmp(s, ".."))
		return err_say(e, EINVAL, "the path has a segment '%s'", s);
	return 0;
}

int api_path_split(char *path, char *seg[API_SEGS_MAX], size_t *n, struct err *e)
{
	char *p = path, *end;

	*n = 0;
	if (*p != '/')
		return err_say(e, ENOENT, "the path does not begin with '/'");
	do {
		end = strchrnul(++p, '/');
		if (*n == API_SEGS_MAX)
			return err_say(e, ENOENT, "the path has more than %d segments", API_SEGS_MAX);
		if (*end) {
			*end = '\0';
			seg[*n] = p;
			p = end;
		} else {
			seg[*n] = p;
			p = NULL;
		}
		if (segment(seg[(*n)++], e) < 0)
			return -e->code;
	} while (p);
	return 0;
}
