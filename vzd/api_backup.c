/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /v1/backups: archives in DUMPDIR. vzd opens none of them: `vzdump --list --json` tells what there is, in its own process, and
 * so a disk that hangs and an archive of a stranger are that one's trouble. Whose an archive is stands in its end under
 * the host's seal (vz-backup(5)): a tenant sees what was sealed as its own, whoever has the container's id by now, and nothing
 * else. Making, checking, removing and restoring are jobs that run vzctl, vzdump and vzrestore.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libct/backup.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/path.h"
#include "vzd/api_backup.h"
#include "vzd/api_ct.h"
#include "vzd/ask.h"
#include "vzd/inv.h"
#include "vzd/timefmt.h"

#define KIND_BACKUP "ct.backup"

void backup_work_free(struct backup_work *w)
{
	json_decref(w->list);
	api_unref(w->c);
	free(w);
}

const char *backup_text(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static bool backup_host_admin(const struct principal *p)
{
	return !p->tenant[0] && !p->cts && auth_has(p, SCOPE_NODE_WRITE);
}

static bool sees(const struct principal *p, const json_t *item)
{
	unsigned ctid = (unsigned)json_integer_value(json_object_get(item, "ctid"));

	if (p->tenant[0] && !str_eq(backup_text(item, "owner"), p->tenant))
		return false;
	for (size_t i = 0; p->cts && i < p->n_cts; i++)
		if (p->cts[i] == ctid)
			return true;
	return !p->cts;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(backup_text(*(json_t *const *)a, "name"), backup_text(*(json_t *const *)b, "name"));
}

static json_t *sorted(const json_t *list)
{
	size_t n = json_array_size(list);
	auto_free json_t **v = calloc(n + 1, sizeof(*v));
	json_t *ret = json_array();

	for (size_t i = 0; v && i < n; i++)
		v[i] = json_array_get(list, i);
	if (v && n)
		qsort(v, n, sizeof(*v), by_name);
	for (size_t i = 0; v && i < n; i++)
		json_array_append(ret, v[i]);
	return ret;
}

/* --- asking --- */

static void step(struct backup_work *w, int (*fn)(struct backup_work *w, struct err *e))
{
	struct err e = { 0 };
	int rc = fn(w, &e);

	if (rc == ASKING)
		return;
	if (rc < 0)
		api_problem_err(w->c, &e);
	backup_work_free(w);
}

static int no_such(struct api_call *c)
{
	api_problem(c, "not-found", 0, "there is no such archive", NULL);
	return DONE;
}

static int with_list(struct backup_work *w, struct err *e)
{
	const char *name = w->c->ctid ? NULL : w->c->seg[0];	/* /v1/cts/{ct}/backups names none */
	json_t *item;
	size_t i;

	json_array_foreach(w->list, i, item)
		if (str_eq(backup_text(item, "name"), name) && sees(w->c->who, item))
			w->one = item;
	return name && !w->one ? no_such(w->c) : w->then(w, e);
}

static void on_list(void *arg, const struct buf *out, const struct err *err)
{
	struct backup_work *w = arg;
	json_t *all = err ? NULL : json_loadb(out->s ? out->s : "", out->len, 0, NULL);

	if (!json_is_array(all)) {
		api_problem(w->c, "internal", 0, err ? err->text : "vzdump's list cannot be read", NULL);
		backup_work_free(w);
	} else {
		w->list = sorted(all);
		step(w, with_list);
	}
	json_decref(all);
}

static struct backup_work *work_new(struct api_call *c, int (*then)(struct backup_work *w, struct err *e), struct err *e)
{
	struct backup_work *w = calloc(1, sizeof(*w));
	const struct inv_ct *ct = c->ctid ? inv_find(c->d->inv, c->ctid) : NULL;

	if (!w) {
		err_set(e, ENOMEM, "request");
		return NULL;
	}
	*w = (struct backup_work){ .c = api_ref(c), .then = then, .distrust = !backup_host_admin(c->who) };
	w->under_way = ct ? job_count(c->d->jobs, ct->owner, KIND_BACKUP) : 0;
	return w;
}

static int option(struct conf_args *a, const char *name, const char *value, struct err *e)
{
	return ct_word(a, name, e) < 0 || ct_word(a, value, e) < 0 ? -e->code : 0;
}

static int add_ids(const struct api_call *c, unsigned ctid, struct conf_args *a, struct err *e)
{
	char id[16];

	str_fmt(id, sizeof(id), "%u", ctid);
	if (ctid)
		return ct_word(a, id, e);
	for (size_t i = 0; c->who->cts && i < c->who->n_cts; i++) {
		str_fmt(id, sizeof(id), "%u", c->who->cts[i]);
		if (ct_word(a, id, e) < 0)
			return -e->code;
	}
	return 0;
}

/* What the answer needs and no more: the loop reads what comes, and there may be ten thousand archives. */
static int list_words(struct api_call *c, unsigned ctid, struct conf_args *a, struct err *e)
{
	const char *name = c->ctid ? NULL : c->seg[0], *cursor = name ? NULL : api_cursor(c);
	char limit[24];

	str_fmt(limit, sizeof(limit), "%lld", api_q_int(c, "limit", 100) + 1);	/* one more: is there another page? */
	if (ct_word(a, VZDUMP, e) < 0 || ct_word(a, "--list", e) < 0 || ct_word(a, "--json", e) < 0 ||
	    (c->who->tenant[0] && option(a, "--owner", c->who->tenant, e) < 0) || (name && option(a, "--named", name, e) < 0) ||
	    (cursor && option(a, "--after", cursor, e) < 0) || option(a, "--limit", limit, e) < 0)
		return -e->code;
	return add_ids(c, ctid, a, e);
}

/* Asks for the archives of @ctid (0: all) and goes on with @then. */
static int list_then(struct api_call *c, unsigned ctid, int (*then)(struct backup_work *w, struct err *e), struct err *e)
{
	struct backup_work *w = work_new(c, then, e);
	auto_args struct conf_args a = { 0 };

	if (!w)
		return -e->code;
	if (list_words(c, ctid, &a, e) == 0 && ask_run(c->d, (const char *const *)a.v, LIST_MAX, on_list, w, e) == 0)
		return 0;
	backup_work_free(w);
	return -e->code;
}

/* The archive that the URL names: its name says whose list it is on, and no other name gets as far as a command line. */
int backup_one_then(struct api_call *c, int (*then)(struct backup_work *w, struct err *e), struct err *e)
{
	unsigned ctid;
	bool foreign;
	time_t when;

	if (!path_is_component(c->seg[0]) || !ct_dump_name_parse(c->seg[0], &ctid, &when, &foreign))
		return no_such(c);
	return list_then(c, ctid, then, e);
}

static void on_owners(void *arg, const struct buf *out, const struct err *err)
{
	struct backup_work *w = arg;

	w->list = err ? NULL : json_loadb(out->s ? out->s : "", out->len, 0, NULL);
	if (json_is_object(w->list)) {
		step(w, w->then);
		return;
	}
	api_problem(w->c, "internal", 0, err ? err->text : "vzdump's list cannot be read", NULL);
	backup_work_free(w);
}

static int ask_owners(struct vzd *d, ask_fn *fn, void *arg, struct err *e)
{
	static const char *const words[] = { VZDUMP, "--list", "--owners", NULL };

	return ask_run(d, words, LIST_MAX, fn, arg, e);
}

/* How many archives each tenant has, and then @then. */
static int owners_then(struct api_call *c, int (*then)(struct backup_work *w, struct err *e), struct err *e)
{
	struct backup_work *w = work_new(c, then, e);

	if (!w)
		return -e->code;
	if (ask_owners(c->d, on_owners, w, e) == 0)
		return 0;
	backup_work_free(w);
	return -e->code;
}

struct counted { struct api_call *c; api_backups_fn *fn; };

static void on_counted(void *arg, const struct buf *out, const struct err *err)
{
	struct counted *n = arg;
	json_t *counts = err ? NULL : json_loadb(out->s ? out->s : "", out->len, 0, NULL);
	struct err e = { 0 };

	if (n->fn(n->c, json_is_object(counts) ? counts : NULL, &e) < 0)
		api_problem_err(n->c, &e);
	json_decref(counts);
	api_unref(n->c);
	free(n);
}

int api_backups_count(struct api_call *c, api_backups_fn *fn, struct err *e)
{
	struct counted *n = malloc(sizeof(*n));

	if (!n)
		return err_set(e, ENOMEM, "request");
	*n = (struct counted){ api_ref(c), fn };
	if (ask_owners(c->d, on_counted, n, e) == 0)
		return 0;
	api_unref(n->c);
	free(n);
	return -e->code;
}

/* --- reading --- */

static json_t *or_null(const json_t *o, const char *name)
{
	json_t *v = json_object_get(o, name);

	return v ? json_incref(v) : json_null();
}

static json_t *backup_json(const json_t *o)
{
	json_t *j = json_pack("{s:o}", "created", timefmt_json(json_integer_value(json_object_get(o, "created")) * 1000));
	static const char *const same[] = { "name", "ctid", "size", "kind", "bytes", "files", "builds_on", "sealed", "owner",
					    "problem" };

	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		json_object_set_new(j, same[i], or_null(o, same[i]));
	return j;
}

static int list_page(struct backup_work *w, struct err *e)
{
	const char *cursor = api_cursor(w->c), *last = NULL;
	long long limit = api_q_int(w->c, "limit", 100);
	json_t *items = json_array(), *o;
	size_t i;

	(void)e;
	json_array_foreach(w->list, i, o) {
		if ((cursor && strcmp(backup_text(o, "name"), cursor) <= 0) || !sees(w->c->who, o))
			continue;
		if ((long long)json_array_size(items) == limit) {
			api_page(w->c, items, last);
			return DONE;
		}
		json_array_append_new(items, backup_json(o));
		last = backup_text(o, "name");
	}
	api_page(w->c, items, NULL);
	return DONE;
}

static int list_run(struct api_call *c, struct err *e)
{
	return list_then(c, (unsigned)api_q_int(c, "ctid", 0), list_page, e);
}

static int get_answer(struct backup_work *w, struct err *e)
{
	(void)e;
	api_json(w->c, 200, backup_json(w->one));
	return DONE;
}

static int get_run(struct api_call *c, struct err *e)
{
	return backup_one_then(c, get_answer, e);
}

/* --- jobs on one archive --- */

int backup_path_word(const struct backup_work *w, struct conf_args *a, struct err *e)
{
	char path[4096 + CT_BACKUP_NAME_MAX];

	if (str_fmt(path, sizeof(path), "%s/%s", ct_host_conf(w->c->d->host)->dumpdir, w->c->seg[0]) < 0)
		return err_say(e, ENAMETOOLONG, "DUMPDIR: the name is too long");
	return ct_word(a, path, e);
}

static int file_job(struct backup_work *w, const char *option, struct err *e)
{
	const char *owner = backup_text(w->one, "owner");
	char resource[CT_BACKUP_NAME_MAX + 16];
	struct job_spec s = { .kind = w->c->route->op, .owner = owner ? owner : "", .principal = w->c->who->name,
			      .resource = resource };
	auto_args struct conf_args a = { 0 };

	str_fmt(resource, sizeof(resource), "/v1/backups/%s", w->c->seg[0]);
	if (ct_word(&a, VZDUMP, e) < 0 || ct_word(&a, option, e) < 0 || backup_path_word(w, &a, e) < 0)
		return -e->code;
	s.argv = (const char *const *)a.v;
	return api_job(w->c, &s, NULL, e);
}

static int check_job(struct backup_work *w, struct err *e) { return file_job(w, "--check", e); }
static int delete_job(struct backup_work *w, struct err *e) { return file_job(w, "--remove", e); }
static int check_run(struct api_call *c, struct err *e) { return backup_one_then(c, check_job, e); }
static int delete_run(struct api_call *c, struct err *e) { return backup_one_then(c, delete_job, e); }

/* --- making one --- */

/* A tenant's archives, and those that will be: a job that has ended meanwhile counts as an archive or as a job. */
static size_t used_by(const struct backup_work *w, const char *tenant)
{
	size_t n = job_count(w->c->d->jobs, tenant, KIND_BACKUP);

	return MAX(n, w->under_way) + (size_t)json_integer_value(json_object_get(w->list, tenant));
}

static int backup_words(const struct api_call *c, struct conf_args *a, struct err *e)
{
	const char *mode = ct_body_text(c, "mode");
	static const char *const numbers[] = { "level", "bwlimit" };

	if (ct_words(a, "backup", c->ctid, e) < 0 || (mode && conf_args_add(a, mode, NULL, e) < 0) ||
	    (json_is_true(json_object_get(c->req.body, "incremental")) && conf_args_add(a, "incremental", NULL, e) < 0))
		return -e->code;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		const json_t *v = json_object_get(c->req.body, numbers[i]);
		char n[24];

		str_fmt(n, sizeof(n), "%lld", (long long)json_integer_value(v));
		if (v && conf_args_add(a, numbers[i], n, e) < 0)
			return -e->code;
	}
	return 0;
}

