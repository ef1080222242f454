/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/job_files.c: a result survives whatever a program has said last, and a full /run. vzd/job_prune.c. */
#include <sys/mount.h>
#include <utime.h>

#include "tests/unit/t_job_env.h"

TEST(job_result_round_trip)
{
	auto_close int dir = test_tmp_fd();
	struct job_result r = { .exit = 0, .started_ms = 1795777909020, .ended_ms = 1795777909025, .cancelled = true };
	struct job_result back;
	struct err e = { 0 };

	CHECK_EQ(job_result_read(dir, "j1", &back, &e), 0);
	CHECK_OK(job_result_reserve(dir, "j1", &e), &e);
	CHECK_ERR(job_result_reserve(dir, "j1", &e), EEXIST);
	err_clear(&e);
	CHECK_EQ(job_result_read(dir, "j1", &back, &e), 0);	/* begun is not ended */
	memset(r.last, '"', sizeof(r.last) - 1);	/* the longest, and each of it escaped */
	CHECK_OK(job_result_write(dir, "j1", &r, &e), &e);
	CHECK_EQ(job_result_read(dir, "j1", &back, &e), 1);
	CHECK_STR(back.last, r.last);
	CHECK_EQ(back.exit, 0);
	CHECK_EQ(back.signal, 0);
	CHECK_EQ(back.started_ms, r.started_ms);
	CHECK(back.cancelled && !back.timeout && !back.interrupted && !back.truncated);
	r = (struct job_result){ .exit = -1, .signal = 9, .last = "$HOME `x` \\ = \"y\"" };
	CHECK_OK(job_result_write(dir, "j2", &r, &e), &e);
	CHECK_EQ(job_result_read(dir, "j2", &back, &e), 1);
	CHECK_EQ(back.exit, -1);
	CHECK_EQ(back.signal, 9);
	CHECK_STR(back.last, r.last);
}

TEST_ROOT(job_result_fits_a_full_run)
{
	char path[300], fill[4096] = "";
	auto_close int dir = -1, fd = -1;
	struct job_result r = { .exit = 3, .last = "no space" }, back;
	struct err e = { 0 };

	test_own_mounts();
	CHECK(str_copy(path, sizeof(path), test_tmp()) == 0);
	CHECK_EQ(mount("t", path, "tmpfs", 0, "size=64k"), 0);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(job_result_reserve(dir, "j1", &e), &e);
	fd = openat(dir, "fill", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(fd, fill, sizeof(fill)) > 0)
		;
	CHECK_EQ(errno, ENOSPC);
	CHECK_OK(job_result_write(dir, "j1", &r, &e), &e);
	CHECK_EQ(job_result_read(dir, "j1", &back, &e), 1);
	CHECK_EQ(back.exit, 3);
	CHECK_ERR(job_result_reserve(dir, "j2", &e), ENOSPC);
	CHECK(faccessat(dir, "j2.run", F_OK, 0) < 0);	/* not begun */
	umount2(path, MNT_DETACH);
}

TEST(job_files_of_nobody_go)
{
	static struct job_env v;
	const struct utimbuf old = { 1000000000, 1000000000 };
	char stray[400], young[400], other[400];
	struct job_seen s;

	job_env_start(&v, 1);
	s = job_env_run(&v, "true");
	CHECK(str_fmt(stray, sizeof(stray), "%s/j0000000000000000001.log", v.jobs) == 0);
	CHECK(str_fmt(young, sizeof(young), "%s/j0000000000000000002.log", v.jobs) == 0);
	CHECK(str_fmt(other, sizeof(other), "%s/notes", v.jobs) == 0);
	close(open(stray, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	close(open(young, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	close(open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	CHECK(utime(stray, &old) == 0 && utime(other, &old) == 0);
	ev_set_timer(v.d.jobs->prune, 0);
	for (int i = 0; i < 20; i++)
		ev_turn(v.d.ev, 10, &v.e);
	CHECK(access(stray, F_OK) < 0);
	CHECK(access(young, F_OK) == 0 && access(other, F_OK) == 0);
	CHECK(str_fmt(stray, sizeof(stray), "%s/%s.result", v.jobs, s.id) == 0);
	CHECK(access(stray, F_OK) == 0);
	job_files_remove(v.d.jobs, s.id);
	CHECK(access(stray, F_OK) < 0);
	job_env_close(&v);
}
