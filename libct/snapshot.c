/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * snapshot, snapshot-switch, snapshot-delete, whatever the layout, whose operations move the files. Each is one intent record
 * with a random word DONE, which is written into the tree of snapshots together with the change. After a kill the tree
 * therefore tells whether the change was made: a snapshot that is not in it yet is taken back, a switch is finished, a
 * deletion is finished if the tree has it and forgotten if not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/frozen.h"
#include "libct/garbage.h"
#include "libct/ips.h"
#include "libct/snap.h"
#include "libct/snapshot.h"

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

/* Nothing is changed of what somebody's hand has left in pieces. */
static int check(const struct ct *ct, struct work *w, struct err *e)
{
	if (w->home >= 0 && ct_snap_check_tree(ct, w->home, &w->tree, e) < 0)
		return -e->code;
	if (w->ops->snap_whole && w->ops->snap_whole(w->area, &w->tree, e) < 0)
		return ct_snap_add_where(ct, e);
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

/* --- take --- */

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
	return ct_snap_conf_drop(w->home, guid, e) < 0 ? -e->code : w->ops->snap_drop(ct, w->area, guid, NULL, e);
}

static int take(struct ct *ct, const struct ct_snap_new *n, struct work *w, struct ct_snap *s, struct err *e)
{
	const char *const pairs[] = { "OP", "take", "GUID", s->guid, "DONE", w->done, NULL };

	if (ct_intent_begin(ct, "snapshot", pairs, e) < 0)
		return -e->code;
	if ((n->temp && ct_snap_temp_mark(ct, e) < 0) || take_files(ct, w, s->guid, e) < 0 ||
	    (!n->skip_config && ct_snap_conf_keep(ct, w->home, s->guid, e) < 0) || ct_snaps_add(&w->tree, s, e) < 0)
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
	if (conf && ct_snap_conf_restore(ct, guid, e) < 0)
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
	if (ct_snap_conf_drop(w->home, guid, e) < 0 || w->ops->snap_drop(ct, w->area, guid, into, e) < 0)
		return -e->code;
	ct_snap_temp_unmark(ct, &w->tree);
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
