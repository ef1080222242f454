/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_CT_PRIV_H
#define LIBCT_CT_PRIV_H
/* What the files of libct share. Layers inside: verbs (start, stop, set ...) -> parts (rootfs,
 * guest ...) -> files (store, state, lock, conf). */
#include <signal.h>
#include <stdarg.h>

#include "libct/ct.h"
#include "libct/mon_proto.h"
#include "libct/snapshot.h"
#include "templates/tmpl.h"
#include "util/auto.h"
#include "util/kv.h"

struct buf;

#define CT_ETC "/etc/vz"
#define CT_CONF_DIR "/etc/vz/conf"
#define CT_NAMES_DIR "/etc/vz/names"
#define CT_RUN_DIR "/run/vz"
#define CT_LIB_DIR "/var/lib/vz"		/* uid ranges, intent records */
#define CT_UID_COUNT 65536u			/* ids per container */

struct ct_host {
	struct ct_ui ui;
	struct ct_host_conf conf;
	struct ct_conf defaults;	/* per-container keys that vz.conf gives */
	struct kv kv;			/* vz.conf as read */
	struct cg_host *cg;		/* use ct_host_cg() */
	struct net *net;		/* use ct_host_net() */
	bool cg_ready, net_ready;	/* this boot's set-up is known to be done */
};
struct ct {
	struct ct_host *host;
	unsigned id;
	char ids[16];			/* id as text */
	struct kv kv;			/* CTID.conf as read; empty if there is none */
	struct ct_conf conf;		/* merged with host->defaults */
	bool has_conf;
	bool locked;			/* by us, or skipped by the user's wish */
	int lock_fd;			/* flock on /run/vz/lock/CTID, -1 */
	bool lck_file;			/* LOCKDIR/CTID.lck is ours */
	volatile sig_atomic_t held;	/* both are taken; what an interrupted command left is perhaps not repaired yet */
	bool resumed;			/* the recovery under our lock has started it */
	bool loaded;			/* the file was read once: its warnings are given */
	unsigned open_flags;		/* enum ct_open_flag, as given to ct_open() */
};

/* host.c */
int ct_host_cg(struct ct_host *h, struct cg_host **ret,
	       struct err *e); /* opened on first use, set up if missing */
