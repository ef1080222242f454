/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vzd/cli_words.h"

#include <string.h>

#include "tests/lib/test.h"
#include "util/str.h"

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
		"reinstall 101 --ostemplate /tmp/x.tar", "stop 101 --skip-umount", "start 101 --skip-setup",
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

/* Every verb of vzctl has a row here, typed out: one that is new to vzctl must be judged, too. */
TEST(cli_words_know_every_verb)
{
	static const char *const verbs[] = {
		"create", "start", "stop", "restart", "destroy", "set", "status", "exec", "exec2", "exec3", "enter", "console",
		"runscript", "mount", "umount", "chkpnt", "restore", "pause", "compact", "repair", "quotaon", "quotaoff",
		"quotainit", "register", "unregister", "reinstall", "snapshot", "snapshot-switch", "snapshot-delete",
		"snapshot-mount", "snapshot-umount", "snapshot-list", "convert",
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
