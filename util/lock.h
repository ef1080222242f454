/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_LOCK_H
#define UTIL_LOCK_H
/* flock(2) on a file that is never removed. The kernel drops it when the holder dies. */
struct err;

/* @timeout_ms: 0 = fail at once with EBUSY, < 0 = wait for ever. *ret_fd owns the lock: close it to release. */
int lock_take(int dir, const char *name, int timeout_ms, int *ret_fd, struct err *e);

#endif
