/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /metrics: what the last round saw of each container, the host, and vzd itself, as one text that is kept for METRICS_KEEP_MS. A
 * family is a row; the containers' labels are printed once per text. For 1,000 running containers with one interface: see
 * tests/unit/t_metrics.c for size and time.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/err.h"
#include "vzd/auth.h"
#include "vzd/counters.h"
#include "vzd/metrics.h"
#include "vzd/metrics_text.h"
#include "vzd/node.h"
#include "vzd/pools.h"
#include "vzd/sampler_priv.h"

#define METRICS_KEEP_MS 5000
#define METRICS_MAX (64u << 20)

struct kept { struct m_out o; uint64_t ms; };
struct metrics { struct kept v[2]; struct ev_src *drop; };

/* What a round of rendering sees of one container. */
struct one { const struct inv_ct *ct; const struct s_ct *c; const char *labels; };
struct all { struct one *v; size_t n; struct buf labels; };

/* --- families of containers -------------------------------------------------------------------------------------- */
struct row {
	const char *name;
	enum m_type type;
	enum { R_SAMPLE, R_SAMPLE_USEC, R_LIMIT, R_CALL } how;	/* field of struct sample; of struct inv_ct, NUM_UNLIMITED: +Inf */
	size_t off;
	const char *help;
	void (*call)(struct m_out *o, const struct row *r, const struct one *x);
};

static void put_state(struct m_out *o, const struct row *r, const struct one *x)
{
	char extra[32];

	str_fmt(extra, sizeof(extra), "state=\"%s\"", inv_state_names[x->ct->state]);
	m_u64(o, r->name, r->type, x->labels, extra, 1);
}

static void put_started(struct m_out *o, const struct row *r, const struct one *x)
{
	if (x->ct->started_ms > 0)
		m_usec(o, r->name, r->type, x->labels, NULL, (uint64_t)x->ct->started_ms * 1000);
}

static void put_psi(struct m_out *o, const struct row *r, const struct one *x)
{
	if (!x->c)
		return;
	m_usec(o, r->name, r->type, x->labels, "kind=\"some\"", x->c->last.psi_us[r->off][0]);
	m_usec(o, r->name, r->type, x->labels, "kind=\"full\"", x->c->last.psi_us[r->off][1]);
}

static void put_if(struct m_out *o, const struct row *r, const struct one *x)
{
	char extra[16 + IFNAMSIZ];

	for (size_t i = 0; x->c && i < x->c->n_ifs; i++) {
		uint64_t v;

		memcpy(&v, (const char *)&x->c->ifs[i].st + r->off, sizeof(v));
		str_fmt(extra, sizeof(extra), "if=\"%s\"", x->c->ifs[i].name);
		m_u64(o, r->name, r->type, x->labels, extra, v);
	}
}

static void put_disk(struct m_out *o, const struct row *r, const struct one *x)
{
	const struct s_ct *c = x->ct->sample;
	uint64_t v;

	if (!c || !c->last.disk_known)
		return;
	memcpy(&v, (const char *)&c->last + r->off, sizeof(v));
	m_u64(o, r->name, r->type, x->labels, NULL, v);
}

static void put_hits(struct m_out *o, const struct row *r, const struct one *x)
{
	const struct limits *l = sampler_limits(x->ct);
	char extra[32];

	for (int i = 0; l && i < HIT_N; i++) {
		if (!l->kind[i].total)
			continue;
		str_fmt(extra, sizeof(extra), "limit=\"%s\"", hit_names[i]);
		m_u64(o, r->name, r->type, x->labels, extra, l->kind[i].total);
	}
}

/* r->off: the way. What never moved is left out. */
static void put_traffic(struct m_out *o, const struct row *r, const struct one *x)
{
	const struct s_ct *c = x->ct->sample;
	char extra[64];

	for (int i = 0; c && i < NET_CLASS_N * 2; i++) {
		const struct net_traffic_cell *v = c->traffic.v[i / 2][i % 2];

		if (!v[NET_SENT].packets && !v[NET_RECEIVED].packets)
			continue;
		str_fmt(extra, sizeof(extra), "class=\"%d\",family=\"%s\"", i / 2, i % 2 ? "ipv6" : "ipv4");
		m_u64(o, r->name, r->type, x->labels, extra, v[r->off].bytes);
	}
}

