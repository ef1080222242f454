/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/history.c: what goes in comes out, gaps stay gaps, and no damage to a file is believed. */
#include "vzd/history.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "util/str.h"

#define T0 1699999980ll		/* a minute, two before a multiple of five */

static struct hist_slot slots[HIST_SPAN_MAX];

static void put(int dir, int64_t t, float cpu)
{
	struct hist_acc a = { 0 };
	float v[HIST_N] = { [HIST_CPU] = cpu, [HIST_MEMORY] = cpu * 1000 };
	struct err e = { 0 };

	CHECK(!hist_add(&a, t, v));
	CHECK_OK(hist_flush(dir, 101, 7, &a, &e), &e);
	CHECK_EQ(a.n, 0);
}

static unsigned filled(int dir, enum hist_span span, int64_t now)
{
	struct err e = { 0 };
	unsigned n = 0;
	int got = hist_read(dir, 101, 7, span, now, slots, &e);

	CHECK_EQ(got, hist_count(span));
	for (int i = 0; i < got; i++)
		n += slots[i].n != 0;
	return n;
}

TEST(accumulates)
{
	struct hist_acc a = { 0 };
	float v[HIST_N] = { 10 }, w[HIST_N] = { 30 };

	CHECK(!hist_add(&a, T0, v) && !hist_add(&a, T0 + 30, w));
	CHECK_EQ(a.n, 1);
	CHECK(fabsf(a.min[0].avg[HIST_CPU] - 20) < 0.01f && a.min[0].max[HIST_CPU] == 30);
	CHECK_EQ(a.min[0].t, T0);
	for (int i = 1; i < HIST_PENDING; i++)
		CHECK(!hist_add(&a, T0 + 60 * i, v));
	CHECK(!hist_add(&a, T0 + 60 * (HIST_PENDING - 1) + 59, v));
	CHECK(hist_add(&a, T0 + 60 * HIST_PENDING, v));		/* full */
	CHECK(hist_add(&a, T0, v));				/* the clock went back */
}

TEST(rings)
{
	auto_close int dir = test_tmp_fd();

	for (int i = 0; i < 10; i++)
		put(dir, T0 + 60 * i, (float)(10 * i));
	CHECK_EQ(filled(dir, HIST_HOUR, T0 + 540), 10);
	CHECK(slots[59].t == T0 + 540 && slots[59].avg[HIST_CPU] == 90);
	CHECK_EQ(filled(dir, HIST_DAY, T0 + 540), 3);		/* 2 + 5 + 3 minutes */
	CHECK(fabsf(slots[285].avg[HIST_CPU] - 5) < 0.01f && slots[285].max[HIST_CPU] == 10);
	CHECK(fabsf(slots[286].avg[HIST_CPU] - 40) < 0.01f);
	CHECK(fabsf(slots[287].avg[HIST_CPU] - 80) < 0.01f && slots[287].n == 3);
	CHECK_EQ(filled(dir, HIST_MONTH, T0 + 540), 1);
	CHECK(fabsf(slots[743].avg[HIST_CPU] - 45) < 0.01f && slots[743].max[HIST_CPU] == 90 && slots[743].n == 10);
	CHECK_EQ(filled(dir, HIST_YEAR, T0 + 540), 1);
	CHECK(fabsf(slots[365].avg[HIST_MEMORY] - 45000) < 1);
	/* an hour and a day later the same places show gaps, not what was there a turn before */
	CHECK_EQ(filled(dir, HIST_HOUR, T0 + 540 + 3600), 0);
	CHECK_EQ(filled(dir, HIST_DAY, T0 + 540 + 86400), 0);
	CHECK_EQ(filled(dir, HIST_YEAR, T0 + 86400), 1);
}

TEST(several_minutes_at_once)
{
	auto_close int dir = test_tmp_fd();
	struct hist_acc a = { 0 };
	struct err e = { 0 };
	struct stat st;

	for (int i = 0; i < HIST_PENDING; i++) {
		float v[HIST_N] = { (float)i };

		CHECK(!hist_add(&a, T0 + 60 * i, v));
	}
	CHECK_OK(hist_flush(dir, 101, 7, &a, &e), &e);
	CHECK_EQ(filled(dir, HIST_HOUR, T0 + 300), 5);
	CHECK_EQ(filled(dir, HIST_DAY, T0 + 300), 2);
	CHECK_EQ(fstatat(dir, "101", &st, 0), 0);
	CHECK_EQ(st.st_size, HIST_FILE_SIZE);
	CHECK_EQ(st.st_mode & 0777, 0600);
}

