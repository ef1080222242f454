/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shell text of the host's administrator, run by the guest's own shell: inside, limited, for no longer than it may. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libct/action.h"
#include "libct/caps.h"
#include "libct/ct_priv.h"
#include "libct/init.h"
#include "libct/inside.h"
#include "libct/seccomp.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/sys.h"

static void __attribute__((noreturn)) shell(const struct ct_init *p, int script)
{
	static char *const env[] = { "HOME=/", "TERM=linux",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	struct err e = { 0 };

	if (dup2(script, 0) < 0 || dup2(p->script_out, 1) < 0 || dup2(p->script_out, 2) < 0)
		_exit(126);
	sys_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	setsid();
	if (ct_caps_apply(p->caps, &e) < 0 || ct_seccomp_load(p->nesting, &e) < 0)
		_exit(126);
	execve("/bin/bash", (char *[]){ "bash", "-s", NULL }, env);
	execve("/bin/sh", (char *[]){ "sh", "-s", NULL }, env);
	_exit(127);
}

int ct_shell_here(const struct ct_init *p, int script, int limit_ms, int *status, struct err *e)
{
	auto_close int pidfd = -1;
	pid_t pid = fork(), got;
	int st = 0;

	if (pid == 0)
		shell(p, script);
	pidfd = pid < 0 ? -1 : sys_pidfd_open(pid, 0);
	if (pidfd < 0)
		return err_set(e, errno, "run a shell");
	if (sys_pidfd_wait(pidfd, limit_ms) == 0) {
		kill(-1, SIGKILL);	/* we are the first process here: whatever it has started */
		err_say(e, ETIMEDOUT, "Execution timeout expired");
		return err_exit(e, VZ_EXEC_TIMEOUT);
	}
	while ((got = waitpid(pid, &st, 0)) < 0 && errno == EINTR)
		;
	if (got != pid)
		return err_set(e, errno, "wait for the shell");
	*status = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
	return 0;
}

static int ended(const char *name, int status, struct err *e)
{
	if (status == 0)
		return 0;
	err_say(e, ECHILD, "distribution script " CT_DISTS_DIR "/scripts/%s ended with status %d in the container",
		name, status);
	return err_exit(e, status);
}

static int job_here(const char *name, const char *text, const struct ct_init *p, struct err *e)
{
	auto_close int fd = memfd_create("vz-action", MFD_CLOEXEC);
	int status = 0;

	if (fd < 0 || fio_write_all(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_set(e, errno, "memory file for %s", name);
	return ct_shell_here(p, fd, CT_ACTION_MS, &status, e) < 0 ? err_add(e, "%s", name) : ended(name, status, e);
}

int ct_action_jobs_here(const struct ct_action_jobs *j, const struct ct_init *p, struct err *e)
{
	for (size_t i = 0; i < j->n; i++)
		if (job_here(j->v[i].name, j->v[i].text, p, e) < 0)
			return -e->code;
	return 0;
}

static int job_inside(struct ct *ct, const char *name, char *text, struct err *e)
{
	static const char *const argv[] = {
		"sh", "-c", "[ -x /bin/bash ] && exec /bin/bash -s; exec /bin/sh -s", NULL
	};
	const struct buf in = { .s = text, .len = strlen(text) };
	int status = 0;

	if (ct_inside_run(ct, "/bin/sh", argv, &in, CT_ACTION_MS, &status, e) == 0)
		return ended(name, status, e);
	if (e->code != ETIMEDOUT)
		return err_add(e, "%s", name);
	err_say(e, ETIMEDOUT, "%s: Execution timeout expired", name);
	return err_exit(e, VZ_EXEC_TIMEOUT);
}

int ct_action_jobs_inside(const struct ct_action_jobs *j, struct ct *ct, struct err *e)
{
	for (size_t i = 0; i < j->n; i++)
		if (job_inside(ct, j->v[i].name, j->v[i].text, e) < 0)
			return -e->code;
	return 0;
}

bool ct_action_is_post_create(const struct ct_actions *a)
{
	return a->text[CT_ACTION_POST_CREATE] != NULL;
}

int ct_action_post_create(struct ct *ct, const struct ct_actions *a, struct err *e)
{
	static const struct ct_action_var vars[] = { { "VE_ROOT", "/" }, { "VE_STATE", "stopped" }, { NULL, NULL } };
	auto_call(ct_action_jobs_done) struct ct_action_jobs j = { 0 };
	struct err stop = { 0 };
	struct ct_ui ui;
	int r;

	if (!ct_action_is_post_create(a))
		return 0;
	if (ct_action_job(&j, a, CT_ACTION_POST_CREATE, vars, e) < 0)
		return -e->code;
	ui = ct_ui_mute(ct);
	r = ct_start(ct, CT_START_SKIP_SETUP | CT_START_HOLD | CT_START_FORCE, e);
	if (r == 0) {
		r = ct_action_jobs_inside(&j, ct, e);
		if (ct_stop(ct, CT_STOP_FAST, &stop) < 0 && r == 0) {
			*e = stop;
			r = -e->code;
		}
	}
	ct->host->ui = ui;
	return r;
}
