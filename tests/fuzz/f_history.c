/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vzd/history.c on a file of any content: reads end, what they give is a slot of the asked time or a gap, it prints as JSON, and a
 * write makes the file good again.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/err.h"
#include "vzd/history.h"

#define NOW 1699999980ll

static char name[] = "/tmp/vz-fuzz-history.XXXXXX";

static void tidy(void)
{
	rmdir(name);
}

static int dir_fd(void)
{
	static int dir = -1;

	if (dir < 0) {
		FUZZ_CHECK(mkdtemp(name));
		dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		FUZZ_CHECK(dir >= 0);
		atexit(tidy);
	}
	return dir;
}

static void check_reads(int dir, uint64_t key)
{
	static struct hist_slot v[HIST_SPAN_MAX];
	struct err e = { 0 };

	for (int span = 0; span < HIST_SPAN_N; span++) {
		int n = hist_read(dir, 101, key, (enum hist_span)span, NOW, v, &e);
		json_t *j;

		FUZZ_CHECK(n == (int)hist_count((enum hist_span)span));
		for (int i = 1; i < n; i++)
			FUZZ_CHECK(v[i].t == v[i - 1].t + hist_step((enum hist_span)span));
		j = hist_json((enum hist_span)span, v, (unsigned)n);
		FUZZ_CHECK(j);
		json_decref(j);
	}
}

void fuzz_one(const uint8_t *data, size_t size)
{
	int dir = dir_fd();
	auto_close int fd = openat(dir, "101", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct hist_acc a = { 0 };
	float f[HIST_N] = { 1, 2, 3 };
	uint64_t key = 0;
	struct err e = { 0 };
	static struct hist_slot v[HIST_SPAN_MAX];

	FUZZ_CHECK(fd >= 0);
	FUZZ_CHECK(write(fd, data, size) == (ssize_t)size);
	if (size >= 16)
		memcpy(&key, data + 8, 8);
	check_reads(dir, key);
	FUZZ_CHECK(!hist_add(&a, NOW, f));
	FUZZ_CHECK(hist_flush(dir, 101, key, &a, &e) == 0);
	check_reads(dir, key);
	FUZZ_CHECK(hist_read(dir, 101, key, HIST_HOUR, NOW, v, &e) == 60 && v[59].n >= 1);
	hist_drop(dir, 101);
}
