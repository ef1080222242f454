/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * restore: a container from an archive, by the same steps as create: nothing is there under its name until all of it is. An
 * archive that this host has not sealed is a stranger's: its scripts would run as the host's root and some of its parameters
 * reach beyond the container, so these are left out, each with a word, unless the administrator vouches for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/backup.h"
#include "libct/capped.h"
#include "libct/files.h"
#include "libct/ips.h"
#include "libct/ugids.h"
#include "net/netif.h"
#include "templates/foreign.h"
#include "util/buf.h"
#include "util/fio.h"

static const char *const suffixes[] = { "start", "stop", "mount", "umount", "premount", "postumount" };

struct work {
	const struct ct_restore *r;
	struct tmpl_chain chain;
	int foreign;			/* or an archive of another vzdump, else -1 */
	unsigned ctid;			/* whose it was; 0: unknown */
	struct buf meta, scripts;
	struct kv kv;
	struct ct_conf opts;		/* as given, and what of the archive is settled here */
	struct tmpl_backup_count count;
	bool trusted, sealed;		/* sealed: this host made it, whether it is trusted or not */
};

#define WORK_INIT(restore) { .r = (restore), .foreign = -1, .meta = { .cap = BK_META_MAX + 1 }, .scripts = BUF_INIT }

static void work_done(struct work *w)
{
	tmpl_chain_close(&w->chain);
	auto_close_(&w->foreign);
	buf_done(&w->meta);
	buf_done(&w->scripts);
	kv_done(&w->kv);
	ct_conf_done(&w->opts);
}

static int open_ours(struct work *w, struct err *e)
{
	if ((str_eq(w->r->name, "-") ? tmpl_chain_fd(STDIN_FILENO, &w->chain, e)
				     : tmpl_chain_open(w->r->dir, w->r->name, &w->chain, e)) < 0)
		return -e->code;
	w->ctid = w->chain.end[w->chain.n - 1].ctid;
	return 0;
}

