/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_LINT_ANALYZE_H
#define TESTS_LINT_ANALYZE_H
/*
 * For tests/lint/analyze alone: what is true of every failure, and what no analyzer can know because it reads one file at
 * a time. err_set() and its like return what is below 0, and so is -e->code (written err_rc_(e) in the copy that is read)
 * of whoever has failed.
 */
#include "util/err.h"

void never_(void) __attribute__((noreturn));
#define failed_(call) ({ int rc_ = (call); if (rc_ >= 0) never_(); rc_; })
#define err_set(...) failed_((err_set)(__VA_ARGS__))
#define err_say(...) failed_((err_say)(__VA_ARGS__))
#define err_add(...) failed_((err_add)(__VA_ARGS__))
#define err_exit(...) failed_((err_exit)(__VA_ARGS__))
#define err_rc_(e) failed_(-(e)->code)

#endif
