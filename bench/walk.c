/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk DIR ROUNDS [find]: walks a tree of one file system with lstat(2) of each entry, or runs the find of the PATH with a test
 * of size, which does the same and more. Once to warm up, then ROUNDS times: prints the median of the processor time of one
 * (of find with its start), in microseconds, and the number of entries.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 1000

struct tree { dev_t dev; uint64_t entries; };

static int walk(struct tree *t, int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	struct stat st;
	int rc = 0;

	if (!d)
		return -errno;
	while (rc == 0 && (de = readdir(d))) {
		if (de->d_name[0] == '.' && (!de->d_name[1] || (de->d_name[1] == '.' && !de->d_name[2])))
			continue;
		if (fstatat(fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			rc = errno == ENOENT ? 0 : -errno;
			continue;
		}
		t->entries++;
		if (S_ISDIR(st.st_mode) && st.st_dev == t->dev)
			rc = walk(t, fd, de->d_name);
	}
	closedir(d);
	return rc;
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t us_of(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000000 + (uint64_t)t->tv_usec;
}

/* No file is so large, so nothing is printed. */
static int find(const char *dir, uint64_t *ret_us)
{
	const char *const argv[] = { "find", dir, "-xdev", "-size", "+999999999", NULL };
	pid_t pid = fork();
	struct rusage ru;
	int status;

	if (pid == 0) {
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &ru) < 0)
		return -errno;
	*ret_us = us_of(&ru.ru_utime) + us_of(&ru.ru_stime);
	return status ? -ECHILD : 0;
}

/* Counts all entries on the way: the first round is always the walk itself. */
static int once(struct tree *t, const char *dir, bool by_find, uint64_t *ret_us)
{
	uint64_t begin = now_us();
	int rc;

	if (by_find)
		return find(dir, ret_us);
	t->entries = 0;
	rc = walk(t, AT_FDCWD, dir);
	*ret_us = now_us() - begin;
	return rc;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	static uint64_t us[ROUNDS_MAX];
	int n = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0, rc;
	struct tree t = { 0 };
	struct stat st;

	if (n < 1 || n > ROUNDS_MAX || argc > 4 || stat(argv[1], &st) < 0)
		return 2;
	t.dev = st.st_dev;
	rc = once(&t, argv[1], false, &us[0]);
	for (int i = 0; i < n && rc == 0; i++)
		rc = once(&t, argv[1], argc == 4, &us[i]);
	if (rc < 0) {
		errno = -rc;
		perror(argv[1]);
		return 1;
	}
	qsort(us, (size_t)n, sizeof(us[0]), by_size);
	printf("%llu %llu\n", (unsigned long long)us[n / 2], (unsigned long long)t.entries);
	return 0;
}
