/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every table of routes there is: one line for each api_*.c. */
#include "util/auto.h"
#include "vzd/api.h"

extern const struct api_table
	api_root_table,
	api_token_table,
	api_tenant_table,
	api_audit_table,
	api_ct_table,
	api_life_table,
	api_net_table,
	api_fw_table,
	api_snap_table,
	api_store_table,
	api_ugid_table,
	api_exec_table,
	api_template_table, api_template_new_table,
	api_pool_table,
	api_pool_new_table,
	api_backup_table, api_backup_file_table, api_restore_table,
	api_events_table,
	api_cli_table,
	api_boot_table,
	api_job_table,
	api_host_table,
	api_stats_table,
	api_webhook_table;

const struct api_table *const api_tables[] = {
	&api_root_table,
	&api_token_table,
	&api_tenant_table,
	&api_audit_table,
	&api_ct_table,
	&api_life_table,
	&api_net_table,
	&api_fw_table,
	&api_snap_table,
	&api_store_table,
	&api_ugid_table,
	&api_exec_table,
	&api_template_table,
	&api_template_new_table,
	&api_pool_table,
	&api_pool_new_table,
	&api_backup_table,
	&api_backup_file_table,
	&api_restore_table,
	&api_events_table,
	&api_cli_table,
	&api_boot_table,
	&api_job_table,
	&api_host_table,
	&api_stats_table,
	&api_webhook_table,
};
const size_t api_tables_n = ARRAY_SIZE(api_tables);
