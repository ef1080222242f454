/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vznetstat: traffic of containers by network class, over all their starts, from the firewall's counters and what
 * libct/traffic.c keeps of them on disk. What it reads it also writes down, so run by cron it does what vzd does.
 */
#include <errno.h>
#include <inttypes.h>

#include "libct/netlines.h"
#include "libct/shape.h"
#include "libct/traffic.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/opt.h"
#include "vzctl/tool.h"

#define CLASSES_FILE "/etc/vz/conf/networks_classes"

static const char usage[] =
	"Usage: vznetstat [-4 | -6] [-a] [-l] [-m] [-r] [-s] [-v CTID] [-c CLASS]\n"
	"  -4, -6    only this version of IP\n"
	"  -a        also containers that are down, and all classes\n"
	"  -l        load networks_classes anew, also for what runs\n"
	"  -m        by month\n"
	"  -r        count anew from here on\n"
	"  -s        print nothing: write what was counted to disk, look after monthly quotas\n"
	"  -v CTID   only this container\n"
	"  -c CLASS  only this network class\n";

struct netstat {
	int v6;				/* -1: both */
	bool reset, help, all, months, store, load;
	const char *ct;
	int cls;			/* -1: all */
	uint32_t used;			/* classes there are */
	struct buf out;
	struct err *e;
};

static void put_classes(struct netstat *n, unsigned id, const struct net_traffic *t)
{
	for (int c = 0; c < NET_CLASS_N; c++) {
		struct net_traffic_cell v[NET_WAY_N];
		bool any;

		net_traffic_sum(t, c, n->v6, v);
		any = c == 0 || n->all || n->used >> c & 1 || v[NET_SENT].packets || v[NET_RECEIVED].packets;

		if (n->cls >= 0 ? c == n->cls : any)
			tool_net_row(&n->out, id, (unsigned)c, v);
	}
}

/* One that somebody works on is looked after the next time. */
static int check_quota(const struct tool_ct *t, const struct ct_traffic *traffic, struct err *e)
{
	uint64_t used = ct_traffic_used(traffic);
	enum ct_quota_state state;
	struct err busy = { 0 };

	if (ct_quota_month(t->conf, used) < CT_QUOTA_THROTTLED && !ct_quota_acted(t->ct))
		return 0;
	if (ct_lock(t->ct, &busy) < 0)
		return 0;
	return ct_quota_check(t->ct, used, &state, e);
}

static int add(const struct tool_ct *t, void *arg)
{
	auto_free struct ct_traffic *traffic = calloc(1, sizeof(*traffic));
	struct net_traffic_cell sum[NET_WAY_N];
	struct netstat *n = arg;

	if (!traffic)
		return err_set(n->e, ENOMEM, "CT %u", t->id);
	if (t->info.run != CT_RUNNING && !n->all && !n->ct)
		return 0;
	if (n->load && t->info.run != CT_RUNNING)
		return 0;
	if (n->load)
		return ct_lock(t->ct, n->e) < 0 ? -n->e->code : ct_net_apply(t->ct, ct_conf(t->ct), n->e);
	if (ct_traffic_collect(t->ct, n->store, traffic, n->e) < 0)
		return -n->e->code;
	if (n->store)
		return t->info.run == CT_RUNNING ? check_quota(t, traffic, n->e) : 0;
	for (size_t i = 0; n->months && i < CT_TRAFFIC_MONTHS && traffic->month[i].month; i++)
		tool_net_month(&n->out, t->id, traffic->month[i].month, traffic->month[i].v);
	net_traffic_sum(&traffic->total, -1, -1, sum);
	if (!n->months && (t->info.run == CT_RUNNING || sum[NET_SENT].packets || sum[NET_RECEIVED].packets))
		put_classes(n, t->id, &traffic->total);
	return n->reset ? ct_traffic_reset(t->ct, n->e) : 0;
}

static int load_classes(struct netstat *n, struct err *e)
{
	auto_call(net_classes_done) struct net_classes c = { 0 };

	if (net_classes_load(CLASSES_FILE, &c, e) < 0)
		return -e->code;
	n->used = c.used & ~1u;
	if (n->cls > 0 && !n->all && !(n->used >> n->cls & 1))
		return err_say(e, EINVAL, "There is no network class %d in " CLASSES_FILE, n->cls);
	return 0;
}

static int run(struct netstat *n, struct err *e)
{
	auto_host struct ct_host *host = NULL;
	struct net *net;
	struct tool_ct t;
	int rc;

	n->e = e;
	if (load_classes(n, e) < 0)
		return -e->code;
	if (!n->store && !n->load)
		tool_net_head(&n->out, n->months);
	if (tool_host(&host, e) < 0)
		return -e->code;
	if (n->store)
		tool_log(host, "vznetstat");
	if (n->load && (ct_host_net(host, &net, e) < 0 || net_acct_ensure(net, e) < 0))
		return -e->code;
	if (!n->ct)
		return tool_each(host, 0, add, n, e);
	if (tool_ct_open(host, n->ct, 0, &t, e) < 0)
		return -e->code;
	rc = add(&t, n);
	tool_ct_done(&t);
	return rc;
}

static int class_flag(struct netstat *n, const char *arg, struct err *e)
{
	uint64_t cls;

	if (num_u64(arg, &cls) < 0 || cls >= NET_CLASS_N)
		return err_say(e, EINVAL, "'%s' is not a network class: they are 0 to %d", arg, NET_CLASS_N - 1);
	n->cls = (int)cls;
	return 0;
}

static int flag(struct netstat *n, const struct opt_found *f, struct err *e)
{
	switch (f->flag->id) {
	case '4':
	case '6':
		if (n->v6 >= 0)
			return err_say(e, EINVAL, "-4 and -6 exclude one another; without them both are counted");
		n->v6 = f->flag->id == '6';
		return 0;
	case 'a':
		n->all = true;
		return 0;
	case 'l':
		n->load = true;
		return 0;
	case 'm':
		n->months = true;
		return 0;
	case 'r':
		n->reset = true;
		return 0;
	case 's':
		n->store = true;
		return 0;
	case 'v':
		n->ct = f->arg;
		return 0;
	case 'c':
		return class_flag(n, f->arg, e);
	default:
		n->help = true;
		return 0;
	}
}

int main(int argc, char **argv)
{
	struct opt o = { .prog = "vznetstat", .flags = vznetstat_flags, .n_flags = vznetstat_flags_n, .argv = argv, .at = 1 };
	struct netstat n = { .v6 = -1, .cls = -1, .out = { .cap = 64u << 20 } };
	struct opt_found f;
	struct err e = { 0 };
	int what, rc;

	(void)argc;
	while ((what = opt_next(&o, &f, &e)) == OPT_FLAG)
		if (flag(&n, &f, &e) < 0)
			return tool_fail("vznetstat", &e);
	if (n.help || what != OPT_END)
		return tool_usage(usage, &e, n.help ? 0 : 1);
	rc = run(&n, &e);
	rc = rc < 0 ? tool_fail("vznetstat", &e) : tool_put(&n.out);
	buf_done(&n.out);
	return rc;
}
