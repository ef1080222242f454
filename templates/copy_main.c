/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vz-copy: copies the root of a container into another place and compares the two. It runs with the ids of that container,
 * in the same box as vz-unpack: namespaces of its own, no right on the host, the target as its root, the source as a
 * descriptor. One answer after some words of how far it is, then it exits.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "templates/copy_proto.h"
#include "templates/unpack_proto.h"
#include "util/auto.h"
#include "util/fdmsg.h"

static int recv_go(int fd[2], struct err *e)
{
	struct copy_go go = { 0 };
	size_t n = 2;

	if (fdmsg_recv(UNPACK_CTL, &go, sizeof(go), fd, &n, 0) != (ssize_t)sizeof(go) || go.magic != COPY_MAGIC || n != 2)
		return err_say(e, EPROTO, "vz-copy: no start message; it is run by vzctl, not by hand");
	return 0;
}

static int run(struct tmpl_count *c, struct err *e)
{
	int fd[2];

	if (recv_go(fd, e) < 0 || box_enter(fd[1], INT64_MAX, e) < 0 || box_seal(e) < 0)
		return -e->code;
	umask(0);
	auto_close int to = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to < 0)
		return err_set(e, errno, "open the target");
	if (copy_tell_begin(UNPACK_CTL, fd[0], e) < 0)
		return -e->code;
	return copy_tree(fd[0], to, c, e) < 0 ? -e->code : copy_check(fd[0], to, e);
}

int main(void)
{
	static struct copy_done done = { .magic = COPY_MAGIC, .stage = COPY_DONE };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGXFSZ, SIG_IGN);
	run(&done.count, &done.err);
	if (send(UNPACK_CTL, &done, sizeof(done), MSG_NOSIGNAL) != (ssize_t)sizeof(done))
		_exit(2);
	_exit(done.err.code != 0);
}
