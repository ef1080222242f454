/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /v1/cts/{ct}/userlimits: limits of users and groups inside a container (QUOTAUGIDLIMIT). vzdqdump reads them, a job of
 * vzquota sets them; both say no, and why, where the layout or the kernel counts no users.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/auto.h"
#include "vzd/api_ct.h"

#define VZDQDUMP VZ_SBINDIR "/vzdqdump"
#define VZQUOTA VZ_SBINDIR "/vzquota"
#define SHOW_MAX (16u << 20)

/* A stopped container's image is mounted for it: not in the loop. */
static int get_run(struct api_call *c, struct err *e)
{
	char id[16];
	const char *const words[] = { VZDQDUMP, "--json", id, NULL };

	str_fmt(id, sizeof(id), "%u", c->ctid);
	return api_ask(c, words, SHOW_MAX, e);
}

/* "-u" or "-g" of the path's users or groups; NULL: it has answered. */
static const char *kind_of(struct api_call *c)
{
	if (str_eq(c->seg[1], "users"))
		return "-u";
	if (str_eq(c->seg[1], "groups"))
		return "-g";
	api_problem(c, "not-found", 0, "there are users and groups", NULL);
	return NULL;
}

/* A number of the body, or 0, divided by @unit; what is not whole counts as one more. */
static int number(const struct api_call *c, const char *name, uint64_t unit, struct conf_args *a, struct err *e)
{
	uint64_t v = (uint64_t)json_integer_value(json_object_get(c->req.body, name));
	char text[24];

	str_fmt(text, sizeof(text), "%" PRIu64, v / unit + (v % unit != 0));
	return ct_word(a, text, e);
}

static int submit(struct api_call *c, const struct conf_args *a, struct err *e)
{
	char resource[64];
	const struct job_spec s = { .kind = c->route->op, .ctid = c->ctid, .owner = c->ct->owner, .principal = c->who->name,
				    .resource = resource, .argv = (const char *const *)a->v };

	str_fmt(resource, sizeof(resource), "/v1/cts/%u/userlimits", c->ctid);
	return api_job(c, &s, NULL, e);
}

static int begin(struct api_call *c, struct conf_args *a, struct err *e)
{
	char id[16];

	str_fmt(id, sizeof(id), "%u", c->ctid);
	return ct_word(a, VZQUOTA, e) < 0 || ct_word(a, "setlimit2", e) < 0 ? -e->code : ct_word(a, id, e);
}

static int limits_run(struct api_call *c, struct err *e)
{
	const char *kind = kind_of(c);
	uint64_t id;
	auto_args struct conf_args a = { 0 };

	if (!kind)
		return 0;
	if (num_u64(c->seg[2], &id) < 0 || id >= UINT32_MAX) {
		api_problem(c, "not-found", 0, "that is no id of a user or group", NULL);
		return 0;
	}
	if (begin(c, &a, e) < 0 || ct_word(&a, kind, e) < 0 || ct_word(&a, c->seg[2], e) < 0 ||
	    number(c, "soft_bytes", 1024, &a, e) < 0 || number(c, "hard_bytes", 1024, &a, e) < 0 ||
	    number(c, "soft_inodes", 1, &a, e) < 0 || number(c, "hard_inodes", 1, &a, e) < 0)
		return -e->code;
	return submit(c, &a, e);
}

static int grace_run(struct api_call *c, struct err *e)
{
	const char *kind = kind_of(c);
	auto_args struct conf_args a = { 0 };

	if (!kind)
		return 0;
	if (begin(c, &a, e) < 0 || ct_word(&a, "-t", e) < 0 || ct_word(&a, kind, e) < 0 ||
	    number(c, "bytes_seconds", 1, &a, e) < 0 || number(c, "inodes_seconds", 1, &a, e) < 0)
		return -e->code;
	return submit(c, &a, e);
}

/* --- rows --- */

#define BYTES_MAX (1LL << 53)
static const struct api_field limits_body[] = {
	{ .name = "soft_bytes", .type = API_INT, .max = BYTES_MAX, .doc = "Exceeded for the grace time at most; 0: no limit." },
	{ .name = "hard_bytes", .type = API_INT, .max = BYTES_MAX, .doc = "Never exceeded; whole KiB are counted." },
	{ .name = "soft_inodes", .type = API_INT, .max = BYTES_MAX, .doc = "The same for files and directories." },
	{ .name = "hard_inodes", .type = API_INT, .max = BYTES_MAX, .doc = "The same for files and directories." },
	{ .name = NULL },
};
static const struct api_field grace_body[] = {
	{ .name = "bytes_seconds", .type = API_INT, .required = true, .min = 1, .max = INT32_MAX, .doc = "Of space." },
	{ .name = "inodes_seconds", .type = API_INT, .required = true, .min = 1, .max = INT32_MAX, .doc = "Of files." },
	{ .name = NULL },
};

#define CHANGE (API_CT | API_WRITE | API_JOB)
static const struct api_route rows[] = {
	{ "GET", "/v1/cts/{ct}/userlimits", "ct.userlimits.get", SCOPE_CT_READ, API_CT, NULL, NULL, "UserLimits",
	  "Limits and usage of every user and group inside.", get_run },
	{ "PUT", "/v1/cts/{ct}/userlimits/{kind}/{id}", "ct.userlimits.put", SCOPE_CT_WRITE, CHANGE, limits_body, NULL,
	  "Operation",
	  "Sets all limits of one: kind is users or groups, id the number inside.", limits_run },
	{ "PUT", "/v1/cts/{ct}/usergrace/{kind}", "ct.usergrace.put", SCOPE_CT_WRITE, CHANGE, grace_body, NULL, "Operation",
	  "How long all users, or all groups, may exceed soft limits.", grace_run },
};
const struct api_table api_ugid_table = API_TABLE(rows);
