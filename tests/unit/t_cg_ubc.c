/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroups/cg_ubc.c: the report, with and without VSwap. */
#include "tests/unit/cg_env.h"

TEST(names)
{
	for (int i = 0; i < CG_UBC_N; i++)
		CHECK(cg_ubc_names[i] && *cg_ubc_names[i]);
	CHECK_STR(cg_ubc_names[CG_KMEMSIZE], "kmemsize");
	CHECK_STR(cg_ubc_names[CG_AVNUMPROC], "avnumproc");
}

TEST(vswap_implicit)
{
	struct cg_conf c = env_mem(512, 256);
	struct cg_stat s = { .mem_bytes = 4097, .mem_peak_bytes = 8 << 20, .swap_bytes = 4096, .mem_fail = 7,
			     .swap_peak_bytes = 40960, .locked_bytes = 8193,
			     .swap_fail = 2, .pids = 3, .pids_peak = 9, .pids_fail = 1, .oom_kills = 4 };
	struct cg_ubc_row r[CG_UBC_N];

	cg_ubc_report(&s, &c, r);
	CHECK_EQ(r[CG_PHYSPAGES].held, 2);
	CHECK_EQ(r[CG_PHYSPAGES].maxheld, 2048);
	CHECK_EQ(r[CG_PHYSPAGES].barrier, 0);
	CHECK_EQ(r[CG_PHYSPAGES].limit, 131072);
	CHECK_EQ(r[CG_PHYSPAGES].failcnt, 7);
	CHECK_EQ(r[CG_PRIVVMPAGES].barrier, NUM_UNLIMITED);
	CHECK_EQ(r[CG_PRIVVMPAGES].failcnt, 0);
	CHECK_EQ(r[CG_LOCKEDPAGES].barrier, 131072);
	CHECK_EQ(r[CG_LOCKEDPAGES].limit, 131072);
	CHECK_EQ(r[CG_OOMGUARPAGES].barrier, 131072);
	CHECK_EQ(r[CG_OOMGUARPAGES].limit, NUM_UNLIMITED);
	CHECK_EQ(r[CG_OOMGUARPAGES].held, 3);
	CHECK_EQ(r[CG_OOMGUARPAGES].failcnt, 4);
	CHECK_EQ(r[CG_VMGUARPAGES].barrier, 131072 + 65536);
	CHECK_EQ(r[CG_SWAPPAGES].held, 1);
	CHECK_EQ(r[CG_SWAPPAGES].maxheld, 10);
	CHECK_EQ(r[CG_LOCKEDPAGES].held, 3);
	CHECK_EQ(r[CG_SWAPPAGES].failcnt, 2);
	CHECK_EQ(r[CG_NUMPROC].held, 3);
	CHECK_EQ(r[CG_NUMPROC].maxheld, 9);
	CHECK_EQ(r[CG_NUMPROC].failcnt, 1);
	c.ubc[CG_LOCKEDPAGES] = env_pair(5, 6);		/* what is set stays */
	cg_ubc_report(&s, &c, r);
	CHECK_EQ(r[CG_LOCKEDPAGES].barrier, 5);
}

TEST(classic)
{
	struct cg_conf c = { 0 };
	struct cg_stat s = { .mem_bytes = 8192, .mem_fail = 3, .kmem_bytes = 100, .sock_bytes = 50 };
	struct cg_ubc_row r[CG_UBC_N];

	c.ubc[CG_PRIVVMPAGES] = env_pair(1000, 2000);
	c.ubc[CG_PHYSPAGES] = env_pair(0, NUM_UNLIMITED);
	cg_ubc_report(&s, &c, r);
	CHECK_EQ(r[CG_PRIVVMPAGES].held, 2);
	CHECK_EQ(r[CG_PRIVVMPAGES].maxheld, 2);
	CHECK_EQ(r[CG_PRIVVMPAGES].limit, 2000);
	CHECK_EQ(r[CG_PRIVVMPAGES].failcnt, 3);
	CHECK_EQ(r[CG_LOCKEDPAGES].barrier, 0);
	CHECK_EQ(r[CG_OOMGUARPAGES].limit, 0);
	CHECK_EQ(r[CG_KMEMSIZE].held, 100);
	CHECK_EQ(r[CG_TCPRCVBUF].held, 50);
	CHECK_EQ(r[CG_NUMFILE].held, 0);
}