#define S(field) offsetof(struct sample, field)
#define L(field) offsetof(struct inv_ct, field)
#define N(field) offsetof(struct net_stat, field)
static const struct row rows[] = {
	{ "vz_ct_state", M_GAUGE, R_CALL, 0, "1 with the state the container is in.", put_state },
	{ "vz_ct_start_seconds", M_GAUGE, R_CALL, 0, "Unix time of the start.", put_started },
	{ "vz_ct_cpu_seconds", M_COUNTER, R_SAMPLE_USEC, S(cg.cpu_usec), "Processor time used since the start.", NULL },
	{ "vz_ct_cpu_throttled_seconds", M_COUNTER, R_SAMPLE_USEC, S(cg.throttled_usec),
	  "Time for which the CPU limit held it up.", NULL },
	{ "vz_ct_memory_used_bytes", M_GAUGE, R_SAMPLE, S(cg.mem_bytes), "Memory in use, cache included.", NULL },
	{ "vz_ct_memory_limit_bytes", M_GAUGE, R_LIMIT, L(mem_limit), "Memory limit.", NULL },
	{ "vz_ct_memory_cache_bytes", M_GAUGE, R_SAMPLE, S(mem_cache_bytes), "Part of the memory that is cache of files.", NULL },
	{ "vz_ct_memory_swap_bytes", M_GAUGE, R_SAMPLE, S(cg.swap_bytes), "Swap in use.", NULL },
	{ "vz_ct_oom_kills", M_COUNTER, R_SAMPLE, S(cg.oom_kills), "Processes that its memory limit has killed.", NULL },
	{ "vz_ct_pids", M_GAUGE, R_SAMPLE, S(cg.pids), "Processes and threads.", NULL },
	{ "vz_ct_pressure_cpu_seconds", M_COUNTER, R_CALL, CG_PSI_CPU, "Time in which processes waited for a CPU.", put_psi },
	{ "vz_ct_pressure_memory_seconds", M_COUNTER, R_CALL, CG_PSI_MEMORY, "Time in which processes waited for memory.",
	  put_psi },
	{ "vz_ct_pressure_io_seconds", M_COUNTER, R_CALL, CG_PSI_IO, "Time in which processes waited for a disk.", put_psi },
	{ "vz_ct_net_rx_bytes", M_COUNTER, R_CALL, N(rx_bytes), "Bytes received by the container.", put_if },
	{ "vz_ct_net_tx_bytes", M_COUNTER, R_CALL, N(tx_bytes), "Bytes sent.", put_if },
	{ "vz_ct_net_rx_packets", M_COUNTER, R_CALL, N(rx_packets), "Packets received.", put_if },
	{ "vz_ct_net_tx_packets", M_COUNTER, R_CALL, N(tx_packets), "Packets sent.", put_if },
	{ "vz_ct_net_rx_drops", M_COUNTER, R_CALL, N(rx_drops), "Packets to it that were dropped.", put_if },
	{ "vz_ct_net_tx_drops", M_COUNTER, R_CALL, N(tx_drops), "Packets from it that were dropped.", put_if },
	{ "vz_ct_traffic_rx_bytes", M_COUNTER, R_CALL, NET_RECEIVED, "Bytes received by network class, over all starts.",
	  put_traffic },
	{ "vz_ct_traffic_tx_bytes", M_COUNTER, R_CALL, NET_SENT, "Bytes sent by network class, over all starts.", put_traffic },
	{ "vz_ct_io_read_bytes", M_COUNTER, R_SAMPLE, S(io_read_bytes), "Bytes read from disks.", NULL },
	{ "vz_ct_io_write_bytes", M_COUNTER, R_SAMPLE, S(io_write_bytes), "Bytes written to disks.", NULL },
	{ "vz_ct_io_read_ops", M_COUNTER, R_SAMPLE, S(io_reads), "Reads from disks.", NULL },
	{ "vz_ct_io_write_ops", M_COUNTER, R_SAMPLE, S(io_writes), "Writes to disks.", NULL },
	{ "vz_ct_disk_used_bytes", M_GAUGE, R_CALL, S(disk_used), "Disk space in use.", put_disk },
	{ "vz_ct_disk_limit_bytes", M_GAUGE, R_LIMIT, L(disk_limit), "Limit of disk space.", NULL },
	{ "vz_ct_inodes_used", M_GAUGE, R_CALL, S(inodes_used), "Inodes in use.", put_disk },
	{ "vz_ct_inodes_limit", M_GAUGE, R_LIMIT, L(inode_limit), "Limit of inodes.", NULL },
	{ "vz_ct_limit_hits", M_COUNTER, R_CALL, 0, "Times that it ran into a limit.", put_hits },
};

