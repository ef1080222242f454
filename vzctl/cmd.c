/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vzctl's frame: the table of commands, the command line up to CTID, and the order of the checks before a command runs
 * (vzctl(8), EXIT STATUS). What a command does is in its own file.
 */
#include "vzctl/cmd.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "vzctl/host.h"

const struct cmd *const cmd_table[] = {
	&cmd_create, &cmd_start, &cmd_stop, &cmd_restart, &cmd_destroy, &cmd_set, &cmd_status, &cmd_exec, &cmd_exec2,
	&cmd_exec3, &cmd_enter, &cmd_console, &cmd_runscript, &cmd_mount, &cmd_umount, &cmd_chkpnt, &cmd_restore,
	&cmd_pause, &cmd_compact, &cmd_repair, &cmd_quotaon, &cmd_quotaoff, &cmd_quotainit, &cmd_register,
	&cmd_unregister, &cmd_reinstall, &cmd_snapshot, &cmd_snapshot_switch, &cmd_snapshot_delete, &cmd_snapshot_mount,
	&cmd_snapshot_umount, &cmd_snapshot_list, &cmd_convert, &cmd_backup, &cmd_clone,
};
const size_t cmd_table_n = ARRAY_SIZE(cmd_table);

const struct cmd *cmd_find(const char *word)
{
	for (size_t i = 0; i < cmd_table_n; i++)
		if (str_eq(cmd_table[i]->word, word) || str_eq(cmd_table[i]->alias, word))
			return cmd_table[i];
	return NULL;
}

static int cmd_unknown(const char *word, struct err *e)
{
	err_say(e, EINVAL, "Bad command: %s", word);
	return err_exit(e, VZ_INVALID_PARAMETER_SYNTAX);
}

static bool cmd_global_flag(struct cmd_call *c, const char *word)
{
	if (str_eq(word, "--verbose"))
		c->ui.verbosity++;
	else if (str_eq(word, "--quiet"))
		c->ui.quiet = true;
	else if (str_eq(word, "--skiplock"))
		c->skiplock = true;
	else
		return str_eq(word, "--skipowner") || str_eq(word, "--ignore-ha-cluster");
	return true;
}

static int cmd_print_help(const struct cmd *cmd, int fd)
{
	struct buf auto_buf b = BUF_INIT;

	if (cmd)
		cmd_usage_one(cmd, &b);
	else
		cmd_usage(&b);
	ui_write(fd, buf_str(&b));
	return 1;
}

/* The words after CTID: flags that clients put there are taken out, unless the words are for a program inside. */
static void cmd_words(struct cmd_call *c, int argc, char **argv)
{
	int n = 0;

	for (int i = 0; i < argc; i++)
		if ((c->cmd->flags & CMD_REST) || !cmd_global_flag(c, argv[i]))
			argv[n++] = argv[i];
	argv[n] = NULL;
	c->argv = argv;
	c->argc = n;
}

int cmd_line(int argc, char **argv, struct cmd_call *c, struct err *e)
{
	int i = 1;

	while (i < argc && cmd_global_flag(c, argv[i]))
		i++;
	if (i >= argc) {
		cmd_print_help(NULL, STDERR_FILENO);
		err_say(e, EINVAL, "%s", "");
		return err_exit(e, VZ_INVALID_PARAMETER_SYNTAX);
	}
	if (str_eq(argv[i], "--version")) {
		ui_write(STDOUT_FILENO, "vzctl version " VZ_VERSION "\n");
		return 1;
	}
	if (str_eq(argv[i], "--help"))
		return cmd_print_help(NULL, STDOUT_FILENO);
	c->cmd = cmd_find(argv[i]);
	if (!c->cmd)
		return cmd_unknown(argv[i], e);
	for (i++; i < argc && cmd_global_flag(c, argv[i]);)
		i++;
	if (i < argc && str_eq(argv[i], "--help"))
		return cmd_print_help(c->cmd, STDOUT_FILENO);
	if (i + (c->cmd->flags & CMD_PATH_FIRST ? 1 : 0) >= argc) {
		err_say(e, EINVAL, "CT ID missing");
		return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
	}
	if (c->cmd->flags & CMD_PATH_FIRST)
		SWAP(argv[i], argv[i + 1]);
	c->id_text = argv[i];
	cmd_words(c, argc - i - 1, argv + i + 1);
	return ct_id_parse(c->id_text, &c->id, e);
}

