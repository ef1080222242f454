/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * set: all values are merged and checked first (set_check.c); then what can change on a running container is changed
 * (set_apply.c) and the file is written. When a step fails, what was applied before it is put back. The file is replaced by
 * one rename, so after a crash the stored values are whole, and recovery makes them live again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libct/files.h"
#include "libct/ips.h"
#include "libct/net_heal.h"
#include "libct/set.h"
#include "util/buf.h"

static void work_done(struct ct_set_work *w)
{
	ct_conf_done(&w->change);
	ct_conf_done(&w->want);
	ct_conf_done(&w->rows);
	ct_live_done(&w->live);
}

/* --- what waits for a restart --- */

static const struct { const char *key, *text; } restart_texts[] = {
	{ "CAPABILITY", "Unable to set capability on a running container" },
	{ "FEATURES", "Unable to set features on a running container" },
	{ "NETFILTER", "Unable to set netfilter on a running container" },
	{ "IPTABLES", "Unable to set iptables on a running container" },
	{ "DISK_QUOTA", "Unable to switch DISK_QUOTA on or off on a running container" },
	{ "MOUNT_OPTS", "Unable to change mount options on a running container" },
};

static void say_restart_row(const struct ct *ct, const struct param *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(restart_texts); i++) {
		if (str_eq(p->key, restart_texts[i].key)) {
			ct_say(ct, -1, "%s", restart_texts[i].text);
			return;
		}
	}
	ct_say(ct, -1, "Unable to set --%s on a running container", p->opt ? p->opt : p->key);
}

/* Another number is no news; none or some is. */
static void look_at_ugid(const struct ct *ct, struct ct_set_work *w)
{
	bool was = ct->conf.quota.ugidlimit.v > 0, on = w->want.quota.ugidlimit.v > 0;

	if (!w->running || !w->change.quota.ugidlimit.set || was == on)
		return;
	w->needs_restart = true;
	if (w->s->mode == CT_SETMODE_NONE)
		ct_say(ct, -1, "Unable to turn %s second-level disk quota on a running container",
		       on ? "on" : "off");
}

/* Only what differs from the stored value counts. */
static void look_for_restart(const struct ct *ct, struct ct_set_work *w)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	while (w->running && (p = ct_row_next(&it, &base))) {
		if (!(p->flags & PARAM_RESTART) || !ct_conf_row_set(p, base, &w->change) ||
		    ct_conf_row_equal(p, base, &w->want, &ct->conf))
			continue;
		w->needs_restart = true;
		if (w->s->mode == CT_SETMODE_NONE)
			say_restart_row(ct, p);
	}
	look_at_ugid(ct, w);
	if (w->needs_restart && w->s->mode == CT_SETMODE_NONE) {
		ct_say(ct, -1, "WARNING: Some of the parameters could not be applied to a running container.");
		ct_say(ct, -1, "\tPlease consider using --setmode option");
	}
}

/* --- the password --- */

static int set_password(struct ct *ct, const struct ct_set_work *w, struct err *e)
{
	struct err stop = { 0 };
	int r;

	if (!w->change.userpasswd.set)
		return 0;
	if (w->running)
		return ct_guest_passwd(ct, &w->change.userpasswd, e) < 0 ? err_exit(e, VZ_CHANGEPASS) : 0;
	if (ct_start(ct, CT_START_SKIP_SETUP | CT_START_HOLD, e) < 0)
		return -e->code;
	r = ct_guest_passwd(ct, &w->change.userpasswd, e) < 0 ? err_exit(e, VZ_CHANGEPASS) : 0;
	if (ct_stop(ct, CT_STOP_FAST, &stop) < 0 && r == 0) {
		*e = stop;
		r = -e->code;
	}
	return r;
}

/* --- storing --- */

/* The names stay locked until the file says what the link says. */
static int relink_name(const struct ct *ct, const char *old, const char *name, int *ret_lock, struct err *e)
{
	if (*name && ct_name_claim(ct, name, ret_lock, e) < 0)
		return -e->code;
	if (old && *old && !str_eq(old, name) && ct_name_unlink(ct->id, old, e) < 0)
		return err_exit(e, VZ_SET_NAME_ERROR);
	if (*name)
		ct_say(ct, 0, "Name %s assigned", name);
	return 0;
}

