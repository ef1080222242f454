/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * POST /v1/backups/{backup}/restore: a container of an archive. Judged as a create, on the configuration that vzrestore would
 * take from it. Whoever is no administrator of the host gets of it what a tenant may have: no scripts, nothing that reaches
 * beyond the container, the limits that the host had put on it, and of its addresses those that are free and in the pool.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libct/backup.h"
#include "util/auto.h"
#include "util/buf.h"
#include "vzd/api_backup.h"
#include "vzd/ask.h"
#include "vzd/change.h"
#include "vzd/change_ips.h"
#include "vzd/change_more.h"
#include "vzd/claims.h"
#include "vzd/inv.h"


static int restore_words(struct backup_work *w, struct conf_args *a, const struct conf_args *opts, const char *owner, struct err *e)
{
	bool start = json_is_true(json_object_get(w->c->req.body, "start")), was = json_is_string(json_object_get(w->one, "owner"));
	char id[16];

	str_fmt(id, sizeof(id), "%u", w->c->ctid);
	if ((start && ct_word(a, VZ_LIBEXEC "/vz-seq", e) < 0) || ct_word(a, VZRESTORE, e) < 0 ||
	    (w->distrust && ct_word(a, "--no-trust", e) < 0) || backup_path_word(w, a, e) < 0 || ct_word(a, id, e) < 0)
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
static int pick_ips(const struct backup_work *w, const json_t *config, struct ct_conf *conf, struct conf_args *opts, struct err *e)
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
static void pick_name(const struct backup_work *w, struct ct_conf *conf)
{
	if (!conf->name || (!inv_find_text(w->c->d->inv, conf->name) && !claims_name(w->c->d, w->c->ctid, conf->name)))
		return;
	free(conf->name);
	conf->name = NULL;
}

/* @conf: the archive's configuration, or empty where this host does not vouch for it. As a create: its sums must fit. */
static int restore_as(struct backup_work *w, struct ct_conf *conf, const char *owner, struct err *e)
{
	__attribute__((cleanup(ct_conf_done))) struct ct_conf parsed = { 0 };
	__attribute__((cleanup(json_drop))) json_t *config = ct_config_of(w->c);
	struct api_call *c = w->c;
	const char *at = NULL, *layout = ct_body_text(c, "layout");
	char resource[32];
	struct job_spec s = { .kind = c->route->op, .owner = owner, .principal = c->who->name, .resource = resource };
	auto_args struct conf_args a = { 0 }, opts = { 0 };

	json_object_del(config, "owner");
	claims_expire(c->d);
	if (ct_new_id(c) < 0)
		return DONE;
	if (conf_json_args(config, true, &opts, &parsed, &at, e) < 0)
		return e->code == ENOMEM ? -ENOMEM : ct_bad_property(c, at, e);
	drop_bounds(conf);
	if (more_judge_archive(c, conf, owner, &parsed) < 0)
		return DONE;
	str_list_clear(&conf->net.forward);	/* those of the body are judged; the archive's come as they are */
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
static const char *new_owner(const struct backup_work *w)
{
	const char *said = ct_body_text(w->c, "owner"), *was = backup_text(w->one, "owner");

	if (!said && was && auth_tenant_exists(w->c->d->auth, was))
		said = was;
	return change_owner(w->c, said);
}

static void on_conf(void *arg, const struct buf *out, const struct err *err)
{
	__attribute__((cleanup(ct_conf_done))) struct ct_conf conf = { 0 };
	struct backup_work *w = arg;
	const char *owner = err ? NULL : new_owner(w);
	struct err e = { 0 };

	if (err) {
		api_problem(w->c, "unprocessable", 0, err->text, NULL);
	} else if (owner) {
		if (ct_restore_conf_parse(out->s ? out->s : "", out->len, &conf, &e) < 0 || restore_as(w, &conf, owner, &e) < 0)
			api_problem_err(w->c, &e);
	}
	backup_work_free(w);
}

static int restore_step(struct backup_work *w, struct err *e)
{
	__attribute__((cleanup(ct_conf_done))) struct ct_conf none = { 0 };
	const char *owner = new_owner(w);
	auto_args struct conf_args a = { 0 };

	if (!owner)
		return DONE;
	if (!json_is_true(json_object_get(w->one, "sealed")) && *owner) {
		api_problem(w->c, "unprocessable", 0, "this host has not made the archive: restore it without an owner, look at "
			    "it, and give it to the tenant then", NULL);
		return DONE;
	}
	if (!json_is_true(json_object_get(w->one, "sealed")))
		return restore_as(w, &none, owner, e);
	if (ct_word(&a, VZRESTORE, e) < 0 || backup_path_word(w, &a, e) < 0 || ct_word(&a, "--config", e) < 0 ||
	    (w->distrust && ct_word(&a, "--no-trust", e) < 0) ||
	    ask_run(w->c->d, (const char *const *)a.v, LIST_MAX, on_conf, w, e) < 0)
		return -e->code;
	return ASKING;
}

static int restore_run(struct api_call *c, struct err *e)
{
	if (auth_has(c->who, SCOPE_CT_BACKUP))
		return backup_one_then(c, restore_step, e);
	api_problem(c, "forbidden", 0, "a restore needs the scopes ct:create and ct:backup",
		    json_pack("{s:s}", "required_scope", scope_names[SCOPE_CT_BACKUP]));
	return 0;
}

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
	{ "POST", "/v1/backups/{backup}/restore", "backup.restore", SCOPE_CT_CREATE, API_WRITE | API_JOB, restore_body, NULL,
	  "Ct", "Makes a container of an archive.", restore_run },
};
const struct api_table api_restore_table = API_TABLE(rows);
