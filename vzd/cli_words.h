/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_CLI_WORDS_H
#define VZD_CLI_WORDS_H
/*
 * vzctl's command line, read far enough to judge it: which verb, which container, which parameters. Not a second parser of
 * what vzctl does: words that this one cannot read are a problem, and only an administrator may pass them on.
 */
#include <jansson.h>

#include "vzd/auth.h"

enum cli_flag {
	CLI_NEW = 1,		/* makes a container of the id */
	CLI_CONF = 2,		/* takes parameters */
	CLI_STARTS = 4,
	CLI_REST = 8,		/* all words after the id are the guest's */
	CLI_PATH = 16,		/* a path stands before the id */
	CLI_SNAP = 32,		/* one snapshot more */
	CLI_OWN_CONF = 64,	/* not for administrators: --skip-config is added, a kept configuration has old limits */
};
struct cli_verb { const char *word, *alias; enum scope scope; unsigned flags; };

struct cli_words {
	const struct cli_verb *verb;	/* NULL: none, --help, or unknown */
	bool elsewhere;			/* --host: this vzctl would become a client of another host */
	const char *id_text;		/* NULL: missing */
	size_t id_at;			/* which of argv it is */
	unsigned ctid;			/* of a numeric id, else 0 */
	struct ct_conf conf;		/* CLI_CONF: parameters given */
	const char *admin_option;	/* why only an administrator may: an option by its name, NULL none */
	const char *host_option;	/* why nobody who is held to a tenant or to some containers may, NULL none */
	struct err problem;		/* the words could not be read */
	const char **argv;		/* borrowed texts */
	size_t argc;
};
int cli_words_parse(const json_t *argv, struct cli_words *w, struct err *e);
void cli_words_done(struct cli_words *w);
/* Option number @i, if @verb has it. */
bool cli_words_option(size_t i, const char *verb, const char **name, bool *arg);
#define CLI_OPTIONS_MAX 256
extern const struct cli_verb cli_verbs[];
extern const size_t cli_verbs_n;

#endif
