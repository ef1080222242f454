/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/node.c: texts of the kernel, and this host's figures. */
#include "vzd/node.h"

#include <math.h>
#include <string.h>

#include "tests/lib/test.h"
#include "vzd/sampler.h"

TEST(meminfo)
{
	struct node_fig f = { 0 };

	node_parse_meminfo("MemTotal:       16384 kB\nMemFree: 1 kB\nMemAvailable:   8192 kB\nSwapTotal: 100 kB\nSwapFree: 40 kB\n"
			   "Zswap: 7 kB\nZswapped: 9 kB\n", &f);
	CHECK_EQ(f.mem_total, 16384 << 10);
	CHECK_EQ(f.mem_available, 8192 << 10);
	CHECK_EQ(f.swap_total, 100 << 10);
	CHECK_EQ(f.swap_free, 40 << 10);
	CHECK_EQ(f.zswap_pool, 7 << 10);
	f = (struct node_fig){ 0 };
	node_parse_meminfo("", &f);
	CHECK_EQ(f.mem_total, 0);
}

TEST(psi)
{
	uint64_t usec[2] = { 0 };
	double avg[2] = { 0 };

	node_parse_psi("some avg10=12.50 avg60=1 avg300=1 total=1234\nfull avg10=3.00 avg60=0 avg300=0 total=99\n", usec, avg);
	CHECK(usec[0] == 1234 && usec[1] == 99);
	CHECK(fabs(avg[0] - 12.5) < 1e-9 && fabs(avg[1] - 3) < 1e-9);
	usec[1] = 0;
	node_parse_psi("full avg10=1\nsome avg10=2.00 total=8\n", usec, avg);	/* not the next line's total */
	CHECK(usec[0] == 8 && usec[1] == 0);
}

TEST(stat)
{
	struct node_fig f = { 0 };

	node_parse_stat("cpu  100 20 30 4000 500 6 7 8 0 0\ncpu0 1 1 1 1\n", &f);
	CHECK_EQ(f.cpu_usec, (100 + 20 + 30 + 6 + 7 + 8) * 10000);
	CHECK_EQ(f.cpu_idle_usec, 4500 * 10000);
}

TEST(here)
{
	struct vzd d = { 0 };
	struct node_fig f;
	struct err e = { 0 };
	json_t *j;

	node_fig(&d, &f);
	CHECK(f.mem_total > 0 && f.mem_total <= node_ram() + (1ull << 30) && f.mem_available <= f.mem_total);
	CHECK(f.cpus > 0 && f.uptime_s > 0 && f.cpu_usec > 0);
	CHECK_EQ(f.total, 0);
	j = host_json(&d, &e);
	CHECK(j);
	CHECK(json_is_integer(json_object_get(json_object_get(j, "memory"), "total")));
	CHECK(json_is_null(json_object_get(json_object_get(j, "memory"), "overcommit_limit_pct")));
	CHECK_STR(json_string_value(json_object_get(json_object_get(json_object_get(j, "policy"), "reclaim"), "state")), "off");
	CHECK_EQ(json_array_size(json_object_get(j, "limit_hits")), 0);
	json_decref(j);
}
