/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzlist's column pool: where a container's template comes from, and whether that is there. Each pool is asked once. */
#include <string.h>

#include "templates/tmpl.h"
#include "util/auto.h"
#include "util/err.h"
#include "vzctl/vzlist.h"

#define POOLS 64
#define ASK_MS 2000

static struct pool { char name[64], text[96]; bool well; } pools[POOLS];
static size_t n_pools;
static bool loaded;
static const char *dir;

void vzlist_pool_dir(const char *tmpldir)
{
	dir = tmpldir;
}

static void load(void)
{
	auto_free struct tmpl_pool *v = NULL;
	struct err none = { 0 };
	size_t n = 0;

	loaded = true;
	if (tmpl_pool_list(dir, &v, &n, &none) < 0)
		return;
	for (size_t i = 0; i < n && i < POOLS; i++) {
		struct pool *p = &pools[n_pools++];

		tmpl_pool_status(dir, &v[i], ASK_MS);
		p->well = v[i].health == TMPL_POOL_OK;
		str_copy(p->name, sizeof(p->name), v[i].name);
		str_fmt(p->text, sizeof(p->text), p->well ? "%s" : "%s(%s)", v[i].name, tmpl_pool_health_names[v[i].health]);
	}
}

/* One that does not answer cannot be asked what it has: what no store has may be its. */
static const char *of(const char *digest)
{
	struct err none = { 0 };
	struct tmpl_pool p;

	if (tmpl_is_local(dir, digest))
		return NULL;
	for (size_t i = 0; i < n_pools; i++)
		if (!pools[i].well)
			return pools[i].text;
	if (tmpl_pool_of(dir, digest, &p, &none) < 0)
		return NULL;
	for (size_t i = 0; i < n_pools; i++)
		if (str_eq(pools[i].name, p.name))
			return pools[i].text;
	return NULL;
}

const char *vzlist_pool(const struct vzlist_row *r)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };
	struct err none = { 0 };
	const char *found = NULL;

	if (!r->ct || !dir)
		return NULL;
	if (!loaded)
		load();
	if (!n_pools || ct_templates(r->ct, &l, &none) < 0)
		return NULL;
	for (size_t i = 0; i < l.n && !found; i++)
		found = of(l.v[i]);
	return found;
}
