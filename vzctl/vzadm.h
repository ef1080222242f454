/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZCTL_VZADM_H
#define VZCTL_VZADM_H
/*
 * The administrator's client of vzd. A command is a row: words, the call it makes, its options, the columns of its answer.
 * --help, the manual and completion print the rows. Only what is no plain call has a function.
 */
#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"

struct adm;
struct client;
struct err;
struct json_t;

enum adm_kind {
	ADM_STR, ADM_INT, ADM_SIZE,	/* text; a number; bytes with T G M K */
	ADM_LIST,			/* text, split at commas */
	ADM_TRUE,			/* no argument: true */
	ADM_OWN,			/* for the command's function only; takes an argument when the row has one */
};
struct adm_opt {
	const char *name, *arg;		/* arg NULL: takes none */
	const char *member;		/* of the body, "limits.cts" is nested; or of the query; NULL: ADM_OWN */
	enum adm_kind kind;
	bool query;
	const char *man;
};
struct adm_cmd {
	const char *noun, *word;	/* "token", "add"; word NULL: the noun alone */
	const char *args;		/* operands for the usage, "ID"; in [] may be left out; NULL: none */
	const char *verb, *path;	/* "GET", "/v1/tokens/{}": each {} is the next operand; NULL: @run does it all */
	const char *member;		/* where the operand that no {} takes goes in the body */
	const char *body;		/* JSON that the body begins with; NULL: none, or {} if options make one */
	const char *columns;		/* "id role cts": of a list's items; NULL: an object is shown line by line */
	int (*run)(struct adm *a, struct err *e);	/* NULL: the call */
	int (*show)(struct adm *a, struct json_t *answer, struct err *e);	/* NULL: as @columns says */
	const struct adm_opt *opts;
	size_t n_opts;
	const char *man;
};
extern const struct adm_cmd adm_cmds[];
extern const size_t adm_cmds_n;

#define ADM_OPTS_MAX 16
struct adm {
	const struct adm_cmd *cmd;
	bool json;			/* as it came */
	const char *sock;		/* NULL: vzd's */
	char *token;			/* of --token-file, NULL: who runs this */
	const char *val[ADM_OPTS_MAX];	/* by row of cmd->opts; "" for one without argument */
	char **operand;			/* NULL-terminated */
	size_t n_operand;
	struct client *client;
	int exit;			/* when run() returned 0 */
};

const char *adm_val(const struct adm *a, const char *opt);	/* NULL: not given */
/* vzadm_call.c. A problem is an error: e->text its detail, e->exit vzctl's status or 1. */
int adm_connect(struct adm *a, struct err *e);
int adm_call(struct adm *a, const char *verb, const char *path, const char *query, struct json_t *body, struct json_t **ret,
	     struct err *e);
int adm_problem(int status, const char *text, size_t len, struct err *e);
int adm_run_row(struct adm *a, struct err *e);
/* vzadm_show.c */
void adm_show_list(const char *columns, const struct json_t *items, struct buf *b);
void adm_show_object(struct json_t *j, struct buf *b);
int adm_print(const struct buf *b, struct err *e);
int adm_print_json(const struct json_t *j, struct err *e);
/* vzadm_verb.c */
int adm_verb_call(struct adm *a, struct err *e);
int adm_verb_events(struct adm *a, struct err *e);
int adm_verb_job(struct adm *a, struct err *e);
int adm_verb_suspend(struct adm *a, struct err *e);
int adm_show_secret(struct adm *a, struct json_t *answer, struct err *e);
/* vzadm_api.c */
int adm_verb_api_enable(struct adm *a, struct err *e);
int adm_verb_api_disable(struct adm *a, struct err *e);
int adm_verb_api_status(struct adm *a, struct err *e);

#endif
