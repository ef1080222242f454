/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of a guest's files are left to scripts of the administrator, and with which variables those run. */
#include <string.h>

#include "libct/ct_priv.h"
#include "libct/guest.h"
#include "util/buf.h"

struct texts {
	struct buf ips, search, servers;
};

static void texts_done(struct texts *t)
{
	buf_done(&t->ips);
	buf_done(&t->search);
	buf_done(&t->servers);
}

static const char *join(struct buf *b, const struct str_list *l)
{
	buf_reset(b);
	for (size_t i = 0; i < l->n; i++)
		buf_addf(b, "%s%s", i ? " " : "", l->v[i]);
	return buf_str(b);
}

/* The first address without its prefix. */
static const char *first_ip(struct buf *b, const struct str_list *l)
{
	buf_reset(b);
	if (l->n)
		buf_add(b, l->v[0], strcspn(l->v[0], "/"));
	return buf_str(b);
}

static int ip_jobs(struct ct_guest *g, const struct ct_actions *a, const struct ct_conf *c, const char *state,
		   const struct ct_guest_change *change, struct texts *t, struct err *e)
{
	const struct str_list *add = change ? change->add : &c->net.ip, *del = change ? change->del : NULL;
	struct ct_action_var vars[] = { { "VE_STATE", state }, { "IP_ADDR", "" }, { "IPV6", "yes" },
					{ "IPDELALL", NULL }, { NULL, NULL } };

	if (del && del->n) {
		vars[1].val = join(&t->ips, del);
		vars[3].val = c->net.ip.n || (add && add->n) ? NULL : "yes";
		if (ct_action_job(&g->jobs, a, CT_ACTION_DEL_IP, vars, e) < 0)
			return -e->code;
	}
	if (change && !(add && add->n))
		return 0;
	vars[1].val = join(&t->ips, add);
	vars[3].val = change ? NULL : "yes";	/* at a start: these and no others */
	return ct_action_job(&g->jobs, a, CT_ACTION_ADD_IP, vars, e);
}

static int name_job(struct ct_guest *g, const struct ct_actions *a, const struct ct_conf *c, const char *state,
		    struct texts *t, struct err *e)
{
	const struct ct_action_var vars[] = { { "VE_STATE", state }, { "HOSTNM", c->hostname },
					      { "IP_ADDR", first_ip(&t->ips, &c->net.ip) }, { NULL, NULL } };

	return c->hostname && *c->hostname ? ct_action_job(&g->jobs, a, CT_ACTION_SET_HOSTNAME, vars, e) : 0;
}

static int dns_job(struct ct_guest *g, const struct ct_actions *a, const struct ct_conf *c, const char *state,
		   struct texts *t, struct err *e)
{
	const struct ct_action_var vars[] = { { "VE_STATE", state },
					      { "SEARCHDOMAIN", join(&t->search, &c->searchdomain) },
					      { "NAMESERVER", join(&t->servers, &c->nameserver) }, { NULL, NULL } };

	return c->searchdomain.n || c->nameserver.n ? ct_action_job(&g->jobs, a, CT_ACTION_SET_DNS, vars, e) : 0;
}

/* What only a start has. */
static int start_jobs(struct ct_guest *g, const struct ct_actions *a, const struct ct_conf *c, struct err *e)
{
	char number[32] = "";
	struct ct_action_var vars[] = { { "VE_STATE", "starting" }, { "UGIDLIMIT", NULL }, { "VZ_KERNEL", "no" },
					{ "USERNS", "yes" }, { NULL, NULL } };

	if (c->quota.ugidlimit.set && c->quota.ugidlimit.v) {
		str_fmt(number, sizeof(number), "%llu", (unsigned long long)c->quota.ugidlimit.v);
		vars[1].val = number;
		if (ct_action_job(&g->jobs, a, CT_ACTION_SET_UGID_QUOTA, vars, e) < 0)
			return -e->code;
	}
	if (ct_action_job(&g->jobs, a, CT_ACTION_SET_CONSOLE, vars, e) < 0)
		return -e->code;
	return ct_action_job(&g->jobs, a, CT_ACTION_PRE_START, vars, e);
}

/* Addresses are on the interface whatever a script does; the script only has to remember them. */
static void leave_out(struct ct_guest *g, const struct ct_actions *a)
{
	if (a->text[CT_ACTION_ADD_IP] || a->text[CT_ACTION_DEL_IP])
		g->net = NULL;
	if (a->text[CT_ACTION_SET_HOSTNAME]) {
		free(g->hostname);
		free(g->hosts_line);
		g->hostname = g->hosts_line = NULL;
		g->name_by_script = true;
	}
	if (a->text[CT_ACTION_SET_DNS]) {
		free(g->resolv);
		g->resolv = NULL;
	}
	g->console = g->console && !a->text[CT_ACTION_SET_CONSOLE];
}

int ct_guest_scripts(struct ct_guest *g, const struct ct_actions *a, const struct ct_conf *c, unsigned what,
		     const struct ct_guest_change *change, struct err *e)
{
	const char *state = change ? "running" : "starting";
	auto_call(texts_done) struct texts t = { BUF_INIT, BUF_INIT, BUF_INIT };

	leave_out(g, a);
	if ((what & CT_GUEST_IP) && ip_jobs(g, a, c, state, change, &t, e) < 0)
		return -e->code;
	if ((what & CT_GUEST_HOSTNAME) && name_job(g, a, c, state, &t, e) < 0)
		return -e->code;
	if ((what & CT_GUEST_DNS) && dns_job(g, a, c, state, &t, e) < 0)
		return -e->code;
	return (what & CT_GUEST_CONSOLE) ? start_jobs(g, a, c, e) : 0;
}
