/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What many configurations cost: every [0-9]*.conf in the directory DIR is read and written again, as set --save does.
 *   scale floor DIR      the bytes alone: open, read, write aside, fsync, rename
 *   scale rewrite DIR    parsed into a configuration through the rows, one value changed, printed and replaced
 *   scale parse DIR      parsed only
 * Prints microseconds of the best of five rounds.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "libct/files.h"
#include "util/buf.h"
#include "util/fio.h"

#define ROUNDS 5

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int copy(int dir, const char *name, int round, struct err *e)
{
	static char text[65536];
	auto_close int in = openat(dir, name, O_RDONLY | O_CLOEXEC);
	auto_close int out = openat(dir, ".floor", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t n = in < 0 ? -1 : read(in, text, sizeof(text));

	(void)round;
	if (n < 0 || out < 0 || fio_write_all(out, text, (size_t)n) < 0 || fsync(out) < 0 ||
	    renameat(dir, ".floor", dir, name) < 0)
		return err_set(e, errno, "%s", name);
	return 0;
}

static int parse(int dir, const char *name, struct kv *kv, struct err *e)
{
	auto_conf struct ct_conf conf = { 0 };

	if (kv_load(kv, dir, name, e) < 0)
		return -e->code;
	return ct_conf_from_kv(&conf, kv, NULL, name, e);
}

static int parse_only(int dir, const char *name, int round, struct err *e)
{
	auto_kv struct kv kv = { 0 };

	(void)round;
	return parse(dir, name, &kv, e);
}

static int rewrite(int dir, const char *name, int round, struct err *e)
{
	auto_conf struct ct_conf change = { 0 }, have = { 0 };
	auto_kv struct kv kv = { 0 };
	auto_buf struct buf b = BUF_INIT;
	bool changed = false;

	if (kv_load(&kv, dir, name, e) < 0 || ct_conf_from_kv(&have, &kv, NULL, name, e) < 0)
		return -e->code;
	change.bootorder = (struct num_opt){ .v = (uint64_t)round + 1, .set = true };
	if (ct_store_apply(&kv, &change, &have, NULL, &changed, e) < 0 || kv_print(&kv, &b, e) < 0)
		return -e->code;
	return changed ? fio_replace(dir, name, buf_str(&b), b.len, 0644, e) : err_say(e, EINVAL, "%s did not change", name);
}

static int all(DIR *d, int (*work)(int, const char *, int, struct err *), int round, struct err *e)
{
	struct dirent *de;
	char (*names)[32] = NULL;
	size_t n = 0;
	int rc = 0;

	rewinddir(d);
	while ((de = readdir(d))) {
		char (*more)[32];

		if (*de->d_name < '1' || *de->d_name > '9' || !str_ends(de->d_name, ".conf"))
			continue;
		more = reallocarray(names, n + 1, sizeof(*names));
		if (!more || str_copy(more[n], sizeof(*more), de->d_name) < 0)
			return err_set(e, ENOMEM, "names");
		names = more;
		n++;
	}
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = work(dirfd(d), names[i], round, e);
	free(names);
	return rc;
}

int main(int argc, char **argv)
{
	static const struct { const char *word; int (*work)(int, const char *, int, struct err *); } what[] = {
		{ "floor", copy }, { "parse", parse_only }, { "rewrite", rewrite },
	};
	auto_closedir DIR *d = argc == 3 ? opendir(argv[2]) : NULL;
	int64_t best = INT64_MAX;
	struct err e = { 0 };
	size_t w = 0;

	while (argc == 3 && w < ARRAY_SIZE(what) && strcmp(what[w].word, argv[1]) != 0)
		w++;
	if (!d || w == ARRAY_SIZE(what)) {
		fprintf(stderr, "usage: scale floor|parse|rewrite DIR\n");
		return 2;
	}
	for (int round = 0; round < ROUNDS; round++) {
		int64_t t = now_us();

		if (all(d, what[w].work, round, &e) < 0) {
			fprintf(stderr, "scale: %s\n", e.text);
			return 1;
		}
		best = MIN(best, now_us() - t);
	}
	printf("%lld\n", (long long)best);
	return 0;
}
