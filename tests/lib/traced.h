/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_LIB_TRACED_H
#define TESTS_LIB_TRACED_H
/* A program under ptrace, as killat and failat have it: seized before its first instruction, stopped at each system call. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRACED_BROKEN 125	/* exit status for errors of the tracer's own */

/* Its pid, or -1. Seized, not attached: then a descendant's life under us (@descendants) begins without a SIGSTOP, which would
 * outlive us if we end before we see it. */
static pid_t traced_start(const char *self, char **argv, bool descendants)
{
	long forks = descendants ? PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE : 0;
	int st;
	pid_t pid = fork();

	if (pid == 0) {
		if (raise(SIGSTOP) == 0)
			execvp(argv[0], argv);
		fprintf(stderr, "%s: %s: %s\n", self, argv[0], strerror(errno));
		_exit(TRACED_BROKEN);
	}
	if (pid < 0 || waitpid(pid, &st, WUNTRACED) < 0 || !WIFSTOPPED(st))
		return -1;
	if (ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | forks) < 0)
		return -1;
	return kill(pid, SIGCONT) < 0 ? -1 : pid;
}

/* Calls @fn at each entry to a system call and each return from one, until the program ends: its wait status; -1: broken.
 * What outlives it is let go. */
static int traced_follow(pid_t program, void (*fn)(void *arg, pid_t pid), void *arg)
{
	int st, sig;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &st, __WALL);
		if (pid < 0)
			return -1;
		if (!WIFSTOPPED(st)) {
			if (pid == program)
				return st;
			continue;
		}
		sig = WSTOPSIG(st);
		if (sig == (SIGTRAP | 0x80))
			fn(arg, pid);
		if (sig == (SIGTRAP | 0x80) || st >> 16)	/* our own stops are no signals of the program's */
			sig = 0;
		if (ptrace(PTRACE_SYSCALL, pid, 0, (long)sig) < 0 && errno != ESRCH)
			return -1;
	}
}

#endif
