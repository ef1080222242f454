/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzlist's column netfault: what other hands did to a running container's interfaces on this host, as vznetcfg check says it. */
#include <stdlib.h>

#include "libct/net_heal.h"
#include "libct/record.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "vzctl/vzlist.h"

static struct told { unsigned id; char *text; } *all;	/* looked at once each; as long as the program */
static size_t n_all;

static char *look(const struct vzlist_row *r)
{
	auto_list struct str_list faults = { 0 };
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };

	if (ct_net_heal(r->ct, false, &faults, &e) < 0)
		buf_addf(&b, "not known: %s", e.text);
	for (size_t i = 0; i < faults.n; i++)
		buf_addf(&b, "%s%s", b.len ? "; " : "", faults.v[i]);
	return b.len ? buf_take(&b) : NULL;
}

const char *vzlist_netfault(const struct vzlist_row *r)
{
	struct told *more;

	if (!r->ct || r->info.run != CT_RUNNING)
		return NULL;
	for (size_t i = 0; i < n_all; i++)
		if (all[i].id == r->id)
			return all[i].text;
	more = reallocarray(all, n_all + 1, sizeof(*more));
	if (!more)
		return NULL;
	all = more;
	all[n_all++] = (struct told){ r->id, look(r) };
	return all[n_all - 1].text;
}
