/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * create: everything is checked, then the area is made under a temporary name, the configuration written, and the rename
 * of the area to its own name is the point from which the container exists. Before it an interrupted create is rolled
 * back, after it there is nothing left to do.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"

#include "libct/action.h"
#include "libct/clone.h"
#include "libct/files.h"
#include "libct/ips.h"
#include "libct/layers.h"
#include "libct/snapshot.h"
#include "libct/ugids.h"

#define TMP_SUFFIX ".tmp"
#define HOOK_FILE CT_CONF_DIR "/vps.create"
#define CONF_BEFORE CT_INTENT_DIR "/%u.conf"

struct work {
	const struct ct_conf *opts;
	const struct ct_create_src *src;
	struct kv kv;			/* what CTID.conf will say */
	struct ct_conf want;		/* the same, parsed, and vz.conf's defaults */
	struct ct_area area;
	char *tmp;			/* the area's name until it is complete */
	char *sample_path;
	const char *sample;
	struct tmpl tmpl;
	const struct ct_rootfs_ops *ops;
	struct quota_caps caps;
	struct ct_actions actions;	/* the administrator's scripts */
	struct ct *from;		/* a clone's source, else NULL */
	bool linked, no_shared;
	bool light;			/* the area's files were on the disk before */
	int parent;
};

static void work_done(struct work *w)
{
	kv_done(&w->kv);
	ct_conf_done(&w->want);
	ct_area_done(&w->area);
	free(w->tmp);
	free(w->sample_path);
	ct_actions_done(&w->actions);
	if (w->parent >= 0)
		close(w->parent);
}

static int fail(struct err *e, int exit, int code, const char *text)
{
	err_say(e, code, "%s", text);
	return err_exit(e, exit);
}

/* --- the configuration a container starts with --- */

static int sample_error(const struct ct *ct, const struct work *w, bool by_default, struct err *e)
{
	err_say(e, e->code, "Sample config %s not found: %s", w->sample_path ? w->sample_path : w->sample, strerror(e->code));
	if (by_default) {
		ct_say(ct, -1, "%s", e->text);
		err_say(e, e->code, "Fix the value of CONFIGFILE in " CT_HOST_CONF);
	}
	return err_exit(e, VZ_CP_CONFIG);
}

static int copy_kv(const struct kv *kv, struct work *w, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	return kv_print(kv, &b, e) < 0 ? -e->code : kv_parse(&w->kv, buf_str(&b), b.len, e);
}

static int base_text(struct ct *ct, const char *sample, struct work *w, struct err *e)
{
	bool by_default = !sample;

	if (w->from)
		return ct_clone_conf(w->from, ct, w->no_shared, &w->kv, e);
	if (w->src)
		return copy_kv(w->src->conf, w, e);
	w->sample = sample ? sample : ct->host->conf.configfile;
	if (!w->sample || !*w->sample)
		return copy_kv(&ct->kv, w, e);
	if (!by_default || !ct->has_conf) {
		if (ct_sample_load(w->sample, &w->kv, &w->sample_path, e) < 0)
			return sample_error(ct, w, by_default, e);
		if (!ct->has_conf)
			return 0;
		err_say(e, EEXIST, "Error: container config file " CT_CONF_DIR "/%u.conf already exists, "
			"can not use --config option", ct->id);
		return err_exit(e, VZ_CP_CONFIG);
	}
	ct_say(ct, 0, "Warning: CT config file already exists, not applying a default config sample.");
	ct_say(ct, 0, "It might lead to incomplete CT configuration, you can use --applyconfig to fix.");
	w->sample = NULL;
	return copy_kv(&ct->kv, w, e);
}

static int set_str(char **dst, const char *src, struct err *e)
{
	char *copy = src ? strdup(src) : NULL;

	if (src && !copy)
		return err_set(e, ENOMEM, "configuration");
	free(*dst);
	*dst = copy;
	return 0;
}

