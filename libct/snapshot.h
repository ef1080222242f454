/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_SNAPSHOT_H
#define LIBCT_SNAPSHOT_H
/*
 * Snapshots: a container's kept states, a tree of them. Names, parents and dates are in one file beside the data
 * (snapshots), each one's configuration in GUID.conf there; the data are the layout's. A part of ct.h.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/str.h"

struct ct;
struct ct_host;
struct err;
struct kv;

#define CT_GUID_SIZE 37			/* lower-case digits and dashes, no braces, NUL */
#define CT_SNAP_NAME_MAX 128		/* bytes of a name */
#define CT_SNAP_DESC_MAX 1024
#define CT_SNAPS_MAX 512		/* of one container */

struct ct_snap {
	char guid[CT_GUID_SIZE], parent[CT_GUID_SIZE];	/* parent "": made of the container as it was created */
	int64_t date;			/* seconds since 1970 */
	char *name, *desc;		/* "" if none */
	int32_t owner;			/* pid of the process that keeps a temporary one, 0: it is not temporary */
	uint64_t owner_start;
};
struct ct_snaps {
	struct ct_snap *v;		/* parents before children */
	size_t n;
	char current[CT_GUID_SIZE];	/* what the root's present state comes from; "" none */
	char done[CT_GUID_SIZE];	/* the last piece of work, for recovery */
};
/* "{...}" or without, any case, to lower case without braces. */
int ct_guid_parse(const char *text, char ret[CT_GUID_SIZE]);		/* -EINVAL */
int ct_guid_new(char ret[CT_GUID_SIZE], struct err *e);

/* Needs no lock. A container without snapshots: none, success. EBADMSG: the file was edited by hand and is not a tree. */
int ct_snaps_load(struct ct *ct, struct ct_snaps *ret, struct err *e);
void ct_snaps_done(struct ct_snaps *s);
const struct ct_snap *ct_snaps_find(const struct ct_snaps *s, const char *guid);	/* NULL */
#define auto_snaps __attribute__((cleanup(ct_snaps_done)))

/*
 * All of these want the container's lock. A running container is frozen while its files are kept (and thawed by the next
 * command if this one is killed); where the file system cannot share blocks the container's own writes are copied, and the
 * text says so.
 */
struct ct_snap_new {
	const char *guid;		/* NULL: a new one */
	const char *name, *desc;	/* NULL: none */
	bool skip_config;		/* keep no configuration with it */
	bool temp;			/* see below */
};
int ct_snapshot(struct ct *ct, const struct ct_snap_new *n, char ret_guid[CT_GUID_SIZE], struct err *e);
enum ct_snap_switch_flag { CT_SNAP_SKIP_CONFIG = 1, CT_SNAP_MUST_RESUME = 2 };
int ct_snapshot_switch(struct ct *ct, const char *guid, unsigned flags, struct err *e);	/* a running one is killed first */
int ct_snapshot_delete(struct ct *ct, const char *guid, struct err *e);
int ct_snapshot_mount(struct ct *ct, const char *guid, const char *target, struct err *e);
int ct_snapshot_umount(struct ct *ct, const char *guid, struct err *e);
/* Where it is mounted, the caller frees; NULL: nowhere. */
char *ct_snapshot_target(const struct ct *ct, const char *guid);

/*
 * For a backup: ct_snapshot() with @temp, under the lock; then the lock may go (ct_unlock) while the tree is read:
 *   unshare(CLONE_NEWNS), everything private, ct_snap_tree(ct, guid, "/some/dir"): the mount dies with the process;
 *   at the end ct_lock_wait() and ct_snapshot_delete().
 * A temporary snapshot is not listed and does not become a parent. When its process is dead, the next command on the
 * container drops it (ct_snap_sweep, from ct_lock).
 */
int ct_snap_tree(struct ct *ct, const char *guid, const char *at, struct err *e);	/* read-only, natural ids; no lock */
int ct_snap_conf(struct ct *ct, const char *guid, struct kv *ret, struct err *e);	/* CTID.conf of that time; -ENOENT */

/*
 * Trees of the template store that lost their last user by a verb (libct/garbage.h): judged and removed by a process of its
 * own, in the background. Costs one look at a directory when there are none. @tmpldir NULL: the host's.
 */
void ct_garbage_collect(struct ct_host *h, const char *tmpldir);
/* Layers that clones shared and nobody stands on any more, because somebody removed an area by hand. Waits for locks. */
int ct_garbage_shared(struct ct_host *h, struct err *e);
/*
 * The users that a struct tmpl_gc asks for, @arg a struct ct_garbage with its host: what each area of this host stands on,
 * snapshots and clones included. Areas are found by the containers' configurations and by what lies beside them, so one that
 * is not registered, is being made or was kept by a conversion counts too; the last are @kept. An area that cannot be read is
 * an error: then nothing may be collected.
 */
struct ct_garbage { struct ct_host *host; struct str_list used, kept; };
int ct_garbage_users(void *arg, struct str_list *digests, struct err *e);
void ct_garbage_done(struct ct_garbage *g);

#endif
