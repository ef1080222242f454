/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/db_sql.c */
#include <string.h>

#include "tests/lib/test.h"
#include "vzd/db_priv.h"

static struct err e;

static sqlite3 *memory(void)
{
	sqlite3 *s = NULL;

	CHECK_EQ(sqlite3_open(":memory:", &s), SQLITE_OK);
	CHECK_OK(db_run(s, "CREATE TABLE t(n INTEGER PRIMARY KEY, v TEXT, f REAL)", &e), &e);
	return s;
}

struct got { int n, stop_at; char text[64]; double f; };

static int row(sqlite3_stmt *st, void *arg, struct err *err)
{
	struct got *g = arg;

	g->n++;
	strncat(g->text, db_text(st, 0), 20);
	g->f = sqlite3_column_double(st, 1);
	if (g->n == g->stop_at)
		return 1;
	return g->n == -g->stop_at ? err_say(err, EDOM, "enough") : 0;
}

TEST(arguments_and_rows)
{
	struct got g = { 0 }, one = { .stop_at = 1 }, fail = { .stop_at = -2 };
	sqlite3 *s = memory();

	CHECK_OK(db_exec(s, &e, "INSERT INTO t VALUES(?1, ?2, ?3)", "isd", (int64_t)1, "a'b", 1.5), &e);
	CHECK_OK(db_exec(s, &e, "INSERT INTO t VALUES(?1, ?2, ?3)", "isd", INT64_MAX, NULL, 2.5), &e);
	CHECK_OK(db_exec(s, &e, "INSERT INTO t VALUES(?1, ?2, ?3)", "isd", (int64_t)-7, "", 0.25), &e);
	CHECK_EQ(db_each(s, &e, row, &g, "SELECT v, f FROM t ORDER BY n", ""), 3);
	CHECK_STR(g.text, "a'b");
	CHECK(g.f == 2.5);
	CHECK_EQ(db_each(s, &e, row, &one, "SELECT v, f FROM t", ""), 1);
	CHECK_ERR(db_each(s, &e, row, &fail, "SELECT v, f FROM t", ""), EDOM);
	CHECK_STR(e.text, "enough");
	CHECK_EQ(db_each(s, &e, row, &g, "SELECT v FROM t WHERE v = ?1", "s", "nothing"), 0);
	sqlite3_close(s);
}

TEST(errors_say_what)
{
	sqlite3 *s = memory();

	CHECK_ERR(db_exec(s, &e, "INSERT INTO nowhere VALUES(1)", ""), EIO);
	CHECK(strstr(e.text, "no such table: nowhere"));
	CHECK_ERR(db_exec(s, &e, "INSERT INTO t VALUES(?1, NULL, NULL)", "x", 1), EINVAL);
	CHECK_OK(db_exec(s, &e, "INSERT INTO t VALUES(1, NULL, NULL)", ""), &e);
	CHECK_ERR(db_exec(s, &e, "INSERT INTO t VALUES(?1, NULL, NULL)", "i", (int64_t)1), EEXIST);
	CHECK_ERR(db_exec(s, &e, "INSERT INTO t VALUES(2, NULL, NULL)", "i", (int64_t)1), EIO);	/* more arguments than places */
	CHECK_OK(db_run(s, "PRAGMA max_page_count = 3", &e), &e);
	CHECK_ERR(db_exec(s, &e, "INSERT INTO t VALUES(9, hex(zeroblob(50000)), NULL)", ""), ENOSPC);
	CHECK(strstr(e.text, "free some"));
	sqlite3_close(s);
}
