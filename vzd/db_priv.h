/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_DB_PRIV_H
#define VZD_DB_PRIV_H
/* What db.c (the writer's thread), db_open.c (the file, its check, migration) and db_sql.c (statements) share. */
#include "vzd/db.h"

/* Opens @path for writing, or what it is moved aside for; migrated to @schemas. */
int db_open_file(const char *path, const struct db_schema *const *schemas, size_t n, sqlite3 **ret, struct err *e);
int db_open_reader(const char *path, sqlite3 **ret, struct err *e);
int db_run(sqlite3 *s, const char *sql, struct err *e);	/* statements without arguments or rows */
/* Fills *e from what SQLite last said on @s. */
int db_fail(sqlite3 *s, struct err *e, const char *what);

#endif
