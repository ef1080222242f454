/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /v1/cts/{ct}/snapshots and /v1/cts/{ct}/clone. Reading takes no lock: the tree is one small file that is replaced whole.
 * Changing is a job of vzctl. Whoever is no administrator keeps the present configuration when going back: the kept one may
 * have limits and rights that were taken away since.
 */
#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "vzd/api_ct.h"
#include "vzd/api_priv.h"
#include "vzd/change.h"
#include "vzd/inv.h"
#include "vzd/timefmt.h"

#define RESOURCE_SIZE 96

/* --- reading --- */

static int load(struct api_call *c, struct ct_snaps *ret, struct err *e)
{
	struct ct *ct = NULL;
	int rc;

	if (inv_ct_open(c->d->inv, c->ctid, &ct, e) < 0)
		return -e->code;
	rc = ct_snaps_load(ct, ret, e);
	ct_close(ct);
	return rc;
}

static json_t *snapshot_json(const struct ct_snaps *tree, const struct ct_snap *s)
{
	return json_pack("{s:s, s:o, s:b, s:s, s:s, s:o}", "guid", s->guid, "parent",
			 s->parent[0] ? json_string(s->parent) : json_null(), "current", str_eq(s->guid, tree->current), "name",
			 s->name, "description", s->desc, "created_at", timefmt_json(s->date * 1000));
}

/* One that is being read for a backup is nobody else's. */
static const struct ct_snap *find(const struct ct_snaps *tree, const char *text)
{
	char guid[CT_GUID_SIZE];
	const struct ct_snap *s = ct_guid_parse(text, guid) == 0 ? ct_snaps_find(tree, guid) : NULL;

	return s && !s->owner ? s : NULL;
}

/* The snapshot of the path; NULL: it has answered, or @e says why. */
static const struct ct_snap *wanted(struct api_call *c, struct ct_snaps *tree, struct err *e)
{
	const struct ct_snap *s;
	char text[128];

	if (load(c, tree, e) < 0)
		return NULL;
	s = find(tree, c->seg[1]);
	if (s)
		return s;
	str_fmt(text, sizeof(text), "container %u has no snapshot %.64s", c->ctid, c->seg[1]);
	api_problem(c, "not-found", 0, text, NULL);
	return NULL;
}

static int list_run(struct api_call *c, struct err *e)
{
	const char *cursor = api_cursor(c), *last = NULL;
	size_t limit = (size_t)api_q_int(c, "limit", API_LIMIT_DEF);
	auto_snaps struct ct_snaps tree = { 0 };
	const struct ct_snap *from;
	json_t *items;

	if (load(c, &tree, e) < 0)
		return -e->code;
	from = cursor ? ct_snaps_find(&tree, cursor) : NULL;	/* gone meanwhile: from the beginning */
	items = json_array();
	for (const struct ct_snap *s = from ? from + 1 : tree.v; s < tree.v + tree.n; s++) {
		if (s->owner)
			continue;
		if (json_array_size(items) == limit) {
			api_page(c, items, last);
			return 0;
		}
		json_array_append_new(items, snapshot_json(&tree, s));
		last = s->guid;
	}
	api_page(c, items, NULL);
	return 0;
}

static int get_run(struct api_call *c, struct err *e)
{
	auto_snaps struct ct_snaps tree = { 0 };
	const struct ct_snap *s = wanted(c, &tree, e);

	if (!s)
		return e->code ? -e->code : 0;
	api_json(c, 200, snapshot_json(&tree, s));
	return 0;
}

/* --- changing --- */

static int submit(struct api_call *c, const struct conf_args *a, const char *guid, bool again, api_after *after, struct err *e)
{
	const struct inv_ct *ct = inv_find(c->d->inv, c->ctid);
	char resource[RESOURCE_SIZE];
	const struct job_spec s = {
		.kind = c->route->op, .ctid = c->ctid, .owner = ct ? ct->owner : c->who->tenant, .principal = c->who->name,
		.argv = (const char *const *)a->v, .resource = resource, .again = again,
	};

	str_fmt(resource, sizeof(resource), "/v1/cts/%u/snapshots/%s", c->ctid, guid);
	return api_job(c, &s, after, e);
}

/* The one that the container is at now: a new one, or that which was gone back to. */
static json_t *current_after(struct api_call *c, int *status)
{
	auto_snaps struct ct_snaps tree = { 0 };
	struct err ignored = { 0 };
	const struct ct_snap *s;

	(void)status;
	inv_refresh(c->d->inv, c->ctid);
	if (load(c, &tree, &ignored) < 0)
		return NULL;
	s = ct_snaps_find(&tree, tree.current);
	return s ? snapshot_json(&tree, s) : NULL;
}

static json_t *new_after(struct api_call *c, int *status)
{
	*status = 201;
	return current_after(c, status);
}

