/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Usage texts, printed from the rows of the commands and parameters. Some clients read the first line and the line of set. */
#include <string.h>

#include "util/buf.h"
#include "vzctl/cmd.h"

static void help_row(struct buf *b, const char *opt, const char *arg, const char *man)
{
	struct buf auto_buf left = BUF_INIT;

	buf_addf(&left, "--%s%s%s", opt, arg ? " " : "", arg ? arg : "");
	buf_addf(b, "    %-32s %s\n", buf_str(&left), man ? man : "");
}

static void help_line(struct buf *b, const struct cmd *cmd)
{
	if (cmd->flags & CMD_PATH_FIRST)
		buf_addf(b, "vzctl %s %s <ctid>\n", cmd->word, cmd->args);
	else
		buf_addf(b, "vzctl %s <ctid>%s%s\n", cmd->word, cmd->args ? " " : "", cmd->args ? cmd->args : "");
}

static void help_params(struct buf *b, const struct cmd *cmd)
{
	for (size_t g = 0; g < ct_param_groups_n; g++) {
		const struct param_group *grp = &ct_param_groups[g];
		bool title = false;

		for (size_t i = 0; i < grp->n; i++) {
			if (!cmd_takes(cmd, &grp->rows[i]))
				continue;
			if (!title)
				buf_addf(b, "  %s:\n", grp->name);
			title = true;
			help_row(b, grp->rows[i].opt, grp->rows[i].arg, grp->rows[i].man);
		}
	}
}

void cmd_usage_one(const struct cmd *cmd, struct buf *b)
{
	buf_adds(b, "Usage: ");
	help_line(b, cmd);
	if (cmd->alias)
		buf_addf(b, "Also called %s.\n", cmd->alias);
	buf_addf(b, "%s\n", cmd->man);
	for (size_t i = 0; i < cmd->n_opts; i++)
		help_row(b, cmd->opts[i].name, cmd->opts[i].arg, cmd->opts[i].man);
	help_params(b, cmd);
}

void cmd_usage(struct buf *b)
{
	buf_adds(b, "vzctl version " VZ_VERSION "\n");
	buf_adds(b, "Usage: vzctl [--verbose] [--quiet] [--skiplock] <command> <ctid|name> [options]\n\n");
	for (size_t i = 0; i < cmd_table_n; i++)
		help_line(b, cmd_table[i]);
	buf_adds(b, "\n'vzctl <command> --help' shows the options of a command; vzctl(8) has all of it.\n"
		 "vzctl --host <host>[:<port>] <command> ... does it there, through vzd.\n"
		 "vzctl --version, vzctl --help\n");
}
