/* SPDX-License-Identifier: GPL-2.0-or-later */
/* networks_classes: whatever is taken comes out as ranges that ascend, do not overlap and have a class. */
#include <string.h>

#include "net/classes.h"
#include "tests/fuzz/fuzz.h"
#include "util/err.h"

static void check(const struct net_range *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		FUZZ_CHECK(memcmp(v[i].from, v[i].to, 16) <= 0);
		FUZZ_CHECK(v[i].cls < NET_CLASS_N);
		FUZZ_CHECK(i == 0 || memcmp(v[i - 1].to, v[i].from, 16) < 0);
	}
}

void fuzz_one(const uint8_t *data, size_t len)
{
	struct net_classes c;
	struct err e = { 0 };
	char s[4096];

	if (len >= sizeof(s))
		return;
	memcpy(s, data, len);
	s[len] = '\0';
	if (net_classes_parse(s, &c, &e) < 0)
		return;
	check(c.v4, c.n4);
	check(c.v6, c.n6);
	net_classes_done(&c);
}
