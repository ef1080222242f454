/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vzd/cli_words.h"

#include <string.h>

#include "tests/lib/test.h"
#include "util/str.h"
#include "vzctl/cmd.h"

static struct cli_words w;
static struct err e;
static json_t *argv;

/* Words separated by blanks. */
static void parse(const char *line)
{
	size_t n;

	cli_words_done(&w);
	json_decref(argv);
	argv = json_array();
	for (const char *p = line; *(p += strspn(p, " ")); p += n) {
		n = strcspn(p, " ");
		json_array_append_new(argv, json_stringn(p, n));
	}
	CHECK_OK(cli_words_parse(argv, &w, &e), &e);
}

static void done(void)
{
	cli_words_done(&w);
	json_decref(argv);
	argv = NULL;
}

TEST(cli_words_find_verb_and_container)
{
	parse("start 101");
	CHECK_STR(w.verb->word, "start");
	CHECK_EQ(w.verb->scope, SCOPE_CT_POWER);
	CHECK_STR(w.id_text, "101");
	CHECK_EQ(w.ctid, 101);
	parse("--quiet set --verbose www --ram 512M --save");
	CHECK_STR(w.verb->word, "set");
	CHECK_STR(w.id_text, "www");
	CHECK_EQ(w.ctid, 0);
	CHECK_EQ(w.conf.cg.ubc[CG_PHYSPAGES].lim, 131072);
	CHECK_EQ(w.problem.code, 0);
	CHECK(!w.admin_option);
	parse("register /vz/private/7 107");
	CHECK_EQ(w.ctid, 107);
	parse("delete 101");
	CHECK_STR(w.verb->word, "destroy");
	done();
}

TEST(cli_words_leave_help_and_unknown_verbs_to_vzctl)
{
	parse("--help");
	CHECK(!w.verb);
	parse("--version");
	CHECK(!w.verb);
	parse("fly 101");
	CHECK(!w.verb);
	parse("");
	CHECK(!w.verb && !w.id_text);
	parse("start");
	CHECK(w.verb && !w.id_text);
	done();
}

/* Whatever a guest's command looks like, it is no option of ours. */
TEST(cli_words_do_not_read_a_guests_words)
{
	parse("exec 101 --skiplock --config x --devices all");
	CHECK(!w.admin_option);
	CHECK_EQ(w.problem.code, 0);
	parse("--skiplock exec 101 true");
	CHECK(w.admin_option != NULL);
	done();
}

TEST(cli_words_know_what_only_an_administrator_may_say)
{
	static const char *const lines[] = {
		"stop 101 --skiplock", "--skiplock stop 101", "stop --skiplock 101", "create 101 --config basic",
		"set 101 --applyconfig basic --save", "restore 101 --dumpfile /etc/shadow", "chkpnt 101 --dump",
		"reinstall 101 --ostemplate /tmp/x.tar", "stop 101 --skip-umount", "start 101 --skip_ve_setup", "start 101 --skip_v", "create 101 --conf basic",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		parse(lines[i]);
		CHECK(w.admin_option != NULL);
	}
	done();
}

TEST(cli_words_that_cannot_be_read_are_a_problem)
{
	static const char *const lines[] = { "set 101 --no-such-option 1", "set 101 --ram lots", "set 101 --ram", "start 101 --ra 1",
					     "create 101 --onboot maybe" };

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		parse(lines[i]);
		CHECK(w.problem.code != 0);
	}
	parse("create 101 --ostemplate /tmp/x.tar");	/* a parameter: judged with the others */
	CHECK_STR(w.conf.ostemplate, "/tmp/x.tar");
	done();
}

TEST(cli_words_of_snapshots)
{
	parse("snapshot 101 --name x");
	CHECK_EQ(w.verb->flags, CLI_SNAP);
	parse("snapshot-switch 101 --id x");
	CHECK_EQ(w.verb->flags, CLI_OWN_CONF);
	CHECK_EQ(w.verb->scope, SCOPE_CT_SNAPSHOT);
	parse("clone 101 102");
	CHECK_EQ(w.verb->scope, SCOPE_NODE_WRITE);
	parse("snapshot-list 101 -Honame,uuid -L");	/* as vzctl takes them */
	CHECK_EQ(w.problem.code, 0);
	parse("snapshot-list 101 -x");
	CHECK(w.problem.code != 0);
	parse("snapshot 101 -H");
	CHECK(w.problem.code != 0);
	done();
}

