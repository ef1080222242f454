/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_DB_H
#define VZD_DB_H
/*
 * SQLite, /var/lib/vz/vzd/vzd.db (0600): jobs, tokens, tenants, audit, idempotency keys, events, usage, webhooks. WAL,
 * synchronous=FULL. Writes go through one thread that commits what is queued as one transaction, each unit of work in
 * a savepoint; the loop never commits. Short indexed reads may use db_reader() in the loop.
 */
#include <sqlite3.h>
#include <stddef.h>

#include "vzd/vzd.h"

struct db;

/* One row per module: its tables, by version. sql[i] brings version i to i + 1. */
struct db_schema {
	const char *name;
	const char *const *sql;
	size_t n;
};
/* All modules' rows; db.c holds the table. */
extern const struct db_schema job_schema, auth_schema, bus_schema, usage_schema, webhook_schema, idem_schema;

/* Opens or makes the file, checks it (a damaged one is moved aside to vzd.db.damaged.TIME and said so), migrates. */
int db_open(struct vzd *d, const char *path, struct db **ret, struct err *e);
/* Writes what is queued, then closes. Callbacks that are due then are not made: db_drain() first, while those they speak
 * to are still there. */
void db_close(struct db *db);
/* Waits until all that is queued is written, and makes the callbacks. Blocks: for the end, and tests. */
void db_drain(struct db *db);
sqlite3 *db_reader(struct db *db);		/* read-only, for the loop's thread */

typedef int db_work(sqlite3 *s, void *arg, struct err *e);	/* in the writer's thread; < 0 rolls this work back */
typedef void db_done(void *arg, const struct err *e);		/* in the loop; after the commit. e->code 0: it is durable */
/* @arg must outlive @done. @done NULL: nobody waits; @arg is static or no pointer at all, and a failure is logged.
 * @work may not be called when the transaction cannot begin: free @arg in @done. Fails only when out of memory. */
int db_write(struct db *db, db_work *work, void *arg, db_done *done, struct err *e);
/* The same and waits: for start-up, tests and the end only. */
int db_write_sync(struct db *db, db_work *work, void *arg, struct err *e);
/* "INSERT ... VALUES(?1,?2)" with text and integer arguments; @fmt: one letter each, s (NULL is null), i (int64_t),
 * d (double). Errors: EEXIST a constraint, ENOSPC, EBADMSG damaged, EBUSY. */
int db_exec(sqlite3 *s, struct err *e, const char *sql, const char *fmt, ...);
/* Runs a select and calls @row for each; it returns 0 to go on, 1 to stop, < 0 to fail. Returns rows seen or -errno. */
typedef int db_row(sqlite3_stmt *st, void *arg, struct err *e);
int db_each(sqlite3 *s, struct err *e, db_row *row, void *arg, const char *sql, const char *fmt, ...);
const char *db_text(sqlite3_stmt *st, int col);	/* "" for null; valid until the next step */

#endif