/* Sample or old text, options on top, vz.conf's defaults below. */
static int merge(struct ct *ct, struct work *w, struct err *e)
{
	const char *file = w->sample_path ? w->sample_path : CT_CONF_DIR;

	if (ct_conf_from_kv(&w->want, &w->kv, w->sample_path ? ct : NULL, file, e) < 0 || ct_conf_merge(&w->want, w->opts, e) < 0)
		return -e->code;
	ct_tidy(ct, &w->want);
	if (w->sample && set_str(&w->want.origin_sample, w->sample, e) < 0)
		return -e->code;
	err_clear(e);
	ct_conf_defaults(&w->want, &ct->host->defaults, e);
	return -e->code;
}

static int check_paths(struct ct *ct, struct work *w, struct err *e)
{
	if (!kv_get(&ct->host->kv, "TEMPLATE") || !*ct->host->conf.template_dir)
		return fail(e, VZ_VE_TMPL_NOTSET, EINVAL, "TEMPLATE is not set");
	if (ct_area_of(&w->area, w->want.private_dir, ct->id, e) < 0)
		return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
	if (!w->want.root || !*w->want.root)
		return fail(e, VZ_VE_ROOT_NOTSET, EINVAL, "VE_ROOT is not set");
	if (ct_area_exists(&w->area) != 1)
		return 0;
	err_say(e, EEXIST, "Private area already exists in %s", w->area.path);
	return err_exit(e, VZ_FS_PRVT_AREA_EXIST);
}

static int check_layout(const struct ct *ct, struct work *w, struct err *e)
{
	(void)ct;
	w->ops = ct_rootfs_by_name(w->want.layout);
	if (!w->ops) {
		err_say(e, EINVAL, "unknown layout %s: use overlay, dir, btrfs or image", w->want.layout);
		return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
	}
	return 0;
}

static int check_name(const struct ct *ct, const struct work *w, struct err *e)
{
	if (!w->opts->name || !*w->opts->name)
		return 0;
	if (ct_name_check(ct, w->opts->name, e) < 0)
		return -e->code;
	ct_say(ct, 0, "Name %s assigned", w->opts->name);
	return 0;
}

/* Stored is the name as it was given; of an archive's path, the name without directory and suffix. */
static int find_template(struct ct *ct, struct work *w, struct err *e)
{
	const char *name = w->opts->ostemplate ? w->opts->ostemplate
			   : w->want.ostemplate && *w->want.ostemplate ? w->want.ostemplate : ct->host->conf.def_ostemplate;

	if (w->from || w->src)
		return 0;
	if (ct_template_find(ct, name, &w->tmpl, e) < 0)
		return -e->code;
	return set_str(&w->want.ostemplate, strchr(name, '/') ? w->tmpl.name : name, e);
}

static int check_limits(struct ct *ct, const struct work *w, struct err *e)
{
	struct cg_host *cg;

	if (w->opts->cg.ubc[CG_PHYSPAGES].set && cg_conf_is_vswap(&w->want.cg) && !w->want.cg.ubc[CG_SWAPPAGES].set)
		return fail(e, VZ_NOTENOUGHUBCPARAMS, EINVAL, "Error: required UB parameter (swap) not set");
	if (ct_host_cg_peek(ct->host, &cg, e) < 0)
		return -e->code;
	return cg_check(cg, &w->want.cg, e) < 0 ? err_exit(e, VZ_INVALID_PARAMETER_VALUE) : 0;
}

/* What a sample says of inodes is dropped where they cannot be counted; what the user says is refused by quota_set(). */
static int check_quota(struct work *w, struct err *e)
{
	w->parent = ct_area_parent(&w->area, true, e);
	if (w->parent < 0 || quota_probe(w->parent, &w->caps, e) < 0)
		return err_exit(e, VZ_FS_NEW_VE_PRVT);
	if ((w->ops->own_fs || (!w->caps.inodes && w->caps.blocks)) && !w->opts->quota.inodes.set) {
		kv_unset(&w->kv, "DISKINODES");
		w->want.quota.inodes = (struct num_pair){ 0 };
	}
	return 0;
}

