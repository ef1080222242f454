/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attacks by processes: on those who enter, on neighbours, and on what all share. */
#include "tests/evil/evil.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- race: whoever appears in /proc is looked at while it still is the host's program ----------- */

static struct { unsigned long seen, entering, denied, hits; } race;

static bool is_hosts(pid_t pid)
{
	char path[64], comm[32];
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, comm, sizeof(comm) - 1);
	if (fd >= 0)
		close(fd);
	comm[n > 0 ? n : 0] = '\0';
	return strncmp(comm, "vz", 2) == 0;
}

/* An exec makes the process readable with its new program in place and renames it a moment later: what
 * counts is whose program it runs. That of the host cannot even be named. */
static void hit(pid_t pid, const char *what)
{
	char path[64], exe[128];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = '\0';
	if (!is_hosts(pid) || (n > 0 && !strstr(exe, "/vz"))) /* the container's own meanwhile */
		return;
	race.hits++;
	printf("%s\tALLOWED exe '%s'\n", what, exe);
}

/* The program behind @pid, opened for writing, must be one of ours. */
static void try_exe(pid_t pid)
{
	char path[64];
	struct stat st;
	int o, w;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	o = open(path, O_PATH);
	if (o < 0) {
		race.denied++;
		return;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", o);
	if (fstat(o, &st) == 0 && st.st_uid == 65534) {
		w = open(path, O_WRONLY);
		if (w >= 0 || errno != EACCES) {
			race.hits++;
			printf("exe\tALLOWED write of a program of the host\n");
		}
		if (w >= 0)
			close(w);
	}
	close(o);
}

static void try_pid(pid_t pid)
{
	static const char *const files[] = { "fd", "mem", "environ", "maps", "ns", "map_files", "auxv" };
	static const char *const dirs[] = { "cwd", "root" };
	char path[64], mem[16];
	struct iovec l = { mem, sizeof(mem) }, r = { (void *)0x400000, sizeof(mem) };
	int fd;

	race.entering++;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i]);
		fd = open(path, O_RDONLY | O_NONBLOCK);
		if (fd >= 0 && strcmp(files[i], "ns") != 0 && read(fd, mem, 1) > 0)
			hit(pid, files[i]);
		else
			race.denied++;
		if (fd >= 0) {
			DIR *d = fdopendir(fd);
			struct dirent *e;

			while (d && (e = readdir(d)))
				if (e->d_name[0] != '.' && strcmp(files[i], "fd") == 0)
					hit(pid, "fd entry");
			if (d)
				closedir(d);
			else
				close(fd);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, dirs[i]);
		fd = open(path, O_RDONLY | O_DIRECTORY);
		if (fd >= 0) {
			hit(pid, dirs[i]);
			close(fd);
		}
	}
	if (process_vm_readv(pid, &l, 1, &r, 1, 0) > 0)
		hit(pid, "process_vm_readv");
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0) {
		hit(pid, "ptrace");
		ptrace(PTRACE_INTERRUPT, pid, 0, 0);
		waitpid(pid, NULL, __WALL);
		ptrace(PTRACE_DETACH, pid, 0, 0);
	}
}

int evil_race(int argc, char **argv)
{
	double end = now() + (argc > 1 ? strtod(argv[1], NULL) : 5);
	pid_t me = getpid(), last = me;

	while (now() < end) {
		char text[64], *sp;
		int fd = open("/proc/loadavg", O_RDONLY);
		ssize_t n = read(fd, text, sizeof(text) - 1);

		close(fd);
		text[n > 0 ? n : 0] = '\0';
		sp = strrchr(text, ' '); /* the last pid of this namespace */
		if (!sp)
			continue;
		for (pid_t p = last - 1; p <= (pid_t)strtol(sp, NULL, 10) + 1; p++) {
			if (p == me || p < 2)
				continue;
			try_exe(p);
			if (is_hosts(p))
				try_pid(p);
		}
		if ((pid_t)strtol(sp, NULL, 10) != last)
			race.seen++;
		last = (pid_t)strtol(sp, NULL, 10);
	}
	printf("seen %lu entering %lu denied %lu hits %lu\n", race.seen, race.entering, race.denied,
	       race.hits);
	return race.hits != 0;
}

