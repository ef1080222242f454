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
#include "vzd/api_ct.h"
#include "vzd/ask.h"
#include "vzd/change.h"
#include "vzd/change_ips.h"
#include "vzd/claims.h"
#include "vzd/inv.h"
#include "vzd/timefmt.h"

#define ARGS __attribute__((cleanup(conf_args_done))) struct conf_args
#define VZDUMP VZ_SBINDIR "/vzdump"
#define VZRESTORE VZ_SBINDIR "/vzrestore"
#define LIST_MAX (1u << 20)	/* bytes of a list: a page, or a configuration */
#define KIND_BACKUP "ct.backup"

/* A call that waits for a program's answer. */
struct work {
	struct api_call *c;
	int (*then)(struct work *w, struct err *e);
	json_t *list;			/* archives by name; or how many each tenant has */
	json_t *one;			/* borrowed from it: the one that the URL names */
	size_t under_way;		/* backups of the tenant's, when the question was asked */
	bool distrust;
};

static void work_free(struct work *w)
{
	json_decref(w->list);
	api_unref(w->c);
	free(w);
}

static const char *text(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static bool host_admin(const struct principal *p)
{
	return !p->tenant[0] && !p->cts && auth_has(p, SCOPE_NODE_WRITE);
}

static bool sees(const struct principal *p, const json_t *item)
{
	unsigned ctid = (unsigned)json_integer_value(json_object_get(item, "ctid"));

	if (p->tenant[0] && !str_eq(text(item, "owner"), p->tenant))
		return false;
	for (size_t i = 0; p->cts && i < p->n_cts; i++)
		if (p->cts[i] == ctid)
			return true;
	return !p->cts;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(text(*(json_t *const *)a, "name"), text(*(json_t *const *)b, "name"));
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

enum { DONE, ASKING };		/* of a step; ASKING: another answer is waited for */

static void step(struct work *w, int (*fn)(struct work *w, struct err *e))
{
	struct err e = { 0 };
	int rc = fn(w, &e);

	if (rc == ASKING)
		return;
	if (rc < 0)
		api_problem_err(w->c, &e);
	work_free(w);
}

static int no_such(struct api_call *c)
{
	api_problem(c, "not-found", 0, "there is no such archive", NULL);
	return DONE;
}

static int with_list(struct work *w, struct err *e)
{
	const char *name = w->c->ctid ? NULL : w->c->seg[0];	/* /v1/cts/{ct}/backups names none */
	json_t *item;
	size_t i;

	json_array_foreach(w->list, i, item)
		if (str_eq(text(item, "name"), name) && sees(w->c->who, item))
			w->one = item;
	return name && !w->one ? no_such(w->c) : w->then(w, e);
}

static void on_list(void *arg, const struct buf *out, const struct err *err)
{
	struct work *w = arg;
	json_t *all = err ? NULL : json_loadb(out->s ? out->s : "", out->len, 0, NULL);

	if (!json_is_array(all)) {
		api_problem(w->c, "internal", 0, err ? err->text : "vzdump's list cannot be read", NULL);
		work_free(w);
	} else {
		w->list = sorted(all);
		step(w, with_list);
	}
	json_decref(all);
}

static struct work *work_new(struct api_call *c, int (*then)(struct work *w, struct err *e), struct err *e)
{
	struct work *w = calloc(1, sizeof(*w));
	const struct inv_ct *ct = c->ctid ? inv_find(c->d->inv, c->ctid) : NULL;

	if (!w) {
		err_set(e, ENOMEM, "request");
		return NULL;
	}
	*w = (struct work){ .c = api_ref(c), .then = then, .distrust = !host_admin(c->who) };
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
static int list_then(struct api_call *c, unsigned ctid, int (*then)(struct work *w, struct err *e), struct err *e)
{
	struct work *w = work_new(c, then, e);
	ARGS a = { 0 };

	if (!w)
		return -e->code;
	if (list_words(c, ctid, &a, e) == 0 && ask_run(c->d, (const char *const *)a.v, LIST_MAX, on_list, w, e) == 0)
		return 0;
	work_free(w);
	return -e->code;
}

/* The archive that the URL names: its name says whose list it is on, and no other name gets as far as a command line. */
static int one_then(struct api_call *c, int (*then)(struct work *w, struct err *e), struct err *e)
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
	struct work *w = arg;

	w->list = err ? NULL : json_loadb(out->s ? out->s : "", out->len, 0, NULL);
	if (json_is_object(w->list)) {
		step(w, w->then);
		return;
	}
	api_problem(w->c, "internal", 0, err ? err->text : "vzdump's list cannot be read", NULL);
	work_free(w);
}

static int ask_owners(struct vzd *d, ask_fn *fn, void *arg, struct err *e)
{
	static const char *const words[] = { VZDUMP, "--list", "--owners", NULL };

	return ask_run(d, words, LIST_MAX, fn, arg, e);
}

/* How many archives each tenant has, and then @then. */
static int owners_then(struct api_call *c, int (*then)(struct work *w, struct err *e), struct err *e)
{
	struct work *w = work_new(c, then, e);

	if (!w)
		return -e->code;
	if (ask_owners(c->d, on_owners, w, e) == 0)
		return 0;
	work_free(w);
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

static int list_page(struct work *w, struct err *e)
{
	const char *cursor = api_cursor(w->c), *last = NULL;
	long long limit = api_q_int(w->c, "limit", 100);
	json_t *items = json_array(), *o;
	size_t i;

	(void)e;
	json_array_foreach(w->list, i, o) {
		if ((cursor && strcmp(text(o, "name"), cursor) <= 0) || !sees(w->c->who, o))
			continue;
		if ((long long)json_array_size(items) == limit) {
			api_page(w->c, items, last);
			return DONE;
		}
		json_array_append_new(items, backup_json(o));
		last = text(o, "name");
	}
	api_page(w->c, items, NULL);
	return DONE;
}

static int list_run(struct api_call *c, struct err *e)
{
	return list_then(c, (unsigned)api_q_int(c, "ctid", 0), list_page, e);
}

static int get_answer(struct work *w, struct err *e)
{
	(void)e;
	api_json(w->c, 200, backup_json(w->one));
	return DONE;
}

static int get_run(struct api_call *c, struct err *e)
{
	return one_then(c, get_answer, e);
}

/* --- jobs on one archive --- */

static int add_path(const struct work *w, struct conf_args *a, struct err *e)
{
	char path[4096 + CT_BACKUP_NAME_MAX];

	if (str_fmt(path, sizeof(path), "%s/%s", ct_host_conf(w->c->d->host)->dumpdir, w->c->seg[0]) < 0)
		return err_say(e, ENAMETOOLONG, "DUMPDIR: the name is too long");
	return ct_word(a, path, e);
}

static int file_job(struct work *w, const char *option, struct err *e)
{
	const char *owner = text(w->one, "owner");
	char resource[CT_BACKUP_NAME_MAX + 16];
	struct job_spec s = { .kind = w->c->route->op, .owner = owner ? owner : "", .principal = w->c->who->name,
			      .resource = resource };
	ARGS a = { 0 };

	str_fmt(resource, sizeof(resource), "/v1/backups/%s", w->c->seg[0]);
	if (ct_word(&a, VZDUMP, e) < 0 || ct_word(&a, option, e) < 0 || add_path(w, &a, e) < 0)
		return -e->code;
	s.argv = (const char *const *)a.v;
	return api_job(w->c, &s, NULL, e);
}

static int check_job(struct work *w, struct err *e) { return file_job(w, "--check", e); }
static int delete_job(struct work *w, struct err *e) { return file_job(w, "--remove", e); }
static int check_run(struct api_call *c, struct err *e) { return one_then(c, check_job, e); }
static int delete_run(struct api_call *c, struct err *e) { return one_then(c, delete_job, e); }

/* --- making one --- */

/* A tenant's archives, and those that will be: a job that has ended meanwhile counts as an archive or as a job. */
static size_t used_by(const struct work *w, const char *tenant)
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
static int backup_job(struct work *w, struct err *e)
{
	struct api_call *c = w->c;
	const struct inv_ct *ct = inv_find(c->d->inv, c->ctid);
	struct job_spec s = { .kind = KIND_BACKUP, .ctid = c->ctid, .principal = c->who->name, .again = true, .shared = true };
	json_t *detail = NULL;
	char resource[40];
	ARGS a = { 0 };

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

/* --- restoring --- */

static int restore_words(struct work *w, struct conf_args *a, const struct conf_args *opts, const char *owner, struct err *e)
{
	bool start = json_is_true(json_object_get(w->c->req.body, "start")), was = json_is_string(json_object_get(w->one, "owner"));
	char id[16];

	str_fmt(id, sizeof(id), "%u", w->c->ctid);
	if ((start && ct_word(a, VZ_LIBEXEC "/vz-seq", e) < 0) || ct_word(a, VZRESTORE, e) < 0 ||
	    (w->distrust && ct_word(a, "--no-trust", e) < 0) || add_path(w, a, e) < 0 || ct_word(a, id, e) < 0)
		return -e->code;
	for (size_t i = 0; i < opts->n; i++)
		if (ct_word(a, opts->v[i], e) < 0)
			return -e->code;
	if ((*owner || was) && conf_args_add(a, "owner", owner, e) < 0)
		return -e->code;
	return start && (ct_word(a, ";", e) < 0 || ct_words(a, "start", w->c->ctid, e) < 0) ? -e->code : 0;
}

static void json_drop(json_t **j)
{
	json_decref(*j);
}

/* What the host has put on the container is not asked for by who restores it. */
static void drop_bounds(struct ct_conf *conf)
{
	for (size_t g = 0; g < ct_param_groups_n; g++)
		for (size_t i = 0; i < ct_param_groups[g].n; i++) {
			const struct param *p = &ct_param_groups[g].rows[i];

			if (p->flags & PARAM_BOUND)
				p->type->done(param_field(p, ct_param_groups[g].base, conf));
		}
}

/* The addresses that it will have, all said to vzrestore: those of the body, else of the archive's those that are free and may
 * be had. 0.0.0.0 is none. */
static int pick_ips(const struct work *w, const json_t *config, struct ct_conf *conf, struct conf_args *opts, struct err *e)
{
	const json_t *asked = json_object_get(config, "ip_address");
	struct str_list *ips = &conf->net.ip;
	bool had = ips->n > 0;

	if (asked) {
		str_list_clear(ips);
		return json_array_size(asked) || json_is_string(asked) ? 0 : conf_args_add(opts, "ipadd", "0.0.0.0", e);
	}
	if (!ips_pick(w->c->d, change_pool(w->c), w->c->ctid, ips))
		return err_set(e, ENOMEM, "restore");
	if (had && !ips->n)
		return conf_args_add(opts, "ipadd", "0.0.0.0", e);
	for (size_t i = 0; i < ips->n; i++)
		if (conf_args_add(opts, "ipadd", ips->v[i], e) < 0)
			return -e->code;
	return 0;
}

/* A name that somebody has by now is left out, as vzrestore would. */
static void pick_name(const struct work *w, struct ct_conf *conf)
{
	if (!conf->name || (!inv_find_text(w->c->d->inv, conf->name) && !claims_name(w->c->d, w->c->ctid, conf->name)))
		return;
	free(conf->name);
	conf->name = NULL;
}

/* @conf: the archive's configuration, or empty where this host does not vouch for it. As a create: its sums must fit. */
static int restore_as(struct work *w, struct ct_conf *conf, const char *owner, struct err *e)
{
	__attribute__((cleanup(ct_conf_done))) struct ct_conf parsed = { 0 };
	__attribute__((cleanup(json_drop))) json_t *config = ct_config_of(w->c);
	struct api_call *c = w->c;
	const char *at = NULL, *layout = ct_body_text(c, "layout");
	char resource[32];
	struct job_spec s = { .kind = c->route->op, .owner = owner, .principal = c->who->name, .resource = resource };
	ARGS a = { 0 }, opts = { 0 };

	json_object_del(config, "owner");
	claims_expire(c->d);
	if (ct_new_id(c) < 0)
		return DONE;
	if (conf_json_args(config, true, &opts, &parsed, &at, e) < 0)
		return e->code == ENOMEM ? -ENOMEM : ct_bad_property(c, at, e);
	drop_bounds(conf);
	pick_name(w, conf);
	if ((layout && conf_args_add(&opts, "layout", layout, e) < 0) || pick_ips(w, config, conf, &opts, e) < 0 ||
	    ct_conf_merge(conf, &parsed, e) < 0)
		return -e->code;
	if (change_judge(c, 0, owner, conf) < 0)
		return DONE;
	str_fmt(resource, sizeof(resource), "/v1/cts/%u", c->ctid);
	s.ctid = c->ctid;
	if (restore_words(w, &a, &opts, owner, e) < 0)
		return -e->code;
	s.argv = (const char *const *)a.v;
	return api_job(c, &s, ct_new_after, e);
}

/* Whose it becomes: as the body says, else whose it was. NULL: it has answered. */
static const char *new_owner(const struct work *w)
{
	const char *said = ct_body_text(w->c, "owner"), *was = text(w->one, "owner");

	if (!said && was && auth_tenant_exists(w->c->d->auth, was))
		said = was;
	return change_owner(w->c, said);
}

static void on_conf(void *arg, const struct buf *out, const struct err *err)
{
	__attribute__((cleanup(ct_conf_done))) struct ct_conf conf = { 0 };
	struct work *w = arg;
	const char *owner = err ? NULL : new_owner(w);
	struct err e = { 0 };

	if (err) {
		api_problem(w->c, "unprocessable", 0, err->text, NULL);
	} else if (owner) {
		if (ct_restore_conf_parse(out->s ? out->s : "", out->len, &conf, &e) < 0 || restore_as(w, &conf, owner, &e) < 0)
			api_problem_err(w->c, &e);
	}
	work_free(w);
}

static int restore_step(struct work *w, struct err *e)
{
	__attribute__((cleanup(ct_conf_done))) struct ct_conf none = { 0 };
	const char *owner = new_owner(w);
	ARGS a = { 0 };

	if (!owner)
		return DONE;
	if (!json_is_true(json_object_get(w->one, "sealed")) && *owner) {
		api_problem(w->c, "unprocessable", 0, "this host has not made the archive: restore it without an owner, look at "
			    "it, and give it to the tenant then", NULL);
		return DONE;
	}
	if (!json_is_true(json_object_get(w->one, "sealed")))
		return restore_as(w, &none, owner, e);
	if (ct_word(&a, VZRESTORE, e) < 0 || add_path(w, &a, e) < 0 || ct_word(&a, "--config", e) < 0 ||
	    (w->distrust && ct_word(&a, "--no-trust", e) < 0) ||
	    ask_run(w->c->d, (const char *const *)a.v, LIST_MAX, on_conf, w, e) < 0)
		return -e->code;
	return ASKING;
}

static int restore_run(struct api_call *c, struct err *e)
{
	if (auth_has(c->who, SCOPE_CT_BACKUP))
		return one_then(c, restore_step, e);
	api_problem(c, "forbidden", 0, "a restore needs the scopes ct:create and ct:backup",
		    json_pack("{s:s}", "required_scope", scope_names[SCOPE_CT_BACKUP]));
	return 0;
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
static const struct api_field restore_body[] = {
	{ .name = "ctid", .type = API_INT, .min = 1, .max = CT_ID_MAX, .doc = "Id; the first free one from 101 when absent." },
	{ .name = "layout", .type = API_STR, .one_of = "overlay dir btrfs image", .doc = "As in the archive when absent." },
	{ .name = "config", .type = API_OBJ, .doc = "Parameters by name, as in Ct.config, in place of the archive's." },
	{ .name = "name", .type = API_STR, .max = 64, .doc = "Name." },
	{ .name = "hostname", .type = API_STR, .max = 255, .doc = "Host name inside." },
	{ .name = "description", .type = API_STR, .max = 1024, .doc = "Free text of one line." },
	{ .name = "owner", .type = API_STR, .max = 32, .doc = "Tenant; whose it was when absent." },
	{ .name = "start", .type = API_BOOL, .doc = "Start it, too." },
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
	{ "POST", "/v1/backups/{backup}/restore", "backup.restore", SCOPE_CT_CREATE, API_WRITE | API_JOB, restore_body, NULL,
	  "Ct", "Makes a container of an archive.", restore_run },
	{ "DELETE", "/v1/backups/{backup}", "backup.remove", SCOPE_CT_BACKUP, API_WRITE | API_JOB, NULL, NULL, "Operation",
	  "Removes an archive that no other needs.", delete_run },
};
const struct api_table api_backup_table = API_TABLE(rows);
