/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libct/veths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "net/veth.h"
#include "libct/bridges.h"
#include "libct/record.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/spawn.h"

#define RECORD CT_VETHS_RECORD
#define SCRIPT_MS 60000

static const char vznetcfg[] = VZ_SBINDIR "/vznetcfg";

/* --- the record --- */

/* The entries of the configuration with what they leave open filled in. */
static int complete(const struct ct *ct, const struct str_list *l, struct str_list *ret, struct err *e)
{
	struct net_if f;

	for (size_t i = 0; i < l->n; i++) {
		if (net_if_parse(l->v[i], &f, e) < 0 || net_if_fill(&f, ct->id, false, e) < 0 || net_if_put(ret, &f, e) < 0)
			return -e->code;
	}
	return 0;
}

/* --- messages, and the script --- */

static void say_list(const struct ct *ct, const char *what, const struct str_list *l)
{
	auto_buf struct buf b = BUF_INIT;
	struct err ignored = { 0 };
	struct net_if f;

	for (size_t i = 0; i < l->n; i++) {
		if (net_if_parse(l->v[i], &f, &ignored) == 0)
			buf_addf(&b, "%s ", f.macvlan[0] ? f.ifname : f.host_ifname);
	}
	if (l->n)
		ct_say(ct, 0, "%s veth devices: %s", what, buf_str(&b));
}

