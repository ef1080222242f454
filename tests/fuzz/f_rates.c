/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RATE and its like: what is taken has no rate for class 0, and none above the largest, however many words are added up. */
#include <string.h>

#include "net/shape.h"
#include "tests/fuzz/fuzz.h"
#include "util/err.h"

void fuzz_one(const uint8_t *data, size_t len)
{
	struct net_rate v[NET_CLASS_N];
	struct err e = { 0 };
	char s[4096];

	if (len >= sizeof(s))
		return;
	memcpy(s, data, len);
	s[len] = '\0';
	if (net_rates_parse(s, v, &e) < 0)
		return;
	FUZZ_CHECK(!v[0].kbit[NET_SENT] && !v[0].kbit[NET_RECEIVED]);
	for (int c = 1; c < NET_CLASS_N; c++)
		FUZZ_CHECK(v[c].kbit[NET_SENT] <= 400000000 && v[c].kbit[NET_RECEIVED] <= 400000000);
}
