/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/ploop_journal.c and ploop_vol.c: which blocks of a log count, and logs that are damaged. */
#include "tests/unit/t_ploop_lab.h"

#define BS 1024u
#define LOG 64u			/* the log's first block on the volume; FS_BLOCKS follow nothing of it */
#define LEN 16u
#define FS_BLOCKS 64u
#define MAGIC 0xc03b3998u

struct log { int fd; struct ploop_chain c; struct ploop_vol v; uint64_t map[LEN]; };

static void be(uint8_t *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, 4);
}

static void put_block(struct log *g, uint32_t at, const uint8_t *b)
{
	lab_put(g->fd, b, BS, (LOG + at) * BS);
}

static void head(uint8_t *b, uint32_t type, uint32_t seq)
{
	memset(b, 0, BS);
	be(b, MAGIC);
	be(b + 4, type);
	be(b + 8, seq);
}

static void super(struct log *g, uint32_t start, uint32_t seq)
{
	uint8_t b[BS];

	head(b, 4, 0);
	be(b + 12, BS);
	be(b + 16, LEN);
	be(b + 20, 1);
	be(b + 24, seq);
	be(b + 28, start);
	put_block(g, 0, b);
}

/* A descriptor of @n blocks at @at; flags of the last one get "last". */
static void descriptor(struct log *g, uint32_t at, uint32_t seq, const uint32_t *block, const uint32_t *flags, size_t n)
{
	uint8_t b[BS];
	size_t pos = 12;

	head(b, 1, seq);
	for (size_t i = 0; i < n; i++) {
		uint32_t f = flags[i] | (i + 1 == n ? 8 : 0);

		be(b + pos, block[i]);
		b[pos + 6] = (uint8_t)(f >> 8);
		b[pos + 7] = (uint8_t)f;
		pos += 8 + (f & 2 ? 0 : 16);
	}
	put_block(g, at, b);
}

static void data(struct log *g, uint32_t at, char fill)
{
	uint8_t b[BS];

	memset(b, fill, BS);
	put_block(g, at, b);
}

static void commit(struct log *g, uint32_t at, uint32_t seq)
{
	uint8_t b[BS];

	head(b, 2, seq);
	put_block(g, at, b);
}

static void revoked(struct log *g, uint32_t at, uint32_t seq, uint32_t block)
{
	uint8_t b[BS];

	head(b, 5, seq);
	be(b + 12, 20);
	be(b + 16, block);
	put_block(g, at, b);
}

static void begin(struct log *g)
{
	*g = (struct log){ .v = { .bs = BS, .bytes = (LOG + LEN) * BS } };
	g->fd = lab_disk(g->v.bytes, &g->c);
	g->v.chain = &g->c;
	for (uint32_t i = 0; i < LEN; i++)
		g->map[i] = LOG + i;
}

static void end(struct log *g)
{
	free(g->v.over);
	ploop_chain_done(&g->c);
	close(g->fd);
}

static int replay(struct log *g, struct err *e)
{
	err_clear(e);
	return ploop_journal_replay(&g->v, g->map, LEN, FS_BLOCKS, e);
}

static int byte_of(struct log *g, uint32_t block, unsigned skip)
{
	struct err e = { 0 };
	uint8_t x;

	CHECK_OK(ploop_vol_read(&g->v, block * BS + skip, &x, 1, &e), &e);
	return x;
}

TEST(ploop_journal_empty)
{
	struct log g;
	struct err e;

	begin(&g);
	super(&g, 0, 7);
	CHECK_OK(replay(&g, &e), &e);
	CHECK_EQ(g.v.n_over, 0);
	end(&g);
}