/* A minute that a restart of vzd cut in two is one minute. */
TEST(halves)
{
	auto_close int dir = test_tmp_fd();

	put(dir, T0, 10);
	put(dir, T0 + 30, 20);
	CHECK_EQ(filled(dir, HIST_HOUR, T0), 1);
	CHECK(fabsf(slots[59].avg[HIST_CPU] - 15) < 0.01f && slots[59].n == 2);
}

TEST(another_life)
{
	auto_close int dir = test_tmp_fd();
	struct hist_acc a = { 0 };
	float v[HIST_N] = { 1 };
	struct err e = { 0 };

	put(dir, T0, 10);
	CHECK_EQ(hist_read(dir, 101, 8, HIST_HOUR, T0, slots, &e), 60);
	CHECK_EQ(slots[59].n, 0);
	CHECK(!hist_add(&a, T0 + 60, v));
	CHECK_OK(hist_flush(dir, 101, 8, &a, &e), &e);
	CHECK_EQ(hist_read(dir, 101, 8, HIST_HOUR, T0 + 60, slots, &e), 60);
	CHECK(slots[59].n == 1 && slots[58].n == 0);
	hist_drop(dir, 101);
	CHECK(faccessat(dir, "101", F_OK, 0) < 0);
	CHECK_EQ(hist_read(dir, 101, 8, HIST_HOUR, T0 + 60, slots, &e), 60);
	CHECK_EQ(slots[59].n, 0);
}

/* Every byte in turn: a slot is what was written or it is a gap. */
TEST(damage)
{
	auto_close int dir = test_tmp_fd();
	auto_close int fd = -1;
	off_t at = 0;
	char c;

	put(dir, T0, 42);
	fd = openat(dir, "101", O_RDWR | O_CLOEXEC);
	for (off_t i = HIST_HEAD_SIZE; i < (off_t)(HIST_HEAD_SIZE + 60 * sizeof(struct hist_slot)) && !at; i++)
		if (pread(fd, &c, 1, i) == 1 && c)
			at = i;
	CHECK(at > 0);
	for (off_t i = at; i < at + (off_t)sizeof(struct hist_slot) - 8; i++) {
		char bad;

		CHECK(pread(fd, &c, 1, i) == 1);
		bad = (char)(c ^ 0x20);
		CHECK(pwrite(fd, &bad, 1, i) == 1);
		CHECK_EQ(filled(dir, HIST_HOUR, T0), 0);
		CHECK(pwrite(fd, &c, 1, i) == 1);
	}
	CHECK_EQ(filled(dir, HIST_HOUR, T0), 1);
	CHECK_EQ(ftruncate(fd, at + 10), 0);		/* a torn file */
	CHECK_EQ(filled(dir, HIST_HOUR, T0), 0);
	put(dir, T0 + 60, 43);				/* and goes on */
	CHECK_EQ(filled(dir, HIST_HOUR, T0 + 60), 1);
}

TEST(json)
{
	auto_close int dir = test_tmp_fd();
	struct err e = { 0 };
	json_t *j, *cpu;

	put(dir, T0, 12.3456f);
	CHECK_EQ(hist_read(dir, 101, 7, HIST_HOUR, T0, slots, &e), 60);
	j = hist_json(HIST_HOUR, slots, 60);
	CHECK(j);
	CHECK_EQ(json_integer_value(json_object_get(j, "step")), 60);
	CHECK_EQ(json_integer_value(json_object_get(j, "t0")), T0 - 59 * 60);
	CHECK_EQ(json_object_size(json_object_get(j, "series")), HIST_N);
	cpu = json_object_get(json_object_get(j, "series"), "cpu");
	CHECK_EQ(json_array_size(cpu), 60);
	CHECK(json_is_null(json_array_get(cpu, 0)));
	CHECK(fabs(json_real_value(json_array_get(cpu, 59)) - 12.35) < 1e-9);
	CHECK_EQ(json_integer_value(json_array_get(json_object_get(json_object_get(j, "max"), "memory"), 59)), 12345);
	json_decref(j);
}

TEST(full_disk)
{
	auto_close int dir = test_tmp_fd();
	float v[HIST_N] = { 1 };

	EACH_FAULT(FAULT_IO) {
		struct hist_acc a = { 0 };
		struct err e = { 0 };
		int rc;

		hist_add(&a, T0, v);
		rc = hist_flush(dir, 101, 7, &a, &e);
		test_fault_off();
		CHECK_EQ(a.n, 0);
		CHECK(rc == 0 || (test_fault_hit() && e.code));
	}
}
