/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroups/cg_usage.c: texts of the kernel as they were seen, and a group that writes, waits and is killed. */
#include "tests/unit/cg_env.h"

TEST(io_v1)
{
	uint64_t r = 0, w = 0;

	cg_io_parse_v1("254:0 Read 4096\n254:0 Write 8192\n254:0 Sync 12288\n254:0 Async 0\n254:0 Discard 7\n254:0 Total 12288\n"
		       "7:1 Read 1000\n7:1 Write 1\nTotal 99999\n", &r, &w);
	CHECK_EQ(r, 5096);
	CHECK_EQ(w, 8193);
	r = w = 0;
	cg_io_parse_v1("Total 0\n", &r, &w);
	cg_io_parse_v1("", &r, &w);
	cg_io_parse_v1("254:0 Read", &r, &w);
	cg_io_parse_v1("254:0", &r, &w);
	CHECK_EQ(r + w, 0);
}

TEST(io_v2)
{
	struct cg_io_stat s = { 0 };

	cg_io_parse_v2("254:0 rbytes=4096 wbytes=100 rios=3 wios=2 dbytes=9 dios=9\n8:0 rbytes=1 wbytes=2 rios=3 wios=4\n7:7 \n", &s);
	CHECK_EQ(s.read_bytes, 4097);
	CHECK_EQ(s.write_bytes, 102);
	CHECK_EQ(s.reads, 6);
	CHECK_EQ(s.writes, 6);
}

TEST(psi)
{
	struct cg_psi p = { 0 };

	cg_psi_parse("some avg10=0.11 avg60=1.25 avg300=1.81 total=25193721\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=12\n", &p);
	CHECK_EQ(p.some_usec, 25193721);
	CHECK_EQ(p.full_usec, 12);
	p = (struct cg_psi){ 0 };
	cg_psi_parse("some avg10=0.11\nfull total=5 x\nwhat total=7\n", &p);	/* a total of the next line is not this one's */
	CHECK_EQ(p.some_usec, 0);
	CHECK_EQ(p.full_usec, 5);
}

static int write_file(void *arg)
{
	static _Alignas(4096) char block[1 << 20];
	auto_close int fd = openat(*(int *)arg, "f", O_CREAT | O_RDWR | O_DIRECT | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, block, sizeof(block)) != sizeof(block))
		return 1;
	return fsync(fd) == 0 ? 0 : 2;
}

TEST_ROOT(disk_and_life)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	auto_close int dir = test_tmp_fd();
	struct cg_psi psi[CG_PSI_N];
	struct cg_io_stat io;
	uint64_t before = 0, after = 0;
	int rc;

	CHECK_EQ(cg_cpu_usec(cg, &before), 0);
	rc = env_run(cg, write_file, &dir);
	CHECK_EQ(cg_cpu_usec(cg, &after), 0);
	CHECK(after > before);
	CHECK_EQ(cg_cpu_usec(cg, &before), 0);
	CHECK_EQ(before, after);		/* it stands still with the group */
	cg_io_stat(cg, &io);
	if (rc == 0 && cg_host_has(h, "io") && env_on_disk(dir))	/* else /tmp is not on a disk */
		CHECK(io.write_bytes >= 1 << 20 && io.writes >= 1);
	cg_psi(cg, psi);
	CHECK(psi[CG_PSI_CPU].some_usec < 60000000);
	cg_close(cg);
	env_close(h);
}

TEST_ROOT(oom_is_news)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	struct cg_conf c = env_mem(16, 0);
	size_t much = 64 << 20;
	struct pollfd p;
	uint32_t events;
	struct err e = { 0 };

	CHECK_OK(cg_apply(cg, &c, &e), &e);
	p.fd = cg_oom_fd(cg, &events, &e);
	CHECK_OK(p.fd, &e);
	p.events = (short)events;
	if (events == POLLPRI) {		/* not read yet counts as news */
		char buf[512];

		CHECK(pread(p.fd, buf, sizeof(buf), 0) > 0);
	}
	CHECK_EQ(poll(&p, 1, 0), 0);
	CHECK_EQ(env_run(cg, env_eat, &much), 128 + SIGKILL);
	CHECK_EQ(poll(&p, 1, TEST_PATIENCE_MS), 1);
	CHECK(p.revents & (short)events);
	close(p.fd);
	cg_close(cg);
	env_close(h);
}

TEST_ROOT(lives)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101"), *again;
	uint64_t life = cg_life(cg);
	struct err e = { 0 };

	CHECK(life);
	CHECK_EQ(cg_life(cg), life);
	CHECK_OK(cg_remove(h, "101", 20000, &e), &e);
	CHECK_EQ(cg_life(cg), 0);
	again = env_group(h, "101");
	CHECK(cg_life(again) && cg_life(again) != life);
	cg_close(again);
	cg_close(cg);
	env_close(h);
}
