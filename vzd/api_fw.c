/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /v1/firewall: groups of rules, zones, the host's own lists. Reading comes from the files in /etc/vz/firewall; changing is a job
 * that runs vzfw, which makes all containers follow in one transaction. A container's own rules are in its configuration.
 */
#include <errno.h>
#include <string.h>

#include "libct/fwfile.h"
#include "libct/record.h"
#include "net/fw.h"
#include "util/buf.h"
#include "vzd/api_ct.h"

#define VZFW VZ_SBINDIR "/vzfw"
#define FW_FILE_MAX 64
#define SHOW_MAX (4u << 20)

/* --- shared --- */

static json_t *texts_json(const struct str_list *l)
{
	json_t *a = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(a, json_string(l->v[i]));
	return a;
}

static const char *first_or(const struct str_list *l, const char *def)
{
	return l->n ? l->v[0] : def;
}

static int job(struct api_call *c, const char *const *words, struct err *e)
{
	struct job_spec s = { .kind = c->route->op, .owner = c->who->tenant, .principal = c->who->name,
			      .resource = c->req.path };
	auto_args struct conf_args a = { 0 };

	for (; *words; words++)
		if (ct_word(&a, *words, e) < 0)
			return -e->code;
	s.argv = (const char *const *)a.v;
	return api_job(c, &s, NULL, e);
}

static int refuse(struct api_call *c, const char *detail)
{
	api_problem(c, "invalid-field", 0, detail, NULL);
	return 0;
}

/* The body's rules as one text, each as vzfw writes it. < 0: *e says which is wrong. */
static int rules_text(struct api_call *c, struct buf *b, struct err *e)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(c->req.body, "rules"), i, item) {
		struct fw_rule r;

		if (fw_rule_parse(json_string_value(item), &r, e) < 0)
			return -e->code;
		buf_adds(b, i ? "; " : "");
		fw_rule_print(&r, b);
	}
	return 0;
}

/* --- groups --- */

static int file_of(const char *name, char file[FW_FILE_MAX], struct err *e)
{
	if (!fw_name_ok(name) || str_fmt(file, FW_FILE_MAX, "%s.conf", name) < 0 || !ct_fw_exists(file))
		return err_say(e, ENOENT, "there is no firewall group of this name");
	return 0;
}

static json_t *group_json(const char *name, struct err *e)
{
	auto_list struct str_list rules = { 0 }, about = { 0 };
	char file[FW_FILE_MAX];

	if (file_of(name, file, e) < 0 || ct_fw_values(file, "RULES", &rules, e) < 0 ||
	    ct_fw_values(file, "DESCRIPTION", &about, e) < 0)
		return NULL;
	return json_pack("{s:s, s:s, s:o}", "name", name, "description", first_or(&about, ""), "rules", texts_json(&rules));
}

static int group_list(struct api_call *c, struct err *e)
{
	auto_list struct str_list names = { 0 };
	const char *cursor = api_cursor(c), *next = NULL, *last = NULL;
	size_t limit = (size_t)api_q_int(c, "limit", 100);
	json_t *items;

	if (ct_fw_groups(&names, e) < 0)
		return -e->code;
	items = json_array();
	for (size_t i = 0; i < names.n && !next; i++) {
		struct err gone = { 0 };
		json_t *j;

		if (cursor && strcmp(names.v[i], cursor) <= 0)
			continue;
		if (json_array_size(items) == limit) {
			next = last;
			continue;
		}
		j = group_json(names.v[i], &gone);
		if (!j && gone.code != ENOENT) {
			json_decref(items);
			*e = gone;
			return -e->code;
		}
		if (j)
			json_array_append_new(items, j);
		last = names.v[i];
	}
	api_page(c, items, next);
	return 0;
}

static int group_get(struct api_call *c, struct err *e)
{
	json_t *j = group_json(c->seg[0], e);

	if (!j)
		return -e->code;
	api_json(c, 200, j);
	return 0;
}

static int group_create(struct api_call *c, struct err *e)
{
	const char *name = ct_body_text(c, "name"), *about = ct_body_text(c, "description");
	const char *const words[] = { VZFW, "group", "create", "--", name, about, NULL };

	if (!fw_name_ok(name))
		return refuse(c, "this cannot be the name of a group: want letters, digits and any of _-.");
	if (about && strchr(about, ';'))
		return refuse(c, "a semicolon in the description would end it");
	return job(c, words, e);
}

