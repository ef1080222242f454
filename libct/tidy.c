/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a change is left out or altered with a word to the user: names nobody knows, values
 * below a minimum, addresses of a protocol that is switched off, parameters that are only kept.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"

#include "libct/files.h"
#include "libct/ips.h"

#define NUMIPTENT_MIN 16

typedef bool known_fn(const char *item);

static void drop_unknown(const struct ct *ct, struct str_list *l, known_fn *known, int level,
			 const char *what, const char *end)
{
	for (size_t i = 0; i < l->n; ) {
		auto_free char *item = known(l->v[i]) ? NULL : strdup(l->v[i]);

		if (!item) {
			i++;
			continue;
		}
		ct_say(ct, level, "Warning: Unknown %s: %.*s%s", what, (int)strcspn(item, ":"),
		       item, end);
		str_list_del(l, item);
	}
	if (!l->n)
		l->set = false;
}

static void raise_numiptent(const struct ct *ct, struct num_pair *v)
{
	if (!v->set || (v->bar >= NUMIPTENT_MIN && v->lim >= NUMIPTENT_MIN))
		return;
	ct_say(ct, -1,
	       "Warning: NUMIPTENT %" PRIu64 ":%" PRIu64 " is less than minimally allowable value, "
	       "set to 16:16",
	       v->bar, v->lim);
	v->bar = v->lim = NUMIPTENT_MIN;
}

/* "0", "no" and nothing ask for what is the case anyway. */
static bool asks(const struct param *p, size_t base, const struct ct_conf *c)
{
	auto_buf struct buf b = BUF_INIT;

	if (!(p->flags & PARAM_KEPT) || !ct_conf_row_set(p, base, c))
		return false;
	p->type->print(p, (const char *)c + base + p->off, &b);
	return b.len && !str_eq(b.s, "0") && !str_eq(b.s, "no") && !str_eq(b.s, "none");
}

static void say_kept(const struct ct *ct, const struct ct_conf *c)
{
	auto_buf struct buf b = BUF_INIT;
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	while ((p = ct_row_next(&it, &base)))
		if (asks(p, base, c))
			buf_addf(&b, " %s", p->key);
	if (b.len)
		ct_say(ct, 0, "Warning: stored, but without effect on this kernel:%s", buf_str(&b));
}

void ct_tidy(const struct ct *ct, struct ct_conf *change)
{
	drop_unknown(ct, &change->features, ct_feature_known, 0, "feature", "");
	drop_unknown(ct, &change->compat.iptables, ct_iptables_known, -1, "iptable module",
		     ", skipped");
	raise_numiptent(ct, &change->cg.ubc[CG_NUMIPTENT]);
	if (change->compat.iptables.set && (change->netfilter || ct->conf.netfilter))
		ct_say(ct, -1, "Warning: NETFILTER is set, so IPTABLES is ignored");
	if (ct_ips_drop_v6(ct->host, &change->net.ip))
		ct_say(ct, 0, "WARNING: IPv6 support is disabled");
	say_kept(ct, change);
}