static int save(struct ct *ct, struct ct_set_work *w, struct err *e)
{
	auto_close int names = -1;

	if (w->change.name && relink_name(ct, ct->conf.name, w->change.name, &names, e) < 0)
		return -e->code;
	if (ct_store_rows(ct, &w->rows, CT_STORE_PIN, &w->changed, e) < 0)
		return -e->code;
	if (w->changed)
		return 0;
	if (w->change.userpasswd.set)
		ct_say(ct, 0, "CT configuration saved to " CT_CONF_DIR "/%u.conf", ct->id);
	else
		ct_say(ct, 0, "No changes in CT configuration, not saving");
	return 0;
}

/* Values that only the file has, and nobody asked to write it. */
static void say_unsaved(const struct ct *ct, const struct ct_set_work *w)
{
	auto_conf struct ct_conf rest = { 0 };
	struct err ignored = { 0 };

	if (w->s->save || w->s->reset_ub || ct_conf_copy(&rest, &w->change, &ignored) < 0)
		return;
	str_list_clear(&rest.userpasswd);
	if (ct_set_is_empty(&rest))
		return;
	if (w->running)
		ct_say(ct, 0, "WARNING: Settings were not saved to config and will be lost after CT restart (use --save flag)");
	else
		ct_say(ct, 0, "WARNING: Settings were not saved to config (use --save flag)");
}

static char *joined(const struct str_list *a, const struct str_list *b)
{
	auto_buf struct buf out = BUF_INIT;

	for (size_t i = 0; i < a->n + b->n; i++)
		buf_addf(&out, "%s%s", i ? " " : "", i < a->n ? a->v[i] : b->v[i - a->n]);
	return buf_take(&out);
}

static int begin(struct ct *ct, const struct ct_set_work *w, struct err *e)
{
	auto_free char *ips = joined(&w->live.ip_add, &w->live.ip_del);
	char parts[16];
	const char *const pairs[] = {
		"PARTS", parts, "IPS", ips, "NAME_OLD", w->change.name ? ct->conf.name : NULL, "NAME_NEW", w->change.name, NULL,
	};

	str_fmt(parts, sizeof(parts), "%u", w->live.parts);
	if (!w->live.parts && !w->change.name)
		return 0;
	return w->change.name ? ct_intent_begin(ct, "set", pairs, e) : ct_intent_begin_run(ct, "set", pairs, e);
}

static void put_back(struct ct *ct, struct ct_set_work *w)
{
	const char *old = w->live.old->name;
	struct err e = { 0 };

	ct_live_undo(ct, &w->live);
	if (w->change.name && !str_eq(old, w->change.name)) {
		ct_name_unlink(ct->id, w->change.name, &e);
		if (old && *old)
			ct_name_claim(ct, old, NULL, &e);
	}
}

/* With --save the reason is one line, and that nothing was stored the last. */
static int not_saved(const struct ct *ct, const struct ct_set_work *w, struct err *e)
{
	if (w->s->save) {
		ct_say(ct, -1, "%s", e->text);
		err_say(e, e->code, "Error: failed to apply some parameters, not saving configuration file!");
	}
	return -e->code;
}

static int change_all(struct ct *ct, struct ct_set_work *w, struct err *e)
{
	if (begin(ct, w, e) < 0)
		return -e->code;
	if (ct_live_apply(ct, &w->live, e) < 0 || (w->s->save && save(ct, w, e) < 0)) {
		put_back(ct, w);
		ct_intent_end(ct, &(struct err){ 0 });
		return not_saved(ct, w, e);
	}
	ct_intent_end(ct, &(struct err){ 0 });
	return 0;
}

/* --- the verb --- */

static int reset_ub(struct ct *ct, struct err *e)
{
	struct ct_live l = { .old = &ct->conf, .want = &ct->conf, .change = &ct->conf, .parts = CT_LIVE_UBC };

	if (ct->id == 0)
		return 0;
	if (!ct_is_running(ct, NULL)) {
		err_say(e, EINVAL, "Container is not running");
		return err_exit(e, VZ_VE_NOT_RUNNING);
	}
	return ct_live_apply(ct, &l, e);
}

/* The host has no limits of ours: values for it are stored, and that is all. */
static int set_host(struct ct *ct, struct ct_set_work *w, struct err *e)
{
	return w->s->save ? save(ct, w, e) : 0;
}

static void choose_parts(struct ct_set_work *w)
{
	w->live.old = NULL;
	w->live.parts = ct_live_parts(&w->change);
	if (w->running && cg_conf_is_vswap(&w->want.cg))
		w->live.parts |= CT_LIVE_UBC;		/* its implicit limits follow from the others */
	if (!w->running)
		w->live.parts &= w->s->save ? CT_LIVE_QUOTA : ~0u;
}

