/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statements: arguments in, rows out, SQLite's results as errors. */
#include <stdarg.h>

#include "util/auto.h"
#include "util/err.h"
#include "vzd/db_priv.h"

static const struct { int rc, code; } db_codes[] = {
	{ SQLITE_FULL, ENOSPC }, { SQLITE_BUSY, EBUSY }, { SQLITE_LOCKED, EBUSY }, { SQLITE_CORRUPT, EBADMSG },
	{ SQLITE_NOTADB, EBADMSG }, { SQLITE_READONLY, EROFS }, { SQLITE_NOMEM, ENOMEM }, { SQLITE_CONSTRAINT, EEXIST },
	{ SQLITE_CANTOPEN, ENOENT }, { SQLITE_TOOBIG, EFBIG }, { SQLITE_INTERRUPT, EINTR },
};

int db_fail(sqlite3 *s, struct err *e, const char *what)
{
	int rc = sqlite3_errcode(s) & 0xff, code = EIO;
	int sys = sqlite3_system_errno(s);

	for (size_t i = 0; i < ARRAY_SIZE(db_codes); i++) {
		if (db_codes[i].rc == rc)
			code = db_codes[i].code;
	}
	if (rc == SQLITE_CANTOPEN && sys > 0)
		code = sys;
	if (rc == SQLITE_IOERR && (sys == ENOSPC || sys == EDQUOT))
		code = ENOSPC;
	if (code == ENOSPC)
		return err_say(e, code, "%s: no space left for the database; free some on its file system", what);
	return err_say(e, code, "%s: %s", what, sqlite3_errmsg(s));
}

int db_run(sqlite3 *s, const char *sql, struct err *e)
{
	return sqlite3_exec(s, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_fail(s, e, "database");
}

static void finalize(sqlite3_stmt **st)
{
	sqlite3_finalize(*st);
}

static int bind_args(sqlite3 *s, sqlite3_stmt *st, const char *fmt, va_list ap, struct err *e)
{
	int rc = SQLITE_OK;

	for (int i = 1; *fmt && rc == SQLITE_OK; fmt++, i++) {
		if (*fmt == 's')
			rc = sqlite3_bind_text(st, i, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
		else if (*fmt == 'i')
			rc = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
		else if (*fmt == 'd')
			rc = sqlite3_bind_double(st, i, va_arg(ap, double));
		else
			return err_say(e, EINVAL, "database: argument of kind '%c'", *fmt);
	}
	return rc == SQLITE_OK ? 0 : db_fail(s, e, sqlite3_sql(st));
}

static int prepare(sqlite3 *s, sqlite3_stmt **ret, const char *sql, const char *fmt, va_list ap, struct err *e)
{
	if (sqlite3_prepare_v2(s, sql, -1, ret, NULL) != SQLITE_OK)
		return db_fail(s, e, sql);
	return bind_args(s, *ret, fmt, ap, e);
}

int db_exec(sqlite3 *s, struct err *e, const char *sql, const char *fmt, ...)
{
	auto_call(finalize) sqlite3_stmt *st = NULL;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = prepare(s, &st, sql, fmt, ap, e);
	va_end(ap);
	if (rc < 0)
		return rc;
	do {
		rc = sqlite3_step(st);
	} while (rc == SQLITE_ROW);
	return rc == SQLITE_DONE ? 0 : db_fail(s, e, "database");
}

int db_each(sqlite3 *s, struct err *e, db_row *row, void *arg, const char *sql, const char *fmt, ...)
{
	auto_call(finalize) sqlite3_stmt *st = NULL;
	va_list ap;
	int rc, n = 0;

	va_start(ap, fmt);
	rc = prepare(s, &st, sql, fmt, ap, e);
	va_end(ap);
	if (rc < 0)
		return rc;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		n++;
		rc = row(st, arg, e);
		if (rc < 0)
			return rc;
		if (rc > 0)
			return n;
	}
	return rc == SQLITE_DONE ? n : db_fail(s, e, "database");
}

const char *db_text(sqlite3_stmt *st, int col)
{
	const char *s = (const char *)sqlite3_column_text(st, col);

	return s ? s : "";
}
