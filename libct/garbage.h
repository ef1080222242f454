/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_GARBAGE_H
#define LIBCT_GARBAGE_H
/*
 * Trees of the template store whose last user goes with a verb. A verb that takes away files which stand on templates
 *   notes them before its first side effect and keeps the note in its intent record,
 *   marks them when the files are gone, from its recovery too, and
 *   at its end starts the collector, which judges what is marked (templates/gc.c) in the background.
 */
#include "libct/ct_priv.h"

/* What @area and its snapshots stand on, for the record; "" if nothing, or if that cannot be told. Caller frees. */
char *ct_garbage_note(int area);
/* Never an error: a full disk shall not keep a container. What could not be marked is said, and found by 'vztmpl gc'. */
void ct_garbage_mark(const struct ct *ct, const char *note);

#endif
