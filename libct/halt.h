/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_HALT_H
#define LIBCT_HALT_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ct;

/*
 * Asks the guest to shut down, in the way its init knows, and waits for the end of it. Blocks, at most until @deadline
 * (sys_now_ms()). False: it still runs, be it that nobody could be asked (then at once) or that it does not want to.
 */
bool ct_halt(struct ct *ct, pid_t init, int pidfd, int64_t deadline);

/* Of the text of /proc/PID/status: is @sig caught, or blocked to be read later? A signal that is neither is lost on an init. */
bool ct_halt_listens(const char *status, int sig);

#endif
