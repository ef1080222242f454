/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_CG_ENV_H
#define TESTS_UNIT_CG_ENV_H
/*
 * What the tests of cgroups/ share: a PARENT for each test, removed (and looked for) after it, with those that a failed
 * test has left; and children that are born in a group.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>

#include "cgroups/cg_priv.h"
#include "tests/lib/test.h"
#include "util/str.h"
#include "util/sys.h"

#define ENV_PREFIX "vztest-cg-"		/* and the pid of the test */

static inline void env_nap(int ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

/* Computes until it has had so much of a processor: how long that takes is the others' affair. */
static inline void env_burn(unsigned ms)
{
	struct timespec t;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	while ((uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000 < ms);
}

/* Is that directory on a disk that a group can be charged for? Memory takes direct writes, too. */
static inline bool env_on_disk(int dir)
{
	struct statfs s;

	return fstatfs(dir, &s) == 0 && s.f_type != 0x01021994 && s.f_type != 0x858458f6;	/* tmpfs, ramfs */
}

static inline int env_drop(const char *id, void *arg)
{
	struct cg_host *h = arg;
	struct cg *cg;
	struct err e = { 0 };

	if (cg_open(h, id, &cg, &e) == 0) {
		cg_freeze(cg, false, 100, &e);
		cg_kill(cg, &e);
		cg_close(cg);
	}
	CHECK_OK(cg_remove(h, id, 20000, &e), &e);
	return 0;
}

static inline void env_clean(struct cg_host *h)
{
	struct err e = { 0 };

	CHECK_OK(cg_host_each(h, env_drop, h, &e), &e);
	for (unsigned i = 0; i < h->n; i++) {
		struct cg_hier *hi = &h->hier[i];

		if (hi->v2 && hi->parent >= 0)
			unlinkat(hi->parent, CG_MONITOR, AT_REMOVEDIR);
		if (rmdir(hi->path) < 0 && errno != ENOENT)
			test_fail(__FILE__, __LINE__, "%s: %s", hi->path, strerror(errno));
	}
}

static inline const char *env_parent(void)
{
	static char name[32];

	str_fmt(name, sizeof(name), ENV_PREFIX "%d", getpid());
	return name;
}

static inline void env_clean_stale(const struct cg_host *h, int hier)
{
	char root[CG_MNT_MAX];
	auto_closedir DIR *d = NULL;
	struct dirent *de;

	str_copy(root, sizeof(root), h->hier[hier].path);
	root[h->hier[hier].mnt_len] = '\0';
	d = opendir(root);
	while (d && (de = readdir(d))) {
		struct cg_host *old;
		struct err e = { 0 };

		if (!str_starts(de->d_name, ENV_PREFIX))
			continue;
		if (kill((pid_t)strtol(de->d_name + strlen(ENV_PREFIX), NULL, 10), 0) == 0)
			continue;			/* somebody runs the same tests */
		CHECK_OK(cg_host_open(de->d_name, &old, &e), &e);
		env_clean(old);
		cg_host_close(old);
	}
}

static inline struct cg_host *env_open(void)
{
	struct cg_host *h;
	struct err e = { 0 };

	CHECK_OK(cg_host_open(env_parent(), &h, &e), &e);
	for (unsigned i = 0; i < h->n; i++)
		env_clean_stale(h, (int)i);
	CHECK_OK(cg_host_setup(h, &e), &e);
	return h;
}

static inline void env_close(struct cg_host *h)
{
	env_clean(h);
	for (unsigned i = 0; i < h->n; i++)
		CHECK(access(h->hier[i].path, F_OK) < 0);
	cg_host_close(h);
}

static inline struct cg *env_group(struct cg_host *h, const char *id)
{
	struct cg *cg;
	struct err e = { 0 };

	CHECK_OK(cg_create(h, id, &cg, &e), &e);
	return cg;
}

/* A child in the group as libct makes one: born in v2, moves itself in v1. Returns its pid; fn's value is its status. */
static inline pid_t env_spawn(struct cg *cg, int (*fn)(void *), void *arg)
{
	struct clone_args a = { .exit_signal = SIGCHLD };
	struct cg_join j;
	struct err e = { 0 };
	int p[2];
	pid_t pid;
	char c;

	if (cg_fd(cg) >= 0) {
		a.flags = CLONE_INTO_CGROUP;
		a.cgroup = (uint64_t)cg_fd(cg);
	}
	CHECK_EQ(pipe2(p, O_CLOEXEC), 0);
	CHECK_OK(cg_join_open(cg, &j, &e), &e);
	pid = sys_clone3(&a);
	CHECK(pid >= 0);
	if (pid == 0) {
		if (cg_join_self(&j) < 0)
			_exit(99);
		close(p[0]);
		close(p[1]);
		_exit(fn(arg));
	}
	cg_join_close(&j);
	close(p[1]);
	CHECK_EQ(read(p[0], &c, 1), 0);		/* it is in */
	close(p[0]);
	return pid;
}

static inline int env_status(pid_t pid)
{
	int st;

	CHECK(waitpid(pid, &st, 0) == pid);
	return WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st);
}

static inline int env_run(struct cg *cg, int (*fn)(void *), void *arg)
{
	return env_status(env_spawn(cg, fn, arg));
}

static inline int env_sleep(void *arg)
{
	(void)arg;
	while (pause() < 0)
		;
	return 0;
}

/* Touches *(size_t *)arg bytes and returns 0. */
static inline int env_eat(void *arg)
{
	size_t n = *(size_t *)arg;
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return 98;
	for (size_t i = 0; i < n; i += 4096)
		p[i] = 1;
	return 0;
}

static inline struct num_pair env_pair(uint64_t bar, uint64_t lim)
{
	return (struct num_pair){ .bar = bar, .lim = lim, .set = true };
}

static inline struct num_opt env_opt(uint64_t v)
{
	return (struct num_opt){ .v = v, .set = true };
}

/* VSwap configuration of so many MiB. */
static inline struct cg_conf env_mem(uint64_t ram, uint64_t swap)
{
	struct cg_conf c = { 0 };

	c.ubc[CG_PHYSPAGES] = env_pair(0, ram << 8);
	c.ubc[CG_SWAPPAGES] = env_pair(0, swap << 8);
	return c;
}

/* Content of a file of the group without its newline. */
static inline const char *env_file(struct cg *cg, enum cg_ctl ctl, const char *file)
{
	static char buf[8192];

	CHECK(cg_get(cg, ctl, file, buf, sizeof(buf)) >= 0);
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

static inline void env_need(struct cg_host *h, const char *controller)
{
	if (cg_host_has(h, controller))
		return;
	env_close(h);
	SKIP("this host has no '%s' controller", controller);
}

#endif
