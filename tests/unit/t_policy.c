/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/policy.c: what is promised and what is refused, with which words. */
#include "vzd/policy.h"

#include <string.h>

#include "tests/lib/test.h"
#include "util/num.h"

#define GIB (1ull << 30)

TEST(admit)
{
	struct policy_sum s = { .ram = 16 * GIB, .promised = 20 * GIB, .overcommit_pct = 150 };
	struct err e = { 0 };

	CHECK_OK(policy_admit_sum(&s, 3 * GIB, 0, &e), &e);
	CHECK_ERR(policy_admit_sum(&s, 5 * GIB, 0, &e), ENOSPC);
	CHECK_STR(e.text, "not enough memory to promise: 5120 MiB more would make 25600 MiB for running containers, the host has 16384 "
			  "MiB and promises 150 % of it (OVERCOMMIT), 24575 MiB: stop a container, lower a memory limit, or raise "
			  "OVERCOMMIT in /etc/vz/vzd.conf");
	err_clear(&e);
	CHECK_ERR(policy_admit_sum(&s, NUM_UNLIMITED, 0, &e), ENOSPC);	/* counts as the host's memory */
	s.overcommit_pct = 0;
	err_clear(&e);
	CHECK_OK(policy_admit_sum(&s, NUM_UNLIMITED, 0, &e), &e);
	s.overcommit_pct = 10000;
	CHECK_OK(policy_admit_sum(&s, NUM_UNLIMITED, 0, &e), &e);
}

TEST(guarantees)
{
	struct policy_sum s = { .ram = 16 * GIB, .guaranteed = 12 * GIB };
	struct err e = { 0 };

	CHECK_OK(policy_admit_sum(&s, 8 * GIB, 4 * GIB, &e), &e);
	CHECK_ERR(policy_admit_sum(&s, 8 * GIB, 5 * GIB, &e), ENOSPC);
	CHECK_STR(e.text, "not enough memory to guarantee: 5120 MiB more would make 17408 MiB, the host has 16384 MiB: lower a "
			  "guarantee (--vmguarpages) or stop a container");
	err_clear(&e);
	CHECK_OK(policy_admit_sum(&s, 1 * GIB, 5 * GIB, &e), &e);	/* never above the limit itself */
	s.guaranteed = 20 * GIB;					/* too much already: what has none may start */
	CHECK_OK(policy_admit_sum(&s, 1 * GIB, 0, &e), &e);
}
