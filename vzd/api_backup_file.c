/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single files of an archive, and archives by the dozen: what is in a directory of one, its files as a tar over a WebSocket or
 * into a directory of the host, one mounted on the host, and the removal of old ones. The host's directories are for its
 * administrators; a tenant reads files of what was sealed as its own, and prunes nothing else.
 */
#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "vzd/api_backup.h"
#include "vzd/ask.h"
#include "vzd/console.h"
#include "vzd/timefmt.h"

#define FILES_MAX (4u << 20)	/* bytes of a page of names */

static int add_paths(const struct api_call *c, struct conf_args *a, struct err *e)
{
	const json_t *paths = json_object_get(c->req.body, "paths"), *p;
	size_t i;

	json_array_foreach(paths, i, p)
		if (ct_word(a, "--file", e) < 0 || ct_word(a, json_string_value(p), e) < 0)
			return -e->code;
	return 0;
}

/* --- what is in it --- */

static json_t *file_json(json_t *o)
{
	json_t *j = json_copy(o);

	json_object_set_new(j, "mtime", timefmt_json(json_integer_value(json_object_get(o, "mtime")) * 1000));
	return j;
}

static void on_files(void *arg, const struct buf *out, const struct err *err)
{
	struct backup_work *w = arg;
	json_t *all = err ? NULL : json_loadb(out->s ? out->s : "", out->len, 0, NULL), *items, *o;
	long long limit = api_q_int(w->c, "limit", 100);
	const char *next = NULL;
	size_t i;

	if (!json_is_array(all)) {
		api_problem(w->c, err && strstr(err->text, "no file of that name") ? "not-found" : "unprocessable", 0,
			    err ? err->text : "the archive's list cannot be read", NULL);
	} else {
		items = json_array();
		json_array_foreach(all, i, o) {
			if ((long long)i == limit)
				break;
			json_array_append_new(items, file_json(o));
			next = strrchr(backup_text(o, "path"), '/');
			next = next ? next + 1 : backup_text(o, "path");
		}
		api_page(w->c, items, (long long)json_array_size(all) > limit ? next : NULL);
	}
	json_decref(all);
	backup_work_free(w);
}

static int files_step(struct backup_work *w, struct err *e)
{
	const char *path = api_q_str(w->c, "path", "/"), *after = api_cursor(w->c);
	char limit[24], behind[4400];
	auto_args struct conf_args a = { 0 };

	while (path[0] == '/' && path[1] == '/')
		path++;
	str_fmt(behind, sizeof(behind), "%s%s%s", path + 1, path[1] ? "/" : "", after ? after : "");
	if (path[0] != '/') {
		api_problem(w->c, "invalid-field", 0, "path: from '/' on, as in the container", NULL);
		return DONE;
	}

	str_fmt(limit, sizeof(limit), "%lld", api_q_int(w->c, "limit", 100) + 1);
	if (ct_word(&a, VZRESTORE, e) < 0 || backup_path_word(w, &a, e) < 0 || ct_word(&a, "--list", e) < 0 ||
	    ct_word(&a, "--json", e) < 0 || ct_word(&a, "--limit", e) < 0 || ct_word(&a, limit, e) < 0 ||
	    (!str_eq(path, "/") && (ct_word(&a, "--file", e) < 0 || ct_word(&a, path, e) < 0)) ||
	    (after && (ct_word(&a, "--after", e) < 0 || ct_word(&a, behind, e) < 0)) ||
	    ask_run(w->c->d, (const char *const *)a.v, FILES_MAX, on_files, w, e) < 0)
		return -e->code;
	return ASKING;
}

static int files_run(struct api_call *c, struct err *e) { return backup_one_then(c, files_step, e); }

/* --- its files --- */

