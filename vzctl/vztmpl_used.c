/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which trees of the template store this host's containers, their snapshots and clones stand on: for vztmpl gc. */
#include "libct/ct.h"
#include "libct/snapshot.h"
#include "util/err.h"
#include "vzctl/vztmpl.h"

static int add(void *arg, const char *digest, const char *where, struct err *e)
{
	struct str_list *l = arg;

	(void)where;
	return str_list_has(l, digest) ? 0 : str_list_add(l, digest, e);
}

int vztmpl_used(void *host, struct str_list *digests, struct err *e)
{
	return ct_digests_each(host, add, digests, e);
}
