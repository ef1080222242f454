/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * set: all values are merged and checked first; then the live parts are applied and the file is written. What fails on the
 * way puts back what was applied before it. The file is replaced by one rename, so after a crash the stored values are
 * whole, and recovery makes them live again.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"

#include "libct/announce.h"
#include "libct/files.h"
#include "libct/net_heal.h"
#include "libct/netlines.h"
#include "libct/ips.h"

struct work {
	const struct ct_set *s;
	struct ct_conf change;		/* the command line, below it --applyconfig */
	struct ct_conf want;		/* what is to be true */
	struct ct_conf rows;		/* what is to be in the file */
	struct ct_live live;
	bool running, changed, needs_restart;
};

static void work_done(struct work *w)
{
	ct_conf_done(&w->change);
	ct_conf_done(&w->want);
	ct_conf_done(&w->rows);
	ct_live_done(&w->live);
}

static int refuse(struct err *e, int exit, const char *text)
{
	err_say(e, EINVAL, "%s", text);
	return err_exit(e, exit);
}

/* --- before anything is touched --- */

static bool is_empty(const struct ct_conf *c)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	while ((p = ct_row_next(&it, &base))) {
		if (ct_conf_row_set(p, base, c))
			return false;
	}
	return true;
}

static int check_saving(const struct ct_set *s, const struct ct_conf *change, struct err *e)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	if (s->save)
		return 0;
	while ((p = ct_row_next(&it, &base))) {
		if (!(p->flags & PARAM_SAVE_ONLY) || !ct_conf_row_set(p, base, change))
			continue;
		err_say(e, EINVAL, "Error: unable to use --%s option without --save", p->opt);
		return err_exit(e, change->name ? VZ_SET_NAME_ERROR : VZ_INVALID_PARAMETER_SYNTAX);
	}
	if (s->force)
		return refuse(e, VZ_INVALID_PARAMETER_SYNTAX, "Error: --force is useless without --save");
	if (s->mode == CT_SETMODE_RESTART)
		return refuse(e, VZ_INVALID_PARAMETER_SYNTAX, "Error: --setmode restart doesn't make sense without --save flag");
	return 0;
}

static int check_options(const struct ct_set *s, const struct ct_conf *change, struct err *e)
{
	if (s->reset_ub && (s->applyconfig || !is_empty(change)))
		return refuse(e, VZ_INVALID_PARAMETER_SYNTAX, "Error: option --reset_ub is exclusive");
	if (change->cg.nodemask && !change->cg.cpumask)
		return refuse(e, VZ_INVALID_PARAMETER_SYNTAX, "Error: option --nodemask requires --cpumask");
	if (str_eq(change->cg.cpumask, "auto") && !change->cg.nodemask)
		return refuse(e, VZ_INVALID_PARAMETER_SYNTAX, "Error: --cpumask auto requires --nodemask");
	return check_saving(s, change, e);
}

static void drop_str(char **s)
{
	free(*s);
	*s = NULL;
}

/* A sample is about resources, never about who a container is and where it lies. */
static int load_sample(const struct ct *ct, const char *name, struct ct_conf *ret, struct err *e)
{
	auto_kv struct kv kv = { 0 };
	auto_free char *path = NULL;

	if (ct_sample_load(name, &kv, &path, e) < 0) {
		err_say(e, e->code, "Sample config file not found: %s", path ? path : name);
		return err_exit(e, VZ_APPLY_CONFIG_ERROR);
	}
	if (ct_conf_from_kv(ret, &kv, ct, path, e) < 0)
		return err_exit(e, VZ_APPLY_CONFIG_ERROR);
	drop_str(&ret->hostname);
	drop_str(&ret->ostemplate);
	drop_str(&ret->root);
	drop_str(&ret->private_dir);
	drop_str(&ret->description);
	drop_str(&ret->name);
	drop_str(&ret->layout);
	drop_str(&ret->origin_sample);
	ret->local_uid = ret->local_gid = (struct num_opt){ 0 };
	str_list_clear(&ret->net.ip);
	str_list_clear(&ret->net.netif);
	str_list_clear(&ret->net.netdev);
	return 0;
}

