/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The writer's thread. It takes all that is queued and commits it as one transaction, each piece in a savepoint, so a
 * hundred requests at once cost one fsync. What it has done goes back to the loop in order.
 */
#include "vzd/db.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/err.h"
#include "vzd/counters.h"
#include "vzd/db_priv.h"

#define STACK_BYTES (256u << 10)
#define BATCH_MAX 512			/* pieces in one transaction */
#define TELL_MS 10000			/* failures that nobody waits for are told so often */

/* A module that is not part of the program has no tables. */
#pragma weak job_schema
#pragma weak auth_schema
#pragma weak bus_schema
#pragma weak usage_schema
#pragma weak webhook_schema
#pragma weak idem_schema
static const struct db_schema *const db_schemas[] = {
	&job_schema, &auth_schema, &bus_schema, &usage_schema, &webhook_schema, &idem_schema,
};

struct db_op {
	struct db_op *next;
	db_work *work;
	void *arg;
	db_done *done;
	bool sync, finished;
	struct err e;
};
struct db_queue { struct db_op *head, **tail; };

struct db {
	sqlite3 *writer, *reader;
	pthread_t thread;
	bool started, stop;		/* stop: under @lock */
	pthread_mutex_t lock;
	pthread_cond_t queued, finished;
	struct db_queue todo, done;	/* under @lock */
	size_t busy;			/* under @lock: pieces taken and not yet done */
	struct ev_src *wake;
	uint64_t told_ms;
	unsigned untold;
};

static void queue_init(struct db_queue *q)
{
	q->head = NULL;
	q->tail = &q->head;
}

static void queue_put(struct db_queue *q, struct db_op *op)
{
	op->next = NULL;
	*q->tail = op;
	q->tail = &op->next;
}

static struct db_op *queue_take(struct db_queue *q)
{
	struct db_op *op = q->head;

	if (op) {
		q->head = op->next;
		if (!q->head)
			q->tail = &q->head;
	}
	return op;
}

/* --- the writer's thread --- */

static void set_all(struct db_op *from, const struct db_op *end, const struct err *e)
{
	for (struct db_op *op = from; op != end; op = op->next) {
		if (!op->e.code)
			op->e = *e;
	}
}

/* 0: its savepoint is released or rolled back. < 0: the whole transaction is gone, as after a full disk. */
static int run_op(sqlite3 *s, struct db_op *op)
{
	struct err ignored = { 0 };

	if (db_run(s, "SAVEPOINT op", &op->e) < 0)
		return -op->e.code;
	if (op->work(s, op->arg, &op->e) < 0) {
		if (!op->e.code)
			err_say(&op->e, EIO, "database: a write failed and did not say why");
		if (sqlite3_get_autocommit(s))
			return -op->e.code;
		db_run(s, "ROLLBACK TO op", &ignored);
	}
	return db_run(s, "RELEASE op", op->e.code ? &ignored : &op->e) < 0 ? -EIO : 0;
}

/* Runs operations from @op on in one transaction. Returns the first that is not part of it, NULL: all were. */
static struct db_op *run_transaction(sqlite3 *s, struct db_op *op)
{
	struct db_op *first = op;
	struct err e = { 0 }, ignored = { 0 };
	uint64_t began;

	if (db_run(s, "BEGIN IMMEDIATE", &e) < 0) {
		set_all(op, NULL, &e);
		return NULL;
	}
	for (; op; op = op->next) {
		if (run_op(s, op) == 0)
			continue;
		e = op->e;
		if (!sqlite3_get_autocommit(s))
			db_run(s, "ROLLBACK", &ignored);
		set_all(first, op->next, &e);
		return op->next;
	}
	began = count_now();
	if (db_run(s, "COMMIT", &e) < 0) {
		if (!sqlite3_get_autocommit(s))
			db_run(s, "ROLLBACK", &ignored);
		set_all(first, NULL, &e);
	}
	count_commit(count_now() - began);
	return NULL;
}

/* Under the lock: waits for work and takes it. NULL: stopped, and nothing is left. */
static struct db_op *take_batch(struct db *db)
{
	struct db_op *first, *op;

	while (!db->todo.head && !db->stop)
		pthread_cond_wait(&db->queued, &db->lock);
	first = op = db->todo.head;
	if (!first)
		return NULL;
	for (db->busy = 1; op->next && db->busy < BATCH_MAX; db->busy++)
		op = op->next;
	db->todo.head = op->next;
	if (!db->todo.head)
		db->todo.tail = &db->todo.head;
	op->next = NULL;
	return first;
}

static void give_back(struct db *db, struct db_op *op)
{
	bool wake = false;

	pthread_mutex_lock(&db->lock);
	for (struct db_op *next; op; op = next) {
		next = op->next;
		if (op->sync) {
			op->finished = true;
		} else if (op->done || op->e.code) {
			queue_put(&db->done, op);
			wake = true;
		} else {
			free(op);
		}
	}
	db->busy = 0;
	pthread_cond_broadcast(&db->finished);
	if (wake)
		ev_wake(db->wake);
	pthread_mutex_unlock(&db->lock);
}

