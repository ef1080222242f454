/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_PROC_H
#define VZD_PROC_H
/* The daemon as a process: its limits, going to the background, and what it tells a service manager. */
#include <stdbool.h>

struct err;
struct vzd;

/*
 * No core dumps and no ptrace by others (tokens are in memory), as many descriptors as allowed, a small heap,
 * the out-of-memory killer's last choice where permitted. A fork() gives its child the old limits back.
 */
void proc_setup(void);
/* One vzd: -EBUSY with the other's pid. *ret_fd holds the lock and our pid. */
int proc_lock(int *ret_fd, struct err *e);
/* The parent waits for proc_ready() and exits 0, or exits 1 when we die before. Only the child returns. */
int proc_background(struct err *e);
void proc_ready(void);			/* standard streams to /dev/null, the parent may go; nothing in the foreground */

/* "READY=1" ... to NOTIFY_SOCKET; nothing without one. */
void notify_open(void);			/* takes it out of the environment, children shall not speak for us */
void notify_send(const char *state);
void notify_reloading(void);
unsigned notify_watchdog_ms(void);	/* how often to say WATCHDOG=1, 0: never */

#endif
