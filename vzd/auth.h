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
	bool suspended;			/* its tenant is: scopes holds only those that read */
	unsigned gen;			/* of the token's secret, for auth_check() */
	unsigned refs;
};
struct principal *principal_ref(struct principal *p);
void principal_unref(struct principal *p);

int auth_open(struct vzd *d, struct auth **ret, struct err *e);
void auth_close(struct auth *a);
/* Local caller by its credentials. NULL and EACCES: neither root nor in the group. */
struct principal *auth_peer(struct auth *a, uid_t uid, gid_t gid, pid_t pid, struct err *e);
/* By token text: cached, no file touched on the hot path. EACCES for every kind of wrong, always with the same text;
 * EUSERS (429, Retry-After: AUTH_RETRY_S) when too many wrong ones came from @remote (NULL: unknown). A right one is never
 * refused for that. */
#define AUTH_RETRY_S 10u
struct principal *auth_token(struct auth *a, const char *token, const char *remote, struct err *e);
bool auth_has(const struct principal *p, enum scope s);
bool auth_sees(const struct principal *p, const struct inv_ct *ct);	/* tenant and list of containers */
/* Is it still so? Streams ask again when auth_watch() calls: EACCES when the token was revoked, rotated or has expired,
 * its tenant was removed or suspended, since @p was made. Root and group: always. */
int auth_check(struct auth *a, const struct principal *p, struct err *e);
/* Calls @fn after any change that may end somebody's rights. *ret is ended by auth_unwatch(), also from within @fn. */
struct auth_watch;
int auth_watch(struct auth *a, void (*fn)(void *arg), void *arg, struct auth_watch **ret, struct err *e);
void auth_unwatch(struct auth_watch *w);		/* NULL is fine */
/* Token bucket per principal; root has none. False: *retry_s. */
bool auth_rate(struct auth *a, const struct principal *p, unsigned *retry_s, unsigned *left);
/* Would @add on top of what the tenant has be above its limits? EDQUOT with limit, used, requested in the text and in
 * *ret_detail (object, may be NULL). @replace: the container that is changed, its present values do not count. A tenant
 * that is suspended: EPERM. */
int auth_quota(struct auth *a, const char *tenant, const struct inv_sum *add, const struct inv_ct *replace, json_t **ret_detail,
	       struct err *e);
/* The same for one more archive of a tenant that has @used. */
int auth_quota_backup(struct auth *a, const char *tenant, size_t used, json_t **ret_detail, struct err *e);
/*
 * What was promised to a job counts from then on, though the inventory shows it later: container @ctid of @tenant will have
 * @sum. Ends when the inventory shows as much, or with the job. 1: there was no such promise before.
 * auth_quota_answered(): the request was accepted, so its job is there; or refused, which takes back what was promised @anew.
 */
int auth_quota_hold(struct auth *a, const char *tenant, unsigned ctid, const struct inv_sum *sum, struct err *e);
void auth_quota_answered(struct auth *a, const char *tenant, unsigned ctid, bool accepted, bool anew);
bool auth_tenant_exists(struct auth *a, const char *tenant);	/* "" does not */
bool auth_tenant_suspended(struct auth *a, const char *tenant);	/* no start of its containers over the API, nor at boot */
/* One line per change: in the database, and on the log. @result: HTTP status. Never blocks. */
void auth_audit(struct auth *a, const struct principal *p, const char *verb, const char *path, int result, const char *job,
		const char *detail);

#endif
