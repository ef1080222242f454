/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clone: a container made of another one, by the steps of create with two of them replaced (create.c): the configuration is
 * the source's instead of a sample's, and the files are its files instead of a template's. Two containers never have one
 * address, one name, one lent interface or one machine id.
 */
#include "libct/clone.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/capped.h"
#include "libct/files.h"
#include "libct/postcreate.h"
#include "libct/snap.h"
#include "libct/frozen.h"
#include "net/netif.h"
#include "util/buf.h"

/* What only one container can have. */
static const char *const only_one[] = {
	"IP_ADDRESS", "PORT_FORWARD", "NAME", "LOCAL_UID", "LOCAL_GID", "NETDEV", "UUID", "CTID", "VEID", "HA_ENABLE",
};

/* Addresses of bridged interfaces and their names on the host are made anew; the bridge and the rest stay. */
static int fresh_netif(struct kv *kv, unsigned id, struct err *e)
{
	auto_call(str_list_clear) struct str_list words = { 0 }, out = { 0 };
	const char *old = kv_get(kv, "NETIF");
	auto_buf struct buf b = BUF_INIT;

	if (!old || !*old)
		return 0;
	if (str_list_split(&words, old, ";", e) < 0)
		return -e->code;
	for (size_t i = 0; i < words.n; i++) {
		struct net_if f;

		if (net_if_parse(str_trim(words.v[i]), &f, e) < 0)
			return err_add(e, "NETIF");
		f.has_mac = f.has_host_mac = false;
		f.host_ifname[0] = '\0';
		if (net_if_fill(&f, id, true, e) < 0 || net_if_put(&out, &f, e) < 0)
			return -e->code;
	}
	for (size_t i = 0; i < out.n; i++)
		buf_addf(&b, "%s%s", i ? ";" : "", out.v[i]);
	return buf_failed(&b) ? err_set(e, ENOMEM, "NETIF") : kv_set(kv, "NETIF", buf_str(&b), false, e);
}

/* A path that names the source, and not $VEID, would be the source's own. */
static int fresh_path(const struct ct *src, struct kv *kv, const char *key, const char *usual, struct err *e)
{
	const char *now = kv_get(kv, key);

	if (!now || strstr(now, "$VEID") || strstr(now, "${VEID}"))
		return 0;
	if (!usual)
		return err_say(e, EINVAL, "%s of container %u is %s, and " CT_HOST_CONF " has no other for the clone: give one",
			       key, src->id, now);
	return kv_set(kv, key, usual, true, e);
}

/* The one that it was given to has it; another one would be given it by whoever clones. */
static void drop_shared(const struct ct *src, const struct ct *dst, struct kv *kv)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	while ((p = ct_row_next(&it, &base))) {
		const char *v = p->key && (p->flags & PARAM_SHARED) ? kv_get(kv, p->key) : NULL;

		if (v && *v)
			ct_say(dst, -1, "Warning: left out, because it gives CT %u a part of the host: %s=\"%s\"", src->id,
			       p->key, v);
		if (v)
			kv_unset(kv, p->key);
	}
}

int ct_clone_conf(const struct ct *src, const struct ct *dst, bool no_shared, struct kv *ret, struct err *e)
{
	const struct ct_conf *d = &src->host->defaults;
	const char *ips = kv_get(&src->kv, "IP_ADDRESS"), *ports = kv_get(&src->kv, "PORT_FORWARD");
	auto_buf struct buf b = BUF_INIT;

	if (kv_print(&src->kv, &b, e) < 0 || kv_parse(ret, buf_str(&b), b.len, e) < 0)
		return -e->code;
	for (size_t i = 0; i < ARRAY_SIZE(only_one); i++)
		kv_unset(ret, only_one[i]);
	if (no_shared) {
		drop_shared(src, dst, ret);
		if (ct_kv_lower(dst, ret, e) < 0)
			return -e->code;
	}
	if (fresh_path(src, ret, "VE_PRIVATE", d->private_dir, e) < 0 || fresh_path(src, ret, "VE_ROOT", d->root, e) < 0 ||
	    fresh_netif(ret, dst->id, e) < 0)
		return -e->code;
	if (ports && *ports)
		ct_say(dst, 0, "The clone gets none of the forwarded ports of CT %u: give it its own with --forward_add", src->id);
	if (ips && *ips)
		ct_say(dst, 0, "The clone gets none of the addresses of CT %u (%s): give it its own with --ipadd", src->id, ips);
	return 0;
}

/* --- the files --- */

static int no_clone(const struct ct *src, bool linked, struct err *e)
{
	return err_say(e, ENOTSUP, "Containers of layout %s %s", src->conf.layout ? src->conf.layout : "",
		       linked ? "have nothing to share: use --full" : "cannot be cloned");
}

/* The source is frozen while its files are looked at, and has a record: what a kill leaves of it is repaired by the next
 * command on it. */
static int copy_files(struct ct *src, int area, struct ct *dst, int dir, const struct ct_rootfs_ops *ops, bool linked,
		      struct err *e)
{
	struct ct_frozen frozen = CT_FROZEN_INIT;
	char done[CT_GUID_SIZE];
	struct err end = { 0 };
	int rc;

	if (ct_guid_new(done, e) < 0)
		return -e->code;
	const char *const pairs[] = { "OP", "take", "GUID", done, "DONE", done, NULL };

	if (ct_intent_begin(src, "snapshot", pairs, e) < 0)
		return -e->code;
	rc = ct_frozen_begin(src, &frozen, e);
	if (rc == 0)
		rc = ops->clone(src, area, dst, dir, linked, e);
	ct_frozen_end(src, &frozen);
	if (rc == 0 || ops->snap_drop(src, area, done, NULL, &end) == 0)
		ct_intent_end(src, &end);
	return rc;
}

int ct_clone_area(struct ct *src, struct ct *dst, int dir, bool linked, struct err *e)
{
	const struct ct_rootfs_ops *ops;
	auto_close int area = ct_snap_area(src, &ops, e);

	if (area < 0)
		return area;
	if (!ops->clone)
		return no_clone(src, linked, e);
	return copy_files(src, area, dst, dir, ops, linked, e);
}

bool ct_clone_shares(const struct ct *ct)
{
	const struct ct_rootfs_ops *ops = ct_is_ploop(ct) ? NULL : ct_rootfs_by_name(ct->conf.layout);

	return ops && ops->clone_shares;
}
