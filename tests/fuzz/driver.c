/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main() of a fuzz target. Built with VZ_LIBFUZZER it is a libFuzzer target; otherwise it replays files, each in a
 * process of its own, followed by a fixed series of mutations of it: the same inputs on every machine.
 *   fuzz-NAME [-m MUTATIONS] FILE...        closes with "N passed, N failed"; one count per file
 */
#include "tests/fuzz/fuzz.h"

#ifdef VZ_LIBFUZZER

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_one(data, size);
	return 0;
}

#else

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/num.h"

#define ROOM 16			/* bytes a mutation may add */
#define LIMIT_S 30

static uint64_t mutations = 300;

/* xorshift: the series depends on nothing but the seed. */
static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Changes @s of @n bytes a little; returns the new length, at most n + ROOM. */
static size_t mutate(char *s, size_t n, uint32_t *seed)
{
	static const char telling[] = "\"\\=#:;,./-0919.TGMKPB\n\t \xff\x7f$`%{}[]";
	size_t at = n ? next(seed) % n : 0;
	char c = telling[next(seed) % sizeof(telling)];

	switch (next(seed) % 5) {
	case 0:					/* another byte */
		if (n)
			s[at] = c;
		return n;
	case 1:					/* one bit */
		if (n)
			s[at] ^= (char)(1u << (next(seed) % 8));
		return n;
	case 2:					/* cut */
		return at;
	case 3:					/* one byte less */
		if (n)
			memmove(s + at, s + at + 1, n - at - 1);
		return n ? n - 1 : 0;
	}
	memmove(s + at + 1, s + at, n - at);	/* one more */
	s[at] = c;
	return n + 1;
}

/* On an allocation of the exact size, so that reading one byte too far is seen. */
static void run_exact(const char *s, size_t n)
{
	char *copy = malloc(n ? n : 1);

	if (!copy)
		exit(2);
	memcpy(copy, s, n);
	fuzz_one((const uint8_t *)copy, n);
	free(copy);
}

static void __attribute__((noreturn)) replay(const char *file)
{
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };
	uint32_t seed = 2463534242u;
	char *work;

	alarm(LIMIT_S);
	if (fio_read_at(AT_FDCWD, file, &b, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		exit(2);
	}
	run_exact(buf_str(&b), b.len);
	work = malloc(b.len + ROOM);
	for (uint64_t i = 0; work && i < mutations; i++) {
		size_t n = b.len;

		memcpy(work, buf_str(&b), n);
		for (uint32_t k = next(&seed) % 4; k < 4; k++)
			n = mutate(work, n, &seed);
		run_exact(work, n);
	}
	free(work);
	buf_done(&b);
	exit(work ? 0 : 2);
}

static int run_file(const char *file)
{
	pid_t pid;
	int st = 0;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		replay(file);
	while (pid > 0 && waitpid(pid, &st, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && st == 0)
		return 0;
	if (WIFSIGNALED(st))
		printf("not ok %s: killed by signal %d%s\n", file, WTERMSIG(st),
		       WTERMSIG(st) == SIGALRM ? " (too slow)" : "");
	else
		printf("not ok %s: exit status %d\n", file, WEXITSTATUS(st));
	return 1;
}

int main(int argc, char **argv)
{
	unsigned failed = 0, passed = 0;
	int c;

	while ((c = getopt(argc, argv, "m:")) != -1) {
		if (c != 'm' || num_u64(optarg, &mutations) < 0) {
			fprintf(stderr, "Usage: %s [-m MUTATIONS] FILE...\n", argv[0]);
			return 2;
		}
	}
	for (; argv[optind]; optind++) {
		if (run_file(argv[optind]))
			failed++;
		else
			passed++;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0;
}

#endif
