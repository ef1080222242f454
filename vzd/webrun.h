/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_WEBRUN_H
#define VZD_WEBRUN_H
/* One run of vzweb: its sockets, its lock, its process. web.c says when. */
#include "util/buf.h"
#include "vzd/web.h"

#define WEB_PROGRAM VZ_LIBEXEC "/vzweb"
int web_open_program(struct vzd *d, const char *program, struct web **ret, struct err *e);	/* web_open(), for tests */

enum webrun_fd { WEBRUN_UNIX, WEBRUN_LISTEN, WEBRUN_METRICS, WEBRUN_CERT, WEBRUN_KEY, WEBRUN_LOCK, WEBRUN_FD_N };

/* The lock file. 1: a vzweb holds it, *ret_pid and its second line in @line. 0: nobody does and *ret_fd holds it now. */
int webrun_lock(const char *path, int *ret_fd, pid_t *ret_pid, struct buf *line, struct err *e);
/* Copies the certificate and the key to @dir/web-cert.pem and web-key.pem, in place. */
int webrun_copy_tls(const struct vzd_conf *c, const char *dir, struct err *e);
/* Every socket and file for it into @fds (-1: none); what cannot be had is in *e, and then all are closed. @tls: with HTTPS. */
int webrun_sockets(const struct vzd_conf *c, bool tls, const char *dir, int fds[WEBRUN_FD_N], struct err *e);
void webrun_close(int fds[WEBRUN_FD_N]);
/* Forks and execs; the child writes "PID START\nLINE" into the lock file first. Returns its pid. */
pid_t webrun_start(const struct vzd_conf *c, const char *program, const int fds[WEBRUN_FD_N], const char *line, struct err *e);
/* 0: there is no such process. */
unsigned long long webrun_start_time(pid_t pid);

#endif
