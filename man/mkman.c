/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Build-time program: fills the tables of the manuals from the rows that parse the options.
 *   mkman FILE.in           copies FILE, replacing a line "@TABLE" by that table in mdoc
 *   mkman --schema          JSON Schema of a container's configuration
 * A row without a text is an error: what has no manual is not built.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "vzctl/cmd.h"
#include "vzctl/vzadm.h"
#include "vzctl/vzlist.h"
#include "vzd/api_man.h"
#include "vzd/vzd.h"

#define WRAP 78

static int bad;

/* --- mdoc text --- */

static void put_word(const char *w, size_t n, size_t *col)
{
	if (*col && *col + n + 1 > WRAP) {
		putchar('\n');
		*col = 0;
	}
	if (*col)
		putchar(' ');
	else if (*w == '.' || *w == '\'')
		fputs("\\&", stdout);
	for (size_t i = 0; i < n; i++) {
		if (w[i] == '\\')
			fputs("\\e", stdout);
		else
			putchar(w[i]);
	}
	*col += n + 1;
}

/* Wrapped, and each sentence on a new line. */
static void put_text(const char *name, const char *s)
{
	size_t col = 0;

	if (!s || !*s) {
		fprintf(stderr, "mkman: %s has no text\n", name);
		bad = 1;
		return;
	}
	while (*s) {
		size_t n = strcspn(s, " ");

		put_word(s, n, &col);
		s += n;
		while (*s == ' ')
			s++;
		if (n && s[-1] == ' ' && strchr(".:", s[-2]) && s[-2] == '.' && isupper((unsigned char)*s)) {
			putchar('\n');
			col = 0;
		}
	}
	putchar('\n');
}

/* --save -> Fl -save; <ctid> -> Ar ctid; the usage strings as macros would be unreadable rows, so they stay literal. */
static void put_usage(const char *args)
{
	printf(" Ar ctid");
	if (args) {
		printf("\n.Li ");
		for (const char *p = args; *p; p++)
			if (*p == '|' || *p == '-')
				printf("%s", *p == '|' ? "\\&|" : "\\-");
			else
				putchar(*p);
	}
	putchar('\n');
}

static void item_option(const char *name, const char *alias, const char *arg)
{
	printf(".It Fl -%s", name);
	if (arg)
		printf(" Ar %s", arg);
	if (alias)
		printf(" , Fl -%s", alias);
	putchar('\n');
}

static void put_default(const struct param *p)
{
	if (p->def)
		printf("Default:\n.Li %s .\n", p->def);
}

/* --- tables --- */

static void table_commands(void)
{
	printf(".Bl -tag -width Ds\n");
	for (size_t i = 0; i < cmd_table_n; i++) {
		const struct cmd *c = cmd_table[i];

		printf(".It Xo\n.Nm vzctl Cm %s", c->word);
		if (c->flags & CMD_PATH_FIRST)
			printf(" Ar path Ar ctid\n");
		else
			put_usage(c->args);
		printf(".Xc\n");
		if (c->alias)
			printf("Also called\n.Cm %s .\n", c->alias);
		put_text(c->word, c->man);
		if (!c->n_opts)
			continue;
		printf(".Bl -tag -width Ds\n");
		for (size_t k = 0; k < c->n_opts; k++) {
			if (c->opts[k].only && strcmp(c->opts[k].only, c->word) != 0 && strcmp(c->word, "restart") != 0)
				continue;
			item_option(c->opts[k].name, NULL, c->opts[k].arg);
			put_text(c->opts[k].name, c->opts[k].man);
		}
		printf(".El\n");
	}
	printf(".El\n");
}

/* When it takes effect, as the flags of the row say. */
static const char *when(const struct param *p)
{
	if (p->flags & PARAM_LIVE)
		return "Takes effect at once.";
	if (p->flags & PARAM_RESTART)
		return "Takes effect at the next start.";
	if (p->flags & PARAM_FIXED)
		return "Cannot be changed while the container runs.";
	return NULL;
}

static void table_options(void)
{
	for (size_t g = 0; g < ct_param_groups_n; g++) {
		printf(".Ss %s\n.Bl -tag -width Ds\n", ct_param_groups[g].name);
		for (size_t i = 0; i < ct_param_groups[g].n; i++) {
			const struct param *p = &ct_param_groups[g].rows[i];

			if (!p->opt)
				continue;
			item_option(p->opt, p->alias_opt, p->arg);
			put_text(p->opt, p->man);
			if (when(p))
				printf("%s\n", when(p));
			if (p->flags & PARAM_SAVE_ONLY)
				printf("Needs\n.Fl -save\nwith\n.Cm set .\n");
			if (p->flags & PARAM_NO_SET)
				printf("Only with\n.Cm create .\n");
			else if (!(p->flags & PARAM_CREATE))
				printf("Only with\n.Cm set .\n");
		}
		printf(".El\n");
	}
}

static void put_key(const struct param *p)
{
	printf(".It Va %s Ns = Ns Ar %s\n", p->key, p->arg ? p->arg : "text");
	put_text(p->key, p->man);
	if (p->alias_key)
		printf("Old spelling:\n.Va %s .\n", p->alias_key);
	put_default(p);
}

static void table_keys(unsigned flags)
{
	for (size_t g = 0; g < ct_param_groups_n; g++) {
		bool open = false;

		for (size_t i = 0; i < ct_param_groups[g].n; i++) {
			const struct param *p = &ct_param_groups[g].rows[i];

			if (!p->key || (p->flags & flags) != flags)
				continue;
			if (!open)
				printf(".Ss %s\n.Bl -tag -width Ds\n", ct_param_groups[g].name);
			open = true;
			put_key(p);
		}
		if (open)
			printf(".El\n");
	}
}

