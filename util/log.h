/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H
/* Only programs log; below vzctl and vzd nothing but log_debug() is allowed, and it is silent unless VZ_DEBUG is set. */
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The vzctl log file: "2026-11-21T01:02:03+0000 PROG : CT 101 : text". @ctid 0: no CT part. A file that cannot be
 * opened is silently not written (the spec's behaviour). */
void log_open(const char *file, const char *prog, int max_level);
void log_line(int level, unsigned ctid, const char *text);
#endif
