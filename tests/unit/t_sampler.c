/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vzd/sampler.c: rounds over groups that really do something, in an inventory that is told what state they are in. What follows
 * from a look: events, history, usage, statistics, metrics.
 */
#include "tests/unit/cg_env.h"
#include "tests/unit/t_ct_box.h"

#include <sys/resource.h>

#include "vzd/bus.h"
#include "vzd/db.h"
#include "vzd/inv_priv.h"
#include "vzd/sampler_priv.h"
#include "vzd/timefmt.h"

static struct box b;
static struct vzd d;
static struct cg_host *h;
static struct buf said = BUF_INIT;

static void note(void *arg, const struct bus_event *ev)
{
	(void)arg;
	buf_addf(&said, "%s ", ev->json);
}

static void up(unsigned n)
{
	char conf[64], path[64];
	struct bus_sub *s;

	str_fmt(conf, sizeof(conf), "CGROUP_PARENT=\"%s\"\n", env_parent());
	h = env_open();
	box_init(&b, conf);
	d.host = b.host;
	d.conf.sample_sec.v = 1;
	for (unsigned id = 101; id < 101 + n; id++) {
		str_fmt(path, sizeof(path), BOX "/private/%u", id);
		CHECK_EQ(mkdir(path, 0700), 0);
		box_conf(id, "PHYSPAGES=\"0:8192\"\nSWAPPAGES=\"0:0\"\nOWNER=\"acme\"\nNAME=\"web\"\n");
	}
	CHECK_OK(ev_open(&d.ev, &b.e), &b.e);
	CHECK_OK(db_open(&d, BOX "/vzd.db", &d.db, &b.e), &b.e);
	CHECK_OK(bus_open(&d, &d.bus, &b.e), &b.e);
	CHECK_OK(bus_subscribe(d.bus, NULL, UINT64_MAX, note, NULL, &s, &b.e), &b.e);
	CHECK_OK(inv_open(&d, &d.inv, &b.e), &b.e);
	CHECK_OK(sampler_open(&d, &d.sampler, &b.e), &b.e);
}

static void down(void)
{
	sampler_close(d.sampler);
	inv_close(d.inv);
	bus_close(d.bus);
	db_close(d.db);
	ev_close(d.ev);
	buf_done(&said);
	box_done(&b);
	env_close(h);
}

static struct inv_ct *runs(unsigned id, uint64_t gen)
{
	struct inv_ct *ct = inv_find(d.inv, id);

	CHECK(ct);
	ct->state = INV_RUNNING;
	ct->gen = gen;
	ct->started_ms = timefmt_now_ms();
	return ct;
}

static int burn(void *arg)
{
	(void)arg;
	env_burn(100);
	return 0;
}

TEST_ROOT(sampler_figures)
{
	struct inv_ct *ct;
	const struct sample *s;
	struct cg *cg;
	uint64_t cpu;
	json_t *j;
	pid_t pid;

	up(1);
	cg = env_group(h, "101");
	ct = runs(101, 1);
	pid = env_spawn(cg, env_sleep, NULL);
	s = sampler_get(d.sampler, ct, 0, &b.e);
	CHECK(s);
	CHECK_EQ(s->gen, 1);
	CHECK_EQ(s->cg.pids, 1);
	CHECK(s->cpu_pct < 0.01);		/* no rate yet */
	cpu = s->cg.cpu_usec;
	env_nap(50);
	CHECK_EQ(env_run(cg, burn, NULL), 0);
	s = sampler_get(d.sampler, ct, 0, &b.e);
	CHECK(s && s->cg.cpu_usec > cpu + 20000);
	CHECK(s->cpu_pct > 0.1 && s->cpu_pct < 400);
	CHECK(sampler_get(d.sampler, ct, 60000, &b.e) == s);
	j = sampler_stats_json(d.sampler, ct, &b.e);
	CHECK(j);
	CHECK_EQ(json_integer_value(json_object_get(j, "processes")), 1);
	CHECK_EQ(json_integer_value(json_object_get(json_object_get(j, "memory"), "limit")), 32 << 20);
	json_decref(j);
	ct->state = INV_STOPPED;
	ct->gen = 0;
	CHECK(!sampler_get(d.sampler, ct, 0, &b.e));
	CHECK_EQ(b.e.code, ESRCH);
	err_clear(&b.e);
	j = sampler_stats_json(d.sampler, ct, &b.e);
	CHECK(j && json_is_null(json_object_get(j, "cpu")) && json_is_object(json_object_get(j, "disk")));
	json_decref(j);
	kill(pid, SIGKILL);
	env_status(pid);
	cg_close(cg);
	down();
}

