/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/db.c: the writer's thread. Also what it promises: a write that was acknowledged is there after kill -9. */
#include "vzd/db.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/str.h"

static struct err e;
static struct vzd d;
static char path[256];

static struct db *start(const char *dir)
{
	struct db *db = NULL;

	CHECK(str_fmt(path, sizeof(path), "%s/sub/vzd.db", dir) == 0);
	if (!d.ev)
		CHECK_OK(ev_open(&d.ev, &e), &e);
	CHECK_OK(db_open(&d, path, &db, &e), &e);
	return db;
}

static int make_work(sqlite3 *s, void *arg, struct err *err)
{
	(void)arg;
	return db_exec(s, err, "CREATE TABLE t(n INTEGER PRIMARY KEY, v TEXT)", "");
}

static struct db *start_with_table(void)
{
	struct db *db = start(test_tmp());

	CHECK_OK(db_write_sync(db, make_work, NULL, &e), &e);
	return db;
}

static int clear_work(sqlite3 *s, void *arg, struct err *err)
{
	(void)arg;
	return db_exec(s, err, "DELETE FROM t", "");
}

static int put_work(sqlite3 *s, void *arg, struct err *err)
{
	return db_exec(s, err, "INSERT INTO t VALUES(?1, ?2)", "is", (int64_t)(intptr_t)arg, "x");
}

static int put_and_fail_work(sqlite3 *s, void *arg, struct err *err)
{
	if (put_work(s, arg, err) < 0)
		return -err->code;
	return err_say(err, EPERM, "no");
}

static int int_row(sqlite3_stmt *st, void *arg, struct err *err)
{
	(void)err;
	*(long long *)arg = sqlite3_column_int64(st, 0);
	return 1;
}

static long long ask(struct db *db, const char *sql)
{
	long long n = -1;

	CHECK_OK(db_each(db_reader(db), &e, int_row, &n, sql, ""), &e);
	return n;
}

static struct { int n, code[64]; intptr_t arg[64]; } seen;

static void on_done(void *arg, const struct err *err)
{
	seen.arg[seen.n] = (intptr_t)arg;
	seen.code[seen.n++] = err->code;
}

static void turn_until(int n)
{
	UNTIL(d.ev, seen.n >= n);
	CHECK_EQ(seen.n, n);
}

static void write_n(struct db *db, db_work *work, int n)
{
	CHECK_OK(db_write(db, work, (void *)(intptr_t)n, on_done, &e), &e);
}

TEST(writes_come_back_in_order_and_failures_stay_alone)
{
	struct db *db = start_with_table();

	for (int i = 1; i <= 20; i++)
		write_n(db, i % 5 ? put_work : put_and_fail_work, i);
	write_n(db, put_work, 7);		/* is there already */
	CHECK_EQ(seen.n, 0);			/* never before the loop turns */
	turn_until(21);
	for (int i = 0; i < 20; i++) {
		CHECK_EQ(seen.arg[i], i + 1);
		CHECK_EQ(seen.code[i], (i + 1) % 5 ? 0 : EPERM);
	}
	CHECK_EQ(seen.code[20], EEXIST);
	CHECK_EQ(ask(db, "SELECT count(*) FROM t"), 16);
	db_close(db);
	ev_close(d.ev);
}

TEST(sync_waits_and_drain_delivers)
{
	struct db *db = start_with_table();

	CHECK_OK(db_write_sync(db, put_work, (void *)1, &e), &e);
	CHECK_ERR(db_write_sync(db, put_work, (void *)1, &e), EEXIST);
	CHECK(strstr(e.text, "UNIQUE"));
	write_n(db, put_work, 2);
	write_n(db, put_work, 3);
	db_drain(db);
	CHECK_EQ(seen.n, 2);
	db_drain(db);
	CHECK_OK(db_write(db, put_work, (void *)4, NULL, &e), &e);
	CHECK_OK(db_write(db, put_work, (void *)4, NULL, &e), &e);	/* fails: logged */
	db_close(db);
	db = start(test_tmp());
	CHECK_EQ(ask(db, "SELECT sum(n) FROM t"), 10);		/* close has written it */
	db_close(db);
	db_close(NULL);
	ev_close(d.ev);
}

TEST(reader_cannot_write)
{
	struct db *db = start_with_table();

	CHECK_ERR(db_exec(db_reader(db), &e, "DELETE FROM t", ""), EROFS);
	db_close(db);
	ev_close(d.ev);
}

/* Writes 1, 2, 3 ... eight at a time, and says on the pipe which are durable, until it is killed. */
static void ack(void *arg, const struct err *err)
{
	static intptr_t next = 1;
	int n = (int)(intptr_t)arg;

	if (err->code || (n && write(1, &n, sizeof(n)) != sizeof(n)))
		_exit(1);
	do {
		if (db_write(d.db, put_work, (void *)next, ack, &e) < 0)
			_exit(2);
		next++;
	} while (next <= 8);
}

static pid_t writing_child(int out)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0) {
		if (dup2(out, 1) < 0 || ev_open(&d.ev, &e) < 0 || db_open(&d, path, &d.db, &e) < 0)
			_exit(3);
		ack(NULL, &(struct err){ 0 });
		ev_run(d.ev, &e);
		_exit(4);
	}
	return pid;
}

