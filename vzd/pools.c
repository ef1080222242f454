/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vzd/pools.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "templates/tmpl.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "vzd/ask.h"
#include "vzd/bus.h"
#include "vzd/metrics_text.h"
#include "vzd/timefmt.h"

#define FIRST_MS 1000u
#define EVERY_MS 10000u
#define SICK_MS 2000u		/* while one is not well */
#define ANSWER_MAX (64u << 10)

struct pools {
	struct vzd *d;
	struct ev_src *timer;
	bool asking, collecting;
	bool due;			/* something was marked when we last looked */
	struct pool_seen *v;
	size_t n;
};

const struct pool_seen *pools_find(const struct pools *p, const char *name)
{
	for (size_t i = 0; p && i < p->n; i++)
		if (str_eq(p->v[i].name, name))
			return &p->v[i];
	return NULL;
}

static bool is_well(const struct pool_seen *s)
{
	return str_eq(s->state, tmpl_pool_health_names[TMPL_POOL_OK]);
}

int pools_line(const char *line, size_t n, struct pool_seen *ret)
{
	const char *tab = memchr(line, '\t', n), *end = line + n;
	const char *second = tab ? memchr(tab + 1, '\t', (size_t)(end - tab - 1)) : NULL;

	memset(ret, 0, sizeof(*ret));
	if (!second || tab == line || str_fmt(ret->name, sizeof(ret->name), "%.*s", (int)(tab - line), line) < 0 ||
	    str_fmt(ret->state, sizeof(ret->state), "%.*s", (int)(second - tab - 1), tab + 1) < 0)
		return -EINVAL;
	str_fmt(ret->why, sizeof(ret->why), "%.*s", (int)(end - second - 1), second + 1);
	for (int i = 0; i < TMPL_POOL_HEALTH_N; i++)
		if (str_eq(ret->state, tmpl_pool_health_names[i]))
			return 0;
	return -EINVAL;
}

enum pools_news pools_compare(const struct pool_seen *old, const struct pool_seen *now)
{
	bool was = !old || is_well(old);

	return was == is_well(now) ? POOLS_SAME : is_well(now) ? POOLS_BACK : POOLS_LOST;
}

static void tell(struct pools *p, const struct pool_seen *old, struct pool_seen *now)
{
	enum pools_news news = pools_compare(old, now);
	int64_t t = timefmt_now_ms();

	now->since_ms = news == POOLS_SAME ? old ? old->since_ms : 0 : t;
	if (news == POOLS_LOST) {
		vzd_log(LOG_ERR, "pool %s is %s: %s", now->name, now->state, now->why);
		bus_emit(p->d->bus, "pool.lost", 0, "",
			 json_pack("{s:s, s:s, s:s}", "pool", now->name, "state", now->state, "why", now->why));
	} else if (news == POOLS_BACK) {
		vzd_log(LOG_NOTICE, "pool %s is back", now->name);
		bus_emit(p->d->bus, "pool.back", 0, "",
			 json_pack("{s:s, s:I}", "pool", now->name, "seconds",
				   (json_int_t)(old && old->since_ms ? (t - old->since_ms) / 1000 : 0)));
	}
}

static void replace(struct pools *p, struct pool_seen *v, size_t n)
{
	bool sick = false;

	for (size_t i = 0; i < n; i++) {
		tell(p, pools_find(p, v[i].name), &v[i]);
		sick |= !is_well(&v[i]);
	}
	free(p->v);
	p->v = v;
	p->n = n;
	ev_set_timer(p->timer, sick ? SICK_MS : EVERY_MS);
}

static void on_answer(void *arg, const struct buf *out, const struct err *err)
{
	struct pools *p = arg;
	struct pool_seen *v = NULL, *more;
	size_t n = 0, len;

	p->asking = false;
	ev_set_timer(p->timer, EVERY_MS);
	if (err) {
		vzd_log_err(LOG_WARNING, err, "vzpool health");
		return;
	}
	for (const char *s = out->s; out->len && s < out->s + out->len; s += len + 1) {
		const char *end = memchr(s, '\n', out->len - (size_t)(s - out->s));

		len = end ? (size_t)(end - s) : out->len - (size_t)(s - out->s);
		more = realloc(v, (n + 1) * sizeof(*v));
		if (!more)
			break;
		v = more;
		if (pools_line(s, len, &v[n]) == 0)
			n++;
	}
	replace(p, v, n);
}

/* --- trees that nobody collected --- */

static void on_collected(void *arg, const struct buf *out, const struct err *err)
{
	struct pools *p = arg;

	(void)out;
	p->collecting = false;
	if (err)
		vzd_log_err(LOG_INFO, err, "vztmpl gc --marked");
}

/* The command that marked something is given a turn's time to do it itself. */
static void collect(struct pools *p, const char *tmpldir)
{
	static const char *const argv[] = { VZ_SBINDIR "/vztmpl", "gc", "--marked", NULL };
	bool due = tmpl_gc_due(tmpldir);
	struct err e = { 0 };

	if (due && p->due && !p->collecting) {
		p->collecting = ask_run(p->d, argv, ANSWER_MAX, on_collected, p, &e) == 0;
		if (e.code)
			vzd_log_err(LOG_WARNING, &e, "vztmpl gc --marked");
	}
	p->due = due;
}

static void look(void *arg)
{
	static const char *const argv[] = { VZ_SBINDIR "/vzpool", "health", "--wait", "2", NULL };
	struct pools *p = arg;
	const char *dir = vzd_tmpl_dir(p->d);
	auto_free struct tmpl_pool *v = NULL;
	struct err e = { 0 };
	size_t n = 0;

	if (p->asking || p->d->stopping)
		return;
	collect(p, dir);
	if (tmpl_pool_list(dir, &v, &n, &e) == 0 && n == 0) {
		replace(p, NULL, 0);
		return;
	}
	err_clear(&e);
	p->asking = ask_run(p->d, argv, ANSWER_MAX, on_answer, p, &e) == 0;
	if (!p->asking)
		vzd_log_err(LOG_WARNING, &e, "vzpool health");
}

/* --- the module --- */

void pools_metrics(const struct pools *p, struct m_out *o)
{
	if (!p || !p->n)
		return;
	m_family(o, "vz_pool_up", M_GAUGE, "Whether an attached pool of template images is well.");
	for (size_t i = 0; i < p->n; i++) {
		auto_buf struct buf labels = BUF_INIT;

		m_label(&labels, "pool", p->v[i].name);
		m_u64(o, "vz_pool_up", M_GAUGE, buf_str(&labels), NULL, is_well(&p->v[i]));
	}
}

int pools_open(struct vzd *d, struct pools **ret, struct err *e)
{
	struct pools *p = calloc(1, sizeof(*p));

	if (!p)
		return err_set(e, ENOMEM, "pools");
	p->d = d;
	if (ev_add_timer(d->ev, "pools", FIRST_MS, EVERY_MS, look, p, &p->timer, e) < 0) {
		free(p);
		return -e->code;
	}
	*ret = p;
	return 0;
}

void pools_close(struct pools *p)
{
	if (!p)
		return;
	ev_del(p->timer);
	free(p->v);
	free(p);
}
