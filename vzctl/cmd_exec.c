/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl exec, exec2, exec3, runscript, enter, console: what runs inside a container, seen from the command line. */
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/num.h"
#include "vzctl/cmd.h"

static int exec_parse(struct cmd_call *c, struct err *e)
{
	if (c->argc)
		return 0;
	err_say(e, EINVAL, "No command line given for exec");
	return err_exit(e, VZ_INVALID_PARAMETER_SYNTAX);
}

static int exec_status(struct cmd_call *c, int status, bool own, struct err *e)
{
	if (WIFSIGNALED(status)) {
		err_say(e, EINTR, "Got signal %d", WTERMSIG(status));
		return err_exit(e, VZ_SYSTEM_ERROR);
	}
	c->exit = WEXITSTATUS(status);
	if (!own && c->exit)
		c->exit = VZ_COMMAND_EXECUTION_ERROR;
	return 0;
}

/* The words joined by blanks, and one behind: what the shell inside has always been given. */
static int exec_shell(struct cmd_call *c, bool own, struct err *e)
{
	struct buf auto_buf line = BUF_INIT;
	const char *argv[2] = { NULL, NULL };
	struct ct_exec x = { .argv = argv, .shell = true };
	int status;

	if (c->argc == 1 && str_eq(c->argv[0], "-"))
		x.script_stdin = true;
	for (int i = 0; i < c->argc; i++)
		buf_addf(&line, "%s ", c->argv[i]);
	if (buf_failed(&line))
		return err_say(e, E2BIG, "The command is too long");
	argv[0] = buf_str(&line);
	if (ct_exec(c->ct, &x, &status, e) < 0)
		return -e->code;
	return exec_status(c, status, own, e);
}

static int exec_run(struct cmd_call *c, struct err *e)
{
	return exec_shell(c, false, e);
}

static int exec2_run(struct cmd_call *c, struct err *e)
{
	return exec_shell(c, true, e);
}

static int exec3_run(struct cmd_call *c, struct err *e)
{
	const struct ct_exec x = { .argv = (const char *const *)c->argv };
	int status;

	if (ct_exec(c->ct, &x, &status, e) < 0)
		return -e->code;
	return exec_status(c, status, true, e);
}

static int runscript_parse(struct cmd_call *c, struct err *e)
{
	if (c->argc)
		return 0;
	err_say(e, EINVAL, "Script not specified");
	return err_exit(e, VZ_INVALID_PARAMETER_SYNTAX);
}

/* The host's file becomes the standard input of a shell inside; its path is never resolved in the container. */
static int runscript_run(struct cmd_call *c, struct err *e)
{
	static const char *const argv[] = { "-", NULL };
	const struct ct_exec x = { .argv = argv, .shell = true, .script_stdin = true };
	auto_close int fd = open(c->argv[0], O_RDONLY | O_CLOEXEC);
	int status;

	if (fd < 0) {
		err_say(e, errno, "Script not found: %s", c->argv[0]);
		return err_exit(e, VZ_NOSCRIPT);
	}
	if (dup2(fd, STDIN_FILENO) < 0)
		return err_set(e, errno, "%s", c->argv[0]);
	if (ct_exec_held(c->ct, &x, &status, e) < 0)
		return -e->code;
	return exec_status(c, status, true, e);
}

static int enter_parse(struct cmd_call *c, struct err *e)
{
	if (!c->argc || (c->argc > 1 && str_eq(c->argv[0], "--exec")))
		return 0;
	if (str_eq(c->argv[0], "--exec"))
		err_say(e, EINVAL, "No command line given for --exec");
	else
		err_say(e, EINVAL, "Invalid option '%s'", c->argv[0]);
	return err_exit(e, VZ_INVALID_PARAMETER_SYNTAX);
}

static int enter_run(struct cmd_call *c, struct err *e)
{
	struct buf auto_buf type = BUF_INIT;

	for (int i = 1; i < c->argc; i++)
		buf_addf(&type, "%s%s", i > 1 ? " " : "", c->argv[i]);
	return ct_enter(c->ct, c->argc ? buf_str(&type) : NULL, &c->exit, e);
}

/* One console per container: /dev/console, which is tty 1 and 2 for people who know the old numbers. */
static int console_parse(struct cmd_call *c, struct err *e)
{
	if (!c->argc || (c->argc == 1 && (str_eq(c->argv[0], "1") || str_eq(c->argv[0], "2"))))
		return 0;
	if (c->argc > 1) {
		err_say(e, EINVAL, "Invalid extra arguments: %s", c->argv[1]);
		return err_exit(e, VZ_INVALID_PARAMETER_SYNTAX);
	}
	err_say(e, EINVAL, "Invalid tty number %s: a container has one console, tty 1", c->argv[c->argc - 1]);
	return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
}

static int console_run(struct cmd_call *c, struct err *e)
{
	return ct_console(c->ct, e);
}

const struct cmd cmd_exec = {
	.word = "exec", .flags = CMD_REST, .args = "<command> [arg ...] | -",
	.man = "Runs a shell command inside; the status is 0, or 8 if the command failed. '-' reads it from standard input.",
	.parse = exec_parse, .run = exec_run,
};

const struct cmd cmd_exec2 = {
	.word = "exec2", .flags = CMD_REST, .args = "<command> [arg ...] | -",
	.man = "Like exec, but the status is the command's own.",
	.parse = exec_parse, .run = exec2_run,
};

const struct cmd cmd_exec3 = {
	.word = "exec3", .flags = CMD_REST, .args = "<program> [arg ...]",
	.man = "Runs a program inside without a shell; every argument arrives as it was given.",
	.parse = exec_parse, .run = exec3_run,
};

const struct cmd cmd_runscript = {
	.word = "runscript", .flags = CMD_LOCK | CMD_REST, .args = "<file>",
	.man = "Feeds a file of the host to a shell inside. A stopped container stays so: only the shell runs in it.",
	.parse = runscript_parse, .run = runscript_run,
};

const struct cmd cmd_enter = {
	.word = "enter", .flags = CMD_REST, .args = "[--exec <command> [arg ...]]",
	.man = "Opens a login shell with a terminal of its own inside.",
	.parse = enter_parse, .run = enter_run,
};

const struct cmd cmd_console = {
	.word = "console", .args = "[ttyno]",
	.man = "Attaches to the container's console with what it last printed; ESC . leaves.",
	.parse = console_parse, .run = console_run,
};
