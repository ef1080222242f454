/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/ksm.c: the row refuses what the kernel cannot do; who has joined hands it to what it execs. */
#include "libct/ksm.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/num.h"

TEST(row)
{
	struct num_opt v = { 0 };
	struct param p = { 0 };
	struct err e = { 0 };

	CHECK_OK(ct_type_ksm.parse(&p, "yes", PARAM_FILE, &v, &e), &e);	/* from another host: kept */
	CHECK(v.set && v.v == 1);
	CHECK_OK(ct_type_ksm.parse(&p, "no", PARAM_CLI, &v, &e), &e);
	CHECK_EQ(v.v, 0);
	CHECK_ERR(ct_type_ksm.parse(&p, "1", PARAM_CLI, &v, &e), EINVAL);
	err_clear(&e);
	if (ct_ksm_possible())
		CHECK_OK(ct_type_ksm.parse(&p, "yes", PARAM_CLI, &v, &e), &e);
	else
		CHECK_ERR(ct_type_ksm.parse(&p, "yes", PARAM_CLI, &v, &e), EINVAL);
}

TEST(inherited)
{
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };
	int p[2], st;
	pid_t pid;

	if (!ct_ksm_possible() || access("/proc/self/ksm_stat", F_OK) < 0)
		SKIP("this kernel has no PR_SET_MEMORY_MERGE or does not show it");
	CHECK_EQ(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		dup2(p[1], 1);
		if (ct_ksm_join() == 0)
			execl("/bin/cat", "cat", "/proc/self/ksm_stat", NULL);
		_exit(99);
	}
	close(p[1]);
	CHECK_OK(fio_read_fd(p[0], &b, "pipe", &e), &e);
	CHECK(waitpid(pid, &st, 0) == pid && st == 0);
	if (!strstr(buf_str(&b), "ksm_merge_any"))
		SKIP("this kernel does not say who has joined");
	CHECK(strstr(buf_str(&b), "ksm_merge_any: yes"));
}
