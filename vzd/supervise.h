/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_SUPERVISE_H
#define VZD_SUPERVISE_H
/*
 * Restart policy (RESTART, RESTART_MAX in CTID.conf): a container that went down by itself is started again after a pause
 * that doubles from 1 s to 60 s, so many times within an hour; then an alert. What is due is a file in VZD_RUN/restart, so
 * that it survives vzd. A container that somebody stopped, started or destroyed meanwhile is left alone.
 */
#include "vzd/vzd.h"

struct supervise;
int supervise_open(struct vzd *d, struct supervise **ret, struct err *e);
void supervise_close(struct supervise *s);

/* Pure, for tests: is this end a reason to start again? @reason as in libct/exitrec.h. */
bool supervise_wants(enum ct_restart policy, const char *reason);
/* Milliseconds to wait before restart number @n (from 1) within the hour. */
uint64_t supervise_pause(unsigned n);

#endif