/* It holds the container for the moment of its snapshot only, so others may run beside it. */
static int backup_job(struct backup_work *w, struct err *e)
{
	struct api_call *c = w->c;
	const struct inv_ct *ct = inv_find(c->d->inv, c->ctid);
	struct job_spec s = { .kind = KIND_BACKUP, .ctid = c->ctid, .principal = c->who->name, .again = true, .shared = true };
	json_t *detail = NULL;
	char resource[40];
	auto_args struct conf_args a = { 0 };

	if (!ct || !auth_sees(c->who, ct))
		return err_say(e, ENOENT, "there is no container %u any more", c->ctid);
	if (auth_quota_backup(c->d->auth, ct->owner, used_by(w, ct->owner), &detail, e) < 0) {
		api_problem(c, e->code == EPERM ? "forbidden" : "quota-exceeded", 0, e->text, detail);
		return DONE;
	}
	str_fmt(resource, sizeof(resource), "/v1/cts/%u", c->ctid);
	s.resource = resource;
	s.owner = ct->owner;
	if (backup_words(c, &a, e) < 0)
		return -e->code;
	s.argv = (const char *const *)a.v;
	return api_job(c, &s, NULL, e);
}

static int backup_run(struct api_call *c, struct err *e)
{
	return owners_then(c, backup_job, e);
}

