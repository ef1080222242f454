/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_CONSOLE_PRIV_H
#define VZD_CONSOLE_PRIV_H
/* console_child.c: the program of a session, on a new pty or three pipes. */
#include "vzd/console.h"

struct console_ends { int fd[3]; size_t n; };	/* ours: the pty's master, or stdin, stdout, stderr */
/* Runs @s->argv in a session of its own. @fds: its three streams (then *ret is empty), else what @s->kind asks for.
 * Pid or -errno. */
pid_t console_spawn(const struct console_spec *s, const int *fds, struct console_ends *ret, struct err *e);

#endif
