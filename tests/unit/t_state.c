/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runtime state: what is believed and what is not (another boot, a reused pid, a damaged file). */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/t_ct_box.h"

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	return pid;
}

TEST_ROOT(state_round_trip)
{
	struct ct_state s = { .stage = CT_STAGE_RUNNING, .gen = 77, .init_pid = 12, .init_start = 99, .monitor_pid = 11,
			      .started_ms = 5, .uid_base = 0x10000000 };
	struct ct_state got;
	struct box b;
	struct ct *ct;

	box_init(&b, NULL);
	ct = box_open(&b, "101", CT_NO_CONFIG_OK);
	CHECK_OK(path_mkdir_host(CT_RUN_DIR, 0755, &b.e), &b.e);
	CHECK_OK(ct_state_load(ct, &got, &b.e), &b.e);
	CHECK_EQ(got.stage, CT_STAGE_NONE);
	CHECK_OK(ct_state_save(ct, &s, &b.e), &b.e);
	CHECK_OK(ct_state_load(ct, &got, &b.e), &b.e);
	CHECK(got.stage == s.stage && got.gen == 77 && got.init_pid == 12 && got.init_start == 99);
	CHECK(got.monitor_pid == 11 && got.started_ms == 5 && got.uid_base == 0x10000000);
	CHECK_OK(ct_state_drop(ct, &b.e), &b.e);
	CHECK(!box_is_there(CT_RUN_DIR "/101"));
	CHECK_OK(ct_state_drop(ct, &b.e), &b.e);
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(state_prepared_takes_effect_by_the_switch)
{
	struct ct_state s = { .stage = CT_STAGE_STARTING, .gen = 1 }, got;
	struct box b;
	struct ct *ct;

	box_init(&b, NULL);
	ct = box_open(&b, "101", CT_NO_CONFIG_OK);
	CHECK_OK(path_mkdir_host(CT_RUN_DIR, 0755, &b.e), &b.e);
	CHECK_OK(ct_state_save(ct, &s, &b.e), &b.e);
	s.stage = CT_STAGE_RUNNING;
	CHECK_OK(ct_state_prepare(ct, &s, &b.e), &b.e);
	CHECK_OK(ct_state_load(ct, &got, &b.e), &b.e);
	CHECK_EQ(got.stage, CT_STAGE_STARTING);
	CHECK_OK(ct_state_switch(ct, &b.e), &b.e);
	CHECK_OK(ct_state_load(ct, &got, &b.e), &b.e);
	CHECK_EQ(got.stage, CT_STAGE_RUNNING);
	CHECK_OK(ct_state_switch(ct, &b.e), &b.e);	/* the monitor was faster */
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(state_of_another_boot_and_damage)
{
	struct ct_state got;
	struct box b;
	struct ct *ct;

	box_init(&b, NULL);
	ct = box_open(&b, "101", CT_NO_CONFIG_OK);
	CHECK_OK(path_mkdir_host(CT_RUN_DIR "/101", 0755, &b.e), &b.e);
	box_put(CT_RUN_DIR "/101/state", "STAGE=\"running\"\nBOOT=\"11111111-2222-3333-4444-555555555555\"\nINIT_PID=\"1\"\n");
	CHECK_OK(ct_state_load(ct, &got, &b.e), &b.e);
	CHECK_EQ(got.stage, CT_STAGE_NONE);
	CHECK_EQ(got.init_pid, 0);
	box_put(CT_RUN_DIR "/101/state", "");
	CHECK_OK(ct_state_load(ct, &got, &b.e), &b.e);
	CHECK_EQ(got.stage, CT_STAGE_NONE);
	CHECK(!ct_is_running(ct, NULL));
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(state_pid_is_believed_with_its_start_time)
{
	struct err e = { 0 };
	uint64_t start = 0;
	pid_t pid = sleeper();
	int fd;

	CHECK_OK(ct_pid_start(pid, &start, &e), &e);
	CHECK(start > 0);
	fd = ct_pid_open(pid, start, &e);
	CHECK(fd >= 0);
	close(fd);
	CHECK_ERR(ct_pid_open(pid, start + 1, &e), ESRCH);
	kill(pid, SIGKILL);
	CHECK(waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT) == 0);
	CHECK_ERR(ct_pid_open(pid, start, &e), ESRCH);	/* a zombie */
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK_ERR(ct_pid_start(pid, &start, &e), ESRCH);
}
