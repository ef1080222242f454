/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroups/cg_io.c: weights, and limits in the files of every disk. */
#include "tests/unit/cg_env.h"

#include <dirent.h>

TEST(weights)
{
	struct cg_conf c = { 0 };
	unsigned last = 0;

	CHECK_EQ(cg_conf_io_weight(&c), 100);
	for (uint64_t i = 0; i < 8; i++) {
		c.ioprio = env_opt(i);
		CHECK(cg_conf_io_weight(&c) > last && cg_conf_io_weight(&c) <= 1000);
		last = cg_conf_io_weight(&c);
	}
	c.ioprio = env_opt(4);
	CHECK_EQ(cg_conf_io_weight(&c), 100);
}

TEST(check)
{
	struct cg_host h = { .n = 0 };
	struct cg_conf c = { .iolimit = env_opt(1 << 20) };
	struct err e = { 0 };

	for (int i = 0; i < CG_CTL_N; i++)
		h.where[i] = -1;
	CHECK_ERR(cg_check_io(&h, &c, &e), ENOTSUP);
	CHECK(strstr(e.text, "iolimit"));
	c = (struct cg_conf){ .iopslimit = env_opt(5) };
	CHECK_ERR(cg_check_io(&h, &c, &e), ENOTSUP);
	c = (struct cg_conf){ .iopslimit = env_opt(0), .iolimit = env_opt(0), .ioprio = env_opt(4) };
	CHECK_EQ(cg_check_io(&h, &c, &e), 0);
	c.ioprio = env_opt(8);
	CHECK_ERR(cg_check_io(&h, &c, &e), ERANGE);
}

static bool has_disk(void)
{
	auto_closedir DIR *d = opendir("/sys/block");
	struct dirent *de;

	while (d && (de = readdir(d)))
		if (!strncmp(de->d_name, "vd", 2) || !strncmp(de->d_name, "sd", 2) || !strncmp(de->d_name, "nvme", 4))
			return true;
	return false;
}

TEST_ROOT(limits)
{
	struct cg_host *h = env_open();
	struct cg_conf c = { .iolimit = env_opt(1048576), .iopslimit = env_opt(77) }, none = { 0 };
	const char *bps, *ops;
	struct err e = { 0 };
	struct cg *cg;

	env_need(h, "io");
	if (!has_disk()) {
		env_close(h);
		SKIP("no disk");
	}
	cg = env_group(h, "101");
	bps = cg_on_v2(h, CG_CTL_IO) ? "io.max" : "blkio.throttle.write_bps_device";
	ops = cg_on_v2(h, CG_CTL_IO) ? "io.max" : "blkio.throttle.read_iops_device";
	CHECK_OK(cg_apply(cg, &c, &e), &e);
	CHECK(strstr(env_file(cg, CG_CTL_IO, bps), "1048576"));
	CHECK(strstr(env_file(cg, CG_CTL_IO, ops), "77"));
	CHECK_OK(cg_apply_io(cg, &none, &e), &e);
	CHECK_STR(env_file(cg, CG_CTL_IO, bps), "");
	CHECK_STR(env_file(cg, CG_CTL_IO, ops), "");
	cg_close(cg);
	env_close(h);
}
