/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_BACKUP_H
#define LIBCT_BACKUP_H
/*
 * Backups: archives of whole containers in a directory, named as vzdump always named them. A part of ct.h. The format is
 * templates/backup_fmt.h; what an archive of a stranger may do to this host is decided in restore.c.
 */
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "templates/backup.h"
#include "util/str.h"

struct buf;
struct ct;
struct ct_conf;
struct ct_host;
struct err;

#define CT_BACKUP_KEY CT_ETC "/backup.key"	/* seals what this host has made */
#define CT_BACKUP_NAME_MAX 128

enum ct_backup_mode { CT_BACKUP_SNAPSHOT, CT_BACKUP_SUSPEND, CT_BACKUP_STOP, CT_BACKUP_MODE_N };
struct ct_backup {
	const char *dumpdir;		/* NULL: DUMPDIR of vz.conf */
	int out;			/* the archive goes there instead; -1: into a file of @dumpdir */
	enum ct_backup_mode mode;	/* of a running container; all work from a snapshot */
	bool incremental;		/* only what has changed since the newest archive there; a whole one if there is none */
	const struct str_list *exclude;	/* patterns; may be NULL */
	unsigned level;			/* of zstd, 0: 3 */
	uint64_t bytes_per_s;		/* 0: as fast as it goes */
	tmpl_backup_tell *tell;
	void *arg;
};
struct ct_backup_result {
	char dir[4096];			/* where the archive is */
	char name[CT_BACKUP_NAME_MAX], before[CT_BACKUP_NAME_MAX];	/* "": none */
	struct tmpl_backup_count count;
};
/* Takes the container's lock itself, and only for the snapshot: it may be started, stopped and changed meanwhile. */
int ct_backup(struct ct *ct, const struct ct_backup *b, struct ct_backup_result *ret, struct err *e);

/* It was stopped for a moment by a command that was killed since; whoever takes its lock starts it ('vzctl repair'). */
bool ct_restart_due(unsigned id);

/* --- backup_dir.c: what lies in a directory of archives ------------------------------------------------------------- */
struct ct_dump {
	char name[CT_BACKUP_NAME_MAX];
	unsigned ctid;
	time_t when;			/* local time, by the name */
	bool ours, foreign;		/* ours: of this format; foreign: of another vzdump */
	uint64_t size;
	struct bk_end end;		/* ours */
	char broken[160];		/* why it cannot be used, "" if it can as far as its end tells */
	bool sealed;			/* by this host: only then is end.owner to be believed */
	bool needed;			/* another one builds on it */
};
struct ct_dumps { struct ct_dump *v; size_t n; };
/* "vzdump-openvz-101-2026_11_27-14_02_11[.inc].tar.zst": false if @name is no such. */
bool ct_dump_name_parse(const char *name, unsigned *ctid, time_t *when, bool *foreign);
int ct_dump_name(char *dst, size_t size, unsigned ctid, time_t when, bool incremental);
/* Of one container, or (0) of all; by container, then by date. The caller frees. */
int ct_dumps_load(int dir, unsigned ctid, struct ct_dumps *ret, struct err *e);
void ct_dumps_done(struct ct_dumps *d);
#define auto_dumps __attribute__((cleanup(ct_dumps_done)))
/* How many of a container are kept: the newest of each of so many days ... Zero all: nothing is removed. */
struct ct_keep { unsigned last, hourly, daily, weekly, monthly, yearly; };
int ct_keep_parse(const char *text, struct ct_keep *ret, struct err *e);	/* "keep-last=3,keep-daily=7" */
/* Marks in @drop what @k does not keep; what a kept one builds on is kept. Broken ones are neither counted nor dropped. */
void ct_keep_mark(const struct ct_dumps *d, const struct ct_keep *k, bool *drop);
/* Removes them, the newest first: what another builds on goes after it. @say is told each name, before. */
/* @owner: only what this host has sealed as that tenant's is counted and removed, unless another's builds on it; NULL: all. */
int ct_dumps_prune(int dir, unsigned ctid, const char *owner, const struct ct_keep *k, bool dry,
		   void (*say)(void *arg, const struct ct_dump *d, bool drop), void *arg, struct err *e);
/* One archive; EBUSY: another builds on it. */
int ct_dump_remove_file(int dir, const char *name, struct err *e);
int ct_backup_key(bool make, uint8_t ret[32], struct err *e);	/* 0: there is none */

/* --- restore.c ------------------------------------------------------------------------------------------------------- */
struct ct_restore {
	int dir;			/* where the archive is, and those it builds on */
	const char *name;		/* "-": standard input */
	bool distrust;			/* as a stranger's, whoever made it */
	bool force;			/* @ct exists: its files are replaced, its configuration stays */
	bool trust;			/* scripts and what reaches beyond the container, as if this host had made the archive */
	tmpl_backup_tell *tell;
	void *arg;
};
/*
 * Archives of other vzdumps (templates/foreign.h), too: nobody has sealed these.
 * @ct has neither configuration nor area (but for @force) and is locked. @opts: parameters that replace those of the archive.
 */
/* The configuration that a restore takes from it, as lines of CTID.conf without OWNER: what limits are judged by. */
int ct_restore_conf(const struct ct_restore *r, struct buf *ret, struct err *e);
int ct_restore_conf_parse(const char *text, size_t len, struct ct_conf *ret, struct err *e);	/* what the one above printed */
int ct_restore(struct ct *ct, const struct ct_restore *r, const struct ct_conf *opts, struct tmpl_backup_count *ret, struct err *e);

#endif
