/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child with its outputs in memory files: nothing is read before it has ended. */
#include "vzd/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/ev.h"
#include "util/fio.h"
#include "util/str.h"
#include "util/sys.h"
#include "vzd/vzd.h"

#define SAID_MAX 2000		/* of what it complains */

struct ask {
	struct ev_src *timer;
	ask_fn *fn;
	void *arg;
	pid_t pid;
	int out, err;
	size_t max;
	bool late;
};

static void ask_free(struct ask *a)
{
	ev_del(a->timer);
	auto_close_(&a->out);
	auto_close_(&a->err);
	free(a);
}

static void on_late(void *arg)
{
	struct ask *a = arg;

	a->timer = NULL;		/* deletes itself */
	a->late = true;
	kill(a->pid, SIGKILL);		/* our child, not reaped yet */
}

/* The last line of what it said on standard error, without "Error: ". */
static void complaint(const struct ask *a, int status, struct err *e)
{
	char text[SAID_MAX + 1];
	ssize_t n = pread(a->err, text, SAID_MAX, 0);
	char *line;

	if (a->late) {
		err_say(e, ETIMEDOUT, "no answer within %u seconds: the disk of the archives does not answer", ASK_S);
		return;
	}
	text[n > 0 ? n : 0] = '\0';
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	if (str_starts(line, "Error: "))
		line += strlen("Error: ");
	if (*line)
		err_say(e, EIO, "%s", line);
	else
		err_say(e, EIO, "it ended with status %d and said nothing", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void on_end(void *arg, pid_t pid, int status)
{
	struct ask *a = arg;
	struct buf auto_buf out = { .cap = a->max };
	struct err e = { 0 };
	struct stat st;

	(void)pid;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		complaint(a, status, &e);
	else if (fstat(a->out, &st) < 0 || (size_t)st.st_size >= a->max)
		err_say(&e, EFBIG, "the answer has more than %zu bytes", a->max);
	else if (lseek(a->out, 0, SEEK_SET) < 0 || fio_read_fd(a->out, &out, "answer", &e) < 0)
		err_add(&e, "reading the answer");
	a->fn(a->arg, &out, e.code ? &e : NULL);
	ask_free(a);
}

static void __attribute__((noreturn)) child(const struct ask *a, const char *const *argv)
{
	int null = open("/dev/null", O_RDONLY);

	sys_reset_signals();
	if (null >= 0 && dup2(null, 0) >= 0 && dup2(a->out, 1) >= 0 && dup2(a->err, 2) >= 0)
		execv(argv[0], (char *const *)(uintptr_t)argv);
	dprintf(2, "cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int start(struct vzd *d, struct ask *a, const char *const *argv, struct err *e)
{
	if (a->out < 0 || a->err < 0)
		return err_set(e, errno, "memory for an answer");
	if (ev_add_timer(d->ev, "ask late", ASK_S * 1000, 0, on_late, a, &a->timer, e) < 0)
		return -e->code;
	a->pid = fork();
	if (a->pid < 0)
		return err_set(e, errno, "run %s", argv[0]);
	if (a->pid == 0)
		child(a, argv);
	if (ev_add_child(d->ev, "ask", a->pid, on_end, a, &(struct ev_src *){ NULL }, e) == 0)
		return 0;
	kill(a->pid, SIGKILL);
	waitpid(a->pid, NULL, 0);
	return -e->code;
}

int ask_run(struct vzd *d, const char *const *argv, size_t max, ask_fn *fn, void *arg, struct err *e)
{
	struct ask *a = calloc(1, sizeof(*a));

	if (!a)
		return err_set(e, ENOMEM, "question");
	*a = (struct ask){ .fn = fn, .arg = arg, .max = max, .out = memfd_create("answer", MFD_CLOEXEC),
			   .err = memfd_create("complaint", MFD_CLOEXEC) };
	if (start(d, a, argv, e) == 0)
		return 0;
	ask_free(a);
	return -e->code;
}