static int group_put(struct api_call *c, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	char file[FW_FILE_MAX];

	if (file_of(c->seg[0], file, e) < 0)
		return -e->code;
	if (rules_text(c, &b, e) < 0)
		return refuse(c, e->text);
	return job(c, b.len ? (const char *const[]){ VZFW, "group", "set", "--", c->seg[0], buf_str(&b), NULL } :
			      (const char *const[]){ VZFW, "group", "del", "--", c->seg[0], "all", NULL }, e);
}

static int group_delete(struct api_call *c, struct err *e)
{
	const char *const words[] = { VZFW, "group", "remove", "--", c->seg[0], NULL };
	char file[FW_FILE_MAX];

	return file_of(c->seg[0], file, e) < 0 ? -e->code : job(c, words, e);
}

/* --- zones --- */

static int zone_list(struct api_call *c, struct err *e)
{
	auto_list struct str_list pairs = { 0 };
	json_t *items = json_array();

	if (ct_fw_values("zones", "ALLOW", &pairs, e) < 0) {
		json_decref(items);
		return -e->code;
	}
	for (size_t i = 0; i < pairs.n; i++) {
		char pair[2][CT_FW_NAME];
		struct err wrong = { 0 };

		if (ct_fw_zone_pair(pairs.v[i], pair, &wrong) == 0)	/* one that makes no sense lets nobody through */
			json_array_append_new(items, json_pack("{s:s, s:s}", "zone", pair[0], "other", pair[1]));
	}
	api_page(c, items, NULL);
	return 0;
}

static int zone_change(struct api_call *c, const char *verb, struct err *e)
{
	const char *const words[] = { VZFW, "zone", verb, "--", c->seg[0], c->seg[1], NULL };

	for (size_t i = 0; i < 2; i++)
		if (!fw_name_ok(c->seg[i]))
			return refuse(c, "this cannot be the name of a zone: want letters, digits and any of _-.");
	return job(c, words, e);
}

static int zone_allow(struct api_call *c, struct err *e) { return zone_change(c, "allow", e); }
static int zone_deny(struct api_call *c, struct err *e) { return zone_change(c, "deny", e); }

/* --- the host --- */

static json_t *host_json(bool net, struct err *e)
{
	auto_list struct str_list rules = { 0 }, policy = { 0 };

	if (ct_fw_values("host", net ? "NET_POLICY" : "CT_POLICY", &policy, e) < 0 ||
	    ct_fw_values("host", net ? "NET_RULES" : "CT_RULES", &rules, e) < 0)
		return NULL;
	return json_pack("{s:s, s:s, s:o}", "from", net ? "net" : "ct", "policy", first_or(&policy, "accept"), "rules",
			 texts_json(&rules));
}

static int side_of(struct api_call *c, struct err *e)
{
	return str_eq(c->seg[0], "net") || str_eq(c->seg[0], "ct") ? 0 : err_say(e, ENOENT, "the host has lists for net and ct");
}

static int host_get(struct api_call *c, struct err *e)
{
	json_t *j = side_of(c, e) < 0 ? NULL : host_json(str_eq(c->seg[0], "net"), e);

	if (!j)
		return -e->code;
	api_json(c, 200, j);
	return 0;
}

static int host_job(struct api_call *c, const char *verb, const char *text, struct err *e)
{
	bool force = json_is_true(json_object_get(c->req.body, "force"));
	const char *const plain[] = { VZFW, "host", verb, "--", c->seg[0], text, NULL };
	const char *const forced[] = { VZFW, "host", verb, "--force", "--", c->seg[0], text, NULL };

	return job(c, force ? forced : plain, e);
}

static int host_rules(struct api_call *c, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	if (side_of(c, e) < 0)
		return -e->code;
	if (rules_text(c, &b, e) < 0)
		return refuse(c, e->text);
	return host_job(c, b.len ? "set" : "del", b.len ? buf_str(&b) : "all", e);
}

static int host_policy(struct api_call *c, struct err *e)
{
	return side_of(c, e) < 0 ? -e->code : host_job(c, "policy", ct_body_text(c, "policy"), e);
}

/* --- one container --- */

