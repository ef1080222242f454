/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libct/shape.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "libct/files.h"
#include "libct/netlines.h"
#include "libct/overquota.h"
#include "libct/record.h"
#include "libct/shape_place.h"
#include "libct/traffic.h"
#include "net/flood.h"
#include "net/netif.h"

#define THROTTLED "throttled"		/* the month it was above its quota in */
#define JUMBO 9000u

int ct_shape_down(struct ct *ct, struct net *n, struct err *e)
{
	return ct_place_settle(ct, n, 0, e);
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

/* @shared: there is something to guarantee; else only limits count. */
static int rates_of(const struct ct *ct, const struct ct_conf *c, bool shared, struct net_rates *r, struct err *e)
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
	if (!shared)
		memset(r->rate, 0, sizeof(r->rate));
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

/* What of @c the trees are told. */
struct plan { struct net *n; struct net_rates r; struct net_totals t; struct net_place p; struct net_caps caps; bool rates; };

static int widest(const struct ct_conf *c, unsigned *ret, struct err *e)
{
	struct net_if f;

	*ret = c->net.venet_mtu.set ? (unsigned)c->net.venet_mtu.v : 0;
	for (size_t i = 0; i < c->net.netif.n; i++) {
		if (net_if_parse(c->net.netif.v[i], &f, e) < 0)
			return -e->code;
		*ret = MAX(*ret, f.mtu ? f.mtu : JUMBO);	/* the bridge's */
	}
	return 0;
}

static int plan_of(const struct ct *ct, const struct ct_conf *c, struct plan *p, struct err *e)
{
	const struct ct_shape *s = &c->shape;
	bool shared;

	*p = (struct plan){ 0 };
	p->caps = (struct net_caps){ s->packets.set ? s->packets.v : 0, s->conns.set ? s->conns.v : 0, s->smtp.set && !s->smtp.v };
	if (totals(ct, &p->t, e) < 0)
		return -e->code;
	shared = net_totals_any(&p->t);
	p->p.own = !shared && !c->net.netif.n;
	if (rates_of(ct, c, shared, &p->r, e) < 0)
		return -e->code;
	p->rates = net_rates_any(&p->r);
	if (!p->rates)
		return 0;
	p->p.kind = NET_PLACE_SHARED;
	if (ct_host_net_peek(ct->host, &p->n, e) < 0 || widest(c, &p->p.mtu, e) < 0 ||
	    (!shared && net_rates_kind(p->n, &p->r, &p->p.kind, e) < 0))
		return -e->code;
	return 0;
}

int ct_shape_small(const struct ct *ct, const struct ct_conf *c, bool *ret, struct err *e)
{
	struct plan p;

	if (plan_of(ct, c, &p, e) < 0)
		return -e->code;
	*ret = net_rates_small(&p.r, NET_SENT);
	return 0;
}

typedef int each_fn(struct plan *p, void *arg, const char *ifname, bool bridged, struct err *e);

static int each_if(const struct ct *ct, const struct ct_conf *c, struct plan *p, each_fn *fn, void *arg, struct err *e)
{
	struct net_if f;
	char name[16];

	net_ifname(ct->id, name);
	if (fn(p, arg, name, false, e) < 0)
		return -e->code;
	for (size_t i = 0; i < c->net.netif.n; i++) {
		if (net_if_parse(c->net.netif.v[i], &f, e) < 0 || net_if_fill(&f, ct->id, false, e) < 0)
			return -e->code;
		if (!f.macvlan[0] && fn(p, arg, f.host_ifname, true, e) < 0)
			return -e->code;
		if (f.macvlan[0] && (p->rates || p->caps.packets || p->caps.connections || p->caps.no_smtp))
			return err_say(e, EOPNOTSUPP, "rates, --packetrate, --newconns and --smtp cannot hold for interface %s "
				       "of container %u, which is on %s by macvlan, past this host: use a bridge for it",
				       f.ifname, ct->id, f.macvlan);
	}
	return 0;
}

static int line(struct plan *p, void *arg, const char *ifname, bool bridged, struct err *e)
{
	return net_flood_line(arg, ifname, bridged, &p->caps, e);
}

int ct_shape_lines(const struct ct *ct, const struct ct_conf *c, struct str_list *lines, struct err *e)
{
	struct plan p;

	if (plan_of(ct, c, &p, e) < 0)
		return -e->code;
	if (p.rates && (ct_place_get(ct, p.n, &p.p, e) < 0 || net_shape_set(p.n, &p.p, &p.r, &p.t, e) < 0))
		return -e->code;
	return each_if(ct, c, &p, line, lines, e);
}

static int way(struct plan *p, void *arg, const char *ifname, bool bridged, struct err *e)
{
	(void)arg;
	(void)bridged;
	return net_shape_dev(p->n, ifname, &p->p, p->rates ? &p->r : NULL, &p->t, e);
}

int ct_shape_ways(struct ct *ct, const struct ct_conf *c, struct err *e)
{
	struct net_place had = { 0 };
	struct plan p;
	bool was = ct_place_recorded(ct, &had);

	if (plan_of(ct, c, &p, e) < 0)
		return -e->code;
	if (!p.rates && !was)
		return 0;
	if (ct_host_net(ct->host, &p.n, e) < 0)
		return -e->code;
	if (p.rates && had.kind != p.p.kind)
		return err_say(e, EAGAIN, CT_HOST_CONF " or networks_classes has changed while the rates of container %u were set",
			       ct->id);
	p.p.slot = had.slot;
	return each_if(ct, c, &p, way, NULL, e) < 0 ? -e->code : ct_place_settle(ct, p.n, p.rates, e);
}

struct fault { char *text; size_t size; };

static int fault(struct plan *p, void *arg, const char *ifname, bool bridged, struct err *e)
{
	const struct fault *f = arg;

	(void)bridged;
	return f->text[0] ? 0 : net_shape_fault(p->n, ifname, &p->p, &p->r, f->text, f->size, e);
}

int ct_shape_fault(struct ct *ct, char *text, size_t size, struct err *e)
{
	struct fault f = { text, size };
	struct net_place had = { 0 };
	struct plan p;

	text[0] = '\0';
	if (!ct_place_recorded(ct, &had))		/* none were set */
		return 0;
	if (plan_of(ct, &ct->conf, &p, e) < 0)
		return -e->code;
	if (!p.rates || had.kind != p.p.kind)	/* the configuration has changed since: not for us to say */
		return 0;
	p.p.slot = had.slot;
	return each_if(ct, &ct->conf, &p, fault, &f, e);
}

int ct_shape_heal(struct ct *ct, struct err *e)
{
	return ct_net_apply(ct, &ct->conf, e) < 0 ? -e->code : ct_shape_ways(ct, &ct->conf, e);
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
	return ct_shape_heal(ct, e);
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
	struct ct_overquota over = { .month = ct_traffic_now(), .used = used };
	bool was = ct_quota_acted(ct);

	*ret = ct_quota_month(&ct->conf, used);
	if (*ret == CT_QUOTA_THROTTLED ? !throttled(ct) : was) {
		if (throttle(ct, *ret == CT_QUOTA_THROTTLED, e) < 0)
			return err_add(e, "throttle container %u", ct->id);
	}
	if (*ret < CT_QUOTA_THROTTLED)
		return 0;
	over.quota = s->quota.v;
	str_copy(over.action, sizeof(over.action), s->action ? s->action : "notify");
	if (ct_overquota_tell(ct, &over, e) < 0)
		return -e->code;
	return str_eq(s->action, "stop") ? ct_stop(ct, 0, e) : 0;
}