static int last_ack(int fd, int want)
{
	int n = 0, got = 0;

	while (got < want && read(fd, &n, sizeof(n)) == sizeof(n))
		got = n;
	return got;
}

static void empty_table(void)
{
	struct db *db = start(test_tmp());

	CHECK_OK(db_write_sync(db, clear_work, NULL, &e), &e);
	db_close(db);
	ev_close(take_ptr(d.ev));
}

TEST(acknowledged_writes_survive_kill_9)
{
	db_close(start_with_table());
	ev_close(take_ptr(d.ev));
	for (int round = 0; round < 5; round++) {
		struct db *db;
		int p[2], acked;
		pid_t pid;

		CHECK(pipe2(p, O_CLOEXEC) == 0);
		pid = writing_child(p[1]);
		close(p[1]);
		acked = last_ack(p[0], 20 + 17 * round);
		kill(pid, SIGKILL);
		CHECK(waitpid(pid, NULL, 0) == pid);
		acked = MAX(acked, last_ack(p[0], 1 << 30));
		close(p[0]);
		CHECK(acked >= 20);
		db = start(test_tmp());
		CHECK(ask(db, "SELECT max(n) FROM t") >= acked);
		CHECK_EQ(ask(db, "SELECT count(*) FROM t"), ask(db, "SELECT max(n) FROM t"));
		db_close(db);
		ev_close(take_ptr(d.ev));
		empty_table();
	}
}

static int big_work(sqlite3 *s, void *arg, struct err *err)
{
	return db_exec(s, err, "INSERT INTO t VALUES(?1, hex(randomblob(200000)))", "i", (int64_t)(intptr_t)arg);
}

TEST_ROOT(full_disk_fails_writes_and_not_the_daemon)
{
	struct db *db;
	int ok = 0;

	test_own_mounts();
	CHECK(mount("tmpfs", test_tmp(), "tmpfs", 0, "size=4m") == 0);
	db = start_with_table();
	while (ok < 60 && db_write_sync(db, big_work, (void *)(intptr_t)(ok + 1), &e) == 0)
		ok++;
	CHECK(ok >= 1 && ok < 60);
	CHECK_EQ(e.code, ENOSPC);
	CHECK(strstr(e.text, "no space left"));
	CHECK_EQ(ask(db, "SELECT count(*) FROM t"), ok);
	write_n(db, big_work, 100);
	turn_until(1);
	CHECK_EQ(seen.code[0], ENOSPC);
	CHECK_EQ(ask(db, "SELECT count(*) FROM t"), ok);
	CHECK(mount(NULL, test_tmp(), NULL, MS_REMOUNT, "size=16m") == 0);
	CHECK_OK(db_write_sync(db, big_work, (void *)100, &e), &e);
	CHECK_OK(db_write_sync(db, clear_work, NULL, &e), &e);
	db_close(db);
	ev_close(d.ev);
	CHECK(umount(test_tmp()) == 0);
}

static void fill_disk(void)
{
	struct buf auto_buf name = BUF_INIT;
	static char block[65536];
	int fd;

	buf_addf(&name, "%s/fill", test_tmp());
	fd = open(buf_str(&name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	memset(block, 1, sizeof(block));
	while (write(fd, block, sizeof(block)) > 0)
		;
	close(fd);
}

static bool has_reserve(void)
{
	struct buf auto_buf name = BUF_INIT;

	buf_addf(&name, "%s.reserve", path);
	return access(buf_str(&name), F_OK) == 0;
}

/* A restart while the disk is full: what is there can be read, and the little that a start writes has room. */
TEST_ROOT(opens_on_a_full_disk)
{
	struct db *db;
	int n = 10;

	test_own_mounts();
	CHECK(mount("tmpfs", test_tmp(), "tmpfs", 0, "size=16m") == 0);
	db = start_with_table();
	CHECK_OK(db_write_sync(db, put_work, (void *)5, &e), &e);
	CHECK(has_reserve());
	fill_disk();
	while (db_write_sync(db, big_work, (void *)(intptr_t)n, &e) == 0)
		n++;
	CHECK_EQ(e.code, ENOSPC);
	db_close(db);
	CHECK(has_reserve());
	db = start(test_tmp());
	CHECK(!has_reserve());
	CHECK_EQ(ask(db, "SELECT min(n) FROM t"), 5);
	CHECK_OK(db_write_sync(db, put_work, (void *)6, &e), &e);
	db_close(db);
	db = start(test_tmp());			/* and without it what is there can be read all the same */
	CHECK_EQ(ask(db, "SELECT count(*) FROM t WHERE n < 10"), 2);
	db_close(db);
	CHECK(mount(NULL, test_tmp(), NULL, MS_REMOUNT, "size=64m") == 0);
	db = start(test_tmp());
	CHECK(has_reserve());
	db_close(db);
	ev_close(d.ev);
	CHECK(umount(test_tmp()) == 0);
}

static int sleep_work(sqlite3 *s, void *arg, struct err *err)
{
	usleep(1000000);
	return put_work(s, arg, err);
}

TEST(the_loop_never_waits_for_the_disk)
{
	struct db *db = start_with_table();
	struct ev_stat st;

	for (int i = 1; i <= 3; i++)
		write_n(db, sleep_work, i);
	turn_until(3);
	ev_stat(d.ev, &st);
	CHECK(st.worst_us < 1000000);
	db_close(db);
	ev_close(d.ev);
}
