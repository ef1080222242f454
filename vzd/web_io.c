/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes of a connection that libmicrohttpd has accepted and suspended: a WebSocket is read and written here, through the TLS
 * session or on the bare socket. (Its own upgrade forwards a TLS connection in pieces of four bytes, version 0.9.75.)
 */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <sys/socket.h>

#include "util/auto.h"
#include "vzd/web_priv.h"

void web_io_open(struct web_io *io, struct web_conn *c)
{
	const union MHD_ConnectionInfo *i = MHD_get_connection_info(c->mc, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	*io = (struct web_io){ .fd = c->fd, .tls = c->edge->tls && i ? i->tls_session : NULL };
}

static ssize_t tls_result(ssize_t r)
{
	if (r >= 0)
		return r;
	if (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED)
		return -EAGAIN;
	return r == GNUTLS_E_PREMATURE_TERMINATION ? 0 : -EPROTO;
}

ssize_t web_io_send(struct web_io *io, const void *p, size_t n)
{
	ssize_t r;

	if (!io->tls) {
		r = send(io->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		return r < 0 ? (errno == EINTR ? -EAGAIN : -errno) : r;
	}
	/* A record that was not sent whole is finished first, whatever is wanted now: it was taken from the same queue. */
	r = gnutls_record_send(io->tls, io->unsent ? NULL : p, io->unsent ? 0 : n);
	io->unsent = r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED;
	return tls_result(r);
}

ssize_t web_io_recv(struct web_io *io, void *p, size_t n)
{
	ssize_t r;

	if (io->tls)
		return tls_result(gnutls_record_recv(io->tls, p, n));
	r = recv(io->fd, p, n, MSG_DONTWAIT);
	return r < 0 ? (errno == EINTR ? -EAGAIN : -errno) : r;
}
