/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of containers, its queries, and what a difference between two readings means to the rest of the daemon. */
#include "vzd/inv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/num.h"
#include "vzd/bus.h"
#include "vzd/inv_priv.h"
#include "vzd/node.h"
#include "vzd/place.h"
#include "vzd/timefmt.h"

const char *const inv_state_names[INV_N] = {
	[INV_STOPPED] = "stopped", [INV_MOUNTED] = "mounted", [INV_RUNNING] = "running", [INV_FROZEN] = "frozen",
	[INV_STARTING] = "starting", [INV_STOPPING] = "stopping", [INV_BROKEN] = "broken",
};

/* --- table --- */

static unsigned id_of(const void *table, size_t i)
{
	return ((const struct inv *)table)->v[i]->id;
}

static size_t lower_bound(const struct inv *v, unsigned id)
{
	return place_of(v, v->n, id_of, id);
}

size_t inv_count(const struct inv *v)
{
	return v->n;
}

struct inv_ct *inv_at(struct inv *v, size_t i)
{
	return i < v->n ? v->v[i] : NULL;
}

struct inv_ct *inv_find(struct inv *v, unsigned id)
{
	size_t i = lower_bound(v, id);

	return i < v->n && v->v[i]->id == id ? v->v[i] : NULL;
}

struct inv_ct *inv_find_text(struct inv *v, const char *text)
{
	uint64_t id;

	if (num_u64(text, &id) == 0)
		return id && id <= CT_ID_MAX ? inv_find(v, (unsigned)id) : NULL;
	for (size_t i = 0; *text && i < v->n; i++)
		if (str_eq(v->v[i]->name, text))
			return v->v[i];
	return NULL;
}

struct inv_ct *inv_add(struct inv *v, unsigned id, struct err *e)
{
	size_t i = lower_bound(v, id);
	struct inv_ct *ct;

	if (i < v->n && v->v[i]->id == id)
		return v->v[i];
	if (v->n == v->size) {
		struct inv_ct **more = reallocarray(v->v, v->size ? v->size * 2 : 64, sizeof(struct inv_ct *));

		if (!more) {
			err_set(e, ENOMEM, "inventory");
			return NULL;
		}
		v->v = more;
		v->size = v->size ? v->size * 2 : 64;
	}
	ct = calloc(1, sizeof(*ct));
	if (!ct) {
		err_set(e, ENOMEM, "inventory");
		return NULL;
	}
	ct->id = id;
	memmove(&v->v[i + 1], &v->v[i], (v->n - i) * sizeof(struct inv_ct *));
	v->v[i] = ct;
	v->n++;
	return ct;
}

void inv_drop(struct inv *v, struct inv_ct *ct)
{
	size_t i = lower_bound(v, ct->id);

	inv_unwatch_ct(v, ct);
	memmove(&v->v[i], &v->v[i + 1], (v->n - i - 1) * sizeof(struct inv_ct *));
	v->n--;
	inv_ct_clear(ct);
	free(ct);
}

/* --- changes --- */

static const char *event_of(enum inv_state before, const struct inv_ct *ct, bool new_start)
{
	switch (ct->state) {
	case INV_RUNNING:
		if (before == INV_FROZEN && !new_start)
			return "ct.thawed";
		return new_start ? ct->exit_fresh && str_eq(ct->exit_reason, "reboot") ? "ct.rebooted" : "ct.started" : NULL;
	case INV_FROZEN:
		return "ct.frozen";
	case INV_STARTING:
		return "ct.starting";
	case INV_STOPPING:
		return "ct.stopping";
	case INV_MOUNTED:
		return before == INV_RUNNING || before == INV_STOPPING || before == INV_FROZEN ? "ct.stopped" : "ct.mounted";
	case INV_STOPPED:
		return before == INV_MOUNTED ? "ct.umounted" : before == INV_STARTING ? NULL : "ct.stopped";
	case INV_BROKEN:
		return "alert";
	case INV_N:
		break;
	}
	return NULL;
}

static void tell(struct inv *v, struct inv_ct *ct, enum inv_state before, uint64_t gen_before)
{
	bool new_start = ct->gen && ct->gen != gen_before && ct->state == INV_RUNNING;
	const char *type = before == ct->state && !new_start ? NULL : event_of(before, ct, new_start);
	json_t *data;

	if (!type)
		return;
	data = json_pack("{s:s, s:s}", "state", inv_state_names[ct->state], "before", inv_state_names[before]);
	if (str_eq(type, "ct.stopped") && ct->exit_fresh)
		json_object_set_new(data, "reason", json_string(ct->exit_reason));
	if (ct->broken)
		json_object_set_new(data, "detail", json_string(ct->broken));
	bus_emit(v->d->bus, type, ct->id, ct->owner, data);
	ct->exit_fresh &= !new_start;
}

