/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stream of an archive, cut into pieces that are zstd frames of their own. The caller fills one piece after the other;
 * threads compress those that are full and take their SHA-256; one more writes them in their order, so that a disk that is
 * slow for a moment stops neither the reading nor the compression. Only vz-backup links it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "templates/backup_box.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/sys.h"

#define THREADS_MAX 16u
#define PUSH (8u << 20)
#define SLOTS_OF(threads) (4 * (threads) + 2)	/* enough to work on while the reader or the writer waits */

enum slot_state { SLOT_FREE, SLOT_FULL, SLOT_BUSY, SLOT_DONE };
struct slot {
	enum slot_state state;
	uint8_t *raw, *packed;
	size_t raw_len, packed_len;
	uint8_t sha[32];
	bool failed;
};
struct bk_zst {
	int fd, level;
	uint64_t bytes_per_s, at, written, pushed;	/* @pushed: so far the disk was told to write */
	int64_t since_ms;
	pthread_mutex_t lock;
	pthread_cond_t work, done, freed;
	pthread_t thread[THREADS_MAX], writer;
	bool has_writer;
	unsigned n_threads, n_slots, filling, oldest;	/* slots are used in a circle; @oldest is the writer's */
	bool stop;
	struct err failed;		/* the writer's */
	struct slot slot[SLOTS_OF(THREADS_MAX)];
	struct buf pieces;
	uint64_t n_pieces;
};

static void compress(struct bk_zst *z, ZSTD_CCtx *c, struct slot *s)
{
	struct sha256 sum;
	size_t n;

	ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, z->level);
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	n = ZSTD_compress2(c, s->packed, BK_PIECE_ROOM, s->raw, s->raw_len);
	s->failed = ZSTD_isError(n);
	s->packed_len = s->failed ? 0 : n;
	sha256_init(&sum);
	sha256_add(&sum, s->packed, s->packed_len);
	sha256_end(&sum, s->sha);
}

static struct slot *next_full(struct bk_zst *z)
{
	for (unsigned i = 0; i < z->n_slots; i++) {
		struct slot *s = &z->slot[(z->oldest + i) % z->n_slots];

		if (s->state == SLOT_FULL)
			return s;
	}
	return NULL;
}

static void *worker(void *arg)
{
	struct bk_zst *z = arg;
	ZSTD_CCtx *c = ZSTD_createCCtx();
	struct slot *s;

	pthread_mutex_lock(&z->lock);
	while (!z->stop) {
		s = next_full(z);
		if (!s) {
			pthread_cond_wait(&z->work, &z->lock);
			continue;
		}
		s->state = SLOT_BUSY;
		pthread_mutex_unlock(&z->lock);
		if (c)
			compress(z, c, s);
		pthread_mutex_lock(&z->lock);
		s->failed = s->failed || !c;
		s->state = SLOT_DONE;
		pthread_cond_broadcast(&z->done);
	}
	pthread_mutex_unlock(&z->lock);
	ZSTD_freeCCtx(c);
	return NULL;
}

static void *writer(void *arg);

static int start_threads(struct bk_zst *z, unsigned n, struct err *e)
{
	int rc = pthread_create(&z->writer, NULL, writer, z);

	z->has_writer = rc == 0;
	for (; rc == 0 && z->n_threads < n; z->n_threads += rc == 0)
		rc = pthread_create(&z->thread[z->n_threads], NULL, worker, z);
	return rc ? err_set(e, rc, "start a thread") : 0;
}