static int download_step(struct backup_work *w, struct err *e)
{
	char ticket[CONSOLE_TICKET_LEN + 1], url[128], until[TIMEFMT_LEN];
	struct console_spec s = { .kind = CONSOLE_EXEC, .cols = 80, .rows = 24 };
	auto_args struct conf_args a = { 0 };

	if (ct_word(&a, VZRESTORE, e) < 0 || backup_path_word(w, &a, e) < 0 || ct_word(&a, "--quiet", e) < 0 ||
	    ct_word(&a, "--stdout", e) < 0 || add_paths(w->c, &a, e) < 0)
		return -e->code;
	s.argv = a.v;
	if (console_ticket(w->c->d->consoles, w->c->who, &s, ticket, e) < 0)
		return -e->code;
	str_fmt(url, sizeof(url), "/v1/console?ticket=%s", ticket);
	api_json(w->c, 201, json_pack("{s:s, s:s, s:s}", "ws", url, "ticket", ticket, "expires_at",
				      timefmt(timefmt_now_ms() + CONSOLE_TICKET_MS, until)));
	return DONE;
}

static int download_run(struct api_call *c, struct err *e) { return backup_one_then(c, download_step, e); }

static int job_of(struct api_call *c, const struct conf_args *a, const char *name, bool output, struct err *e)
{
	char resource[160];
	struct job_spec s = { .kind = c->route->op, .owner = c->who->tenant, .principal = c->who->name, .resource = resource,
			      .keep_output = output, .argv = (const char *const *)a->v };

	str_fmt(resource, sizeof(resource), "/v1/backups%s%s", *name ? "/" : "", name);
	return api_job(c, &s, NULL, e);
}

/* A directory of the host from '/' on. NULL: it has answered. */
static const char *directory(struct api_call *c)
{
	const char *dir = ct_body_text(c, "directory");

	if (dir[0] == '/')
		return dir;
	api_problem(c, "invalid-field", 0, "directory: a full path on this host", NULL);
	return NULL;
}

static int extract_step(struct backup_work *w, struct err *e)
{
	auto_args struct conf_args a = { 0 };

	if (ct_word(&a, VZRESTORE, e) < 0 || backup_path_word(w, &a, e) < 0 || ct_word(&a, "--to", e) < 0 ||
	    ct_word(&a, ct_body_text(w->c, "directory"), e) < 0 || add_paths(w->c, &a, e) < 0)
		return -e->code;
	return job_of(w->c, &a, w->c->seg[0], false, e);
}

static int mount_step(struct backup_work *w, struct err *e)
{
	auto_args struct conf_args a = { 0 };

	if (ct_word(&a, VZDUMP, e) < 0 || ct_word(&a, "--mount", e) < 0 || backup_path_word(w, &a, e) < 0 ||
	    ct_word(&a, ct_body_text(w->c, "directory"), e) < 0)
		return -e->code;
	return job_of(w->c, &a, w->c->seg[0], false, e);
}

static int extract_run(struct api_call *c, struct err *e) { return directory(c) ? backup_one_then(c, extract_step, e) : 0; }
static int mount_run(struct api_call *c, struct err *e) { return directory(c) ? backup_one_then(c, mount_step, e) : 0; }

static int umount_run(struct api_call *c, struct err *e)
{
	const char *dir = directory(c);
	auto_args struct conf_args a = { 0 };

	if (!dir)
		return 0;
	if (ct_word(&a, VZDUMP, e) < 0 || ct_word(&a, "--umount", e) < 0 || ct_word(&a, dir, e) < 0)
		return -e->code;
	return job_of(c, &a, "", false, e);
}

/* --- old ones --- */

/* As --keep wants it. < 0: it has answered. */
static int keep_text(struct api_call *c, struct buf *b)
{
	static const char *const names[] = { "last", "hourly", "daily", "weekly", "monthly", "yearly" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const json_t *v = json_object_get(c->req.body, names[i]);

		if (v)
			buf_addf(b, "%skeep-%s=%lld", b->len ? "," : "", names[i], (long long)json_integer_value(v));
	}
	if (b->len)
		return 0;
	api_problem(c, "invalid-field", 0, "how many to keep: one of last, hourly, daily, weekly, monthly, yearly at least", NULL);
	return -1;
}

/* A token for some containers says which one. */
static bool may_prune(struct api_call *c, unsigned ctid)
{
	for (size_t i = 0; c->who->cts && i < c->who->n_cts; i++)
		if (c->who->cts[i] == ctid)
			return true;
	if (!c->who->cts)
		return true;
	api_problem(c, "not-found", 0, "this token is for some containers: say ctid, one of them", NULL);
	return false;
}

