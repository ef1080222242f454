/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One look at one container, and what follows from it: events, history, usage. An idle container is known by its CPU counter,
 * which stands still: then two system calls are all it costs, since nothing else in it can have changed but what the network
 * dump has anyway. What the host does to it (memory taken back) shows at the next whole look.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"
#include "vzd/bus.h"
#include "vzd/sampler_priv.h"
#include "vzd/timefmt.h"

/* --- record ------------------------------------------------------------------------------------------------------ */
struct s_ct *sample_of(struct sampler *s, struct inv_ct *ct, struct err *e)
{
	struct s_ct *c = ct->sample;

	if (c)
		return c;
	c = calloc(1, sizeof(*c));
	if (!c) {
		err_set(e, ENOMEM, "sample");
		return NULL;
	}
	c->s = s;
	c->id = ct->id;
	c->oom_fd = -1;
	c->stale = true;
	ct->sample = c;
	return c;
}

static void life_end(struct s_ct *c)
{
	ev_del(c->oom);
	c->oom = NULL;
	auto_close_(&c->oom_fd);
	cg_close(c->cg);
	c->cg = NULL;
	c->life = 0;
	c->mono_ms = 0;
	c->quiet = 0;
	c->n_ifs = 0;
	c->past = (struct net_stat){ 0 };
	c->last = (struct sample){ .disk_used = c->last.disk_used, .inodes_used = c->last.inodes_used,
				   .disk_known = c->last.disk_known };
}

void sample_free(struct s_ct *c)
{
	if (!c)
		return;
	life_end(c);
	free(c->ifs);
	free(c->area);
	free(c);
}

bool sample_runs(const struct inv_ct *ct)
{
	return ct->gen && (ct->state == INV_RUNNING || ct->state == INV_FROZEN || ct->state == INV_STARTING ||
			   ct->state == INV_STOPPING);
}

/* What only the configuration knows. */
static void resolve(struct s_ct *c)
{
	struct err e = { 0 };
	struct ct *ct;
	uint64_t birth;

	if (!c->stale)
		return;
	c->stale = false;
	if (inv_ct_open(c->s->d->inv, c->id, &ct, &e) < 0)
		return;
	free(c->area);
	c->area = ct_path_private(ct);
	birth = ct_birth(ct);
	if (c->birth && birth != c->birth)
		c->hist.n = 0;
	c->birth = birth;
	ct_close(ct);
}

/* --- out of memory ----------------------------------------------------------------------------------------------- */
static void on_oom(void *arg, uint32_t events);

static void oom_listen(struct s_ct *c)
{
	struct err e = { 0 };

	if (c->oom || c->oom_fd < 0)
		return;
	if (ev_add_fd(c->s->d->ev, "sampler.oom", c->oom_fd, c->oom_events, on_oom, c, &c->oom, &e) < 0)
		vzd_log_err(LOG_WARNING, &e, "watch for out of memory");
}

static void rearm(void *arg)
{
	struct sampler *s = arg;
	struct inv_ct *ct;

	s->rearm = NULL;
	for (size_t i = 0; (ct = inv_at(s->d->inv, i)); i++)
		if (ct->sample)
			oom_listen(ct->sample);
}

/* Heard once a second at most: a group at its limit may have events all the time. */
static void on_oom(void *arg, uint32_t events)
{
	struct s_ct *c = arg;
	struct inv_ct *ct = inv_find(c->s->d->inv, c->id);
	struct err e = { 0 };
	char buf[1024];

	(void)events;
	if ((c->oom_events == EPOLLIN ? read(c->oom_fd, buf, 8) : pread(c->oom_fd, buf, sizeof(buf), 0)) < 0)
		auto_close_(&c->oom_fd);	/* the group is gone */
	ev_del(c->oom);
	c->oom = NULL;
	if (!c->s->rearm && ev_add_timer(c->s->d->ev, "sampler.rearm", 1000, 0, rearm, c->s, &c->s->rearm, &e) < 0)
		vzd_log_err(LOG_WARNING, &e, "watch for out of memory");
	if (ct && c->oom_fd >= 0)
		sample_take(c->s, ct, true, &e);
}

/* --- figures ----------------------------------------------------------------------------------------------------- */
static int life_begin(struct s_ct *c, const struct inv_ct *ct, uint64_t life, struct err *e)
{
	struct err ignored = { 0 };
	char ids[16];

	life_end(c);
	str_fmt(ids, sizeof(ids), "%u", ct->id);
	if (cg_open(c->s->cg, ids, &c->cg, e) < 0)
		return -e->code;
	c->life = life;
	c->oom_fd = cg_oom_fd(c->cg, &c->oom_events, &ignored);
	if (c->oom_fd >= 0 && c->oom_events == EPOLLPRI) {
		char buf[1024];

		if (pread(c->oom_fd, buf, sizeof(buf), 0) < 0)	/* unread counts as news */
			auto_close_(&c->oom_fd);
	}
	oom_listen(c);
	return 0;
}

