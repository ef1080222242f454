/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The database file: made 0600, checked, migrated module by module. One that is damaged is moved aside with its log and a
 * new one begun: the containers do not depend on it, and a daemon that does not start helps nobody.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <syslog.h>
#include <time.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/path.h"
#include "vzd/db_priv.h"

#define CHECK_MS 400			/* the check of a large file ends after so long: the start has to be quick */
#define RESERVE (1u << 20)		/* bytes */
#define BUSY_MS 5000			/* an administrator's sqlite3 may hold the lock for a moment */

static void close_db(sqlite3 **s)
{
	sqlite3_close(*s);
}

/* SQLite makes its files with the modes of the main one. */
static int make_file(const char *path, struct err *e)
{
	auto_close int fd = -1;
	char *slash = strrchr(path, '/');

	if (slash && slash != path) {
		auto_free char *dir = strndup(path, (size_t)(slash - path));

		if (!dir)
			return err_set(e, ENOMEM, "%s", path);
		if (path_mkdir_host(dir, 0700, e) < 0)
			return -e->code;
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	return fd < 0 ? err_set(e, errno, "%s", path) : 0;
}

static int out_of_time(void *arg)
{
	return ev_now_ms() > *(uint64_t *)arg;
}

static int check_row(sqlite3_stmt *st, void *arg, struct err *e)
{
	(void)arg;
	if (!strcmp(db_text(st, 0), "ok"))
		return 0;
	return err_say(e, EBADMSG, "%s", db_text(st, 0));
}

/* EBADMSG: damaged. As much as can be looked at in CHECK_MS. */
static int check_file(sqlite3 *s, struct err *e)
{
	uint64_t end = ev_now_ms() + CHECK_MS;
	int rc;

	sqlite3_progress_handler(s, 10000, out_of_time, &end);
	rc = db_each(s, e, check_row, NULL, "PRAGMA quick_check(1)", "");
	sqlite3_progress_handler(s, 0, NULL, NULL);
	if (rc < 0 && e->code == EINTR) {
		err_clear(e);
		return 0;
	}
	return rc < 0 ? rc : 0;
}

/* --- space for a start --- */

/*
 * A start writes a little (numbers of events, what became of jobs). A file keeps room for that: it is given up when a daemon
 * starts on a full disk, and made again by a later start.
 */
static void reserve_space(const char *path)
{
	struct buf auto_buf name = BUF_INIT;
	auto_close int fd = -1;
	struct statvfs fs;
	uint64_t left;

	buf_addf(&name, "%s.reserve", path);
	if (buf_failed(&name) || statvfs(path, &fs) < 0)
		return;
	left = (uint64_t)fs.f_bfree * fs.f_frsize;
	if (left < RESERVE && unlink(buf_str(&name)) == 0)
		vzd_log(LOG_CRIT, "the file system of %s is full; the last %u KiB are used for this start", path, RESERVE >> 10);
	if (left < 8 * RESERVE)
		return;
	fd = open(buf_str(&name), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && posix_fallocate(fd, 0, RESERVE) != 0)
		unlink(buf_str(&name));
}

static int open_one(const char *path, sqlite3 **ret, const char *setup, struct err *e)
{
	auto_call(close_db) sqlite3 *s = NULL;
	int on = 1;

	if (sqlite3_open_v2(path, &s, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL) != SQLITE_OK)
		return s ? db_fail(s, e, path) : err_set(e, ENOMEM, "%s", path);
	sqlite3_extended_result_codes(s, 1);
	/* The log keeps its blocks: what is written into it needs no space when there is none. */
	sqlite3_file_control(s, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
	if (db_run(s, setup, e) < 0)
		return err_add(e, "%s", path);
	*ret = take_ptr(s);
	return 0;
}

int db_open_reader(const char *path, sqlite3 **ret, struct err *e)
{
	if (open_one(path, ret, "PRAGMA query_only=1;PRAGMA cache_size=-512;PRAGMA temp_store=MEMORY", e) < 0)
		return -e->code;
	sqlite3_busy_timeout(*ret, 20);
	return 0;
}

static int open_checked(const char *path, sqlite3 **ret, struct err *e)
{
	auto_call(close_db) sqlite3 *s = NULL;

	if (make_file(path, e) < 0)
		return -e->code;
	reserve_space(path);
	if (open_one(path, &s, "PRAGMA busy_timeout=5000", e) < 0)
		return -e->code;
	sqlite3_busy_timeout(s, BUSY_MS);
	if (check_file(s, e) < 0 ||
	    db_run(s, "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA journal_size_limit=4194304;"
		      "PRAGMA cache_size=-512;PRAGMA temp_store=MEMORY", e) < 0)
		return err_add(e, "%s", path);
	*ret = take_ptr(s);
	return 0;
}

/* --- a damaged one --- */

static int move_aside(const char *path, const struct err *why, struct err *e)
{
	static const char *const parts[] = { "", "-wal" };
	struct buf auto_buf shm = BUF_INIT;
	long long now = time(NULL);

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		struct buf auto_buf from = BUF_INIT, to = BUF_INIT;

		buf_addf(&from, "%s%s", path, parts[i]);
		buf_addf(&to, "%s.damaged.%lld%s", path, now, parts[i]);
		if (buf_failed(&from) || buf_failed(&to))
			return err_set(e, ENOMEM, "%s", path);
		if (rename(buf_str(&from), buf_str(&to)) < 0 && errno != ENOENT)
			return err_set(e, errno, "move the damaged %s aside", buf_str(&from));
	}
	buf_addf(&shm, "%s-shm", path);
	unlink(buf_str(&shm));
	vzd_log(LOG_CRIT, "the database is damaged (%s); it is kept as %s.damaged.%lld and a new one begins: tokens, tenants and "
		"history are gone until it is restored from a copy, containers are not affected", why->text, path, now);
	return 0;
}

/* --- migration --- */

static int version_row(sqlite3_stmt *st, void *arg, struct err *e)
{
	(void)e;
	*(int64_t *)arg = sqlite3_column_int64(st, 0);
	return 1;
}

static int migrate_one(sqlite3 *s, const struct db_schema *m, struct err *e)
{
	int64_t v = 0;

	if (db_each(s, e, version_row, &v, "SELECT version FROM schema_version WHERE name = ?1", "s", m->name) < 0)
		return -e->code;
	if (v < 0 || (uint64_t)v > m->n)
		return err_say(e, EPROTO, "tables of %s are of version %lld and this vzd knows %zu: a newer one made them, "
			       "install that one", m->name, (long long)v, m->n);
	for (; (size_t)v < m->n; v++) {
		if (db_run(s, m->sql[v], e) < 0)
			return err_add(e, "tables of %s, version %lld", m->name, (long long)v + 1);
		if (db_exec(s, e, "INSERT OR REPLACE INTO schema_version VALUES(?1, ?2)", "si", m->name, v + 1) < 0)
			return -e->code;
	}
	return 0;
}

static bool is_current(sqlite3 *s, const struct db_schema *const *schemas, size_t n)
{
	struct err ignored = { 0 };

	for (size_t i = 0; i < n; i++) {
		int64_t v = -1;

		if (schemas[i] && (db_each(s, &ignored, version_row, &v, "SELECT version FROM schema_version WHERE name = ?1", "s",
					   schemas[i]->name) < 0 || v != (int64_t)schemas[i]->n))
			return false;
	}
	return true;
}

/* All or nothing. A file that is as it should be is not written: a full disk does not keep the daemon from starting. */
static int migrate(sqlite3 *s, const struct db_schema *const *schemas, size_t n, struct err *e)
{
	struct err ignored = { 0 };

	if (is_current(s, schemas, n))
		return 0;
	if (db_run(s, "BEGIN IMMEDIATE;CREATE TABLE IF NOT EXISTS schema_version(name TEXT PRIMARY KEY, version INTEGER NOT NULL)",
		   e) < 0)
		return -e->code;
	for (size_t i = 0; i < n; i++) {
		if (schemas[i] && migrate_one(s, schemas[i], e) < 0) {
			db_run(s, "ROLLBACK", &ignored);
			return -e->code;
		}
	}
	return db_run(s, "COMMIT", e);
}

int db_open_file(const char *path, const struct db_schema *const *schemas, size_t n, sqlite3 **ret, struct err *e)
{
	auto_call(close_db) sqlite3 *s = NULL;
	int rc = open_checked(path, &s, e);

	if (rc == -EBADMSG) {
		struct err why = *e;

		err_clear(e);
		if (move_aside(path, &why, e) < 0)
			return -e->code;
		rc = open_checked(path, &s, e);
	}
	if (rc < 0)
		return rc;
	if (migrate(s, schemas, n, e) < 0)
		return err_add(e, "%s", path);
	*ret = take_ptr(s);
	return 0;
}