/* Two transactions, the second over the first; a third without a commit block; the log goes round its end. */
TEST(ploop_journal_replays)
{
	struct log g;
	struct err e;
	uint8_t both[2 * BS];

	begin(&g);
	super(&g, 12, 5);
	descriptor(&g, 12, 5, (uint32_t[]){ 3, 4 }, (uint32_t[]){ 0, 2 }, 2);
	data(&g, 13, 'a');
	data(&g, 14, 'b');
	commit(&g, 15, 5);
	descriptor(&g, 1, 6, (uint32_t[]){ 4, 9 }, (uint32_t[]){ 0, 1 | 2 }, 2);
	data(&g, 2, 'c');
	data(&g, 3, 0);
	commit(&g, 4, 6);
	descriptor(&g, 5, 7, (uint32_t[]){ 3 }, (uint32_t[]){ 0 }, 1);
	data(&g, 6, 'z');
	CHECK_OK(replay(&g, &e), &e);
	CHECK_EQ(byte_of(&g, 3, 0), 'a');
	CHECK_EQ(byte_of(&g, 4, BS - 1), 'c');
	CHECK(byte_of(&g, 9, 0) == 0xc0 && byte_of(&g, 9, 1) == 0x3b && byte_of(&g, 9, 3) == 0x98 && byte_of(&g, 9, 4) == 0);
	CHECK_EQ(byte_of(&g, 5, 0), 0);
	CHECK_OK(ploop_vol_read(&g.v, 2 * BS + BS / 2, both, sizeof(both), &e), &e);
	CHECK(both[0] == 0 && both[BS / 2] == 'a' && both[BS / 2 + BS] == 'c');
	CHECK_ERR(ploop_vol_read(&g.v, g.v.bytes - 1, both, 2, &e), EBADMSG);
	end(&g);
}

TEST(ploop_journal_revokes)
{
	struct log g;
	struct err e;

	begin(&g);
	super(&g, 1, 0xffffffff);		/* numbers go round, too */
	descriptor(&g, 1, 0xffffffff, (uint32_t[]){ 3, 4 }, (uint32_t[]){ 0, 2 }, 2);
	data(&g, 2, 'a');
	data(&g, 3, 'b');
	commit(&g, 4, 0xffffffff);
	revoked(&g, 5, 0, 3);
	revoked(&g, 6, 0, 4);
	commit(&g, 7, 0);
	descriptor(&g, 8, 1, (uint32_t[]){ 4 }, (uint32_t[]){ 0 }, 1);
	data(&g, 9, 'd');
	commit(&g, 10, 1);
	revoked(&g, 11, 2, 4);			/* never committed */
	CHECK_OK(replay(&g, &e), &e);
	CHECK_EQ(byte_of(&g, 3, 0), 0);
	CHECK_EQ(byte_of(&g, 4, 0), 'd');
	end(&g);
}

TEST(ploop_journal_damaged)
{
	struct log g;
	struct err e;
	uint8_t b[BS];

	begin(&g);
	CHECK_ERR(replay(&g, &e), EBADMSG);		/* no superblock */
	super(&g, LEN, 1);
	CHECK_ERR(replay(&g, &e), EBADMSG);		/* begins behind its end */
	super(&g, 1, 1);
	descriptor(&g, 1, 1, (uint32_t[]){ FS_BLOCKS }, (uint32_t[]){ 0 }, 1);
	commit(&g, 3, 1);
	CHECK_ERR(replay(&g, &e), EBADMSG);		/* a block outside of the file system */
	commit(&g, 3, 2);
	CHECK_OK(replay(&g, &e), &e);			/* and one that was never committed */
	CHECK_EQ(g.v.n_over, 0);
	free(g.v.over);
	head(b, 1, 1);					/* more blocks than the log has */
	put_block(&g, 1, b);
	CHECK_OK(replay(&g, &e), &e);
	CHECK_EQ(g.v.n_over, 0);
	head(b, 5, 1);					/* revokes beyond the block */
	be(b + 12, BS + 1);
	put_block(&g, 1, b);
	commit(&g, 2, 1);
	CHECK_ERR(replay(&g, &e), EBADMSG);
	be(b, 5);					/* an error of the file system */
	lab_put(g.fd, b, 4, LOG * BS + 32);
	CHECK_ERR(replay(&g, &e), EBADMSG);
	super(&g, 1, 1);
	be(b, 0x20);					/* fast commits */
	lab_put(g.fd, b, 4, LOG * BS + 40);
	CHECK_ERR(replay(&g, &e), ENOTSUP);
	be(b, 0x10);					/* says that it has checksums, and has none */
	lab_put(g.fd, b, 4, LOG * BS + 40);
	CHECK_ERR(replay(&g, &e), EBADMSG);
	end(&g);
}
