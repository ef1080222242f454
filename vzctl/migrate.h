/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZCTL_MIGRATE_H
#define VZCTL_MIGRATE_H
/*
 * vzmigrate: a container is moved to another host, which is spoken to with ssh and rsync alone: it needs vzctl, any since
 * OpenVZ 6, and nothing of ours. Statuses are those of the script of vzctl 4.x.
 */
#include <stdbool.h>
#include <stddef.h>

#include "libct/ct.h"
#include "util/buf.h"
#include "vzctl/ui.h"

enum migrate_exit {
	MIG_OK = 0, MIG_ARGS = 1, MIG_STOPPED = 2, MIG_CONNECT = 4, MIG_COPY = 6, MIG_START = 7, MIG_STOP = 8, MIG_EXISTS = 9,
	MIG_ABSENT = 10, MIG_IP = 12, MIG_QUOTA = 13, MIG_NO_VZ = 14, MIG_CONFIG = 15, MIG_PLOOP = 16, MIG_PATHS = 19,
	MIG_LOCKED = 20,
};
/* Asked for and not possible: a live migration needs checkpoints, which this version has not. */
#define MIG_NO_LIVE MIG_NO_VZ

struct migrate_opts {
	const char *host, *ct;
	struct str_list ssh, rsync;	/* words of --ssh and --rsync */
	bool keep_src, keep_dst, live, check_only, mux, force_ip, times, help;
	unsigned verbose;
};

struct migrate {
	struct migrate_opts o;
	struct ui ui;
	struct ct_host *host;
	struct ct *ct;
	unsigned id;
	char target[300];		/* user@host */
	char *priv, *root;		/* on the destination */
	char *src;			/* what is copied here: the private area, or VE_ROOT of a mounted overlay */
	bool was_running, was_mounted, overlay;
	unsigned done;			/* bits of enum migrate_undo */
	char control[64];		/* --ssh-mux: socket */
};

/* migrate_args.c */
int migrate_args(char **argv, struct migrate_opts *ret, struct err *e);
void migrate_opts_done(struct migrate_opts *o);
bool migrate_host_ok(const char *host);
void migrate_quote(struct buf *b, const char *word);	/* one word for a POSIX shell */
/* The last line of "ROOT|PRIVATE" that some shell printed. -EINVAL unless both are absolute paths without control characters. */
int migrate_paths(const char *text, char **ret_root, char **ret_private, struct err *e);
bool migrate_has_ip(const char *text, const char *ip);	/* @ip as a word of @text */
/* The third word of "CTID 101 exist ..." */
int migrate_status_word(const char *text, unsigned id, char *dst, size_t size);

/* migrate_remote.c; -ECONNREFUSED when ssh itself failed, -ECHILD when the command did, its status in *status */
int remote_run(struct migrate *m, const char *cmd, struct buf *out, int *status, struct err *e);
int remote_runf(struct migrate *m, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int remote_put(struct migrate *m, const char *file, const char *to, struct err *e);	/* scp */
int remote_sync(struct migrate *m, const char *from, const char *to, struct err *e);	/* rsync of a tree */
void remote_end(struct migrate *m);

/* migrate_record.c: /var/lib/vz/migrate/CTID on this host, so that a migration that was cut off can be finished */
enum migrate_stage { MIG_STAGE_NONE, MIG_STAGE_COPY, MIG_STAGE_SWITCH, MIG_STAGE_N };
int migrate_record_load(struct migrate *m, enum migrate_stage *ret, struct err *e);	/* fills priv, root, was_* */
int migrate_record_save(struct migrate *m, enum migrate_stage stage, struct err *e);
int migrate_record_drop(struct migrate *m, struct err *e);
int migrate_conf_file(struct migrate *m, bool final, char *path, size_t size, struct err *e);	/* for the destination */
int migrate_ugid_file(struct migrate *m, const struct buf *text, char *path, size_t size, struct err *e);	/* the same */

/* migrate_there.c: the destination. Each call of it waits for ssh. */
int mig_fail(struct err *e, enum migrate_exit exit);	/* sets e->exit; returns -e->code */
int mig_fail_remote(struct err *e, enum migrate_exit other);	/* @other when the command failed, not the connection */
int there_connect(struct migrate *m, struct err *e);	/* it answers, and vz runs there */
/* The third word of its `vzctl status` (exist, deleted), and whether the container runs there. */
int there_status(struct migrate *m, char *word, size_t size, bool *running, struct err *e);
/* Are the id and the addresses free there, and is what its firewall needs there? Fills priv and root. */
int there_check(struct migrate *m, struct err *e);
bool there_is_down(struct migrate *m);	/* certainly not running: only then may it come back to life here */
void there_remove(struct migrate *m);	/* what was copied; a failure is told */

/* migrate_fw.c: what the container's firewall needs is there? @text: a line for each group that is not, "/" without vzfw. */
int migrate_fw_there(struct migrate *m, struct err *e);
int migrate_fw_answer(const char *text, bool force, struct err *e);

/* migrate.c */
int migrate_run(struct migrate *m, struct err *e);	/* e->exit: enum migrate_exit */

#endif
