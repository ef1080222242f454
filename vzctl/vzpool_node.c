/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzpool attach, detach, status: this host's view of its pools, and who stands on them. */
#include <errno.h>
#include <stdlib.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "vzctl/tool.h"
#include "vzctl/vzpool.h"

static int stands_on(struct vzpool *v, const struct ct *ct, const struct tmpl_pool *pool, struct err *e)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };

	if (ct_templates(ct, &l, e) < 0)
		return -e->code;
	for (size_t i = 0; i < l.n; i++) {
		struct err none = { 0 };
		struct tmpl_pool from;

		if (tmpl_pool_of(v->dir, l.v[i], &from, &none) == 0 && str_eq(from.name, pool->name))
			return 1;
		if (none.code && none.code != ENOENT && pool->health != TMPL_POOL_OK)
			return 1;	/* nobody can say whose it is but the one who does not answer */
	}
	return 0;
}

int vzpool_users(struct vzpool *v, const struct tmpl_pool *pool, struct vzpool_users *ret, struct err *e)
{
	auto_free unsigned *ids = NULL;
	size_t n = 0;

	*ret = (struct vzpool_users){ 0 };
	if (ct_list(v->host, &ids, &n, e) < 0)
		return -e->code;
	for (size_t i = 0; i < n; i++) {
		struct err none = { 0 };
		struct ct_info info;
		struct ct *ct = NULL;
		char id[16];

		str_fmt(id, sizeof(id), "%u", ids[i]);
		if (ct_open(v->host, id, 0, &ct, &none) < 0)
			continue;		/* destroyed meanwhile */
		if (stands_on(v, ct, pool, &none) == 1) {
			ret->first = ret->n++ ? ret->first : ids[i];
			ret->running += ct_info(ct, 0, &info, &none) == 0 && info.run == CT_RUNNING;
		}
		ct_close(ct);
	}
	return 0;
}

int vzpool_attach(struct vzpool *v, struct err *e)
{
	struct tmpl_pool p;

	if (tmpl_pool_attach(v->dir, v->word[0], v->word[1], e) < 0 || tmpl_pool_get(v->dir, v->word[0], &p, e) < 0)
		return -e->code;
	tmpl_pool_status(v->dir, &p, (int)v->wait_ms);
	printf("Pool %s is attached: %llu templates in %s\n", p.name, (unsigned long long)p.images, p.path);
	return 0;
}

int vzpool_detach(struct vzpool *v, struct err *e)
{
	struct vzpool_users u;
	struct tmpl_pool p;

	if (tmpl_pool_get(v->dir, v->word[0], &p, e) < 0)
		return -e->code;
	tmpl_pool_status(v->dir, &p, (int)v->wait_ms);
	if (!(v->given & VZPOOL_FORCE) && p.health == TMPL_POOL_OK) {
		if (vzpool_users(v, &p, &u, e) < 0)
			return -e->code;
		if (u.n)
			return err_say(e, EBUSY, "%u containers, CT %u among them, stand on pool %s and could not start without it "
				       "(--force detaches all the same)", u.n, u.first, p.name);
	}
	if (tmpl_pool_detach(v->dir, p.name, e) < 0)
		return -e->code;
	printf("Pool %s is detached\n", p.name);
	return 0;
}

/* Who stands on what cannot be asked of a pool that does not answer: one question would hang as well. */
static int fill(struct vzpool *v, struct vzpool_row *r, struct err *e)
{
	tmpl_pool_status(v->dir, &r->p, (int)v->wait_ms);
	if (r->p.health != TMPL_POOL_OK)
		v->status = 3;
	return r->p.health == TMPL_POOL_HUNG ? 0 : vzpool_users(v, &r->p, &r->u, e);
}

/* Neither who stands on them nor an exit status: for who asks all the time. */
int vzpool_health(struct vzpool *v, struct err *e)
{
	auto_free struct tmpl_pool *pools = NULL;
	auto_buf struct buf b = BUF_INIT;
	size_t n = 0;

	if (tmpl_pool_list(v->dir, &pools, &n, e) < 0)
		return -e->code;
	for (size_t i = 0; i < n; i++) {
		if (v->n && !str_eq(pools[i].name, v->word[0]))
			continue;
		tmpl_pool_status(v->dir, &pools[i], (int)v->wait_ms);
		buf_addf(&b, "%s\t%s\t%s\n", pools[i].name, tmpl_pool_health_names[pools[i].health], pools[i].why);
	}
	return tool_put(&b) ? err_set(e, EIO, "standard output") : 0;
}

int vzpool_status(struct vzpool *v, struct err *e)
{
	auto_free struct tmpl_pool *pools = NULL;
	auto_free struct vzpool_row *rows = NULL;
	auto_buf struct buf b = BUF_INIT;
	size_t n = 0, m = 0;

	if (tmpl_pool_list(v->dir, &pools, &n, e) < 0)
		return -e->code;
	rows = calloc(n + 1, sizeof(*rows));
	if (!rows)
		return err_set(e, ENOMEM, "pools");
	for (size_t i = 0; i < n; i++) {
		if (v->n && !str_eq(pools[i].name, v->word[0]))
			continue;
		rows[m].p = pools[i];
		if (fill(v, &rows[m++], e) < 0)
			return -e->code;
	}
	if (v->n && !m)
		return err_say(e, ENOENT, "no pool %s is attached ('vzpool list' names those that are)", v->word[0]);
	if (v->given & VZPOOL_JSON)
		vzpool_json(&b, rows, m);
	else
		vzpool_table(&b, rows, m);
	return tool_put(&b) ? err_set(e, EIO, "standard output") : 0;
}
