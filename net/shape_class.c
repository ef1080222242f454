/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether one rate does for all addresses, as networks_classes is now. */
#include "net/shape_priv.h"
#include "net/net_priv.h"

#include <errno.h>

#include "util/auto.h"
#include "util/err.h"

/* Of the addresses of a family, @len bytes: the class all have, 0 if none of @mask, NET_CLASS_N: it depends. */
static unsigned family_class(const struct net_range *v, size_t n, size_t len, uint32_t mask)
{
	bool all = n == 1, any = false;

	for (size_t i = 0; i < n; i++)
		any |= mask >> v[i].cls & 1;
	for (size_t i = 0; i < len && all; i++)
		all = v[0].from[i] == 0 && v[0].to[i] == 0xff;
	return !any ? 0 : all ? v[0].cls : NET_CLASS_N;
}

static int one_class(const struct net *n, const struct net_rates *r, unsigned *ret, struct err *e)
{
	auto_call(net_classes_done) struct net_classes c = { 0 };
	uint32_t mask = shape_mask(r, NET_SENT) | shape_mask(r, NET_RECEIVED);
	unsigned four, six;

	if (net_classes_load(n->classes[0] ? n->classes : NULL, &c, e) < 0)
		return -e->code;
	four = family_class(c.v4, c.n4, 4, mask);
	six = family_class(c.v6, c.n6, 16, mask);
	*ret = four == six ? four : NET_CLASS_N;
	return 0;
}

int net_rates_kind(const struct net *n, const struct net_rates *r, enum net_place_kind *ret, struct err *e)
{
	unsigned cls;

	if (one_class(n, r, &cls, e) < 0)
		return -e->code;
	*ret = cls < NET_CLASS_N ? NET_PLACE_PLAIN : NET_PLACE_CLASSES;
	return 0;
}

int shape_plain_class(const struct net *n, const struct net_rates *r, unsigned *ret, struct err *e)
{
	if (one_class(n, r, ret, e) < 0)
		return -e->code;
	return *ret < NET_CLASS_N ? 0 : err_say(e, EAGAIN, "%s has changed while rates were set", n->classes);
}