static void *writer(void *arg)
{
	struct db *db = arg;
	struct db_op *batch;

	for (;;) {
		pthread_mutex_lock(&db->lock);
		batch = take_batch(db);
		pthread_mutex_unlock(&db->lock);
		if (!batch)
			return NULL;
		for (struct db_op *op = batch; op; )
			op = run_transaction(db->writer, op);
		give_back(db, batch);
	}
}

/* --- the loop's side --- */

static void tell(struct db *db, const struct err *e)
{
	uint64_t now = ev_now_ms();

	db->untold++;
	if (db->told_ms && now - db->told_ms < TELL_MS)
		return;
	vzd_log(LOG_ERR, "%s (%u write(s) lost)", e->text, db->untold);
	db->told_ms = now;
	db->untold = 0;
}

static void deliver(void *arg)
{
	struct db *db = arg;
	struct db_op *op;

	for (;;) {
		pthread_mutex_lock(&db->lock);
		op = queue_take(&db->done);
		pthread_mutex_unlock(&db->lock);
		if (!op)
			return;
		if (op->done)
			op->done(op->arg, &op->e);
		else
			tell(db, &op->e);
		free(op);
	}
}

static void put(struct db *db, struct db_op *op)
{
	pthread_mutex_lock(&db->lock);
	queue_put(&db->todo, op);
	pthread_cond_signal(&db->queued);
	pthread_mutex_unlock(&db->lock);
}

int db_write(struct db *db, db_work *work, void *arg, db_done *done, struct err *e)
{
	struct db_op *op = calloc(1, sizeof(*op));

	if (!op)
		return err_set(e, ENOMEM, "write to the database");
	op->work = work;
	op->arg = arg;
	op->done = done;
	put(db, op);
	return 0;
}

int db_write_sync(struct db *db, db_work *work, void *arg, struct err *e)
{
	struct db_op op = { .work = work, .arg = arg, .sync = true };

	put(db, &op);
	pthread_mutex_lock(&db->lock);
	while (!op.finished)
		pthread_cond_wait(&db->finished, &db->lock);
	pthread_mutex_unlock(&db->lock);
	if (!op.e.code)
		return 0;
	*e = op.e;
	return -e->code;
}

void db_drain(struct db *db)
{
	bool more = true;

	while (more) {
		pthread_mutex_lock(&db->lock);
		while (db->todo.head || db->busy)
			pthread_cond_wait(&db->finished, &db->lock);
		pthread_mutex_unlock(&db->lock);
		deliver(db);
		pthread_mutex_lock(&db->lock);
		more = db->todo.head || db->busy || db->done.head;
		pthread_mutex_unlock(&db->lock);
	}
}

sqlite3 *db_reader(struct db *db)
{
	return db->reader;
}

/* --- open, close --- */

/* Signals are the loop's: its thread reads them from a descriptor. */
static int start_writer(struct db *db, struct err *e)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&db->thread, &attr, writer, db);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (rc)
		return err_set(e, rc, "start the database's thread");
	db->started = true;
	return 0;
}

int db_open(struct vzd *d, const char *path, struct db **ret, struct err *e)
{
	struct db *db = calloc(1, sizeof(*db));

	if (!db)
		return err_set(e, ENOMEM, "database");
	queue_init(&db->todo);
	queue_init(&db->done);
	pthread_mutex_init(&db->lock, NULL);
	pthread_cond_init(&db->queued, NULL);
	pthread_cond_init(&db->finished, NULL);
	if (db_open_file(path, db_schemas, ARRAY_SIZE(db_schemas), &db->writer, e) < 0 ||
	    db_open_reader(path, &db->reader, e) < 0 || ev_add_wake(d->ev, "database", deliver, db, &db->wake, e) < 0 ||
	    start_writer(db, e) < 0) {
		db_close(db);
		return -e->code;
	}
	*ret = db;
	return 0;
}

void db_close(struct db *db)
{
	struct db_op *op;

	if (!db)
		return;
	pthread_mutex_lock(&db->lock);
	db->stop = true;
	pthread_cond_signal(&db->queued);
	pthread_mutex_unlock(&db->lock);
	if (db->started)
		pthread_join(db->thread, NULL);
	while ((op = queue_take(&db->done))) {
		if (op->e.code)
			vzd_log_err(LOG_ERR, &op->e, NULL);
		free(op);
	}
	ev_del(db->wake);
	sqlite3_close(db->reader);
	sqlite3_close(db->writer);
	pthread_cond_destroy(&db->finished);
	pthread_cond_destroy(&db->queued);
	pthread_mutex_destroy(&db->lock);
	free(db);
}
