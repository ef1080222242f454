/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/cmd.c, cmd_opt.c and the parse() of the commands: command line -> exit status and error text, nothing touched. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/str.h"
#include "vzctl/cmd.h"

#define WORDS_MAX 16

static int run_parse(struct cmd_call *c, struct err *e)
{
	if (c->cmd->parse)
		return c->cmd->parse(c, e);
	if (c->cmd->opts || c->cmd->flags & (CMD_ROWS_CREATE | CMD_ROWS_SET))
		return cmd_options(c, e);
	return 0;
}

/* Splits at '|', so that an argument may hold blanks. */
static int parse(const char *line, struct cmd_call *c, struct err *e)
{
	static char text[1024];
	static char *argv[WORDS_MAX + 1];
	int argc = 0, rc;

	CHECK_EQ(str_copy(text, sizeof(text), line), 0);
	for (char *s = text; s && argc < WORDS_MAX; argc++) {
		argv[argc] = s;
		s = strchr(s, '|');
		if (s)
			*s++ = '\0';
	}
	argv[argc] = NULL;
	memset(c, 0, sizeof(*c));
	*e = (struct err){ 0 };
	rc = cmd_line(argc, argv, c, e);
	return rc ? rc : run_parse(c, e);
}

TEST(cmd_line_errors)
{
	static const struct { const char *line; int exit; const char *text; } t[] = {
		{ "vzctl|frob|101", 20, "Bad command: frob" },
		{ "vzctl|start", 21, "CT ID missing" },
		{ "vzctl|--quiet|status", 21, "CT ID missing" },
		{ "vzctl|start|-5", 21, "Bad CT ID -5" },
		{ "vzctl|start|2147483645", 21, "Bad CT ID 2147483645" },
		{ "vzctl|start|no/such", 21, "Bad CT ID no/such" },
		{ "vzctl|start|101|--junk", 20, "vzctl: unrecognized option '--junk'" },
		{ "vzctl|set|101|--junk", 21, "vzctl: unrecognized option '--junk'" },
		{ "vzctl|create|101|--junk=1", 21, "vzctl: unrecognized option '--junk=1'" },
		{ "vzctl|set|101|--hostname", 21, "vzctl: option '--hostname' requires an argument" },
		{ "vzctl|start|101|a|b", 20, "Invalid extra arguments: a b" },
		{ "vzctl|set|101|--save|x", 20, "Invalid extra arguments: x" },
		{ "vzctl|start|101|--fast", 20, "Option --fast is not applicable to start command" },
		{ "vzctl|stop|101|--wait", 20, "Option --wait is not applicable to stop command" },
		{ "vzctl|set|101|--cpuunits|3", 21, "Bad parameter for --cpuunits: 3" },
		{ "vzctl|set|101|--onboot=YES", 21, "Bad parameter for --onboot: YES" },
		{ "vzctl|set|101|--ram|12MB", 21, "Bad parameter for --ram: 12MB" },
		{ "vzctl|set|101|--ipadd|10.0.0.300", 21, "Bad parameter for --ipadd: 10.0.0.300" },
		{ "vzctl|set|101|--userpasswd|joe", 21, "Bad parameter for --userpasswd: ***" },
		{ "vzctl|set|101|--setmode|x", 21, "Bad parameter for --setmode: x" },
		{ "vzctl|set|101|--name|x", 131, "Error: unable to use --name option without --save" },
		{ "vzctl|set|101|--ostemplate|x", 20, "Error: unable to use --ostemplate option without --save" },
		{ "vzctl|set|101|--stop-timeout|5", 20, "Error: unable to use --stop-timeout option without --save" },
		{ "vzctl|set|101|--force", 20, "Error: --force is useless without --save" },
		{ "vzctl|set|101|--setmode|restart", 20, "Error: --setmode restart doesn't make sense without --save flag" },
		{ "vzctl|set|101|--nodemask|0", 20, "Error: option --nodemask requires --cpumask" },
		{ "vzctl|set|101|--cpumask|auto", 20, "Error: --cpumask auto requires --nodemask" },
		{ "vzctl|set|101|--reset_ub|--ram|1G", 20, "Error: option --reset_ub is exclusive" },
		{ "vzctl|exec|101", 20, "No command line given for exec" },
		{ "vzctl|exec2|101", 20, "No command line given for exec" },
		{ "vzctl|enter|101|--foo", 20, "Invalid option '--foo'" },
		{ "vzctl|enter|101|--exec", 20, "No command line given for --exec" },
		{ "vzctl|runscript|101", 20, "Script not specified" },
		{ "vzctl|chkpnt|101|--suspend|--resume", 20, "Invalid syntax: only one sub command may be used" },
		{ "vzctl|repair|101|x", 20, "Invalid options: x" },
		{ "vzctl|snapshot|101|--id|x", 21, "Bad parameter for --id: x" },
		{ "vzctl|snapshot|101|--junk", 21, "vzctl: unrecognized option '--junk'" },
		{ "vzctl|snapshot-switch|101", 20, "Invalid syntax: snapshot id is missing" },
		{ "vzctl|snapshot-delete|101", 20, "Invalid syntax: snapshot id is missing" },
		{ "vzctl|snapshot-mount|101|--target|/mnt", 20, "Invalid syntax: snapshot id is missing" },
		{ "vzctl|snapshot-umount|101", 20, "Invalid syntax: snapshot id is missing" },
		{ "vzctl|snapshot-delete|101|--id|{01234567-89ab-cdef-0123-456789abcde}", 21,
		  "Bad parameter for --id: {01234567-89ab-cdef-0123-456789abcde}" },
		{ "vzctl|convert|101|--layout|tape", 21, "Bad parameter for --layout: tape" },
		{ "vzctl|register|/vz/private/101", 21, "CT ID missing" },
		{ "vzctl|register|/vz/private/101|101|x", 20, "Invalid extra arguments: x" },
		{ "vzctl|quotaon", 21, "CT ID missing" },
		{ "vzctl|console|101|1|more", 20, "Invalid extra arguments: more" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct cmd_call c;
		struct err e;

		CHECK(parse(t[i].line, &c, &e) < 0);
		CHECK_STR(e.text, t[i].text);
		CHECK_EQ(e.exit, t[i].exit);
		ct_conf_done(&c.conf);
	}
}

TEST(cmd_line_flags_before_and_after)
{
	struct cmd_call c;
	struct err e;

	CHECK_OK(parse("vzctl|--verbose|--verbose|--skiplock|set|101|--verbose|--save", &c, &e), &e);
	CHECK_EQ(c.ui.verbosity, 3);
	CHECK(c.skiplock && cmd_seen(&c, OPT_SAVE));
	CHECK_OK(parse("vzctl|exec|--quiet|101|ls|--quiet", &c, &e), &e);
	CHECK(c.ui.quiet);
	CHECK_EQ(c.argc, 2);			/* what follows CTID belongs to the command inside */
	CHECK_STR(c.argv[1], "--quiet");
	CHECK_OK(parse("vzctl|exec|101|-l|--verbose", &c, &e), &e);
	CHECK_EQ(c.ui.verbosity, 0);
}

TEST(cmd_line_repeated_options)
{
	struct cmd_call c;
	struct err e;

	CHECK_OK(parse("vzctl|set|101|--hostname|a|--hostname|b|--ram|1M|--ram|2M", &c, &e), &e);
	CHECK_STR(c.conf.hostname, "a");	/* scalars: the first */
	CHECK_EQ(c.conf.cg.ubc[CG_PHYSPAGES].lim, 512);	/* beancounters: the last */
	ct_conf_done(&c.conf);
	CHECK_OK(parse("vzctl|set|101|--ipadd|10.0.0.1 10.0.0.2|--ip=10.0.0.3|--nameserver|1.1.1.1|--nameserver|8.8.8.8", &c, &e),
		 &e);
	CHECK_EQ(c.conf.net.ip.n, 3);
	CHECK_EQ(c.conf.nameserver.n, 2);
	ct_conf_done(&c.conf);
	CHECK_OK(parse("vzctl|create|101|--host=web|--ostem|x", &c, &e), &e);	/* unambiguous prefixes */
	CHECK_STR(c.conf.hostname, "web");
	CHECK_STR(c.conf.ostemplate, "x");
	ct_conf_done(&c.conf);
}

TEST(cmd_line_aliases)
{
	static const struct { const char *alias, *word; } t[] = {
		{ "delete", "destroy" }, { "suspend", "chkpnt" }, { "resume", "restore" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		CHECK(cmd_find(t[i].alias));
		CHECK_STR(cmd_find(t[i].alias)->word, t[i].word);
	}
	CHECK(!cmd_find("") && !cmd_find("create "));
}

/* The first line and the line of set are read by programs. */
TEST(cmd_usage_lines)
{
	struct buf auto_buf b = BUF_INIT;

	cmd_usage(&b);
	CHECK(str_starts(buf_str(&b), "vzctl version 5.0.0\n"));
	CHECK(strstr(buf_str(&b), "\nvzctl set <ctid> [--save] [--force] [--setmode restart|ignore]"));
}

TEST(cmd_line_register)
{
	struct cmd_call c;
	struct err e;

	CHECK_OK(parse("vzctl|register|/vz/private/7|107", &c, &e), &e);
	CHECK_EQ(c.id, 107);
	CHECK_STR(c.argv[0], "/vz/private/7");
	CHECK_OK(parse("vzctl|snapshot-list|101|-H|-o|uuid,date|-L|--id|01234567-89ab-cdef-0123-456789abcdef", &c, &e), &e);
	CHECK_STR(c.val[OPT_OUTPUT], "uuid,date");
}