/* --diskinodes from a sample where inodes cannot be counted: like create, it is left out. */
static void drop_uncountable(struct ct *ct, struct ct_conf *sample)
{
	auto_free char *path = ct_path_private(ct);
	auto_area struct ct_area a = { 0 };
	struct quota_caps caps = { 0 };
	struct err ignored = { 0 };
	int parent;

	if (!path || ct_area_of(&a, path, ct->id, &ignored) < 0)
		return;
	parent = ct_area_parent(&a, false, &ignored);
	if (parent < 0)
		return;
	if (quota_probe(parent, &caps, &ignored) == 0 && caps.blocks && !caps.inodes)
		sample->quota.inodes = (struct num_pair){ 0 };
	auto_close_(&parent);
}

/* The whole lists, and none of the fields that only say what to do with them. */
static int rows_of_interfaces(struct work *w, const struct ct_conf *own, struct err *e)
{
	struct net_conf *rows = &w->rows.net;

	str_list_clear(&rows->netif_del);
	str_list_clear(&rows->netif_edit);
	str_list_clear(&rows->netdev_del);
	if (net_conf_has_netif(&w->change.net) && str_list_copy(&rows->netif, &own->net.netif, e) < 0)
		return -e->code;
	if (net_conf_rows_fw(rows, &own->net, &w->change.net, e) < 0)
		return -e->code;
	return net_conf_has_netdev(&w->change.net) ? str_list_copy(&rows->netdev, &own->net.netdev, e) : 0;
}

static int merge(struct ct *ct, struct work *w, const struct ct_conf *change, struct err *e)
{
	auto_conf struct ct_conf own = { 0 };

	if (w->s->applyconfig) {
		if (load_sample(ct, w->s->applyconfig, &w->change, e) < 0)
			return -e->code;
		drop_uncountable(ct, &w->change);
	}
	if (ct_conf_pick(&w->change, change, change, e) < 0)
		return -e->code;
	ct_tidy(ct, &w->change);
	if (net_conf_complete(&w->change.net, &ct->conf.net, ct->id, e) < 0)
		return err_exit(e, VZ_VETH_ERROR);
	if (ct_conf_copy(&w->want, &ct->conf, e) < 0 ||
	    ct_conf_merge(&w->want, &w->change, e) < 0)
		return -e->code;
	/* the file's own values, so that a default of vz.conf is not written into it */
	if (ct_conf_own(ct, &own, e) < 0 || ct_conf_merge(&own, &w->change, e) < 0 ||
	    ct_conf_pick(&w->rows, &own, &w->change, e) < 0)
		return -e->code;
	str_list_clear(&w->rows.net.ip_del);
	str_list_clear(&w->rows.compat.pci_del);
	if (w->change.compat.pci_del.set &&
	    str_list_copy(&w->rows.compat.pci, &own.compat.pci, e) < 0)
		return -e->code;
	if ((w->change.net.ip.set || w->change.net.ip_del.set) && str_list_copy(&w->rows.net.ip, &own.net.ip, e) < 0)
		return -e->code;
	return rows_of_interfaces(w, &own, e);
}

static int check_fixed(const struct ct *ct, const struct work *w, struct err *e)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	while ((p = ct_row_next(&it, &base))) {
		if (!(p->flags & PARAM_FIXED) || !ct_conf_row_set(p, base, &w->change) ||
		    ct_conf_row_equal(p, base, &w->want, &ct->conf))
			continue;
		if (!w->running && !ct_is_mounted(ct))
			continue;
		err_say(e, EBUSY, "Unable to change %s on a running container", p->key);
		return err_exit(e, VZ_VE_RUNNING);
	}
	return 0;
}

