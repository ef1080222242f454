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

static int write_direct(void *arg)
{
	auto_close int fd = openat(*(int *)arg, "direct", O_CREAT | O_WRONLY | O_DIRECT | O_CLOEXEC, 0600);
	void *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fd < 0 || p == MAP_FAILED)
		return 77;
	for (int i = 0; i < 4; i++)
		if (pwrite(fd, p, 1 << 20, (off_t)i << 20) != 1 << 20)
			return 1;
	return 0;
}

/* 4 MiB at 8 MiB/s take half a second; the first part may pass as a burst. */
TEST_ROOT(throttles)
{
	struct cg_host *h = env_open();
	struct cg_conf c = { .iolimit = env_opt(8 << 20) };
	auto_close int dir = test_tmp_fd();
	struct err e = { 0 };
	int64_t t0, free_ms, slow_ms;
	struct cg *cg;
	int rc;

	env_need(h, "io");
	cg = env_group(h, "101");
	t0 = sys_now_ms();
	rc = env_run(cg, write_direct, &dir);
	free_ms = sys_now_ms() - t0;
	if (!env_on_disk(dir))
		rc = 77;
	if (rc == 0 && free_ms < 200) {		/* else no direct writes here, or a disk as slow as the limit */
		CHECK_OK(cg_apply(cg, &c, &e), &e);
		t0 = sys_now_ms();
		CHECK_EQ(env_run(cg, write_direct, &dir), 0);
		slow_ms = sys_now_ms() - t0;
		CHECK(slow_ms >= 300 && slow_ms > 2 * free_ms);
	}
	cg_close(cg);
	env_close(h);
	if (rc == 77 || free_ms >= 200)
		SKIP("no quick direct writes in %s", test_tmp());
}
