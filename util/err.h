/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_ERR_H
#define UTIL_ERR_H
/*
 * An error is a value that travels: the caller owns a struct err, every callee that fails fills it and returns -code.
 * No allocation, no pointers: it may be written after clone() and sent whole over a socket.
 */
#define ERR_TEXT_MAX 504

struct err {
	int code;			/* errno > 0, or 0: no error */
	int exit;			/* OpenVZ exit status (libct/exit.h), or 0: the program derives one from code */
	char text[ERR_TEXT_MAX];	/* what, which object, why, what to do; never ends in a newline */
};

/* Sets *e to the formatted text followed by ": strerror(code)". Returns -code. @code > 0. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Same without the strerror part: the text says it all. */
int err_say(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Puts "context: " before the text that is there, whose end stays whatever its length. Returns -e->code. */
int err_add(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Sets the exit status if none is set yet. Returns -e->code, so `return err_exit(e, N)` works. */
int err_exit(struct err *e, int exit);
/* Forgets the error. */
void err_clear(struct err *e);

#endif
