/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors beside a message: the one place that knows the shape of SCM_RIGHTS. */
#include "util/fdmsg.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	char buf[CMSG_SPACE(FDMSG_MAX * sizeof(int))];
	struct cmsghdr align;
};

ssize_t fdmsg_send(int sk, const void *p, size_t n, const int *fds, size_t n_fds, int flags)
{
	union control ctl;
	struct iovec iov = { .iov_base = (void *)(uintptr_t)p, .iov_len = n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t sent;

	if (n_fds > FDMSG_MAX) {
		errno = EINVAL;
		return -1;
	}
	if (n_fds) {
		m.msg_control = memset(&ctl, 0, CMSG_SPACE(n_fds * sizeof(int)));
		m.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		ctl.align.cmsg_level = SOL_SOCKET;
		ctl.align.cmsg_type = SCM_RIGHTS;
		ctl.align.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(&ctl.align), fds, n_fds * sizeof(int));
	}
	do
		sent = sendmsg(sk, &m, flags | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent;
}

/* Moves what came into @fds, room for @max; how many came. What is too much is closed. */
static size_t take(struct msghdr *m, int *fds, size_t max)
{
	size_t came = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++, came++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (came < max)
				fds[came] = fd;
			else
				close(fd);
		}
	}
	return came;
}

ssize_t fdmsg_recv(int sk, void *p, size_t n, int *fds, size_t *n_fds, int flags)
{
	union control ctl;
	struct iovec iov = { .iov_base = p, .iov_len = n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl.buf, .msg_controllen = sizeof(ctl) };
	const size_t max = *n_fds;
	ssize_t got;

	*n_fds = 0;
	do
		got = recvmsg(sk, &m, flags | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -1;
	*n_fds = take(&m, fds, max);
	if (*n_fds <= max && !(m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return got;
	for (size_t i = 0; i < *n_fds && i < max; i++)
		close(fds[i]);
	*n_fds = 0;
	errno = EMSGSIZE;
	return -1;
}
