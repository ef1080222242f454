/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging changes; the rules are in the header. Sums are the inventory's; of the one that changes, the whole configuration
 * with the change merged in. */
#include "vzd/change.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/num.h"
#include "vzd/auth_priv.h"
#include "vzd/change_ips.h"
#include "vzd/change_more.h"
#include "vzd/change_ports.h"
#include "vzd/claims.h"
#include "vzd/console.h"
#include "vzd/node.h"
#include "vzd/policy.h"

static bool given(const struct param *p, size_t base, const struct ct_conf *parsed)
{
	return p->type->is_set((const char *)parsed + base + p->off);
}

/* The first parameter given that has @flag, but for the owner, which has a rule of its own; NULL: none. */
static const struct param *first_with(const struct ct_conf *parsed, unsigned flag)
{
	for (size_t g = 0; g < ct_param_groups_n; g++)
		for (size_t i = 0; i < ct_param_groups[g].n; i++) {
			const struct param *p = &ct_param_groups[g].rows[i];

			if ((p->flags & flag) && !str_eq(p->opt, "owner") && given(p, ct_param_groups[g].base, parsed))
				return p;
		}
	return NULL;
}

static int deny(struct api_call *c, const char *what, enum scope need)
{
	char text[256];

	str_fmt(text, sizeof(text), "%s is for administrators of the host", what);
	api_problem(c, "forbidden", 0, text, json_pack("{s:s}", "required_scope", scope_names[need]));
	return -1;
}

bool change_by_admin(const struct api_call *c)
{
	return !c->who->tenant[0] && !c->who->cts && auth_has(c->who, SCOPE_NODE_WRITE);
}

static int judge_rights(struct api_call *c, const struct ct_conf *parsed)
{
	const struct param *p = first_with(parsed, PARAM_ADMIN);
	bool host = change_by_admin(c);

	if (parsed->policy.owner && (!auth_has(c->who, SCOPE_TENANT_WRITE) ||
				     (c->who->tenant[0] && !str_eq(parsed->policy.owner, c->who->tenant))))
		return deny(c, "owner", SCOPE_TENANT_WRITE);
	if (p && !host)
		return deny(c, p->opt ? p->opt : p->key, SCOPE_NODE_WRITE);
	if (parsed->ostemplate && strchr(parsed->ostemplate, '/') && !host)
		return deny(c, "a template by its path", SCOPE_NODE_WRITE);
	return 0;
}

/* A token for some containers makes none beside them. */
static int judge_new(struct api_call *c)
{
	for (size_t i = 0; c->who->cts && i < c->who->n_cts; i++)
		if (c->who->cts[i] == c->ctid)
			return 0;
	if (!c->who->cts)
		return 0;
	api_problem(c, "forbidden", VZ_NO_ACCES, "this token is for some containers, and the new one is not among them", NULL);
	return -1;
}

bool change_bound(const struct api_call *c)
{
	return c->who->tenant[0] || c->who->cts;
}

const char *change_pool(const struct api_call *c)
{
	if (!change_bound(c))
		return NULL;
	return c->d->conf.tenant_pool ? c->d->conf.tenant_pool : "";
}

static int judge_addresses(struct api_call *c, unsigned ctid, const struct ct_conf *parsed)
{
	struct err e = { 0 };

	if (!change_bound(c) && str_eq(c->route->op, "cli"))
		return 0;		/* vzctl itself, by who may run it on the host: it has its own word on that */
	if (ips_judge(c->d, change_pool(c), ctid, &parsed->net.ip, &e) == 0)
		return 0;
	api_problem(c, e.code == EADDRINUSE ? "exists" : "forbidden", e.code == EADDRINUSE ? VZ_IP_INUSE : 0, e.text, NULL);
	return -1;
}

/* Names are the host's: whoever comes second has another one. */
static int judge_name(struct api_call *c, unsigned ctid, const char *name)
{
	const struct inv_ct *other = name && *name ? inv_find_text(c->d->inv, name) : NULL;

	if (!name || !*name || ((!other || other->id == ctid || !str_eq(other->name, name)) && !claims_name(c->d, ctid, name)))
		return 0;
	api_problem(c, "exists", VZ_SET_NAME_ERROR, "another container has this name: take another one",
		    json_pack("{s:s}", "resource", "name"));
	return -1;
}

/* What passed is promised until the operation that follows has written it down. */
static int promise(struct api_call *c, unsigned ctid, const struct ct_conf *parsed)
{
	struct err e = { 0 };

	if (claims_add(c->d, ctid, &parsed->net.ip, parsed->name, &e) == 0)
		return 0;
	api_problem_err(c, &e);
	return -1;
}

