/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The init of every container of a bench: the first thing it does is to write CLOCK_MONOTONIC, in
 * nanoseconds, to /stamp, so "started" means the same for every runtime. Then it lives until it is
 * told to go; under the name `once` it does not.
 */
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static void bye(int sig)
{
	(void)sig;
	_exit(0);
}

int main(int argc, char **argv)
{
	struct timespec t;
	char b[32];
	int fd, n;

	clock_gettime(CLOCK_MONOTONIC, &t);
	n = snprintf(b, sizeof(b), "%lld\n", (long long)t.tv_sec * 1000000000 + t.tv_nsec);
	fd = open("/stamp", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0 || write(fd, b, (size_t)n) != n)
		return 9;
	close(fd);
	if (argc < 1 || strstr(argv[0], "once"))
		return 0;
	signal(SIGTERM, bye);
	signal(SIGINT, bye);
	signal(SIGPWR, bye);
	signal(SIGUSR2, bye);
	signal(SIGRTMIN + 3, bye);
	signal(SIGCHLD, SIG_IGN);
	for (;;)
		pause();
}
