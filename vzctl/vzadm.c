/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vzadm: the administrator's client of vzd. Reads the words, finds the row, makes its call. Exit status: 0 done,
 * vzctl's status where the answer names one, 1 for any other failure, 2 wrong usage.
 */
#include "vzctl/vzadm.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/str.h"
#include "vzctl/client.h"

#define USAGE 2

static void put_usage(const struct adm_cmd *c, FILE *f)
{
	fprintf(f, "vzadm %s%s%s%s%s%s", c->noun, c->word ? " " : "", c->word ? c->word : "", c->args ? " " : "",
		c->args ? c->args : "", c->n_opts ? " [option ...]\n" : "\n");
}

static void put_help(const struct adm_cmd *c, FILE *f)
{
	fputs("Usage: ", f);
	put_usage(c, f);
	fprintf(f, "%s\n", c->man);
	for (size_t i = 0; i < c->n_opts; i++) {
		char text[48];

		str_fmt(text, sizeof(text), "--%s%s%s", c->opts[i].name, c->opts[i].arg ? " " : "",
			c->opts[i].arg ? c->opts[i].arg : "");
		fprintf(f, "  %-24s %s\n", text, c->opts[i].man);
	}
}

static int usage(FILE *f, const char *noun)
{
	bool any = false;

	for (size_t i = 0; noun && i < adm_cmds_n; i++)
		any |= strcmp(adm_cmds[i].noun, noun) == 0;
	if (any) {
		for (size_t i = 0; i < adm_cmds_n; i++)
			if (strcmp(adm_cmds[i].noun, noun) == 0)
				put_help(&adm_cmds[i], f);
		return f == stdout ? 0 : USAGE;
	}
	fputs("Usage: vzadm [--json] [--socket path] [--token-file file] command ...\n", f);
	for (size_t i = 0; i < adm_cmds_n; i++) {
		fputs("  ", f);
		put_usage(&adm_cmds[i], f);
	}
	fputs("vzadm COMMAND --help says more.\n", f);
	return f == stdout ? 0 : USAGE;
}

/* *used: how many words it took. */
static const struct adm_cmd *find(char **word, int *used)
{
	for (size_t i = 0; word[0] && i < adm_cmds_n; i++) {
		const struct adm_cmd *c = &adm_cmds[i];

		if (strcmp(c->noun, word[0]) != 0 || (c->word && (!word[1] || strcmp(c->word, word[1]) != 0)))
			continue;
		*used = c->word ? 2 : 1;
		return c;
	}
	return NULL;
}

static int option(struct adm *a, char **word, int *at, struct err *e)
{
	const char *name = word[*at] + 2, *eq = strchr(name, '=');
	size_t n = eq ? (size_t)(eq - name) : strlen(name);

	for (size_t i = 0; i < a->cmd->n_opts && i < ADM_OPTS_MAX; i++) {
		const struct adm_opt *o = &a->cmd->opts[i];

		if (strlen(o->name) != n || memcmp(o->name, name, n) != 0)
			continue;
		if (!o->arg && eq)
			return err_say(e, EINVAL, "--%s takes no argument", o->name);
		if (o->arg && !eq && !word[*at + 1])
			return err_say(e, EINVAL, "--%s needs an argument: %s", o->name, o->arg);
		a->val[i] = !o->arg ? "" : eq ? eq + 1 : word[++*at];
		return 0;
	}
	return err_say(e, EINVAL, "there is no option '%.64s' here", word[*at]);
}

/* Fewest and most operands, from "ID", "VERB PATH [JSON|-]". */
static void operands(const char *args, size_t *min, size_t *max)
{
	*min = *max = 0;
	for (const char *s = args; s && *s; s += strspn(s, " ")) {
		*min += *s != '[';
		++*max;
		s += strcspn(s, " ");
	}
}

/* 1: help is wanted. The operands are moved to the front of @word. */
static int words(struct adm *a, char **word, struct err *e)
{
	size_t min, max, n = 0;
	bool only = false;

	for (int i = 0; word[i]; i++) {
		if (!only && (strcmp(word[i], "--help") == 0 || strcmp(word[i], "-h") == 0))
			return 1;
		if (!only && strcmp(word[i], "--json") == 0) {
			a->json = true;
		} else if (!only && strcmp(word[i], "--") == 0) {
			only = true;
		} else if (!only && str_starts(word[i], "--")) {
			if (option(a, word, &i, e) < 0)
				return -e->code;
		} else {
			word[n++] = word[i];
		}
	}
	word[n] = NULL;
	a->operand = word;
	a->n_operand = n;
	operands(a->cmd->args, &min, &max);
	if (n < min)
		return err_say(e, EINVAL, "%s is missing", a->cmd->args);
	return n > max ? err_say(e, EINVAL, "'%.64s' is too much", word[max]) : 0;
}

static int read_token(struct adm *a, const char *file, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;

	if (fio_read_at(AT_FDCWD, file, &b, e) < 0)
		return -e->code;
	a->token = strdup(b.s ? str_trim(b.s) : "");
	return a->token ? 0 : err_set(e, ENOMEM, "%s", file);
}

/* Options in front of the command. Returns the index of the command's word. */
static int globals(struct adm *a, char **argv, int *at, struct err *e)
{
	for (*at = 1; argv[*at] && str_starts(argv[*at], "--"); ++*at) {
		const char *o = argv[*at];

		if (strcmp(o, "--json") == 0) {
			a->json = true;
		} else if (strcmp(o, "--help") == 0 || strcmp(o, "--version") == 0) {
			return 1;
		} else if (strcmp(o, "--socket") == 0 && argv[*at + 1]) {
			a->sock = argv[++*at];
		} else if (strcmp(o, "--token-file") == 0 && argv[*at + 1]) {
			if (read_token(a, argv[++*at], e) < 0)
				return -e->code;
		} else {
			return err_say(e, EINVAL, "there is no option '%.64s', or it lacks its argument", o);
		}
	}
	return 0;
}

static int fail(const struct err *e, int status)
{
	fprintf(stderr, "vzadm: %s\n", e->text);
	return status;
}

static int run(struct adm *a, char **argv, struct err *e)
{
	int at = 1, used = 0, rc = globals(a, argv, &at, e);

	if (rc < 0)
		return fail(e, e->code == EINVAL ? USAGE : 1);
	if (rc > 0 && strcmp(argv[at], "--version") == 0) {
		printf("vzadm version " VZ_VERSION "\n");
		return 0;
	}
	if (rc > 0)
		return usage(stdout, NULL);
	a->cmd = find(argv + at, &used);
	if (!a->cmd)
		return usage(argv[at] && argv[at + 1] && strcmp(argv[at + 1], "--help") == 0 ? stdout : stderr, argv[at]);
	rc = words(a, argv + at + used, e);
	if (rc > 0) {
		put_help(a->cmd, stdout);
		return 0;
	}
	if (rc < 0) {
		fail(e, 0);
		fputs("Usage: ", stderr);
		put_usage(a->cmd, stderr);
		return USAGE;
	}
	rc = a->cmd->run ? a->cmd->run(a, e) : adm_run_row(a, e);
	return rc < 0 ? fail(e, e->exit ? e->exit : 1) : a->exit;
}

int main(int argc, char **argv)
{
	struct adm a = { 0 };
	struct err e = { 0 };
	int status;

	(void)argc;
	signal(SIGPIPE, SIG_IGN);
	status = run(&a, argv, &e);
	client_close(a.client);
	if (a.token)
		explicit_bzero(a.token, strlen(a.token));
	free(a.token);
	return fflush(stdout) == 0 ? status : MAX(status, 1);
}
