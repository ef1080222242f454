/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vz-job: runs one program for vzd and outlives it. Takes the job's lock, runs the program in a process group of its own,
 * keeps what it says, and writes how it ended before the lock goes. SIGTERM is passed on (vzctl rolls back), and after a
 * grace the group is killed; so is the program when vz-job itself is. What the files mean: job_files.h.
 *
 * vz-job [-a] [-k] [-t SECONDS] [-g SECONDS] DIR ID PROGRAM [ARG...]
 *   -a  may be run again when an earlier run was cut short      -k  keep output and errors apart
 *   -t  time it may take     -g  grace before the kill          standard input is the program's
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/lock.h"
#include "util/num.h"
#include "util/str.h"
#include "util/sys.h"
#include "vzd/job_files.h"

struct stream {
	int from, file;			/* -1: ended; not kept */
	size_t kept;
};
struct run {
	const char *dirname, *id;
	char *const *argv;
	bool again, keep;
	uint64_t timeout_s, grace_s;
	int dir, lock;
	pid_t pid;
	int64_t kill_at;		/* monotonic, 0: no */
	struct stream s[2];
	char line[JOB_LINE_MAX];	/* of the line that has not ended yet */
	size_t line_len;
	struct job_result r;
};

static int64_t now_unix_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int __attribute__((noreturn)) fail(const struct err *e)
{
	dprintf(STDERR_FILENO, "vz-job: %s\n", e->text);
	exit(1);
}

/* --- what the program says --- */

/* vzctl's last word after a reason: as the operation's error it would hide it. */
static bool says_nothing(const char *line)
{
	return str_eq(line, "Error: failed to apply some parameters, not saving configuration file!");
}

static void line_end(struct run *x)
{
	while (x->line_len > 0 && x->line[x->line_len - 1] == ' ')
		x->line_len--;
	x->line[x->line_len] = '\0';
	if (x->line_len > 0 && !(x->r.last[0] && says_nothing(x->line))) {
		memcpy(x->r.last, x->line, x->line_len + 1);
	}
	x->line_len = 0;
}

static void watch_lines(struct run *x, const char *p, size_t n)
{
	for (; n > 0; p++, n--) {
		unsigned char c = (unsigned char)*p;

		if (c == '\n' || c == '\r')
			line_end(x);
		else if (x->line_len + 1 < sizeof(x->line))
			x->line[x->line_len++] = c < 0x20 || c == 0x7f ? ' ' : *p;
	}
}

/* False: nothing more to come now. */
static bool take(struct run *x, struct stream *s)
{
	char b[16384];
	ssize_t n = read(s->from, b, sizeof(b));
	size_t fits;

	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			auto_close_(&s->from);
		return n < 0 && errno == EINTR;
	}
	fits = MIN((size_t)n, JOB_OUT_MAX - s->kept);
	watch_lines(x, b, (size_t)n);
	if (s->file < 0 || fio_write_all(s->file, b, fits) < 0 || fits < (size_t)n)
		x->r.truncated = true;		/* full, or /run is: the job goes on */
	s->kept += fits;
	return true;
}

static int stream_open(struct run *x, struct stream *s, const char *ext, int *ret_to, struct err *e)
{
	char name[48];
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_set(e, errno, "pipe");
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	s->from = p[0];
	s->file = openat(x->dir, job_file(x->id, ext, name), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	*ret_to = p[1];
	return 0;
}

/* --- the program --- */

static void __attribute__((noreturn)) child(const struct run *x, int out, int err, pid_t parent)
{
	char job[40];
	char *const env[] = { (char[]){ "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" }, (char[]){ "HOME=/" },
			      (char[]){ "TERM=linux" }, (char[]){ "LANG=C.UTF-8" }, job, NULL };

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	sys_reset_signals();
	(void)str_fmt(job, sizeof(job), "VZ_JOB=%s", x->id);
	if (dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0)
		execve(x->argv[0], x->argv, env);
	dprintf(STDERR_FILENO, "cannot run %s: %s\n", x->argv[0], strerror(errno));
	_exit(127);
}

static int launch(struct run *x, struct err *e)
{
	auto_close int out = -1, err = -1;
	pid_t self = getpid();

	if (stream_open(x, &x->s[0], x->keep ? "out" : "log", &out, e) < 0)
		return -e->code;
	if (x->keep && stream_open(x, &x->s[1], "err", &err, e) < 0)
		return -e->code;
	x->r.started_ms = now_unix_ms();
	x->pid = fork();
	if (x->pid < 0)
		return err_set(e, errno, "run %s", x->argv[0]);
	if (x->pid == 0)
		child(x, out, x->keep ? err : out, self);
	setpgid(x->pid, x->pid);
	return 0;
}

/* A whole group; 0 and 1 would be others'. */
static void kill_group(pid_t pid)
{
	if (pid > 1)
		kill(-pid, SIGKILL);
}

static void ask_to_end(struct run *x)
{
	kill(x->pid, SIGTERM);
	if (!x->kill_at)
		x->kill_at = sys_now_ms() + (int64_t)x->grace_s * 1000;
}

static void ended(struct run *x, int status)
{
	x->r.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	x->r.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	x->r.ended_ms = now_unix_ms();
	if (x->kill_at)
		kill_group(x->pid);		/* what it left of its group */
	x->pid = 0;
}

/* As subreaper vz-job inherits what the program's helpers leave behind. */
static void reap(struct run *x)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == x->pid)
			ended(x, status);
	}
}

