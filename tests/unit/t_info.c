/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking at stopped containers: what words of `vzctl status` come from, and that two hundred are looked at quickly. */
#include <unistd.h>

#include "tests/unit/t_ct_box.h"
#include <time.h>

/* Of this process: how long others take is theirs. */
static int64_t cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

TEST_ROOT(info_stopped)
{
	struct box b;
	struct ct_info i;

	box_init(&b, NULL);
	struct ct *ct = box_open(&b, "101", CT_NO_CONFIG_OK);
	CHECK_OK(ct_info(ct, 0, &i, &b.e), &b.e);
	CHECK(!i.exists && i.run == CT_STOPPED && !i.suspended && i.id == 101);
	ct_close(ct);

	box_conf(101, "PHYSPAGES=\"0:65536\"\nSWAPPAGES=\"0:0\"\nDISKSPACE=\"100:200\"\nNUMPROC=\"10:20\"\n");
	ct = box_open(&b, "101", 0);
	CHECK_OK(ct_info(ct, 0, &i, &b.e), &b.e);
	CHECK(!i.exists);
	CHECK(mkdir(BOX "/private/101", 0700) == 0);
	CHECK_OK(ct_info(ct, CT_WANT_CG | CT_WANT_DISK | CT_WANT_TIME | CT_WANT_NET, &i, &b.e), &b.e);
	CHECK(i.exists && i.run == CT_STOPPED && !i.suspended && i.uptime == 0);
	CHECK_EQ(i.ubc[CG_NUMPROC].barrier, 10);
	CHECK_EQ(i.ubc[CG_PHYSPAGES].limit, 65536);
	CHECK_EQ(i.disk.limit.hard_kib, 200);
	CHECK_OK(path_mkdir_host(BOX "/dump/Dump.101", 0755, &b.e), &b.e);
	CHECK_OK(ct_info(ct, 0, &i, &b.e), &b.e);
	CHECK(i.suspended);
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(info_is_cheap)
{
	struct box b;
	int64_t t;

	box_init(&b, NULL);
	for (unsigned id = 1001; id <= 1200; id++)
		box_conf(id, "PHYSPAGES=\"0:65536\"\nSWAPPAGES=\"0:0\"\nDISKSPACE=\"100:200\"\nHOSTNAME=\"a\"\nIP_ADDRESS=\"10.0.0.1\"\n");
	t = cpu_ms();
	for (unsigned id = 1001; id <= 1200; id++) {
		struct ct_info i;
		char ids[16];

		str_fmt(ids, sizeof(ids), "%u", id);
		struct ct *ct = box_open(&b, ids, 0);
		CHECK_OK(ct_info(ct, 0, &i, &b.e), &b.e);
		ct_close(ct);
	}
	CHECK(cpu_ms() - t < 2000);		/* 10 ms without sanitizers */
	box_done(&b);
}
