/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroups/cg_detect.c: mount tables and lists of controllers. The table of hierarchies is never overrun. */
#include <string.h>

#include "cgroups/cg_priv.h"
#include "tests/fuzz/fuzz.h"
#include "util/auto.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_free char *text = strndup((const char *)data, size), *again = strndup((const char *)data, size);
	static struct cg_host h;
	char *line, *rest = text;

	FUZZ_CHECK(text && again);
	memset(&h, 0, sizeof(h));
	h.v2 = h.monitor = -1;
	for (int i = 0; i < CG_CTL_N; i++)
		h.where[i] = -1;
	while ((line = strsep(&rest, "\n")))
		cg_detect_line(&h, line);
	FUZZ_CHECK(h.n <= ARRAY_SIZE(h.hier) && h.v2 < (int)h.n);
	for (int i = 0; i < CG_CTL_N; i++)
		FUZZ_CHECK(h.where[i] < (int)h.n);
	if (h.v2 >= 0)
		cg_detect_v2_controllers(&h, again);
	cg_detect_count(again);
}
