/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading an archive, piece by piece; each is checked against its SHA-256 before it is unpacked, and the records of the
 * pieces and the index against the digests in the archive's end. In the box: an archive may be a stranger's. Only
 * vz-backup and the program that serves mounted archives link it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "templates/backup_box.h"
#include "util/auto.h"

#define READ_CHUNK (256u << 10)

static int read_at(int fd, void *p, size_t n, uint64_t off, struct err *e)
{
	uint8_t *to = p;

	while (n) {
		ssize_t now = pread(fd, to, n, (off_t)off);

		if (now < 0 && errno == EINTR)
			continue;
		if (now <= 0)
			return now < 0 ? err_set(e, errno, "read the archive") : err_say(e, EBADMSG, "the archive is cut short");
		to += now;
		off += (uint64_t)now;
		n -= (size_t)now;
	}
	return 0;
}

static bool sha_is(const void *p, size_t n, const uint8_t want[32])
{
	struct sha256 s;
	uint8_t sha[32];

	sha256_init(&s);
	sha256_add(&s, p, n);
	sha256_end(&s, sha);
	return memcmp(sha, want, sizeof(sha)) == 0;
}

/* The pieces fill the file up to their records, and the tar, each but the last to the full. */
static int check_pieces(struct bk_in *in, struct err *e)
{
	uint64_t at = 0, raw = 0;

	for (uint64_t i = 0; i < in->end.pieces_n; i++) {
		struct bk_piece p;

		bk_piece_get(in->pieces + i * BK_PIECE_REC, &p);
		if (p.len == 0 || p.len > BK_PIECE_ROOM || p.raw == 0 || p.raw > BK_PIECE ||
		    (i + 1 < in->end.pieces_n && p.raw != BK_PIECE))
			return err_say(e, EBADMSG, "the record of piece %llu is none", (unsigned long long)i);
		in->at[i] = at;
		at += p.len;
		raw += p.raw;
	}
	if (at + BK_HEAD != in->end.pieces_off || raw != in->end.tar_len)
		return err_say(e, EBADMSG, "the records of the pieces do not add up");
	return 0;
}

