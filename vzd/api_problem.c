/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Problems (RFC 9457): one row per kind; which one an errno or an exit status of vzctl becomes. The text of an error that
 * vzctl would have printed goes to the client as it is: it is interface. One of our own innards goes to the log only.
 */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "libct/exit.h"
#include "util/auto.h"
#include "util/str.h"
#include "vzd/api_priv.h"

const struct api_problem_row api_problems[] = {
	{ "invalid-json", 400, "Not JSON", "The body is no JSON text, nested too deep, or has a member twice." },
	{ "invalid-field", 400, "Invalid input", "A member or parameter is unknown, missing, or has a wrong type or value: "
	  "`errors` names each." },
	{ "unauthorized", 401, "Who are you?", "No token, or one that is unknown, expired, revoked, or used from an address it is "
	  "not for." },
	{ "forbidden", 403, "Not allowed", "The token lacks a scope: `required_scope` names it." },
	{ "quota-exceeded", 403, "Quota exceeded", "The tenant's limit: `limit`, `used` and `requested` say by how much." },
	{ "not-found", 404, "Not found", "There is no such thing, or it is not yours." },
	{ "method-not-allowed", 405, "Method not allowed", "The header Allow lists what this path knows." },
	{ "conflict-state", 409, "Not in this state", "The container is in a state that does not allow it: `state`." },
	{ "locked", 409, "Busy", "Another operation or command holds it: `operation`, when it is one of ours." },
	{ "exists", 409, "Exists already", "The id, name or address is taken: `resource`, where it is known." },
	{ "key-in-progress", 409, "Still at it", "A request with the same Idempotency-Key has not ended yet." },
	{ "precondition-failed", 412, "Changed meanwhile", "If-Match differs: `current_etag`." },
	{ "payload-too-large", 413, "Too large", "The body is above the limit." },
	{ "unsupported-media-type", 415, "Unsupported media type", "Bodies are application/json or application/merge-patch+json." },
	{ "key-reused", 422, "Idempotency-Key reused", "The same key came with another request within 24 hours." },
	{ "unprocessable", 422, "Cannot be done", "Well-formed, but the values cannot be had: a disk below its use, an address "
	  "that does not exist." },
	{ "failed", 500, "Failed", "The command ran and failed: `detail` is what it said, `code` vzctl's exit status." },
	{ "upgrade-required", 426, "Upgrade required", "This is a WebSocket." },
	{ "precondition-required", 428, "If-Match required", "A replacement of the whole needs If-Match." },
	{ "rate-limited", 429, "Too many requests", "Retry-After says how many seconds to wait." },
	{ "internal", 500, "Internal error", "A fault of ours; the log of vzd has it under the request's id." },
	{ "vzd-down", 503, "Not available", "vzd is starting or stopping: Retry-After." },
	{ "maintenance", 503, "Maintenance", "The host takes no new work: Retry-After." },
	{ "no-capacity", 507, "No capacity", "The host is out of memory, disk or addresses." },
};
const size_t api_problems_n = ARRAY_SIZE(api_problems);

