/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/grow.h: what was in the array stays, also when there is no more memory. */
#include "util/grow.h"

#include "tests/lib/test.h"
#include "util/auto.h"

TEST(grow_keeps_what_is_there)
{
	auto_free int *v = NULL;
	size_t n = 0, room = 0;

	for (int i = 0; i < 1000; i++) {
		CHECK_EQ(GROW(v, n, room), 0);
		CHECK(room > n);
		v[n++] = i;
	}
	for (int i = 0; i < 1000; i++)
		CHECK_EQ(v[i], i);
	CHECK_EQ(room, 1024);
}

TEST(grow_without_memory)
{
	EACH_FAULT(FAULT_ALLOC) {
		auto_free int *v = NULL;
		unsigned n = 0, room = 0;
		int rc = 0;

		for (int i = 0; i < 40 && (rc = GROW(v, n, room)) == 0; i++)
			v[n++] = i;
		CHECK(rc == 0 || rc == -ENOMEM);
		CHECK_EQ(n, rc == 0 ? 40 : room);
		for (unsigned i = 0; i < n; i++)
			CHECK_EQ(v[i], i);
	}
}
