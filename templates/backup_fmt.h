/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_BACKUP_FMT_H
#define TEMPLATES_BACKUP_FMT_H
/*
 * The archive of a container (vz-backup(5)): a tar in pax form, cut into pieces of BK_PIECE bytes that are zstd frames of
 * their own, and behind it four skippable frames, which every reader of zstd passes over:
 *   pieces   one record per frame: its length, what it unpacks to, SHA-256 of its bytes
 *   index    one line per file of the whole tree (zstd): where its tar member is, in this archive or one before it
 *   meta     configuration and scripts, written by the host's side, never by the reader of the tree
 *   end      struct bk_end: where all that is, SHA-256 of each, the archive it builds on, a seal of this host, and the SHA-256
 *            of itself, which is the archive's digest
 * An archive without an end is one that was cut short.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

#define BK_PIECE (2u << 20)
#define BK_PIECE_ROOM (BK_PIECE + (64u << 10))	/* a frame is never longer */
#define BK_PIECE_REC 40u			/* bytes of a record */
#define BK_PIECES_MAX (1ull << 26)
#define BK_INDEX_MAX (4ull << 30)		/* unpacked */
#define BK_META_MAX (4u << 20)
#define BK_CHAIN_MAX 64				/* archives that one needs, itself counted */
#define BK_NAME_MAX 128
#define BK_OWNER_MAX 33
#define BK_SKIP_MAGIC 0x184d2a5eu
#define BK_END_SIZE 512u			/* without the 8 bytes of the skippable frame before it */
#define BK_HEAD 8u				/* of a skippable frame */

struct bk_end {
	uint32_t ctid;
	uint64_t created;		/* seconds since 1970 */
	uint64_t pieces_off, pieces_n;	/* offsets are those of the payload, in the file */
	uint64_t index_off, index_len, index_raw;
	uint64_t meta_off, meta_len;
	uint64_t tar_len;		/* unpacked length of the tar in this archive */
	uint64_t entries, bytes;	/* of the whole tree; bytes: of what regular files hold */
	uint32_t depth;			/* archives before it that it needs */
	uint8_t pieces_sha[32], index_sha[32], meta_sha[32];
	uint8_t parent[32];		/* digest of the one it builds on */
	char parent_name[BK_NAME_MAX];	/* beside it; "" with depth 0 */
	char owner[BK_OWNER_MAX];	/* tenant whose container it was; "" none. Nobody but a seal vouches for it */
	uint8_t seal[32];		/* HMAC-SHA-256 with this host's key of all before it */
	uint8_t digest[32];		/* SHA-256 of all before it */
};
void bk_skip_head(uint8_t out[BK_HEAD], uint32_t len);
void bk_end_sum(struct bk_end *end, const void *key, size_t key_len);	/* fills seal (without a key zeros) and digest */
bool bk_end_sealed(const struct bk_end *end, const void *key, size_t key_len);
void bk_end_put(const struct bk_end *end, uint8_t out[BK_END_SIZE]);
/* EBADMSG with a text that says why. @size: of the file. */
int bk_end_get(const uint8_t in[BK_END_SIZE], uint64_t size, struct bk_end *ret, struct err *e);
int bk_end_read(int fd, struct bk_end *ret, struct err *e);

struct bk_piece { uint32_t len, raw; uint8_t sha[32]; };
void bk_piece_put(const struct bk_piece *p, uint8_t out[BK_PIECE_REC]);
void bk_piece_get(const uint8_t in[BK_PIECE_REC], struct bk_piece *ret);

/* A line of the index. */
struct bk_row {
	char type;			/* f file, d directory, l symbolic link, h hard link, p FIFO */
	uint32_t archive;		/* which of the chain, 0 = the oldest */
	uint64_t off, len;		/* of its whole tar member, headers and padding included */
	uint64_t data, data_len;	/* of a file's contents in it, sparse map included: from the member's start */
	bool sparse;
	uint32_t mode, uid, gid, nlink;
	uint64_t size, ino;
	int64_t mtime, ctime;
	uint32_t mtime_ns, ctime_ns;
	uint8_t sha[32];		/* of a file's contents as the member has them */
	char *path, *target;		/* point into the line; target NULL but for links */
};
#define BK_LINE_MAX 40000u
void bk_row_print(struct buf *b, const struct bk_row *r);	/* with its newline */
int bk_row_parse(char *line, struct bk_row *ret, struct err *e);	/* @line without newline, is changed */
/* The order in which a tree is walked: a directory, all below it, then its next sibling by strcmp(). */
int bk_path_cmp(const char *a, const char *b);

/* The parts of meta: "NAME LENGTH\n" and the bytes, one after the other. */
void bk_meta_add(struct buf *b, const char *name, const void *p, size_t n);
int bk_meta_get(const char *meta, size_t len, const char *name, const char **ret, size_t *ret_len, struct err *e);

#endif
