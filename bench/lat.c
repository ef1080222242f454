/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lat: runs commands in turn and tells how long each took.
 *
 *	lat [-n ROUNDS] [-w WARM-UPS] [-s SETTLE_MS] SPEC
 * where SPEC has one command a line, fields by "|":
 *	NAME | mount namespace file or - | stamp file or - | before | command | after
 *
 * before and after are for /bin/sh and not timed; the command is split at blanks and run as it is.
 * Every round runs every line once and starts one further each time, so whatever the machine does
 * hits all alike. The clock starts immediately before execve() of the command. Output, by tabs:
 * NAME, rounds that count, failures, then milliseconds: median until the stamp (written by
 * stamp.c), median until the command returned, minimum of both. "-" where there is no stamp.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/num.h"
#include "util/str.h"

#define SPECS 64
#define ARGS 64
#define LIMIT_S 60
#define QUIET_TRIES 6
#define QUIET_MIN_MS 40 /* a shorter one says nothing: a tick is 4 to 10 ms */

struct spec {
	char *name, *ns, *stamp, *before, *cmd, *after;
	char *argv[ARGS];
	double *started, *returned;
	size_t n, stamps, bad;
};

static struct spec specs[SPECS];
static size_t specs_n;
static volatile int64_t *t0; /* shared with the child */
static int log_fd;

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void pause_ms(uint64_t ms)
{
	struct timespec t = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

/* Ticks of all processors since boot, and those of them that were idle. */
static uint64_t ticks(uint64_t *idle)
{
	auto_fclose FILE *f = fopen("/proc/stat", "re");
	unsigned long long v[8] = { 0 };
	uint64_t sum = 0;

	if (!f || fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2],
			 &v[3], &v[4], &v[5], &v[6], &v[7]) != 8)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		sum += v[i];
	*idle = v[3] + v[4];
	return sum;
}

/* Until what the last command left behind is done, and on a machine that has other work until it
 * was three quarters idle for a while, but not for ever. */
static void settle(uint64_t ms)
{
	for (int i = 0; i < QUIET_TRIES; i++) {
		uint64_t idle_before = 0, idle = 0, before = ticks(&idle_before), sum;

		pause_ms(ms);
		sum = ticks(&idle) - before;
		if (ms < QUIET_MIN_MS || (idle - idle_before) * 4 >= sum * 3)
			return;
	}
}

static _Noreturn void child(const struct spec *s, char *const *argv)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), ns = -1;

	if (!str_eq(s->ns, "-")) {
		ns = open(s->ns, O_RDONLY | O_CLOEXEC);
		if (ns < 0 || setns(ns, CLONE_NEWNS) < 0)
			_exit(126);
	}
	dup2(null, 0);
	dup2(log_fd, 1);
	dup2(log_fd, 2);
	alarm(LIMIT_S);
	*t0 = now();
	execvp(argv[0], argv);
	_exit(127);
}

/* Exit status, or -1. */
static int run(const struct spec *s, char *const *argv, int64_t *end)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		child(s, argv);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	*end = now();
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void aside(const struct spec *s, char *text)
{
	char sh[] = "/bin/sh", c[] = "-c", *argv[] = { sh, c, text, NULL };
	int64_t end;

	if (!str_eq(text, "-") && run(s, argv, &end) != 0)
		dprintf(log_fd, "!! failed: %s\n", text);
}

static int64_t read_stamp(const char *path)
{
	for (int i = 0; i < 200; i++) {
		char b[32] = "";
		auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
		int64_t v;

		if (fd >= 0 && read(fd, b, sizeof(b) - 1) > 0 && num_i64(str_trim(b), &v) == 0)
			return v;
		pause_ms(5);
	}
	return 0;
}

/* Not removed: an overlay that is mounted would go on writing to the file it knows. */
static void clear_stamp(const char *path)
{
	auto_close int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	(void)fd;
}

static void once(struct spec *s, bool count, uint64_t settle_ms)
{
	bool stamped = !str_eq(s->stamp, "-");
	int64_t end, stamp = 0;
	int status;

	aside(s, s->before);
	if (stamped)
		clear_stamp(s->stamp);
	settle(settle_ms);
	dprintf(log_fd, "-- %s\n", s->name);
	status = run(s, s->argv, &end);
	if (stamped && status == 0)
		stamp = read_stamp(s->stamp);
	if (status != 0 || (stamped && !stamp)) {
		dprintf(log_fd, "!! %s: status %d\n", s->name, status);
		s->bad++;
	} else if (count) {
		s->returned[s->n++] = (double)(end - *t0) / 1e6;
		if (stamped)
			s->started[s->stamps++] = (double)(stamp - *t0) / 1e6;
	}
	aside(s, s->after);
}

static int load(const char *path, size_t rounds)
{
	auto_fclose FILE *f = fopen(path, "re");
	char line[8192];

	while (f && specs_n < SPECS && fgets(line, sizeof(line), f)) {
		struct spec *s = &specs[specs_n];
		char **const field[] = {
			&s->name, &s->ns, &s->stamp, &s->before, &s->cmd, &s->after
		};
		char *rest = line, *save = NULL;
		size_t k = 0, i = 0;

		if (line[0] == '#' || line[0] == '\n')
			continue;
		for (; k < ARRAY_SIZE(field) && rest; k++)
			*field[k] = strdup(str_trim(strsep(&rest, "|")));
		s->started = calloc(rounds, sizeof(double));
		s->returned = calloc(rounds, sizeof(double));
		if (k < ARRAY_SIZE(field) || !s->after || !s->started || !s->returned)
			return -1;
		for (char *a = strtok_r(s->cmd, " ", &save); a && i < ARGS - 1;
		     a = strtok_r(NULL, " ", &save))
			s->argv[i++] = a;
		specs_n++;
	}
	return f && specs_n ? 0 : -1;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void cell(double *v, size_t n, bool smallest)
{
	qsort(v, n, sizeof(*v), compare);
	if (n)
		printf("\t%.3f", smallest ? v[0] : v[n / 2]);
	else
		printf("\t-");
}

int main(int argc, char **argv)
{
	uint64_t rounds = 31, warm = 2, ms = 40;
	int o, bad = 0;

	while ((o = getopt(argc, argv, "n:w:s:")) != -1) {
		uint64_t *v = o == 'n' ? &rounds : o == 'w' ? &warm : o == 's' ? &ms : NULL;

		if (!v || num_u64(optarg, v) < 0)
			return 2;
	}
	log_fd = open("lat.log", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	t0 = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (optind + 1 != argc || rounds < 1 || log_fd < 0 || t0 == MAP_FAILED ||
	    load(argv[optind], rounds) < 0) {
		fprintf(stderr, "lat: cannot begin: arguments, lat.log or the list of commands "
				"(see lat.c)\n");
		return 2;
	}
	for (uint64_t r = 0; r < rounds + warm; r++)
		for (size_t i = 0; i < specs_n; i++)
			once(&specs[(i + r) % specs_n], r >= warm, ms);
	for (struct spec *s = specs; s < specs + specs_n; s++) {
		printf("%s\t%zu\t%zu", s->name, s->n, s->bad);
		cell(s->started, s->stamps, false);
		cell(s->returned, s->n, false);
		cell(s->started, s->stamps, true);
		cell(s->returned, s->n, true);
		printf("\n");
		bad |= s->bad > 0;
	}
	return bad;
}
