/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroups/cg.c: names, create, open, list. */
#include "tests/unit/cg_env.h"

#include "util/str.h"

TEST_ROOT(bad_names)
{
	static const char *const t[] = { "", ".", "..", "a/b", "monitor", "a\nb" };
	struct cg_host *h = env_open();
	struct err e = { 0 };
	struct cg *cg;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		CHECK_ERR(cg_create(h, t[i], &cg, &e), EINVAL);
		CHECK_ERR(cg_open(h, t[i], &cg, &e), EINVAL);
		CHECK_ERR(cg_remove(h, t[i], 10, &e), EINVAL);
	}
	CHECK_ERR(cg_open(h, "101", &cg, &e), ENOENT);
	CHECK(strstr(e.text, "101"));
	cg_close(NULL);
	cg_host_close(NULL);
	env_close(h);
}

struct seen { int n; char last[64]; int stop; };

static int see(const char *id, void *arg)
{
	struct seen *s = arg;

	s->n++;
	str_copy(s->last, sizeof(s->last), id);
	return s->n == s->stop;
}

TEST_ROOT(create_twice_and_list)
{
	struct cg_host *h = env_open();
	struct seen s = { 0 };
	struct err e = { 0 };
	struct cg *a, *b;

	a = env_group(h, "101");
	CHECK(a->made);
	b = env_group(h, "101");
	CHECK(!b->made);
	cg_close(b);
	cg_close(env_group(h, "102"));
	CHECK_EQ(unlinkat(h->hier[h->n - 1].parent, "102", AT_REMOVEDIR), 0);	/* left in the others only */
	CHECK_OK(cg_host_each(h, see, &s, &e), &e);
	CHECK_EQ(s.n, h->n > 1 ? 2 : 1);
	s = (struct seen){ .stop = 1 };
	CHECK_OK(cg_host_each(h, see, &s, &e), &e);
	CHECK_EQ(s.n, 1);
	cg_close(a);
	env_close(h);
}

/* A group that is in some hierarchies only can be opened, for removal. */
TEST_ROOT(partial)
{
	struct cg_host *h = env_open();
	struct err e = { 0 };
	struct cg *cg;

	cg_close(env_group(h, "101"));
	for (unsigned i = 1; i < h->n; i++)
		CHECK_EQ(unlinkat(h->hier[i].parent, "101", AT_REMOVEDIR), 0);
	CHECK_OK(cg_open(h, "101", &cg, &e), &e);
	cg_close(cg);
	CHECK_OK(cg_remove(h, "101", 20000, &e), &e);
	CHECK_ERR(cg_open(h, "101", &cg, &e), ENOENT);
	env_close(h);
}

TEST_ROOT(all_limits_twice)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	struct cg_conf c = env_mem(64, 64);
	struct err e = { 0 };

	c.ubc[CG_NUMPROC] = env_pair(50, 50);
	c.cpuunits = env_opt(1000);
	c.cpulimit = env_opt(50);
	c.cpumask = (char *)"0";
	CHECK_OK(cg_check(h, &c, &e), &e);
	CHECK_OK(cg_apply(cg, &c, &e), &e);
	CHECK(!cg->fresh && !cg->made);
	CHECK_OK(cg_apply(cg, &c, &e), &e);
	cg_close(cg);
	env_close(h);
}

static int open_fds(void)
{
	auto_closedir DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d && readdir(d))
		n++;
	return n;
}

/* What a start does in this module; closes what it opened. */
static int start(const struct cg_conf *c, struct err *e)
{
	struct cg_host *h;
	struct cg_join j = { .n = 0 };
	struct cg_stat s;
	struct cg *cg;
	int rc = cg_host_open(env_parent(), &h, e);

	if (rc < 0)
		return rc;
	rc = cg_create(h, "101", &cg, e);
	if (rc == 0) {
		rc = cg_apply(cg, c, e);
		if (rc == 0)
			rc = cg_apply_devices(cg, NULL, 0, e);
		if (rc == 0)
			rc = cg_join_open(cg, &j, e);
		if (rc == 0)
			rc = cg_delegate(cg, 1000, 1000, e);
		if (rc == 0)
			rc = cg_stat(cg, &s, e);
		cg_join_close(&j);
		cg_close(cg);
	}
	cg_host_close(h);
	return rc;
}

/* Each allocation and each file call of a start fails once: an error with a text, and no descriptor is left. */
TEST_ROOT(every_call_fails)
{
	struct cg_host *h = env_open();
	struct cg_conf c = env_mem(64, 0);
	int before = open_fds(), passes = 0;

	c.cpumask = (char *)"0";
	c.iolimit = env_opt(1 << 20);
	c.cpulimit = env_opt(50);
	EACH_FAULT(FAULT_ALLOC | FAULT_IO) {
		struct err e = { 0 };
		int rc = start(&c, &e);

		passes++;
		test_fault_off();
		if (rc < 0)
			CHECK(test_fault_hit() && e.code == -rc && *e.text);
		CHECK_EQ(open_fds(), before);
		CHECK_OK(cg_remove(h, "101", 20000, &e), &e);
	}
	CHECK(passes > 30);
	env_close(h);
}
