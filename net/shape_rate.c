/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rates as text and as figures. */
#include "net/shape_priv.h"

#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"

#define KBIT_MAX 400000000ull
#define SEGMENT_KBIT 1000000u	/* below it a large segment would be more than the queue may hold */

static int parse_word(char *word, struct net_rate v[NET_CLASS_N])
{
	char *kbits = strrchr(word, ':'), *cls, *in;
	uint64_t c, out_v, in_v;

	if (!kbits)
		return -EINVAL;
	*kbits++ = '\0';
	cls = strrchr(word, ':');
	cls = cls ? cls + 1 : word;
	in = strchr(kbits, '/');
	if (in)
		*in++ = '\0';
	if (num_u64(cls, &c) < 0 || c < 1 || c >= NET_CLASS_N || num_u64(kbits, &out_v) < 0 || num_u64(in ? in : kbits, &in_v) < 0)
		return -EINVAL;
	v[c].kbit[NET_SENT] += out_v;
	v[c].kbit[NET_RECEIVED] += in_v;
	return v[c].kbit[NET_SENT] > KBIT_MAX || v[c].kbit[NET_RECEIVED] > KBIT_MAX ? -EINVAL : 0;
}

int net_rates_parse(const char *text, struct net_rate v[NET_CLASS_N], struct err *e)
{
	struct str_list w = { 0 };
	int rc = str_list_split(&w, text, " \t,", e);

	memset(v, 0, NET_CLASS_N * sizeof(*v));
	for (size_t i = 0; i < w.n && rc == 0; i++) {
		char word[128];

		if (str_copy(word, sizeof(word), w.v[i]) < 0 || parse_word(word, v) < 0)
			rc = err_say(e, EINVAL, "'%.60s' is not DEVICE:CLASS:KBITS with a class from 1 to %d", w.v[i],
				     NET_CLASS_N - 1);
	}
	str_list_clear(&w);
	return rc;
}

bool net_rates_any(const struct net_rates *r)
{
	static const struct net_rate none[NET_CLASS_N];

	return memcmp(r->rate, none, sizeof(none)) != 0 || memcmp(r->limit, none, sizeof(none)) != 0;
}

bool net_rates_small(const struct net_rates *r, enum net_traffic_way way)
{
	bool small = false;

	for (unsigned c = 1; r && c < NET_CLASS_N; c++) {
		uint64_t limit = r->limit[c].kbit[way];

		small |= (limit && limit < SEGMENT_KBIT) || (!limit && r->rate[c].kbit[way]);
	}
	return small;
}

bool net_totals_any(const struct net_totals *t)
{
	bool any = t->bandwidth_kbit != 0;

	for (size_t i = 0; i < NET_CLASS_N; i++)
		any |= t->total_kbit[i] != 0;
	return any;
}

uint32_t shape_mask(const struct net_rates *r, enum net_traffic_way way)
{
	uint32_t mask = 0;

	for (unsigned c = 1; r && c < NET_CLASS_N; c++)
		mask |= r->rate[c].kbit[way] || r->limit[c].kbit[way] ? 1u << c : 0;
	return mask;
}
