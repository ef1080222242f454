/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_BACKUP_BOX_H
#define TEMPLATES_BACKUP_BOX_H
/*
 * Inside vz-backup, and what it and the privileged side (backup.c) say to each other over SOCK_SEQPACKET. Modes:
 *   write   the tree (last descriptor of the start message, its root from then on) into an archive: fd 5
 *   emit    a tar of what an archive holds, from the chain of archives that came with the start message: fd 5
 *   list    one line per file of it; check: nothing, but every byte was looked at
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "templates/backup_fmt.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/sha256.h"

#define BK_MAGIC 0x3142565au
#define BK_CTL 3
#define BK_OUT 5
#define BK_SELECT_MAX 16384u

enum bk_stage { BK_GO = 1, BK_PROGRESS, BK_DONE };

struct bk_go {
	uint32_t magic, stage;
	uint32_t n_chain;		/* archives that come with it, the oldest first; emit: the last is the one wanted */
	uint32_t level, threads;
	uint32_t compare;		/* write: an inode alone does not tell that nothing was changed */
	uint64_t bytes_per_s;		/* 0: as fast as it goes */
	uint32_t conf_len;		/* write: of the configuration, which stands at the end of @select */
	uint32_t select_len;
	char select[BK_SELECT_MAX];	/* write: patterns left out; emit: paths wanted (none: all). Each with its NUL */
};
struct bk_count {
	uint64_t entries, bytes;	/* of the whole tree */
	uint64_t kept;			/* entries that the archives before have */
	uint64_t total;			/* bytes that there will be, 0: unknown */
	uint64_t sockets, nodes, deep, xattrs, excluded;	/* left out */
	uint64_t written;
	uint64_t links;			/* emit: files that were not asked for, but links to them were */
};
struct bk_answer {
	uint32_t magic, stage;
	struct bk_count count;
	struct bk_end end;		/* write: the box's part of it */
	uint32_t bad;			/* which of the chain the error is about, from 1; 0: none alone */
	struct err err;
};

/* backup_zst.c: a stream cut into frames that are compressed side by side. */
struct bk_zst;
int bk_zst_open(struct bk_zst **ret, int fd, const struct bk_go *go, struct err *e);
void bk_zst_close(struct bk_zst *z);
uint64_t bk_zst_at(const struct bk_zst *z);		/* bytes taken */
uint64_t bk_zst_written(const struct bk_zst *z);	/* bytes of frames that are in the file */
/* Room for more, to be filled in place: at least one byte. Then as many as were put there. */
int bk_zst_room(struct bk_zst *z, uint8_t **ret, size_t *room, struct err *e);
int bk_zst_took(struct bk_zst *z, size_t n, struct err *e);
int bk_zst_add(struct bk_zst *z, const void *p, size_t n, struct err *e);
int bk_zst_zeros(struct bk_zst *z, size_t n, struct err *e);
/* Ends the frames, writes pieces and @index, and fills their fields of @end. */
int bk_zst_end(struct bk_zst *z, const struct buf *index, uint64_t index_raw, struct bk_end *end, struct err *e);

/* backup_pack.c: the index while it is written. */
struct bk_pack;
int bk_pack_open(struct bk_pack **ret, struct err *e);
void bk_pack_close(struct bk_pack *p);
int bk_pack_row(struct bk_pack *p, const struct bk_row *r, struct err *e);
int bk_pack_end(struct bk_pack *p, const struct buf **ret, uint64_t *raw, struct err *e);

/* backup_tar.c: the head of a member: a pax header with what ustar has no room for, and the ustar header. */
struct bk_seg { uint64_t off, len; };
struct bk_xattr { const char *name; const void *val; size_t len; };
struct bk_member {
	const struct bk_row *row;
	uint64_t stored;		/* bytes that follow as contents, sparse map included */
	const struct bk_xattr *xattr;
	size_t n_xattr;
};
int bk_tar_head(struct buf *b, const struct bk_member *m, struct err *e);
int bk_tar_map(struct buf *b, const struct bk_seg *seg, size_t n, struct err *e);	/* padded to blocks */

/* backup_read.c: one archive and its pieces; the index of the last of a chain. */
struct bk_in {
	int fd;
	struct bk_end end;
	uint8_t *pieces;		/* records */
	uint64_t *at;			/* where each begins in the file */
	uint8_t *raw, *packed;		/* the piece at hand */
	uint64_t loaded;		/* 1 + its number, 0: none */
	size_t loaded_len;
};
int bk_in_open(struct bk_in *in, int fd, struct err *e);
void bk_in_close(struct bk_in *in);
/* Bytes from @off of its tar, at most @n, at least one; they stay until the next call. */
int bk_in_get(struct bk_in *in, uint64_t off, uint64_t n, const uint8_t **ret, size_t *got, struct err *e);
struct bk_rows;
int bk_rows_open(struct bk_rows **ret, const struct bk_in *in, struct err *e);
void bk_rows_close(struct bk_rows *r);
int bk_rows_next(struct bk_rows *r, struct bk_row *row, struct err *e);	/* 1, 0: no more; the row is valid until the next */

/* backup_walk.c and backup_emit.c: the modes */
struct bk_run {
	const struct bk_go *go;
	struct bk_count *count;
	struct bk_end *end;
	uint32_t *bad;
	int chain[BK_CHAIN_MAX];
	int64_t told_ms;
};
void bk_tell(struct bk_run *r);		/* progress, not more often than is of use */
int bk_write(struct bk_run *r, struct err *e);
int bk_emit(struct bk_run *r, struct err *e);
int bk_list(struct bk_run *r, struct err *e);
int bk_check(struct bk_run *r, struct err *e);

#endif