static int prune_run(struct api_call *c, struct err *e)
{
	unsigned ctid = (unsigned)json_integer_value(json_object_get(c->req.body, "ctid"));
	auto_buf struct buf keep = BUF_INIT;
	char id[16];
	auto_args struct conf_args a = { 0 };

	if (!may_prune(c, ctid) || keep_text(c, &keep) < 0)
		return 0;
	str_fmt(id, sizeof(id), "%u", ctid);
	if (ct_word(&a, VZDUMP, e) < 0 || ct_word(&a, "--prune", e) < 0 || ct_word(&a, "--keep", e) < 0 ||
	    ct_word(&a, buf_str(&keep), e) < 0 ||
	    (c->who->tenant[0] && (ct_word(&a, "--owner", e) < 0 || ct_word(&a, c->who->tenant, e) < 0)) ||
	    (json_is_true(json_object_get(c->req.body, "dry_run")) && ct_word(&a, "--dry-run", e) < 0) ||
	    (ctid && ct_word(&a, id, e) < 0))
		return -e->code;
	return job_of(c, &a, "", true, e);
}

/* --- rows --- */

static const struct api_field files_query[] = {
	{ .name = "path", .type = API_STR, .min = 1, .max = 4000,
	  .doc = "A directory in the container, or a file; / when absent." },
	{ .name = NULL },
};
static const struct api_field download_body[] = {
	{ .name = "paths", .type = API_LIST, .required = true, .min = 1, .max = 100,
	  .doc = "Files, or directories with all below them." },
	{ .name = NULL },
};
static const struct api_field extract_body[] = {
	{ .name = "directory", .type = API_STR, .required = true, .min = 2, .max = 4000,
	  .doc = "Of the host: empty or not there yet, and closed to other users." },
	{ .name = "paths", .type = API_LIST, .max = 100, .doc = "Files, or directories with all below them; all when absent." },
	{ .name = NULL },
};
static const struct api_field mount_body[] = {
	{ .name = "directory", .type = API_STR, .required = true, .min = 2, .max = 4000, .doc = "An empty one of the host." },
	{ .name = NULL },
};
#define KEEP(what) { .name = what, .type = API_INT, .min = 1, .max = 10000, .doc = "So many, one of each period." }
static const struct api_field prune_body[] = {
	{ .name = "last", .type = API_INT, .min = 1, .max = 10000, .doc = "So many of the newest of each container." },
	KEEP("hourly"), KEEP("daily"), KEEP("weekly"), KEEP("monthly"), KEEP("yearly"),
	{ .name = "ctid", .type = API_INT, .min = 1, .max = CT_ID_MAX, .doc = "Only archives of this container." },
	{ .name = "dry_run", .type = API_BOOL, .doc = "Only say what would be removed." },
	{ .name = NULL },
};

#define CHANGE (API_WRITE | API_JOB)
static const struct api_route rows[] = {
	{ "GET", "/v1/backups/{backup}/files", "backup.file.list", SCOPE_CT_BACKUP, API_PAGED, NULL, files_query, "BackupFilePage",
	  "What is in a directory of an archive.", files_run },
	{ "POST", "/v1/backups/{backup}/download", "backup.download", SCOPE_CT_BACKUP, API_WRITE, download_body, NULL, "Ticket",
	  "A ticket for a WebSocket (vz.exec.v1) that sends files of an archive as a tar.", download_run },
	{ "POST", "/v1/backups/{backup}/extract", "backup.extract", SCOPE_NODE_WRITE, CHANGE, extract_body, NULL, "Operation",
	  "Puts files of an archive into a directory of the host.", extract_run },
	{ "POST", "/v1/backups/{backup}/mount", "backup.mount", SCOPE_NODE_WRITE, CHANGE, mount_body, NULL, "Operation",
	  "Shows the files of an archive on a directory of the host, read-only.", mount_run },
	{ "POST", "/v1/backups/umount", "backup.umount", SCOPE_NODE_WRITE, CHANGE, mount_body, NULL, "Operation",
	  "Ends that.", umount_run },
	{ "POST", "/v1/backups/prune", "backup.prune", SCOPE_CT_BACKUP, CHANGE, prune_body, NULL, "Operation",
	  "Removes old archives, a tenant's own; what one that is kept builds on stays. The result names all.", prune_run },
};
const struct api_table api_backup_file_table = API_TABLE(rows);
