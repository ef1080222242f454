/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libct/capped.h"

#include <errno.h>

#include "libct/ct_priv.h"
#include "libct/files.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/kv.h"
#include "util/num.h"

/* A pair of limits, or one number or switch: no other row has the flags (tests/unit/t_capped.c). */
static bool is_pair(const struct param *p)
{
	return p->type->size == sizeof(struct num_pair);
}

static const struct num_pair no_limits = { .bar = NUM_UNLIMITED, .lim = NUM_UNLIMITED, .set = true };

static void read_field(const struct param *p, const void *field, struct num_pair *ret)
{
	const struct num_opt *o = field;

	if (is_pair(p))
		*ret = *(const struct num_pair *)field;
	else
		*ret = (struct num_pair){ .bar = o->v, .lim = o->v, .set = o->set };
}

/* What holds for a row that nobody gives. */
static void read_default(const struct param *p, struct num_pair *ret)
{
	union {
		struct num_opt one;
		struct num_pair pair;
	} def = { .pair = { 0 } };
	struct err none = { 0 };

	if (p->def && p->type->parse(p, p->def, PARAM_FILE, &def, &none) == 0)
		read_field(p, &def, ret);
	else if (is_pair(p) || p->flags & PARAM_ZERO_LIFTS)
		*ret = no_limits;
	else
		*ret = (struct num_pair){ 0 };
}

/* How much of @p there is. */
static void amount(const struct param *p, const void *field, struct num_pair *ret)
{
	read_field(p, field, ret);
	if (!ret->set)
		read_default(p, ret);
	if (p->flags & PARAM_ZERO_LIFTS && !ret->bar)
		ret->bar = NUM_UNLIMITED;
	if (p->flags & PARAM_ZERO_LIFTS && !ret->lim)
		ret->lim = NUM_UNLIMITED;
	ret->bar = MIN(ret->bar, NUM_UNLIMITED);
	ret->lim = MIN(ret->lim, NUM_UNLIMITED);
}

/* Rows that mean something else than they say: a guarantee of everything is none, and private memory has no swap of its own. */
static void have_of(const struct param *p, size_t base, const struct ct_conf *c, struct num_pair *ret)
{
	const void *field = (const char *)c + base + p->off;

	amount(p, field, ret);
	if (field == &c->cg.ubc[CG_VMGUARPAGES] && ret->bar == NUM_UNLIMITED)
		*ret = (struct num_pair){ 0 };
	if (field == &c->cg.ubc[CG_SWAPPAGES] && !c->cg.ubc[CG_SWAPPAGES].set && cg_conf_swap(&c->cg) == 0)
		*ret = (struct num_pair){ 0 };
}

static bool above(const struct num_pair *asked, const struct num_pair *have)
{
	return asked->bar > have->bar || asked->lim > have->lim;
}

bool ct_conf_more(const struct ct_conf *asked, const struct ct_conf *have, unsigned flags, struct ct_more *ret)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;
	struct num_pair a, h;
	size_t base;

	while ((p = ct_row_next(&it, &base))) {
		if (!p->key || !(p->flags & flags) || !ct_conf_row_set(p, base, asked))
			continue;
		amount(p, (const char *)asked + base + p->off, &a);
		have_of(p, base, have, &h);
		if (!above(&a, &h))
			continue;
		*ret = a.lim > h.lim ? (struct ct_more){ p, a.lim, h.lim } : (struct ct_more){ p, a.bar, h.bar };
		return true;
	}
	return false;
}

/* Does @c have more of it than @most? Then *field becomes as much as @most has. */
static bool lower(const struct param *p, size_t base, struct ct_conf *c, const struct ct_conf *most)
{
	void *field = param_field(p, base, c);
	struct num_pair a, h;

	have_of(p, base, c, &a);
	have_of(p, base, most, &h);
	if (!above(&a, &h))
		return false;
	a.bar = MIN(a.bar, h.bar);
	a.lim = MIN(a.lim, h.lim);
	a.set = true;
	if (is_pair(p))
		*(struct num_pair *)field = a;
	else
		*(struct num_opt *)field = (struct num_opt){ .v = a.lim, .set = true };
	return true;
}

/* --ram and --swap have no keys: they write the fields of those that have. */
static const struct param *next_capped(struct ct_row_iter *it, size_t *base)
{
	const struct param *p;

	while ((p = ct_row_next(it, base)))
		if (p->key && p->flags & PARAM_CAPPED)
			return p;
	return NULL;
}

int ct_conf_new(const struct ct_host *h, struct ct_conf *ret, struct err *e)
{
	const struct ct_conf_src src = { .file = "sample" };
	const char *name = h->conf.configfile;
	auto_kv struct kv sample = { 0 };
	auto_free char *path = NULL;

	if (name && *name && (ct_sample_load(name, &sample, &path, e) < 0 || ct_conf_read(ret, &sample, &src, e) < 0))
		return err_add(e, "the limits that new containers have");
	err_clear(e);
	ct_conf_defaults(ret, &h->defaults, e);
	return -e->code;
}

void ct_conf_lower(struct ct_conf *c, const struct ct_conf *most)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	while ((p = next_capped(&it, &base)))
		lower(p, base, c, most);
}

int ct_kv_lower(const struct ct *ct, struct kv *kv, struct err *e)
{
	auto_conf struct ct_conf most = { 0 }, has = { 0 };
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	if (ct_conf_new(ct->host, &most, e) < 0 || ct_conf_from_kv(&has, kv, NULL, "", e) < 0)
		return -e->code;
	err_clear(e);
	ct_conf_defaults(&has, &ct->host->defaults, e);
	while (!e->code && (p = next_capped(&it, &base))) {
		auto_buf struct buf b = BUF_INIT;

		if (!lower(p, base, &has, &most))
			continue;
		p->type->print(p, param_field(p, base, &has), &b);
		ct_say(ct, -1, "Warning: not more than a new container has: %s=\"%s\" instead of \"%s\"", p->key, buf_str(&b),
		       kv_get(kv, p->key) ? kv_get(kv, p->key) : "");
		kv_set(kv, p->key, buf_str(&b), false, e);
	}
	return -e->code;
}