static uint64_t field(const void *base, size_t off)
{
	uint64_t v;

	memcpy(&v, (const char *)base + off, sizeof(v));
	return v;
}

static void put_row(struct m_out *o, const struct row *r, const struct one *x)
{
	uint64_t v;

	switch (r->how) {
	case R_SAMPLE:
		if (x->c)
			m_u64(o, r->name, r->type, x->labels, NULL, field(&x->c->last, r->off));
		return;
	case R_SAMPLE_USEC:
		if (x->c)
			m_usec(o, r->name, r->type, x->labels, NULL, field(&x->c->last, r->off));
		return;
	case R_LIMIT:
		v = field(x->ct, r->off);
		if (v >= NUM_UNLIMITED)
			m_inf(o, r->name, x->labels, NULL);
		else
			m_u64(o, r->name, r->type, x->labels, NULL, v);
		return;
	case R_CALL:
		r->call(o, r, x);
		return;
	}
}

static void all_done(struct all *a)
{
	free(a->v);
	buf_done(&a->labels);
}

/* Offsets first: the text may move while it grows. */
static bool all_init(struct all *a, struct inv *inv, const struct principal *who)
{
	size_t n = inv_count(inv);
	auto_free size_t *at = calloc(n + 1, sizeof(*at));

	a->labels = (struct buf){ .cap = METRICS_MAX };
	a->v = calloc(n + 1, sizeof(*a->v));
	if (!a->v || !at)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct inv_ct *ct = inv_at(inv, i);
		const struct s_ct *c = ct->sample;

		if (who && !auth_sees(who, ct))
			continue;
		a->v[a->n] = (struct one){ .ct = ct, .c = c && c->mono_ms && sample_runs(ct) ? c : NULL };
		at[a->n] = a->labels.len;
		buf_addf(&a->labels, "ct=\"%u\",", ct->id);
		m_label(&a->labels, "name", ct->name);
		buf_addc(&a->labels, ',');
		m_label(&a->labels, "owner", ct->owner);
		buf_addc(&a->labels, '\0');
		a->n++;
	}
	for (size_t i = 0; i < a->n; i++)
		a->v[i].labels = buf_str(&a->labels) + at[i];
	return !buf_failed(&a->labels);
}

static void put_cts(struct m_out *o, const struct all *a)
{
	for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
		m_family(o, rows[r].name, rows[r].type, rows[r].help);
		for (size_t i = 0; i < a->n; i++)
			put_row(o, &rows[r], &a->v[i]);
	}
}

/* --- host -------------------------------------------------------------------------------------------------------- */
static void gauge(struct m_out *o, const char *name, const char *help, uint64_t v)
{
	m_family(o, name, M_GAUGE, help);
	m_u64(o, name, M_GAUGE, "", NULL, v);
}