/* --- rows --- */

static const struct api_field list_query[] = {
	{ .name = "ctid", .type = API_INT, .min = 1, .max = CT_ID_MAX, .doc = "Only archives of this container." },
	{ .name = NULL },
};
static const struct api_field backup_body[] = {
	{ .name = "incremental", .type = API_BOOL, .doc = "Only what has changed since the newest archive." },
	{ .name = "mode", .type = API_STR, .one_of = "snapshot suspend stop", .doc = "How a running container is held still." },
	{ .name = "level", .type = API_INT, .min = 1, .max = 19, .doc = "Of zstd; 3 when absent." },
	{ .name = "bwlimit", .type = API_INT, .min = 1, .max = 1000000000, .doc = "KiB a second, no more." },
	{ .name = NULL },
};
static const struct api_route rows[] = {
	{ "GET", "/v1/backups", "backup.list", SCOPE_CT_BACKUP, API_PAGED, NULL, list_query, "BackupPage",
	  "Archives of containers.", list_run },
	{ "GET", "/v1/backups/{backup}", "backup.get", SCOPE_CT_BACKUP, 0, NULL, NULL, "Backup", "One archive.", get_run },
	{ "POST", "/v1/cts/{ct}/backups", KIND_BACKUP, SCOPE_CT_BACKUP, API_CT | API_WRITE | API_JOB, backup_body, NULL,
	  "Operation", "Makes an archive of a container, which goes on running.", backup_run },
	{ "POST", "/v1/backups/{backup}/check", "backup.check", SCOPE_CT_BACKUP, API_WRITE | API_JOB, NULL, NULL, "Operation",
	  "Reads every byte of an archive and of those that it needs.", check_run },
	{ "DELETE", "/v1/backups/{backup}", "backup.remove", SCOPE_CT_BACKUP, API_WRITE | API_JOB, NULL, NULL, "Operation",
	  "Removes an archive that no other needs.", delete_run },
};
const struct api_table api_backup_table = API_TABLE(rows);
