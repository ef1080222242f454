/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What set changes in a running container, part by part in OpenVZ's order and with its messages. Each part is applied from
 * a whole configuration, so putting a part back is the same call with the old one.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/buf.h"

#include "libct/announce.h"
#include "libct/dev.h"
#include "libct/devnode.h"
#include "libct/files.h"
#include "libct/netdevs.h"
#include "libct/shape.h"
#include "libct/netlines.h"
#include "net/nat.h"
#include "libct/ips.h"
#include "libct/record.h"
#include "libct/veths.h"

static unsigned cg_parts(const struct cg_conf *c)
{
	unsigned parts = 0;

	for (size_t i = 0; i < CG_UBC_N; i++)
		parts |= c->ubc[i].set ? CT_LIVE_UBC : 0;
	if (c->cpuunits.set || c->cpulimit.set || c->cpus.set || c->cpumask || c->nodemask)
		parts |= CT_LIVE_CPU;
	if (c->ioprio.set || c->iolimit.set || c->iopslimit.set)
		parts |= CT_LIVE_IO;
	return parts;
}

static bool shape_given(const struct ct_shape *s)
{
	return s->rate || s->limit || s->action || s->bound.set || s->burst.set || s->packets.set || s->conns.set ||
	       s->smtp.set || s->quota.set || s->throttle.set;
}

/* What rates depend on: how many interfaces there are, and how wide. */
static bool links_given(const struct net_conf *c)
{
	return net_conf_has_netif(c) || c->venet_mtu.set;
}

unsigned ct_live_parts(const struct ct_conf *c)
{
	unsigned parts = cg_parts(&c->cg);

	if (c->net.ip.set || c->net.ip_del.set)
		parts |= CT_LIVE_IP;
	if (c->hostname || c->nameserver.set || c->searchdomain.set)
		parts |= CT_LIVE_GUEST;
	if (c->quota.space.set || c->quota.inodes.set)
		parts |= CT_LIVE_QUOTA;
	if (c->devices.set || c->devnodes.set)
		parts |= CT_LIVE_DEV;
	if (net_conf_has_netdev(&c->net))
		parts |= CT_LIVE_NETDEV;
	if (net_conf_has_netif(&c->net))
		parts |= CT_LIVE_NETIF;
	if (net_conf_has_fw(&c->net) || c->net.ip.set || c->net.ip_del.set || links_given(&c->net) || c->policy.owner ||
	    c->net.venet_filter.set)
		parts |= CT_LIVE_FW;
	if (shape_given(&c->shape))
		parts |= CT_LIVE_FW | CT_LIVE_SHAPE;
	if (links_given(&c->net))
		parts |= CT_LIVE_SHAPE;
	return parts;
}

/* --- addresses --- */

/* Members of @a that @b lacks. */
static int minus(struct str_list *ret, const struct str_list *a, const struct str_list *b, struct err *e)
{
	for (size_t i = 0; i < a->n; i++) {
		if (!str_list_has(b, a->v[i]) && str_list_add(ret, a->v[i], e) < 0)
			return -e->code;
	}
	return 0;
}

int ct_live_plan(struct ct_live *l, struct err *e)
{
	if (minus(&l->ip_add, &l->want->net.ip, &l->old->net.ip, e) < 0)
		return -e->code;
	return minus(&l->ip_del, &l->old->net.ip, &l->want->net.ip, e);
}

void ct_live_done(struct ct_live *l)
{
	str_list_clear(&l->ip_add);
	str_list_clear(&l->ip_del);
}

static void say_ips(const struct ct *ct, const char *what, const struct str_list *ips)
{
	auto_buf struct buf b = BUF_INIT;
	struct err ignored = { 0 };
	struct net_ip ip;

	if (!ips->n)
		return;
	for (size_t i = 0; i < ips->n; i++) {
		const char *slash = strchr(ips->v[i], '/');

		if (net_ip_parse(ips->v[i], &ip, &ignored) == 0 && net_ip_is_net(&ip))
			slash = NULL;
		buf_addf(&b, " %.*s", (int)(slash ? slash - ips->v[i] : (ptrdiff_t)strlen(ips->v[i])), ips->v[i]);
	}
	ct_say(ct, 0, "%s IP address(es):%s", what, buf_str(&b));
}

static int change_ips(struct ct *ct, const struct str_list *add, const struct str_list *del, const struct ct_conf *c,
		      struct err *e)
{
	struct ct_state s;
	struct net *n;