static void put_node_psi(struct m_out *o, const struct node_fig *f)
{
	static const char *const names[3] = { "vz_node_pressure_cpu_seconds", "vz_node_pressure_memory_seconds",
					      "vz_node_pressure_io_seconds" };

	for (int i = 0; i < 3; i++) {
		m_family(o, names[i], M_COUNTER, "Time in which processes of the host waited.");
		m_usec(o, names[i], M_COUNTER, "kind=\"some\"", NULL, f->psi_usec[i][0]);
		m_usec(o, names[i], M_COUNTER, "kind=\"full\"", NULL, f->psi_usec[i][1]);
	}
}

static void put_node(struct m_out *o, struct vzd *d)
{
	static const char *const load[3] = { "minutes=\"1\"", "minutes=\"5\"", "minutes=\"15\"" };
	struct node_fig f;

	node_fig(d, &f);
	m_family(o, "vz_node_cts", M_GAUGE, "Containers.");
	m_u64(o, "vz_node_cts", M_GAUGE, "state=\"running\"", NULL, f.running);
	m_u64(o, "vz_node_cts", M_GAUGE, "state=\"stopped\"", NULL, f.stopped);
	gauge(o, "vz_node_cpus", "Processors of the host.", f.cpus);
	m_family(o, "vz_node_cpu_seconds", M_COUNTER, "Processor time of the host.");
	m_usec(o, "vz_node_cpu_seconds", M_COUNTER, "kind=\"busy\"", NULL, f.cpu_usec);
	m_usec(o, "vz_node_cpu_seconds", M_COUNTER, "kind=\"idle\"", NULL, f.cpu_idle_usec);
	m_family(o, "vz_node_load", M_GAUGE, "Load average.");
	for (int i = 0; i < 3; i++)
		m_double(o, "vz_node_load", load[i], f.load[i]);
	gauge(o, "vz_node_memory_bytes", "Memory of the host.", f.mem_total);
	gauge(o, "vz_node_memory_available_bytes", "Memory that can be had without swapping.", f.mem_available);
	gauge(o, "vz_node_memory_promised_bytes", "Sum of the memory limits of running containers.", f.promised);
	gauge(o, "vz_node_memory_guaranteed_bytes", "Sum of the memory guarantees of running containers.", f.guaranteed);
	gauge(o, "vz_node_swap_bytes", "Swap of the host.", f.swap_total);
	gauge(o, "vz_node_swap_free_bytes", "Swap that is free.", f.swap_free);
	gauge(o, "vz_node_disk_bytes", "Size of the file system of containers.", f.disk_total);
	gauge(o, "vz_node_disk_free_bytes", "Free space in it.", f.disk_free);
	gauge(o, "vz_node_ksm_saved_bytes", "Memory saved by sharing equal pages.", f.ksm_saved_pages * NUM_PAGE);
	m_family(o, "vz_node_uptime_seconds", M_GAUGE, "Time since boot.");
	m_double(o, "vz_node_uptime_seconds", "", f.uptime_s);
	put_node_psi(o, &f);
	pools_metrics(d->pools, o);
}

/* --- vzd itself -------------------------------------------------------------------------------------------------- */
static void put_pairs(struct m_out *o, const char *name, const char *a, const char *b, const struct count_pair *v, size_t n)
{
	auto_buf struct buf labels = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		buf_reset(&labels);
		m_label(&labels, a, v[i].a);
		buf_addc(&labels, ',');
		m_label(&labels, b, v[i].b);
		m_u64(o, name, M_COUNTER, buf_str(&labels), NULL, v[i].n);
	}
}

