/* SPDX-License-Identifier: GPL-2.0-or-later */
/* evil: the table of attacks and what they share. */
#include "tests/evil/evil.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *does;
} attacks[] = {
	{ "syscalls", evil_syscalls, "native|i386|x32: every number with garbage, by errno" },
	{ "ioctls", evil_ioctls, "DIR: subvolumes, project ids, flags, freeze" },
	{ "userns", evil_userns, "user namespaces by every call that makes them" },
	{ "families", evil_families, "socket families that can be had" },
	{ "tty", evil_tty, "types into the terminal it was given, then keeps it" },
	{ "chroot", evil_chroot, "the classic ways out of a root" },
	{ "strip", evil_strip, "unmounts all there is, looks around" },
	{ "writable", evil_writable, "DIR: every file below that opens for writing" },
	{ "remount", evil_remount, "every file system type on a directory of its own" },
	{ "mknod", evil_mknod, "every device number" },
	{ "cgroup", evil_cgroup, "limits, moves, 10000 groups, v1 hierarchies" },
	{ "deep", evil_deep, "DIR N: directories in directories" },
	{ "xattrs", evil_xattrs, "DIR: files of nothing but attributes" },
	{ "fuse", evil_fuse, "DIR SECONDS: a file system that never answers" },
	{ "race", evil_race, "SECONDS: traces and reads whoever enters" },
	{ "hold", evil_hold, "SECONDS: traces whoever appears, and keeps him" },
	{ "signals", evil_signals, "whom it can signal" },
	{ "ipc", evil_ipc, "make|look NAME: System V, POSIX, abstract sockets" },
	{ "budget", evil_budget, "SECONDS: all it can of what is counted by user" },
	{ "bomb", evil_bomb, "SECONDS: forks" },
	{ "hog", evil_hog, "KIND SECONDS: memory of that kind until refused" },
	{ "core", evil_core, "crashes" },
	{ "spoof", evil_spoof, "IF OWN4 OTHER4 OTHER6: frames under foreign names" },
	{ "sniff", evil_sniff, "IF SECONDS: counts what of the above arrives" },
	{ "links", evil_links, "KIND N [BELOW]: so many links" },
	{ "routes", evil_routes, "N: so many routes" },
	{ "neighbours", evil_neighbours, "4|6 N: looks for so many neighbours" },
	{ "groups", evil_groups, "N: listens to so many multicast groups" },
	{ "halves", evil_halves, "TO N: first fragments" },
	{ "linger", evil_linger, "packets and connections that outlive their maker" },
};

const char *errno_name(int e)
{
	const char *n = strerrorname_np(e);

	return n ? n : "E?";
}

void say(const char *name, long rc, const char *detail)
{
	if (rc < 0)
		printf("%s\tREFUSED %s\n", name, errno_name(errno));
	else
		printf("%s\tALLOWED%s%s\n", name, detail ? " " : "", detail ? detail : "");
	fflush(stdout);
}

int put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK), saved;
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	saved = errno;
	close(fd);
	errno = saved;
	return n < 0 ? -1 : 0;
}

int bounded(int (*fn)(void *arg), void *arg, int ms)
{
	struct pollfd p = { .events = POLLIN };
	pid_t pid = fork();
	int st = 0;

	if (pid == 0)
		_exit(fn(arg));
	if (pid < 0)
		return -1;
	p.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (poll(&p, 1, ms) == 0) {
		kill(pid, SIGKILL);
		waitpid(pid, &st, 0);
		close(p.fd);
		return -1;
	}
	close(p.fd);
	waitpid(pid, &st, 0);
	return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(attacks); i++)
		if (strcmp(attacks[i].name, argv[1]) == 0)
			return attacks[i].run(argc - 1, argv + 1);
	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++)
		fprintf(stderr, "evil %-9s %s\n", attacks[i].name, attacks[i].does);
	return 2;
}