	if (!add->n && !del->n)
		return 0;
	if (ct_host_net(ct->host, &n, e) < 0 || ct_state_load(ct, &s, e) < 0)
		return -e->code;
	auto_close int netns = ct_netns_open(&s, e);
	if (netns < 0 || ct_ips_probe(ct, add, false, e) < 0 || (add->n && ct_ips_probed(ct, e) < 0) ||
	    net_change(n, ct->id, netns, add, del, e) < 0 || ct_ips_probed(ct, e) < 0 || ct_ips_announce(ct, e) < 0)
		return -e->code;
	if (ct_guest_ips(ct, c, add, del, e) == 0) {
		ct_announce_change(ct, add, del);
		return 0;
	}
	net_change(n, ct->id, netns, del, add, &(struct err){ 0 });
	return -e->code;
}

/* After a crash nobody knows which of @ips came that far: each is taken away, and put back if the configuration has it. */
int ct_live_sync_ips(struct ct *ct, const char *ips, struct err *e)
{
	struct str_list all = { 0 }, have = { 0 }, none = { 0 };
	struct err ignored = { 0 };
	int r = str_list_split(&all, ips, " ", e);

	for (size_t i = 0; r == 0 && i < all.n; i++) {
		if (str_list_has(&ct->conf.net.ip, all.v[i]))
			r = str_list_add(&have, all.v[i], e);
	}
	for (size_t i = 0; r == 0 && i < all.n; i++) {
		char *one[] = { all.v[i], NULL };

		change_ips(ct, &none, &(struct str_list){ .v = one, .n = 1, .set = true }, &ct->conf, &ignored);
	}
	if (r == 0)
		r = change_ips(ct, &have, &none, &ct->conf, e);
	ct_announce_change(ct, &have, &all);
	str_list_clear(&all);
	str_list_clear(&have);
	return r;
}

/* Who names an address that it has already wants it to be there, whatever its root did inside. */
static int again(struct ct *ct, const struct ct_live *l, struct err *e)
{
	auto_list struct str_list ips = { 0 };
	auto_close int netns = -1;
	struct ct_state s;

	for (size_t i = 0; l->change && i < l->change->net.ip.n; i++) {
		const char *ip = l->change->net.ip.v[i];

		if (str_list_has(&l->old->net.ip, ip) && str_list_has(&l->want->net.ip, ip) && str_list_add(&ips, ip, e) < 0)
			return -e->code;
	}
	if (!ips.n)
		return 0;
	if (ct_state_load(ct, &s, e) < 0)
		return -e->code;
	netns = ct_netns_open(&s, e);
	return netns < 0 ? netns : net_again(netns, &ips, e);
}

static int apply_ip(struct ct *ct, const struct ct_live *l, const struct ct_conf *c, struct err *e)
{
	if (c != l->want)
		return change_ips(ct, &l->ip_del, &l->ip_add, c, e);
	if (l->change) {
		say_ips(ct, str_list_has(&l->change->net.ip_del, "all") ? "Deleting all" : "Deleting", &l->ip_del);
		say_ips(ct, "Adding", &l->ip_add);
	}
	if (again(ct, l, e) < 0)
		return -e->code;
	return change_ips(ct, &l->ip_add, &l->ip_del, c, e);
}

/* --- control groups --- */

typedef int cg_fn(struct cg *cg, const struct cg_conf *c, struct err *e);

static int with_cg(struct ct *ct, const struct ct_conf *c, cg_fn *fn, cg_fn *fn2, struct err *e)
{
	struct cg_host *host = NULL;
	struct cg *cg = NULL;
	int r;

	if (ct_host_cg(ct->host, &host, e) < 0 || cg_open(host, ct->ids, &cg, e) < 0)
		return -e->code;
	r = fn(cg, &c->cg, e);
	if (r == 0 && fn2)
		r = fn2(cg, &c->cg, e);
	cg_close(cg);
	return r;
}

static int apply_ubc(struct ct *ct, const struct ct_live *l, const struct ct_conf *c, struct err *e)
{
	if (with_cg(ct, c, cg_apply_memory, cg_apply_pids, e) < 0)
		return -e->code;
	if (l->change && c == l->want)
		ct_say(ct, 0, "UB limits were set successfully");
	return 0;
}

