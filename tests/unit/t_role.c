/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/role.c: names, and what each role may and may not. */
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "vzd/auth_priv.h"

TEST(role_names_round)
{
	for (int i = 0; i < SCOPE_NONE; i++)
		CHECK_EQ(scope_find(scope_names[i]), i);
	CHECK_EQ(scope_find("ct:read"), SCOPE_CT_READ);
	CHECK_EQ(scope_find("audit:read"), SCOPE_AUDIT_READ);
	CHECK_EQ(scope_find("none"), -ENOENT);		/* nothing to be given */
	CHECK_EQ(scope_find("ct"), -ENOENT);
	CHECK_EQ(scope_find(""), -ENOENT);
}

TEST(role_texts)
{
	struct buf auto_buf b = BUF_INIT;
	struct err e = { 0 };
	uint32_t v = 0;

	CHECK_OK(scopes_parse("ct:power, ct:read", &v, &e), &e);
	scopes_print(v, &b);
	CHECK_STR(buf_str(&b), "ct:read ct:power");
	CHECK_OK(scopes_parse("", &v, &e), &e);
	CHECK_EQ(v, 0);
	CHECK_ERR(scopes_parse("ct:read ct:fly", &v, &e), EINVAL);
	CHECK_STR(e.text, "there is no scope 'ct:fly'");
	CHECK_ERR(scopes_parse("none", &v, &e), EINVAL);
}

static bool may(const char *role, enum scope s)
{
	return role_find(role)->scopes >> s & 1;
}

TEST(role_table)
{
	static const struct { enum scope s; const char *who; } t[] = {	/* viewer operator tenant-admin admin */
		{ SCOPE_CT_READ, "yyyy" }, { SCOPE_CT_POWER, "-yyy" }, { SCOPE_CT_CONSOLE, "-yyy" }, { SCOPE_CT_EXEC, "-yyy" },
		{ SCOPE_CT_WRITE, "-yyy" }, { SCOPE_CT_CREATE, "-yyy" }, { SCOPE_CT_DELETE, "-yyy" }, { SCOPE_CT_SNAPSHOT, "-yyy" },
		{ SCOPE_CT_BACKUP, "-yyy" }, { SCOPE_CT_MIGRATE, "-y-y" }, { SCOPE_TEMPLATE_READ, "yyyy" },
		{ SCOPE_TEMPLATE_WRITE, "---y" }, { SCOPE_NODE_READ, "yy-y" }, { SCOPE_NODE_WRITE, "---y" },
		{ SCOPE_TENANT_READ, "yyyy" }, { SCOPE_TENANT_WRITE, "--yy" }, { SCOPE_TOKEN_WRITE, "--yy" },
		{ SCOPE_METRICS_READ, "yy-y" }, { SCOPE_EVENTS_READ, "yyyy" }, { SCOPE_AUDIT_READ, "--yy" },
	};
	static const char *const roles[] = { "viewer", "operator", "tenant-admin", "admin" };

	CHECK_EQ(ARRAY_SIZE(t), SCOPE_NONE);
	CHECK_EQ(auth_roles_n, ARRAY_SIZE(roles));
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		for (size_t r = 0; r < ARRAY_SIZE(roles); r++)
			if (may(roles[r], t[i].s) != (t[i].who[r] == 'y'))
				test_fail(__FILE__, __LINE__, "%s, %s", roles[r], scope_names[t[i].s]);
	CHECK(!role_find("root") && !role_find("") && !role_find(NULL));
	CHECK(role_find("tenant-admin")->needs_tenant);
}

TEST(role_masks)
{
	CHECK_EQ(scopes_all, (1u << 20) - 1);
	CHECK(!(scopes_read & SCOPE_BIT(SCOPE_CT_EXEC)) && !(scopes_read & SCOPE_BIT(SCOPE_CT_CONSOLE)));
	CHECK(!(scopes_read & SCOPE_BIT(SCOPE_TOKEN_WRITE)));
	CHECK(!(scopes_tenant & SCOPE_BIT(SCOPE_NODE_READ)) && !(scopes_tenant & SCOPE_BIT(SCOPE_METRICS_READ)));
}
