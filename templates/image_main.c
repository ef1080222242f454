/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vz-mkimage: runs the distribution's mkfs.erofs or mksquashfs on a tree that came from a stranger, in namespaces of its
 * own (unpack_run.c) and in the box of image_box.c. It stays beside the tool as the first process of the pid namespace:
 * when it ends, all that the tool may have started has ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "templates/image_proto.h"
#include "templates/unpack_proto.h"
#include "util/auto.h"
#include "util/fdmsg.h"
#include "util/sys.h"

#define ARGS_MAX 16

static int recv_go(struct image_go *go, int fd[2], struct err *e)
{
	size_t n = 2;

	if (fdmsg_recv(UNPACK_CTL, go, sizeof(*go), fd, &n, 0) != (ssize_t)sizeof(*go) || go->magic != IMAGE_MAGIC || n != 2)
		return err_say(e, EPROTO, "vz-mkimage: no start message; it is run by vzctl, not by hand");
	return 0;
}

/* No descriptor of the caller's stays: an end of file to read from, and the log. */
static int own_stdio(struct err *e)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_set(e, errno, "pipe");
	if (dup2(p[0], 0) < 0 || dup2(UNPACK_OUT, 1) < 0 || dup2(UNPACK_OUT, 2) < 0)
		return err_set(e, errno, "replace the standard descriptors");
	setsid();
	return sys_close_range(UNPACK_CTL, ~0u, CLOSE_RANGE_CLOEXEC) < 0 ? err_set(e, errno, "close descriptors") : 0;
}

static void __attribute__((noreturn)) tool(const struct image_go *go)
{
	char *argv[ARGS_MAX + 1], *const env[] = { NULL }, *p = (char *)go->args;
	struct err e = { 0 };

	for (uint32_t i = 0; i < go->n_args; i++, p += strlen(p) + 1)
		argv[i] = p;
	argv[go->n_args] = NULL;
	sys_reset_signals();
	if (image_box_limit(go->max_bytes, &e) == 0 && image_box_seal(&e) == 0) {
		execve(argv[0], argv, env);
		err_set(&e, errno, "%s", argv[0]);
	}
	if (write(2, e.text, strlen(e.text)) < 0)
		_exit(126);
	_exit(127);
}

static int run(int *ret_status, struct err *e)
{
	static struct image_go go;
	int fd[2];
	pid_t pid;

	if (recv_go(&go, fd, e) < 0 || own_stdio(e) < 0 || image_box_enter(fd[0], fd[1], e) < 0)
		return -e->code;
	if (go.n_args < 1 || go.n_args > ARGS_MAX || go.args[sizeof(go.args) - 1])
		return err_say(e, EPROTO, "vz-mkimage: too many arguments");
	pid = fork();
	if (pid == 0)
		tool(&go);
	if (pid < 0)
		return err_set(e, errno, "fork");
	while (waitpid(pid, ret_status, 0) < 0)
		if (errno != EINTR)
			return err_set(e, errno, "wait for the tool");
	return 0;
}

int main(void)
{
	static struct image_done done = { .magic = IMAGE_MAGIC };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	run(&done.status, &done.err);
	if (send(UNPACK_CTL, &done, sizeof(done), MSG_NOSIGNAL) != (ssize_t)sizeof(done))
		_exit(2);
	_exit(0);
}
