/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_FIO_H
#define UTIL_FIO_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct buf;
struct err;

int fio_write_all(int fd, const void *p, size_t n);		/* 0 or -errno; retries EINTR and short writes */
/* Whole file into @b (which keeps its cap: EFBIG beyond it). Refuses what is not a regular or proc file. */
int fio_read_at(int dir, const char *name, struct buf *b, struct err *e);
int fio_read_fd(int fd, struct buf *b, const char *what, struct err *e);
/* One write(2) to an existing control file (cgroup, proc, sysfs). */
int fio_control(int dir, const char *name, const char *val, struct err *e);
/* Atomically replaces dir/name: temp file beside it (".NAME.tmp"), fsync, rename, fsync of @dir. */
int fio_replace(int dir, const char *name, const void *p, size_t n, mode_t mode, struct err *e);
/* The same, but for the fsync of @dir, which a caller with more to write there does once. */
int fio_replace_file(int dir, const char *name, const void *p, size_t n, mode_t mode, struct err *e);
/* The same without any fsync, for files under /run. */
int fio_replace_run(int dir, const char *name, const void *p, size_t n, mode_t mode, struct err *e);
int fio_fsync_dir(int dir, struct err *e);	/* works on O_PATH directories too */

#endif
