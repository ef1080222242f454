/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_RELAY_H
#define LIBCT_RELAY_H
/* Moving bytes between the caller's terminal and a pty of a container. */
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct err;

struct tty_raw { int fd; bool on; struct termios saved; };
/* Raw mode on @fd if it is a terminal. Undone by tty_restore(), also safe when nothing was done. */
void tty_make_raw(struct tty_raw *t, int fd);
void tty_restore(struct tty_raw *t);
/* A signalfd that becomes readable when the window size changes; -1 on failure. Blocks SIGWINCH
 * in the caller. */
int tty_winch_fd(void);
bool tty_size(int fd, unsigned short *rows, unsigned short *cols);

/* One direction with a bounded buffer: read when empty, write when there is something. */
struct flow { int from, to; char buf[8192]; size_t at, len; bool eof; };
/*
 * Reads if there is room, writes what it can. @from, @to may be blocking: only called when poll
 * says ready. Returns false when the flow is over (end of file and drained, or the reader is
 * gone).
 */
bool flow_read(struct flow *f);
bool flow_write(struct flow *f);

#endif