/* Traces every process that appears, as it may, and never lets go: a dead one stays a zombie of ours. */
int evil_hold(int argc, char **argv)
{
	double end = now() + (argc > 1 ? strtod(argv[1], NULL) : 5);
	int held = 0;

	while (now() < end)
		for (pid_t p = getpid() + 1; p < getpid() + 100; p++)
			held += ptrace(PTRACE_SEIZE, p, 0, 0) == 0;
	printf("held %d\n", held);
	return 0;
}

/* --- neighbours --------------------------------------------------------------------------------- */

int evil_signals(int argc, char **argv)
{
	int own = 0, n = 0;
	DIR *d = opendir("/proc");
	struct dirent *e;

	(void)argc;
	(void)argv;
	while (d && (e = readdir(d)))
		own += e->d_name[0] >= '1' && e->d_name[0] <= '9';
	if (d)
		closedir(d);
	for (pid_t p = 1; p < 100000; p++)
		n += kill(p, 0) == 0;
	printf("signalled %d of %d\n", n, own);
	return n > own;
}

int evil_ipc(int argc, char **argv)
{
	bool make = argc > 1 && strcmp(argv[1], "make") == 0;
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "\0evil-socket" };
	int s = socket(AF_UNIX, SOCK_STREAM, 0), id = shmget(0x5eed, 4096, make ? IPC_CREAT | 0666 : 0);
	mqd_t q = mq_open("/evil", make ? O_CREAT | O_RDWR : O_RDONLY, 0666, NULL);

	say("shm", id, NULL);
	say("mq", (long)q, NULL);
	TRY("msg", msgget(0x5eed, make ? IPC_CREAT | 0666 : 0));
	if (make) {
		TRY("abstract", bind(s, (struct sockaddr *)&a, sizeof(a)) == 0 ? listen(s, 1) : -1);
		TRY("devshm", open("/dev/shm/evil", O_CREAT | O_RDWR, 0666));
		fclose(stdout);
		pause();
	}
	TRY("abstract", connect(s, (struct sockaddr *)&a, sizeof(a)));
	TRY("devshm", open("/dev/shm/evil", O_RDONLY));
	return 0;
}

/* --- budgets ------------------------------------------------------------------------------------ */

static void count(const char *name, int n)
{
	printf("%s %d %s\n", name, n, errno_name(errno));
	fflush(stdout);
}

static int take_ns(int flag, const char *file, int max)
{
	int n = 0;

	while (n < max && unshare(flag) == 0 && open(file, O_RDONLY) >= 0)
		n++;
	return n;
}

int evil_budget(int argc, char **argv)
{
	int n = 0, fd, max = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 500;
	union sigval v = { 0 };

	while (n < 4096 && inotify_init1(0) >= 0)
		n++;
	count("inotify", n);
	for (n = 0; n < max; n++)
		if (take_ns(CLONE_NEWUTS, "/proc/self/ns/uts", 1) == 0)
			break;
	count("uts", n);
	for (n = 0; n < max; n++)
		if (take_ns(CLONE_NEWIPC, "/proc/self/ns/ipc", 1) == 0)
			break;
	count("ipc", n);
	signal(SIGRTMIN, SIG_IGN);
	{
		sigset_t set;

		sigemptyset(&set);
		sigaddset(&set, SIGRTMIN);
		sigprocmask(SIG_BLOCK, &set, NULL);
	}
	for (n = 0; n < 200000 && sigqueue(getpid(), SIGRTMIN, v) == 0; n++)
		;
	count("sigqueue", n);
	for (n = 0; n < max; n++) {
		char name[32];

		snprintf(name, sizeof(name), "/evil%d", n);
		if (mq_open(name, O_CREAT | O_RDWR, 0600, NULL) < 0)
			break;
	}
	count("mq", n);
	for (n = 0; n < 5000 && (fd = open("/dev/ptmx", O_RDWR | O_NOCTTY)) >= 0; n++)
		;
	count("pty", n);
	fclose(stdout);
	sleep(argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0);
	return 0;
}

int evil_bomb(int argc, char **argv)
{
	double end = now() + (argc > 1 ? strtod(argv[1], NULL) : 5);

	signal(SIGCHLD, SIG_IGN);
	while (now() < end)
		if (fork() < 0)
			sched_yield();
	return 0;
}

int evil_core(int argc, char **argv)
{
	struct rlimit r = { RLIM_INFINITY, RLIM_INFINITY };

	(void)argc;
	(void)argv;
	setrlimit(RLIMIT_CORE, &r);
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return 0;
}