/* What has no end of ours is another vzdump's, if its configuration is in it; else it stays what was said of it first. */
static int open_foreign(struct work *w, const struct err *first, struct err *e)
{
	bool zst = str_ends(w->r->name, ".zst"), foreign;
	time_t when;
	int rc;

	w->foreign = str_eq(w->r->name, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
					     : openat(w->r->dir, w->r->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (w->foreign < 0)
		return err_set(e, errno, "%s", w->r->name);
	rc = tmpl_foreign_is(w->foreign, e);
	if (rc > 0)
		rc = tmpl_foreign_meta(w->foreign, &w->meta, e) < 0 ? (zst ? 0 : -e->code) : 1;
	if (rc == 0)
		*e = *first;
	if (rc <= 0)
		return err_add(e, "%s", w->r->name);
	err_clear(e);
	if (!ct_dump_name_parse(w->r->name, &w->ctid, &when, &foreign))
		w->ctid = 0;
	return 0;
}

static int open_archive(struct work *w, struct err *e)
{
	struct err first;

	if (open_ours(w, e) == 0)
		return 0;
	if (e->code != EBADMSG)
		return -e->code;
	first = *e;
	err_clear(e);
	return open_foreign(w, &first, e);
}

/* Did this host make it? Or does the administrator vouch for it? */
static int judge(struct work *w, struct err *e)
{
	uint8_t key[32];
	int key_len = ct_backup_key(false, key, e);

	if (key_len < 0)
		return -e->code;
	w->sealed = w->foreign < 0 && bk_end_sealed(&w->chain.end[w->chain.n - 1], key, (size_t)key_len);
	w->trusted = !w->r->distrust && (w->r->trust || w->sealed);
	return 0;
}

/* *ret is the caller's; NULL: none in it. */
static int read_ugids(const struct work *w, char **ret, struct err *e)
{
	struct err none = { 0 };
	const char *text;
	size_t n;

	*ret = NULL;
	if (bk_meta_get(buf_str(&w->meta), w->meta.len, CT_UGIDS_PART, &text, &n, &none) < 0)
		return 0;
	*ret = strndup(text, n);
	return *ret ? 0 : err_set(e, ENOMEM, "limits of users and groups");
}

static int read_conf(struct work *w, struct err *e)
{
	const char *text;
	size_t n;

	if (judge(w, e) < 0 || (w->foreign < 0 && tmpl_backup_meta(&w->chain, &w->meta, e) < 0) ||
	    bk_meta_get(buf_str(&w->meta), w->meta.len, "vps.conf", &text, &n, e) < 0)
		return -e->code;
	return kv_parse(&w->kv, text, n, e) < 0 ? err_add(e, "the configuration in it") : 0;
}

/* --- what of the configuration does not come along ------------------------------------------------------------------------ */

static const char *why_left_out(const struct work *w)
{
	if (w->sealed)
		return "reaches beyond the container";
	return "reaches beyond the container and this host did not make the archive (--trust)";
}

/* @ct NULL: nothing is said of it. Limits and rules that this host has put on the container stay: whom they bind may be who
 * restores it. */
static void drop_admin(struct ct *ct, struct work *w)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	while (!w->trusted && (p = ct_row_next(&it, &base))) {
		const char *v = p->key && (p->flags & PARAM_ADMIN) ? kv_get(&w->kv, p->key) : NULL;

		if (!v || (w->sealed && (p->flags & PARAM_BOUND)))
			continue;
		if (ct && *v && !str_eq(p->key, "VE_ROOT") && !str_eq(p->key, "VE_PRIVATE") && !str_eq(p->key, "OWNER"))
			ct_say(ct, -1, "Warning: left out, because it %s: %s=\"%s\"", why_left_out(w), p->key, v);
		kv_unset(&w->kv, p->key);
	}
}

/* An old archive is no way around what holds for every new container: the sample's limits and rules win, and what costs the
 * host is not more than it gives. */
static int lay_bounds(struct ct *ct, struct work *w, struct err *e)
{
	const char *name = ct->host->conf.configfile;
	auto_kv struct kv sample = { 0 };
	auto_free char *path = NULL;
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	if (!w->r->distrust)
		return 0;
	if (!name || !*name)
		return ct_kv_lower(ct, &w->kv, e);
	if (ct_sample_load(name, &sample, &path, e) < 0)
		return err_add(e, "the limits that new containers have");
	while ((p = ct_row_next(&it, &base))) {
		const char *v = p->key && (p->flags & PARAM_BOUND) ? kv_get(&sample, p->key) : NULL;

		if (v && kv_set(&w->kv, p->key, v, false, e) < 0)
			return -e->code;
	}
	return ct_kv_lower(ct, &w->kv, e);
}

/* Is @word a part of what another container has under @key? */
static bool is_taken(struct ct *ct, const char *key, const char *word, unsigned *by)
{
	auto_free unsigned *ids = NULL;
	struct err ignored = { 0 };
	size_t n = 0;

	if (ct_list(ct->host, &ids, &n, &ignored) < 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		auto_kv struct kv kv = { 0 };
		char file[64];
		const char *v;

		str_fmt(file, sizeof(file), CT_CONF_DIR "/%u.conf", ids[i]);
		if (ids[i] == ct->id || kv_load(&kv, AT_FDCWD, file, &ignored) < 0)
			continue;
		v = kv_get(&kv, key);
		if (v && strcasestr(v, word)) {
			*by = ids[i];
			return true;
		}
	}
	return false;
}

/* Never two containers with one address: those that somebody has are left out. */
static int free_ips(struct ct *ct, struct work *w, struct err *e)
{
	struct str_list ips __attribute__((cleanup(str_list_clear))) = { 0 };
	auto_buf struct buf b = BUF_INIT;
	const char *v = kv_get(&w->kv, "IP_ADDRESS");
	size_t left = 0;

	if (w->opts.net.ip.set)
		kv_unset(&w->kv, "IP_ADDRESS");		/* given instead, if only as 0.0.0.0: none */
	if (!v || !*v || w->opts.net.ip.set)
		return 0;
	if (str_list_split(&ips, v, " \t", e) < 0)
		return -e->code;
	for (size_t i = 0; i < ips.n; i++) {
		struct str_list one = { .v = &ips.v[i], .n = 1, .set = true };
		struct err why = { 0 };

		if (ct_ips_check(ct, &one, &why) < 0) {
			ct_say(ct, -1, "Warning: address %s is left out: %s", ips.v[i], why.text);
			left++;
			continue;
		}
		buf_addf(&b, "%s%s", b.len ? " " : "", ips.v[i]);
	}
	return left ? kv_set(&w->kv, "IP_ADDRESS", buf_str(&b), false, e) : 0;
}

static void add_item(struct buf *b, const struct net_if *f)
{
	if (b->len)
		buf_addc(b, ';');
	net_if_print(f, b);
}

/* Interfaces on the host have the container's id in their names, and hardware addresses belong to one container only. */
static int free_netif(struct ct *ct, struct work *w, struct err *e)
{
	struct str_list items __attribute__((cleanup(str_list_clear))) = { 0 };
	auto_buf struct buf b = BUF_INIT;
	const char *v = kv_get(&w->kv, "NETIF");
	bool moved = w->ctid != ct->id;

	if (!v || !*v)
		return 0;
	if (str_list_split(&items, v, ";", e) < 0)
		return -e->code;
	for (size_t i = 0; i < items.n; i++) {
		struct err why = { 0 };
		char mac[20];
		struct net_if f;
		unsigned by = 0;

		if (net_if_parse(items.v[i], &f, &why) < 0) {
			ct_say(ct, -1, "Warning: interface %.80s is left out: %s", items.v[i], why.text);
			continue;
		}
		if (moved && str_starts(f.host_ifname, "veth"))
			f.host_ifname[0] = '\0';
		str_fmt(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", f.mac[0], f.mac[1], f.mac[2], f.mac[3], f.mac[4],
				f.mac[5]);
		if (f.has_mac && is_taken(ct, "NETIF", mac, &by)) {
			ct_say(ct, -1, "Warning: %s gets a new hardware address: container %u has %s", f.ifname, by, mac);
			f.has_mac = f.has_host_mac = false;
		}
		if (net_if_fill(&f, ct->id, true, e) < 0)
			return -e->code;
		add_item(&b, &f);
	}
	return buf_failed(&b) ? err_set(e, ENOMEM, "NETIF") : kv_set(&w->kv, "NETIF", buf_str(&b), false, e);
}

static int free_name(struct ct *ct, struct work *w, struct err *e)
{
	const char *name = kv_get(&w->kv, "NAME");
	struct err why = { 0 };

	if (w->opts.name || !name || !*name) {
		kv_unset(&w->kv, "NAME");
		return 0;
	}
	if (ct_name_check(ct, name, &why) < 0) {
		ct_say(ct, -1, "Warning: the name is left out: %s", why.text);
	} else {
		w->opts.name = strdup(name);
		if (!w->opts.name)
			return err_set(e, ENOMEM, "name");
	}
	kv_unset(&w->kv, "NAME");
	return 0;
}

/* What is this host's and not the archive's. */
static void drop_ours(struct work *w)
{
	static const char *const ours[] = { "LOCAL_UID", "LOCAL_GID", "VE_ROOT", "VE_PRIVATE", "UUID", "CTID", "VEID" };
	const char *layout = kv_get(&w->kv, "VE_LAYOUT");

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		kv_unset(&w->kv, ours[i]);
	if (layout && (w->foreign >= 0 || (str_starts(layout, "ploop") && !ct_rootfs_by_name(layout))))
		kv_unset(&w->kv, "VE_LAYOUT");		/* how the other host kept its files is no wish for this one */
}

static int adapt(struct ct *ct, struct work *w, struct err *e)
{
	drop_admin(ct, w);
	drop_ours(w);
	if (lay_bounds(ct, w, e) < 0 || free_name(ct, w, e) < 0 || free_ips(ct, w, e) < 0)
		return -e->code;
	return free_netif(ct, w, e);
}

/* --- the work ---------------------------------------------------------------------------------------------------------------- */

/* Those of the archive that this host has none for yet: their suffixes, for the record of the create. */
static int pick_scripts(struct ct *ct, struct work *w, struct err *e)
{
	auto_close int dir = ct_store_dir(e);

	if (dir < 0)
		return -e->code;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		struct err none = { 0 };
		char name[40], part[40];
		const char *text;
		size_t n;

		str_fmt(name, sizeof(name), "%u.%s", ct->id, suffixes[i]);
		str_fmt(part, sizeof(part), "vps.%s", suffixes[i]);
		if (bk_meta_get(buf_str(&w->meta), w->meta.len, part, &text, &n, &none) < 0)
			continue;
		if (!w->trusted)
			ct_say(ct, -1, "Warning: left out, because it would run as root of this host%s: the script %s", w->sealed ?
			       "" : " and this host did not make the archive (--trust)", part);
		else if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			ct_say(ct, -1, "Warning: " CT_CONF_DIR "/%s is there already and stays", name);
		else
			buf_addf(&w->scripts, "%s%s", w->scripts.len ? " " : "", suffixes[i]);
	}
	return buf_failed(&w->scripts) ? err_set(e, ENOMEM, "scripts") : 0;
}