/* Can this host have the layout? One that names ploop is stored as what it is. */
static int check_host(struct work *w, struct err *e)
{
	const struct ct_rootfs_new n = { .layout = w->want.layout, .quota = &w->want.quota };

	if (w->ops->check && w->ops->check(w->parent, &n, e) < 0)
		return err_exit(e, VZ_FS_NEW_VE_PRVT);
	return 0;
}

static int prepare(struct ct *ct, const char *sample, struct work *w, struct err *e)
{
	auto_buf struct buf tmp = { .cap = 256 };

	if (base_text(ct, sample, w, e) < 0 || merge(ct, w, e) < 0 || check_paths(ct, w, e) < 0 || check_layout(ct, w, e) < 0 ||
	    check_name(ct, w, e) < 0 || find_template(ct, w, e) < 0 || check_limits(ct, w, e) < 0 ||
	    ct_ips_check(ct, &w->want.net.ip, e) < 0)
		return -e->code;
	if (ct_area_is_mountpoint(&w->area)) {
		err_say(e, EBUSY, "Can't create: private dir (%s) is a mount point. Suggestion: use --private %s/private",
			w->area.path, w->area.path);
		return err_exit(e, VZ_FS_NEW_VE_PRVT);
	}
	buf_addf(&tmp, "%s" TMP_SUFFIX, w->area.name);
	w->tmp = buf_take(&tmp);
	if (!w->tmp)
		return err_set(e, ENAMETOOLONG, "%s", w->area.path);
	return check_quota(w, e) < 0 ? -e->code : check_host(w, e);
}

/* --- the work --- */