/* Options, or the refusal of any word for a command that takes none. */
static int cmd_parse(struct cmd_call *c, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;

	if (c->cmd->parse)
		return c->cmd->parse(c, e);
	if (c->cmd->opts || c->cmd->flags & (CMD_ROWS_CREATE | CMD_ROWS_SET))
		return cmd_options(c, e);
	if (!c->argc)
		return 0;
	for (int i = 0; i < c->argc; i++)
		buf_addf(&b, "%s%s", i ? " " : "", c->argv[i]);
	err_say(e, EINVAL, "Invalid options: %s", buf_str(&b));
	return err_exit(e, VZ_INVALID_PARAMETER_SYNTAX);
}

static int cmd_host(struct cmd_call *c, struct err *e)
{
	const struct ct_ui sink = { .say = ui_say, .arg = &c->ui };
	const struct ct_host_conf *conf;

	if (geteuid() != 0) {
		err_say(e, EPERM, "This program can only be run under root.");
		return err_exit(e, VZ_NO_ACCES);
	}
	if (ct_host_open(&sink, &c->host, e) < 0)
		return -e->code;
	conf = ct_host_conf(c->host);
	if (conf->verbose.set)
		c->ui.verbosity += (int)conf->verbose.v;
	if (c->cmd->flags & CMD_SILENT)
		c->ui.verbosity = -1;
	ui_log(&c->ui, conf, "vzctl");
	c->ui.ctid = c->id;
	return c->cmd->flags & CMD_SILENT ? 0 : host_pool_mounted(conf, e);
}

static int cmd_container(struct cmd_call *c, struct err *e)
{
	if (c->id == 0 && !(c->cmd->flags & CMD_HOST)) {
		err_say(e, EINVAL, "Only set actions are allowed for CT0");
		return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
	}
	if (ct_open(c->host, c->id_text, c->cmd->flags & CMD_NO_CONF ? CT_NO_CONFIG_OK : 0, &c->ct, e) < 0)
		return -e->code;
	if (!(c->cmd->flags & CMD_LOCK))
		return 0;
	if (c->skiplock) {
		ct_skip_lock(c->ct);
		return 0;
	}
	cancel_arm(c->host, c->ct, c->ui.quiet);
	return ct_lock(c->ct, e) < 0 ? -e->code : 0;
}

static int cmd_run(struct cmd_call *c, struct err *e)
{
	if (cmd_host(c, e) < 0 || cmd_parse(c, e) < 0 || cmd_container(c, e) < 0 || c->cmd->run(c, e) < 0)
		return -e->code;
	return 0;
}

/* `vzctl --host HOST ...` is another program: libraries for TLS would slow down every command of this one. */
static int cmd_elsewhere(int argc, char **argv)
{
	bool joined = argc > 1 && str_starts(argv[1], "--host=");
	char **rest = argv + (joined ? 2 : 3), **v;
	size_t n = 0;

	if (!joined && !(argc > 1 && str_eq(argv[1], "--host")))
		return -1;
	if (argc < (joined ? 3 : 4)) {
		ui_write(STDERR_FILENO, "vzctl: --host HOST[:PORT] COMMAND: a word is missing\n");
		return VZ_INVALID_PARAMETER_SYNTAX;
	}
	v = calloc((size_t)argc + 2, sizeof(*v));
	if (!v)
		return VZ_RESOURCE_ERROR;
	v[n++] = (char *)"vz-remote";
	v[n++] = joined ? argv[1] + strlen("--host=") : argv[2];
	while (*rest)
		v[n++] = *rest++;
	execv(VZ_LIBEXEC "/vz-remote", v);
	free(v);
	ui_write(STDERR_FILENO, "vzctl: --host: " VZ_LIBEXEC "/vz-remote cannot be run: is it installed?\n");
	return VZ_SYSTEM_ERROR;
}

int cmd_main(int argc, char **argv)
{
	struct cmd_call c = { 0 };
	struct err e = { 0 };
	int rc;

	signal(SIGPIPE, SIG_IGN);
	rc = cmd_elsewhere(argc, argv);
	if (rc < 0 && geteuid() != 0)
		rc = cmd_local(argc, argv);
	if (rc >= 0)
		return rc;
	rc = cmd_line(argc, argv, &c, &e);
	if (rc == 0 && c.cmd)
		rc = cmd_run(&c, &e);
	if (rc < 0)
		c.exit = ui_fail(&c.ui, &e);
	ct_conf_done(&c.conf);
	cancel_arm(NULL, NULL, false);
	ct_close(c.ct);
	ct_host_close(c.host);
	return c.exit;
}
