/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every option and key has its text, and no two rows claim one word: the manuals, --help and completion print these rows. */
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/str.h"
#include "vzctl/cmd.h"
#include "vzd/vzd.h"

static void check_text(const char *who, const char *man)
{
	if (!man || strlen(man) < 8 || (!str_ends(man, ".") && !str_ends(man, "'.") && !str_ends(man, ")")))
		test_fail(__FILE__, __LINE__, "%s: '%s' is no sentence", who, man ? man : "");
	if (str_has_ctrl(man))
		test_fail(__FILE__, __LINE__, "%s: markup or control characters", who);
}

TEST(docs_parameters)
{
	for (size_t g = 0; g < ct_param_groups_n; g++) {
		CHECK(ct_param_groups[g].n > 0 && ct_param_groups[g].name);
		for (size_t i = 0; i < ct_param_groups[g].n; i++) {
			const struct param *p = &ct_param_groups[g].rows[i];

			check_text(p->opt ? p->opt : p->key, p->man);
			CHECK(p->type && (p->opt || p->key));
			if (p->opt && !p->arg)
				test_fail(__FILE__, __LINE__, "--%s: what is its argument?", p->opt);
		}
	}
	for (size_t i = 0; i < ct_host_param_group.n; i++)
		check_text(ct_host_param_group.rows[i].key, ct_host_param_group.rows[i].man);
	for (size_t i = 0; i < vzd_param_group.n; i++)
		check_text(vzd_param_group.rows[i].key, vzd_param_group.rows[i].man);
}

TEST(docs_commands)
{
	for (size_t i = 0; i < cmd_table_n; i++) {
		const struct cmd *c = cmd_table[i];

		check_text(c->word, c->man);
		CHECK(c->run && cmd_find(c->word) == c);
		for (size_t k = 0; k < c->n_opts; k++)
			check_text(c->opts[k].name, c->opts[k].man);
	}
}

/* How often an option of @cmd is called @name. */
static unsigned named(const struct cmd *cmd, const char *name)
{
	unsigned n = 0;

	for (size_t k = 0; k < cmd->n_opts; k++)
		n += str_eq(cmd->opts[k].name, name);
	for (size_t g = 0; g < ct_param_groups_n; g++) {
		for (size_t i = 0; i < ct_param_groups[g].n; i++) {
			const struct param *p = &ct_param_groups[g].rows[i];

			if (cmd_takes(cmd, p))
				n += str_eq(p->opt, name) + str_eq(p->alias_opt, name);
		}
	}
	return n;
}

TEST(docs_options_are_unique)
{
	for (size_t c = 0; c < cmd_table_n; c++) {
		for (size_t k = 0; k < cmd_table[c]->n_opts; k++)
			CHECK_EQ(named(cmd_table[c], cmd_table[c]->opts[k].name), 1);
		for (size_t g = 0; g < ct_param_groups_n; g++)
			for (size_t i = 0; i < ct_param_groups[g].n; i++)
				if (cmd_takes(cmd_table[c], &ct_param_groups[g].rows[i]))
					CHECK_EQ(named(cmd_table[c], ct_param_groups[g].rows[i].opt), 1);
	}
}

/* What the specification lists as options of set, and this version knows. */
TEST(docs_options_of_the_interface)
{
	static const char *const set[] = {
		"ram", "swap", "physpages", "swappages", "cpuunits", "cpulimit", "cpus", "cpumask", "nodemask", "numproc",
		"diskspace", "diskinodes", "quotatime", "quotaugidlimit",
		"ipadd", "ipdel", "hostname", "nameserver", "searchdomain",
		"userpasswd", "onboot", "bootorder", "name", "description", "disabled", "kmemsize", "privvmpages", "numfile",
		"ioprio", "iolimit", "iopslimit", "capability", "features", "devices", "devnodes", "applyconfig", "setmode", "save",
		"netfilter", "iptables", "noatime", "vm_overcommit", "meminfo", "pci_add", "pci_del", "cpuweight", "autostop",
		"memguarantee", "size", "diskquota", "mount_opts", "applyconfig_map", "offline-resize", "reset_ub",
	};
	static const char *const create[] = {
		"ostemplate", "config", "private", "root", "ipadd", "hostname", "name", "description", "layout", "velayout",
		"ve_layout", "diskspace", "diskinodes", "local_uid", "local_gid", "ram", "swap", "cpus", "numproc",
	};

	for (size_t i = 0; i < ARRAY_SIZE(set); i++)
		if (named(cmd_find("set"), set[i]) != 1)
			test_fail(__FILE__, __LINE__, "set has no --%s", set[i]);
	for (size_t i = 0; i < ARRAY_SIZE(create); i++)
		if (named(cmd_find("create"), create[i]) != 1)
			test_fail(__FILE__, __LINE__, "create has no --%s", create[i]);
}
