/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs one program and waits for it. The child gets a clean signal state, a group of its own and only the descriptors
 * asked for; the reason why exec failed comes back through a pipe that exec closes.
 */
#include "util/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/sys.h"

#define TAIL_MAX 320		/* bytes of stderr that end up in the error's text */

struct tail {
	char s[2 * TAIL_MAX];
	size_t len;
};

static const char *const default_env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "TERM=linux", NULL,
};

/* --- the child: async-signal-safe calls only --- */

static void clean_signals(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &sa, NULL);	/* those that cannot be set say EINVAL */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Puts the three on 0, 1 and 2. Copies above 2 first, so that the order cannot destroy a source. */
static int set_stdio(const int from[3])
{
	int copy[3];

	for (int i = 0; i < 3; i++) {
		copy[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 3);
		if (copy[i] < 0 && !(errno == EBADF && from[i] == i))
			return -1;
	}
	for (int i = 0; i < 3; i++) {
		if (copy[i] >= 0 && dup2(copy[i], i) < 0)
			return -1;
	}
	return 0;
}

static int close_others(const int *pass, size_t n)
{
	if (sys_close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (pass[i] > 2 && fcntl(pass[i], F_SETFD, 0) < 0)
			return -1;
	}
	return 0;
}

static int enter(const struct spawn *s)
{
	/* a copy of it while this is still the namespace that it is of */
	int over = s->over > 0 ? sys_open_tree(s->over, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC) : -1;

	if (s->over > 0 && over < 0)
		return -1;
	if (s->netns > 0 && setns(s->netns, CLONE_NEWNET) < 0)
		return -1;
	if (s->own_mounts && (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
		return -1;
	if (s->own_pids && mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return -1;
	if (over < 0)
		return 0;
	if (sys_move_mount(over, "", AT_FDCWD, s->over_path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return -1;
	/* or what is mounted in it would be there outside */
	return mount(NULL, s->over_path, NULL, MS_REC | MS_PRIVATE, NULL);
}

void spawn_first(pid_t pid)
{
	int st = 0;
	pid_t got;

	sys_close_range(3, UINT_MAX, 0);
	while ((got = waitpid(-1, &st, 0)) != pid)
		if (got < 0 && errno != EINTR)
			_exit(127);
	_exit(WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st));
}

/* The program's own process, where that is not this one. */
static int beget(const struct spawn *s)
{
	pid_t pid = s->own_pids ? fork() : 0;

	if (pid > 0)
		spawn_first(pid);
	return pid;
}

static void __attribute__((noreturn)) child(const struct spawn *s, const int io[3], int report)
{
	const char *const *env = s->env ? s->env : default_env;
	int code;

	setpgid(0, 0);
	clean_signals();
	if (s->tied)
		prctl(PR_SET_PDEATHSIG, s->own_pids ? SIGKILL : SIGTERM);
	report = fcntl(report, F_DUPFD_CLOEXEC, 3);
	if (report >= 0 && enter(s) == 0 && beget(s) == 0 && set_stdio(io) == 0 && close_others(s->pass, s->n_pass) == 0)
		execve(s->argv[0], (char *const *)s->argv, (char *const *)env);
	code = errno;
	while (write(report, &code, sizeof(code)) < 0 && errno == EINTR)
		;
	_exit(127);
}

/* --- the parent --- */

/* Reads what is there, like read(2). Only the last bytes are kept. */
static ssize_t tail_read(struct tail *t, int fd)
{
	ssize_t n;

	if (t->len >= TAIL_MAX) {
		memmove(t->s, t->s + t->len - TAIL_MAX, TAIL_MAX);
		t->len = TAIL_MAX;
	}
	n = read(fd, t->s + t->len, sizeof(t->s) - t->len);
	if (n > 0)
		t->len += (size_t)n;
	return n;
}

/* One line of text: blanks for control characters, none at the ends. */
static const char *tail_text(struct tail *t)
{
	size_t start = t->len > TAIL_MAX ? t->len - TAIL_MAX : 0;

	for (size_t i = start; i < t->len; i++) {
		if ((unsigned char)t->s[i] < 0x20 || t->s[i] == 0x7f)
			t->s[i] = ' ';
	}
	while (t->len > start && t->s[t->len - 1] == ' ')
		t->len--;
	while (start < t->len && t->s[start] == ' ')
		start++;
	t->s[MIN(t->len, sizeof(t->s) - 1)] = '\0';
	return t->s + start;
}

/* Until the process is dead or @end (-1: never) has come. 1 dead, 0 time is up, -1 errno. */
static int attend(int pidfd, int errfd, struct tail *t, int64_t end)
{
	struct pollfd p[2] = { { .fd = pidfd, .events = POLLIN }, { .fd = errfd, .events = POLLIN } };

	for (;;) {
		int64_t left = end < 0 ? -1 : end - sys_now_ms();
		int n;

		if (end >= 0 && left <= 0)
			return 0;
		n = poll(p, 2, left > INT_MAX ? INT_MAX : (int)left);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n <= 0)
			continue;
		if (p[1].revents && tail_read(t, errfd) == 0)
			p[1].fd = -1;		/* all writers are gone, the process may not be */
		if (p[0].revents)
			return 1;
	}
}

static int reap(pid_t pid)
{
	int st;

	while (waitpid(pid, &st, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

static int judge(const struct spawn *s, int code, struct tail *t, struct err *e)
{
	const char *text = tail_text(t);
	const char *sep = *text ? ": " : "";

	if (code == 0)
		return 0;
	if (code < 0)
		return err_set(e, -code, "wait for %s", s->argv[0]);
	if (code > 128)
		return err_say(e, ECHILD, "%s was killed by signal %d%s%s", s->argv[0], code - 128, sep, text);
	return err_say(e, ECHILD, "%s exited with status %d%s%s", s->argv[0], code, sep, text);
}

/* @report is the read end of the pipe on which exec's failure comes. */
static int supervise(const struct spawn *s, pid_t pid, int report, int errfd, int *status, struct err *e)
{
	auto_close int pidfd = sys_pidfd_open(pid, 0);
	int64_t end = s->timeout_ms > 0 ? sys_now_ms() + s->timeout_ms : -1;
	struct tail t = { .len = 0 };
	int code = 0, r = 1;
	ssize_t n;

	do {
		n = read(report, &code, sizeof(code));
	} while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(code)) {
		reap(pid);
		*status = 127;
		return err_set(e, code, "run %s", s->argv[0]);
	}
	if (pidfd >= 0)
		r = attend(pidfd, errfd, &t, end);
	if (pidfd < 0 || r < 0) {
		code = errno;
		kill(-pid, SIGKILL);
		reap(pid);
		return err_set(e, code, "watch %s", s->argv[0]);
	}
	if (r == 0) {
		kill(-pid, SIGKILL);
		*status = reap(pid);
		return err_say(e, ETIMEDOUT, "%s did not finish within %d ms", s->argv[0], s->timeout_ms);
	}
	code = reap(pid);
	for (int i = 0; i < 1024 && errfd >= 0; i++) {	/* what it wrote last; others may go on writing */
		if (tail_read(&t, errfd) <= 0)
			break;
	}
	*status = code;
	return judge(s, code, &t, e);
}

int spawn_wait(const struct spawn *s, int *status, struct err *e)
{
	auto_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	auto_close int report_r = -1, report_w = -1, err_r = -1, err_w = -1;
	struct clone_args args = { .flags = CLONE_NEWPID, .exit_signal = SIGCHLD };
	int p[2], io[3], unused;
	pid_t pid;

	if (!status)
		status = &unused;
	*status = -1;
	if (null < 0 || pipe2(p, O_CLOEXEC) < 0)
		return err_set(e, errno, "run %s", s->argv[0]);
	report_r = p[0];
	report_w = p[1];
	if (s->err == -1) {
		if (pipe2(p, O_CLOEXEC) < 0)
			return err_set(e, errno, "run %s", s->argv[0]);
		err_r = p[0];
		err_w = p[1];
		fcntl(err_r, F_SETFL, O_NONBLOCK);
	}
	io[0] = s->in > 0 ? s->in : null;
	io[1] = s->out > 0 ? s->out : 1;
	io[2] = s->err > 0 ? s->err : s->err == -1 ? err_w : 2;
	pid = s->own_pids ? sys_clone3(&args) : fork();
	if (pid < 0)
		return err_set(e, errno, "run %s", s->argv[0]);
	if (pid == 0)
		child(s, io, report_w);
	setpgid(pid, pid);		/* whichever of the two comes first: the group exists before a kill */
	auto_close_(&report_w);
	auto_close_(&err_w);
	return supervise(s, pid, report_r, err_r, status, e);
}
