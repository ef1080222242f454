/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_DETACH_H
#define UTIL_DETACH_H
/* Work that goes on after its caller: in a process that is nobody's child. */
struct err;

typedef void detach_fn(int fd, void *arg);
/*
 * Runs @fn there with nothing of the caller's open but @keep (as another number, -1: nothing), /dev/null as standard streams
 * and / as working directory; so `$(command)` does not wait for it and no lock is held on. It ends when @fn returns. The
 * caller may have no other thread.
 */
int detach_run(int keep, detach_fn *fn, void *arg, struct err *e);

#endif