static int run(struct ct *ct, struct ct_set_work *w, const struct ct_conf *old, const struct ct_conf *said, struct err *e)
{
	choose_parts(w);
	w->live.old = old;
	w->live.want = &w->want;
	w->live.change = &w->change;
	if (ct_set_check(ct, w, e) < 0)
		return -e->code;
	if (set_password(ct, w, e) < 0)
		return not_saved(ct, w, e);
	if (!w->running && !w->s->save && w->live.parts) {
		ct_live_not_running(w->live.parts, e);
		return -e->code;
	}
	look_for_restart(ct, w);
	if (change_all(ct, w, e) < 0)
		return -e->code;
	say_unsaved(ct, w);
	ct_quota_warn(ct, &said->quota);
	if (w->needs_restart && w->s->mode == CT_SETMODE_RESTART)
		return ct_restart(ct, 0, 0, e);
	return 0;
}

/* What other hands did to its interfaces is put right first, and told. What cannot be is no reason to change nothing else. */
static void heal(struct ct *ct)
{
	struct str_list faults = { 0 };
	struct err e = { 0 };
	int rc = ct_net_heal(ct, true, &faults, &e);

	for (size_t i = 0; i < faults.n; i++)
		ct_say(ct, -1, "Warning: %s%s", faults.v[i], rc == 0 ? ": repaired" : "");
	if (rc < 0)
		ct_say(ct, -1, "Warning: the network of CT %u cannot be repaired: %s", ct->id, e.text);
	str_list_clear(&faults);
}

int ct_set(struct ct *ct, const struct ct_set *s, const struct ct_conf *change, struct err *e)
{
	auto_call(work_done) struct ct_set_work w = { .s = s };
	auto_conf struct ct_conf old = { 0 };

	if (ct_set_check_options(s, change, e) < 0)
		return -e->code;
	if (s->reset_ub)
		return reset_ub(ct, e);
	if (!ct->has_conf && ct->id)
		ct_say(ct, -1, "WARNING: " CT_CONF_DIR "/%u.conf not found: %s", ct->id, strerror(ENOENT));
	if (ct_set_merge(ct, &w, change, e) < 0 || ct_conf_copy(&old, &ct->conf, e) < 0)
		return -e->code;
	if (ct->id == 0)
		return set_host(ct, &w, e);
	w.running = ct_is_running(ct, NULL);
	if (w.running)
		heal(ct);
	return run(ct, &w, &old, change, e);
}

/* --- after a crash --- */

/*
 * The file is whole, old or new: its values become the live ones. One that the kernel or another container refuses by now is
 * told and waits for the next start: it must not keep every other command, a stop among them, from this container.
 */
static void recover_live(struct ct *ct, unsigned parts, const char *ips)
{
	struct ct_live l = { .old = &ct->conf, .want = &ct->conf, .parts = parts & ~(unsigned)CT_LIVE_IP };
	bool running = ct_is_running(ct, NULL);
	struct err e = { 0 };

	if (!running)
		l.parts &= CT_LIVE_QUOTA;
	if (ct_live_apply(ct, &l, &e) < 0)
		ct_say(ct, -1, "WARNING: a set of container %u was interrupted; what it saved takes effect at the next start: %s",
		       ct->id, e.text);
	err_clear(&e);
	if (running && (parts & CT_LIVE_IP) && ips && ct_live_sync_ips(ct, ips, &e) < 0)
		ct_say(ct, -1, "WARNING: a set of container %u was interrupted; its addresses are not all there: %s",
		       ct->id, e.text);
}

static int recover_name(struct ct *ct, const char *old, const char *name, struct err *e)
{
	const char *stored = ct->conf.name;

	if (stored && *stored && ct_name_claim(ct, stored, NULL, e) < 0)
		return -e->code;
	if (!str_eq(name, stored) && ct_name_unlink(ct->id, name, e) < 0)
		return -e->code;
	return !old || str_eq(old, stored) ? 0 : ct_name_unlink(ct->id, old, e);
}

int ct_set_recover(struct ct *ct, const struct kv *kv, struct err *e)
{
	const char *name = kv_get(kv, "NAME_NEW"), *parts = kv_get(kv, "PARTS");
	uint64_t p;

	if (name && recover_name(ct, kv_get(kv, "NAME_OLD"), name, e) < 0)
		return -e->code;
	if (parts && num_u64(parts, &p) == 0 && p)
		recover_live(ct, (unsigned)p, kv_get(kv, "IPS"));
	return 0;
}