static int save_before(const struct ct *ct, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	char name[64];

	if (!ct->has_conf)
		return 0;
	if (path_mkdir_host(CT_LIB_DIR, 0755, e) < 0 || path_mkdir_host(CT_INTENT_DIR, 0700, e) < 0)
		return -e->code;
	auto_close int dir = open(CT_INTENT_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	str_fmt(name, sizeof(name), "%u.conf", ct->id);
	if (dir < 0)
		return err_set(e, errno, "open " CT_INTENT_DIR);
	return kv_print(&ct->kv, &b, e) < 0 ? -e->code : fio_replace(dir, name, buf_str(&b), b.len, 0600, e);
}

/* What runs after the container is whole, and may still fail. */
static bool has_hooks(const struct work *w)
{
	return access(HOOK_FILE, F_OK) == 0 || ct_action_is_post_create(&w->actions);
}

static int begin(struct ct *ct, const struct work *w, struct err *e)
{
	const char *const pairs[] = {
		"PRIVATE", w->area.path, "TMP", w->tmp, "CONF", ct->has_conf ? "old" : "new",
		"NAME", w->opts->name && *w->opts->name ? w->opts->name : NULL,
		"HOOK", has_hooks(w) ? "yes" : NULL, "SCRIPTS", w->src ? w->src->scripts : NULL, NULL,
	};

	return save_before(ct, e) < 0 ? -e->code : ct_intent_begin(ct, "create", pairs, e);
}

static int make_area(struct ct *ct, struct work *w, struct err *e)
{
	const struct ct_newarea n = { .parent = w->parent, .tmp = w->tmp, .ops = w->ops, .layout = w->want.layout,
				      .tmpl = w->src ? NULL : &w->tmpl, .src = w->src, .quota = &w->want.quota, .from = w->from,
				      .linked = w->linked };
	int rc = ct_newarea(ct, &n, e);

	if (rc < 0)
		return rc;
	w->light = rc > 0;
	return 0;
}

static int alloc_uids(struct ct *ct, struct work *w, struct err *e)
{
	uint32_t base;
	unsigned slot;

	if (w->opts->local_uid.set) {
		auto_close int dir = ct_idmap_dir(e);

		if (dir < 0 || ct_slot_of(w->opts->local_uid.v, &slot) < 0 || ct_slot_claim(dir, slot, ct->id, e) < 0 ||
		    fio_fsync_dir(dir, e) < 0)
			return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
		base = (uint32_t)w->opts->local_uid.v;
	} else if (ct_idmap_alloc(ct, &base, e) < 0) {
		return -e->code;
	}
	w->want.local_uid = w->want.local_gid = (struct num_opt){ .v = base, .set = true };
	return 0;
}

/* Values that are only vz.conf's defaults stay there, but for the paths, the layout and the ids, which must not move later. */
static int save(struct ct *ct, struct work *w, struct err *e)
{
	auto_conf struct ct_conf file = { 0 }, pinned = { 0 };
	bool changed = false;

	if (ct_conf_from_kv(&file, &w->kv, NULL, "", e) < 0 || ct_conf_pick(&pinned, &w->want, w->opts, e) < 0)
		return err_exit(e, VZ_CONFIG_SAVE_ERROR);
	pinned.local_uid = w->want.local_uid;
	pinned.local_gid = w->want.local_gid;
	if (str_list_copy(&pinned.net.ip, &w->want.net.ip, e) < 0 || set_str(&pinned.root, w->want.root, e) < 0 ||
	    set_str(&pinned.private_dir, w->want.private_dir, e) < 0 ||
	    set_str(&pinned.layout, ct_layout_stored(w->want.layout), e) < 0 ||
	    set_str(&pinned.ostemplate, w->want.ostemplate, e) < 0 ||
	    set_str(&pinned.origin_sample, w->want.origin_sample, e) < 0 ||
	    ct_store_apply(&w->kv, &pinned, &file, NULL, &changed, e) < 0)
		return err_exit(e, VZ_CONFIG_SAVE_ERROR);
	return ct_store_kv(ct, &w->kv, CT_STORE_NO_COPY, e);
}

/*
 * The two files of a fresh area whose others are on the disk already, its name and all directories become durable by one commit,
 * that of the rename: ext4, xfs and btrfs commit in order, and what the files say is on the disk before the rename begins.
 * Elsewhere each is synced.
 */
static int sync_fresh(const struct work *w, int dir, struct err *e)
{
	static const char *const files[] = { CT_LAYERS_FILE, CT_COPY_FILE };
	struct statfs st;
	bool ordered;

	if (fstatfs(dir, &st) < 0)
		return err_set(e, errno, "statfs %s", w->area.path);
	ordered = st.f_type == EXT4_SUPER_MAGIC || st.f_type == XFS_SUPER_MAGIC || st.f_type == BTRFS_SUPER_MAGIC;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		auto_close int fd = openat(dir, files[i], O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0 || (ordered ? sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE_AND_WAIT) : fsync(fd)) < 0)
			return err_set(e, errno, "sync %s/%s", w->area.path, files[i]);
	}
	return ordered ? 0 : fio_fsync_dir(dir, e);
}

static int to_disk(const struct work *w, int dir, struct err *e)
{
	if (w->light)
		return sync_fresh(w, dir, e);
	if (!w->linked && syncfs(dir) < 0)		/* a whole tree was written */
		return err_set(e, errno, "sync %s", w->area.path);
	return fio_fsync_dir(dir, e);
}