int ct_host_net(struct ct_host *h, struct net **ret, struct err *e);
void ct_say(const struct ct *ct, int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* paths.c: "$VEID" and "${VEID}" replaced by the id; caller frees; NULL when unset or out of
 * memory */
char *ct_expand(const char *pattern, unsigned id);

/* ct_conf.c / ct_param.c */
int ct_conf_from_kv(struct ct_conf *c, const struct kv *kv, const struct ct *ct, const char *file,
		    struct err *e); /* spec: bad values warn */
void ct_conf_defaults(struct ct_conf *c, const struct ct_conf *defaults,
		      struct err *e); /* fills what is unset */
const struct param *ct_param_by_key(const char *key, size_t *base);
const struct param *ct_param_by_opt(const char *opt, size_t *base);

/* store.c: CTID.conf. A rewrite keeps every line that no row changed. */
int ct_store_load(struct ct *ct, struct err *e); /* -ENOENT: no file; has_conf = false */
int ct_store_put(
	struct ct *ct, const struct ct_conf *c,
	struct err *e); /* writes rows of @c that differ; says "CT configuration saved to ..." */

/* idmap.c: one disjoint range of CT_UID_COUNT host ids per container, recorded before use */
int ct_idmap_alloc(struct ct *ct, uint32_t *ret_base,
		   struct err *e); /* at create, or at the first start of a registered one */
int ct_idmap_get(struct ct *ct, uint32_t *ret_base,
		 struct err *e); /* LOCAL_UID if it is one of ours, else the recorded one or a new one */
bool ct_idmap_find(const struct ct *ct, uint32_t *ret_base);	/* the recorded one; changes nothing */
int ct_idmap_free(struct ct *ct, struct err *e);

/* state.c: /run/vz/CTID/state. Never trusted beyond this boot; every pid is checked against its
 * start time. */
enum ct_stage {
	CT_STAGE_NONE,
	CT_STAGE_MOUNTED,
	CT_STAGE_STARTING,
	CT_STAGE_RUNNING,
	CT_STAGE_STOPPING,
	CT_STAGE_N
};
struct ct_state {
	enum ct_stage stage;
	uint64_t gen;			/* one per start; names what that start made */
	pid_t init_pid;
	pid_t monitor_pid; /* as started; whether one lives tells its lock (mon_client.h) */
	uint64_t init_start;		/* /proc/PID/stat field 22 */
	uint64_t started_ms;		/* CLOCK_BOOTTIME */
	uint32_t uid_base;
};
const char *ct_boot_id(void);		/* of the kernel, never NULL */
int ct_state_load(const struct ct *ct, struct ct_state *ret,
		  struct err *e); /* no file, other boot: stage NONE, success */
int ct_state_parse(const struct kv *kv, struct ct_state *ret, struct err *e);
void ct_state_print(const struct ct_state *s, struct buf *b);
int ct_state_save(const struct ct *ct, const struct ct_state *s,
		  struct err *e); /* no fsync: /run */
/* A state that takes effect when somebody renames it: the starter or the monitor, whoever is
 * first after the commit. */
#define CT_STATE_NEXT MON_STATE_NEXT
int ct_state_prepare(const struct ct *ct, const struct ct_state *s, struct err *e);
int ct_state_switch(const struct ct *ct, struct err *e); /* gone already is success */
int ct_state_drop(const struct ct *ct, struct err *e);			/* removes /run/vz/CTID */
int ct_state_rundir(const struct ct *ct, bool make, struct err *e);	/* fd of /run/vz/CTID */
int ct_pid_open(pid_t pid, uint64_t start,
		struct err *e); /* pidfd if alive and the same process; -ESRCH */
int ct_pid_start(pid_t pid, uint64_t *ret, struct err *e);		/* field 22 */
bool ct_is_running(const struct ct *ct,
		   struct ct_state *ret); /* init alive; *ret filled either way (may be NULL) */
bool ct_is_mounted(const struct ct *ct);  /* VE_ROOT is a mount point */
int ct_need_down(const struct ct *ct, struct err *e);	/* EBUSY, with the status and text of vzctl: it runs or is mounted */
int ct_init_pidfd(const struct ct *ct, struct ct_state *ret,
		  struct err *e); /* VZ_VE_NOT_RUNNING when down */

/* recover.c: after the lock is taken */
int ct_recover_run(
	struct ct *ct,
	struct err *e); /* half-made or half-removed runtime state, dead init, orphaned groups */
int ct_recover_intent(struct ct *ct,
		      struct err *e); /* interrupted create, destroy, set: intent.c */
int ct_adopt(struct ct *ct, const struct ct_state *s,
	     struct err *e); /* a new monitor for a living init */

/* intent.c: /var/lib/vz/intent/CTID, durable. One record per container, written before the first
 * side effect. */
int ct_intent_begin(struct ct *ct, const char *verb, const char *const *kv_pairs,
		    struct err *e);			/* NULL-terminated KEY, VALUE, ... */
int ct_intent_commit(struct ct *ct, struct err *e);	/* from here recovery rolls forward */
int ct_intent_end(struct ct *ct, struct err *e);

/*
 * rootfs.c (+ rootfs_overlay.c, rootfs_dir.c): one ops table per layout. The parent opens what
 * lies on the host's disks as detached mounts and shifts their ids once the child's user
 * namespace is mapped; the child puts the root together.
 */
#define CT_LAYERS_MAX 160
struct ct_rootfs {
	const struct ct_rootfs_ops *ops;
	int area;			/* detached mount of the private area, -1 */
	/* The read-only layers, topmost first: detached mounts, or -1 for what lies in the area as snap/@own[i]. */
	int layer[CT_LAYERS_MAX];
	char own[CT_LAYERS_MAX][CT_GUID_SIZE];
	unsigned n_layers;
	/* Layouts whose root is one tree: detached mounts of it, one to be shifted for the container, one with natural ids for
	 * VE_ROOT. -1 in the others; then @area is a descriptor, not a mount. */
	int root, host;
	bool lower_only;		/* overlay: read-only, without what is written on top */
};
#define CT_ROOTFS_INIT { .area = -1, .root = -1, .host = -1 }
/* What a new area is made of and for. */
struct ct_rootfs_new {
	int dir;			/* fresh and empty, limits set where the host's file system has them */
	const char *tmpldir, *layout;	/* TEMPLATE; the value of VE_LAYOUT */
	struct tmpl *tmpl;		/* NULL at convert */
	const struct quota_conf *quota;
};
struct ct_rootfs_ops {
	const char *name, *alias;	/* "overlay"; "dir", "simfs" */
	/* Can this host have it? Before anything is made. NULL: always. */
	int (*check)(int parent, const struct ct_rootfs_new *n, struct err *e);
	/* At create: fills the area from the template. 1: with files that are on the disk already. */
	int (*create)(struct ct *ct, const struct ct_rootfs_new *n, struct err *e);
	/* At convert: makes the area ready for a whole tree of files. A descriptor of the directory they
	 * go into. */
	int (*adopt)(struct ct *ct, const struct ct_rootfs_new *n, struct err *e);
	int (*open)(struct ct *ct, struct ct_rootfs *r,
		    struct err *e); /* at start and mount, parent */
	/* In the child; the working directory is the staging tmpfs, the layers are mounted on
	 * l0, l1 ... and the area on "area". Returns a detached mount of the root. */
	int (*assemble)(const struct ct_rootfs *r, struct err *e);
	/* The root for the host itself, with natural ids, on the directory @at. */
	int (*mount_host)(struct ct *ct, const char *at, struct err *e);
	bool own_fs;		/* the limit is its file system's size, the area has none */
	bool host_beside;	/* ... also while the container runs */

	/*
	 * Snapshots (snapshot.c): @area is VE_PRIVATE, @guid 36 characters without braces. The caller holds the container's
	 * lock and has an intent record, and calls again after a kill: each may find its own work half or wholly done. The
	 * names, the tree and the configurations are snapshot.c's; NULL: this layout has none of it.
	 */
	bool snap_beside;	/* what is kept lies in VE_PRIVATE.snap, since the area is the guest's; else in VE_PRIVATE/snap */
	/* Is everything there that the root and the snapshots of @tree stand on? NULL: each stands on nothing else. */
	int (*snap_whole)(int area, const struct ct_snaps *tree, struct err *e);
	/* Is there room in the container's limit for one more? NULL: whoever writes is stopped by the limit. */
	int (*snap_room)(int area, struct err *e);
	/* Keeps the root's present state, read-only, as @guid. @running: the container is frozen meanwhile. */
	int (*snap_take)(struct ct *ct, int area, const char *guid, bool running, struct err *e);
	/* Down only: the root becomes what @guid holds; @guid stays. */
	int (*snap_switch)(struct ct *ct, int area, const char *guid, struct err *e);
	/* Forgets @guid, which may also be half-taken or gone already. @into: its only child in the tree, or NULL. */
	int (*snap_drop)(struct ct *ct, int area, const char *guid, const char *into, struct err *e);
	/* Read-only, natural ids, nosuid nodev, on the directory @at; umount2() undoes all of it. */
	int (*snap_mount)(struct ct *ct, int area, const char *guid, const char *at, struct err *e);
	/* Down only, or frozen: fills the fresh, empty area @dst_area with what @src's root is now. @linked: shares what it
	 * can with @src, ENOTSUP if that is nothing. */
	bool clone_shares;	/* linked clones are possible */
	int (*clone)(struct ct *src, int area, struct ct *dst, int dst_area, bool linked, struct err *e);
};
const struct ct_rootfs_ops *ct_rootfs_by_name(const char *layout);	/* NULL: unknown */
/* The root is a ploop image of OpenVZ: VE_LAYOUT says so, or says nothing and VE_PRIVATE/root.hdd is there. */
bool ct_is_ploop(const struct ct *ct);
int ct_rootfs_open(struct ct *ct, struct ct_rootfs *r, struct err *e);
int ct_rootfs_shift(const struct ct_rootfs *r, int userns, struct err *e);
int ct_rootfs_assemble(const struct ct_rootfs *r, struct err *e);	/* child */
void ct_rootfs_close(struct ct_rootfs *r);
/* rootfs_host.c: puts it together for the host, ids not shifted, on the directory @at; nosuid, nodev. */
int ct_rootfs_host(const struct ct_rootfs *r, const char *at, struct err *e);
extern const struct ct_rootfs_ops ct_rootfs_overlay, ct_rootfs_dir, ct_rootfs_btrfs, ct_rootfs_image;
const char *ct_layout_stored(const char *layout);	/* in VE_LAYOUT: how an image was made is no part of it */
bool ct_layout_is_image(const char *layout);	/* any spelling of it, those of ploop too */

/* hook.c */
enum ct_hook {
	CT_HOOK_PREMOUNT,
	CT_HOOK_MOUNT,
	CT_HOOK_UMOUNT,
	CT_HOOK_POSTUMOUNT,
	CT_HOOK_START,
	CT_HOOK_STOP,
	CT_HOOK_N
};
int ct_hook_run(struct ct *ct, enum ct_hook h,
		struct err *e); /* host-side ones; VZ_ACTIONSCRIPT_ERROR */
int ct_hook_create(struct ct *ct, struct err *e);			/* vps.create */
/* Something happened to @ct: runs CT_EVENT_DIR/vzevent-EVENT if there is one. Its failure is a warning. */
#define CT_EVENT_DIR CT_ETC "/events"
enum ct_event { CT_EVENT_START, CT_EVENT_STOP, CT_EVENT_MOUNT, CT_EVENT_UMOUNT, CT_EVENT_REBOOT, CT_EVENT_TRAFFIC,
	CT_EVENT_N };
void ct_event(const struct ct *ct, enum ct_event ev);

/* guest.c: what is written inside, by a process that is inside */
int ct_guest_apply(struct ct *ct, const struct ct_conf *c, unsigned what,
		   struct err *e); /* running container */
enum ct_guest_what { CT_GUEST_HOSTNAME = 1, CT_GUEST_DNS = 2, CT_GUEST_IP = 4, CT_GUEST_CONSOLE = 8 };
/* After a change of the addresses: those of @c are there now, @add came and @del went. */
int ct_guest_ips(struct ct *ct, const struct ct_conf *c, const struct str_list *add, const struct str_list *del,
		 struct err *e);
int ct_guest_passwd(struct ct *ct, const struct str_list *userpw,
		    struct err *e); /* running; VZ_CHANGEPASS */

/* destroy.c: DUMPDIR/Dump.CTID; none is success */
int ct_dump_remove(const struct ct *ct, struct err *e);
/* store.c: VE_LAYOUT into a file that lacks it, so that a new default does not move the container */
int ct_store_layout(struct ct *ct, struct err *e);

/* hold.c */
struct ct_ui ct_ui_mute(struct ct *ct);		/* returns what was there; assign it back */

/* quota_verb.c: the limits of @area before a start */
int ct_quota_start(const struct ct *ct, int area, struct err *e);
/* Says what of @said, the words of a user, the file system of the area will not do. */
void ct_quota_warn(const struct ct *ct, const struct quota_conf *said);

/* net glue used by start and set */
int ct_netns_open(const struct ct_state *s, struct err *e); /* fd of init's network namespace */

#endif
