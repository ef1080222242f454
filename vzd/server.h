/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_SERVER_H
#define VZD_SERVER_H
/*
 * The two sockets. On VZD_SOCK the caller is who SO_PEERCRED says; VZD_WEB_SOCK is for the web user alone, and there only
 * tokens say who calls. Sockets come from systemd when it listens already, else they are made.
 */
#include "vzd/vzd.h"

#define SERVER_CONNS 2500		/* connections in all */
#define SERVER_CONNS_WEB 2200		/* of these, vzweb's */
#define SERVER_CONNS_UID 250		/* of one user who is not root, on VZD_SOCK */

int server_open(struct vzd *d, struct server **ret, struct err *e);
/* No new connections; closes those that wait for nothing. What is under way goes on. */
void server_drain(struct server *s);
size_t server_busy(const struct server *s);	/* calls that are not answered yet, streams left out */
void server_close(struct server *s);
/* After a change of vzd.conf or of accounts. */
void server_reload(struct server *s);

struct server_stat { size_t conns; uint64_t accepted, refused, calls, slow_closed; };
void server_stat(const struct server *s, struct server_stat *ret);

#endif