/* What a container with the configuration @conf counts for. */
static void sum_of(const struct ct_conf *conf, struct inv_sum *s)
{
	const struct num_pair *guar = &conf->cg.ubc[CG_VMGUARPAGES];
	struct quota_limit q;

	quota_conf_limit(&conf->quota, &q);
	*s = (struct inv_sum){ .cts = 1 };
	s->memory = MIN(cg_conf_memory(&conf->cg), node_ram());
	s->guarantee = guar->set ? MIN(guar->bar, node_ram() / NUM_PAGE) * NUM_PAGE : 0;
	s->disk = q.hard_kib && q.hard_kib < NUM_UNLIMITED / 1024 ? q.hard_kib * 1024 : NUM_UNLIMITED;
	s->cpus = inv_cpus(conf->cg.cpus.set ? conf->cg.cpus.v : 0);
	inv_addresses(conf, &s->ip4, &s->ip6);
}

/* The same of the container as it will be: what it has, with the change merged in as vzctl will. */
static int merged_sum(struct inv *v, unsigned ctid, const struct ct_conf *p, struct inv_sum *s, size_t *ips, struct err *e)
{
	__attribute__((cleanup(ct_conf_done))) struct ct_conf whole = { 0 };
	struct ct *ct = NULL;
	int rc;

	*ips = p->net.ip.n;
	if (!ctid) {
		sum_of(p, s);
		return 0;
	}
	if (inv_ct_open(v, ctid, &ct, e) < 0)
		return -e->code;
	rc = ct_conf_copy(&whole, ct_conf(ct), e);
	if (rc == 0)
		rc = ct_conf_merge(&whole, p, e);
	ct_close(ct);
	*ips = whole.net.ip.n;
	if (rc == 0)
		sum_of(&whole, s);
	return rc;
}

/* Every one is a route and an element at each start. */
static int judge_many(struct api_call *c, const struct ct_conf *parsed, size_t ips)
{
	char text[128];

	if (!change_bound(c) || !parsed->net.ip.n || ips <= TENANT_IPS_MAX)
		return 0;
	str_fmt(text, sizeof(text), "a tenant's container has at most %d addresses; a prefix is one of them", TENANT_IPS_MAX);
	api_problem(c, "quota-exceeded", 0, text, NULL);
	return -1;
}

static void present_sum(const struct inv_ct *ct, struct inv_sum *s)
{
	const uint64_t all = node_ram();

	*s = (struct inv_sum){ .cts = 1 };
	s->memory = MIN(ct->mem_limit, all);
	s->guarantee = MIN(ct->mem_guarantee, all);
}

/* What passes is held for the job that follows, so that two at once do not both fit into what is left for one. */
static int judge_quota(struct api_call *c, const char *tenant, const struct inv_sum *add, const struct inv_ct *old)
{
	json_t *detail = NULL;
	struct err e = { 0 };
	int held;

	if (!tenant || !*tenant)
		return 0;
	if (auth_quota(c->d->auth, tenant, add, old, &detail, &e) == 0 &&
	    (held = auth_quota_hold(c->d->auth, tenant, c->ctid, add, &e)) >= 0) {
		(void)str_copy(c->promised, sizeof(c->promised), tenant);
		c->promised_anew = held;
		return 0;
	}
	api_problem(c, e.code == EPERM ? "forbidden" : e.code == ENOENT ? "invalid-field" : "quota-exceeded", 0, e.text, detail);
	return -1;
}

/* Raising what runs, or making something new, needs room on the host. */
static int judge_room(struct api_call *c, const struct inv_sum *add, const struct inv_ct *old)
{
	uint64_t was = old ? MIN(old->mem_limit, node_ram()) : 0, guar = old ? old->mem_guarantee : 0;
	struct err e = { 0 };

	if (add->memory <= was && add->guarantee <= guar)
		return 0;
	if (policy_admit(c->d, add->memory > was ? add->memory - was : 0, add->guarantee > guar ? add->guarantee - guar : 0,
			 &e) == 0)
		return 0;
	api_problem(c, "no-capacity", 0, e.text, NULL);
	return -1;
}

/* Each parameter by itself; sums come after. */
static int judge_asked(struct api_call *c, const struct inv_ct *ct, const char *tenant, unsigned to, const struct ct_conf *parsed)
{
	if (judge_rights(c, parsed) < 0 ||
	    (ct ? more_judge_ct(c, ct, tenant, parsed) : more_judge_new(c, tenant, parsed)) < 0 ||
	    judge_addresses(c, to, parsed) < 0)
		return -1;
	return judge_name(c, to, parsed->name);
}