int bk_zst_open(struct bk_zst **ret, int fd, const struct bk_go *go, struct err *e)
{
	unsigned threads = MIN(MAX(go->threads, 1u), THREADS_MAX);
	struct bk_zst *z = calloc(1, sizeof(*z));

	if (!z)
		return err_set(e, ENOMEM, "compress");
	z->fd = fd;
	z->level = (int)go->level;
	z->bytes_per_s = go->bytes_per_s;
	z->since_ms = sys_now_ms();
	buf_init(&z->pieces, BK_PIECES_MAX * BK_PIECE_REC);
	pthread_mutex_init(&z->lock, NULL);
	pthread_cond_init(&z->work, NULL);
	pthread_cond_init(&z->done, NULL);
	pthread_cond_init(&z->freed, NULL);
	*ret = z;
	z->n_slots = SLOTS_OF(threads);
	for (unsigned i = 0; i < z->n_slots; i++) {
		z->slot[i].raw = malloc(BK_PIECE);
		z->slot[i].packed = malloc(BK_PIECE_ROOM);
		if (!z->slot[i].raw || !z->slot[i].packed)
			return err_set(e, ENOMEM, "compress");
	}
	return start_threads(z, threads, e);
}

void bk_zst_close(struct bk_zst *z)
{
	if (!z)
		return;
	pthread_mutex_lock(&z->lock);
	z->stop = true;
	pthread_cond_broadcast(&z->work);
	pthread_cond_broadcast(&z->done);
	pthread_mutex_unlock(&z->lock);
	for (unsigned i = 0; i < z->n_threads; i++)
		pthread_join(z->thread[i], NULL);
	if (z->has_writer)
		pthread_join(z->writer, NULL);
	for (unsigned i = 0; i < z->n_slots; i++) {
		free(z->slot[i].raw);
		free(z->slot[i].packed);
	}
	buf_done(&z->pieces);
	free(z);
}

uint64_t bk_zst_at(const struct bk_zst *z)
{
	return z->at;
}

uint64_t bk_zst_written(const struct bk_zst *z)
{
	return z->written;
}

static bool stopped(struct bk_zst *z)
{
	bool stop;

	pthread_mutex_lock(&z->lock);
	stop = z->stop;
	pthread_mutex_unlock(&z->lock);
	return stop;
}

static void slow_down(struct bk_zst *z)
{
	int64_t due = z->since_ms + (int64_t)(z->written * 1000 / z->bytes_per_s), now;

	while ((now = sys_now_ms()) < due && !stopped(z))
		poll(NULL, 0, (int)MIN(due - now, 200));
}

/* The disk begins now, beside the compression, and not when all is there. A pipe or a socket has no disk. */
static void push_out(struct bk_zst *z)
{
	if (z->written - z->pushed < PUSH)
		return;
	sync_file_range(z->fd, (off_t)z->pushed, (off_t)(z->written - z->pushed), SYNC_FILE_RANGE_WRITE);
	z->pushed = z->written;
}

static int put_out(struct bk_zst *z, const void *p, size_t n, struct err *e)
{
	int rc = fio_write_all(z->fd, p, n);

	if (rc < 0)
		return err_set(e, -rc, "write the archive");
	z->written += n;
	push_out(z);
	if (z->bytes_per_s)
		slow_down(z);
	return 0;
}

static int write_slot(struct bk_zst *z, const struct slot *s, struct err *e)
{
	struct bk_piece p = { .len = (uint32_t)s->packed_len, .raw = (uint32_t)s->raw_len };
	uint8_t rec[BK_PIECE_REC];

	if (s->failed)
		return err_set(e, ENOMEM, "compress");
	memcpy(p.sha, s->sha, sizeof(p.sha));
	bk_piece_put(&p, rec);
	buf_add(&z->pieces, rec, sizeof(rec));
	z->n_pieces++;
	if (buf_failed(&z->pieces))
		return err_set(e, ENOMEM, "compress");
	return put_out(z, s->packed, s->packed_len, e);
}

/* In their order. After an error nothing more is written, and whoever waits for a slot hears of it. */
static void *writer(void *arg)
{
	struct bk_zst *z = arg;

	pthread_mutex_lock(&z->lock);
	while (!z->stop && !z->failed.code) {
		struct slot *s = &z->slot[z->oldest];
		struct err e = { 0 };

		if (s->state != SLOT_DONE) {
			pthread_cond_wait(&z->done, &z->lock);
			continue;
		}
		pthread_mutex_unlock(&z->lock);
		write_slot(z, s, &e);
		pthread_mutex_lock(&z->lock);
		z->failed = e;
		s->state = SLOT_FREE;
		s->raw_len = 0;
		z->oldest = (z->oldest + 1) % z->n_slots;
		pthread_cond_signal(&z->freed);
	}
	pthread_mutex_unlock(&z->lock);
	return NULL;
}

