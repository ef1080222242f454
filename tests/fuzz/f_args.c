/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines, one word a line, the first of them a command of vzctl; columns of vzlist; JSON strings of any bytes. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/json_text.h"
#include "vzctl/cmd.h"
#include "vzctl/migrate.h"
#include "vzctl/tool.h"
#include "vzctl/vzlist.h"

static void json(const uint8_t *data, size_t size)
{
	struct buf auto_buf b = { .cap = 1u << 20 };

	json_text(&b, (const char *)data, size);
	FUZZ_CHECK(!buf_failed(&b) && b.len >= 2 && b.s[0] == '"' && b.s[b.len - 1] == '"');
	for (size_t i = 1; i + 1 < b.len; i++) {
		FUZZ_CHECK((unsigned char)b.s[i] >= 0x20 && b.s[i] != '"');
		if (b.s[i] == '\\')
			FUZZ_CHECK(++i + 1 < b.len);
	}
}

/* What another host or a user says to vzmigrate: a path that is taken needs no quotes, a quoted word stays one. */
static void migrate(const char *text, char **argv)
{
	auto_free char *root = NULL, *priv = NULL;
	struct migrate_opts o = { 0 };
	struct buf auto_buf b = BUF_INIT;
	struct err e = { 0 };
	char word[16];

	if (migrate_paths(text, &root, &priv, &e) == 0)
		FUZZ_CHECK(*root == '/' && *priv == '/' && !strpbrk(root, " '\"$`;&|<>*?\n\\") && !strpbrk(priv, " '\"$`;&|<>*?\n\\"));
	err_clear(&e);
	migrate_status_word(text, 101, word, sizeof(word));
	migrate_has_ip(text, "10.0.0.1/24");
	migrate_quote(&b, text);
	FUZZ_CHECK(b.len >= 2 && b.s[0] == '\'' && b.s[b.len - 1] == '\'');
	if (migrate_args(argv, &o, &e) == 0 && !o.help)
		FUZZ_CHECK(o.host && *o.host != '-' && o.ct);
	migrate_opts_done(&o);
}

static void command(char **argv, int argc)
{
	struct cmd_call c = { .cmd = cmd_find(argv[0]), .argv = argv + 1, .argc = argc - 1 };
	struct err e = { 0 };

	if (!c.cmd)
		return;
	if (cmd_options(&c, &e) < 0)
		FUZZ_CHECK(e.code > 0 && e.text[0]);
	ct_conf_done(&c.conf);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_free char *text = strndup((const char *)data, size < 4096 ? size : 4096);
	struct vzlist_fields fields;
	struct tool_dqugid d = { 0 };
	char *argv[34], *s = text;
	struct err e = { 0 };
	int n = 0;

	FUZZ_CHECK(text);
	json(data, size < 65536 ? size : 65536);
	if (vzlist_fields_parse(text, &fields, &e) == 0)
		FUZZ_CHECK(fields.n <= ARRAY_SIZE(fields.v));
	while (n < 32 && (argv[n] = strsep(&s, "\n")))
		n++;
	argv[n] = NULL;
	command(argv, n);
	migrate(text, argv);
	err_clear(&e);
	if (tool_dqugid_args("vzdqload", argv, &d, &e) < 0)
		FUZZ_CHECK(e.code > 0);
}
