/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The templates that areas stand on: noted and marked by verbs, told to the collector, collected in the background. */
#include "libct/garbage.h"

#include <stdlib.h>
#include <string.h>

#include "libct/files.h"
#include "libct/share.h"
#include "libct/snap.h"
#include "libct/snapshot.h"
#include "util/buf.h"
#include "util/detach.h"

#define NOTE_MAX 32		/* of different templates: the record has to fit into one block */
#define WAIT_MS 5000

static int add_user(void *arg, const struct ct_layer *l, const char *where, struct err *e)
{
	struct str_list *digests = arg;

	(void)where;
	return l->kind != CT_LAYER_TMPL || str_list_has(digests, l->id) ? 0 : str_list_add(digests, l->id, e);
}

/* --- of one area --- */

char *ct_garbage_note(int area)
{
	auto_call(str_list_clear) struct str_list l = { 0 };
	auto_buf struct buf b = BUF_INIT;
	struct err none = { 0 };

	/* in layout dir the area is the guest's own root, and a file of that name the guest's */
	if (area >= 0 && str_eq(ct_area_layout(area), "overlay"))
		ct_area_layers_each(area, "", add_user, &l, &none);	/* a broken list keeps no container */
	for (size_t i = 0; i < l.n && i < NOTE_MAX; i++)
		buf_addf(&b, "%s%s", i ? " " : "", l.v[i]);
	buf_adds(&b, "");
	return buf_failed(&b) ? NULL : buf_take(&b);
}

void ct_garbage_mark(const struct ct *ct, const char *note)
{
	auto_call(str_list_clear) struct str_list l = { 0 };
	struct err e = { 0 };

	if (!note || !*note || str_list_split(&l, note, " ", &e) < 0)
		return;
	for (size_t i = 0; i < l.n; i++)
		if (tmpl_gc_mark(ct->host->conf.template_dir, l.v[i], &e) < 0)
			ct_say(ct, -1, "Warning: template %.12s may be unused now, which could not be written down: %s; "
			       "'vztmpl gc' collects it", l.v[i], e.text);
}

/* --- of the host --- */

/* 101 is a container's; 101.overlay was kept by a conversion, and nobody tells us when it goes. */
static int add_area(void *arg, int area, const char *path, struct err *e)
{
	struct ct_garbage *g = arg;
	const char *name = strrchr(path, '/');

	return ct_area_layers_each(area, path, add_user, name && strchr(name, '.') ? &g->kept : &g->used, e);
}

int ct_garbage_users(void *arg, struct str_list *digests, struct err *e)
{
	struct ct_garbage *g = arg;

	if (ct_areas_each(g->host, add_area, g, e) < 0)
		return -e->code;
	for (size_t i = 0; i < g->used.n; i++)
		if (str_list_add(digests, g->used.v[i], e) < 0)
			return -e->code;
	for (size_t i = 0; i < g->kept.n; i++)
		if (!str_list_has(digests, g->kept.v[i]) && str_list_add(digests, g->kept.v[i], e) < 0)
			return -e->code;
	return 0;
}

void ct_garbage_done(struct ct_garbage *g)
{
	str_list_clear(&g->used);
	str_list_clear(&g->kept);
}

int ct_garbage_shared(struct ct_host *h, struct err *e)
{
	auto_call(str_list_clear) struct str_list parents = { 0 };

	if (ct_area_parents(h, &parents, e) < 0)
		return -e->code;
	for (size_t i = 0; i < parents.n; i++)
		if (ct_share_collect(h, parents.v[i], e) < 0)
			return err_add(e, "layers that clones share in %s", parents.v[i]);
	return 0;
}

struct run { struct ct_host *host; const char *tmpldir; };

static void collect(int fd, void *arg)
{
	const struct run *r = arg;
	struct ct_garbage users = { .host = r->host };
	struct tmpl_gc g = { .users = ct_garbage_users, .arg = &users, .marked = true, .kept = &users.kept, .wait_ms = WAIT_MS };
	struct err e = { 0 };

	(void)fd;
	/* EBUSY: whoever is at work on the store, or the next one, comes by */
	tmpl_gc(r->tmpldir, &g, &e);
	ct_garbage_done(&users);
}

void ct_garbage_collect(struct ct_host *h, const char *tmpldir)
{
	struct run r = { .host = h, .tmpldir = tmpldir ? tmpldir : h->conf.template_dir };
	struct err e = { 0 };

	if (tmpl_gc_due(r.tmpldir))
		detach_run(-1, collect, &r, &e);
}
