/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of every kind that a container can ask the kernel for, until it is refused or killed. */
#include "tests/evil/evil.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MIB (1 << 20)

static char block[MIB];

static int anon(unsigned n)
{
	char *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)n;
	if (p == MAP_FAILED)
		return -1;
	memset(p, 1, MIB);
	return 0;
}

static int locked(unsigned n)
{
	char *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)n;
	return p == MAP_FAILED ? -1 : mlock(p, MIB);
}

static int fill(const char *dir, unsigned n)
{
	char path[64];
	int fd;
	ssize_t w;

	snprintf(path, sizeof(path), "%s/f%u", dir, n);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	w = fd < 0 ? -1 : write(fd, block, sizeof(block));
	if (fd >= 0)
		close(fd);
	return w == (ssize_t)sizeof(block) ? 0 : -1;
}

static int shm_dir(unsigned n)
{
	return fill("/dev/shm", n);
}

static int own_fs(const char *type, unsigned n)
{
	if (n == 0) {
		mkdir("/tmp/hog", 0755);
		unshare(CLONE_NEWNS);
		if (mount("none", "/tmp/hog", type, 0, NULL) < 0)
			return -1;
	}
	return fill("/tmp/hog", n);
}

static int ram_fs(unsigned n)
{
	return own_fs("ramfs", n);
}

static int tmp_fs(unsigned n)
{
	return own_fs("tmpfs", n);
}

static int memfd(unsigned n)
{
	int fd = memfd_create("hog", 0);

	(void)n;
	return fd < 0 || write(fd, block, sizeof(block)) != (ssize_t)sizeof(block) ? -1 : 0;
}

static int pipes(unsigned n)
{
	int p[2];

	(void)n;
	if (pipe2(p, O_NONBLOCK) < 0)
		return -1;
	fcntl(p[1], F_SETPIPE_SZ, MIB);
	return write(p[1], block, sizeof(block)) > 0 ? 0 : -1;
}

static int sockets(unsigned n)
{
	int s[2];

	(void)n;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s) < 0)
		return -1;
	while (write(s[0], block, 65536) > 0)
		;
	return 0;
}

static int sysv(unsigned n)
{
	int id = shmget(IPC_PRIVATE, MIB, IPC_CREAT | 0600);
	char *p = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

	(void)n;
	if (p == (void *)-1)
		return -1;
	memset(p, 1, MIB);
	shmdt(p);
	return 0;
}

static int dentries(unsigned n)
{
	char path[300];

	memset(path, 'x', sizeof(path));
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/tmp/%0200u", n * 1000 + i);
		access(path, F_OK);
	}
	return 0;
}

static int epolls(unsigned n)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int ep = epoll_create1(0), e = eventfd(0, 0);

	(void)n;
	return ep < 0 || e < 0 ? -1 : epoll_ctl(ep, EPOLL_CTL_ADD, e, &ev);
}

static int timers(unsigned n)
{
	struct sigevent ev = { .sigev_notify = SIGEV_NONE };
	timer_t t;

	(void)n;
	for (int i = 0; i < 100; i++)
		if (timer_create(CLOCK_MONOTONIC, &ev, &t) < 0)
			return -1;
	return 0;
}

static int locks(unsigned n)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/lock%u", n);
	fd = open(path, O_CREAT | O_RDWR, 0600);
	for (int i = 1000; fd >= 0 && i > 0; i--) {
		struct flock l = { .l_type = F_WRLCK, .l_start = i * 2, .l_len = 1 };

		if (fcntl(fd, F_SETLK, &l) < 0)
			return -1;
	}
	return fd < 0 ? -1 : 0;
}

static int netns(unsigned n)
{
	(void)n;
	return unshare(CLONE_NEWNET) < 0 || open("/proc/self/ns/net", O_RDONLY) < 0 ? -1 : 0;
}

static int mounts(unsigned n)
{
	if (n == 0)
		unshare(CLONE_NEWNS);
	for (int i = 0; i < 100; i++)
		if (mount("/tmp", "/tmp", NULL, MS_BIND, NULL) < 0)
			return -1;
	return 0;
}

static int watches(unsigned n)
{
	static int in = -1;
	char path[64];

	if (in < 0)
		in = inotify_init1(0);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "/tmp/w%u", n * 100 + i);
		if (mkdir(path, 0755) < 0 || inotify_add_watch(in, path, IN_ALL_EVENTS) < 0)
			return -1;
	}
	return 0;
}

static int messages(unsigned n)
{
	struct { long type; char text[8000]; } m = { .type = 1 };
	int q = msgget(IPC_PRIVATE, IPC_CREAT | 0600);

	(void)n;
	while (q >= 0 && msgsnd(q, &m, sizeof(m.text), IPC_NOWAIT) == 0)
		;
	return q < 0 ? -1 : 0;
}

static int sems(unsigned n)
{
	(void)n;
	return semget(IPC_PRIVATE, 250, IPC_CREAT | 0600);
}

static const struct {
	const char *kind;
	int (*more)(unsigned n);
} kinds[] = {
	{ "anon", anon }, { "mlock", locked }, { "shm", shm_dir }, { "ramfs", ram_fs },
	{ "tmpfs", tmp_fs }, { "memfd", memfd }, { "pipe", pipes }, { "socket", sockets },
	{ "sysv", sysv }, { "dentry", dentries }, { "epoll", epolls }, { "timer", timers },
	{ "lock", locks }, { "netns", netns }, { "mount", mounts }, { "watch", watches },
	{ "msg", messages }, { "sem", sems },
};

int evil_hog(int argc, char **argv)
{
	unsigned seconds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 5, n = 0;
	time_t end = time(NULL) + seconds;

	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].kind, argv[1]) != 0)
			continue;
		while (time(NULL) < end && n < 2000000 && kinds[i].more(n) >= 0)
			n++;
		printf("%s %u %s\n", argv[1], n, errno_name(errno));
		fclose(stdout);
		while (time(NULL) < end)
			poll(NULL, 0, 50);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		printf("%s ", kinds[i].kind);
	return 2;
}
