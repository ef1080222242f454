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

/* A row is whole: words, a parser and a printer, a range if it is a number, a decision about running containers. */
static void check_row(const struct param *p)
{
	static const char *const numeric[] = { "number", "percent", "rate", "iops", "uid", "size" };
	const char *who = p->opt ? p->opt : p->key;
	const struct param_type *t = p->type;
	unsigned decided = PARAM_LIVE | PARAM_RESTART | PARAM_FIXED | PARAM_KEPT | PARAM_READ | PARAM_SAVE_ONLY;

	if (!t->parse || !t->print || !t->is_set || !t->equal || !t->copy || !t->done || !t->size || !t->name)
		test_fail(__FILE__, __LINE__, "%s: its type lacks a function", who);
	for (size_t i = 0; i < ARRAY_SIZE(numeric); i++)
		if (str_eq(t->name, numeric[i]) && (!p->max || p->min > p->max))
			test_fail(__FILE__, __LINE__, "%s: no range; .max = NUM_UNLIMITED if there is none", who);
	if (p->opt && !(p->flags & PARAM_NO_SET) && !(p->flags & decided))
		test_fail(__FILE__, __LINE__, "%s: what does set do to a running container? See enum param_flag", who);
	if (__builtin_popcount(p->flags & (PARAM_LIVE | PARAM_RESTART | PARAM_FIXED | PARAM_READ)) > 1)
		test_fail(__FILE__, __LINE__, "%s: two decisions about running containers", who);
	if (p->key && p->key[strspn(p->key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")])
		test_fail(__FILE__, __LINE__, "%s is no key", p->key);
}

/* Shell completion and --help print what a command takes. */
static bool taken(const struct param *p)
{
	for (size_t c = 0; c < cmd_table_n; c++)
		if (cmd_takes(cmd_table[c], p))
			return true;
	return false;
}

TEST(docs_a_parameter_is_one_row)
{
	for (size_t g = 0; g < ct_param_groups_n; g++) {
		for (size_t i = 0; i < ct_param_groups[g].n; i++) {
			const struct param *p = &ct_param_groups[g].rows[i];

			check_row(p);
			if (p->opt && !taken(p))
				test_fail(__FILE__, __LINE__, "--%s: no command takes it, nothing completes it", p->opt);
		}
	}
	for (size_t i = 0; i < ct_host_param_group.n; i++)
		if (!ct_host_param_group.rows[i].key || ct_host_param_group.rows[i].opt)
			test_fail(__FILE__, __LINE__, "row %zu of vz.conf", i);
}

/* One property for each key, with everything its row says. */
TEST(docs_every_key_is_in_the_schema)
{
	struct buf auto_buf b = BUF_INIT;
	struct err e = { 0 };

	CHECK_OK(ct_schema_print(&b, &e), &e);
	for (size_t g = 0; g < ct_param_groups_n; g++) {
		for (size_t i = 0; i < ct_param_groups[g].n; i++) {
			const struct param *p = &ct_param_groups[g].rows[i];
			struct buf auto_buf key = BUF_INIT;

			if (!p->key)
				continue;
			buf_addf(&key, "\"x-key\": \"%s\"", p->key);
			if (!strstr(buf_str(&b), buf_str(&key)))
				test_fail(__FILE__, __LINE__, "the schema has no %s", p->key);
		}
	}
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