static void say_num(const struct ct *ct, const char *what, const struct num_opt *v, const char *unit)
{
	if (v->set)
		ct_say(ct, 0, "Setting %s: %" PRIu64 "%s", what, v->v, unit);
}

static int apply_cpu(struct ct *ct, const struct ct_live *l, const struct ct_conf *c, struct err *e)
{
	const struct cg_conf *g = l->change && c == l->want ? &l->change->cg : NULL;

	if (g) {
		say_num(ct, "CPU limit", &g->cpulimit, "");
		say_num(ct, "CPU units", &g->cpuunits, "");
		say_num(ct, "CPUs", &g->cpus, "");
		if (g->cpumask)
			ct_say(ct, 0, "Setting CPU mask: %s", g->cpumask);
		if (g->nodemask)
			ct_say(ct, 0, "Setting NUMA node mask: %s", g->nodemask);
	}
	return with_cg(ct, c, cg_apply_cpu, NULL, e);
}

static int cg_devices(struct cg *cg, const struct ct_conf *c, struct err *e)
{
	struct cg_dev dev[64];
	size_t n;

	if (ct_devices(c, dev, ARRAY_SIZE(dev), &n, e) < 0)
		return -e->code;
	return cg_apply_devices(cg, dev, n, e);
}

/* Rules first: a node without its rule would only look open. */
static int apply_dev(struct ct *ct, const struct ct_live *l, const struct ct_conf *c, struct err *e)
{
	struct cg_host *host = NULL;
	struct cg *cg = NULL;
	int r;

	if (l->change && c == l->want)
		ct_say(ct, 0, "Setting devices");
	if (ct_host_cg(ct->host, &host, e) < 0 || cg_open(host, ct->ids, &cg, e) < 0)
		return -e->code;
	r = cg_devices(cg, c, e);
	cg_close(cg);
	return r < 0 ? r : ct_devnode_inject(ct, c, e);
}

static int apply_io(struct ct *ct, const struct ct_live *l, const struct ct_conf *c, struct err *e)
{
	const struct cg_conf *g = l->change && c == l->want ? &l->change->cg : NULL;

	if (g && g->iolimit.set && g->iolimit.v)
		say_num(ct, "iolimit", &g->iolimit, " bytes/sec");
	else if (g && g->iolimit.set)
		ct_say(ct, 0, "Setting iolimit: 0 (unlimited)");
	if (g)
		say_num(ct, "iopslimit", &g->iopslimit, " iops");
	return with_cg(ct, c, cg_apply_io, NULL, e);
}

/* --- inside, and on disk --- */

static int apply_guest(struct ct *ct, const struct ct_live *l, const struct ct_conf *c, struct err *e)
{
	unsigned what = 0;

	if (!l->change || l->change->hostname)
		what |= CT_GUEST_HOSTNAME;
	if (!l->change || l->change->nameserver.set || l->change->searchdomain.set)
		what |= CT_GUEST_DNS;
	return ct_guest_apply(ct, c, what, e);
}

static int apply_quota(struct ct *ct, const struct ct_live *l, const struct ct_conf *c, struct err *e)
{
	return ct_area_quota(ct, c, l->change && l->change->quota.inodes.set, e);
}

static int apply_netdev(struct ct *ct, const struct ct_live *l, const struct ct_conf *c, struct err *e)
{
	(void)l;
	return ct_netdevs_apply(ct, c, e);
}

static int apply_netif(struct ct *ct, const struct ct_live *l, const struct ct_conf *c, struct err *e)
{
	return ct_veths_apply(ct, c, l->change && c == l->want, !l->change, e);
}

/* A forward goes before the host's own programs: its SSH server, perhaps. */
static void tell_listening(struct ct *ct, const struct str_list *forwards)
{
	struct err e = { 0 };
	struct nat_fwd f;

	for (size_t i = 0; i < forwards->n; i++) {
		int port = nat_fwd_parse(forwards->v[i], &f, &e) < 0 ? 0 : net_listening(&f, &e);

		if (port < 0)
			ct_say(ct, -1, "Warning: whether a program of this host listens on the ports of forward '%s', which nobody "
			       "outside would reach then, cannot be told: %s", forwards->v[i], e.text);
		if (port > 0)
			ct_say(ct, -1, "Warning: a program of this host listens on %s port %d, which nobody outside reaches "
			       "while forward '%s' leads into the container", f.proto == IPPROTO_TCP ? "tcp" : "udp", port,
			       forwards->v[i]);
		err_clear(&e);
	}
}

