/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the registered tests: `unit [-v] [-l] [-r] [-t SECONDS] [FILTER...]`, a FILTER being part of FILE.NAME (kv.quote);
 * -r: the last one first.
 * Prints a line for each failure and closes with "N passed, N failed[, N skipped]". Exit status 1 on a failure, or when a
 * filter matched nothing.
 */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/num.h"
#include "util/path.h"
#include "util/str.h"
#include "util/sys.h"

#define EXIT_SKIPPED 77
#define SLOW_MS 3000

static struct test *tests;
static int report = -1;			/* child: where its one line goes */
static int base_fd = -1;		/* parent's directory, in which each test may have one */
static char base[64], tmp[96];
static int limit_s = 120;
static bool verbose, reverse;
static struct { unsigned passed, failed, skipped; } count;

static void short_name(const struct test *t, char *dst, size_t size)
{
	const char *slash = strrchr(t->file, '/');
	const char *file = slash ? slash + 1 : t->file;

	if (str_starts(file, "t_"))
		file += 2;
	str_fmt(dst, size, "%.*s.%s", (int)strcspn(file, "."), file, t->name);
}

static int compare(const struct test *a, const struct test *b)
{
	int c = strcmp(a->file, b->file);

	return c ? c : strcmp(a->name, b->name);
}

void test_register(struct test *t)
{
	struct test **at = &tests;

	while (*at && compare(*at, t) < 0)
		at = &(*at)->next;
	t->next = *at;
	*at = t;
}

/* --- in the test's process --- */

static void __attribute__((format(printf, 1, 0))) say(const char *fmt, va_list ap)
{
	char text[1024];
	int n = vsnprintf(text, sizeof(text), fmt, ap);

	if (n > 0 && write(report, text, MIN((size_t)n, sizeof(text) - 1)) < 0)
		_exit(2);
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
	char where[512];
	va_list ap;

	test_fault_off();
	str_fmt(where, sizeof(where), "%s:%d: ", file, line);
	if (write(report, where, strlen(where)) < 0)
		_exit(2);
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	_exit(1);
}

void test_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	_exit(EXIT_SKIPPED);
}

const char *test_tmp(void)
{
	if (mkdir(tmp, 0700) < 0 && errno != EEXIST)
		test_fail(__FILE__, __LINE__, "mkdir %s: %s", tmp, strerror(errno));
	return tmp;
}