static int save_scripts(struct ct *ct, struct work *w, struct err *e)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };
	auto_close int dir = ct_store_dir(e);

	if (dir < 0 || str_list_split(&l, buf_str(&w->scripts), " ", e) < 0)
		return -e->code;
	for (size_t i = 0; i < l.n; i++) {
		char name[40], part[40];
		const char *text;
		size_t n;

		str_fmt(name, sizeof(name), "%u.%s", ct->id, l.v[i]);
		str_fmt(part, sizeof(part), "vps.%s", l.v[i]);
		if (bk_meta_get(buf_str(&w->meta), w->meta.len, part, &text, &n, e) < 0 || fio_replace(dir, name, text, n,
				0700, e) < 0)
			return -e->code;
	}
	return 0;
}

static int fill(struct ct *ct, int dir, void *arg, struct err *e)
{
	struct work *w = arg;
	const struct tmpl_restore r = { .chain = &w->chain, .tell = w->r->tell, .arg = w->r->arg };
	const struct tmpl_foreign f = { .fd = w->foreign, .tell = w->r->tell, .arg = w->r->arg };

	if ((w->foreign >= 0 ? tmpl_foreign_extract(&f, dir, &w->count, e) : tmpl_backup_extract(&r, dir, &w->count, e)) == 0)
		return save_scripts(ct, w, e);
	if (e->code == EDQUOT)
		err_add(e, "the limits of the container are too small (--diskspace N, --diskinodes N)");
	return -e->code;
}