static uint64_t life_now(struct s_ct *c)
{
	struct err ignored = { 0 };
	char ids[16];
	uint64_t life;
	struct cg *cg;

	if (c->cg)
		return cg_life(c->cg);
	str_fmt(ids, sizeof(ids), "%u", c->id);
	if (cg_open(c->s->cg, ids, &cg, &ignored) < 0)
		return 0;
	life = cg_life(cg);
	cg_close(cg);
	return life;
}

static void take_disk(struct s_ct *c, struct sample *n)
{
	auto_close int dir = c->area ? open(c->area, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	struct quota_usage u;
	struct err ignored = { 0 };

	n->disk_known = dir >= 0 && quota_get(dir, c->id, &u, &ignored) == 0;
	n->disk_used = n->disk_known ? u.used_kib << 10 : 0;
	n->inodes_used = n->disk_known ? u.used_inodes : 0;
}

static int take_group(struct s_ct *c, struct sample *n, struct err *e)
{
	struct cg_io_stat io;
	struct cg_psi psi[CG_PSI_N];

	if (cg_stat(c->cg, &n->cg, e) < 0)
		return -e->code;
	cg_io_stat(c->cg, &io);
	cg_psi(c->cg, psi);
	n->io_read_bytes = io.read_bytes;
	n->io_write_bytes = io.write_bytes;
	n->io_reads = io.reads;
	n->io_writes = io.writes;
	n->mem_cache_bytes = n->cg.cache_bytes;
	for (int i = 0; i < CG_PSI_N; i++) {
		n->psi_us[i][0] = psi[i].some_usec;
		n->psi_us[i][1] = psi[i].full_usec;
	}
	return 0;
}

/* --- what follows ------------------------------------------------------------------------------------------------ */
static json_t *hit_json(const struct inv_ct *ct, const struct sample *n, int kind, uint64_t hits)
{
	const struct { uint64_t used, limit; } t[HIT_N] = {
		[HIT_MEMORY] = { n->cg.mem_bytes, ct->mem_limit }, [HIT_SWAP] = { n->cg.swap_bytes, ct->swap_limit },
		[HIT_PIDS] = { n->cg.pids, NUM_UNLIMITED }, [HIT_CPU] = { (uint64_t)n->cpu_pct, ct->cpu_limit_pct },
		[HIT_DISK] = { n->disk_used, ct->disk_limit }, [HIT_INODES] = { n->inodes_used, ct->inode_limit },
	};
	json_t *j = json_pack("{ss sI sI}", "kind", hit_names[kind], "hits", (json_int_t)hits, "used", (json_int_t)t[kind].used);

	if (t[kind].limit && t[kind].limit < NUM_UNLIMITED)
		json_object_set_new(j, "limit", json_integer((json_int_t)t[kind].limit));
	return j;
}

static void tell_limits(struct s_ct *c, const struct inv_ct *ct, const struct sample *n, uint64_t elapsed_usec)
{
	struct bus *bus = c->s->d->bus;
	struct limits_news news;
	const struct limits_look k = {
		.time_ms = n->time_ms, .life = c->life, .begins = ct->started_ms >= c->s->opened_ms,
		.mem_fail = n->cg.mem_fail, .swap_fail = n->cg.swap_fail, .pids_fail = n->cg.pids_fail,
		.throttled_usec = n->cg.throttled_usec, .oom_kills = n->cg.oom_kills, .elapsed_usec = elapsed_usec,
		.disk_used = n->disk_used, .disk_limit = ct->disk_limit, .inodes_used = n->inodes_used,
		.inode_limit = ct->inode_limit,
	};

	limits_look(&c->lim, &k, &news);
	if (news.oom_kills)
		bus_emit(bus, "ct.oom", ct->id, ct->owner, json_pack("{sI sI}", "kills", (json_int_t)news.oom_kills, "memory",
								     (json_int_t)n->cg.mem_bytes));
	for (int i = 0; i < HIT_N; i++)
		if (news.hits[i])
			bus_emit(bus, "ct.limit", ct->id, ct->owner, hit_json(ct, n, i, news.hits[i]));
}

static float rate(uint64_t now, uint64_t before, uint64_t ms)
{
	return now > before && ms ? (float)((double)(now - before) * 1000 / (double)ms) : 0;
}

static void to_history(struct s_ct *c, const struct sample *n, uint64_t ms)
{
	const struct sample *o = &c->last;
	const float v[HIST_N] = {
		[HIST_CPU] = (float)n->cpu_pct, [HIST_MEMORY] = (float)n->cg.mem_bytes, [HIST_SWAP] = (float)n->cg.swap_bytes,
		[HIST_RX] = rate(n->rx_bytes, o->rx_bytes, ms), [HIST_TX] = rate(n->tx_bytes, o->tx_bytes, ms),
		[HIST_READ] = rate(n->io_read_bytes, o->io_read_bytes, ms),
		[HIST_WRITE] = rate(n->io_write_bytes, o->io_write_bytes, ms),
		[HIST_DISK] = (float)n->disk_used, [HIST_PIDS] = (float)n->cg.pids,
	};

	if (!ms)
		return;		/* no rate yet */
	if (hist_add(&c->hist, n->time_ms / 1000, v)) {
		sample_flush_hist(c);
		hist_add(&c->hist, n->time_ms / 1000, v);
	}
}

void sample_flush_hist(struct s_ct *c)
{
	struct err e = { 0 };

	if (c->s->hist_dir >= 0 && c->birth && hist_flush(c->s->hist_dir, c->id, c->birth, &c->hist, &e) < 0)
		vzd_log_err(LOG_WARNING, &e, "history");
	c->hist.n = 0;
}

static void to_usage(struct s_ct *c, const struct inv_ct *ct, const struct sample *n, uint64_t mono_ms)
{
	struct usage_if ifs[16];
	struct usage_look l = {
		.ctid = ct->id, .owner = ct->owner, .now_s = n->time_ms / 1000, .mono_ms = mono_ms, .gen = ct->gen, .life = c->life,
		.cpu_usec = n->cg.cpu_usec, .mem_bytes = n->cg.mem_bytes, .disk_bytes = n->disk_used, .ifs = ifs,
	};

	for (size_t i = 0; i < c->n_ifs && l.n_ifs < ARRAY_SIZE(ifs); i++)
		ifs[l.n_ifs++] = (struct usage_if){ .index = c->ifs[i].index, .venet = str_eq(c->ifs[i].name, "venet0"),
						    .rx = c->ifs[i].st.rx_bytes, .tx = c->ifs[i].st.tx_bytes };
	usage_look(c->s->usage, &l);
}

/* --- the look ---------------------------------------------------------------------------------------------------- */
static bool is_idle(const struct s_ct *c)
{
	uint64_t usec;

	return c->mono_ms && c->quiet < SAMPLE_QUIET && cg_cpu_usec(c->cg, &usec) == 0 && usec == c->last.cg.cpu_usec;
}

int sample_take(struct sampler *s, struct inv_ct *ct, bool whole, struct err *e)
{
	struct s_ct *c = sample_of(s, ct, e);
	uint64_t life = c ? life_now(c) : 0, now = ev_now_ms(), ms;
	struct sample n;

	if (!c)
		return -e->code;
	if (!life)
		return err_say(e, ENOENT, "container %u has just ended", ct->id);
	resolve(c);
	sample_traffic(c);
	if (life != c->life && life_begin(c, ct, life, e) < 0)
		return -e->code;
	n = c->last;
	n.time_ms = timefmt_now_ms();
	n.gen = ct->gen;
	ms = c->mono_ms ? now - c->mono_ms : 0;
	if (!whole && is_idle(c)) {
		c->quiet++;
	} else {
		c->quiet = 0;
		c->whole_ms = now;
		if (take_group(c, &n, e) < 0)
			return -e->code;
		take_disk(c, &n);
		if (cg_life(c->cg) != life)	/* restarted while we read: figures of two groups */
			return err_say(e, ENOENT, "container %u has just ended", ct->id);
	}
	sample_net_sum(c, &n);
	n.cpu_pct = ms ? (double)rate(n.cg.cpu_usec, c->last.cg.cpu_usec, ms) / 10000 : 0;
	tell_limits(c, ct, &n, ms * 1000);
	to_history(c, &n, ms);
	to_usage(c, ct, &n, now);
	c->last = n;
	c->mono_ms = now;
	return 0;
}

void sample_down(struct sampler *s, struct inv_ct *ct)
{
	struct err ignored = { 0 };
	struct s_ct *c = sample_of(s, ct, &ignored);
	struct usage_look l = { .ctid = ct->id, .owner = ct->owner, .now_s = timefmt_now_ms() / 1000, .mono_ms = ev_now_ms() };

	if (!c)
		return;
	life_end(c);
	resolve(c);
	sample_traffic(c);
	take_disk(c, &c->last);
	l.disk_bytes = c->last.disk_used;
	usage_look(s->usage, &l);
}
