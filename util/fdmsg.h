/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_FDMSG_H
#define UTIL_FDMSG_H
/* Bytes on a Unix socket and the descriptors that go beside them (SCM_RIGHTS). Both return what the system calls do: a count of
 * bytes, or -1 and errno; an interrupted call is tried again. They block unless @flags has MSG_DONTWAIT. */
#include <stddef.h>
#include <sys/types.h>

#define FDMSG_MAX 253		/* of one message: the kernel's SCM_MAX_FD, unix(7) */

/* Sends @n bytes and with the first of them @n_fds descriptors, which stay the caller's. EINVAL: more than FDMSG_MAX. */
ssize_t fdmsg_send(int sk, const void *p, size_t n, const int *fds, size_t n_fds, int flags);
/*
 * Receives @n bytes at most. Descriptors that come are the caller's, close-on-exec, in @fds: it has room for *n_fds, which
 * becomes their number. A message that does not fit, or more descriptors than @fds or this process has room for, is EMSGSIZE:
 * it is gone, and its descriptors are closed.
 */
ssize_t fdmsg_recv(int sk, void *p, size_t n, int *fds, size_t *n_fds, int flags);

#endif