/* The id is made here, so that the operation can name what it makes. */
static int create_run(struct api_call *c, struct err *e)
{
	const char *name = ct_body_text(c, "name"), *desc = ct_body_text(c, "description");
	char guid[CT_GUID_SIZE];
	auto_args struct conf_args a = { 0 };

	if (change_snapshot(c, c->ct) < 0)
		return 0;
	if (ct_guid_new(guid, e) < 0 || ct_words(&a, "snapshot", c->ctid, e) < 0 || conf_args_add(&a, "id", guid, e) < 0 ||
	    (name && conf_args_add(&a, "name", name, e) < 0) || (desc && conf_args_add(&a, "description", desc, e) < 0))
		return -e->code;
	return submit(c, &a, guid, false, new_after, e);
}

/* "vzctl VERB CTID --id=GUID" of the snapshot in the path. < 0: @e says why, or, without a code, it has answered. */
static int words(struct api_call *c, const char *verb, struct conf_args *a, char guid[CT_GUID_SIZE], struct err *e)
{
	auto_snaps struct ct_snaps tree = { 0 };
	const struct ct_snap *s = wanted(c, &tree, e);

	if (!s)
		return -1;
	memcpy(guid, s->guid, CT_GUID_SIZE);
	return ct_words(a, verb, c->ctid, e) < 0 || conf_args_add(a, "id", guid, e) < 0 ? -1 : 0;
}

static int delete_run(struct api_call *c, struct err *e)
{
	char guid[CT_GUID_SIZE];
	auto_args struct conf_args a = { 0 };

	if (words(c, "snapshot-delete", &a, guid, e) < 0)
		return -e->code;
	return submit(c, &a, guid, false, NULL, e);
}

static int switch_run(struct api_call *c, struct err *e)
{
	const json_t *config = json_object_get(c->req.body, "config");
	bool up = c->ct->state != INV_STOPPED, keep = !change_by_admin(c) || json_is_false(config);
	char guid[CT_GUID_SIZE];
	auto_args struct conf_args a = { 0 };

	if (json_is_true(config) && !change_by_admin(c)) {
		api_problem(c, "forbidden", 0, "the configuration of that time is for administrators of the host to bring back",
			    json_pack("{s:s}", "required_scope", scope_names[SCOPE_NODE_WRITE]));
		return 0;
	}
	if (up && !json_is_true(json_object_get(c->req.body, "force"))) {
		api_problem(c, "conflict-state", VZ_VE_RUNNING,
			    "the container is not stopped: stop it, or say force, which kills it",
			    json_pack("{s:s}", "state", inv_state_names[c->ct->state]));
		return 0;
	}
	if (words(c, "snapshot-switch", &a, guid, e) < 0 || (keep && conf_args_add(&a, "skip-config", NULL, e) < 0))
		return -e->code;
	return submit(c, &a, guid, true, current_after, e);
}

static int mount_run(struct api_call *c, struct err *e)
{
	char guid[CT_GUID_SIZE];
	auto_args struct conf_args a = { 0 };

	if (ct_body_text(c, "target")[0] != '/') {
		api_problem(c, "invalid-field", VZ_INVALID_PARAMETER_VALUE, "target is a directory of the host, from '/' on", NULL);
		return 0;
	}
	if (words(c, "snapshot-mount", &a, guid, e) < 0 || conf_args_add(&a, "target", ct_body_text(c, "target"), e) < 0)
		return -e->code;
	return submit(c, &a, guid, false, NULL, e);
}

static int umount_run(struct api_call *c, struct err *e)
{
	char guid[CT_GUID_SIZE];
	auto_args struct conf_args a = { 0 };

	return words(c, "snapshot-umount", &a, guid, e) < 0 ? -e->code : submit(c, &a, guid, false, NULL, e);
}

/* --- clones --- */

/* vzctl clone SRC DST --linked ... [; vzctl start DST] */
static int clone_words(struct api_call *c, unsigned src, const struct conf_args *opts, struct conf_args *a, struct err *e)
{
	const char *mode = ct_body_text(c, "mode");
	bool start = json_is_true(json_object_get(c->req.body, "start"));
	char id[16];

	str_fmt(id, sizeof(id), "%u", c->ctid);
	if ((start && ct_word(a, VZ_LIBEXEC "/vz-seq", e) < 0) || ct_words(a, "clone", src, e) < 0 || ct_word(a, id, e) < 0 ||
	    (mode && conf_args_add(a, mode, NULL, e) < 0) ||
	    (!change_by_admin(c) && conf_args_add(a, "no-shared", NULL, e) < 0))
		return -e->code;
	for (size_t i = 0; i < opts->n; i++)
		if (ct_word(a, opts->v[i], e) < 0)
			return -e->code;
	return start && (ct_word(a, ";", e) < 0 || ct_words(a, "start", c->ctid, e) < 0) ? -e->code : 0;
}

static int clone_submit(struct api_call *c, const struct conf_args *a, const char *owner, struct err *e)
{
	char resource[RESOURCE_SIZE];
	const struct job_spec s = {
		.kind = c->route->op, .ctid = c->ctid, .owner = owner, .principal = c->who->name,
		.argv = (const char *const *)a->v, .resource = resource,
	};

	str_fmt(resource, sizeof(resource), "/v1/cts/%u", c->ctid);
	return api_job(c, &s, ct_new_after, e);
}

static void json_drop(json_t **j)
{
	json_decref(*j);
}

