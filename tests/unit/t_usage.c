/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vzd/usage.c and usage_store.c with their rows in a database in memory: a container that runs, stops, starts and reboots
 * while vzd looks at it, crashes, loses commits and reads records of exits twice, with a clock that jumps. What is stored is
 * never more than the truth, and all of it where nothing was lost.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "libct/exitrec.h"
#include "tests/lib/test.h"
#include "vzd/db.h"
#include "vzd/usage_priv.h"

#define HOUR0 (1700000000ll / 3600 * 3600)

struct world {
	sqlite3 *s;
	struct usage *u;
	uint64_t rnd;
	/* the machine */
	uint64_t boot, next_life, next_index, next_gen;
	uint64_t mono;
	int64_t clock;
	bool running;
	uint64_t gen, life, cpu, known_gen;		/* known_gen: what the inventory believes */
	struct usage_if venet, eth;
	/* records not yet read, and one that was read and may be read again */
	struct ct_exit rec[64], again;
	unsigned n_rec;
	/* the truth */
	uint64_t t_cpu, t_rx, t_tx;
};

static uint64_t rnd(struct world *w, uint64_t n)
{
	w->rnd = w->rnd * 6364136223846793005ull + 1442695040888963407ull;
	return (w->rnd >> 33) % n;
}

static void world_open(struct world *w, uint64_t seed)
{
	struct err e = { 0 };

	*w = (struct world){ .rnd = seed * 2654435761u + 1, .boot = 1, .next_life = 100, .next_index = 5, .next_gen = 1000,
			     .mono = 1000, .clock = HOUR0 };
	CHECK_EQ(sqlite3_open(":memory:", &w->s), SQLITE_OK);
	for (size_t i = 0; i < usage_schema.n; i++)
		CHECK_EQ(sqlite3_exec(w->s, usage_schema.sql[i], NULL, NULL, NULL), SQLITE_OK);
	w->u = usage_new(w->boot, false, &e);
	CHECK(w->u);
	usage_first_round_done(w->u);
}

static void flush(struct world *w, bool fails)
{
	struct err e = { 0 };
	struct u_batch *b = usage_take(w->u, &e);

	CHECK_EQ(e.code, 0);
	if (!b)
		return;
	CHECK_EQ(sqlite3_exec(w->s, "SAVEPOINT x", NULL, NULL, NULL), SQLITE_OK);
	CHECK_OK(usage_batch_work(w->s, b, &e), &e);
	CHECK_EQ(sqlite3_exec(w->s, fails ? "ROLLBACK TO x; RELEASE x" : "RELEASE x", NULL, NULL, NULL), SQLITE_OK);
	usage_taken(w->u, b, !fails);
}

/* vzd dies and comes back: only the database is left. */
static void crash(struct world *w)
{
	bool baseline = false;
	struct err e = { 0 };

	usage_free(w->u);
	w->u = usage_new(w->boot, false, &e);
	CHECK(w->u);
	CHECK_OK(usage_load(w->s, usage_row, w->u, &baseline, &e), &e);
	usage_free(w->u);
	w->u = usage_new(w->boot, baseline, &e);
	CHECK(w->u);
	CHECK_OK(usage_load(w->s, usage_row, w->u, &baseline, &e), &e);
	usage_first_round_done(w->u);
}

static void work(struct world *w)
{
	uint64_t c = rnd(w, 1000000), r = rnd(w, 100000), t = rnd(w, 100000);

	w->mono += 1 + rnd(w, 60000);
	w->clock += (int64_t)rnd(w, 100);
	if (!w->running)
		return;
	w->cpu += c;
	w->venet.rx += r;
	w->venet.tx += t;
	w->eth.rx += r / 2;
	w->eth.tx += t / 2;
	w->t_cpu += c;
	w->t_rx += r + r / 2;
	w->t_tx += t + t / 2;
}

static void look(struct world *w)
{
	struct usage_if ifs[2] = { w->venet, w->eth };
	struct usage_look l = {
		.ctid = 101, .owner = "acme", .now_s = w->clock, .mono_ms = w->mono, .gen = w->known_gen,
		.life = w->running ? w->life : 0, .cpu_usec = w->cpu, .ifs = ifs, .n_ifs = w->running ? 2 : 0,
	};

	usage_look(w->u, &l);
}

static void start(struct world *w)
{
	if (w->running)
		return;
	w->running = true;
	w->gen = w->next_gen++;
	w->life = w->next_life++;
	w->cpu = 0;
	w->venet = (struct usage_if){ .index = (unsigned)w->next_index++, .venet = true };
	w->eth = (struct usage_if){ .index = (unsigned)w->next_index++ };
}