/* Every verb of vzctl has a row here, typed out: one that is new to vzctl must be judged, too. */
TEST(cli_words_know_every_verb)
{
	static const char *const verbs[] = {
		"create", "start", "stop", "restart", "destroy", "set", "status", "exec", "exec2", "exec3", "enter", "console",
		"runscript", "mount", "umount", "chkpnt", "restore", "pause", "compact", "repair", "quotaon", "quotaoff",
		"quotainit", "register", "unregister", "reinstall", "snapshot", "snapshot-switch", "snapshot-delete",
		"snapshot-mount", "snapshot-umount", "snapshot-list", "convert", "clone", "backup",
	};

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		char line[64];

		str_fmt(line, sizeof(line), "%s 101", verbs[i]);
		parse(line);
		CHECK(w.verb != NULL);
		CHECK_STR(w.verb->word, verbs[i]);
	}
	CHECK_EQ(cli_verbs_n, ARRAY_SIZE(verbs));
	done();
}

static const char *vzctl_option(const struct cmd *cmd, const char *name)
{
	for (size_t i = 0; i < cmd->n_opts; i++)
		if (str_eq(cmd->opts[i].name, name))
			return cmd->opts[i].arg ? "argument" : "none";
	return NULL;
}

/* Both read the same options of the same verb: else an abbreviation, or a value, might mean one thing to the judge and
 * another to vzctl. */
TEST(cli_words_have_vzctls_options)
{
	for (size_t v = 0; v < cmd_table_n; v++) {
		const struct cmd *cmd = cmd_table[v];
		const struct cli_verb *verb = NULL;
		const char *name;
		size_t n = 0;
		bool arg;

		for (size_t i = 0; i < cli_verbs_n; i++)
			if (str_eq(cli_verbs[i].word, cmd->word))
				verb = &cli_verbs[i];
		CHECK(verb != NULL);
		CHECK_STR(verb->alias ? verb->alias : "", cmd->alias ? cmd->alias : "");
		CHECK_EQ(!!(verb->flags & CLI_REST), !!(cmd->flags & CMD_REST));
		CHECK_EQ(!!(verb->flags & CLI_PATH), !!(cmd->flags & CMD_PATH_FIRST));
		CHECK_EQ(!!(verb->flags & CLI_CONF), !!(cmd->flags & (CMD_ROWS_CREATE | CMD_ROWS_SET)));
		for (size_t i = 0; i < CLI_OPTIONS_MAX; i++) {
			if (!cli_words_option(i, cmd->word, &name, &arg))
				continue;
			n++;
			CHECK_STR(vzctl_option(cmd, name), arg ? "argument" : "none");
		}
		CHECK_EQ(n, cmd->n_opts);
	}
}

/* vzctl takes the first of two, so the second is no way around the judge. */
TEST(cli_words_take_the_first_of_two)
{
	parse("set 101 --diskspace 9G --diskspace 1G --save");
	CHECK_EQ(w.conf.quota.space.bar, 9u << 20);
	parse("create 101 --ostemplate /tmp/x.tar --ostemplate debian");
	CHECK_STR(w.conf.ostemplate, "/tmp/x.tar");
	parse("set 101 --physpages 100 --physpages 200");
	CHECK_EQ(w.conf.cg.ubc[CG_PHYSPAGES].lim, 200);
	done();
}

TEST(cli_words_see_what_leads_to_another_host)
{
	parse("--host other start 101");
	CHECK(w.elsewhere);
	parse("--host=other start 101");
	CHECK(w.elsewhere);
	parse("start 101 --host=other");
	CHECK(!w.elsewhere && w.problem.code);
	parse("exec 101 --host other");
	CHECK(!w.elsewhere && !w.problem.code);
	done();
}

TEST(cli_words_give_help_of_a_verb_without_a_container)
{
	parse("start --help");
	CHECK(!w.verb);
	parse("register --verbose --help");
	CHECK(!w.verb);
	parse("exec 101 --help");
	CHECK(w.verb != NULL);
	CHECK_EQ(w.id_at, 1);
	parse("register --quiet /vz/private/7 107");
	CHECK_EQ(w.id_at, 3);
	done();
}

/* What is no plain number is no number here, whatever vzctl would make of it: it is looked up as a name. */
TEST(cli_words_read_ids_strictly)
{
	static const char *const no[] = { "+101", "-101", "101x", "0x65", "4294967397", "99999999999999999999" };

	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		char line[64];

		str_fmt(line, sizeof(line), "start %s", no[i]);
		parse(line);
		CHECK_EQ(w.ctid, 0);
	}
	parse("start 0101");
	CHECK_EQ(w.ctid, 101);
	done();
}
