/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes the n-th allocation or file call of a test fail. The linker sends our objects' calls here (--wrap, the list is
 * FAULT_CALLS in tests/tests.mk); calls that the C library makes inside itself are not seen.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/test.h"

static struct {
	unsigned kinds;			/* 0: off */
	long n, left;			/* this pass fails the n-th; calls until then */
	bool hit;
	void (*before)(void);		/* called before the n-th call, which then is made */
} fault;

void test_fault_first(unsigned kinds)
{
	memset(&fault, 0, sizeof(fault));
	fault.kinds = kinds;
	fault.hit = true;
}

bool test_fault_next(void)
{
	if (!fault.hit)
		fault.kinds = 0;
	fault.hit = false;
	fault.left = ++fault.n;
	return fault.kinds != 0;
}

void test_before_call(unsigned kinds, long n, void (*fn)(void))
{
	memset(&fault, 0, sizeof(fault));
	fault.kinds = kinds;
	fault.left = n;
	fault.before = fn;
}

void test_fault_off(void)
{
	fault.left = 0;
}

void test_fault_on(void)
{
	fault.left = fault.n;
}

bool test_fault_hit(void)
{
	return fault.hit;
}

static bool fails(unsigned kind, int code)
{
	if (!(fault.kinds & kind) || fault.left == 0 || --fault.left > 0)
		return false;
	fault.hit = true;
	if (fault.before) {
		fault.before();
		return false;
	}
	errno = code;
	return true;
}

#define WRAP(kind, code, type, bad, name, params, args) \
	type __real_##name params; \
	type __wrap_##name params; \
	type __wrap_##name params \
	{ \
		return fails(kind, code) ? bad : __real_##name args; \
	}

WRAP(FAULT_ALLOC, ENOMEM, void *, NULL, malloc, (size_t n), (n))
WRAP(FAULT_ALLOC, ENOMEM, void *, NULL, calloc, (size_t n, size_t m), (n, m))
WRAP(FAULT_ALLOC, ENOMEM, void *, NULL, realloc, (void *p, size_t n), (p, n))
WRAP(FAULT_ALLOC, ENOMEM, void *, NULL, reallocarray, (void *p, size_t n, size_t m), (p, n, m))
WRAP(FAULT_ALLOC, ENOMEM, char *, NULL, strdup, (const char *s), (s))
WRAP(FAULT_ALLOC, ENOMEM, char *, NULL, strndup, (const char *s, size_t n), (s, n))
WRAP(FAULT_IO, ENOSPC, ssize_t, -1, write, (int fd, const void *p, size_t n), (fd, p, n))
WRAP(FAULT_IO, EIO, ssize_t, -1, read, (int fd, void *p, size_t n), (fd, p, n))
WRAP(FAULT_IO, EIO, int, -1, fsync, (int fd), (fd))
WRAP(FAULT_IO, EIO, int, -1, fstat, (int fd, struct stat *st), (fd, st))
WRAP(FAULT_IO, EIO, int, -1, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(FAULT_IO, EIO, int, -1, unlinkat, (int dir, const char *s, int flags), (dir, s, flags))
WRAP(FAULT_IO, ENOSPC, int, -1, mkdirat, (int dir, const char *s, mode_t mode), (dir, s, mode))
WRAP(FAULT_IO, EIO, int, -1, renameat, (int d, const char *s, int d2, const char *s2), (d, s, d2, s2))

int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (flags & (O_CREAT | __O_TMPFILE)) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return fails(FAULT_IO, EMFILE) ? -1 : __real_openat(dir, path, flags, mode);
}
