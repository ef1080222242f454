/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vztmpl: what is in the template cache, and how to put something there. A thin row of commands over
 * templates/tmpl.h. Exit status: 0 done, 1 failed, 2 wrong usage.
 */
#include "vzctl/vztmpl.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libct/ct.h"
#include "libct/snapshot.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/kv.h"
#include "util/num.h"
#include "util/opt.h"
#include "util/str.h"

#define DEFAULT_TEMPLATE "/vz/template"

static int usage(FILE *f, int status)
{
	fprintf(f, "Usage: vztmpl [--template DIR] COMMAND [ARGUMENT ...]\n");
	for (size_t i = 0; i < vztmpl_cmds_n; i++)
		fprintf(f, "  %-10s %-20s %s\n", vztmpl_cmds[i].word, vztmpl_cmds[i].args, vztmpl_cmds[i].text);
	for (size_t i = 0; i < vztmpl_flags_n; i++)
		if (vztmpl_flags[i].text)
			fprintf(f, "  --%-29s %s\n", vztmpl_flags[i].name, vztmpl_flags[i].text);
	return status;
}

/* TEMPLATE and TEMPLATE_FORMAT of vz.conf; a host without them has the defaults. */
static void template_dir(char out[4096])
{
	auto_close int etc = open("/etc/vz", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_kv struct kv kv = { 0 };
	const char *v = NULL;
	const char *format = NULL;
	struct err ignored;

	if (etc >= 0 && kv_load(&kv, etc, "vz.conf", &ignored) == 0) {
		v = kv_get(&kv, "TEMPLATE");
		format = kv_get(&kv, "TEMPLATE_FORMAT");
	}
	tmpl_format_set(format && *format ? format : "auto");
	if (!v || v[0] != '/' || str_copy(out, 4096, v) < 0)
		str_copy(out, 4096, DEFAULT_TEMPLATE);
}

/* What the command took a name from may have no user left. Judged in the background, when this process has let go of the store. */
static void collect(const struct vztmpl *v)
{
	struct ct_host *h = NULL;
	struct err none = { 0 };

	if (geteuid() != 0 || !tmpl_gc_due(v->dir) || ct_host_open(NULL, &h, &none) < 0)
		return;
	fflush(stdout);
	ct_garbage_collect(h, v->dir);
	ct_host_close(h);
}

/* --- SIGINT and SIGTERM: every descriptor, and so every lock, goes by exec, and what was half-made is swept as after a kill --- */

#define CANCELLED "vztmpl-cancelled"

static char cancel_dir[4096];

static void cancel_now(int sig)
{
	char prog[] = CANCELLED;
	char *const argv[] = { prog, cancel_dir, NULL };

	execv("/proc/self/exe", argv);
	_exit(128 + sig);
}

static void cancel_arm(const char *dir)
{
	const struct sigaction sa = { .sa_handler = cancel_now };

	(void)str_copy(cancel_dir, sizeof(cancel_dir), dir);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
}

/* exec keeps them. Each is the first process of a box, or dies with one. */
static void end_children(void)
{
	auto_buf struct buf b = { .cap = 65536 };
	struct str_list pids __attribute__((cleanup(str_list_clear))) = { 0 };
	struct err none = { 0 };
	uint64_t pid;

	if (fio_read_at(AT_FDCWD, "/proc/thread-self/children", &b, &none) < 0 ||
	    str_list_split(&pids, buf_str(&b), " \n", &none) < 0)
		return;
	for (size_t i = 0; i < pids.n; i++)
		if (num_u64(pids.v[i], &pid) == 0 && pid > 1 && pid <= INT32_MAX)
			kill((pid_t)pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* What ran for the one before goes first: it would write into what is swept. */
static int cancelled(struct vztmpl *v, const char *dir)
{
	struct err e = { 0 };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	(void)str_copy(v->dir, sizeof(v->dir), dir);
	end_children();
	vztmpl_sweep(v);
	if (tmpl_sweep(v->dir, &e) < 0)
		fprintf(stderr, "vztmpl: %s\n", e.text);
	fprintf(stderr, "vztmpl: cancelled\n");
	return 1;
}

static void say(void *arg, const char *text)
{
	(void)arg;
	puts(text);
	fflush(stdout);		/* a job's log is read while it runs */
}

int main(int argc, char **argv)
{
	struct vztmpl v = { .ui = { .say = say } };
	const struct vztmpl_cmd *c;
	struct err e = { 0 };
	int rc;

	if (argc == 2 && str_eq(argv[0], CANCELLED))
		return cancelled(&v, argv[1]);
	template_dir(v.dir);
	v.operand = calloc((size_t)argc + 1, sizeof(*v.operand));
	if (!v.operand)
		return 1;
	rc = vztmpl_args(&v, &c, argv, &e);
	if (rc < 0) {
		fprintf(stderr, "%s\n", e.text);
		return usage(stderr, 2);
	}
	if (!c)
		return usage(stdout, 0);
	cancel_arm(v.dir);
	vztmpl_sweep(&v);
	rc = c->run(&v, &e);
	if (rc < 0)
		fprintf(stderr, "vztmpl: %s\n", e.text);
	collect(&v);
	free(v.operand);
	return rc < 0 ? 1 : fflush(stdout) == 0 ? 0 : 1;
}
