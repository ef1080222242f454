/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_ASK_H
#define VZD_ASK_H
/* A question that a program answers, since the loop may not wait for a disk or must not parse what a stranger wrote. */
#include <stddef.h>

struct buf;
struct err;
struct vzd;

#define ASK_S 60u		/* so long it may take */

/* @err: NULL and @out what it wrote; else it failed, and the text is what it said, or it wrote more than was allowed. */
typedef void ask_fn(void *arg, const struct buf *out, const struct err *err);
/* @argv[0] is a path. @fn is called once, from the loop, unless this returns < 0. */
int ask_run(struct vzd *d, const char *const *argv, size_t max, ask_fn *fn, void *arg, struct err *e);

#endif