static void run_hooks(struct inv *v, unsigned id, struct inv_ct *ct, enum inv_state before)
{
	for (size_t i = 0; i < v->n_hooks; i++)
		v->hooks[i].fn(v->hooks[i].arg, id, ct, before);
}

static void gone(struct inv *v, struct inv_ct *ct)
{
	unsigned id = ct->id;
	enum inv_state before = ct->state;
	char *owner = strdup(ct->owner ? ct->owner : "");

	inv_save_soon(v);
	run_hooks(v, id, NULL, before);
	inv_drop(v, ct);
	bus_emit(v->d->bus, "ct.destroyed", id, owner, NULL);
	free(owner);
}

static void changed(struct inv *v, struct inv_ct *ct, const struct inv_ct *old, bool created, const char *old_owner)
{
	if (ct->state != old->state)
		ct->since_ms = timefmt_now_ms();
	ct->serial = ++v->serial;
	if (!v->ready) {
		ct->since_ms = ct->started_ms;
		return;
	}
	inv_save_soon(v);
	run_hooks(v, ct->id, ct, old->state);
	if (created)
		bus_emit(v->d->bus, "ct.created", ct->id, ct->owner, NULL);
	else if (!str_eq(old->etag, ct->etag))
		bus_emit(v->d->bus, "ct.config", ct->id, ct->owner, json_pack("{s:s}", "etag", ct->etag));
	if (!created && !str_eq(old_owner, ct->owner))	/* the one who lost it hears of it, too */
		bus_emit(v->d->bus, "ct.destroyed", ct->id, old_owner, json_pack("{s:s}", "reason", "owner changed"));
	tell(v, ct, old->state, old->gen);
}

void inv_update(struct inv *v, unsigned id)
{
	struct inv_ct *ct = inv_find(v, id), old;
	auto_free char *owner = NULL;
	bool created = !ct;
	struct err e = { 0 };

	if (!ct) {
		ct = inv_add(v, id, &e);
		if (!ct) {
			vzd_log_err(LOG_ERR, &e, "inventory");
			return;
		}
	}
	old = *ct;
	owner = strdup(ct->owner ? ct->owner : "");
	v->warm_at = 0;
	inv_warm_soon(v);
	if (inv_read(v, id, ct)) {
		if (v->ready && (ct->state != old.state || ct->gen != old.gen))
			inv_hear(v);	/* why: that was written before */
		if (created || ct->state != old.state || ct->gen != old.gen || !str_eq(ct->etag, old.etag))
			changed(v, ct, &old, created, owner);
	} else if (created) {
		inv_drop(v, ct);
	} else {
		if (!ct->owner)
			ct->owner = take_ptr(owner);
		gone(v, ct);
	}
}

void inv_refresh(struct inv *v, unsigned id)
{
	if (id)
		inv_update(v, id);
}

void inv_exit_seen(struct inv *v, const struct ct_exit *x)
{
	struct inv_ct *ct = inv_find(v, x->ctid);

	if (ct) {
		str_copy(ct->exit_reason, sizeof(ct->exit_reason), x->reason);
		ct->exit_ms = x->time_ms;
		ct->exit_fresh = true;
	}
	for (size_t i = 0; i < v->n_exit_hooks; i++)
		v->exit_hooks[i].fn(v->exit_hooks[i].arg, x);
}

int inv_on_change(struct inv *v, inv_hook *fn, void *arg, struct err *e)
{
	if (v->n_hooks == ARRAY_SIZE(v->hooks))
		return err_say(e, ENOSPC, "too many listeners to the inventory");
	v->hooks[v->n_hooks++] = (struct inv_hook_row){ fn, arg };
	return 0;
}

int inv_on_exit(struct inv *v, inv_exit_hook *fn, void *arg, struct err *e)
{
	if (v->n_exit_hooks == ARRAY_SIZE(v->exit_hooks))
		return err_say(e, ENOSPC, "too many listeners to exits");
	v->exit_hooks[v->n_exit_hooks].fn = fn;
	v->exit_hooks[v->n_exit_hooks++].arg = arg;
	return 0;
}

/* --- queries --- */

