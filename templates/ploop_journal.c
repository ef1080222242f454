/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a mount would replay. An image that was not unmounted cleanly has committed changes in its journal only; nothing
 * is written here, the newest copy of each block is remembered and read in place of the old one (ploop_vol.c).
 * The format is that of JBD2, big-endian: a superblock, then transactions of descriptor blocks with the blocks they
 * describe, revoke blocks and one commit block. A transaction without a good commit block ends the log.
 */
#include <endian.h>
#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <string.h>

#include "templates/unploop_proto.h"
#include "util/auto.h"

#define MAGIC 0xc03b3998u
enum { B_DESCRIPTOR = 1, B_COMMIT, B_SUPER1, B_SUPER2, B_REVOKE };
enum { T_ESCAPE = 1, T_SAME_UUID = 2, T_DELETED = 4, T_LAST = 8 };
enum { F_REVOKE = 1, F_64BIT = 2, F_ASYNC = 4, F_CSUM2 = 8, F_CSUM3 = 16, F_FAST = 32, C_CHECKSUM = 1 };

struct entry { uint64_t block, from; uint32_t seq, order; bool escaped; };
struct revoke { uint64_t block; uint32_t seq; };
struct journal {
	struct ploop_vol *v;
	const uint64_t *map;
	uint64_t fs_blocks;
	uint32_t n, first, len, start, seq;	/* blocks given, first of the log, end of it, where to begin */
	uint32_t features, compat, seed, crc;
	size_t tag;				/* bytes */
	uint8_t *buf, *data;
	struct entry *entry;
	struct revoke *revoke;
	size_t n_entry, n_revoke, room_entry, room_revoke;
	size_t kept_entry, kept_revoke;		/* of whole transactions */
	const char *bad;			/* what is wrong with the one at hand: it matters once that is committed */
};

static uint32_t be32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return be32toh(v);
}

static int damaged(struct err *e, const char *why)
{
	return err_say(e, EBADMSG, "the journal of the file system is damaged: %s", why);
}

static int read_block(struct journal *j, uint32_t at, uint8_t *buf, struct err *e)
{
	return ploop_vol_read(j->v, j->map[at] * j->v->bs, buf, j->v->bs, e);
}

static bool has_csum(const struct journal *j)
{
	return j->features & (F_CSUM2 | F_CSUM3);
}

static uint32_t crc32c_hole(uint32_t seed, uint8_t *p, size_t len, size_t hole)
{
	uint32_t had, sum;

	memcpy(&had, p + hole, 4);
	memset(p + hole, 0, 4);
	sum = ext2fs_crc32c_le(seed, p, len);
	memcpy(p + hole, &had, 4);
	return sum;
}

static bool block_sum_ok(struct journal *j, size_t hole)
{
	return !has_csum(j) || crc32c_hole(j->seed, j->buf, j->v->bs, hole) == be32(j->buf + hole);
}

static size_t tag_bytes(uint32_t features)
{
	if (features & F_CSUM3)
		return 16;
	return 12 + (features & F_CSUM2 ? 2 : 0) - (features & F_64BIT ? 0 : 4);
}

/* 1: there is something to replay. */
static int read_super(struct journal *j, struct err *e)
{
	const uint8_t *s = j->buf;
	uint32_t type;

	if (read_block(j, 0, j->buf, e) < 0)
		return -e->code;
	type = be32(s + 4);
	if (be32(s) != MAGIC || (type != B_SUPER1 && type != B_SUPER2))
		return damaged(e, "it has no superblock");
	j->len = be32(s + 16);
	j->first = be32(s + 20);
	j->seq = be32(s + 24);
	j->start = be32(s + 28);
	if (type == B_SUPER2) {
		j->compat = be32(s + 36);
		j->features = be32(s + 40);
	}
	if (be32(s + 32))
		return err_say(e, EBADMSG, "the journal says that the file system is damaged: repair a copy of the disk (vzploop "
			       "raw, e2fsck)");
	if (be32(s + 12) != j->v->bs || j->len > j->n || j->first == 0 || j->first >= j->len || j->start >= j->len ||
	    (j->start && j->start < j->first))
		return damaged(e, "its superblock makes no sense");
	if (j->start == 0)
		return 0;
	if (j->features & ~(uint32_t)(F_REVOKE | F_64BIT | F_ASYNC | F_CSUM2 | F_CSUM3))
		return err_say(e, ENOTSUP, "the journal of the file system has features that are not known (0x%x), and it is not "
			       "empty: mount it once where it was made", j->features);
	if (has_csum(j) && crc32c_hole(~0u, j->buf, 1024, 252) != be32(s + 252))
		return damaged(e, "its superblock has a wrong checksum");
	j->seed = ext2fs_crc32c_le(~0u, s + 48, 16);
	j->tag = tag_bytes(j->features);
	return 1;
}

