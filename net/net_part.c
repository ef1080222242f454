/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the firewall beside the source check: what they share is one table, and one transaction per change. See net_part.h. */
#include "net/net_part.h"

#include "net/net_priv.h"
#include "net/acct.h"

#include <errno.h>
#include <string.h>
#include <linux/netfilter.h>

#include "util/auto.h"
#include "util/err.h"

/* A new part is a row. */
static const struct net_part *const parts[] = {
	&net_acct_part,
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
	int rc = n->running ? n->running(n->running_arg, put_one, &p, e) : 0;

	if (rc == 0 && n->with && n->with->n)		/* one that is just coming has no record yet */
		rc = net_parts_elems(t, 0, true, n->with, families, e);
	return rc;
}

int net_lines_change(struct net *n, unsigned id, const struct str_list *old, const struct str_list *want, struct err *e)
{
	auto_call(str_list_clear) struct str_list gone = { 0 };
	struct nft_tx t;
	int rc;

	if (antispoof_ensure(n, e) < 0 || guard_ensure(n, e) < 0 || net_acct_ensure(n, e) < 0)
		return -e->code;
	for (size_t i = 0; old && i < old->n; i++)
		if (!str_list_has(want, old->v[i]) && str_list_add(&gone, old->v[i], e) < 0)
			return -e->code;
	nft_tx_begin(&t, &n->nft, n->table, 0);
	/* What is missing was lost, and is put first so that taking it away is no error. What stays keeps its counters. */
	if (net_parts_elems(&t, id, true, old, NET_ALL_FAMILIES, e) < 0 ||
	    net_parts_elems(&t, id, false, &gone, NET_ALL_FAMILIES, e) < 0 ||
	    net_parts_elems(&t, id, true, want, NET_ALL_FAMILIES, e) < 0) {
		t.failed = true;
		return -e->code;
	}
	rc = nft_tx_end(&t, "change rules", e);
	if (rc != -ENOENT)
		return rc;
	err_clear(e);				/* flushed this moment */
	n->with = want;
	rc = antispoof_setup(n, e);
	n->with = NULL;
	return rc;
}