static int clone_run(struct api_call *c, struct err *e)
{
	__attribute__((cleanup(ct_conf_done))) struct ct_conf parsed = { 0 };
	__attribute__((cleanup(json_drop))) json_t *config = ct_config_of(c);
	const char *said = ct_body_text(c, "owner"), *at = NULL, *owner;
	const struct inv_ct *src = c->ct;
	auto_args struct conf_args a = { 0 }, opts = { 0 };

	owner = change_owner(c, said ? said : c->who->tenant[0] ? NULL : src->owner);
	if (!owner || ct_new_id(c) < 0)
		return 0;
	json_object_del(config, "owner");	/* given below, whoever said it */
	if (conf_json_args(config, true, &opts, &parsed, &at, e) < 0)
		return e->code == ENOMEM ? -ENOMEM : ct_bad_property(c, at, e);
	if (change_clone(c, src, owner, &parsed) < 0)
		return 0;
	if (conf_args_add(&opts, "owner", owner, e) < 0 || clone_words(c, src->id, &opts, &a, e) < 0)
		return -e->code;
	return clone_submit(c, &a, owner, e);
}

/* --- rows --- */

static const struct api_field create_body[] = {
	{ .name = "name", .type = API_STR, .max = CT_SNAP_NAME_MAX, .doc = "Name." },
	{ .name = "description", .type = API_STR, .max = CT_SNAP_DESC_MAX, .doc = "Free text of one line." },
	{ .name = NULL },
};
static const struct api_field switch_body[] = {
	{ .name = "force", .type = API_BOOL, .doc = "Kill it if it is not stopped; it is stopped afterwards." },
	{ .name = "config", .type = API_BOOL,
	  .doc = "Bring back the configuration of that time, too: administrators of the host only; their default." },
	{ .name = NULL },
};
static const struct api_field mount_body[] = {
	{ .name = "target", .type = API_STR, .required = true, .min = 2, .max = 4000, .doc = "Directory of the host." },
	{ .name = NULL },
};
static const struct api_field clone_body[] = {
	{ .name = "ctid", .type = API_INT, .min = 1, .max = CT_ID_MAX, .doc = "Id; the first free one from 101 when absent." },
	{ .name = "mode", .type = API_STR, .one_of = "linked full",
	  .doc = "Share all files, or copy those above the template's; linked when absent, where the layout can." },
	{ .name = "config", .type = API_OBJ, .doc = "Parameters that differ from the source's, as in Ct.config." },
	{ .name = "name", .type = API_STR, .max = 64, .doc = "Name." },
	{ .name = "hostname", .type = API_STR, .max = 255, .doc = "Host name inside." },
	{ .name = "description", .type = API_STR, .max = 1024, .doc = "Free text of one line." },
	{ .name = "owner", .type = API_STR, .max = 32, .doc = "Tenant; the source's when absent." },
	{ .name = "start", .type = API_BOOL, .doc = "Start it, too." },
	{ .name = NULL },
};

#define SNAPS "/v1/cts/{ct}/snapshots"
#define SNAP SNAPS "/{snapshot}"
#define CHANGE (API_CT | API_WRITE | API_JOB)
static const struct api_route rows[] = {
	{ "GET", SNAPS, "ct.snapshot.list", SCOPE_CT_READ, API_CT | API_PAGED, NULL, NULL, "SnapshotPage",
	  "Snapshots of a container, each after the one that it was made from.", list_run },
	{ "POST", SNAPS, "ct.snapshot", SCOPE_CT_SNAPSHOT, CHANGE, create_body, NULL, "Snapshot",
	  "Keeps a container's files and configuration as they are now; a running one is frozen for it.", create_run },
	{ "GET", SNAP, "ct.snapshot.get", SCOPE_CT_READ, API_CT, NULL, NULL, "Snapshot", "One snapshot.", get_run },
	{ "DELETE", SNAP, "ct.snapshot.delete", SCOPE_CT_SNAPSHOT, CHANGE, NULL, NULL, "Operation",
	  "Removes a snapshot; others and the container stay as they are.", delete_run },
	{ "POST", SNAP "/switch", "ct.snapshot.switch", SCOPE_CT_SNAPSHOT, CHANGE, switch_body, NULL, "Snapshot",
	  "Goes back to a snapshot, which stays; what was changed since the last one is lost.", switch_run },
	{ "POST", SNAP "/mount", "ct.snapshot.mount", SCOPE_NODE_WRITE, CHANGE, mount_body, NULL, "Operation",
	  "Mounts a snapshot on a directory of the host, read-only.", mount_run },
	{ "POST", SNAP "/umount", "ct.snapshot.umount", SCOPE_NODE_WRITE, CHANGE, NULL, NULL, "Operation",
	  "Unmounts a snapshot.", umount_run },
	{ "POST", "/v1/cts/{ct}/clone", "ct.clone", SCOPE_CT_CREATE, CHANGE, clone_body, NULL, "Ct",
	  "Makes a container of another one, with its configuration but none of its addresses.", clone_run },
};
const struct api_table api_snap_table = API_TABLE(rows);
