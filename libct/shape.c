/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libct/shape.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/netlines.h"
#include "libct/record.h"
#include "libct/traffic.h"
#include "net/flood.h"
#include "net/net_part.h"
#include "net/netif.h"
#include "util/path.h"

#define RECORD "shape"			/* the place in the trees */
#define THROTTLED "throttled"		/* the month it was above its quota in */
#define SLOTS CT_RUN_DIR "/shape"	/* NUMBER -> CTID */

/* --- places --- */

static int slots_dir(struct err *e)
{
	int fd;

	if (mkdir(SLOTS, 0755) < 0 && errno != EEXIST)
		return err_set(e, errno, "make " SLOTS);
	fd = open(SLOTS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open " SLOTS) : fd;
}

static bool slot_is(int dir, const char *name, const char *ids)
{
	char owner[32];
	ssize_t n = readlinkat(dir, name, owner, sizeof(owner) - 1);

	owner[n > 0 ? n : 0] = '\0';
	return str_eq(owner, ids);
}

static int recorded(const struct ct *ct, unsigned *ret)
{
	auto_list struct str_list l = { 0 };
	struct err ignored = { 0 };
	uint64_t v;

	if (ct_record_load(ct, RECORD, &l, &ignored) < 0 || !l.n || num_u64(l.v[0], &v) < 0 || v >= NET_SHAPE_SLOTS)
		return -ENOENT;
	*ret = (unsigned)v;
	return 0;
}

static int slot_get(const struct ct *ct, unsigned *ret, struct err *e)
{
	auto_list struct str_list l = { 0 };
	auto_close int dir = -1;

	if (recorded(ct, ret) == 0)
		return 0;
	dir = slots_dir(e);
	for (unsigned i = 0; dir >= 0 && i < NET_SHAPE_SLOTS; i++) {
		unsigned slot = (ct->id + i) % NET_SHAPE_SLOTS;
		char name[16];

		str_fmt(name, sizeof(name), "%u", slot);
		if (symlinkat(ct->ids, dir, name) < 0 && (errno != EEXIST || !slot_is(dir, name, ct->ids)))
			continue;
		*ret = slot;
		return str_list_add(&l, name, e) < 0 ? -e->code : ct_record_save(ct, RECORD, &l, e);
	}
	return e->code ? -e->code : err_say(e, EUSERS, "all %u places for containers with rates are taken", NET_SHAPE_SLOTS);
}

int ct_shape_down(struct ct *ct, struct net *n, struct err *e)
{
	auto_list struct str_list none = { 0 };
	auto_close int dir = -1;
	char name[16];
	unsigned slot;

	if (recorded(ct, &slot) < 0)
		return 0;
	dir = slots_dir(e);
	if (dir < 0 || net_shape_clear(n, slot, e) < 0)
		return -e->code;
	str_fmt(name, sizeof(name), "%u", slot);
	if (slot_is(dir, name, ct->ids))
		unlinkat(dir, name, 0);
	return ct_record_save(ct, RECORD, &none, e);
}

/* --- rates --- */

static bool shaping(const struct ct *ct)
{
	const struct ct_host_conf *h = &ct->host->conf;

	return !h->shaping.set || h->shaping.v;
}

static bool throttled(const struct ct *ct)
{
	auto_list struct str_list l = { 0 };
	struct err ignored = { 0 };
	char mark[32];

	str_fmt(mark, sizeof(mark), "%d", ct_traffic_now());
	return ct_record_load(ct, THROTTLED, &l, &ignored) == 0 && l.n && str_eq(l.v[0], mark);
}

static int rates_of(const struct ct *ct, const struct ct_conf *c, struct net_rates *r, struct err *e)
{
	const struct ct_shape *s = &c->shape;

	memset(r, 0, sizeof(*r));
	if (throttled(ct) && s->quota.set && s->quota.v) {
		for (unsigned i = 1; i < NET_CLASS_N; i++)
			for (int w = 0; w < NET_WAY_N; w++)
				r->limit[i].kbit[w] = s->throttle.set ? s->throttle.v : 1000;
		return 0;
	}
	if (!shaping(ct))
		return 0;
	if ((s->rate && net_rates_parse(s->rate, r->rate, e) < 0) || (s->limit && net_rates_parse(s->limit, r->limit, e) < 0))
		return -e->code;
	for (unsigned i = 1; i < NET_CLASS_N && s->bound.set && s->bound.v; i++)
		for (int w = 0; w < NET_WAY_N; w++)
			if (r->rate[i].kbit[w])
				r->limit[i].kbit[w] = r->rate[i].kbit[w];
	r->burst_kib = s->burst.set ? s->burst.v : 0;
	return 0;
}

/* "DEVICE:KBITS" words added up. */
static uint64_t bandwidth(const char *text)
{
	auto_list struct str_list w = { 0 };
	struct err ignored = { 0 };
	uint64_t sum = 0, v;

	if (text && str_list_split(&w, text, " \t,", &ignored) == 0)
		for (size_t i = 0; i < w.n; i++) {
			const char *colon = strrchr(w.v[i], ':');

			sum += num_u64(colon ? colon + 1 : w.v[i], &v) == 0 ? v : 0;
		}
	return sum;
}

static int totals(const struct ct *ct, struct net_totals *t, struct err *e)
{
	const struct ct_host_conf *h = &ct->host->conf;
	struct net_rate v[NET_CLASS_N] = { 0 };

	memset(t, 0, sizeof(*t));
	if (h->totalrate && net_rates_parse(h->totalrate, v, e) < 0)
		return err_add(e, "TOTALRATE in " CT_HOST_CONF);
	for (unsigned i = 1; i < NET_CLASS_N; i++)
		t->total_kbit[i] = v[i].kbit[NET_SENT];
	t->bandwidth_kbit = bandwidth(h->bandwidth);
	t->mpu = (uint32_t)MIN(bandwidth(h->ratempu), (uint64_t)65535);
	return 0;
}

/* --- lines --- */

typedef int each_fn(void *arg, const char *ifname, bool bridged, struct err *e);

static int each_if(const struct ct *ct, const struct ct_conf *c, each_fn *fn, void *arg, struct err *e)
{
	struct net_if f;
	char name[16];

	net_ifname(ct->id, name);
	if (fn(arg, name, false, e) < 0)
		return -e->code;
	for (size_t i = 0; i < c->net.netif.n; i++)
		if (net_if_parse(c->net.netif.v[i], &f, e) < 0 || net_if_fill(&f, ct->id, false, e) < 0 ||
		    fn(arg, f.host_ifname, true, e) < 0)
			return -e->code;
	return 0;
}

struct lines { struct net *n; struct str_list *l; const struct net_rates *r; struct net_caps caps; unsigned slot; bool rates; };

static int line(void *arg, const char *ifname, bool bridged, struct err *e)
{
	struct lines *l = arg;

	if (l->rates && net_shape_line(l->n, l->l, ifname, l->slot, l->r, e) < 0)
		return -e->code;
	return net_flood_line(l->l, ifname, bridged, &l->caps, e);
}

int ct_shape_lines(const struct ct *ct, const struct ct_conf *c, struct str_list *lines, struct err *e)
{
	const struct ct_shape *s = &c->shape;
	struct net_rates r;
	struct net_totals t;
	struct lines l = { .l = lines, .r = &r };

	l.caps = (struct net_caps){ s->packets.set ? s->packets.v : 0, s->conns.set ? s->conns.v : 0, s->smtp.set && !s->smtp.v };
	if (rates_of(ct, c, &r, e) < 0)
		return -e->code;
	l.rates = net_rates_any(&r);
	if (l.rates && (ct_host_net_peek(ct->host, &l.n, e) < 0 || slot_get(ct, &l.slot, e) < 0 || totals(ct, &t, e) < 0 ||
			net_shape_set(l.n, l.slot, &r, &t, e) < 0))
		return -e->code;
	return each_if(ct, c, line, &l, e);
}

struct ways { struct net *n; bool on; };

static int way(void *arg, const char *ifname, bool bridged, struct err *e)
{
	const struct ways *w = arg;

	(void)bridged;
	return net_shape_dev(w->n, ifname, w->on, e);
}

int ct_shape_ways(struct ct *ct, const struct ct_conf *c, struct err *e)
{
	auto_list struct str_list lines = { 0 };
	struct ways w = { 0 };
	struct net_rates r;
	unsigned slot;

	if (rates_of(ct, c, &r, e) < 0)
		return -e->code;
	w.on = net_rates_any(&r);
	if (!w.on && recorded(ct, &slot) < 0)
		return 0;
	if (ct_host_net(ct->host, &w.n, e) < 0 || each_if(ct, c, way, &w, e) < 0)
		return -e->code;
	if (!w.on)
		return ct_shape_down(ct, w.n, e);
	if (!c->net.netif.n)
		return 0;
	/* an interface that came after the lines */
	return ct_net_record(ct->id, &lines, e) < 0 ? -e->code : net_shape_again(w.n, ct->id, &lines, e);
}

/* --- the month --- */

const char *const ct_quota_state_names[] = {
	[CT_QUOTA_NONE] = "none", [CT_QUOTA_WITHIN] = "within", [CT_QUOTA_THROTTLED] = "throttled", [CT_QUOTA_OVER] = "over",
};
_Static_assert(ARRAY_SIZE(ct_quota_state_names) == CT_QUOTA_STATE_N, "name every state");

enum ct_quota_state ct_quota_month(const struct ct_conf *c, uint64_t used)
{
	const struct ct_shape *s = &c->shape;

	if (!s->quota.set || !s->quota.v)
		return CT_QUOTA_NONE;
	if (used <= s->quota.v)
		return CT_QUOTA_WITHIN;
	return str_eq(s->action, "throttle") ? CT_QUOTA_THROTTLED : CT_QUOTA_OVER;
}

static int throttle(struct ct *ct, bool on, struct err *e)
{
	auto_list struct str_list l = { 0 };
	char mark[32];

	str_fmt(mark, sizeof(mark), "%d", ct_traffic_now());
	if ((on && str_list_add(&l, mark, e) < 0) || ct_record_save(ct, THROTTLED, &l, e) < 0)
		return -e->code;
	return ct_net_apply(ct, &ct->conf, e) < 0 ? -e->code : ct_shape_ways(ct, &ct->conf, e);
}

/* Said once a month and container. */
static bool first_time(struct ct *ct)
{
	auto_list struct str_list l = { 0 };
	struct err ignored = { 0 };
	char mark[32];

	str_fmt(mark, sizeof(mark), "%d", ct_traffic_now());
	ct_record_load(ct, "overquota", &l, &ignored);
	if (l.n && str_eq(l.v[0], mark))
		return false;
	str_list_clear(&l);
	return str_list_add(&l, mark, &ignored) == 0 && ct_record_save(ct, "overquota", &l, &ignored) == 0;
}

bool ct_quota_acted(const struct ct *ct)
{
	auto_list struct str_list l = { 0 };
	struct err ignored = { 0 };

	return ct_record_load(ct, THROTTLED, &l, &ignored) == 0 && l.n;
}

int ct_quota_check(struct ct *ct, uint64_t used, enum ct_quota_state *ret, struct err *e)
{
	const struct ct_shape *s = &ct->conf.shape;
	bool was = ct_quota_acted(ct);

	*ret = ct_quota_month(&ct->conf, used);
	if (*ret == CT_QUOTA_THROTTLED ? !throttled(ct) : was) {
		if (throttle(ct, *ret == CT_QUOTA_THROTTLED, e) < 0)
			return err_add(e, "throttle container %u", ct->id);
	}
	if (*ret < CT_QUOTA_THROTTLED)
		return 0;
	if (first_time(ct))
		ct_say(ct, 0, "Container %u has used %" PRIu64 " bytes of traffic this month, its quota is %" PRIu64 ": %s", ct->id,
		       used, s->quota.v, s->action ? s->action : "notify");
	return str_eq(s->action, "stop") ? ct_stop(ct, 0, e) : 0;
}
