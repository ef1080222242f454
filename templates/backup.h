/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_BACKUP_H
#define TEMPLATES_BACKUP_H
/*
 * Archives of whole containers (format: backup_fmt.h, vz-backup(5)). The tree is read and archives are taken apart by
 * the program vz-backup in a box; what it says is believed no further than an archive is. All calls block.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "templates/backup_fmt.h"

struct buf;
struct err;
struct str_list;

struct tmpl_backup_count {
	uint64_t entries, bytes, total;		/* files, what they hold; total: bytes there will be, 0: unknown */
	uint64_t kept;				/* of the entries, those that earlier archives have */
	uint64_t sockets, nodes, deep, xattrs, excluded;	/* left out */
	uint64_t links;				/* files that were not asked for, but links to them were */
	uint64_t written;			/* bytes of the archive */
	uint64_t acls;				/* entries of ACLs left out: nobody in the tree has that name or number */
	char acl_notes[2048];			/* a line about each, as many as fit */
};
/* Called every 100 ms or so. < 0: stop. */
typedef int tmpl_backup_tell(void *arg, const struct tmpl_backup_count *c);

/* Archives opened oldest first: the last is the one wanted, the others are those it needs. */
struct tmpl_chain {
	int fd[BK_CHAIN_MAX];
	struct bk_end end[BK_CHAIN_MAX];
	char name[BK_CHAIN_MAX][BK_NAME_MAX];	/* of its file, "": a descriptor was given */
	unsigned n;
};
void tmpl_chain_close(struct tmpl_chain *c);
/* Opens @name in @dir and what it builds on beside it; each must be the very archive that the next one names. */
int tmpl_chain_open(int dir, const char *name, struct tmpl_chain *ret, struct err *e);
/* The same for one archive on a descriptor (which is duplicated), that needs no other. */
int tmpl_chain_fd(int fd, struct tmpl_chain *ret, struct err *e);
/* Configuration and scripts of the last, as bk_meta_get() takes them apart; checked against the digest in the end. */
int tmpl_backup_meta(const struct tmpl_chain *c, struct buf *meta, struct err *e);

struct tmpl_backup {
	int tree;			/* a detached, read-only mount with natural ids */
	int out;			/* the archive is written from here on: a file or a pipe */
	unsigned ctid;
	const char *owner;		/* tenant, NULL: none */
	const struct tmpl_chain *before;	/* what to build on, or NULL */
	const char *before_name;	/* the file name of its last */
	bool compare;			/* by contents, whatever the inodes say: the root stands on something else than then */
	const struct str_list *exclude;	/* patterns of fnmatch(3), '*' takes '/' as well; may be NULL */
	const struct buf *meta;
	const void *key;		/* of the seal */
	size_t key_len;
	int level;			/* of zstd */
	uint64_t bytes_per_s;		/* 0: as fast as it goes */
	tmpl_backup_tell *tell;		/* may be NULL */
	void *arg;
};
int tmpl_backup_write(const struct tmpl_backup *b, struct tmpl_backup_count *ret, struct bk_end *end, struct err *e);
/*
 * All files, or those at and below the paths in @select, into the empty directory @dir. What went wrong may have left
 * something in it.
 */
struct tmpl_restore { const struct tmpl_chain *chain; const struct str_list *select; tmpl_backup_tell *tell; void *arg; };
int tmpl_backup_extract(const struct tmpl_restore *r, int dir, struct tmpl_backup_count *ret, struct err *e);
/* The same as a tar to @out. */
int tmpl_backup_tar(const struct tmpl_restore *r, int out, struct tmpl_backup_count *ret, struct err *e);
/* Lines of the index to @out (bk_row_parse() reads them). */
int tmpl_backup_list(const struct tmpl_restore *r, int out, struct tmpl_backup_count *ret, struct err *e);
/*
 * Shows the files on the directory @at, read-only and to root only, until somebody unmounts it. A process stays that serves
 * them. ENODEV: the kernel has no FUSE.
 */
int tmpl_backup_mount(const struct tmpl_chain *c, const char *at, struct err *e);
int tmpl_backup_umount(const char *at, struct err *e);		/* EINVAL: no archive is mounted there */
int tmpl_backup_check(const struct tmpl_restore *r, struct tmpl_backup_count *ret, struct err *e);	/* every byte */

#endif