static int apply_fw(struct ct *ct, const struct ct_live *l, const struct ct_conf *c, struct err *e)
{
	const struct net_conf *a = &l->old->net, *b = &l->want->net;
	bool same = a->venet_mtu.set == b->venet_mtu.set && a->venet_mtu.v == b->venet_mtu.v &&
		    a->venet_filter.set == b->venet_filter.set && a->venet_filter.v == b->venet_filter.v;

	if (l->change && c == l->want && ct_net_unsaved(ct, l->old))
		ct_say(ct, -1, "Warning: firewall, forwards and rates that were set without --save before are not in "
		       "effect any more");
	if (ct_net_apply(ct, c, e) < 0)
		return -e->code;
	if (l->change && c == l->want)
		tell_listening(ct, &l->change->net.forward);
	return same && l->change ? 0 : ct_net_venet(ct, e);
}

/* The lines were applied with those of the firewall. */
static int apply_shape(struct ct *ct, const struct ct_live *l, const struct ct_conf *c, struct err *e)
{
	if (l->change && c == l->want && (l->change->shape.rate || l->change->shape.limit))
		ct_say(ct, 0, "Setting network rates");
	return ct_shape_ways(ct, c, e);
}

static const struct {
	unsigned part;
	int exit;			/* unless the part's own error has one */
	const char *name;
	int (*apply)(struct ct *ct, const struct ct_live *l, const struct ct_conf *c, struct err *e);
} parts[] = {
	{ CT_LIVE_UBC, VZ_SETUBC_ERROR, "UBC parameters", apply_ubc },
	{ CT_LIVE_IP, VZ_CANT_ADDIP, "network parameters", apply_ip },
	{ CT_LIVE_FW, VZ_CANT_ADDIP, "firewall parameters", apply_fw },	/* before an interface comes that it is about */
	{ CT_LIVE_NETDEV, VZ_NETDEV_ERROR, "network devices", apply_netdev },
	{ CT_LIVE_CPU, VZ_SETFSHD_ERROR, "CPU parameters", apply_cpu },
	{ CT_LIVE_DEV, VZ_SET_DEVICES, "devperm", apply_dev },
	{ CT_LIVE_IO, VZ_SET_IO, "I/O parameters", apply_io },
	{ CT_LIVE_GUEST, 0, "host name and DNS parameters", apply_guest },
	{ CT_LIVE_QUOTA, VZ_DQ_SET, "disk quota parameters", apply_quota },
	{ CT_LIVE_NETIF, VZ_VETH_ERROR, "veth", apply_netif },
	{ CT_LIVE_SHAPE, VZ_SET_RATE, "network rates", apply_shape },	/* when all interfaces are there */
};

int ct_live_apply(struct ct *ct, struct ct_live *l, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!(l->parts & parts[i].part))
			continue;
		if (parts[i].apply(ct, l, l->want, e) < 0) {
			err_add(e, "Unable to %s %s", parts[i].part == CT_LIVE_NETIF ? "configure" : "apply", parts[i].name);
			/* a part may have half of itself done */
			l->done |= parts[i].part == CT_LIVE_IP ? 0 : parts[i].part;
			return parts[i].exit ? err_exit(e, parts[i].exit) : -e->code;
		}
		l->done |= parts[i].part;
	}
	return 0;
}

void ct_live_undo(struct ct *ct, struct ct_live *l)
{
	for (size_t i = ARRAY_SIZE(parts); i-- > 0; ) {
		struct err e = { 0 };

		if ((l->done & parts[i].part) && parts[i].apply(ct, l, l->old, &e) < 0)
			ct_say(ct, -1, "Warning: unable to put %s back: %s", parts[i].name, e.text);
	}
	l->done = 0;
}

void ct_live_not_running(unsigned what, struct err *e)
{
	size_t i = 0;

	if (what != CT_LIVE_FW)
		what &= ~(unsigned)CT_LIVE_FW;	/* which follows from the others */
	while (i + 1 < ARRAY_SIZE(parts) && !(what & parts[i].part))
		i++;
	err_say(e, ESRCH, "Unable to %s %s: container is not running", parts[i].part == CT_LIVE_NETIF ? "configure" : "apply",
		parts[i].name);
	err_exit(e, VZ_VE_NOT_RUNNING);
}
