/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_AUTH_H
#define VZD_AUTH_H
/*
 * Who may what. A principal is the local root, the local group vz, or a token. Tokens are "vz1_ID_SECRET": the id is
 * public, of the secret (32 random bytes, base64url) only the SHA-256 is kept, compared in constant time. A tenant owns
 * containers (OWNER in CTID.conf), tokens and limits. Decisions are pure functions of the principal: they touch no file.
 */
#include <jansson.h>

#include "vzd/inv.h"

enum scope {
	SCOPE_CT_READ, SCOPE_CT_POWER, SCOPE_CT_CONSOLE, SCOPE_CT_EXEC, SCOPE_CT_WRITE, SCOPE_CT_CREATE, SCOPE_CT_DELETE,
	SCOPE_CT_SNAPSHOT, SCOPE_CT_BACKUP, SCOPE_CT_MIGRATE, SCOPE_TEMPLATE_READ, SCOPE_TEMPLATE_WRITE, SCOPE_NODE_READ,
	SCOPE_NODE_WRITE, SCOPE_TENANT_READ, SCOPE_TENANT_WRITE, SCOPE_TOKEN_WRITE, SCOPE_METRICS_READ, SCOPE_EVENTS_READ,
	SCOPE_AUDIT_READ, SCOPE_NONE /* any principal, also without a token */, SCOPE_N
};
extern const char *const scope_names[SCOPE_N];		/* "ct:read" ... */
/* Roles are presets of scopes: viewer, operator, tenant-admin, admin. */
struct role { const char *name; uint32_t scopes; bool needs_tenant; const char *doc; };
extern const struct role auth_roles[];
extern const size_t auth_roles_n;

struct principal {
	char name[48];			/* "root", "uid:1000", "token:ID" */
	char tenant[33];		/* "" : none, sees everything its scopes allow */
	uint32_t scopes;		/* bit per enum scope */
	unsigned *cts;			/* only these, NULL: all of its tenant */
	size_t n_cts;
	bool root;			/* uid 0 on VZD_SOCK */
	char remote[64];		/* address, or "local" */
	unsigned refs;
};
struct principal *principal_ref(struct principal *p);
void principal_unref(struct principal *p);

int auth_open(struct vzd *d, struct auth **ret, struct err *e);
void auth_close(struct auth *a);
/* Local caller by its credentials. NULL and EACCES: neither root nor in the group. */
struct principal *auth_peer(struct auth *a, uid_t uid, gid_t gid, pid_t pid, struct err *e);
/* By token text: cached, no file touched on the hot path. EACCES for every kind of wrong, always with the same text. */
struct principal *auth_token(struct auth *a, const char *token, const char *remote, struct err *e);
bool auth_has(const struct principal *p, enum scope s);
bool auth_sees(const struct principal *p, const struct inv_ct *ct);	/* tenant and list of containers */
/* Token bucket per principal. False: *retry_s. */
bool auth_rate(struct auth *a, const struct principal *p, unsigned *retry_s, unsigned *left);
/* Would @add on top of what the tenant has be above its limits? EDQUOT with limit, used, requested in the text and in
 * *ret_detail (object, may be NULL). @replace: the container that is changed, its present values do not count. A tenant that is suspended: EPERM. */
int auth_quota(struct auth *a, const char *tenant, const struct inv_sum *add, const struct inv_ct *replace, json_t **ret_detail,
	       struct err *e);
bool auth_tenant_suspended(struct auth *a, const char *tenant);
/* One line per change: in the database, and on the log. @result: HTTP status. Never blocks. */
void auth_audit(struct auth *a, const struct principal *p, const char *verb, const char *path, int result, const char *job,
		const char *detail);

#endif