int test_tmp_fd(void)
{
	int fd = open(test_tmp(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		test_fail(__FILE__, __LINE__, "open %s: %s", tmp, strerror(errno));
	return fd;
}

void test_nap(unsigned ms)
{
	usleep(ms * 1000);
}

void test_own_mounts(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		test_fail(__FILE__, __LINE__, "mount namespace: %s", strerror(errno));
}

void test_eq_(const char *file, int line, const char *expr, long long got, long long want)
{
	if (got != want)
		test_fail(file, line, "%s is %lld (0x%llx), wanted %lld (0x%llx)", expr, got,
			  (unsigned long long)got, want, (unsigned long long)want);
}

void test_str_(const char *file, int line, const char *expr, const char *got, const char *want)
{
	if (!str_eq(got, want))
		test_fail(file, line, "%s is \"%s\", wanted \"%s\"", expr, got ? got : "(null)",
			  want ? want : "(null)");
}

void test_ok_(const char *file, int line, const char *expr, int got, const struct err *e)
{
	if (got < 0)
		test_fail(file, line, "%s failed (%d): %s", expr, got, e->text);
}

/* --- in the parent --- */

static void __attribute__((noreturn)) child(const struct test *t, int fd)
{
	setpgid(0, 0);
	report = fd;
	t->run();
	exit(0);			/* not _exit: the leak checker runs at exit */
}

/* Everything the test wrote, on one line. */
static void read_line(int fd, char *dst, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size - 1 && (n = read(fd, dst + len, size - 1 - len)) > 0)
		len += (size_t)n;
	dst[len] = '\0';
	for (char *s = dst; *s; s++) {
		if ((unsigned char)*s < 0x20)
			*s = ' ';
	}
}

static void judge(const char *name, int st, bool late, const char *text)
{
	if (!late && WIFEXITED(st) && WEXITSTATUS(st) == 0) {
		count.passed++;
		if (verbose)
			printf("ok %s\n", name);
		return;
	}
	if (!late && WIFEXITED(st) && WEXITSTATUS(st) == EXIT_SKIPPED) {
		count.skipped++;
		printf("ok %s # skip %s\n", name, text);
		return;
	}
	count.failed++;
	if (late)
		printf("not ok %s: not done after %d s\n", name, limit_s);
	else if (WIFSIGNALED(st))
		printf("not ok %s: killed by signal %d (%s)\n", name, WTERMSIG(st), strsignal(WTERMSIG(st)));
	else if (text[0])
		printf("not ok %s: %s\n", name, text);
	else
		printf("not ok %s: exit status %d\n", name, WEXITSTATUS(st));
}

static void run_one(const struct test *t, const char *name)
{
	auto_close int pidfd = -1;
	struct err e = { 0 };
	char text[1600] = "";
	int64_t start = sys_now_ms();
	int p[2], st = 0;
	bool late;
	pid_t pid;

	fflush(NULL);
	if (pipe2(p, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		perror("runner");
		exit(2);
	}
	if (pid == 0)
		child(t, p[1]);
	setpgid(pid, pid);
	close(p[1]);
	pidfd = sys_pidfd_open(pid, 0);
	late = pidfd >= 0 && sys_pidfd_wait(pidfd, limit_s * 1000) == 0;
	kill(-pid, SIGKILL);		/* what it left running, or all of it */
	while (waitpid(pid, &st, 0) < 0 && errno == EINTR)
		;
	fcntl(p[0], F_SETFL, O_NONBLOCK);	/* all is there; a stray may still hold the other end */
	read_line(p[0], text, sizeof(text));
	close(p[0]);
	judge(name, st, late, text);
	if (sys_now_ms() - start > SLOW_MS)
		printf("# %s took %lld ms\n", name, (long long)(sys_now_ms() - start));
	if (path_rmtree(base_fd, strrchr(tmp, '/') + 1, &e) < 0)
		printf("# %s left files: %s\n", name, e.text);
}

static bool wanted(const char *name, char **filters)
{
	for (char **f = filters; *f; f++) {
		if (strstr(name, *f))
			return true;
	}
	return !*filters;
}

static int parse_args(int argc, char **argv, bool *list)
{
	uint64_t n;
	int c;

	while ((c = getopt(argc, argv, "vlrt:")) != -1) {
		if (c == 'v')
			verbose = true;
		else if (c == 'l')
			*list = true;
		else if (c == 'r')
			reverse = true;
		else if (c == 't' && num_u64(optarg, &n) == 0 && n > 0 && n < 100000)
			limit_s = (int)n;
		else
			return -1;
	}
	return 0;
}

static void make_base(void)
{
	const char *dir = getenv("TMPDIR");

	str_fmt(base, sizeof(base), "%s/vz-unit-XXXXXX", dir && *dir == '/' && strlen(dir) < 40 ? dir : "/tmp");
	if (!mkdtemp(base) || (base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
		perror(base);
		exit(2);
	}
}

static void turn_around(void)
{
	struct test *done = NULL;

	for (struct test *t = tests, *next; t; t = next) {
		next = t->next;
		t->next = done;
		done = t;
	}
	tests = done;
}

static void run_all(char **filters, bool list)
{
	unsigned n = 0;
	char name[256];

	for (const struct test *t = tests; t; t = t->next) {
		short_name(t, name, sizeof(name));
		if (!wanted(name, filters))
			continue;
		if (list) {
			puts(name);
			continue;
		}
		if (t->root && geteuid() != 0) {
			count.skipped++;
			printf("ok %s # skip needs root\n", name);
			continue;
		}
		str_fmt(tmp, sizeof(tmp), "%s/%u", base, n++);
		run_one(t, name);
	}
}

int main(int argc, char **argv)
{
	bool list = false;

	if (parse_args(argc, argv, &list) < 0) {
		fprintf(stderr, "Usage: %s [-v] [-l] [-r] [-t SECONDS] [FILTER...]\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	make_base();
	if (reverse)
		turn_around();
	run_all(argv + optind, list);
	if (rmdir(base) < 0)
		fprintf(stderr, "%s: %s\n", base, strerror(errno));
	if (list)
		return 0;
	printf("%u passed, %u failed", count.passed, count.failed);
	if (count.skipped)
		printf(", %u skipped", count.skipped);
	printf("\n");
	return count.failed || count.passed + count.skipped == 0;
}