static void stop(struct world *w, bool record)
{
	if (!w->running)
		return;
	w->running = false;
	if (record && w->n_rec < ARRAY_SIZE(w->rec))
		w->rec[w->n_rec++] = (struct ct_exit){
			.ctid = 101, .gen = w->gen, .time_ms = w->clock * 1000, .counted = true, .net_counted = true,
			.cpu_usec = w->cpu, .rx_bytes = w->venet.rx, .tx_bytes = w->venet.tx,
		};
}

static void read_records(struct world *w)
{
	for (unsigned i = 0; i < w->n_rec; i++) {
		usage_exit(w->u, &w->rec[i], "acme");
		w->again = w->rec[i];
	}
	w->n_rec = 0;
}

/* The inventory learns of a start; what it reads after the records in the same queue, mostly. */
static void notice(struct world *w)
{
	if (rnd(w, 10))
		read_records(w);
	w->known_gen = w->running ? w->gen : 0;
}

static void reboot(struct world *w)
{
	struct err e = { 0 };

	w->running = false;
	w->n_rec = 0;
	w->again.ctid = 0;
	w->boot++;
	w->next_life = 100;		/* numbers may come again */
	w->next_index = 5;
	w->mono = 1000;
	w->known_gen = 0;
	crash(w);
	CHECK_EQ(e.code, 0);
}

struct sums { int64_t cpu, rx, tx; };

static int sums_row(sqlite3_stmt *st, void *arg, struct err *e)
{
	struct sums *s = arg;

	(void)e;
	*s = (struct sums){ sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2) };
	return 0;
}

static struct sums stored(struct world *w, int step)
{
	struct sums s = { 0 };
	struct err e = { 0 };

	CHECK(db_each(w->s, &e, sums_row, &s, "SELECT SUM(cpu_us), SUM(rx), SUM(tx) FROM usage WHERE step = ?1", "i",
		      (int64_t)step) >= 0);
	return s;
}

static void never_more(struct world *w)
{
	struct sums s = stored(w, 3600);

	if (s.cpu > (int64_t)w->t_cpu || s.rx > (int64_t)w->t_rx || s.tx > (int64_t)w->t_tx)
		test_fail(__FILE__, __LINE__, "stored %" PRId64 " %" PRId64 " %" PRId64 ", true %" PRIu64 " %" PRIu64 " %" PRIu64,
			  s.cpu, s.rx, s.tx, w->t_cpu, w->t_rx, w->t_tx);
}

static void world_close(struct world *w)
{
	struct sums h = stored(w, 3600), d = stored(w, 86400), m = stored(w, 1);

	CHECK(memcmp(&h, &d, sizeof(h)) == 0 && memcmp(&h, &m, sizeof(h)) == 0);
	usage_free(w->u);
	sqlite3_close(w->s);
}

static void wild_step(struct world *w)
{
	switch (rnd(w, 14)) {
	case 0: case 1: case 2: work(w); break;
	case 3: case 4: work(w); look(w); break;
	case 5: start(w); break;
	case 6: stop(w, rnd(w, 4) != 0); break;
	case 7: stop(w, true); start(w); break;			/* restart at once */
	case 8: notice(w); break;
	case 9: flush(w, rnd(w, 4) == 0); break;
	case 10: crash(w); break;
	case 11: w->clock += (int64_t)rnd(w, 1000000) - 500000; break;
	case 12:
		if (w->again.ctid)				/* vzd died before it removed the file */
			usage_exit(w->u, &w->again, "acme");
		break;
	case 13:
		if (rnd(w, 10) == 0)
			reboot(w);
		break;
	default: break;
	}
}

TEST(never_more_than_the_truth)
{
	for (unsigned seed = 1; seed <= 120; seed++) {
		struct world w;

		world_open(&w, seed);
		for (int i = 0; i < 400; i++)
			wild_step(&w);
		flush(&w, false);
		never_more(&w);
		world_close(&w);
	}
}

