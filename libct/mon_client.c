/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Talking to the monitor of a running container. */
#include "libct/mon_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "libct/ct_priv.h"
#include "libct/mon_proto.h"

bool ct_mon_alive(const struct ct *ct)
{
	struct flock l = { .l_type = F_WRLCK };
	struct err e = { 0 };
	auto_close int dir = ct_state_rundir(ct, false, &e), fd = -1;

	if (dir < 0)
		return false;
	fd = openat(dir, MON_LOCK, O_RDWR | O_CLOEXEC);
	return fd >= 0 && fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

int ct_mon_connect(const struct ct *ct, int op, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct mon_req q = { .magic = MON_MAGIC, .op = (uint32_t)op };
	auto_close int sk = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), CT_RUN_DIR "/%u/" MON_SOCKET, ct->id);
	if (sk < 0 || connect(sk, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    send(sk, &q, sizeof(q), MSG_NOSIGNAL) != (ssize_t)sizeof(q))
		return err_set(e, errno, "monitor of CT %u", ct->id);
	return take_fd(&sk);
}

int ct_mon_wait(const struct ct *ct, int ms, struct err *e)
{
	auto_close int sk = ct_mon_connect(ct, MON_WAIT, e);
	struct pollfd p = { .fd = sk, .events = POLLIN };
	struct mon_rep r;
	int n;

	if (sk < 0)
		return sk;
	while ((n = poll(&p, 1, ms)) < 0 && errno == EINTR)
		;
	if (n == 0)
		return err_set(e, ETIMEDOUT, "CT %u did not say that it is up", ct->id);
	if (recv(sk, &r, sizeof(r), 0) != (ssize_t)sizeof(r) || r.magic != MON_MAGIC ||
	    (r.gone && !r.ready))
		return err_say(e, ECHILD, "CT %u went down before it was up", ct->id);
	return 0;
}