/* Killed for its memory: said at once, not with the next round, and once. */
TEST_ROOT(sampler_oom)
{
	struct cg_conf c = env_mem(16, 0);
	size_t much = 64 << 20;
	struct inv_ct *ct;
	struct cg *cg;

	up(1);
	cg = env_group(h, "101");
	CHECK_OK(cg_apply(cg, &c, &b.e), &b.e);
	d.sampler->opened_ms = 0;
	ct = runs(101, 1);
	CHECK(sampler_get(d.sampler, ct, 0, &b.e));
	ev_del(d.sampler->round);
	d.sampler->round = NULL;
	CHECK_EQ(env_run(cg, env_eat, &much), 128 + SIGKILL);
	UNTIL(d.ev, strstr(buf_str(&said), "\"ct.oom\"") && strstr(buf_str(&said), "\"ct.limit\""));
	TURN_FOR(d.ev, 100);
	CHECK(strstr(buf_str(&said), "\"ct.oom\""));
	CHECK(strstr(buf_str(&said), "\"kills\":1"));
	CHECK(strstr(buf_str(&said), "\"ct.limit\"") && strstr(buf_str(&said), "\"kind\":\"memory\""));
	CHECK(sampler_limits(ct)->kind[HIT_MEMORY].total > 0);
	buf_reset(&said);
	CHECK(sampler_get(d.sampler, ct, 0, &b.e));
	TURN_FOR(d.ev, 50);
	CHECK_STR(buf_str(&said), "");
	cg_close(cg);
	down();
}

/* An idle one is looked at with two calls, and looks the same; a busy one is seen within a round. */
TEST_ROOT(sampler_idle)
{
	struct inv_ct *ct;
	struct s_ct *c;
	struct cg *cg;

	up(1);
	cg = env_group(h, "101");
	ct = runs(101, 1);
	CHECK_OK(sample_take(d.sampler, ct, false, &b.e), &b.e);
	c = ct->sample;
	for (unsigned i = 1; i <= SAMPLE_QUIET; i++) {
		CHECK_OK(sample_take(d.sampler, ct, false, &b.e), &b.e);
		CHECK_EQ(c->quiet, i);
	}
	CHECK_OK(sample_take(d.sampler, ct, false, &b.e), &b.e);
	CHECK_EQ(c->quiet, 0);
	CHECK_OK(sample_take(d.sampler, ct, false, &b.e), &b.e);
	CHECK_EQ(c->quiet, 1);
	CHECK_EQ(env_run(cg, burn, NULL), 0);
	CHECK_OK(sample_take(d.sampler, ct, false, &b.e), &b.e);
	CHECK_EQ(c->quiet, 0);
	CHECK(c->last.cg.cpu_usec > 20000);
	cg_close(cg);
	down();
}

/* Restarted between two looks, with the same number of the start for a moment: counters of two groups are never mixed. */
TEST_ROOT(sampler_restart)
{
	struct inv_ct *ct;
	struct cg *cg;

	up(1);
	cg = env_group(h, "101");
	ct = runs(101, 1);
	CHECK_EQ(env_run(cg, burn, NULL), 0);
	CHECK(sampler_get(d.sampler, ct, 0, &b.e));
	CHECK_OK(cg_remove(h, "101", 20000, &b.e), &b.e);
	CHECK(!sampler_get(d.sampler, ct, 0, &b.e));
	CHECK_EQ(b.e.code, ENOENT);
	err_clear(&b.e);
	cg_close(cg);
	cg = env_group(h, "101");
	CHECK(sampler_get(d.sampler, ct, 0, &b.e));
	CHECK(((struct s_ct *)ct->sample)->last.cg.cpu_usec < 20000);
	cg_close(cg);
	down();
}

static void whole_round(void)
{
	unsigned before = d.sampler->rounds;

	ev_set_timer(d.sampler->round, 0);
	while (d.sampler->rounds == before)
		CHECK_OK(ev_turn(d.ev, 50, &b.e), &b.e);
}

static int64_t stored(const char *sql)
{
	sqlite3_stmt *st;
	int64_t v;

	CHECK_EQ(sqlite3_prepare_v2(db_reader(d.db), sql, -1, &st, NULL), SQLITE_OK);
	CHECK_EQ(sqlite3_step(st), SQLITE_ROW);
	v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}

/* Rounds by themselves: usage is stored, and closing stores the rest. */
TEST_ROOT(sampler_rounds)
{
	struct inv_ct *ct;
	struct cg *cg;

	up(3);
	cg = env_group(h, "102");
	ct = runs(102, 1);
	ct->started_ms = 0;
	UNTIL(d.ev, d.sampler->rounds >= 1);	/* the first round: where things stand */
	CHECK_EQ(stored("SELECT COUNT(*) FROM usage WHERE cpu_us > 0"), 0);
	CHECK_EQ(env_run(cg, burn, NULL), 0);
	whole_round();
	whole_round();
	usage_flush(d.sampler->usage, ev_now_ms(), true);
	db_drain(d.db);
	CHECK(stored("SELECT SUM(cpu_us) FROM usage WHERE step = 3600 AND ctid = 102 AND owner = 'acme'") > 20000);
	CHECK_EQ(stored("SELECT COUNT(*) FROM usage WHERE cpu_us > 0 AND ctid <> 102"), 0);
	cg_close(cg);
	down();
}