const char *inv_json(struct inv *v, struct inv_ct *ct)
{
	struct ct *open = NULL;
	struct err e = { 0 };

	if (!ct->json) {
		if (inv_ct_open(v, ct->id, &open, &e) < 0)
			open = NULL;	/* broken: what the record has */
		ct->json = inv_json_make(v, ct, open);
		ct_close(open);
	}
	return ct->json ? ct->json : "{}";
}

int inv_ct_open(struct inv *v, unsigned id, struct ct **ret, struct err *e)
{
	char text[16];

	str_fmt(text, sizeof(text), "%u", id);
	return ct_open(v->d->host, text, 0, ret, e);
}

uint64_t inv_cpus(uint64_t set)
{
	uint64_t all = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);

	return set && set < all ? set : all;
}

void inv_sum(struct inv *v, const char *owner, struct inv_sum *ret)
{
	const uint64_t ram = node_ram();

	*ret = (struct inv_sum){ 0 };
	for (size_t i = 0; i < v->n; i++) {
		const struct inv_ct *ct = v->v[i];

		if (owner && !str_eq(owner, ct->owner))
			continue;
		ret->cts++;
		ret->running += ct->state == INV_RUNNING || ct->state == INV_FROZEN || ct->state == INV_STARTING;
		ret->memory += MIN(ct->mem_limit, ram);
		ret->guarantee += MIN(ct->mem_guarantee, ram);
		ret->disk += ct->disk_limit == NUM_UNLIMITED ? 0 : ct->disk_limit;
		ret->cpus += inv_cpus(ct->cpus);
		ret->ip4 += ct->n_ip4;
		ret->ip6 += ct->n_ip6;
		ret->snapshots += ct->n_snaps;
	}
}

/* --- life --- */

int inv_scan(struct inv *v, struct err *e)
{
	auto_free unsigned *ids = NULL;
	size_t n = 0, k = 0;

	if (ct_list(v->d->host, &ids, &n, e) < 0)
		return -e->code;
	for (size_t i = 0; i < v->n;) {		/* both ascend */
		while (k < n && ids[k] < v->v[i]->id)
			k++;
		if (k < n && ids[k] == v->v[i]->id)
			i++;
		else
			gone(v, v->v[i]);
	}
	for (k = 0; k < n; k++)
		inv_update(v, ids[k]);
	return 0;
}

/* What happened to one container since the vzd before this one. */
static void compare(struct inv *v, struct inv_ct *ct, const struct inv_saved *s)
{
	if (!s) {
		bus_emit(v->d->bus, "ct.created", ct->id, ct->owner, NULL);
		tell(v, ct, INV_STOPPED, 0);
		return;
	}
	if (!str_eq(s->etag, ct->etag))
		bus_emit(v->d->bus, "ct.config", ct->id, ct->owner, json_pack("{s:s}", "etag", ct->etag));
	tell(v, ct, s->state, s->gen);
}

static void catch_up(struct inv *v)
{
	auto_free struct inv_saved *s = NULL;
	size_t n = 0, k = 0;

	if (inv_saved_load(&s, &n) < 0)
		return;		/* the first vzd of this host, or it is new to this: nothing to compare with */
	for (size_t i = 0; i < v->n || k < n;) {	/* both ascend */
		if (k == n || (i < v->n && v->v[i]->id < s[k].id)) {
			compare(v, v->v[i++], NULL);
		} else if (i == v->n || s[k].id < v->v[i]->id) {
			bus_emit(v->d->bus, "ct.destroyed", s[k].id, s[k].owner, NULL);
			k++;
		} else {
			compare(v, v->v[i++], &s[k++]);
		}
	}
}

int inv_open(struct vzd *d, struct inv **ret, struct err *e)
{
	struct inv *v = calloc(1, sizeof(*v));

	if (!v)
		return err_set(e, ENOMEM, "inventory");
	v->d = d;
	v->ino = v->exit_dir = -1;
	if (inv_watch_open(v, e) < 0 || inv_scan(v, e) < 0) {
		inv_close(v);
		return -e->code;
	}
	v->ready = true;
	catch_up(v);
	inv_save_soon(v);
	*ret = v;
	return 0;
}

void inv_close(struct inv *v)
{
	if (!v)
		return;
	if (v->ready)
		inv_save_now(v);
	ev_del(v->save_timer);
	ev_del(v->warm_timer);
	while (v->n)
		inv_drop(v, v->v[v->n - 1]);
	inv_watch_close(v);
	free(v->v);
	free(v);
}
