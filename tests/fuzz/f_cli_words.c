/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/cli_words.c against vzctl's own frame: the judge must see the verb and the container that vzctl would take. */
#include <jansson.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/str.h"
#include "vzctl/cmd.h"
#include "vzd/cli_words.h"

#define WORDS_MAX 32

/* Words of the input, a line each. */
static size_t split(char *text, char *v[WORDS_MAX + 2])
{
	size_t n = 0;

	v[n++] = (char *)"vzctl";
	for (char *p = text; p && n < WORDS_MAX; ) {
		char *end = strchr(p, '\n');

		if (end)
			*end = '\0';
		v[n++] = p;
		p = end ? end + 1 : NULL;
	}
	v[n] = NULL;
	return n;
}

static void compare(const struct cli_words *w, size_t n, char **v)
{
	const struct cmd *cmd = NULL;
	size_t i = 1;

	while (i < n && (str_eq(v[i], "--verbose") || str_eq(v[i], "--quiet") || str_eq(v[i], "--skiplock") ||
			 str_eq(v[i], "--skipowner") || str_eq(v[i], "--ignore-ha-cluster")))
		i++;
	cmd = i < n ? cmd_find(v[i]) : NULL;
	if (w->verb)
		FUZZ_CHECK(cmd && str_eq(cmd->word, w->verb->word));
	else if (cmd)		/* unjudged: then vzctl only prints help */
		FUZZ_CHECK(n > i + 1);
	if (w->id_text) {
		FUZZ_CHECK(w->id_at + 1 < n && str_eq(w->id_text, v[w->id_at + 1]));
		FUZZ_CHECK(!str_eq(w->id_text, "--verbose") || w->verb->flags & CLI_PATH);
	}
	FUZZ_CHECK(!w->ctid || w->ctid <= CT_ID_MAX);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_free char *text = strndup((const char *)data, size);
	char *v[WORDS_MAX + 2];
	size_t n;
	json_t *argv = json_array();
	struct cli_words w = { 0 };
	struct err e = { 0 };

	FUZZ_CHECK(text && argv);
	n = split(text, v);
	for (size_t i = 1; i < n; i++)
		if (json_array_append_new(argv, json_string(v[i])) < 0) {
			json_decref(argv);
			return;		/* not UTF-8: no such request comes */
		}
	FUZZ_CHECK(cli_words_parse(argv, &w, &e) == 0);
	compare(&w, n, v);
	cli_words_done(&w);
	json_decref(argv);
}
