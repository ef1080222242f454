/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/db_open.c */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/test.h"
#include "util/str.h"
#include "vzd/db_priv.h"

static struct err e;
static char path[256];

static const char *const one_sql[] = { "CREATE TABLE a(n INTEGER); INSERT INTO a VALUES(1);" };
static const char *const two_sql[] = { "CREATE TABLE a(n INTEGER); INSERT INTO a VALUES(1);",
				       "ALTER TABLE a ADD COLUMN m INTEGER DEFAULT 7; INSERT INTO a VALUES(2, 8);" };
static const char *const bad_sql[] = { "CREATE TABLE b(n INTEGER)", "NONSENSE" };
static const struct db_schema one = { "mod", one_sql, 1 }, two = { "mod", two_sql, 2 }, bad = { "bad", bad_sql, 2 };

static int open_with(const struct db_schema *a, const struct db_schema *b, sqlite3 **s)
{
	const struct db_schema *const list[] = { a, NULL, b };

	CHECK(str_fmt(path, sizeof(path), "%s/sub/x.db", test_tmp()) == 0);
	return db_open_file(path, list, ARRAY_SIZE(list), s, &e);
}

static int text_row(sqlite3_stmt *st, void *arg, struct err *err)
{
	(void)err;
	strncat(arg, db_text(st, 0), 60);
	strncat(arg, ";", 2);
	return 0;
}

static const char *ask(sqlite3 *s, const char *sql)
{
	static char out[256];

	*out = '\0';
	CHECK_OK(db_each(s, &e, text_row, out, sql, ""), &e);
	return out;
}

TEST(made_private_and_migrated_step_by_step)
{
	sqlite3 *s = NULL;
	struct stat st;

	umask(0);
	CHECK_OK(open_with(&one, NULL, &s), &e);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	CHECK_STR(ask(s, "SELECT version FROM schema_version WHERE name = 'mod'"), "1;");
	CHECK_STR(ask(s, "PRAGMA journal_mode"), "wal;");
	CHECK_STR(ask(s, "PRAGMA synchronous"), "2;");
	sqlite3_close(s);
	CHECK_OK(open_with(&two, NULL, &s), &e);
	CHECK_STR(ask(s, "SELECT n || '-' || m FROM a ORDER BY n"), "1-7;2-8;");
	sqlite3_close(s);
	CHECK_OK(open_with(&two, NULL, &s), &e);
	CHECK_STR(ask(s, "SELECT count(*) FROM a"), "2;");
	sqlite3_close(s);
}

TEST(newer_tables_are_refused)
{
	sqlite3 *s = NULL;

	CHECK_OK(open_with(&two, NULL, &s), &e);
	sqlite3_close(take_ptr(s));
	CHECK_ERR(open_with(&one, NULL, &s), EPROTO);
	CHECK(strstr(e.text, "tables of mod are of version 2 and this vzd knows 1"));
	CHECK(!s);
}

TEST(a_migration_is_all_or_nothing)
{
	sqlite3 *s = NULL;

	CHECK_OK(open_with(&one, NULL, &s), &e);
	sqlite3_close(take_ptr(s));
	CHECK(open_with(&two, &bad, &s) < 0);
	CHECK(strstr(e.text, "tables of bad, version 2"));
	CHECK_OK(open_with(&one, NULL, &s), &e);
	CHECK_STR(ask(s, "SELECT count(*) FROM a"), "1;");
	CHECK_STR(ask(s, "SELECT name FROM sqlite_master WHERE name = 'b'"), "");
	sqlite3_close(s);
}

static int aside(void)
{
	char dir[256];
	DIR *dp;
	struct dirent *de;
	int n = 0;

	CHECK(str_fmt(dir, sizeof(dir), "%s/sub", test_tmp()) == 0);
	dp = opendir(dir);
	CHECK(dp);
	while ((de = readdir(dp)))
		n += str_starts(de->d_name, "x.db.damaged.") && !str_ends(de->d_name, "-wal");
	closedir(dp);
	return n;
}

static void overwrite(off_t at, size_t n)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	static char junk[65536];

	memset(junk, 0x5a, sizeof(junk));
	CHECK(fd >= 0 && pwrite(fd, junk, n, at) == (ssize_t)n);
	close(fd);
}

TEST(damaged_ones_are_moved_aside)
{
	static const struct { off_t at; size_t n; } holes[] = { { 0, 100 }, { 4096, 8192 }, { 100, 3000 } };

	for (size_t i = 0; i < ARRAY_SIZE(holes); i++) {
		sqlite3 *s = NULL;
		int before;

		CHECK_OK(open_with(&two, NULL, &s), &e);
		before = aside();
		CHECK_OK(db_run(s, "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 3000) "
				   "INSERT INTO a SELECT i, i FROM c; PRAGMA wal_checkpoint(TRUNCATE)", &e), &e);
		sqlite3_close(take_ptr(s));
		overwrite(holes[i].at, holes[i].n);
		CHECK_OK(open_with(&two, NULL, &s), &e);
		CHECK_STR(ask(s, "SELECT count(*) FROM a"), "2;");
		CHECK_EQ(aside(), before + 1);
		sqlite3_close(s);
		usleep(1100000);	/* the names have the second in them */
	}
}

TEST(not_a_file_is_an_error)
{
	sqlite3 *s = NULL;

	CHECK(str_fmt(path, sizeof(path), "%s/sub", test_tmp()) == 0);
	CHECK(mkdir(path, 0700) == 0);
	CHECK(str_fmt(path, sizeof(path), "%s/sub/x.db", test_tmp()) == 0);
	CHECK(symlink("/etc/passwd", path) == 0);
	CHECK_ERR(open_with(&one, NULL, &s), ELOOP);
	CHECK_EQ(aside(), 0);
}
