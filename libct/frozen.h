/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_FROZEN_H
#define LIBCT_FROZEN_H
/*
 * Holds a running container still while its files are kept. A child waits beside us and thaws it at once should we be
 * killed: nobody's container stands still until the next command comes by.
 */
#include <stdbool.h>
#include <sys/types.h>

struct ct;
struct err;

struct ct_frozen {
	pid_t guard;	/* 0: it was not running, or frozen already by somebody else */
	int pipe;	/* closed without a word: we are dead */
};
#define CT_FROZEN_INIT { .pipe = -1 }
int ct_frozen_begin(struct ct *ct, struct ct_frozen *s, struct err *e);
void ct_frozen_end(struct ct *ct, struct ct_frozen *s);	/* says so if it cannot be thawed */

#endif
