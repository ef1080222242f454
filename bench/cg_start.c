/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What cgroups/ adds to a start: create, limits, devices, join and remove through cg.h, against the same effect by bare
 * system calls on prepared paths, in turn. Medians in microseconds. Run as root: build/bench/cg_start [N]
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cgroups/cg_priv.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"
#include "util/str.h"
#include "util/sys.h"

#define PARENT "vzbench-cg"
#define ID "101"

enum step { S_OPEN, S_CREATE, S_APPLY, S_DEVICES, S_JOIN_OPEN, S_CLONE, S_JOIN, S_STAT, S_KILL, S_REMOVE, S_START, S_N };
static const char *const names[S_N] = { "host open", "create", "apply", "devices", "join open", "clone", "join self", "stat",
	"kill + reap", "remove", "create..join" };
static const char *const rules[] = { "c 1:3 rw", "c 1:5 rw", "c 1:7 rw", "c 1:8 rw", "c 1:9 rw", "c 5:0 rw", "c 5:1 rw",
	"c 5:2 rw", "c 136:* rw" };

struct run { double us[S_N]; };
struct child { volatile double join_us; };

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double lap(double *t)
{
	double was = *t;

	*t = now_us();
	return *t - was;
}

static void must(int rc, const struct err *e)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "cg_start: %s\n", e->text);
	exit(1);
}

static struct cg_conf conf(void)
{
	struct cg_conf c = { 0 };

	c.ubc[CG_PHYSPAGES] = (struct num_pair){ 0, 131072, true };
	c.ubc[CG_SWAPPAGES] = (struct num_pair){ 0, 0, true };
	c.ubc[CG_NUMPROC] = (struct num_pair){ 500, 500, true };
	c.cpuunits = (struct num_opt){ 1500, true };
	c.cpus = (struct num_opt){ 1, true };
	return c;
}

/* Born in v2 if there is one, joined by @j; sleeps until it is killed. */
static pid_t child(int v2, const struct cg_join *j, struct child *sh, struct run *r, double *t)
{
	struct clone_args a = { .exit_signal = SIGCHLD, .flags = v2 >= 0 ? CLONE_INTO_CGROUP : 0 };
	int p[2];
	char c;
	pid_t pid;

	if (v2 >= 0)
		a.cgroup = (uint64_t)v2;
	if (pipe2(p, O_CLOEXEC) < 0)
		exit(1);
	lap(t);
	pid = sys_clone3(&a);
	if (pid == 0) {
		double t0 = now_us();

		if (cg_join_self(j) < 0)
			_exit(1);
		sh->join_us = now_us() - t0;
		if (write(p[1], "x", 1) == 1)
			pause();
		_exit(0);
	}
	r->us[S_CLONE] = lap(t);
	if (pid < 0 || read(p[0], &c, 1) != 1)
		exit(1);
	r->us[S_JOIN] = sh->join_us;
	close(p[0]);
	close(p[1]);
	lap(t);
	return pid;
}

static void sum(struct run *r)
{
	r->us[S_START] = r->us[S_CREATE] + r->us[S_APPLY] + r->us[S_DEVICES] + r->us[S_JOIN_OPEN] + r->us[S_JOIN];
}

static void ours(struct run *r, struct child *sh)
{
	struct cg_conf c = conf();
	struct err e = { 0 };
	struct cg_host *h;
	struct cg_join j;
	struct cg_stat s;
	struct cg *cg;
	double t = now_us();
	pid_t pid;

	must(cg_host_open(PARENT, &h, &e), &e);
	r->us[S_OPEN] = lap(&t);
	must(cg_create(h, ID, &cg, &e), &e);
	r->us[S_CREATE] = lap(&t);
	must(cg_apply(cg, &c, &e), &e);
	r->us[S_APPLY] = lap(&t);
	must(cg_apply_devices(cg, NULL, 0, &e), &e);
	r->us[S_DEVICES] = lap(&t);
	must(cg_join_open(cg, &j, &e), &e);
	r->us[S_JOIN_OPEN] = lap(&t);
	pid = child(cg_fd(cg), &j, sh, r, &t);
	cg_join_close(&j);
	lap(&t);
	must(cg_stat(cg, &s, &e), &e);
	r->us[S_STAT] = lap(&t);
	must(cg_kill(cg, &e), &e);
	waitpid(pid, NULL, 0);
	r->us[S_KILL] = lap(&t);
	must(cg_remove(h, ID, 1000, &e), &e);
	r->us[S_REMOVE] = lap(&t);
	cg_close(cg);
	cg_host_close(h);
	sum(r);
}

static void raw_put(int dir, const char *file, const char *val)
{
	auto_close int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, val, strlen(val)) < 0)
		perror(file);
}

