/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_FILES_H
#define LIBCT_FILES_H
/* What the files half of libct (configuration, store, locks, names, areas, create, destroy, set) shares inside. */
#include <sys/types.h>

#include "libct/ct_priv.h"

#define CT_HOST_CONF CT_ETC "/vz.conf"
#define CT_LOCK_DIR CT_RUN_DIR "/lock"
#define CT_UID_DIR CT_LIB_DIR "/uid"
#define CT_INTENT_DIR CT_LIB_DIR "/intent"
#define CT_UID_SLOTS ((CT_UID_END - CT_UID_FIRST) / CT_UID_COUNT)
#define CT_PATH_MAX 4096

/* host.c */
void ct_ui_say(const struct ct_ui *ui, int level, unsigned id, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
int ct_host_cg_peek(struct ct_host *h, struct cg_host **ret, struct err *e);	/* for readers: never sets up */
int ct_host_net_peek(struct ct_host *h, struct net **ret, struct err *e);

/* conf.c */
struct ct_row_iter { size_t group, row; };
const struct param *ct_row_next(struct ct_row_iter *it, size_t *base);	/* every row of ct_param_groups, then NULL */
struct ct_conf_src {
	const struct ct_ui *ui;		/* NULL: bad values are skipped in silence */
	unsigned id;
	const char *file;
	bool host;			/* vz.conf: only rows it may give, shell text is no news */
};
int ct_conf_read(struct ct_conf *c, const struct kv *kv, const struct ct_conf_src *src, struct err *e);
int ct_host_conf_read(struct ct_host_conf *c, const struct kv *kv, const struct ct_conf_src *src, struct err *e);
void ct_host_conf_done(struct ct_host_conf *c);
/* Rows of @src that are set in @mask. */
int ct_conf_pick(struct ct_conf *dst, const struct ct_conf *src, const struct ct_conf *mask, struct err *e);
int ct_conf_own(const struct ct *ct, struct ct_conf *ret, struct err *e);	/* CTID.conf alone, without defaults, silently */
bool ct_conf_row_set(const struct param *p, size_t base, const struct ct_conf *c);
bool ct_conf_row_equal(const struct param *p, size_t base, const struct ct_conf *a, const struct ct_conf *b);
#define auto_conf __attribute__((cleanup(ct_conf_done)))

/* ct_type.c: types of libct's own rows */
extern const struct param_type ct_type_neighbours;
extern const struct param_type ct_type_name, ct_type_path, ct_type_layout, ct_type_hostname, ct_type_nameserver, ct_type_domain,
	ct_type_userpw, ct_type_cap, ct_type_feature, ct_type_dev, ct_type_devnode, ct_type_uid, ct_type_size;

bool ct_feature_known(const char *item);	/* "nfs:on" */

/* policy_param.c: what vzd acts on */
extern const struct param ct_policy_params[];
extern const size_t ct_policy_params_n;

/* shape_param.c */
extern const struct param ct_shape_params[];
extern const size_t ct_shape_params_n;

/* compat_param.c: what is only kept */
extern const struct param ct_compat_params[];
extern const size_t ct_compat_params_n;
extern const struct param_type ct_type_netfilter;
bool ct_iptables_known(const char *name);
int ct_compat_merge(struct ct_compat *c, const struct ct_compat *change, struct err *e);	/* the PCI list */

/* tidy.c: says what of @change is left out, altered or only kept, and does so */
void ct_tidy(const struct ct *ct, struct ct_conf *change);

/* paths.c */
int ct_path_split(const char *path, char **ret_parent, char **ret_name, struct err *e);	/* both freed by the caller */
int ct_path_fmt(char *dst, size_t size, struct err *e, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* names.c: /etc/vz/names */
int ct_name_lookup(const char *name, unsigned *ret);			/* 0, -ENOENT */
int ct_name_check(const struct ct *ct, const char *name, struct err *e);	/* VZ_SET_NAME_ERROR: invalid, or another's */
/* Check and link as one step. @ret_lock (may be NULL): keeps all names locked until it is closed. */
int ct_name_claim(const struct ct *ct, const char *name, int *ret_lock, struct err *e);
int ct_name_unlink(unsigned id, const char *name, struct err *e);	/* only if it is @id's; gone is success */
int ct_name_unlink_all(unsigned id, struct err *e);

/* sample.c */
/* ve-NAME.conf-sample into @kv; *path is set even on failure (caller frees). */
int ct_sample_load(const char *name, struct kv *kv, char **path, struct err *e);

/* store.c */
enum ct_store_flag { CT_STORE_PIN = 1 /* write also what equals the default */, CT_STORE_QUIET = 2, CT_STORE_NO_COPY = 4 };
/* Rows that are set in @c and differ from the file; *changed tells whether one did. Reloads ct->kv and ct->conf. */
int ct_store_rows(struct ct *ct, const struct ct_conf *c, unsigned flags, bool *changed, struct err *e);
int ct_store_kv(struct ct *ct, struct kv *kv, unsigned flags, struct err *e);	/* whole new text, kv is taken over */
int ct_store_adopt(struct ct *ct, struct kv *kv, struct err *e);	/* ct->kv and ct->conf from @kv, nothing written */
int ct_store_apply(struct kv *kv, const struct ct_conf *c, const struct ct_conf *file, const struct ct_conf *skip, bool *changed,
		   struct err *e);
#define CT_COPY_FILE "ve.conf"
int ct_store_copy(const struct ct *ct, int area, struct err *e);	/* into the private area */
/* That copy; -ENOENT: none. */
int ct_store_copy_load(int area, const char *layout, struct kv *kv, struct err *e);
int ct_store_dir(struct err *e);					/* fd of /etc/vz/conf */

/* lockfile.c */
struct ct_lck { pid_t pid; bool ours; };			/* LOCKDIR/CTID.lck; pid 0: nobody's */
void ct_lck_parse(const char *text, struct ct_lck *ret);
int ct_lock_wait(struct ct *ct, int timeout_ms, struct err *e);		/* < 0: for ever */
void ct_unlock(struct ct *ct);
int ct_lock_flock(unsigned id, int timeout_ms, int *ret_fd, struct err *e);	/* the kernel lock alone */

/* idmap.c; @dir is the record directory, so that tests can bring their own */
int ct_idmap_dir(struct err *e);
int ct_slot_alloc(int dir, unsigned id, unsigned *ret_slot, struct err *e);
int ct_slot_claim(int dir, unsigned slot, unsigned id, struct err *e);	/* EEXIST: recorded for another */
int ct_slot_free(int dir, unsigned slot, unsigned id, struct err *e);	/* only if it is @id's */
int ct_slot_retire(int dir, unsigned slot, unsigned id, const char *trash, struct err *e);	/* free once @trash is gone */
int ct_slot_reap(int dir, unsigned slot);			/* frees a retired slot whose trash is gone */
int ct_slot_of(uint64_t base, unsigned *ret_slot);		/* -EINVAL: not one of ours */

/* ips.c */

/* intent.c */
/* ct_intent_begin() without a sync, for what only this boot's kernel has to be repaired from. */
int ct_intent_begin_run(struct ct *ct, const char *verb, const char *const *kv_pairs, struct err *e);
bool ct_intent_parse(const char *text, size_t len, struct kv *kv);	/* @text ends in a NUL; false: torn */
bool ct_intent_load(const struct ct *ct, struct kv *kv);	/* false: none, or torn: then nothing had begun */

/* area.c: the private area as directory and name */
struct ct_area { char *path, *parent, *name; };
int ct_area_of(struct ct_area *a, const char *pattern, unsigned id, struct err *e);
void ct_area_done(struct ct_area *a);
#define auto_area __attribute__((cleanup(ct_area_done)))
int ct_area_parent(const struct ct_area *a, bool make, struct err *e);	/* fd; -ENOENT unless @make */
int ct_area_exists(const struct ct_area *a);	/* 1 directory with something in it, 0 absent or empty, 2 empty directory */
int ct_area_is_mountpoint(const struct ct_area *a);
/* By what lies there: overlay, ploop, image, btrfs, simfs (a tree); NULL: nothing that is known. */
const char *ct_area_layout(int area);
/* Layout dir: the area is itself the root that a guest writes into, so no name in it means anything. */
bool ct_area_is_root(int area);
int ct_area_mark_root(int area, struct err *e);
/* Sets the limits of the area. Not @inodes: a number of them that was not asked for is no matter where it is fixed. */
int ct_area_quota(const struct ct *ct, const struct ct_conf *c, bool inodes, struct err *e);

/* newarea.c: from a template, for create and reinstall */
struct ct_newarea {
	int parent;
	const char *tmp;		/* name below @parent; what has it now is removed */
	const struct ct_rootfs_ops *ops;
	const char *layout;
	struct tmpl *tmpl;
	const struct ct_create_src *src;	/* instead of @tmpl */
	const struct quota_conf *quota;
	struct ct *from;		/* of this container instead of a template */
	bool linked;
};
int ct_newarea(struct ct *ct, const struct ct_newarea *n, struct err *e);	/* 1: as of ops->create */
int ct_area_error(struct err *e);	/* the exit status of a failure of it */
/* VZ_VE_OSTEMPLATE_NOTSET, VZ_OSTEMPLATE_NOT_FOUND; vztmpl-dl is asked for what is not here. */
int ct_template_find(const struct ct *ct, const char *name, struct tmpl *ret, struct err *e);

/* trash.c: FSROOT/vztmp/vzctl-rm-me.XXXXXX */
int ct_trash_plan(const struct ct_area *a, char **ret_trash, struct err *e);	/* picks a name; makes vztmp */
int ct_trash_move(const struct ct_area *a, const char *trash, struct err *e);	/* gone already is success */
/* Removes @trash and frees retired @slots: at once where that is cheap, else in a detached child that also sweeps. */
int ct_trash_empty(const char *trash, const unsigned *slots, size_t n, struct err *e);

/* roll back or forward what an interrupted verb left; @kv is its record */
int ct_create_recover(struct ct *ct, const struct kv *kv, struct err *e);
int ct_destroy_recover(struct ct *ct, const struct kv *kv, struct err *e);
int ct_reinstall_recover(struct ct *ct, const struct kv *kv, struct err *e);
int ct_set_recover(struct ct *ct, const struct kv *kv, struct err *e);
int ct_convert_recover(struct ct *ct, const struct kv *kv, struct err *e);
int ct_backup_recover(struct ct *ct, const struct kv *kv, struct err *e);

/* set_apply.c: the live half of set, in OpenVZ's order */
enum ct_live_part { CT_LIVE_UBC = 1, CT_LIVE_IP = 2, CT_LIVE_CPU = 4, CT_LIVE_IO = 8, CT_LIVE_GUEST = 16, CT_LIVE_QUOTA = 32,
	CT_LIVE_DEV = 64, CT_LIVE_NETDEV = 128, CT_LIVE_NETIF = 256, CT_LIVE_FW = 1024, CT_LIVE_SHAPE = 2048 };
struct ct_live {
	const struct ct_conf *old, *want, *change;	/* change: what was asked for, for the messages; NULL: say nothing */
	unsigned parts, done;
	struct str_list ip_add, ip_del;
};
unsigned ct_live_parts(const struct ct_conf *change);	/* which parts have a value in @change */
int ct_live_plan(struct ct_live *l, struct err *e);	/* ip_add and ip_del from old and want */
int ct_live_apply(struct ct *ct, struct ct_live *l, struct err *e);	/* on failure the parts that were done stay in l->done */
void ct_live_undo(struct ct *ct, struct ct_live *l);
int ct_live_sync_ips(struct ct *ct, const char *ips, struct err *e);	/* blank list: as the configuration has them */
void ct_live_done(struct ct_live *l);
void ct_live_not_running(unsigned parts, struct err *e);	/* VZ_VE_NOT_RUNNING, naming the first part */

#endif