static void *grow(void *v, size_t n, size_t *room, size_t size, struct err *e)
{
	void *p;

	if (n < *room)
		return v;
	*room = *room ? *room * 2 : 1024;
	p = reallocarray(v, *room, size);
	if (!p)
		err_set(e, ENOMEM, "read the journal");
	return p;
}

static int add_entry(struct journal *j, uint64_t block, uint32_t at, bool escaped, struct err *e)
{
	struct entry *p = grow(j->entry, j->n_entry, &j->room_entry, sizeof(*p), e);

	if (!p)
		return -e->code;
	j->entry = p;
	if (block >= j->fs_blocks)
		j->bad = "it has a block that lies behind the file system";
	p[j->n_entry] = (struct entry){ block, j->map[at], j->seq, (uint32_t)j->n_entry, escaped };
	j->n_entry++;
	return 0;
}

static uint32_t next_of(const struct journal *j, uint32_t at)
{
	return at + 1 >= j->len ? j->first : at + 1;
}

/* false: it is not the block that was written. */
static bool data_ok(struct journal *j, const uint8_t *tag)
{
	uint32_t seq = htobe32(j->seq), sum;

	if (j->compat & C_CHECKSUM)
		j->crc = ext2fs_crc32_be(j->crc, j->data, j->v->bs);
	if (!has_csum(j))
		return true;
	sum = ext2fs_crc32c_le(ext2fs_crc32c_le(j->seed, (uint8_t *)&seq, 4), j->data, j->v->bs);
	return j->features & F_CSUM3 ? sum == be32(tag + 12) : (sum & 0xffff) == (uint32_t)(tag[4] << 8 | tag[5]);
}

/* The blocks of one descriptor. 1: *at is behind them; 0: the log ends here. */
static int read_descriptor(struct journal *j, uint32_t *at, struct err *e)
{
	size_t end = j->v->bs - (has_csum(j) ? 4 : 0), pos = 12;

	if (!block_sum_ok(j, j->v->bs - 4))
		return 0;
	if (j->compat & C_CHECKSUM)
		j->crc = ext2fs_crc32_be(j->crc, j->buf, j->v->bs);
	for (uint32_t flags = 0; !(flags & T_LAST);) {
		const uint8_t *tag = j->buf + pos;
		uint64_t block;

		if (pos + j->tag > end) {
			j->bad = "a list of blocks in it has no end";
			return 1;
		}
		flags = j->features & F_CSUM3 ? be32(tag + 4) : (uint32_t)(tag[6] << 8 | tag[7]);
		block = be32(tag);
		if (j->features & F_64BIT)
			block |= (uint64_t)be32(tag + 8) << 32;
		pos += j->tag + (flags & T_SAME_UUID ? 0 : 16);
		if (*at == j->start)
			return 0;		/* longer than the log: never written whole */
		if (read_block(j, *at, j->data, e) < 0)
			return -e->code;
		if (!data_ok(j, tag))
			return 0;
		if (!(flags & T_DELETED) && add_entry(j, block, *at, flags & T_ESCAPE, e) < 0)
			return -e->code;
		*at = next_of(j, *at);
	}
	return 1;
}

static int read_revoke(struct journal *j, struct err *e)
{
	size_t used = be32(j->buf + 12), width = j->features & F_64BIT ? 8 : 4;

	if (!block_sum_ok(j, j->v->bs - 4))
		return 0;
	if (used > j->v->bs - (has_csum(j) ? 4 : 0)) {
		j->bad = "a list of revoked blocks in it is too long";
		return 1;
	}
	for (size_t pos = 16; pos + width <= used; pos += width) {
		struct revoke *p = grow(j->revoke, j->n_revoke, &j->room_revoke, sizeof(*p), e);
		uint64_t block = be32(j->buf + pos);

		if (!p)
			return -e->code;
		j->revoke = p;
		if (width == 8)
			block = block << 32 | be32(j->buf + pos + 4);
		p[j->n_revoke++] = (struct revoke){ block, j->seq };
	}
	return 1;
}