/* Zstd passes over each part, as long as it is what its head says: also these bytes are the archive's. */
static int check_heads(const struct bk_in *in, struct err *e)
{
	const struct bk_end *d = &in->end;
	const struct { uint64_t off, len; const char *what; } part[] = {
		{ d->pieces_off, d->pieces_n * BK_PIECE_REC, "the records of its pieces" },
		{ d->index_off, d->index_len, "its index" },
		{ d->meta_off, d->meta_len, "its configuration" }, { d->meta_off + d->meta_len + BK_HEAD, BK_END_SIZE, "its end" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(part); i++) {
		uint8_t head[BK_HEAD], want[BK_HEAD];

		bk_skip_head(want, (uint32_t)part[i].len);
		if (read_at(in->fd, head, sizeof(head), part[i].off - BK_HEAD, e) < 0)
			return -e->code;
		if (memcmp(head, want, sizeof(head)) != 0)
			return err_say(e, EBADMSG, "the archive is damaged before %s", part[i].what);
	}
	return 0;
}

int bk_in_open(struct bk_in *in, int fd, struct err *e)
{
	size_t n;

	*in = (struct bk_in){ .fd = fd };
	if (bk_end_read(fd, &in->end, e) < 0 || check_heads(in, e) < 0)
		return -e->code;
	n = (size_t)in->end.pieces_n * BK_PIECE_REC;
	in->pieces = malloc(n + 1);
	in->at = calloc((size_t)in->end.pieces_n + 1, sizeof(*in->at));
	in->raw = malloc(BK_PIECE);
	in->packed = malloc(BK_PIECE_ROOM);
	if (!in->pieces || !in->at || !in->raw || !in->packed)
		return err_set(e, ENOMEM, "pieces of the archive");
	if (read_at(fd, in->pieces, n, in->end.pieces_off, e) < 0)
		return -e->code;
	if (!sha_is(in->pieces, n, in->end.pieces_sha))
		return err_say(e, EBADMSG, "the records of its pieces are damaged");
	return check_pieces(in, e);
}

void bk_in_close(struct bk_in *in)
{
	free(in->pieces);
	free(in->at);
	free(in->raw);
	free(in->packed);
	*in = (struct bk_in){ .fd = -1 };
}

static int load(struct bk_in *in, uint64_t i, struct err *e)
{
	struct bk_piece p;
	size_t n;

	bk_piece_get(in->pieces + i * BK_PIECE_REC, &p);
	in->loaded = 0;
	if (read_at(in->fd, in->packed, p.len, in->at[i], e) < 0)
		return -e->code;
	if (!sha_is(in->packed, p.len, p.sha))
		return err_say(e, EBADMSG, "the archive is damaged between its bytes %llu and %llu", (unsigned long long)in->at[i],
			       (unsigned long long)in->at[i] + p.len);
	n = ZSTD_decompress(in->raw, BK_PIECE, in->packed, p.len);
	if (ZSTD_isError(n) || n != p.raw)
		return err_say(e, EBADMSG, "piece %llu of the archive does not unpack", (unsigned long long)i);
	in->loaded = i + 1;
	in->loaded_len = n;
	return 0;
}

int bk_in_get(struct bk_in *in, uint64_t off, uint64_t n, const uint8_t **ret, size_t *got, struct err *e)
{
	uint64_t i = off / BK_PIECE;
	size_t from = (size_t)(off % BK_PIECE);

	if (off >= in->end.tar_len)
		return err_say(e, EBADMSG, "the index names what is not in the archive");
	if (in->loaded != i + 1 && load(in, i, e) < 0)
		return -e->code;
	if (from >= in->loaded_len)
		return err_say(e, EBADMSG, "the index names what is not in the archive");
	*ret = in->raw + from;
	*got = (size_t)MIN((uint64_t)(in->loaded_len - from), n);
	return 0;
}

/* --- the index ----------------------------------------------------------------------------------------------------- */

struct bk_rows {
	const struct bk_in *in;
	ZSTD_DStream *z;
	struct sha256 sum;
	uint64_t at, raw;
	bool checked;
	uint8_t packed[READ_CHUNK];
	ZSTD_inBuffer src;
	char text[2 * BK_LINE_MAX + 1];
	size_t len, line;		/* bytes in @text; where the next line begins */
};

/* The whole index is hashed before a line of it is believed. */
static int check_sum(struct bk_rows *r, struct err *e)
{
	uint8_t sha[32];

	sha256_init(&r->sum);
	for (uint64_t at = 0; at < r->in->end.index_len; ) {
		size_t n = (size_t)MIN((uint64_t)sizeof(r->packed), r->in->end.index_len - at);

		if (read_at(r->in->fd, r->packed, n, r->in->end.index_off + at, e) < 0)
			return -e->code;
		sha256_add(&r->sum, r->packed, n);
		at += n;
	}
	sha256_end(&r->sum, sha);
	return memcmp(sha, r->in->end.index_sha, sizeof(sha)) == 0 ? 0 : err_say(e, EBADMSG, "its index is damaged");
}

int bk_rows_open(struct bk_rows **ret, const struct bk_in *in, struct err *e)
{
	struct bk_rows *r = calloc(1, sizeof(*r));

	if (r)
		r->z = ZSTD_createDStream();
	if (!r || !r->z) {
		bk_rows_close(r);
		return err_set(e, ENOMEM, "index");
	}
	r->in = in;
	ZSTD_DCtx_setParameter(r->z, ZSTD_d_windowLogMax, 27);
	if (check_sum(r, e) < 0) {
		bk_rows_close(r);
		return -e->code;
	}
	*ret = r;
	return 0;
}

void bk_rows_close(struct bk_rows *r)
{
	if (r)
		ZSTD_freeDStream(r->z);
	free(r);
}

/* More text behind what is there. 1, 0: no more. */
static int fill(struct bk_rows *r, struct err *e)
{
	ZSTD_outBuffer out = { r->text, sizeof(r->text) - 1, r->len };
	size_t rc;

	if (r->src.pos == r->src.size) {
		size_t n = (size_t)MIN((uint64_t)sizeof(r->packed), r->in->end.index_len - r->at);

		if (n && read_at(r->in->fd, r->packed, n, r->in->end.index_off + r->at, e) < 0)
			return -e->code;
		r->at += n;
		r->src = (ZSTD_inBuffer){ r->packed, n, 0 };
	}
	rc = ZSTD_decompressStream(r->z, &out, &r->src);
	if (ZSTD_isError(rc))
		return err_say(e, EBADMSG, "its index does not unpack");
	r->raw += out.pos - r->len;
	if (r->raw > r->in->end.index_raw)
		return err_say(e, EBADMSG, "its index is longer than it says");
	if (out.pos == r->len && r->src.pos == r->src.size && r->at == r->in->end.index_len)
		return 0;
	r->len = out.pos;
	return 1;
}

static int line_end(struct bk_rows *r, char **ret, struct err *e)
{
	for (;;) {
		char *from = r->text + r->line, *nl = memchr(from, '\n', r->len - r->line);
		int rc;

		if (nl) {
			*nl = '\0';
			*ret = from;
			r->line = (size_t)(nl + 1 - r->text);
			return 1;
		}
		memmove(r->text, from, r->len - r->line);
		r->len -= r->line;
		r->line = 0;
		if (r->len > BK_LINE_MAX)
			return err_say(e, EBADMSG, "a line of the index is too long");
		rc = fill(r, e);
		if (rc < 0)
			return rc;
		if (rc == 0)
			return r->len ? err_say(e, EBADMSG, "its index is cut short") : 0;
	}
}

int bk_rows_next(struct bk_rows *r, struct bk_row *row, struct err *e)
{
	char *line = NULL;
	int rc = line_end(r, &line, e);

	if (rc <= 0)
		return rc;
	if (strlen(line) != (size_t)(r->text + r->line - 1 - line))
		return err_say(e, EBADMSG, "a line of the index is none");
	return bk_row_parse(line, row, e) < 0 ? -e->code : 1;
}
