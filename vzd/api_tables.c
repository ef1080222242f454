/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every table of routes there is: one line for each api_*.c. */
#include "util/auto.h"
#include "vzd/api.h"

extern const struct api_table api_root_table, api_token_table, api_tenant_table, api_audit_table;

const struct api_table *const api_tables[] = {
	&api_root_table, &api_token_table, &api_tenant_table, &api_audit_table,
};
const size_t api_tables_n = ARRAY_SIZE(api_tables);