int change_judge(struct api_call *c, unsigned ctid, const char *owner, const struct ct_conf *parsed)
{
	const struct inv_ct *ct = ctid ? inv_find(c->d->inv, ctid) : NULL;
	const char *tenant = parsed->policy.owner ? parsed->policy.owner : ct ? ct->owner : owner;
	const struct inv_ct *same = ct && str_eq(tenant, ct->owner) ? ct : NULL;
	const unsigned to = ctid ? ctid : c->ctid;
	struct inv_sum add;
	struct err e = { 0 };
	size_t ips;

	if ((!ct && judge_new(c) < 0) || judge_asked(c, ct, tenant, to, parsed) < 0)
		return -1;
	if (merged_sum(c->d->inv, ct ? ct->id : 0, parsed, &add, &ips, &e) < 0) {
		api_problem_err(c, &e);
		return -1;
	}
	if (judge_many(c, parsed, ips) < 0)
		return -1;
	add.snapshots = ct ? ct->n_snaps : 0;
	if (judge_quota(c, tenant, &add, same) < 0)
		return -1;
	/* what does not run is judged again at its start */
	if (ct && (ct->state == INV_RUNNING || ct->state == INV_FROZEN) && judge_room(c, &add, ct) < 0)
		return -1;
	return ports_judge(c, ct ? ct->id : 0, parsed) < 0 ? -1 : promise(c, to, parsed);
}

/* Two at a time on one container would both be counted as the same one. */
static int judge_alone(struct api_call *c, const struct inv_ct *ct)
{
	if (!job_claims(c->d->jobs, ct->id) && !consoles_change(c->d->consoles, ct->id))
		return 0;
	api_problem(c, "locked", VZ_LOCKED, "another operation is under way on the container: try again when it has ended", NULL);
	return -1;
}

int change_snapshot(struct api_call *c, const struct inv_ct *ct)
{
	const struct ct_conf none = { 0 };
	struct inv_sum add;
	struct err e = { 0 };
	size_t ips;

	if (!ct->owner[0])
		return 0;
	if (judge_alone(c, ct) < 0)
		return -1;
	if (merged_sum(c->d->inv, ct->id, &none, &add, &ips, &e) < 0) {
		api_problem_err(c, &e);
		return -1;
	}
	add.snapshots = ct->n_snaps + 1;
	return judge_quota(c, ct->owner, &add, ct);
}

/* The same for a clone, which has none of the addresses. */
static int clone_sum(struct inv *v, unsigned src, const struct ct_conf *p, struct inv_sum *s, struct err *e)
{
	__attribute__((cleanup(ct_conf_done))) struct ct_conf whole = { 0 };
	struct ct *ct = NULL;
	int rc;

	if (inv_ct_open(v, src, &ct, e) < 0)
		return -e->code;
	rc = ct_conf_copy(&whole, ct_conf(ct), e);
	ct_close(ct);
	if (rc < 0)
		return rc;
	str_list_clear(&whole.net.ip);
	if (ct_conf_merge(&whole, p, e) < 0)
		return -e->code;
	sum_of(&whole, s);
	return 0;
}

int change_clone(struct api_call *c, const struct inv_ct *src, const char *owner, const struct ct_conf *parsed)
{
	struct inv_sum add;
	struct err e = { 0 };

	if (judge_new(c) < 0 || judge_rights(c, parsed) < 0 || more_judge_copy(c, src, owner, parsed) < 0 ||
	    judge_addresses(c, c->ctid, parsed) < 0 ||
	    judge_name(c, c->ctid, parsed->name) < 0 || judge_many(c, parsed, parsed->net.ip.n) < 0)
		return -1;
	/* its abilities were given to one owner */
	if (!str_eq(owner, src->owner) && !change_by_admin(c))
		return deny(c, "a copy of a container for another owner", SCOPE_NODE_WRITE);
	if (clone_sum(c->d->inv, src->id, parsed, &add, &e) < 0) {
		api_problem_err(c, &e);
		return -1;
	}
	if (judge_quota(c, owner, &add, NULL) < 0 || judge_room(c, &add, NULL) < 0)
		return -1;
	return ports_judge(c, 0, parsed) < 0 ? -1 : promise(c, c->ctid, parsed);
}

int change_may_start(struct api_call *c, const struct inv_ct *ct)
{
	struct inv_sum add;

	if (ct->owner[0] && auth_tenant_suspended(c->d->auth, ct->owner)) {
		api_problem(c, "forbidden", 0, "the tenant is suspended: its containers cannot be started", NULL);
		return -1;
	}
	present_sum(ct, &add);
	return judge_room(c, &add, NULL);
}

const char *change_owner(struct api_call *c, const char *wanted)
{
	if (!c->who->tenant[0])
		return wanted ? wanted : "";
	if (!wanted || str_eq(wanted, c->who->tenant))
		return c->who->tenant;
	api_problem(c, "forbidden", 0, "a token of a tenant makes containers of that tenant only",
		    json_pack("{s:s}", "required_scope", scope_names[SCOPE_TENANT_WRITE]));
	return NULL;
}
