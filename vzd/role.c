/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scopes by name, and the roles that are presets of them. Who has which is token.c's and auth.c's. */
#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/str.h"
#include "vzd/auth_priv.h"

const char *const scope_names[SCOPE_N] = {
	[SCOPE_CT_READ] = "ct:read", [SCOPE_CT_POWER] = "ct:power", [SCOPE_CT_CONSOLE] = "ct:console",
	[SCOPE_CT_EXEC] = "ct:exec", [SCOPE_CT_WRITE] = "ct:write", [SCOPE_CT_CREATE] = "ct:create",
	[SCOPE_CT_DELETE] = "ct:delete", [SCOPE_CT_SNAPSHOT] = "ct:snapshot", [SCOPE_CT_BACKUP] = "ct:backup",
	[SCOPE_CT_MIGRATE] = "ct:migrate", [SCOPE_TEMPLATE_READ] = "template:read", [SCOPE_TEMPLATE_WRITE] = "template:write",
	[SCOPE_NODE_READ] = "node:read", [SCOPE_NODE_WRITE] = "node:write", [SCOPE_TENANT_READ] = "tenant:read",
	[SCOPE_TENANT_WRITE] = "tenant:write", [SCOPE_TOKEN_WRITE] = "token:write", [SCOPE_METRICS_READ] = "metrics:read",
	[SCOPE_EVENTS_READ] = "events:read", [SCOPE_AUDIT_READ] = "audit:read", [SCOPE_NONE] = "none",
};
_Static_assert(SCOPE_NONE == SCOPE_N - 1, "the scopes that can be given come first");

#define B(s) SCOPE_BIT(SCOPE_##s)
#define CT_USE (B(CT_READ) | B(CT_POWER) | B(CT_CONSOLE) | B(CT_EXEC) | B(CT_WRITE) | B(CT_SNAPSHOT) | B(CT_BACKUP))
#define CT_OWN (CT_USE | B(CT_CREATE) | B(CT_DELETE))

const uint32_t scopes_all = SCOPE_BIT(SCOPE_NONE) - 1;
const uint32_t scopes_read = B(CT_READ) | B(TEMPLATE_READ) | B(NODE_READ) | B(TENANT_READ) | B(METRICS_READ) | B(EVENTS_READ) |
			     B(AUDIT_READ);
const uint32_t scopes_tenant = CT_OWN | B(TEMPLATE_READ) | B(TENANT_READ) | B(TENANT_WRITE) | B(TOKEN_WRITE) | B(EVENTS_READ) |
			       B(AUDIT_READ);

const struct role auth_roles[] = {
	{ "viewer", B(CT_READ) | B(TEMPLATE_READ) | B(NODE_READ) | B(TENANT_READ) | B(METRICS_READ) | B(EVENTS_READ), false,
	  "Sees containers, figures and events; changes nothing." },
	{ "operator", CT_OWN | B(CT_MIGRATE) | B(TEMPLATE_READ) | B(NODE_READ) | B(TENANT_READ) | B(METRICS_READ) | B(EVENTS_READ),
	  false, "Does everything with containers; no templates, tenants, tokens or host settings." },
	{ "tenant-admin", CT_OWN | B(TEMPLATE_READ) | B(TENANT_READ) | B(TENANT_WRITE) | B(TOKEN_WRITE) | B(EVENTS_READ) |
	  B(AUDIT_READ), true, "Does everything inside one tenant and its limits, tokens included." },
	{ "admin", SCOPE_BIT(SCOPE_NONE) - 1, false, "Does everything." },
};
const size_t auth_roles_n = ARRAY_SIZE(auth_roles);

const struct role *role_find(const char *name)
{
	for (size_t i = 0; i < auth_roles_n; i++)
		if (str_eq(auth_roles[i].name, name))
			return &auth_roles[i];
	return NULL;
}

int scope_find(const char *name)
{
	for (int i = 0; i < SCOPE_NONE; i++)
		if (str_eq(scope_names[i], name))
			return i;
	return -ENOENT;
}

void scopes_print(uint32_t scopes, struct buf *b)
{
	const char *sep = "";

	for (unsigned i = 0; i < SCOPE_NONE; i++) {
		if (!(scopes >> i & 1))
			continue;
		buf_addf(b, "%s%s", sep, scope_names[i]);
		sep = " ";
	}
}

int scopes_parse(const char *text, uint32_t *ret, struct err *e)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };
	uint32_t v = 0;

	if (str_list_split(&l, text, " ,", e) < 0)
		return -e->code;
	for (size_t i = 0; i < l.n; i++) {
		int s = scope_find(l.v[i]);

		if (s < 0)
			return err_say(e, EINVAL, "there is no scope '%s'", l.v[i]);
		v |= SCOPE_BIT(s);
	}
	*ret = v;
	return 0;
}

json_t *scopes_json(uint32_t scopes)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < SCOPE_NONE; i++)
		if (scopes >> i & 1)
			json_array_append_new(a, json_string(scope_names[i]));
	return a;
}