/* The counters are a walk through maps of all containers: not in the loop. */
static int ct_get(struct api_call *c, struct err *e)
{
	char id[16];
	const char *const words[] = { VZFW, "show", "--json", id, NULL };

	str_fmt(id, sizeof(id), "%u", c->ctid);
	return api_ask(c, words, SHOW_MAX, e);
}

/* --- rows --- */

static const struct api_field create_body[] = {
	{ .name = "name", .type = API_STR, .required = true, .min = 1, .max = 32, .doc = "Letters, digits and any of _-." },
	{ .name = "description", .type = API_STR, .max = 200, .doc = "For people." },
	{ .name = NULL },
};
static const struct api_field rules_body[] = {
	{ .name = "rules", .type = API_LIST, .required = true, .max = 256, .doc = "All there are from then on." },
	{ .name = NULL },
};
static const struct api_field host_rules_body[] = {
	{ .name = "rules", .type = API_LIST, .required = true, .max = 256, .doc = "All there are from then on." },
	{ .name = "force", .type = API_BOOL, .doc = "Even if nothing lets ssh in." },
	{ .name = NULL },
};
static const struct api_field host_policy_body[] = {
	{ .name = "policy", .type = API_STR, .required = true, .one_of = "accept drop accept,log drop,log",
	  .doc = "For what no rule is about." },
	{ .name = "force", .type = API_BOOL, .doc = "Even if nothing lets ssh in." },
	{ .name = NULL },
};

static const struct api_route rows[] = {
	{ "GET", "/v1/firewall/groups", "firewall.group.list", SCOPE_NODE_READ, API_PAGED, NULL, NULL, "FirewallGroupPage",
	  "Groups of firewall rules.", group_list },
	{ "GET", "/v1/firewall/groups/{group}", "firewall.group.get", SCOPE_NODE_READ, 0, NULL, NULL, "FirewallGroup",
	  "One group.", group_get },
	{ "POST", "/v1/firewall/groups", "firewall.group.create", SCOPE_NODE_WRITE, API_WRITE | API_JOB, create_body, NULL,
	  "Operation", "Makes an empty group.", group_create },
	{ "PUT", "/v1/firewall/groups/{group}", "firewall.group.put", SCOPE_NODE_WRITE, API_WRITE | API_JOB, rules_body, NULL,
	  "Operation", "Replaces the rules of a group, for all containers that use it at once.", group_put },
	{ "DELETE", "/v1/firewall/groups/{group}", "firewall.group.delete", SCOPE_NODE_WRITE, API_WRITE | API_JOB, NULL, NULL,
	  "Operation", "Removes a group that no container uses.", group_delete },
	{ "GET", "/v1/cts/{ct}/firewall", "ct.firewall.get", SCOPE_CT_READ, API_CT, NULL, NULL, "Firewall",
	  "What is in effect for a running container: its rules and those of its groups, zone, forwards, counters.", ct_get },
	{ "GET", "/v1/firewall/zones", "firewall.zone.list", SCOPE_NODE_READ, API_PAGED, NULL, NULL, "FirewallZonePairPage",
	  "Zones that reach one another.", zone_list },
	{ "PUT", "/v1/firewall/zones/{zone}/{other}", "firewall.zone.allow", SCOPE_NODE_WRITE, API_WRITE | API_JOB, NULL, NULL,
	  "Operation", "Lets two zones reach one another.", zone_allow },
	{ "DELETE", "/v1/firewall/zones/{zone}/{other}", "firewall.zone.deny", SCOPE_NODE_WRITE, API_WRITE | API_JOB, NULL, NULL,
	  "Operation", "Parts two zones again.", zone_deny },
	{ "GET", "/v1/firewall/host/{from}", "firewall.host.get", SCOPE_NODE_READ, 0, NULL, NULL, "FirewallHost",
	  "What the host takes from the network (net) or from routed containers (ct).", host_get },
	{ "PUT", "/v1/firewall/host/{from}/rules", "firewall.host.rules", SCOPE_NODE_WRITE, API_WRITE | API_JOB, host_rules_body,
	  NULL, "Operation", "Replaces the host's own rules.", host_rules },
	{ "PUT", "/v1/firewall/host/{from}/policy", "firewall.host.policy", SCOPE_NODE_WRITE, API_WRITE | API_JOB,
	  host_policy_body, NULL, "Operation", "What happens to packets that no rule is about.", host_policy },
};
const struct api_table api_fw_table = API_TABLE(rows);