struct exit_slug { int exit; const char *slug; };
/* Every value of enum vz_exit is here, by what a client can do about it. */
static const struct exit_slug exit_slugs[] = {
	{ VZ_LOCKED, "locked" },
	{ VZ_NOVECONFIG, "not-found" }, { VZ_OSTEMPLATE_NOT_FOUND, "not-found" }, { VZ_NOSCRIPT, "not-found" },
	{ VZ_NO_ACCES, "forbidden" },
	{ VZ_INVALID_PARAMETER_SYNTAX, "invalid-field" }, { VZ_INVALID_PARAMETER_VALUE, "invalid-field" },
	{ VZ_BADHOSTNAME, "invalid-field" }, { VZ_BADIP, "invalid-field" }, { VZ_BADDNSSRV, "invalid-field" },
	{ VZ_BADDNSSEARCH, "invalid-field" }, { VZ_VE_OSTEMPLATE_NOTSET, "invalid-field" },
	{ VZ_VE_ROOT_NOTSET, "unprocessable" }, { VZ_VE_PRIVATE_NOTSET, "unprocessable" }, { VZ_VE_TMPL_NOTSET, "unprocessable" },
	{ VZ_NOTENOUGHUBCPARAMS, "unprocessable" }, { VZ_VALIDATE_ERROR, "unprocessable" }, { VZ_SETUBC_ERROR, "unprocessable" },
	{ VZ_SETFSHD_ERROR, "unprocessable" }, { VZ_CANT_ADDIP, "unprocessable" }, { VZ_DQ_SET, "unprocessable" },
	{ VZ_DISKSPACE_NOT_SET, "unprocessable" }, { VZ_DISKINODES_NOT_SET, "unprocessable" }, { VZ_SET_CAP, "unprocessable" },
	{ VZ_SET_RATE, "unprocessable" }, { VZ_COMPACT_IMAGE, "failed" },
	{ VZ_CHANGEPASS, "unprocessable" }, { VZ_SET_DEVICES, "unprocessable" }, { VZ_PLOOP_UNSUP, "unprocessable" },
	{ VZ_NETDEV_ERROR, "unprocessable" }, { VZ_VETH_ERROR, "unprocessable" }, { VZ_SET_IO, "unprocessable" },
	{ VZ_INVALID_CONFIG, "unprocessable" }, { VZ_APPLY_CONFIG_ERROR, "unprocessable" }, { VZ_FS_BAD_TMPL, "unprocessable" },
	{ VZ_UNK_MOUNT_TYPE, "unprocessable" }, { VZ_REGISTER, "unprocessable" }, { VZ_CP_CONFIG, "unprocessable" },
	{ VZ_NO_DISTR_CONF, "unprocessable" }, { VZ_NO_DISTR_ACTION_SCRIPT, "unprocessable" }, { VZ_IP_NA, "unprocessable" },
	{ VZ_VE_NOT_RUNNING, "conflict-state" }, { VZ_VE_RUNNING, "conflict-state" }, { VZ_FS_NOT_MOUNTED, "conflict-state" },
	{ VZ_FS_MOUNTED, "conflict-state" }, { VZ_FS_NOPRVT, "conflict-state" }, { VZ_VE_START_DISABLED, "conflict-state" },
	{ VZ_DQ_ON, "conflict-state" }, { VZ_DQ_INIT, "conflict-state" }, { VZ_DQ_OFF, "conflict-state" },
	{ VZ_UNREGISTER, "conflict-state" },
	{ VZ_FS_PRVT_AREA_EXIST, "exists" }, { VZ_IP_INUSE, "exists" }, { VZ_SET_NAME_ERROR, "exists" },
	{ VZ_FS_NO_DISK_SPACE, "no-capacity" }, { VZ_RESOURCE_ERROR, "no-capacity" },
	{ VZ_SYSTEM_ERROR, "failed" }, { VZ_BAD_KERNEL, "failed" }, { VZ_ENVCREATE_ERROR, "failed" },
	{ VZ_COMMAND_EXECUTION_ERROR, "failed" }, { VZ_NOCONFIG, "failed" }, { VZ_EXEC_TIMEOUT, "failed" },
	{ VZ_CHKPNT_ERROR, "failed" }, { VZ_RESTORE_ERROR, "failed" }, { VZ_STOP_ERROR, "failed" },
	{ VZ_FS_NEW_VE_PRVT, "failed" }, { VZ_FS_MPOINTCREATE, "failed" }, { VZ_FS_CANTMOUNT, "failed" },
	{ VZ_FS_CANTUMOUNT, "failed" }, { VZ_FS_DEL_PRVT, "failed" }, { VZ_CANT_CREATE_DIR, "failed" },
	{ VZ_VE_LCKDIR_NOTSET, "failed" }, { VZ_ACTIONSCRIPT_ERROR, "failed" }, { VZ_WAIT_FAILED, "failed" },
	{ VZ_CONFIG_SAVE_ERROR, "failed" }, { VZ_CONVERT_IMAGE, "failed" }, { VZ_CREATE_SNAPSHOT, "failed" },
	{ VZ_DELETE_SNAPSHOT, "failed" }, { VZ_SWITCH_SNAPSHOT, "failed" }, { VZ_MOUNT_SNAPSHOT, "failed" },
	{ VZ_UMOUNT_SNAPSHOT, "failed" }, { VZ_LIST_SNAPSHOT, "failed" },
};