static bool commit_ok(struct journal *j)
{
	bool plain = j->buf[12] == 0 && j->buf[13] == 0 && be32(j->buf + 16) == 0;

	if (has_csum(j))
		return block_sum_ok(j, 16);
	return !(j->compat & C_CHECKSUM) || plain || (j->buf[12] == 1 && j->buf[13] == 4 && be32(j->buf + 16) == j->crc);
}

/* Follows the log as far as it is whole. */
static int scan(struct journal *j, struct err *e)
{
	uint32_t at = j->start;
	int rc = 1;

	j->crc = ~0u;
	for (uint32_t seen = 0; rc > 0 && seen < j->len; seen++) {
		if (read_block(j, at, j->buf, e) < 0)
			return -e->code;
		if (be32(j->buf) != MAGIC || be32(j->buf + 8) != j->seq)
			return 0;
		at = next_of(j, at);
		switch (be32(j->buf + 4)) {
		case B_DESCRIPTOR:
			rc = read_descriptor(j, &at, e);
			break;
		case B_REVOKE:
			rc = read_revoke(j, e);
			break;
		case B_COMMIT:
			if (!commit_ok(j))
				return 0;
			if (j->bad)
				return damaged(e, j->bad);
			j->kept_entry = j->n_entry;
			j->kept_revoke = j->n_revoke;
			j->crc = ~0u;
			j->seq++;
			break;
		default:
			return 0;
		}
	}
	return rc < 0 ? rc : 0;
}

static int by_block(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->block != y->block)
		return x->block < y->block ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static int by_revoke(const void *a, const void *b)
{
	const struct revoke *x = a, *y = b;

	if (x->block != y->block)
		return x->block < y->block ? -1 : 1;
	return (int32_t)(x->seq - y->seq) < 0 ? -1 : x->seq != y->seq;
}

/* Revoked in its own transaction or a later one: the block was freed and what lies there now is newer. */
static bool revoked(const struct journal *j, const struct entry *n)
{
	size_t lo = 0, hi = j->kept_revoke;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (j->revoke[mid].block <= n->block)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && j->revoke[lo - 1].block == n->block && (int32_t)(j->revoke[lo - 1].seq - n->seq) >= 0;
}

/* The last copy of each block that counts. */
static int lay_over(struct journal *j, struct err *e)
{
	struct ploop_vol *v = j->v;

	v->over = calloc(j->kept_entry ? j->kept_entry : 1, sizeof(*v->over));
	if (!v->over)
		return err_set(e, ENOMEM, "read the journal");
	if (j->kept_entry)
		qsort(j->entry, j->kept_entry, sizeof(*j->entry), by_block);
	if (j->kept_revoke)
		qsort(j->revoke, j->kept_revoke, sizeof(*j->revoke), by_revoke);
	for (size_t i = 0; i < j->kept_entry; i++) {
		const struct entry *n = &j->entry[i];

		if (i + 1 < j->kept_entry && n[1].block == n->block)
			continue;
		if (!revoked(j, n))
			v->over[v->n_over++] = (struct ploop_over){ n->block, n->from, n->escaped };
	}
	return 0;
}

int ploop_journal_replay(struct ploop_vol *v, const uint64_t *map, size_t n, uint64_t fs_blocks, struct err *e)
{
	struct journal j = { .v = v, .map = map, .fs_blocks = fs_blocks };
	auto_free uint8_t *buf = malloc(v->bs), *data = malloc(v->bs);
	int rc;

	if (!buf || !data)
		return err_set(e, ENOMEM, "read the journal");
	j.n = (uint32_t)MIN(n, (size_t)UINT32_MAX);
	j.buf = buf;
	j.data = data;
	rc = n < 2 ? damaged(e, "it is too short") : read_super(&j, e);
	if (rc > 0)
		rc = scan(&j, e) < 0 ? -e->code : lay_over(&j, e);
	free(j.entry);
	free(j.revoke);
	return rc;
}
