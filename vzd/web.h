/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_WEB_H
#define VZD_WEB_H
/*
 * Starts vzweb, or adopts the one that a vzd before us has started: it outlives vzd. vzd makes its sockets, because they
 * need root, and hands them over as descriptors:
 *
 *	vzweb --unix-fd N [--listen-fd N --cert-fd N --key-fd N] [--metrics-fd N] --lock-fd N --vzd VZD_WEB_SOCK --user WEB_USER
 *	      --max-conns N --max-per-ip N
 *	vzweb --make-cert CERT KEY		a self-signed pair, key 0600; prints the SHA-256
 *
 * --lock-fd is VZD_WEB_LOCK, locked: the lock is held as long as a vzweb lives. The file says "PID START" and, on its second
 * line, what it was started for. Certificate and key are copies of ours: new ones are written into the same files, then
 * SIGHUP. SIGTERM ends it gracefully.
 */
#include "vzd/vzd.h"

#define VZD_API_SOCK "/run/vz/api.sock"		/* plain HTTP, 0660 root:vz */
#define VZD_WEB_LOCK "/run/vz/vzweb.lock"

int web_open(struct vzd *d, struct web **ret, struct err *e);	/* what vzweb lacks is logged; vzd runs without it */
void web_reload(struct web *w);		/* vzd.conf or the certificate have changed */
void web_close(struct web *w);		/* vzweb goes on */
pid_t web_pid(const struct web *w);	/* 0: none runs */

#endif
