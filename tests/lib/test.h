/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_LIB_TEST_H
#define TESTS_LIB_TEST_H
/*
 * Unit tests. TEST(name) { ... } registers itself; each runs in a process of its own, so a crash is one failure and
 * what a test does to itself (unshare, chdir, rlimits, umask) ends with it. The first CHECK that fails ends the test.
 * A test leaves no process and no mount behind; files go below test_tmp(), which is removed afterwards.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/auto.h"
#include "util/err.h"

struct test {
	const char *name, *file;
	void (*run)(void);
	bool root;
	struct test *next;
};

void test_register(struct test *t);
void test_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), noreturn));
void test_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
const char *test_tmp(void);	/* an empty directory of this test's own, mode 0700 */
void test_own_mounts(void);	/* a mount namespace of this test's own, nothing propagates; fails without root */
int test_tmp_fd(void);		/* the same, opened; O_CLOEXEC, the caller closes */

/*
 * Failure on purpose. EACH_FAULT(FAULT_ALLOC | FAULT_IO) { ... } runs its block again and again: the n-th of those calls
 * made by our code fails in the n-th pass, and the last pass, in which none was left to fail, must succeed:
 *	EACH_FAULT(FAULT_ALLOC) {
 *		struct str_list l = { 0 };
 *		int r = str_list_split(&l, "a b", " ", &e);
 *
 *		test_fault_off();
 *		CHECK_EQ(r, test_fault_hit() ? -ENOMEM : 0);
 *		str_list_clear(&l);
 *	}
 */
enum { FAULT_ALLOC = 1, FAULT_IO = 2 };	/* ENOMEM; an errno that suits the call */
void test_fault_first(unsigned kinds);
bool test_fault_next(void);
void test_fault_off(void);		/* for the rest of this pass, or until */
void test_fault_on(void);		/* the count begins here (anew) */
bool test_fault_hit(void);		/* something has failed in this pass */
/* Calls @fn before the n-th of those calls: for what another process might do just then. Its own calls count no more. */
void test_before_call(unsigned kinds, long n, void (*fn)(void));
#define EACH_FAULT(kinds) for (test_fault_first(kinds); test_fault_next(); )

void test_eq_(const char *file, int line, const char *expr, long long got, long long want);
void test_str_(const char *file, int line, const char *expr, const char *got, const char *want);
void test_ok_(const char *file, int line, const char *expr, int got, const struct err *e);

#define TEST_DEFINE_(id, needs_root) \
	static void id##_body_(void); \
	static void __attribute__((constructor)) id##_register_(void) \
	{ \
		static struct test t = { .name = #id, .file = __FILE__, .run = id##_body_, .root = needs_root }; \
		test_register(&t); \
	} \
	static void id##_body_(void)

#define TEST(id) TEST_DEFINE_(id, false)
#define TEST_ROOT(id) TEST_DEFINE_(id, true)	/* skipped, and counted as such, when not root */

#define CHECK(cond) do { \
	if (!(cond)) \
		test_fail(__FILE__, __LINE__, "%s", #cond); \
} while (0)
/* Integers of any type: got, wanted. */
#define CHECK_EQ(got, want) test_eq_(__FILE__, __LINE__, #got, (long long)(got), (long long)(want))
/* Strings, NULL included: got, wanted. */
#define CHECK_STR(got, want) test_str_(__FILE__, __LINE__, #got, (got), (want))
/* A call that must fail with this errno: CHECK_ERR(kv_load(&kv, dir, "x", &e), ENOENT). */
#define CHECK_ERR(call, code) test_eq_(__FILE__, __LINE__, #call, (long long)(call), -(long long)(code))
/* A call that must not fail; @e says why it did: CHECK_OK(kv_load(&kv, dir, "x", &e), &e). */
#define CHECK_OK(call, e) test_ok_(__FILE__, __LINE__, #call, (int)(call), (e))
#define SKIP(...) test_skip(__VA_ARGS__)

/*
 * Turns the loop @ev until @cond holds; a failure when it never does. The only way to wait for what others do (a child,
 * a thread, a timer, the disk): no time is long enough on a machine that is busy, or short enough on one that is not.
 */
#define TEST_PATIENCE_MS 40000
#define UNTIL(ev, cond) do { \
	uint64_t end_ = ev_now_ms() + TEST_PATIENCE_MS; \
	struct err e_ = { 0 }; \
	while (!(cond)) { \
		if (ev_now_ms() > end_) \
			test_fail(__FILE__, __LINE__, "never: %s", #cond); \
		CHECK_OK(ev_turn((ev), 20, &e_), &e_); \
	} \
} while (0)
/* For what must not happen: at least @ms, and at least as many turns as a loop at rest would have taken in them. */
#define TURN_FOR(ev, ms) do { \
	uint64_t end_ = ev_now_ms() + (ms); \
	struct err e_ = { 0 }; \
	for (unsigned n_ = 0; n_ < (ms) / 10 || ev_now_ms() < end_; n_++) \
		CHECK_OK(ev_turn((ev), 10, &e_), &e_); \
} while (0)
/* The same without a loop: looks again and again. */
#define SOON(cond) do { \
	for (unsigned n_ = 0; !(cond); n_++) { \
		if (n_ > TEST_PATIENCE_MS / 10) \
			test_fail(__FILE__, __LINE__, "never: %s", #cond); \
		test_nap(10); \
	} \
} while (0)
void test_nap(unsigned ms);

#endif