/* Until slot @i is free, or the writer has failed. */
static int wait_free(struct bk_zst *z, unsigned i, struct err *e)
{
	int rc = 0;

	pthread_mutex_lock(&z->lock);
	while (z->slot[i].state != SLOT_FREE && !z->failed.code)
		pthread_cond_wait(&z->freed, &z->lock);
	if (z->failed.code) {
		*e = z->failed;
		rc = -e->code;
	}
	pthread_mutex_unlock(&z->lock);
	return rc;
}

static int hand_over(struct bk_zst *z, struct err *e)
{
	pthread_mutex_lock(&z->lock);
	z->slot[z->filling].state = SLOT_FULL;
	pthread_cond_signal(&z->work);
	pthread_mutex_unlock(&z->lock);
	z->filling = (z->filling + 1) % z->n_slots;
	return wait_free(z, z->filling, e);
}

int bk_zst_room(struct bk_zst *z, uint8_t **ret, size_t *room, struct err *e)
{
	struct slot *s = &z->slot[z->filling];

	if (s->raw_len == BK_PIECE) {
		if (hand_over(z, e) < 0)
			return -e->code;
		s = &z->slot[z->filling];
	}
	*ret = s->raw + s->raw_len;
	*room = BK_PIECE - s->raw_len;
	return 0;
}

int bk_zst_took(struct bk_zst *z, size_t n, struct err *e)
{
	struct slot *s = &z->slot[z->filling];

	s->raw_len += n;
	z->at += n;
	return s->raw_len == BK_PIECE ? hand_over(z, e) : 0;
}

int bk_zst_add(struct bk_zst *z, const void *p, size_t n, struct err *e)
{
	const uint8_t *from = p;

	while (n) {
		uint8_t *to = NULL;
		size_t room = 0;

		if (bk_zst_room(z, &to, &room, e) < 0)
			return -e->code;
		room = MIN(room, n);
		memcpy(to, from, room);
		from += room;
		n -= room;
		if (bk_zst_took(z, room, e) < 0)
			return -e->code;
	}
	return 0;
}

int bk_zst_zeros(struct bk_zst *z, size_t n, struct err *e)
{
	static const uint8_t zeros[1024];

	while (n) {
		size_t now = MIN(n, sizeof(zeros));

		if (bk_zst_add(z, zeros, now, e) < 0)
			return -e->code;
		n -= now;
	}
	return 0;
}

static int put_part(struct bk_zst *z, const struct buf *b, uint8_t sha[32], uint64_t *ret_off, struct err *e)
{
	uint8_t head[BK_HEAD];
	struct sha256 s;

	if (b->len > UINT32_MAX)
		return err_set(e, EFBIG, "index");
	bk_skip_head(head, (uint32_t)b->len);
	if (put_out(z, head, sizeof(head), e) < 0)
		return -e->code;
	*ret_off = z->written;
	sha256_init(&s);
	sha256_add(&s, buf_str(b), b->len);
	sha256_end(&s, sha);
	return put_out(z, buf_str(b), b->len, e);
}

int bk_zst_end(struct bk_zst *z, const struct buf *index, uint64_t index_raw, struct bk_end *end, struct err *e)
{
	if (z->slot[z->filling].raw_len && hand_over(z, e) < 0)
		return -e->code;
	for (unsigned i = 0; i < z->n_slots; i++)
		if (i != z->filling && wait_free(z, i, e) < 0)
			return -e->code;
	end->tar_len = z->at;
	end->pieces_n = z->n_pieces;
	end->index_len = index->len;
	end->index_raw = index_raw;
	if (put_part(z, &z->pieces, end->pieces_sha, &end->pieces_off, e) < 0)
		return -e->code;
	return put_part(z, index, end->index_sha, &end->index_off, e);
}
