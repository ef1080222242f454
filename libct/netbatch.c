/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A change of a group, a zone or the host's lists: what all that run have of it, in one transaction. */
#include <errno.h>
#include <stdlib.h>

#include "libct/netlines.h"
#include "libct/netrecord.h"
#include "libct/record.h"
#include "net/net_part.h"
#include "util/grow.h"

struct batch {
	struct net_line_change *v;
	size_t n, size;
	bool unsure;		/* a record of two parts: only the tables made anew are what somebody knows */
};

static void batch_done(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		str_list_clear((struct str_list *)b->v[i].old);
		str_list_clear((struct str_list *)b->v[i].want);
		free((void *)b->v[i].old);
		free((void *)b->v[i].want);
	}
	free(b->v);
}

static int batch_add(struct batch *b, unsigned id, struct str_list **old, struct str_list **want, struct err *e)
{
	if (GROW(b->v, b->n, b->size) < 0)
		return err_set(e, ENOMEM, "change of the firewall");
	*old = calloc(1, sizeof(**old));
	*want = calloc(1, sizeof(**want));
	b->v[b->n++] = (struct net_line_change){ .id = id, .old = *old, .want = *want };
	return *old && *want ? 0 : err_set(e, ENOMEM, "change of the firewall");
}

static int batch_one(void *arg, unsigned id, const struct str_list *all, struct err *e)
{
	struct batch *b = arg;
	struct str_list *old, *want;
	size_t n = b->n;

	if (batch_add(b, id, &old, &want, e) < 0)
		return -e->code;
	b->unsure |= ct_netrec_unsure(all);
	ct_netrec_last(all, old, e);
	if (e->code || ct_net_regroup(old, want, e) < 0)
		return -e->code;
	if (!str_list_equal(old, want))
		return 0;
	str_list_clear(old);
	str_list_clear(want);
	free(old);
	free(want);
	b->n = n;
	return 0;
}

static int batch_host(struct batch *b, struct err *e)
{
	auto_list struct str_list all = { 0 };
	struct str_list *old, *want;

	if (ct_netrec_host(&all, e) < 0)
		return -e->code;
	for (enum ct_net_host i = 0; i < CT_NET_HOST_N; i++) {
		if (batch_add(b, 0, &old, &want, e) < 0)
			return -e->code;
		ct_netrec_part(&all, i, old, e);
		if (e->code || ct_net_host_lines(i, want, e) < 0)
			return -e->code;
		want->set = old->set = true;
	}
	return 0;
}

/* @both: as they are before and after; else as they are after. */
static int batch_save(const struct batch *b, bool both, struct err *e)
{
	for (size_t i = CT_NET_HOST_N; i < b->n; i++) {
		auto_list struct str_list l = { 0 };

		if ((both && ct_netrec_add(&l, b->v[i].old, false, e) < 0) || ct_netrec_add(&l, b->v[i].want, both, e) < 0)
			return -e->code;
		if (ct_netrec_save(b->v[i].id, &l, e) < 0 && e->code != ENOENT)
			return -e->code;
		err_clear(e);
	}
	return 0;
}

static int settle_one(void *arg, unsigned id, const struct str_list *all, struct err *e)
{
	auto_list struct str_list last = { 0 };

	(void)arg;
	if (!ct_netrec_unsure(all))
		return 0;
	ct_netrec_last(all, &last, e);
	return e->code ? -e->code : ct_netrec_save(id, &last, e);
}

int ct_net_apply_all(struct net *n, unsigned *ret, struct err *e)
{
	auto_close int lock = ct_fw_lock(true, e);
	auto_call(batch_done) struct batch b = { 0 };
	int rc = -EAGAIN;

	if (lock < 0 || batch_host(&b, e) < 0 || ct_netrec_each(batch_one, &b, e) < 0)
		return -e->code;
	if (!b.unsure) {
		if (batch_save(&b, true, e) < 0)
			return -e->code;
		rc = net_lines_change_all(n, b.v, b.n, e);
	}
	/* what we thought is there is not: flushed, or left by somebody who was killed */
	if (rc == -EAGAIN || rc == -ENOENT || rc == -EEXIST || rc == -EBUSY) {
		err_clear(e);
		if (batch_save(&b, false, e) < 0 || ct_netrec_each(settle_one, NULL, e) < 0)
			return -e->code;
		rc = net_table_renew(n, e);
	}
	if (rc < 0)
		return rc;
	*ret = (unsigned)(b.n - CT_NET_HOST_N);
	return batch_save(&b, false, e) < 0 ? -e->code : ct_netrec_host_save(e);
}