static void run_script(const struct ct *ct, const struct net_if *f)
{
	char veid[32];
	const char *const argv[] = { vznetcfg, "init", "veth", f->host_ifname, NULL };
	const char *const env[] = { veid, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	struct spawn s = { .argv = argv, .env = env, .timeout_ms = SCRIPT_MS };
	struct err e = { 0 };
	int status = 0;

	snprintf(veid, sizeof(veid), "VEID=%u", ct->id);
	if (spawn_wait(&s, &status, &e) < 0)
		ct_say(ct, -1, "Warning: %s init veth %s failed: %s", vznetcfg, f->host_ifname, e.text);
}

/* vznetcfg may put interfaces into bridges by rules of its own: the filter follows. */
static int announce(struct ct *ct, const struct str_list *l, bool say, struct err *e)
{
	bool script = access(vznetcfg, X_OK) == 0, bridged = false;
	struct net_if f;
	struct net *n;

	if (!l->n)
		return 0;
	if (say)
		say_list(ct, "Configure", l);
	if (ct_host_net(ct->host, &n, e) < 0)
		return -e->code;
	for (size_t i = 0; i < l->n; i++) {
		if (net_if_parse(l->v[i], &f, e) < 0)
			return -e->code;
		if (script && !f.macvlan[0])
			run_script(ct, &f);
		if (net_veth_settle(n, ct->id, &f, &bridged, e) < 0)
			return err_exit(e, VZ_VETH_ERROR);
		if (f.bridge[0] && !bridged)
			ct_say(ct, -1,
			       "Warning: %s is no bridge of the kernel, and %s is not in it",
			       f.bridge, f.host_ifname);
	}
	return 0;
}

/* A bridge that is missing is made if a file says what it is like. */
static int bridge_needed(struct net *n, const struct net_if *f, struct err *e)
{
	bool known;

	if (!f->bridge[0] || net_link_exists(n, f->bridge))
		return 0;
	return ct_bridge_ensure(n, f->bridge, &known, e);
}

/* --- start and stop --- */

int ct_veths_up(struct ct *ct, int netns, struct err *e)
{
	auto_list struct str_list l = { 0 };
	struct net_if f;
	struct net *n;

	if (!ct->conf.net.netif.n)
		return 0;
	if (ct_host_net(ct->host, &n, e) < 0 || complete(ct, &ct->conf.net.netif, &l, e) < 0 ||
	    ct_record_save(ct, RECORD, &l, e) < 0)
		return err_exit(e, VZ_VETH_ERROR);
	for (size_t i = 0; i < l.n; i++) {
		if (net_if_parse(l.v[i], &f, e) < 0 || net_if_check(&f, e) < 0 || bridge_needed(n, &f, e) < 0 ||
		    net_veth_up(n, ct->id, &f, netns, e) < 0)
			return err_exit(e, VZ_VETH_ERROR);
	}
	return 0;
}

int ct_veths_announce(struct ct *ct, struct err *e)
{
	auto_list struct str_list l = { 0 };

	if (!ct->conf.net.netif.n)
		return 0;
	return ct_record_load(ct, RECORD, &l, e) < 0 ? -e->code : announce(ct, &l, true, e);
}

int ct_veths_down(struct ct *ct, struct err *e)
{
	auto_list struct str_list l = { 0 }, none = { 0 };
	struct err first = { 0 };
	struct net_if f;
	struct net *n;

	if (ct_record_load(ct, RECORD, &l, e) < 0 || !l.n)
		return -e->code;
	if (ct_host_net(ct->host, &n, e) < 0)
		return -e->code;
	for (size_t i = 0; i < l.n; i++) {
		struct err one = { 0 };

		if ((net_if_parse(l.v[i], &f, &one) < 0 || net_veth_down(n, ct->id, &f, &one) < 0) && !first.code)
			first = one;
	}
	*e = first;
	return e->code ? -e->code : ct_record_save(ct, RECORD, &none, e);
}

/* --- running --- */

struct change {
	struct ct *ct;
	struct net *n;
	int netns;
	struct str_list have, want, go, come;	/* entries; have follows what is done */
};

static void change_done(struct change *c)
{
	str_list_clear(&c->have);
	str_list_clear(&c->want);
	str_list_clear(&c->go);
	str_list_clear(&c->come);
	auto_close_(&c->netns);
}

static int change_plan(struct change *c, bool anew, struct err *e)
{
	struct net_if f, other;

	for (size_t i = 0; i < c->have.n; i++) {
		if (net_if_parse(c->have.v[i], &f, e) < 0)
			return -e->code;
		if (net_if_find(&c->want, f.ifname, &other) < 0 && net_if_put(&c->go, &f, e) < 0)
			return -e->code;
	}
	for (size_t i = 0; i < c->want.n; i++) {
		if ((anew || !str_list_has(&c->have, c->want.v[i])) && str_list_add(&c->come, c->want.v[i], e) < 0)
			return -e->code;
	}
	return 0;
}

static int change_go(struct change *c, struct err *e)
{
	struct net_if f;

	for (size_t i = 0; i < c->go.n; i++) {
		if (net_if_parse(c->go.v[i], &f, e) < 0 || net_veth_delete(c->n, c->ct->id, &f, c->netns, e) < 0)
			return -e->code;
		net_if_del(&c->have, f.ifname);
		if (ct_record_save(c->ct, RECORD, &c->have, e) < 0)
			return -e->code;
	}
	return 0;
}

static int change_come(struct change *c, struct err *e)
{
	struct net_if f, old;

	for (size_t i = 0; i < c->come.n; i++) {
		bool there;

		if (net_if_parse(c->come.v[i], &f, e) < 0)
			return -e->code;
		there = net_if_find(&c->have, f.ifname, &old) >= 0;
		if (bridge_needed(c->n, &f, e) < 0 || net_if_put(&c->have, &f, e) < 0 || ct_record_save(c->ct, RECORD,
			&c->have, e) < 0)
			return -e->code;
		if ((there ? net_veth_set(c->n, c->ct->id, &old, &f, c->netns, e) :
			     net_veth_up(c->n, c->ct->id, &f, c->netns, e)) < 0)
			return -e->code;
	}
	return 0;
}

int ct_veths_apply(struct ct *ct, const struct ct_conf *conf, bool say, bool anew, struct err *e)
{
	auto_call(change_done) struct change c = { .ct = ct, .netns = -1 };
	struct ct_state s;

	if (ct_record_load(ct, RECORD, &c.have, e) < 0 ||
	    complete(ct, &conf->net.netif, &c.want, e) < 0 || change_plan(&c, anew, e) < 0)
		return -e->code;
	if (!c.go.n && !c.come.n)
		return 0;
	if (ct_host_net(ct->host, &c.n, e) < 0 || ct_state_load(ct, &s, e) < 0)
		return -e->code;
	c.netns = ct_netns_open(&s, e);
	if (c.netns < 0)
		return -e->code;
	if (say)
		say_list(ct, "Deleting", &c.go);
	if (change_go(&c, e) < 0 || change_come(&c, e) < 0)
		return -e->code;
	return announce(ct, &c.come, say, e);
}
