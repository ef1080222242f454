/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZCTL_CMD_H
#define VZCTL_CMD_H
/*
 * Commands of vzctl: one row per command, found in the table of cmd.c. --help, the manual and shell completion print the
 * same rows. A command reads its words in parse() (nothing is touched yet) and works in run().
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libct/ct.h"
#include "vzctl/ui.h"

enum cmd_flag {
	CMD_LOCK = 1 << 0,	/* under the container's lock, unless --skiplock */
	CMD_NO_CONF = 1 << 1,	/* a container without CTID.conf is fine */
	CMD_SILENT = 1 << 2,	/* informational messages are off */
	CMD_HOST = 1 << 3,	/* CTID 0 is fine */
	CMD_REST = 1 << 4,	/* every word after CTID is the command's own, flags too */
	CMD_ROWS_CREATE = 1 << 5,	/* takes the parameters marked PARAM_CREATE */
	CMD_ROWS_SET = 1 << 6,	/* takes the parameters that are not marked PARAM_NO_SET */
	CMD_BAD_VALUE = 1 << 7,	/* an unknown option is status 21, not 20 */
	CMD_PATH_FIRST = 1 << 8,	/* one word stands before CTID: it comes first of those behind it */
};

enum cmd_optid {
	OPT_SAVE,
	OPT_FORCE,
	OPT_SETMODE,
	OPT_RESET_UB,
	OPT_APPLYCONFIG,
	OPT_APPLYCONFIG_MAP,
	OPT_OFFLINE,
	OPT_CONFIG,
	OPT_WAIT,
	OPT_SKIP_FSCK,
	OPT_SKIP_REMOUNT,
	OPT_SKIP_SETUP,
	OPT_FAST,
	OPT_SKIP_UMOUNT,
	OPT_SUSPEND,
	OPT_DUMP,
	OPT_KILL,
	OPT_RESUME,
	OPT_UNDUMP,
	OPT_DUMPFILE,
	OPT_FLAGS,
	OPT_CONTEXT,
	OPT_ARPDETECT,
	OPT_SKIP_BACKUP,
	OPT_OSTEMPLATE,
	OPT_ID,
	OPT_NAME,
	OPT_DESC,
	OPT_TARGET,
	OPT_OUTPUT,
	OPT_LAYOUT,
	OPT_IGNORED,
	OPT_PASSWORD_STDIN,
	OPT_NO_HEADER,
	OPT_LIST,
	OPT_TREE,
	OPT_SKIP_CONFIG,
	OPT_MUST_RESUME,
	OPT_LINKED,
	OPT_FULL,
	OPT_NO_SHARED,
	OPT_DUMPDIR,
	OPT_INCREMENTAL,
	OPT_STOP,
	OPT_LEVEL,
	OPT_BWLIMIT,
	OPT_MAXFILES,
	OPT_EXCLUDE_PATH,
	OPT_N
};

/* An option that is no parameter of a container. */
struct cmd_opt {
	const char *name;
	enum cmd_optid id;
	const char *arg;	/* NULL: takes none */
	const char *only;	/* the one command it makes sense for (restart takes all), NULL: any */
	const char *man;
};

struct cmd_call;
struct cmd {
	const char *word, *alias;
	unsigned flags;
	const char *args;	/* what follows CTID in the usage */
	const char *man;
	const struct cmd_opt *opts;
	size_t n_opts;
	const char *letters;	/* short options: for each of @opts its letter or a blank; NULL: none have */
	int (*parse)(struct cmd_call *c, struct err *e);	/* NULL: takes options only, or nothing */
	int (*run)(struct cmd_call *c, struct err *e);
};

/* One invocation. */
struct cmd_call {
	const struct cmd *cmd;
	struct ui ui;
	bool skiplock;
	const char *id_text;
	char **argv;		/* words after CTID, NULL-terminated; the caller's own */
	int argc;
	struct ct_host *host;
	struct ct *ct;
	unsigned id;
	uint64_t seen;		/* bit per enum cmd_optid */
	const char *val[OPT_N];
	struct ct_conf conf;	/* parameters given */
	size_t n_rows;		/* how many parameters were given */
	int exit;		/* status of a call that succeeded */
};

static inline bool cmd_seen(const struct cmd_call *c, enum cmd_optid id)
{
	return c->seen >> id & 1;
}

/* cmd.c */
extern const struct cmd *const cmd_table[];
extern const size_t cmd_table_n;
const struct cmd *cmd_find(const char *word);
int cmd_main(int argc, char **argv);		/* the whole program */
/* Flags, COMMAND and CTID of the line. 0: *c is ready; 1: the answer (help, version) was printed; -errno. */
int cmd_line(int argc, char **argv, struct cmd_call *c, struct err *e);

/* cmd_local.c: not root, but vzd may do it. The exit status, or -1: there is no vzd that listens to this user. */
int cmd_local(int argc, char **argv);

/* cmd_opt.c: options after CTID by the command's rows. Status and text as the manual's exit codes say. */
int cmd_options(struct cmd_call *c, struct err *e);
/* Is this row an option of the command? */
bool cmd_takes(const struct cmd *cmd, const struct param *p);

/* cmd_help.c */
void cmd_usage(struct buf *b);
void cmd_usage_one(const struct cmd *cmd, struct buf *b);

/* cancel.c: SIGINT and SIGTERM while an action runs. To be called before the lock is taken, and with NULL before the container
 * is closed. */
void cancel_arm(const struct ct_host *host, const struct ct *ct, bool quiet);
void cancel_arm_too(const struct ct_host *host, const struct ct *ct);	/* a second container that the action works on */

/* one file per family */
extern const struct cmd cmd_create, cmd_start, cmd_stop, cmd_restart, cmd_destroy, cmd_set, cmd_exec, cmd_exec2, cmd_exec3,
	cmd_enter, cmd_console, cmd_runscript, cmd_mount, cmd_umount, cmd_status, cmd_chkpnt, cmd_restore, cmd_pause,
	cmd_repair, cmd_compact, cmd_quotaon, cmd_quotaoff, cmd_quotainit, cmd_register, cmd_unregister, cmd_reinstall,
	cmd_snapshot, cmd_snapshot_switch, cmd_snapshot_delete, cmd_snapshot_mount, cmd_snapshot_umount, cmd_snapshot_list,
	cmd_convert, cmd_backup, cmd_clone;

#endif
