/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * snapshot, snapshot-switch, snapshot-delete: records, names, tree and configuration; the files are the layout's. Each is
 * one intent record, whose DONE is written into the tree with the change itself: so what comes after a kill knows on which
 * side it fell. A snapshot not yet in the tree is taken back, a switch is finished, a deletion is finished if it is in the
 * tree and forgotten if not.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/frozen.h"
#include "libct/garbage.h"
#include "libct/ips.h"
#include "libct/layers.h"
#include "libct/share.h"
#include "libct/snap.h"
#include "libct/snapshot.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"

struct work {
	const struct ct_rootfs_ops *ops;
	int area, home;
	struct ct_snaps tree;
	char done[CT_GUID_SIZE];	/* names this piece of work */
	char *tmpls;			/* what the container stood on before (garbage.h) */
	bool again;			/* after a kill: the tree may not name yet, or no more, what is there */
};
#define WORK_INIT { .area = -1, .home = -1 }

static void work_done(struct work *w)
{
	auto_close_(&w->area);
	auto_close_(&w->home);
	ct_snaps_done(&w->tree);
	free(w->tmpls);
}

int ct_snap_area(struct ct *ct, const struct ct_rootfs_ops **ret_ops, struct err *e)
{
	auto_free char *path = ct_path_private(ct);
	int fd;

	*ret_ops = ct_is_ploop(ct) ? NULL : ct_rootfs_by_name(ct->conf.layout);
	if (!*ret_ops || !(*ret_ops)->snap_take)
		return err_say(e, ENOTSUP, "Containers of layout %s have no snapshots: 'vzctl convert %u --layout overlay' "
			       "gives it one that has", ct->conf.layout ? ct->conf.layout : "", ct->id);
	if (!path) {
		err_say(e, EINVAL, "VE_PRIVATE is not set");
		return err_exit(e, VZ_VE_PRIVATE_NOTSET);
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		err_say(e, errno, "Container private area %s does not exist", path);
	return fd < 0 ? err_exit(e, VZ_FS_NOPRVT) : fd;
}

static int home_beside(struct ct *ct, bool make, struct err *e)
{
	auto_area struct ct_area a = { 0 };
	char name[NAME_MAX + 1];
	int fd;

	if (ct_area_of(&a, ct->conf.private_dir, ct->id, e) < 0 ||
	    ct_path_fmt(name, sizeof(name), e, "%s." CT_SNAP_DIR, a.name) < 0)
		return -e->code;
	auto_close int parent = ct_area_parent(&a, false, e);
	if (parent < 0)
		return -e->code;
	if (make && mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "make %s/%s", a.parent, name);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open %s/%s", a.parent, name) : fd;
}

int ct_snap_home(struct ct *ct, bool make, struct err *e)
{
	const struct ct_rootfs_ops *ops;
	auto_close int area = ct_snap_area(ct, &ops, e);
	int fd;

	if (area < 0)
		return area;
	if (ops->snap_beside)
		return home_beside(ct, make, e);
	if (make && mkdirat(area, CT_SNAP_DIR, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "make " CT_SNAP_DIR);
	fd = openat(area, CT_SNAP_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open " CT_SNAP_DIR) : fd;
}

/* In which directory the file is that @e is about. */
static int add_where(const struct ct *ct, struct err *e)
{
	const struct ct_rootfs_ops *ops = ct_rootfs_by_name(ct->conf.layout);
	auto_free char *path = ct_path_private(ct);

	return err_add(e, "snapshots of container %u in %s%s" CT_SNAP_DIR, ct->id, path ? path : "",
		       ops && ops->snap_beside ? "." : "/");
}

int ct_snaps_load(struct ct *ct, struct ct_snaps *ret, struct err *e)
{
	auto_close int home = ct_snap_home(ct, false, e);

	*ret = (struct ct_snaps){ 0 };
	if (home >= 0 && ct_snaps_load_at(home, ret, e) == 0)
		return 0;
	if (home >= 0 && e->code != ENOENT)
		return add_where(ct, e);
	if (e->code != ENOENT || e->exit)
		return err_add(e, "snapshots of container %u", ct->id);
	err_clear(e);
	return 0;
}

static int check_tree(const struct ct *ct, int home, const struct ct_snaps *tree, struct err *e)
{
	return ct_snaps_check(home, tree, e) < 0 ? add_where(ct, e) : 0;
}

int ct_snap_files(int area, const char *suffix, struct str_list *ret, struct err *e)
{
	int fd = openat(area, CT_SNAP_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_closedir DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (!d) {
		auto_close_(&fd);
		return err_set(e, errno, "read " CT_SNAP_DIR);
	}
	while ((de = readdir(d))) {
		char guid[CT_GUID_SIZE], low[CT_GUID_SIZE];

		if (strlen(de->d_name) != CT_GUID_SIZE - 1 + strlen(suffix) || !str_ends(de->d_name, suffix))
			continue;
		str_copy(guid, sizeof(guid), de->d_name);
		if (ct_guid_parse(guid, low) == 0 && str_list_add(ret, low, e) < 0)
			return -e->code;
	}
	return 0;
}

/* Nothing is changed of what somebody's hand has left in pieces. */
static int check(const struct ct *ct, struct work *w, struct err *e)
{
	if (w->home >= 0 && check_tree(ct, w->home, &w->tree, e) < 0)
		return -e->code;
	if (w->ops->snap_whole && w->ops->snap_whole(w->area, &w->tree, e) < 0)
		return add_where(ct, e);
	return 0;
}

static int open_work(struct ct *ct, struct work *w, bool make, struct err *e)
{
	w->area = ct_snap_area(ct, &w->ops, e);
	if (w->area < 0)
		return -e->code;
	w->home = ct_snap_home(ct, make, e);
	if (w->home < 0 && (make || e->code != ENOENT))
		return -e->code;
	err_clear(e);
	if (!make)
		w->tmpls = ct_garbage_note(w->area);
	if (ct_snaps_load(ct, &w->tree, e) < 0 || (!w->again && check(ct, w, e) < 0))
		return -e->code;
	return ct_guid_new(w->done, e);
}

static int find(const struct ct *ct, const struct work *w, const char *guid, const struct ct_snap **ret, struct err *e)
{
	*ret = ct_snaps_find(&w->tree, guid);
	return *ret ? 0 : err_say(e, ENOENT, "Snapshot {%s} of container %u is not found", guid, ct->id);
}

static int save_tree(struct work *w, struct err *e)
{
	str_copy(w->tree.done, sizeof(w->tree.done), w->done);
	return ct_snaps_save(w->home, &w->tree, e);
}

/* --- the configuration that is kept --- */

struct conf_name { char s[CT_GUID_SIZE + 8]; };

static struct conf_name conf_name(const char *guid)
{
	struct conf_name n;

	str_fmt(n.s, sizeof(n.s), "%s.conf", guid);
	return n;
}

static int keep_conf(const struct ct *ct, int home, const char *guid, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	if (kv_print(&ct->kv, &b, e) < 0)
		return -e->code;
	return fio_replace_file(home, conf_name(guid).s, buf_str(&b), b.len, 0600, e);
}

static int drop_conf(int home, const char *guid, struct err *e)
{
	struct conf_name n = conf_name(guid);

	return unlinkat(home, n.s, 0) < 0 && errno != ENOENT ? err_set(e, errno, "remove %s", n.s) : 0;
}

int ct_snap_conf(struct ct *ct, const char *guid, struct kv *ret, struct err *e)
{
	auto_close int home = ct_snap_home(ct, false, e);

	return home < 0 ? -e->code : kv_load(ret, home, conf_name(guid).s, e);
}

/* What says who and where a container is stays: it belongs to the container, not to a time. */
static const char *const own_keys[] = {
	"VE_ROOT", "VE_PRIVATE", "VE_LAYOUT", "LOCAL_UID", "LOCAL_GID", "NAME", "OWNER", "UUID", "CTID", "VEID",
	"ONBOOT", "DISABLED",
};

static int restore_conf(struct ct *ct, const char *guid, struct err *e)
{
	auto_kv struct kv kv = { 0 };

	if (ct_snap_conf(ct, guid, &kv, e) < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
		ct_say(ct, 0, "Snapshot {%s} has no configuration with it: that of the container stays as it is", guid);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(own_keys); i++) {
		const char *now = kv_get(&ct->kv, own_keys[i]);

		if (!now)
			kv_unset(&kv, own_keys[i]);
		else if (kv_set(&kv, own_keys[i], now, true, e) < 0)
			return -e->code;
	}
	return ct_store_kv(ct, &kv, CT_STORE_QUIET, e) < 0 ? -e->code : ct_area_quota(ct, &ct->conf, false, e);
}

/* --- take --- */

/* A word that a temporary snapshot may be there: what ct_lock() looks for. */
struct mark { char s[64]; };

static struct mark temp_mark(const struct ct *ct)
{
	struct mark m;

	str_fmt(m.s, sizeof(m.s), CT_INTENT_DIR "/%u.temp", ct->id);
	return m;
}

static int put_mark(const struct ct *ct, struct err *e)
{
	struct mark m = temp_mark(ct);
	auto_close int fd = open(m.s, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 || fsync(fd) < 0 ? err_set(e, errno, "make %s", m.s) : 0;
}

static int check_text(const char *what, const char *text, size_t max, struct err *e)
{
	if (!text || (strlen(text) <= max && !str_has_ctrl(text)))
		return 0;
	err_say(e, EINVAL, "%s of a snapshot: at most %zu bytes, no control characters", what, max);
	return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
}

static int plan(struct ct *ct, const struct ct_snap_new *n, struct work *w, struct ct_snap *s, struct err *e)
{
	uint64_t start = 0;

	if (check_text("The name", n->name, CT_SNAP_NAME_MAX, e) < 0 ||
	    check_text("The description", n->desc, CT_SNAP_DESC_MAX, e) < 0)
		return -e->code;
	if (n->guid ? ct_guid_parse(n->guid, s->guid) < 0 : ct_guid_new(s->guid, e) < 0)
		return err_say(e, EINVAL, "Bad snapshot id: %s", n->guid ? n->guid : "");
	if (ct_snaps_find(&w->tree, s->guid))
		return err_say(e, EEXIST, "Snapshot {%s} of container %u exists already", s->guid, ct->id);
	if (n->temp ? ct_pid_start(getpid(), &start, e) < 0 : w->ops->snap_room && w->ops->snap_room(w->area, e) < 0)
		return -e->code;
	s->owner = n->temp ? getpid() : 0;
	s->owner_start = start;
	s->date = time(NULL);
	s->name = (char *)n->name;
	s->desc = (char *)n->desc;
	memcpy(s->parent, w->tree.current, sizeof(s->parent));
	return 0;
}

static int take_files(struct ct *ct, struct work *w, const char *guid, struct err *e)
{
	bool live = ct_is_running(ct, NULL) || ct_is_mounted(ct);
	struct ct_frozen frozen = CT_FROZEN_INIT;
	int rc = ct_frozen_begin(ct, &frozen, e);

	if (rc == 0)
		rc = w->ops->snap_take(ct, w->area, guid, live, e);
	ct_frozen_end(ct, &frozen);
	return rc;
}

static int take_back(struct ct *ct, struct work *w, const char *guid, struct err *e)
{
	return drop_conf(w->home, guid, e) < 0 ? -e->code : w->ops->snap_drop(ct, w->area, guid, NULL, e);
}

static int take(struct ct *ct, const struct ct_snap_new *n, struct work *w, struct ct_snap *s, struct err *e)
{
	const char *const pairs[] = { "OP", "take", "GUID", s->guid, "DONE", w->done, NULL };

	if (ct_intent_begin(ct, "snapshot", pairs, e) < 0)
		return -e->code;
	if ((n->temp && put_mark(ct, e) < 0) || take_files(ct, w, s->guid, e) < 0 ||
	    (!n->skip_config && keep_conf(ct, w->home, s->guid, e) < 0) || ct_snaps_add(&w->tree, s, e) < 0)
		return -e->code;
	if (!n->temp)
		memcpy(w->tree.current, s->guid, sizeof(w->tree.current));
	return save_tree(w, e);
}

static int not_taken(const struct ct *ct, struct err *e)
{
	if (e->code == EDQUOT)
		err_add(e, "no room in the limits of the container ('vzctl set %u --diskspace N --save' gives it more)", ct->id);
	return err_exit(e, VZ_CREATE_SNAPSHOT);
}

static void undo_take(struct ct *ct, struct work *w, const char *guid)
{
	struct err undo = { 0 };

	if (take_back(ct, w, guid, &undo) < 0)
		ct_say(ct, -1, "Warning: %s; the next command on container %u tries again", undo.text, ct->id);
	else
		ct_intent_end(ct, &undo);
}

int ct_snapshot(struct ct *ct, const struct ct_snap_new *n, char ret_guid[CT_GUID_SIZE], struct err *e)
{
	auto_call(work_done) struct work w = WORK_INIT;
	struct ct_snap s = { 0 };

	if (open_work(ct, &w, true, e) < 0 || plan(ct, n, &w, &s, e) < 0)
		return not_taken(ct, e);
	if (!n->temp)
		ct_say(ct, 0, "Creating snapshot {%s}", s.guid);
	if (take(ct, n, &w, &s, e) < 0) {
		undo_take(ct, &w, s.guid);
		return not_taken(ct, e);
	}
	ct_intent_end(ct, &(struct err){ 0 });
	memcpy(ret_guid, s.guid, CT_GUID_SIZE);
	if (!n->temp)
		ct_say(ct, 0, "Snapshot {%s} has been successfully created", s.guid);
	return 0;
}

/* --- switch --- */

/* Files are gone that may have been the last to stand on a template. */
static int end_work(struct ct *ct, const struct work *w, struct err *e)
{
	ct_garbage_mark(ct, w->tmpls);
	if (ct_intent_end(ct, e) < 0)
		return -e->code;
	ct_garbage_collect(ct->host, NULL);
	return 0;
}

/* The files are there. */
static int finish_switch(struct ct *ct, struct work *w, const char *guid, bool conf, struct err *e)
{
	if (conf && restore_conf(ct, guid, e) < 0)
		return -e->code;
	memcpy(w->tree.current, guid, CT_GUID_SIZE);
	return save_tree(w, e);
}

static int make_still(struct ct *ct, struct err *e)
{
	if (ct_is_running(ct, NULL)) {
		ct_say(ct, 0, "Killing container ...");
		if (ct_kill(ct, e) < 0)
			return -e->code;
	}
	return ct_is_mounted(ct) ? ct_umount(ct, e) : 0;
}

static int mounted(const struct ct *ct, const char *guid, struct err *e)
{
	return err_say(e, EBUSY, "Snapshot {%s} is mounted: 'vzctl snapshot-umount %u --id {%s}' first", guid, ct->id, guid);
}

int ct_snap_missing(const char *guid, struct err *e)
{
	return e->code == ENOENT ? err_add(e, "the files of snapshot {%s} are missing", guid) : -e->code;
}

void ct_snap_left(const struct ct *ct, struct err *e)
{
	ct_say(ct, -1, "Warning: %s; the container is switched, and what was to be removed goes with the next change of snapshots",
	       e->text);
	err_clear(e);
}

static int switch_to(struct ct *ct, struct work *w, const char *guid, unsigned flags, struct err *e)
{
	bool conf = !(flags & CT_SNAP_SKIP_CONFIG);
	const char *const pairs[] = { "OP", "switch", "GUID", guid, "DONE", w->done, "CONF", conf ? "yes" : NULL,
				      "TEMPLATES", w->tmpls, NULL };
	const struct ct_snap *s;

	if (find(ct, w, guid, &s, e) < 0)
		return -e->code;
	if (flags & CT_SNAP_MUST_RESUME)
		return err_say(e, ENOTSUP, "Snapshot {%s} has no memory of running processes to resume", guid);
	if (make_still(ct, e) < 0 || ct_intent_begin(ct, "snapshot", pairs, e) < 0)
		return -e->code;
	if (w->ops->snap_switch(ct, w->area, guid, e) < 0) {
		ct_intent_end(ct, &(struct err){ 0 });		/* all is as it was */
		return ct_snap_missing(guid, e);
	}
	if (finish_switch(ct, w, guid, conf, e) < 0)
		return err_add(e, "the next command on container %u goes on with it", ct->id);
	return end_work(ct, w, e);
}

int ct_snapshot_switch(struct ct *ct, const char *guid, unsigned flags, struct err *e)
{
	auto_call(work_done) struct work w = WORK_INIT;

	if (open_work(ct, &w, false, e) < 0 || switch_to(ct, &w, guid, flags, e) < 0)
		return err_exit(e, VZ_SWITCH_SNAPSHOT);
	if (!(flags & CT_SNAP_SKIP_CONFIG))
		ct_ips_warn(ct);
	ct_say(ct, 0, "Container has been successfully switched to another snapshot");
	return 0;
}

/* --- delete --- */

static const char *only_child(const struct ct_snaps *t, const char *guid)
{
	const char *ret = NULL;

	for (size_t i = 0; i < t->n; i++) {
		if (!str_eq(t->v[i].parent, guid))
			continue;
		if (ret)
			return NULL;
		ret = t->v[i].guid;
	}
	return ret;
}

static int finish_delete(struct ct *ct, struct work *w, const char *guid, const char *into, struct err *e)
{
	if (drop_conf(w->home, guid, e) < 0 || w->ops->snap_drop(ct, w->area, guid, into, e) < 0)
		return -e->code;
	for (size_t i = 0; i < w->tree.n; i++)
		if (w->tree.v[i].owner)
			return 0;
	unlink(temp_mark(ct).s);
	return 0;
}

static int delete(struct ct *ct, struct work *w, const char *guid, struct err *e)
{
	char child[CT_GUID_SIZE] = "";
	const struct ct_snap *s;

	if (find(ct, w, guid, &s, e) < 0)
		return -e->code;
	if (ct_snap_is_mounted(ct, guid))
		return mounted(ct, guid, e);
	if (only_child(&w->tree, guid))
		str_copy(child, sizeof(child), only_child(&w->tree, guid));
	const char *const pairs[] = { "OP", "delete", "GUID", guid, "DONE", w->done, "INTO", child[0] ? child : NULL,
				      "TEMPLATES", w->tmpls, NULL };

	if (ct_intent_begin(ct, "snapshot", pairs, e) < 0)
		return -e->code;
	ct_snaps_del(&w->tree, guid);
	if (save_tree(w, e) < 0 || finish_delete(ct, w, guid, child[0] ? child : NULL, e) < 0)
		return -e->code;	/* the record stays: the next command sees in the tree on which side this ended */
	return end_work(ct, w, e);
}

int ct_snapshot_delete(struct ct *ct, const char *guid, struct err *e)
{
	auto_call(work_done) struct work w = WORK_INIT;
	const struct ct_snap *s;
	bool temp;

	if (open_work(ct, &w, false, e) < 0)
		return err_exit(e, VZ_DELETE_SNAPSHOT);
	s = ct_snaps_find(&w.tree, guid);
	temp = s && s->owner;
	if (delete(ct, &w, guid, e) < 0)
		return err_exit(e, VZ_DELETE_SNAPSHOT);
	if (!temp)
		ct_say(ct, 0, "Snapshot {%s} has been successfully deleted", guid);
	return 0;
}

/* --- after a kill --- */

int ct_snapshot_recover(struct ct *ct, const struct kv *kv, struct err *e)
{
	const char *op = kv_get(kv, "OP"), *guid = kv_get(kv, "GUID"), *done = kv_get(kv, "DONE");
	auto_call(work_done) struct work w = WORK_INIT;
	bool is_done;

	if (!op || !guid || !done)
		return err_say(e, EBADMSG, "the record is not whole");
	w.again = true;
	if (open_work(ct, &w, true, e) < 0)
		return -e->code;
	is_done = str_eq(w.tree.done, done);
	str_copy(w.done, sizeof(w.done), done);
	if (str_eq(op, "take"))
		return is_done ? 0 : take_back(ct, &w, guid, e);
	if (str_eq(op, "switch") && !is_done && w.ops->snap_switch(ct, w.area, guid, e) < 0)
		return -e->code;
	if (str_eq(op, "switch") && !is_done && finish_switch(ct, &w, guid, kv_get(kv, "CONF"), e) < 0)
		return -e->code;
	if (!str_eq(op, "switch") && is_done && finish_delete(ct, &w, guid, kv_get(kv, "INTO"), e) < 0) {
		/* nobody needs its files; a container that could not be used for them would be worse */
		ct_say(ct, -1, "Warning: %s; files of the deleted snapshot {%s} stay in the area of container %u", e->text,
		       guid, ct->id);
		err_clear(e);
	}
	ct_garbage_mark(ct, kv_get(kv, "TEMPLATES"));
	return 0;
}

int ct_snap_none(struct ct *ct, const char *what, struct err *e)
{
	auto_free char *path = ct_path_private(ct);
	auto_close int area = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	auto_snaps struct ct_snaps tree = { 0 };
	const struct ct_rootfs_ops *ops = ct_is_ploop(ct) ? NULL : ct_rootfs_by_name(ct->conf.layout);
	auto_close int home = -1;
	int used;

	if (area < 0 || !ops || !ops->snap_take)
		return 0;
	if (ct_snaps_load(ct, &tree, e) < 0)
		return -e->code;
	home = ct_snap_home(ct, false, &(struct err){ 0 });
	if (home >= 0 && check_tree(ct, home, &tree, e) < 0)
		return -e->code;
	if (tree.n)
		return err_say(e, EBUSY, "Container %u has %zu snapshots, which %s would lose: 'vzctl snapshot-delete' them first",
			       ct->id, tree.n, what);
	/* layout dir: the area is the guest's own root, and a file "home" in it the guest's */
	used = ops == &ct_rootfs_overlay ? ct_share_used(ct->host, area, NULL, e) : 0;
	if (used > 0)
		return err_say(e, EBUSY, "Linked clones stand on the files of container %u, which %s would take from them", ct->id,
			       what);
	return used;
}

bool ct_snap_owner_alive(const struct ct_snap *s)
{
	struct err ignored = { 0 };
	auto_close int fd = ct_pid_open(s->owner, s->owner_start, &ignored);

	return fd >= 0;
}

int ct_snap_sweep(struct ct *ct, struct err *e)
{
	auto_snaps struct ct_snaps tree = { 0 };
	size_t alive = 0;

	if (access(temp_mark(ct).s, F_OK) < 0)
		return 0;
	if (ct_snaps_load(ct, &tree, e) < 0)
		return -e->code;
	for (size_t i = 0; i < tree.n; i++) {
		const struct ct_snap *s = &tree.v[i];

		alive += s->owner && ct_snap_owner_alive(s);
		if (s->owner && !ct_snap_owner_alive(s) && ct_snapshot_delete(ct, s->guid, e) < 0)
			return -e->code;
	}
	if (!alive)
		unlink(temp_mark(ct).s);	/* of one that was never taken */
	return 0;
}