static json_t *series_end(const char *span, const char *name)
{
	json_t *j = history_json(d.sampler, 101, span, &b.e), *v;
	size_t n;

	CHECK(j);
	v = json_object_get(json_object_get(j, "series"), name);
	n = json_array_size(v);
	CHECK(n > 0);
	v = json_incref(json_array_get(v, n - 1));
	json_decref(j);
	return v;
}

TEST_ROOT(sampler_history)
{
	uint32_t base;
	struct inv_ct *ct;
	struct ct *open;
	struct cg *cg;
	json_t *v;

	up(1);
	open = box_open(&b, "101", 0);
	CHECK_OK(ct_idmap_get(open, &base, &b.e), &b.e);
	CHECK(ct_birth(open));
	ct_close(open);
	cg = env_group(h, "101");
	ct = runs(101, 1);
	CHECK(sampler_get(d.sampler, ct, 0, &b.e));
	env_nap(20);
	CHECK_EQ(env_run(cg, burn, NULL), 0);
	CHECK(sampler_get(d.sampler, ct, 0, &b.e));
	v = series_end("hour", "cpu");
	CHECK(json_real_value(v) > 0.1);
	json_decref(v);
	v = series_end("year", "pids");
	CHECK(json_is_integer(v));
	json_decref(v);
	CHECK(!history_json(d.sampler, 101, "century", &b.e));
	CHECK_EQ(b.e.code, EINVAL);
	err_clear(&b.e);
	CHECK(box_is_there(VZD_LIB "/history/101"));
	unlink(CT_CONF_DIR "/101.conf");
	inv_refresh(d.inv, 101);
	CHECK(!inv_find(d.inv, 101));
	CHECK(!box_is_there(VZD_LIB "/history/101"));
	cg_close(cg);
	down();
}

TEST_ROOT(sampler_metrics)
{
	struct inv_ct *ct;
	struct cg *cg;
	const char *text, *again;
	size_t len, len2;

	up(2);
	cg = env_group(h, "101");
	ct = runs(101, 1);
	free(ct->name);
	ct->name = strdup("we\"b");
	CHECK(sampler_get(d.sampler, ct, 0, &b.e));
	text = metrics_text(d.sampler, true, &len);
	CHECK(text && strlen(text) == len);
	CHECK(strstr(text, "\nvz_ct_state{ct=\"101\",name=\"we\\\"b\",owner=\"acme\",state=\"running\"} 1\n"));
	CHECK(strstr(text, "\nvz_ct_state{ct=\"102\",name=\"web\",owner=\"acme\",state=\"stopped\"} 1\n"));
	CHECK(strstr(text, "\nvz_ct_memory_limit_bytes{ct=\"101\",name=\"we\\\"b\",owner=\"acme\"} 33554432\n"));
	CHECK(strstr(text, "\nvz_ct_pids{ct=\"101\""));
	CHECK(!strstr(text, "\nvz_ct_pids{ct=\"102\""));		/* it does not run */
	CHECK(strstr(text, "\nvz_node_cts{state=\"running\"} 1\n"));
	CHECK(str_ends(text, "# EOF\n"));
	again = metrics_text(d.sampler, true, &len2);
	CHECK(again == text && len2 == len);
	again = metrics_text(d.sampler, false, &len2);
	CHECK(again && !strstr(again, "# EOF"));
	cg_close(cg);
	down();
}

static uint64_t cpu_usec(void)
{
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	return (uint64_t)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000u +
	       (uint64_t)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec);
}

/* A thousand that run: the loop is never held, an idle round costs next to nothing. */
TEST_ROOT(sampler_thousand)
{
	const unsigned n = 1000;
	struct rlimit nofile = { 8192, 8192 };
	struct ev_stat st;
	uint64_t t0, first, idle, text_ms;
	size_t len;
	char ids[16];

	setrlimit(RLIMIT_NOFILE, &nofile);
	up(n);
	d.conf.sample_sec.v = 3600;
	for (unsigned i = 0; i < n; i++) {
		str_fmt(ids, sizeof(ids), "%u", 101 + i);
		cg_close(env_group(h, ids));
		runs(101 + i, 1);
	}
	t0 = cpu_usec();
	whole_round();
	first = cpu_usec() - t0;
	t0 = cpu_usec();
	for (int i = 0; i < 5; i++)
		whole_round();
	idle = (cpu_usec() - t0) / 5;
	t0 = ev_now_ms();
	CHECK(metrics_text(d.sampler, true, &len));
	text_ms = ev_now_ms() - t0;
	ev_stat(d.ev, &st);
	printf("# 1000 containers: first round %llu us of CPU, idle rounds %llu us; metrics %zu kB in %llu ms; worst callback %llu us "
	       "(%s)\n", (unsigned long long)first, (unsigned long long)idle, len >> 10, (unsigned long long)text_ms,
	       (unsigned long long)st.worst_us, st.worst_name);
	CHECK(idle < 100000);
	down();
}