static int check_free(struct ct *ct, struct err *e)
{
	if (ct->has_conf) {
		err_say(e, EEXIST, "Container %u exists: restore under another id, destroy it first, or give --force and its "
			"files are replaced", ct->id);
		return err_exit(e, VZ_FS_PRVT_AREA_EXIST);
	}
	return 0;
}

static void say_begin(struct ct *ct, const struct work *w)
{
	if (w->foreign >= 0)
		ct_say(ct, 0, "Restoring %s, an archive of another vzdump", w->r->name);
	else
		ct_say(ct, 0, "Restoring container %u of %s (%llu files)", w->ctid, w->r->name,
		       (unsigned long long)w->chain.end[w->chain.n - 1].entries);
}

int ct_restore_conf(const struct ct_restore *r, struct buf *ret, struct err *e)
{
	auto_call(work_done) struct work w = WORK_INIT(r);

	if (open_archive(&w, e) < 0 || read_conf(&w, e) < 0)
		return -e->code;
	drop_admin(NULL, &w);
	drop_ours(&w);
	kv_unset(&w.kv, "OWNER");
	return kv_print(&w.kv, ret, e);
}

int ct_restore_conf_parse(const char *text, size_t len, struct ct_conf *ret, struct err *e)
{
	auto_kv struct kv kv = { 0 };

	return kv_parse(&kv, text, len, e) < 0 ? -e->code : ct_conf_read(ret, &kv, &(struct ct_conf_src){ .file = "archive" }, e);
}

/* It keeps its configuration, name, addresses, scripts and range of user ids. */
static int replace(struct ct *ct, struct work *w, const struct ct_create_src *src, struct err *e)
{
	say_begin(ct, w);
	return ct_refill(ct, src, e);
}

static int make(struct ct *ct, struct work *w, struct ct_create_src *src, const struct ct_conf *opts, struct err *e)
{
	const struct ct_create c = { .src = src };

	if (ct_conf_copy(&w->opts, opts, e) < 0 || adapt(ct, w, e) < 0 || pick_scripts(ct, w, e) < 0)
		return -e->code;
	src->scripts = w->scripts.len ? buf_str(&w->scripts) : NULL;
	say_begin(ct, w);
	return ct_create(ct, &c, &w->opts, e);
}

int ct_restore(struct ct *ct, const struct ct_restore *r, const struct ct_conf *opts, struct tmpl_backup_count *ret, struct err *e)
{
	auto_call(work_done) struct work w = WORK_INIT(r);
	struct ct_create_src src = { .conf = &w.kv, .fill = fill, .arg = &w };
	bool over = r->force && ct->has_conf;
	auto_free char *ugids = NULL;

	if ((!over && check_free(ct, e) < 0) || open_archive(&w, e) < 0 || read_conf(&w, e) < 0 || read_ugids(&w, &ugids, e) < 0)
		return -e->code;
	src.ugids = ugids;
	if ((over ? replace(ct, &w, &src, e) : make(ct, &w, &src, opts, e)) < 0)
		return -e->code;
	*ret = w.count;
	return 0;
}
