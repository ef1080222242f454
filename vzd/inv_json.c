/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API's Ct: a container's record and every parameter that its configuration sets, without live figures. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "vzd/conf_json.h"
#include "vzd/inv_priv.h"
#include "vzd/timefmt.h"

#define WARM_MS 20		/* between two slices */
#define WARM_BUDGET_MS 4	/* of the loop for each */

static json_t *bytes_or_null(uint64_t v)
{
	return v >= NUM_UNLIMITED ? json_null() : json_integer((json_int_t)v);
}

static json_t *text_or_null(const char *s)
{
	return s && *s ? json_string(s) : json_null();
}

static json_t *list_of(const struct str_list *l)
{
	json_t *a = json_array();

	for (size_t i = 0; l && i < l->n; i++)
		json_array_append_new(a, json_string(l->v[i]));
	return a;
}

static json_t *restart_of(const struct inv_ct *ct)
{
	return json_pack("{s:s, s:i}", "policy", ct_restart_names[ct->restart], "max", (int)ct->restart_max);
}

char *inv_json_make(struct inv *v, const struct inv_ct *ct, const struct ct *open)
{
	const struct ct_conf *c = open ? ct_conf(open) : NULL;
	json_t *j = json_pack(
		"{s:i, s:o, s:s, s:s, s:o, s:s, s:o, s:o, s:s, s:s, s:b, s:b}", "ctid", (int)ct->id, "name",
		text_or_null(ct->name), "hostname", ct->hostname, "description", ct->description, "owner", text_or_null(ct->owner),
		"state", inv_state_names[ct->state], "since", timefmt_json(ct->since_ms), "started_at",
		timefmt_json(ct->started_ms), "template", ct->ostemplate, "layout", ct->layout, "onboot", ct->onboot, "disabled",
		ct->disabled);
	char *text = NULL;

	(void)v;
	if (!j)
		return NULL;
	json_object_set_new(j, "memory", json_pack("{s:o, s:o, s:I}", "limit", bytes_or_null(ct->mem_limit), "swap",
						   bytes_or_null(ct->swap_limit), "guarantee", (json_int_t)ct->mem_guarantee));
	json_object_set_new(j, "disk", json_pack("{s:o, s:o}", "limit", bytes_or_null(ct->disk_limit), "inodes",
						 bytes_or_null(ct->inode_limit)));
	json_object_set_new(j, "cpu", json_pack("{s:o, s:o, s:o}", "count", ct->cpus ? json_integer(ct->cpus) : json_null(),
						"limit_pct", ct->cpu_limit_pct ? json_integer(ct->cpu_limit_pct) : json_null(),
						"units", ct->cpu_units ? json_integer(ct->cpu_units) : json_null()));
	json_object_set_new(j, "addresses", list_of(c ? &c->net.ip : NULL));
	json_object_set_new(j, "nameservers", list_of(c ? &c->nameserver : NULL));
	json_object_set_new(j, "searchdomains", list_of(c ? &c->searchdomain : NULL));
	json_object_set_new(j, "restart", restart_of(ct));
	json_object_set_new(j, "last_exit", ct->exit_ms ? json_pack("{s:s, s:o}", "reason", ct->exit_reason, "at",
								    timefmt_json(ct->exit_ms)) : json_null());
	json_object_set_new(j, "problem", text_or_null(ct->broken));
	json_object_set_new(j, "etag", json_string(ct->etag));
	json_object_set_new(j, "config", c ? conf_json(c) : json_object());
	text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	return text;
}

/* A list of a thousand containers must not make a thousand texts while everybody waits: they are made in slices after each
 * change. */
static void warm(void *arg)
{
	struct inv *v = arg;
	uint64_t until = ev_now_ms() + WARM_BUDGET_MS;

	v->warm_timer = NULL;
	for (; v->warm_at < v->n; v->warm_at++) {
		if (v->v[v->warm_at]->json)
			continue;
		inv_json(v, v->v[v->warm_at]);
		if (ev_now_ms() >= until)
			break;
	}
	if (v->warm_at < v->n)
		inv_warm_soon(v);
	else
		v->warm_at = 0;
}

void inv_warm_soon(struct inv *v)
{
	struct err e = { 0 };

	if (!v->warm_timer)
		ev_add_timer(v->d->ev, "inv.warm", WARM_MS, 0, warm, v, &v->warm_timer, &e);
}
