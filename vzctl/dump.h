/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZCTL_DUMP_H
#define VZCTL_DUMP_H
/* vzdump, vzrestore and `vzctl backup`: their command lines, and what they say while they work. The work is libct/backup.h. */
#include <stdbool.h>

#include "libct/backup.h"
#include "libct/ct.h"
#include "vzctl/ui.h"

struct buf;

enum dump_what { DUMP_BACKUP, DUMP_LIST, DUMP_PRUNE, DUMP_CHECK, DUMP_REMOVE, DUMP_MOUNT, DUMP_UMOUNT, DUMP_RESTORE, DUMP_WHAT_N };
struct dump_opts {
	enum dump_what what;
	const char *dumpdir;
	const char *word[2];		/* --check, --mount ...: FILE, DIR */
	unsigned n_words;
	struct str_list ids, skip, exclude;
	const char *nothing;		/* an option that changes nothing here */
	const char *owner, *after, *named;	/* --list: only the tenant's, only behind that name, only that one */
	uint64_t limit;				/* so many, 0: all */
	bool owners;				/* how many archives each tenant has */
	bool all, to_stdout, incremental, quiet, dry, json, help;
	enum ct_backup_mode mode;
	unsigned level;
	uint64_t bytes_per_s;
	struct ct_keep keep;
	bool keeps;
};
int dump_args(char **argv, struct dump_opts *ret, struct err *e);
void dump_opts_done(struct dump_opts *o);
int dump_bwlimit(const char *text, uint64_t *ret, struct err *e);	/* KiB a second, as vzdump had it */
int dump_compress(const char *text, unsigned *level, struct err *e);

struct restore_opts {
	const char *file, *id, *to, *chdir;
	struct str_list select;
	struct ct_conf conf;
	const char *params;		/* the last option that is a parameter, or NULL */
	const char *after;		/* of a list as JSON: go on behind this name */
	uint64_t limit;			/* so many of it; 0: all */
	bool trust, distrust, config, list, check, quiet, to_stdout, help, force, json;
};
int restore_args(char **argv, struct restore_opts *ret, struct err *e);
void restore_opts_done(struct restore_opts *o);

/* --- dump.c --- */
/* Until dump_watch_end(): SIGINT and SIGTERM make tmpl_backup_tell() below say no. */
struct dump_watch { struct ui *ui; const char *what; int percent; bool tty, lines; int64_t told_ms; };
void dump_watch_show(struct dump_watch *w, struct ui *ui, const char *what);	/* what is seen, without the signals */
void dump_watch_begin(struct dump_watch *w, struct ui *ui, const char *what);
int dump_tell(void *arg, const struct tmpl_backup_count *c);	/* @arg: a struct dump_watch */
void dump_watch_full(struct dump_watch *w);	/* all is done; what is said next has a line of its own */
void dump_watch_end(struct dump_watch *w);
bool dump_cancelled(void);
/* One container's backup, with all that is said of it. */
int dump_one(struct ct *ct, const struct dump_opts *o, struct ui *ui, struct err *e);
/* What an archive or a restore could not take along. */
void dump_fail(struct ui *ui, const struct err *e);	/* what went wrong, and what to do about a damaged archive */
void dump_left_out(struct ui *ui, const struct tmpl_backup_count *c);
/* Another vzdump's archive, read to its end. 0: it is none. */
int dump_check_foreign(int dir, const char *name, struct dump_watch *w, struct tmpl_backup_count *ret, struct err *e);
/* DIR and NAME of a path; *dir is opened. */
int dump_open(const char *path, int *ret_dir, const char **ret_name, struct err *e);
/* --- dump_list.c: tables --- */
void dump_table(struct buf *b, const struct ct_dumps *l);
void dump_json(struct buf *b, const struct ct_dumps *l);
void dump_file_json(struct buf *b, const struct bk_row *r);	/* one object, for programs */
/* Leaves what --list was asked for, by name where a part of the list was. */
void dump_pick(struct ct_dumps *l, const struct dump_opts *o);
void dump_owners(struct buf *b, struct ct_dumps *l);	/* {"acme": 2}; sorts @l */
void dump_file_line(struct buf *b, const struct bk_row *r);	/* as ls -l */

#endif
