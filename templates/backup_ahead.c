/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread that walks the tree before the reader: once to say how much there is, and then, if the reader waits for the disk,
 * once more, a little ahead of him, to ask the kernel for what he will read: then the disk works on many files at once, and
 * while others are compressed. Where all is in memory nothing is asked. Only vz-backup links it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "templates/backup_walk.h"
#include "util/auto.h"
#include "util/err.h"

#define WINDOW_BYTES (48u << 20)	/* how far ahead of the reader */
#define WINDOW_FILES 2048u
#define FILE_MAX (8u << 20)		/* of one file; bk_ahead_in() asks for the rest */
#define STEP_FILES 64u			/* how often the reader says where he is */
#define STEP_BYTES (4u << 20)
#define DISK_BLOCKS 4096		/* of 512 bytes: when the reader has waited for so many, we begin */

struct bk_ahead {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool ready, disk, stop;
	int failed;
	uint64_t nth, seen;		/* where the reader is */
	uint64_t told_nth, told_seen;	/* the reader's own */
	int64_t since;
	struct bk_walk walk;
	struct bk_run run;
	struct bk_count count;
	struct bk_count *total;		/* the reader's */
};

static bool stopped(struct bk_ahead *a)
{
	return __atomic_load_n(&a->stop, __ATOMIC_RELAXED);
}

static int count(struct bk_walk *w, const char *name, const struct stat *st, struct err *e)
{
	(void)name;
	w->run->count->total += bk_weight(st);
	return stopped(w->ahead) ? err_set(e, ECANCELED, "count") : 0;
}

/* Until the reader is near enough, or past it. False: no more. */
static bool wait_near(struct bk_ahead *a, const struct bk_walk *w, bool *past)
{
	bool go_on;

	pthread_mutex_lock(&a->lock);
	while (!a->stop && (!a->disk || w->nth > a->nth + WINDOW_FILES || w->seen > a->seen + WINDOW_BYTES))
		pthread_cond_wait(&a->changed, &a->lock);
	*past = w->nth <= a->nth;
	go_on = !a->stop;
	pthread_mutex_unlock(&a->lock);
	return go_on;
}

static int ask(struct bk_walk *w, const char *name, const struct stat *st, struct err *e)
{
	struct bk_ahead *a = w->ahead;
	auto_close int fd = -1;
	bool past;

	if (!wait_near(a, w, &past))
		return err_set(e, ECANCELED, "ask");
	if (past || bk_weight(st) == 0 || st->st_ctim.tv_sec < a->since)
		return 0;
	fd = openat(AT_FDCWD, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		posix_fadvise(fd, 0, (off_t)MIN((uint64_t)st->st_size, (uint64_t)FILE_MAX), POSIX_FADV_WILLNEED);
	return 0;
}

/* What goes wrong here the reader will meet, too, and tell. */
static void walk(struct bk_ahead *a, bk_look *look, struct err *e)
{
	a->walk = (struct bk_walk){ .run = &a->run, .look = look, .ahead = a };
	bk_walk_tree(&a->walk, e);
}

static void *ahead(void *arg)
{
	struct bk_ahead *a = arg;
	int failed = unshare(CLONE_FS) < 0 ? errno : 0;		/* a current directory of our own */
	struct err e = { 0 };

	pthread_mutex_lock(&a->lock);
	a->failed = failed;
	a->ready = true;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	if (failed)
		return NULL;
	walk(a, count, &e);
	if (e.code)
		return NULL;
	__atomic_store_n(&a->total->total, a->count.total, __ATOMIC_RELAXED);
	walk(a, ask, &e);
	return NULL;
}

int bk_ahead_start(struct bk_ahead **ret, const struct bk_run *r, int64_t since, struct err *e)
{
	struct bk_ahead *a = calloc(1, sizeof(*a));
	int rc;

	if (!a)
		return err_set(e, ENOMEM, "walk ahead");
	a->run = (struct bk_run){ .go = r->go, .count = &a->count };
	a->total = r->count;
	a->since = since;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	rc = pthread_create(&a->thread, NULL, ahead, a);
	if (rc) {
		free(a);
		return err_set(e, rc, "start a thread");
	}
	*ret = a;
	pthread_mutex_lock(&a->lock);
	while (!a->ready)
		pthread_cond_wait(&a->changed, &a->lock);
	pthread_mutex_unlock(&a->lock);
	return a->failed ? err_set(e, a->failed, "a thread with a current directory of its own") : 0;
}

void bk_ahead_stop(struct bk_ahead *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	__atomic_store_n(&a->stop, true, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	free(a);
}

static bool waits_for_disk(void)
{
	struct rusage u;

	return getrusage(RUSAGE_THREAD, &u) == 0 && u.ru_inblock >= DISK_BLOCKS;
}

void bk_ahead_at(struct bk_ahead *a, const struct bk_walk *w)
{
	if (!a || w->look || (w->nth < a->told_nth + STEP_FILES && w->seen < a->told_seen + STEP_BYTES))
		return;
	a->told_nth = w->nth;
	a->told_seen = w->seen;
	pthread_mutex_lock(&a->lock);
	a->nth = w->nth;
	a->seen = w->seen;
	a->disk = a->disk || waits_for_disk();
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

void bk_ahead_in(int fd, uint64_t off, uint64_t len, uint64_t end)
{
	if (end - off > FILE_MAX)
		posix_fadvise(fd, (off_t)(off + FILE_MAX), (off_t)MIN(len, end - off - FILE_MAX), POSIX_FADV_WILLNEED);
}
