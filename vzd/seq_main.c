/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vz-seq WORD... [; WORD...]...: runs commands one after the other, each by its absolute path, and stops at the first that fails;
 * its exit status is that command's, 128 + N for signal N. What a job of several vzctl commands is made of, without a shell.
 * SIGINT and SIGTERM go to the command that runs and end the sequence.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define USAGE 20		/* VZ_INVALID_PARAMETER_SYNTAX */
#define SYSTEM_ERROR 3		/* VZ_SYSTEM_ERROR */

static volatile pid_t child;
static volatile sig_atomic_t ended;

static void forward(int sig)
{
	ended = 1;
	if (child > 0)
		kill(child, sig);
}

static int run(char **argv)
{
	int status = 0;
	pid_t pid, got;

	if (!argv[0] || argv[0][0] != '/') {
		fprintf(stderr, "vz-seq: a command is an absolute path and its words\n");
		return USAGE;
	}
	pid = fork();
	if (pid < 0) {
		fprintf(stderr, "vz-seq: cannot fork: %s\n", strerror(errno));
		return SYSTEM_ERROR;
	}
	if (pid == 0) {
		execv(argv[0], argv);
		fprintf(stderr, "vz-seq: cannot run %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	child = pid;
	if (ended)		/* it came before there was somebody to send it to */
		kill(pid, SIGTERM);
	while ((got = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
		;
	child = 0;
	if (got < 0) {
		fprintf(stderr, "vz-seq: cannot wait for %s: %s\n", argv[0], strerror(errno));
		return SYSTEM_ERROR;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = forward };
	char **at = argv + 1;
	int rc = 0;

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	for (int i = 1; i <= argc && !rc; i++) {
		if (argv[i] && strcmp(argv[i], ";") != 0)
			continue;
		argv[i] = NULL;
		rc = run(at);
		at = argv + i + 1;
		if (!rc && ended)
			rc = 128 + SIGTERM;
	}
	return rc;
}