static void table_ctid_keys(void)
{
	table_keys(0);
}

static void table_default_keys(void)
{
	table_keys(PARAM_HOST_DEFAULT);
}

static void table_group(const struct param_group *g)
{
	printf(".Bl -tag -width Ds\n");
	for (size_t i = 0; i < g->n; i++)
		put_key(&g->rows[i]);
	printf(".El\n");
}

static void table_host_keys(void)
{
	table_group(&ct_host_param_group);
}

static void table_vzd_keys(void)
{
	table_group(&vzd_param_group);
}

/* Keys with all of @with and none of @without, in one sentence. */
static void list_keys(unsigned with, unsigned without)
{
	const char *open = ".Va";

	for (size_t g = 0; g < ct_param_groups_n; g++)
		for (size_t i = 0; i < ct_param_groups[g].n; i++) {
			const struct param *p = &ct_param_groups[g].rows[i];

			if (!p->key || !p->opt || (p->flags & with) != with || p->flags & without)
				continue;
			printf("%s %s", open, p->key);
			open = " ,";
		}
	puts(" .");
}

static void table_tenant_keys(void)
{
	puts(".Bl -tag -width Ds\n.It administrators only");
	list_keys(PARAM_ADMIN, 0);
	puts(".It lowered by tenants, raised by operators");
	list_keys(PARAM_CAPPED, 0);
	puts(".It raised within the limits of the tenant, in which it counts");
	list_keys(PARAM_COUNTED, 0);
	puts(".It free");
	list_keys(0, PARAM_ADMIN | PARAM_CAPPED | PARAM_COUNTED | PARAM_NO_SET | PARAM_KEPT);
	puts(".El");
}

static void table_fields(void)
{
	printf(".Bl -column -offset indent \"dgramrcvbuf\" \"ORIGIN_SAMPLE\" \"suffixes\"\n");
	printf(".It Sy field Ta Sy header Ta Sy suffixes\n");
	for (size_t i = 0; i < vzlist_cols_n; i++)
		printf(".It Cm %s Ta %s Ta %s\n", vzlist_cols[i].name, vzlist_cols[i].header,
		       vzlist_cols[i].type == LIST_UBC ? ".m .b .l .f" : vzlist_cols[i].type == LIST_DISK ? ".s .h" : "\\&");
	printf(".El\n");
}

static void table_vzadm(void)
{
	printf(".Bl -tag -width Ds\n");
	for (size_t i = 0; i < adm_cmds_n; i++) {
		const struct adm_cmd *c = &adm_cmds[i];

		printf(".It Cm %s%s%s%s%s\n", c->noun, c->word ? " " : "", c->word ? c->word : "", c->args ? " Ar " : "",
		       c->args ? c->args : "");
		put_text(c->noun, c->man);
		if (!c->n_opts)
			continue;
		printf(".Bl -tag -width Ds\n");
		for (size_t k = 0; k < c->n_opts; k++) {
			item_option(c->opts[k].name, NULL, c->opts[k].arg);
			put_text(c->opts[k].name, c->opts[k].man);
		}
		printf(".El\n");
	}
	printf(".El\n");
}

static void api_table(void (*print)(struct buf *))
{
	struct buf auto_buf b = BUF_INIT;

	print(&b);
	fputs(buf_str(&b), stdout);
	bad |= buf_failed(&b);
}

static void table_api_routes(void) { api_table(api_man_routes); }
static void table_api_roles(void) { api_table(api_man_roles); }
static void table_api_problems(void) { api_table(api_man_problems); }
static void table_api_events(void) { api_table(api_man_events); }

static const struct {
	const char *word;
	void (*print)(void);
} tables[] = {
	{ "@commands", table_commands }, { "@options", table_options }, { "@ctid-keys", table_ctid_keys },
	{ "@default-keys", table_default_keys }, { "@host-keys", table_host_keys }, { "@fields", table_fields },
	{ "@tenant-keys", table_tenant_keys }, { "@vzadm-commands", table_vzadm }, { "@vzd-keys", table_vzd_keys },
	{ "@api-routes", table_api_routes }, { "@api-roles", table_api_roles }, { "@api-problems", table_api_problems },
	{ "@api-events", table_api_events },
};

static int manual(const char *file)
{
	auto_fclose FILE *f = fopen(file, "re");
	char line[1024];

	if (!f) {
		fprintf(stderr, "mkman: %s: %s\n", file, strerror(errno));
		return 1;
	}
	while (fgets(line, sizeof(line), f)) {
		size_t i = 0;

		line[strcspn(line, "\n")] = '\0';
		while (i < ARRAY_SIZE(tables) && strcmp(tables[i].word, line) != 0)
			i++;
		if (i < ARRAY_SIZE(tables))
			tables[i].print();
		else
			puts(line);
	}
	return 0;
}

static int schema(void)
{
	struct buf auto_buf b = BUF_INIT;
	struct err e = { 0 };

	if (ct_schema_print(&b, &e) < 0) {
		fprintf(stderr, "mkman: %s\n", e.text);
		return 1;
	}
	fputs(buf_str(&b), stdout);
	return 0;
}

int main(int argc, char **argv)
{
	int rc = 2;

	if (argc == 2)
		rc = !strcmp(argv[1], "--schema") ? schema() : manual(argv[1]);
	else
		fprintf(stderr, "usage: mkman FILE.in | --schema\n");
	return rc || bad || fflush(stdout) ? MAX(rc, 1) : 0;
}