static int check_values(struct ct *ct, struct work *w, struct err *e)
{
	struct cg_host *cg = NULL;
	unsigned cg_parts = CT_LIVE_UBC | CT_LIVE_CPU | CT_LIVE_IO;

	if (w->change.cg.ubc[CG_PHYSPAGES].set && cg_conf_is_vswap(&w->want.cg) && !w->want.cg.ubc[CG_SWAPPAGES].set)
		return refuse(e, VZ_NOTENOUGHUBCPARAMS, "Error: required UB parameter (swap) not set");
	if (ct_live_parts(&w->change) & cg_parts) {
		if (ct_host_cg_peek(ct->host, &cg, e) < 0)
			return -e->code;
		if (cg_check(cg, &w->want.cg, e) < 0)
			return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
	}
	if (w->change.name && *w->change.name && ct_name_check(ct, w->change.name, e) < 0)
		return -e->code;
	if (!w->running && net_conf_has_fw(&w->change.net) && ct_fw_check(ct, &w->want, e) < 0)
		return err_add(e, "firewall of container %u", ct->id);	/* a running one is asked by what it takes effect by */
	/* and what is asked to go that no file has: it was added without --save */
	if (ct_live_plan(&w->live, e) < 0 ||
	    ct_announced_only(ct, &w->want.net.ip, &w->change.net.ip_del, &w->live.ip_del, e) < 0)
		return -e->code;
	return ct_ips_check(ct, &w->live.ip_add, e);
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
static void look_at_ugid(const struct ct *ct, struct work *w)
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
static void look_for_restart(const struct ct *ct, struct work *w)
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

static int set_password(struct ct *ct, const struct work *w, struct err *e)
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

static int save(struct ct *ct, struct work *w, struct err *e)
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
static void say_unsaved(const struct ct *ct, const struct work *w)
{
	auto_conf struct ct_conf rest = { 0 };
	struct err ignored = { 0 };

	if (w->s->save || w->s->reset_ub || ct_conf_copy(&rest, &w->change, &ignored) < 0)
		return;
	str_list_clear(&rest.userpasswd);
	if (is_empty(&rest))
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

static int begin(struct ct *ct, const struct work *w, struct err *e)
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

static void put_back(struct ct *ct, struct work *w)
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
static int not_saved(const struct ct *ct, const struct work *w, struct err *e)
{
	if (w->s->save) {
		ct_say(ct, -1, "%s", e->text);
		err_say(e, e->code, "Error: failed to apply some parameters, not saving configuration file!");
	}
	return -e->code;
}

static int change_all(struct ct *ct, struct work *w, struct err *e)
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
	if (!ct_is_running(ct, NULL))
		return refuse(e, VZ_VE_NOT_RUNNING, "Container is not running");
	return ct_live_apply(ct, &l, e);
}

/* The host has no limits of ours: values for it are stored, and that is all. */
static int set_host(struct ct *ct, struct work *w, struct err *e)
{
	return w->s->save ? save(ct, w, e) : 0;
}

static void choose_parts(struct work *w)
{
	w->live.old = NULL;
	w->live.parts = ct_live_parts(&w->change);
	if (w->running && cg_conf_is_vswap(&w->want.cg))
		w->live.parts |= CT_LIVE_UBC;		/* its implicit limits follow from the others */
	if (!w->running)
		w->live.parts &= w->s->save ? CT_LIVE_QUOTA : ~0u;
}

static int run(struct ct *ct, struct work *w, const struct ct_conf *old, const struct ct_conf *said, struct err *e)
{
	choose_parts(w);
	w->live.old = old;
	w->live.want = &w->want;
	w->live.change = &w->change;
	if (check_fixed(ct, w, e) < 0 || check_values(ct, w, e) < 0)
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
	auto_call(work_done) struct work w = { .s = s };
	auto_conf struct ct_conf old = { 0 };

	if (check_options(s, change, e) < 0)
		return -e->code;
	if (s->reset_ub)
		return reset_ub(ct, e);
	if (!ct->has_conf && ct->id)
		ct_say(ct, -1, "WARNING: " CT_CONF_DIR "/%u.conf not found: %s", ct->id, strerror(ENOENT));
	if (merge(ct, &w, change, e) < 0 || ct_conf_copy(&old, &ct->conf, e) < 0)
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