static void raw_limits(const struct cg_host *h)
{
	int mem = h->hier[h->where[CG_CTL_MEMORY]].parent, cpu = h->hier[h->where[CG_CTL_CPU]].parent;
	bool v2 = cg_on_v2(h, CG_CTL_MEMORY);

	raw_put(mem, v2 ? ID "/memory.swap.max" : ID "/memory.limit_in_bytes", v2 ? "0" : "536870912");
	raw_put(mem, v2 ? ID "/memory.max" : ID "/memory.memsw.limit_in_bytes", "536870912");
	raw_put(cpu, v2 ? ID "/cpu.weight" : ID "/cpu.shares", v2 ? "150" : "1500");
	raw_put(cpu, v2 ? ID "/cpu.max" : ID "/cpu.cfs_quota_us", v2 ? "100000 100000" : "100000");
	raw_put(h->hier[h->where[CG_CTL_PIDS]].parent, ID "/pids.max", "500");
}

static void raw_devices(const struct cg_host *h, int v2)
{
	struct cg_rule std[CG_DEV_MAX];
	struct bpf_insn insn[CG_BPF_MAX];
	struct err e = { 0 };

	if (h->where[CG_CTL_DEVICES] < 0) {
		union bpf_attr at;
		auto_close int prog = cg_bpf_load(insn, cg_bpf_gen(std, (size_t)cg_dev_rules(NULL, 0, std, &e), insn), &e);

		memset(&at, 0, sizeof(at));
		at.target_fd = (__u32)v2;
		at.attach_bpf_fd = (__u32)prog;
		at.attach_type = BPF_CGROUP_DEVICE;
		at.attach_flags = BPF_F_ALLOW_MULTI;
		if (syscall(SYS_bpf, BPF_PROG_ATTACH, &at, sizeof(at)) < 0)
			perror("attach");
		return;
	}
	int dir = h->hier[h->where[CG_CTL_DEVICES]].parent;
	auto_close int fd = openat(dir, ID "/devices.allow", O_WRONLY | O_CLOEXEC);

	raw_put(dir, ID "/devices.deny", "a");
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (write(fd, rules[i], strlen(rules[i])) < 0)
			perror(rules[i]);
}

static void raw(const struct cg_host *h, struct run *r, struct child *sh)
{
	struct cg_join j = { .n = 0 };
	auto_close int v2 = -1;
	double t = now_us();
	pid_t pid;

	for (unsigned i = 0; i < h->n; i++)
		if (mkdirat(h->hier[i].parent, ID, 0755) < 0)
			perror(h->hier[i].path);
	if (h->v2 >= 0)
		v2 = openat(h->hier[h->v2].parent, ID, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r->us[S_CREATE] = lap(&t);
	raw_limits(h);
	r->us[S_APPLY] = lap(&t);
	raw_devices(h, v2);
	r->us[S_DEVICES] = lap(&t);
	for (unsigned i = 0; i < h->n; i++)
		if (!h->hier[i].v2)
			j.fd[j.n++] = openat(h->hier[i].parent, ID "/tasks", O_WRONLY | O_CLOEXEC);
	r->us[S_JOIN_OPEN] = lap(&t);
	pid = child(v2, &j, sh, r, &t);
	cg_join_close(&j);
	lap(&t);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	r->us[S_KILL] = lap(&t);
	for (unsigned i = 0; i < h->n; i++)
		if (unlinkat(h->hier[i].parent, ID, AT_REMOVEDIR) < 0)
			perror(h->hier[i].path);
	r->us[S_REMOVE] = lap(&t);
	sum(r);
}

static int cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(const struct run *v, size_t n, int step)
{
	double *d = calloc(n, sizeof(*d)), m;

	if (!d)
		exit(1);
	for (size_t i = 0; i < n; i++)
		d[i] = v[i].us[step];
	qsort(d, n, sizeof(*d), cmp);
	m = d[n / 2];
	free(d);
	return m;
}

int main(int argc, char **argv)
{
	struct child *sh = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct err e = { 0 };
	struct cg_host *h;
	uint64_t n = 101;
	struct run *a, *b;

	if (argc > 1 && (num_u64(argv[1], &n) < 0 || !n || n > 100000))
		return 2;
	a = calloc(n, sizeof(*a));
	b = calloc(n, sizeof(*b));
	if (!a || !b || sh == MAP_FAILED)
		return 1;
	must(cg_host_open(PARENT, &h, &e), &e);
	double t = now_us();
	must(cg_host_setup(h, &e), &e);
	printf("%u hierarchies, v2 %s; setup %.0f us\n", h->n, h->v2 < 0 ? "none" : h->n == 1 ? "alone" : "beside v1", lap(&t));
	for (uint64_t i = 0; i < n; i++) {
		ours(&a[i], sh);
		raw(h, &b[i], sh);
	}
	printf("%-14s %9s %9s %7s\n", "median, us", "cg.h", "raw", "ratio");
	for (int s = 0; s < S_N; s++) {
		double x = median(a, n, s), y = median(b, n, s);

		printf("%-14s %9.1f %9.1f", names[s], x, y);
		printf(y > 0 ? " %7.2f\n" : "\n", x / y);
	}
	if (h->v2 >= 0)
		unlinkat(h->hier[h->v2].parent, CG_MONITOR, AT_REMOVEDIR);
	for (unsigned i = 0; i < h->n; i++)
		rmdir(h->hier[i].path);
	cg_host_close(h);
	free(a);
	free(b);
	return 0;
}