static void on_signal(struct run *x, int sfd)
{
	struct signalfd_siginfo si;

	while (read(sfd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGCHLD) {
			reap(x);
		} else if (x->pid) {
			x->r.cancelled = true;
			ask_to_end(x);
		}
	}
}

static int until(int64_t at)
{
	int64_t left = at - sys_now_ms();

	return left < 0 ? 0 : left > 1000000 ? 1000000 : (int)left;
}

/* Due times; returns how long to sleep for the next one, -1: none. */
static int due(struct run *x, int64_t *timeout_at)
{
	if (*timeout_at && until(*timeout_at) == 0) {
		*timeout_at = 0;
		x->r.timeout = true;
		ask_to_end(x);
	}
	if (x->kill_at && until(x->kill_at) == 0) {
		kill_group(x->pid);
		x->kill_at = sys_now_ms() + 1000;	/* one that has just been forked */
	}
	if (x->kill_at)
		return until(x->kill_at);
	return *timeout_at ? until(*timeout_at) : -1;
}

static void attend(struct run *x, int sfd)
{
	int64_t timeout_at = x->timeout_s ? sys_now_ms() + (int64_t)x->timeout_s * 1000 : 0;

	while (x->pid) {
		struct pollfd p[3] = { { .fd = sfd, .events = POLLIN }, { .fd = x->s[0].from, .events = POLLIN },
				       { .fd = x->s[1].from, .events = POLLIN } };

		if (poll(p, 3, due(x, &timeout_at)) < 0)
			continue;
		for (int i = 0; i < 2; i++) {
			if (p[i + 1].revents)
				take(x, &x->s[i]);
		}
		if (p[0].revents)
			on_signal(x, sfd);
	}
	for (int i = 0; i < 2; i++) {		/* what is left in the pipes, which others may hold open */
		for (int k = 0; k < 1024 && x->s[i].from >= 0 && take(x, &x->s[i]); k++)
			;
	}
	line_end(x);
}

/* --- the job --- */

static void say_who(const struct run *x)
{
	char stat[1024], text[64];
	auto_close int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, stat, sizeof(stat) - 1);
	char *p;

	stat[n > 0 ? n : 0] = '\0';
	p = strrchr(stat, ')');
	for (int i = 0; p && i < 20; i++)	/* field 22: start time */
		p = strchr(p + 1, ' ');
	if (str_fmt(text, sizeof(text), "%d %.*s\n", getpid(), p ? (int)strcspn(p + 1, " ") : 1, p ? p + 1 : "0") == 0)
		(void)!pwrite(x->lock, text, strlen(text), 0);
}

/* True: run it. False: there is nothing to do (any more). */
static bool begin(struct run *x, struct err *e)
{
	char name[48];
	int r = lock_take(x->dir, job_file(x->id, "lock", name), 0, &x->lock, e);

	if (r == -EBUSY)
		exit(JOB_EXIT_LOCKED);
	if (r < 0)
		fail(e);
	say_who(x);
	r = job_result_read(x->dir, x->id, &(struct job_result){ .exit = 0 }, e);
	if (r < 0)
		fail(e);
	if (r > 0)
		return false;
	r = job_result_reserve(x->dir, x->id, e);
	if (r < 0 && r != -EEXIST)
		fail(e);
	if (r == 0 || x->again)
		return true;
	x->r.interrupted = true;
	x->r.exit = -1;
	if (job_result_write(x->dir, x->id, &x->r, e) < 0)
		fail(e);
	return false;
}

static bool options(struct run *x, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+akt:g:")) != -1) {
		if (c == 'a')
			x->again = true;
		else if (c == 'k')
			x->keep = true;
		else if (c == '?' || num_u64(optarg, c == 't' ? &x->timeout_s : &x->grace_s) < 0)
			return false;
	}
	if (argc - optind < 3)
		return false;
	x->dirname = argv[optind];
	x->id = argv[optind + 1];
	x->argv = argv + optind + 2;
	return x->argv && x->argv[0];
}

int main(int argc, char **argv)
{
	struct run x = { .lock = -1, .grace_s = JOB_GRACE_S, .s = { { -1, -1, 0 }, { -1, -1, 0 } } };
	struct err e = { 0 };
	sigset_t set;
	int sfd;

	if (!options(&x, argc, argv)) {
		dprintf(STDERR_FILENO, "usage: vz-job [-a] [-k] [-t SECONDS] [-g SECONDS] DIR ID PROGRAM [ARG...]\n");
		return 2;
	}
	setsid();
	umask(022);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	x.dir = open(x.dirname, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (x.dir < 0 || chdir("/") < 0) {
		err_set(&e, errno, "%s", x.dirname);
		fail(&e);
	}
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (!begin(&x, &e))
		return 0;
	if (sfd < 0 || launch(&x, &e) < 0) {
		x.r.exit = -1;
		(void)str_copy(x.r.last, sizeof(x.r.last), e.code ? e.text : "signalfd");
	} else {
		attend(&x, sfd);
	}
	if (job_result_write(x.dir, x.id, &x.r, &e) < 0)
		fail(&e);
	return 0;
}