/* The commit point. */
static int publish(const struct ct *ct, const struct work *w, struct err *e)
{
	auto_close int dir = openat(w->parent, w->tmp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0)
		return err_set(e, errno, "open %s/%s", w->area.parent, w->tmp);
	if (ct_store_copy(ct, dir, e) < 0 || to_disk(w, dir, e) < 0)
		return -e->code;
	if (unlinkat(w->parent, w->area.name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_set(e, errno, "replace %s", w->area.path);
	if (renameat2(w->parent, w->tmp, w->parent, w->area.name, RENAME_NOREPLACE) < 0)
		return err_set(e, errno, "rename to %s", w->area.path);
	return fio_fsync_dir(w->parent, e);
}

/* Left by a destroyed container of the same id. */
static void drop_destroyed(const struct ct *ct)
{
	static const char *const suffixes[] = { "mount", "umount", "premount", "postumount", "start", "stop", "conf" };
	struct err ignored = { 0 };
	auto_close int dir = ct_store_dir(&ignored);
	char name[64];

	for (size_t i = 0; dir >= 0 && i < ARRAY_SIZE(suffixes); i++) {
		str_fmt(name, sizeof(name), "%u.%s.destroyed", ct->id, suffixes[i]);
		unlinkat(dir, name, 0);
	}
}

static int work(struct ct *ct, struct work *w, struct err *e)
{
	if (w->from)
		ct_say(ct, 0, "Creating container private area (%s of CT %u)", w->linked ? "linked clone" : "copy", w->from->id);
	else if (!w->src)
		ct_say(ct, 0, "Creating container private area (%s)", w->want.ostemplate);
	if (alloc_uids(ct, w, e) < 0 || make_area(ct, w, e) < 0)
		return -e->code;
	if (!w->src)
		ct_say(ct, 0, "Performing postcreate actions");
	if (save(ct, w, e) < 0)
		return -e->code;
	if (w->opts->name && *w->opts->name && ct_name_claim(ct, w->opts->name, NULL, e) < 0)
		return -e->code;
	if (publish(ct, w, e) < 0)
		return ct_area_error(e);
	if (ct_action_is_post_create(&w->actions) &&
	    (ct_store_load(ct, e) < 0 || ct_action_post_create(ct, &w->actions, e) < 0))
		return -e->code;
	return ct_hook_create(ct, e) < 0 ? err_exit(e, VZ_ACTIONSCRIPT_ERROR) : 0;
}

/* --- undo, for a create that failed and for one that was killed --- */

static int restore_conf(struct ct *ct, const char *which, struct err *e)
{
	auto_close int dir = ct_store_dir(e);
	auto_buf struct buf b = BUF_INIT;
	char name[32], before[64];

	str_fmt(name, sizeof(name), "%u.conf", ct->id);
	str_fmt(before, sizeof(before), CONF_BEFORE, ct->id);
	if (dir < 0)
		return -e->code;
	if (str_eq(which, "old")) {
		if (fio_read_at(AT_FDCWD, before, &b, e) < 0 || fio_replace(dir, name, buf_str(&b), b.len, 0644, e) < 0)
			return -e->code;
		return 0;
	}
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove " CT_CONF_DIR "/%s", name);
	return 0;
}

static int undo_area(const struct kv *kv, const struct ct_area *a, struct err *e)
{
	const char *tmp = kv_get(kv, "TMP");
	auto_close int parent = ct_area_parent(a, false, e);

	if (parent < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
		return 0;
	}
	if (tmp && quota_area_remove(parent, tmp, e) < 0)
		return -e->code;
	return quota_area_remove(parent, a->name, e);
}

/* Those that came with an archive: @words are their suffixes. */
static void undo_scripts(const struct ct *ct, const char *words)
{
	auto_call(str_list_clear) struct str_list l = { 0 };
	struct err ignored = { 0 };
	auto_close int dir = ct_store_dir(&ignored);

	if (!words || dir < 0 || str_list_split(&l, words, " ", &ignored) < 0)
		return;
	for (size_t i = 0; i < l.n; i++) {
		char name[64];

		str_fmt(name, sizeof(name), "%u.%s", ct->id, l.v[i]);
		unlinkat(dir, name, 0);
	}
}

static void forget(const struct ct *ct)
{
	char before[64];

	str_fmt(before, sizeof(before), CONF_BEFORE, ct->id);
	unlink(before);
}

static int undo(struct ct *ct, const struct kv *kv, const struct ct_area *a, struct err *e)
{
	const char *name = kv_get(kv, "NAME");

	undo_scripts(ct, kv_get(kv, "SCRIPTS"));
	ct_ugids_forget(ct->id);
	if (undo_area(kv, a, e) < 0 || (name && ct_name_unlink(ct->id, name, e) < 0))
		return -e->code;
	ct_store_load(ct, &(struct err){ 0 });		/* for LOCAL_UID, if it came that far */
	if (ct_idmap_free(ct, e) < 0 || restore_conf(ct, kv_get(kv, "CONF"), e) < 0)
		return -e->code;
	ct_store_load(ct, &(struct err){ 0 });
	forget(ct);
	return 0;
}

/* With a vps.create to run the container counts only when that has ended well; else when its area has its name. */
int ct_create_recover(struct ct *ct, const struct kv *kv, struct err *e)
{
	auto_area struct ct_area a = { 0 };
	const char *path = kv_get(kv, "PRIVATE"), *tmp = kv_get(kv, "TMP");
	struct err swept = { 0 };
	bool committed;

	if (!path || !tmp)
		return err_say(e, EBADMSG, "the record lacks PRIVATE or TMP");
	if (ct_area_of(&a, path, ct->id, e) < 0)
		return -e->code;
	if (!kv_get(kv, "COMMIT") && ct_is_running(ct, NULL) && ct_kill(ct, e) < 0)	/* held for a POST_CREATE script */
		return -e->code;
	committed = kv_get(kv, "COMMIT") || (!kv_get(kv, "HOOK") && ct_area_exists(&a) == 1);
	tmpl_sweep(ct->host->conf.template_dir, &swept);	/* an unpacking that died with its starter */
	if (committed) {
		forget(ct);
		return 0;
	}
	return undo(ct, kv, &a, e);
}

static void roll_back(struct ct *ct, const struct work *w)
{
	auto_kv struct kv kv = { 0 };
	struct err e = { 0 };

	if (!ct_intent_load(ct, &kv))
		return;
	if (undo(ct, &kv, &w->area, &e) < 0)
		ct_say(ct, -1, "Warning: %s; the next command on container %u tries again", e.text, ct->id);
	else
		ct_intent_end(ct, &e);
}

static int create(struct ct *ct, const char *sample, struct work *w, struct err *e)
{
	if (prepare(ct, sample, w, e) < 0)
		return -e->code;
	if (ct_actions_of(ct, &w->want, &w->actions, e) < 0)
		return -e->code;
	if (begin(ct, w, e) < 0)
		return ct_area_error(e);
	if (work(ct, w, e) < 0 || (has_hooks(w) && ct_intent_commit(ct, e) < 0)) {
		roll_back(ct, w);
		return -e->code;
	}
	forget(ct);
	drop_destroyed(ct);
	ct_intent_end(ct, &(struct err){ 0 });
	ct_garbage_collect(ct->host, NULL);	/* what could not be judged while we held the store */
	return 0;
}

int ct_create(struct ct *ct, const struct ct_create *c, const struct ct_conf *opts, struct err *e)
{
	auto_call(work_done) struct work w = { .opts = opts, .src = c->src, .parent = -1, .from = c->from, .linked = c->linked,
					    .no_shared = c->no_shared };

	if (c->src)
		return create(ct, NULL, &w, e);
	if (create(ct, c->sample, &w, e) < 0) {
		ct_say(ct, e->exit == VZ_ACTIONSCRIPT_ERROR ? 0 : -1, "%s", e->text);
		return err_say(e, e->code, "Creation of container private area failed");
	}
	ct_say(ct, 0, "Container private area was created");
	ct_quota_warn(ct, &opts->quota);
	return 0;
}