static void put_counters(struct m_out *o)
{
	auto_free struct count_pair *v = calloc(512, sizeof(*v));
	struct count_hist api, commit, jobs;

	count_get_hist(&api, &commit, &jobs);
	m_family(o, "vz_api_requests", M_COUNTER, "Requests answered, by route and status.");
	if (v)
		put_pairs(o, "vz_api_requests", "route", "status", v, count_get_api(v, 512));
	m_family(o, "vz_api_seconds", M_HISTOGRAM, "Time until the answer.");
	m_hist(o, "vz_api_seconds", &api);
	m_family(o, "vz_operations", M_COUNTER, "Operations that have ended, by kind and result.");
	if (v)
		put_pairs(o, "vz_operations", "kind", "state", v, count_get_jobs(v, 512));
	m_family(o, "vz_operation_seconds", M_HISTOGRAM, "Time an operation took.");
	m_hist(o, "vz_operation_seconds", &jobs);
	m_family(o, "vz_sqlite_commit_seconds", M_HISTOGRAM, "Time a commit of the database took.");
	m_hist(o, "vz_sqlite_commit_seconds", &commit);
	m_family(o, "vz_events_dropped", M_COUNTER, "Event streams that were closed because their reader was too slow.");
	m_u64(o, "vz_events_dropped", M_COUNTER, "", NULL, count_get_events_dropped());
}

static void put_loop(struct m_out *o, struct vzd *d)
{
	struct ev_stat st;

	ev_stat(d->ev, &st);
	m_family(o, "vz_loop_turns", M_COUNTER, "Turns of vzd's event loop.");
	m_u64(o, "vz_loop_turns", M_COUNTER, "", NULL, st.turns);
	m_family(o, "vz_loop_slow_calls", M_COUNTER, "Callbacks that held the loop for more than 50 ms.");
	m_u64(o, "vz_loop_slow_calls", M_COUNTER, "", NULL, st.slow);
	m_family(o, "vz_loop_worst_seconds", M_GAUGE, "The longest a callback has held the loop.");
	m_usec(o, "vz_loop_worst_seconds", M_GAUGE, "", NULL, st.worst_us);
}

/* --- text -------------------------------------------------------------------------------------------------------- */
static bool render(struct sampler *s, struct m_out *o, const struct principal *who)
{
	auto_call(all_done) struct all a = { 0 };

	o->b.cap = METRICS_MAX;
	buf_reset(&o->b);
	if (!all_init(&a, s->d->inv, who))
		return false;
	put_cts(o, &a);
	if (!who) {
		put_node(o, s->d);
		put_counters(o);
		put_loop(o, s->d);
	}
	m_end(o);
	return !buf_failed(&o->b);
}

/* Megabytes that nobody asks for any more. */
static void drop(void *arg)
{
	struct metrics *m = arg;

	m->drop = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(m->v); i++) {
		buf_done(&m->v[i].o.b);
		m->v[i].ms = 0;
	}
}

const char *metrics_text(struct sampler *s, bool openmetrics, size_t *len)
{
	struct err ignored = { 0 };
	uint64_t now = ev_now_ms();
	struct metrics *m;
	struct kept *k;

	if (!s->metrics)
		s->metrics = calloc(1, sizeof(*s->metrics));
	m = s->metrics;
	if (!m)
		return NULL;
	k = &m->v[openmetrics];
	if (!k->ms || now - k->ms >= METRICS_KEEP_MS) {
		k->o.openmetrics = openmetrics;
		k->ms = render(s, &k->o, NULL) ? now : 0;
		if (!k->ms)
			return NULL;
		if (m->drop)
			ev_set_timer(m->drop, METRICS_KEEP_MS);
		else
			ev_add_timer(s->d->ev, "metrics.drop", METRICS_KEEP_MS, 0, drop, m, &m->drop, &ignored);
	}
	*len = k->o.b.len;
	return buf_str(&k->o.b);
}

char *metrics_text_of(struct sampler *s, const struct principal *who, bool openmetrics, size_t *len)
{
	struct m_out o = { .openmetrics = openmetrics };
	char *text;

	if (!render(s, &o, who)) {
		buf_done(&o.b);
		return NULL;
	}
	*len = o.b.len;
	text = buf_take(&o.b);
	buf_done(&o.b);
	return text;
}

void metrics_close(struct metrics *m)
{
	if (!m)
		return;
	ev_del(m->drop);
	drop(m);
	free(m);
}
