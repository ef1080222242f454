/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * set, before anything is touched: options that do not go together, the values of the command line merged with the sample and
 * the configuration, and whether what would then be true is possible.
 */
#include <errno.h>
#include <stdlib.h>

#include "libct/announce.h"
#include "libct/files.h"
#include "libct/ips.h"
#include "libct/netlines.h"
#include "libct/set.h"

static int refuse(struct err *e, int exit, const char *text)
{
	err_say(e, EINVAL, "%s", text);
	return err_exit(e, exit);
}

bool ct_set_is_empty(const struct ct_conf *c)
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

int ct_set_check_options(const struct ct_set *s, const struct ct_conf *change, struct err *e)
{
	if (s->reset_ub && (s->applyconfig || !ct_set_is_empty(change)))
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
static int rows_of_interfaces(struct ct_set_work *w, const struct ct_conf *own, struct err *e)
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

int ct_set_merge(struct ct *ct, struct ct_set_work *w, const struct ct_conf *change, struct err *e)
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

static int check_fixed(const struct ct *ct, const struct ct_set_work *w, struct err *e)
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

static int check_values(struct ct *ct, struct ct_set_work *w, struct err *e)
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

int ct_set_check(struct ct *ct, struct ct_set_work *w, struct err *e)
{
	return check_fixed(ct, w, e) < 0 ? -e->code : check_values(ct, w, e);
}
