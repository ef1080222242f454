/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroups/cg_setup.c: once, twice, half made, and by itself when a group is created. */
#include "tests/unit/cg_env.h"

TEST_ROOT(idempotent)
{
	struct cg_host *h = env_open();
	struct err e = { 0 };
	bool had[CG_CTL_N];

	for (int i = 0; i < CG_CTL_N; i++)
		had[i] = h->where[i] >= 0;
	CHECK_OK(cg_host_setup(h, &e), &e);
	for (int i = 0; i < CG_CTL_N; i++)
		CHECK_EQ(h->where[i] >= 0, had[i]);
	for (unsigned i = 0; i < h->n; i++)
		CHECK(h->hier[i].parent >= 0);
	env_close(h);
}

TEST_ROOT(half_made)
{
	struct cg_host *h = env_open();
	struct cg_conf c = env_mem(64, 0);
	struct err e = { 0 };
	struct cg *cg;

	env_clean(h);
	cg_host_close(h);
	CHECK_OK(cg_host_open(env_parent(), &h, &e), &e);
	CHECK_EQ(mkdir(h->hier[h->n - 1].path, 0755), 0);	/* where a killed setup may have stopped */
	cg_host_close(h);
	CHECK_OK(cg_host_open(env_parent(), &h, &e), &e);
	CHECK_OK(cg_create(h, "101", &cg, &e), &e);
	CHECK_OK(cg_apply(cg, &c, &e), &e);
	cg_close(cg);
	env_close(h);
}

/* libcgroup's logger must not reach our output. */
TEST_ROOT(silent)
{
	struct cg_host *h = env_open();
	struct err e = { 0 };
	char c;
	int p[2], out = dup(1), err = dup(2);

	CHECK_EQ(pipe2(p, O_CLOEXEC | O_NONBLOCK), 0);
	dup2(p[1], 1);
	dup2(p[1], 2);
	cg_host_setup(h, &e);
	dup2(out, 1);
	dup2(err, 2);
	CHECK(read(p[0], &c, 1) < 0 && errno == EAGAIN);
	env_close(h);
}
