/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration text <-> struct ct_conf, through the rows: what is read, what defaults fill, what a change merges. Files
 * are read and written by store.c.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "libct/files.h"

bool ct_conf_row_set(const struct param *p, size_t base, const struct ct_conf *c)
{
	return p->type->is_set((const char *)c + base + p->off);
}

bool ct_conf_row_equal(const struct param *p, size_t base, const struct ct_conf *a, const struct ct_conf *b)
{
	return p->type->equal((const char *)a + base + p->off, (const char *)b + base + p->off);
}

static int row_copy(const struct param *p, size_t base, struct ct_conf *dst, const struct ct_conf *src, struct err *e)
{
	return p->type->copy(param_field(p, base, dst), (const char *)src + base + p->off, e);
}

void ct_conf_done(struct ct_conf *c)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	while ((p = ct_row_next(&it, &base)))
		p->type->done(param_field(p, base, c));
}

int ct_conf_copy(struct ct_conf *dst, const struct ct_conf *src, struct err *e)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	while ((p = ct_row_next(&it, &base))) {
		if (row_copy(p, base, dst, src, e) < 0)
			return -e->code;
	}
	return 0;
}

void ct_conf_defaults(struct ct_conf *c, const struct ct_conf *defaults, struct err *e)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	while ((p = ct_row_next(&it, &base))) {
		if (ct_conf_row_set(p, base, c) || !ct_conf_row_set(p, base, defaults))
			continue;
		if (row_copy(p, base, c, defaults, e) < 0)
			return;
	}
}

int ct_conf_pick(struct ct_conf *dst, const struct ct_conf *src, const struct ct_conf *mask, struct err *e)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	while ((p = ct_row_next(&it, &base))) {
		if (ct_conf_row_set(p, base, mask) && row_copy(p, base, dst, src, e) < 0)
			return -e->code;
	}
	return 0;
}

/* --- reading --- */

struct reader {
	const struct ct_conf_src *src;
	void *conf;
	const struct param *(*find)(const char *key, size_t *base);
};

static void warn(const struct reader *r, int level, const char *what, size_t line, const struct kv_line *l)
{
	const struct ct_conf_src *s = r->src;

	ct_ui_say(s->ui, level, s->id, "Warning at %s:%zu: %s for %s (\"%s\"), %s", s->file, line, what, l->key, l->val,
		  !strcmp(what, "duplicate") ? "ignored" : !strcmp(what, "too large value") ? "truncated" : "skipped");
}

static void read_pair(const struct reader *r, size_t line, const struct kv_line *l)
{
	struct err bad = { 0 };
	size_t base = 0;
	const struct param *p = r->find(l->key, &base);
	void *field;
	int rc;

	if (!p) {
		if (!r->src->host)
			ct_ui_say(r->src->ui, 1, r->src->id, "Unknown parameter %s at %s:%zu, left alone", l->key,
				  r->src->file, line);
		return;
	}
	field = param_field(p, base, r->conf);
	if (p->type->is_set(field) && !(p->flags & (PARAM_UBC | PARAM_LIST))) {
		warn(r, -1, "duplicate", line, l);
		return;
	}
	rc = p->type->parse(p, l->val, PARAM_FILE, field, &bad);
	if (rc < 0)
		warn(r, -1, rc == -ERANGE && p->type->is_set(field) ? "too large value" : "invalid value", line, l);
}

/* Lines of a shell script in vz.conf are nothing to warn of. */
static int read_lines(const struct reader *r, const struct kv *kv)
{
	for (size_t i = 0; i < kv->n; i++) {
		switch (kv->v[i].kind) {
		case KV_OTHER:
			break;
		case KV_BAD:
			ct_ui_say(r->src->ui, r->src->host ? 2 : -1, r->src->id, "Warning: can't parse %s:%zu (%s), skipping",
				  r->src->file, i + 1, strchr(kv->v[i].raw, '=') ? "no end of the value" : "'=' not found");
			break;
		case KV_PAIR:
			read_pair(r, i + 1, &kv->v[i]);
			break;
		}
	}
	return 0;
}

static const struct param *find_default(const char *key, size_t *base)
{
	const struct param *p = ct_param_by_key(key, base);

	return p && (p->flags & PARAM_HOST_DEFAULT) ? p : NULL;
}

static const struct param *find_host(const char *key, size_t *base)
{
	*base = 0;
	for (size_t i = 0; i < ct_host_param_group.n; i++) {
		if (!strcmp(ct_host_param_group.rows[i].key, key))
			return &ct_host_param_group.rows[i];
	}
	return NULL;
}

