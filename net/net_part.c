/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the firewall beside the source check: what they share is one table, and one transaction per change. See net_part.h. */
#include "net/net_part.h"

#include "net/net_priv.h"
#include "net/acct.h"
#include "net/fw.h"
#include "net/nat.h"

#include <errno.h>
#include <string.h>
#include <linux/netfilter.h>

#include "util/auto.h"
#include "util/err.h"

/* A new part is a row. */
static const struct net_part *const parts[] = {
	&net_venet_part,
	&net_acct_part,
	&fw_part,
	&nat_part,
	&net_flood_part,
	&net_frag_part,
	NULL,
};

const char *net_line_of(const char *line, const char *part)
{
	size_t len = strlen(part);

	return strncmp(line, part, len) == 0 && line[len] == ' ' ? line + len + 1 : NULL;
}

void net_parts_table(struct nft_tx *t, uint8_t family)
{
	t->family = family;
	for (size_t i = 0; parts[i]; i++) {
		if (family == NFPROTO_BRIDGE ? parts[i]->bridge != NULL : parts[i]->table != NULL)
			(family == NFPROTO_BRIDGE ? parts[i]->bridge : parts[i]->table)(t);
	}
	t->family = family;
}

int net_parts_elems(struct nft_tx *t, unsigned id, bool add, const struct str_list *lines, unsigned families, struct err *e)
{
	for (size_t i = 0; lines && lines->n && parts[i]; i++) {
		if (parts[i]->elems(t, id, add, lines, families, e) < 0)
			return -e->code;
		t->family = NFPROTO_INET;
	}
	return 0;
}

void net_with(struct net *n, const struct str_list *lines)
{
	n->with = lines;
}

void net_set_running(struct net *n, net_running_fn *fn, void *arg)
{
	n->running = fn;
	n->running_arg = arg;
}

struct put_all {
	struct nft_tx *t;
	unsigned families;
	struct err *e;
};

static int put_one(void *arg, unsigned id, const struct str_list *lines)
{
	struct put_all *p = arg;

	return net_parts_elems(p->t, id, true, lines, p->families, p->e);
}

int net_parts_all(struct net *n, struct nft_tx *t, unsigned families, struct err *e)
{
	struct put_all p = { .t = t, .families = families, .e = e };
	uint8_t family = t->family;
	int rc = n->running ? n->running(n->running_arg, put_one, &p, e) : 0;

	if (rc == 0 && n->with && n->with->n)		/* one that is just coming has no record yet */
		rc = net_parts_elems(t, 0, true, n->with, families, e);
	t->family = family;
	return rc;
}

/* Lines of one part alone. */
static int lines_of(const struct str_list *all, const struct net_part *p, struct str_list *ret, struct err *e)
{
	for (size_t i = 0; i < all->n; i++) {
		if (net_line_of(all->v[i], p->name) && str_list_add(ret, all->v[i], e) < 0)
			return -e->code;
	}
	ret->set = true;
	return 0;
}

/* Line by line: what stays keeps its counters. */
static int put_change(struct nft_tx *t, const struct net_part *p, unsigned id, const struct str_list *old,
		      const struct str_list *want, struct err *e)
{
	struct str_list gone = { 0 };
	int rc = 0;

	if (p->change)
		return p->change(t, id, old, want, e);
	for (size_t i = 0; i < old->n && rc == 0; i++)
		rc = str_list_has(want, old->v[i]) ? 0 : str_list_add(&gone, old->v[i], e);
	if (rc == 0 && gone.n)
		rc = p->elems(t, id, false, &gone, NET_ALL_FAMILIES, e);
	str_list_clear(&gone);
	return rc < 0 ? rc : p->elems(t, id, true, want, NET_ALL_FAMILIES, e);
}

/* A part whose lines stay is left alone, counters and all. */
static int put_changes(struct nft_tx *t, unsigned id, const struct str_list *old, const struct str_list *want, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; parts[i] && rc == 0; i++) {
		struct str_list a = { 0 }, b = { 0 };

		rc = lines_of(old, parts[i], &a, e) < 0 ? -e->code : lines_of(want, parts[i], &b, e);
		if (rc == 0 && !str_list_equal(&a, &b))
			rc = put_change(t, parts[i], id, &a, &b, e);
		t->family = NFPROTO_INET;
		str_list_clear(&a);
		str_list_clear(&b);
	}
	return rc;
}

int net_lines_change_all(struct net *n, const struct net_line_change *v, size_t count, struct err *e)
{
	struct nft_tx t;

	if (antispoof_ensure(n, e) < 0 || guard_ensure(n, e) < 0 || net_acct_ensure(n, e) < 0)
		return -e->code;
	nft_tx_begin(&t, &n->nft, n->table, 0);
	for (size_t i = 0; i < count; i++) {
		if (put_changes(&t, v[i].id, v[i].old, v[i].want, e) < 0)
			return -e->code;
	}
	return nft_tx_end(&t, "change rules", e);
}

int net_lines_change(struct net *n, unsigned id, const struct str_list *old, const struct str_list *want, struct err *e)
{
	const struct net_line_change one = { .id = id, .old = old, .want = want };
	int rc;

	n->with = old;		/* a table that has to be made anew begins with these */
	rc = net_lines_change_all(n, &one, 1, e);
	n->with = NULL;
	return rc;
}

int net_table_renew(struct net *n, struct err *e)
{
	return antispoof_renew(n, e) < 0 ? -e->code : guard_renew(n, e);
}