/* Commits that fail, crashes after a commit, jumps of the clock, starts that nobody looked at: nothing is missing at the end. */
TEST(all_of_the_truth)
{
	for (unsigned seed = 1; seed <= 120; seed++) {
		struct world w;
		struct sums s;

		world_open(&w, seed);
		for (int i = 0; i < 300; i++) {
			switch (rnd(&w, 8)) {
			case 0: case 1: work(&w); break;
			case 2: work(&w); look(&w); break;
			case 3: flush(&w, rnd(&w, 3) == 0); break;
			case 4: flush(&w, false); crash(&w); break;
			case 5: w.clock += (int64_t)rnd(&w, 1000000) - 500000; break;
			case 6:
				start(&w);
				if (rnd(&w, 2)) {
					w.known_gen = w.gen;
					look(&w);
				}
				break;
			default:
				w.known_gen = w.running ? w.gen : 0;
				look(&w);		/* bridged interfaces have no record */
				stop(&w, true);
				read_records(&w);
				w.known_gen = 0;
				break;
			}
		}
		w.known_gen = w.running ? w.gen : 0;
		look(&w);
		flush(&w, false);
		s = stored(&w, 3600);
		CHECK_EQ(s.cpu, w.t_cpu);
		CHECK_EQ(s.rx, w.t_rx);
		CHECK_EQ(s.tx, w.t_tx);
		world_close(&w);
	}
}

/* A new database in front of containers that have run for a year bills nothing of that year. */
TEST(first_look)
{
	struct world w;
	struct err e = { 0 };

	world_open(&w, 1);
	usage_free(w.u);
	w.u = usage_new(w.boot, false, &e);
	start(&w);
	work(&w);
	look(&w);
	usage_first_round_done(w.u);
	flush(&w, false);
	CHECK_EQ(stored(&w, 3600).cpu, 0);
	w.t_cpu = w.t_rx = w.t_tx = 0;
	work(&w);
	look(&w);
	flush(&w, false);
	CHECK_EQ(stored(&w, 3600).cpu, w.t_cpu);
	CHECK(w.t_cpu > 0);
	crash(&w);
	stop(&w, true);
	start(&w);
	work(&w);
	w.known_gen = w.gen;
	look(&w);
	flush(&w, false);
	CHECK_EQ(stored(&w, 3600).cpu, w.t_cpu);
	world_close(&w);
}

static int64_t one_value(struct world *w, const char *sql)
{
	sqlite3_stmt *st;
	int64_t v;

	CHECK_EQ(sqlite3_prepare_v2(w->s, sql, -1, &st, NULL), SQLITE_OK);
	CHECK_EQ(sqlite3_step(st), SQLITE_ROW);
	v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}

/* 1 GiB for an hour, looked at every 30 s; an absence of vzd in between is not billed. */
TEST(integrals)
{
	struct world w;

	world_open(&w, 1);
	for (int i = 0; i <= 120; i++) {
		struct usage_look l = { .ctid = 101, .owner = "", .now_s = HOUR0 + 30 * i, .mono_ms = 1000 + 30000u * (unsigned)i,
					.gen = 1, .life = 7, .mem_bytes = 1u << 30, .disk_bytes = 2ull << 30 };

		if (i == 60) {
			flush(&w, false);
			crash(&w);
		}
		usage_look(w.u, &l);
	}
	flush(&w, false);
	CHECK_EQ(one_value(&w, "SELECT SUM(mem_kib_s) FROM usage WHERE step = 3600"), (3600 - 30) * (1ll << 20));
	CHECK_EQ(one_value(&w, "SELECT SUM(disk_kib_s) FROM usage WHERE step = 3600"), (3600 - 30) * (2ll << 20));
	world_close(&w);
}

TEST(gone_and_again)
{
	struct world w;

	world_open(&w, 1);
	start(&w);
	work(&w);
	w.known_gen = w.gen;
	look(&w);
	usage_gone(w.u, 101);
	flush(&w, false);
	CHECK_EQ(one_value(&w, "SELECT COUNT(*) FROM usage_src"), 0);
	CHECK_EQ(stored(&w, 3600).cpu, w.t_cpu);		/* what was used stays */
	stop(&w, false);
	start(&w);
	work(&w);
	w.known_gen = w.gen;
	look(&w);
	flush(&w, false);
	CHECK_EQ(stored(&w, 3600).cpu, w.t_cpu);
	world_close(&w);
}

/* However often it restarts, little is remembered. */
TEST(bounded)
{
	struct world w;

	world_open(&w, 1);
	for (int i = 0; i < 500; i++) {
		start(&w);
		work(&w);
		if (i % 3 == 0) {
			w.known_gen = w.gen;
			look(&w);
		}
		stop(&w, true);
		read_records(&w);
		w.known_gen = 0;
		flush(&w, false);
	}
	CHECK(one_value(&w, "SELECT COUNT(*) FROM usage_src") < 60);
	world_close(&w);
}