int ct_conf_read(struct ct_conf *c, const struct kv *kv, const struct ct_conf_src *src, struct err *e)
{
	const struct reader r = { src, c, src->host ? find_default : ct_param_by_key };

	(void)e;
	return read_lines(&r, kv);
}

int ct_host_conf_read(struct ct_host_conf *c, const struct kv *kv, const struct ct_conf_src *src, struct err *e)
{
	const struct ct_conf_src quiet = { .ui = src->ui, .id = 0, .file = src->file, .host = true };
	const struct reader r = { &quiet, c, find_host };

	(void)e;
	return read_lines(&r, kv);
}

void ct_host_conf_done(struct ct_host_conf *c)
{
	for (size_t i = 0; i < ct_host_param_group.n; i++) {
		const struct param *p = &ct_host_param_group.rows[i];

		p->type->done(param_field(p, 0, c));
	}
}

int ct_conf_from_kv(struct ct_conf *c, const struct kv *kv, const struct ct *ct, const char *file, struct err *e)
{
	const struct ct_conf_src src = { .ui = ct ? &ct->host->ui : NULL, .id = ct ? ct->id : 0, .file = file };

	return ct_conf_read(c, kv, &src, e);
}

int ct_conf_own(const struct ct *ct, struct ct_conf *ret, struct err *e)
{
	return ct_conf_from_kv(ret, &ct->kv, NULL, "", e);
}

/* --- merging --- */

/* "NAME:on" and "NAME:off" are about the same thing: everything before the last colon. */
static bool same_subject(const char *a, const char *b)
{
	const char *ca = strrchr(a, ':'), *cb = strrchr(b, ':');

	return ca && cb && ca - a == cb - b && !strncasecmp(a, b, (size_t)(ca - a));
}

static int list_merge(struct str_list *l, const struct str_list *change, struct err *e)
{
	for (size_t i = 0; i < change->n; i++) {
		for (size_t k = 0; k < l->n; ) {
			auto_free char *old = same_subject(l->v[k], change->v[i]) ? strdup(l->v[k]) : NULL;

			if (old)
				str_list_del(l, old);
			else
				k++;
		}
		if (str_list_add(l, change->v[i], e) < 0)
			return -e->code;
	}
	l->set = true;
	return 0;
}

static bool merges_by_name(size_t off)
{
	return off == offsetof(struct ct_conf, capability) || off == offsetof(struct ct_conf, features) ||
	       off == offsetof(struct ct_conf, devices) || off == offsetof(struct ct_conf, devnodes);
}

static int merge_row(const struct param *p, size_t base, struct ct_conf *c, const struct ct_conf *change, struct err *e)
{
	if (!ct_conf_row_set(p, base, change) || base == offsetof(struct ct_conf, net) ||
	    str_eq(p->opt, "pci_add") || str_eq(p->opt, "pci_del"))
		return 0;
	if (base == 0 && merges_by_name(p->off))
		return list_merge(param_field(p, 0, c), (const void *)((const char *)change + p->off), e);
	return row_copy(p, base, c, change, e);
}

static int merge_interfaces(struct ct_conf *c, const struct ct_conf *change, struct err *e)
{
	struct str_list l = { 0 };

	if (net_conf_has_netif(&change->net)) {
		if (net_conf_merge_netif(&c->net, &change->net, &l, e) < 0)
			return err_exit(e, e->code == ENODATA ? VZ_INVALID_PARAMETER_SYNTAX : VZ_VETH_ERROR);
		SWAP(c->net.netif, l);
		str_list_clear(&l);
	}
	if (net_conf_has_netdev(&change->net)) {
		if (net_conf_merge_netdev(&c->net, &change->net, &l, e) < 0)
			return err_exit(e, VZ_NETDEV_ERROR);
		SWAP(c->net.netdev, l);
		str_list_clear(&l);
	}
	return 0;
}

int ct_conf_merge(struct ct_conf *c, const struct ct_conf *change, struct err *e)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	while ((p = ct_row_next(&it, &base))) {
		if (merge_row(p, base, c, change, e) < 0)
			return -e->code;
	}
	if (ct_compat_merge(&c->compat, &change->compat, e) < 0)
		return -e->code;
	if (change->net.ip.set || change->net.ip_del.set) {
		struct str_list ips = { 0 };

		if (net_conf_merge(&c->net, &change->net, &ips, e) < 0) {
			str_list_clear(&ips);
			return -e->code;
		}
		SWAP(c->net.ip, ips);
		c->net.ip.set = true;
		str_list_clear(&ips);
	}
	if (net_conf_merge_fw(&c->net, &change->net, e) < 0)
		return -e->code;
	return merge_interfaces(c, change, e);
}