const char *api_slug_of_exit(int vz_exit)
{
	for (size_t i = 0; i < ARRAY_SIZE(exit_slugs); i++) {
		if (exit_slugs[i].exit == vz_exit)
			return exit_slugs[i].slug;
	}
	return "failed";
}

bool api_exit_has_row(int vz_exit)
{
	for (size_t i = 0; i < ARRAY_SIZE(exit_slugs); i++) {
		if (exit_slugs[i].exit == vz_exit)
			return true;
	}
	return false;
}

static const char *slug_of_errno(int code)
{
	static const struct { int code; const char *slug; } t[] = {
		{ EINVAL, "invalid-field" }, { ERANGE, "invalid-field" }, { ENAMETOOLONG, "invalid-field" },
		{ EILSEQ, "invalid-field" }, { ENOENT, "not-found" }, { ESRCH, "not-found" }, { EEXIST, "exists" },
		{ EADDRINUSE, "exists" }, { EBUSY, "locked" }, { EACCES, "forbidden" }, { EPERM, "forbidden" },
		{ EDQUOT, "quota-exceeded" }, { EUSERS, "rate-limited" }, { ENOSPC, "no-capacity" }, { ENOMEM, "no-capacity" },
		{ EOPNOTSUPP, "unprocessable" }, { ENOTEMPTY, "conflict-state" }, { EALREADY, "conflict-state" },
		{ EAGAIN, "vzd-down" }, { ESHUTDOWN, "vzd-down" }, { EMSGSIZE, "payload-too-large" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		if (t[i].code == code)
			return t[i].slug;
	}
	return "internal";
}

static const struct api_problem_row *row_of(const char *slug)
{
	const struct api_problem_row *internal = api_problems;

	for (size_t i = 0; i < api_problems_n; i++) {
		if (!strcmp(api_problems[i].slug, slug))
			return &api_problems[i];
		if (!strcmp(api_problems[i].slug, "internal"))
			internal = &api_problems[i];
	}
	return internal;
}

json_t *api_problem_json(const char *slug, int vz_exit, const char *detail, json_t *extra)
{
	const struct api_problem_row *row = row_of(slug);
	char type[64];
	json_t *j;

	str_fmt(type, sizeof(type), "/problems/%s", row->slug);
	j = json_pack("{ss ss si}", "type", type, "title", row->title, "status", row->status);
	if (detail && *detail)
		json_object_set_new(j, "detail", json_string(detail));	/* not UTF-8: left out */
	if (vz_exit > 0)
		json_object_set_new(j, "code", json_integer(vz_exit));
	if (extra)
		json_object_update_missing(j, extra);
	json_decref(extra);
	return j;
}

void api_problem(struct api_call *c, const char *slug, int vz_exit, const char *detail, json_t *extra)
{
	static const char last[] = "{\"type\":\"/problems/internal\",\"title\":\"Internal error\",\"status\":500}";
	const struct api_problem_row *row = row_of(slug);
	json_t *j = api_problem_json(slug, vz_exit, detail, extra);
	auto_free char *text = NULL;

	json_object_set_new(j, "instance", json_string(c->id));
	text = j ? json_dumps(j, JSON_COMPACT) : NULL;
	json_decref(j);
	if (row->status == 503)
		api_header(c, "Retry-After", "2");
	(void)str_copy(gate_of(c)->note, sizeof(gate_of(c)->note), detail ? detail : row->title);
	if (text)
		api_raw(c, row->status, API_PROBLEM_TYPE, text, strlen(text));
	else
		api_raw(c, 500, API_PROBLEM_TYPE, last, sizeof(last) - 1);
}

void api_problem_err(struct api_call *c, const struct err *e)
{
	const char *slug = e->exit ? api_slug_of_exit(e->exit) : slug_of_errno(e->code);
	char text[ERR_TEXT_MAX];

	if (strcmp(slug, "internal") || e->exit) {
		api_problem(c, slug, e->exit, e->text, NULL);
		return;
	}
	vzd_log(LOG_ERR, "request %s: %s", c->id, e->text);
	str_fmt(text, sizeof(text), "this is a fault of vzd; its log has the reason under %s", c->id);
	api_problem(c, slug, 0, text, NULL);
}
