/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Build-time program: prints shell completion from the rows that parse the options.
 *   mkcompl NAME     of the program NAME for bash; _NAME, as such a file is called, for zsh
 */
#include <stdio.h>
#include <string.h>

#include "util/auto.h"
#include "vzctl/cmd.h"
#include "vzctl/tool.h"
#include "vzctl/vzadm.h"
#include "vzctl/vzpool.h"
#include "vzctl/vztmpl.h"

static void words_of(const struct cmd *c)
{
	if ((c->flags & CMD_REST) && !strncmp(c->args, "[--", 3))	/* enter's, which has no row */
		printf(" %.*s", (int)strcspn(c->args + 1, " "), c->args + 1);
	for (size_t k = 0; k < c->n_opts; k++)
		if (!c->opts[k].only || !strcmp(c->opts[k].only, c->word) || !strcmp(c->word, "restart"))
			printf(" --%s", c->opts[k].name);
	for (size_t g = 0; g < ct_param_groups_n; g++)
		for (size_t i = 0; i < ct_param_groups[g].n; i++)
			if (cmd_takes(c, &ct_param_groups[g].rows[i]))
				printf(" --%s", ct_param_groups[g].rows[i].opt);
}

static void command_words(void)
{
	for (size_t i = 0; i < cmd_table_n; i++)
		printf("%s%s%s%s", i ? " " : "", cmd_table[i]->word, cmd_table[i]->alias ? " " : "",
		       cmd_table[i]->alias ? cmd_table[i]->alias : "");
}

static void option_cases(const char *assign)
{
	for (size_t i = 0; i < cmd_table_n; i++) {
		const struct cmd *c = cmd_table[i];

		printf("\t%s%s%s) %s'", c->word, c->alias ? "|" : "", c->alias ? c->alias : "", assign);
		words_of(c);
		printf("' ;;\n");
	}
}

/* Values that the row names: yes|no, overlay|dir|... */
static bool has_words(const struct param *p)
{
	static const char *const types[] = { "yesno", "mode", "layout" };

	for (size_t i = 0; p->opt && strchr(p->arg, '|') && i < ARRAY_SIZE(types); i++)
		if (!strcmp(p->type->name, types[i]))
			return true;
	return false;
}

/* One case per option whose values are words: @open and @close around them. */
static void value_cases(const char *open, const char *close)
{
	for (size_t g = 0; g < ct_param_groups_n; g++) {
		for (size_t i = 0; i < ct_param_groups[g].n; i++) {
			const struct param *p = &ct_param_groups[g].rows[i];

			if (!has_words(p))
				continue;
			printf("\t--%s) %s", p->opt, open);
			for (const char *c = p->arg; *c; c++)
				putchar(*c == '|' ? ' ' : *c);
			printf("%s ;;\n", close);
		}
	}
}

static int completion_bash(void)
{
	printf("# vzctl completion for bash; printed from the same rows that parse the options.\n"
	       "_vzctl()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} i=1 words=\n"
	       "\twhile [[ ${COMP_WORDS[i]} == --* && i -lt COMP_CWORD ]]; do ((i++)); done\n"
	       "\tif ((COMP_CWORD == i)); then\n\t\twords='--verbose --quiet --skiplock --host --version --help ");
	command_words();
	printf("'\n\telif ((COMP_CWORD == i + 1)); then\n"
	       "\t\tcase ${COMP_WORDS[i]} in\n"
	       "\t\tstart) words=$(vzlist -S -H -o ctid,name 2>/dev/null) ;;\n"
	       "\t\tstop|exec*|enter|console) words=$(vzlist -H -o ctid,name 2>/dev/null) ;;\n"
	       "\t\t*) words=$(vzlist -a -H -o ctid,name 2>/dev/null) ;;\n\t\tesac\n\t\twords=${words// -/ }\n"
	       "\telse case ${COMP_WORDS[COMP_CWORD-1]} in\n"
	       "\t--ostemplate) words=$(vztmpl list 2>/dev/null) ;;\n"
	       "\t--config|--applyconfig) words=$(cd /etc/vz/conf 2>/dev/null && printf '%%s\\n' ve-*.conf-sample |\n"
	       "\t\tsed 's/^ve-//; s/\\.conf-sample$//') ;;\n"
	       "\t--id|--uuid) words=$(vzctl snapshot-list \"${COMP_WORDS[i+1]}\" -H -o uuid 2>/dev/null) ;;\n"
	       "\t--setmode) words='restart ignore' ;;\n");
	value_cases("words='", "'");
	printf("\t*) case ${COMP_WORDS[i]} in\n");
	option_cases("words=");
	printf("\tesac ;;\n\tesac; fi\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -F _vzctl vzctl\n");
	return 0;
}

static void zsh_options(const struct cmd *c)
{
	printf("\t%s%s%s) opts=(", c->word, c->alias ? "|" : "", c->alias ? c->alias : "");
	words_of(c);
	printf(") ;;\n");
}

static int completion_zsh(void)
{
	printf("#compdef vzctl\n# Printed from the same rows that parse the options.\n"
	       "local -a opts cmds\nlocal i=2\n"
	       "while [[ $words[i] == --* && $i -lt $CURRENT ]]; do ((i++)); done\ncmds=(");
	command_words();
	printf(")\nif ((CURRENT == i)); then\n\tcompadd -- --verbose --quiet --skiplock --host --version --help $cmds\n"
	       "\treturn\nfi\n"
	       "if ((CURRENT == i + 1)); then\n\tcase $words[i] in\n"
	       "\tstart) opts=(${=$(vzlist -S -H -o ctid,name 2>/dev/null)}) ;;\n"
	       "\tstop|exec*|enter|console) opts=(${=$(vzlist -H -o ctid,name 2>/dev/null)}) ;;\n"
	       "\t*) opts=(${=$(vzlist -a -H -o ctid,name 2>/dev/null)}) ;;\n"
	       "\tesac\n\tcompadd -- ${opts:#-}\n\treturn\nfi\n"
	       "case $words[CURRENT-1] in\n"
	       "\t--ostemplate) compadd -- ${=$(vztmpl list 2>/dev/null)}; return ;;\n"
	       "\t--config|--applyconfig) compadd -- /etc/vz/conf/ve-*.conf-sample(N:t:r:s/ve-//); return ;;\n"
	       "\t--id|--uuid) compadd -- ${=$(vzctl snapshot-list \"$words[i+1]\" -H -o uuid 2>/dev/null)}; return ;;\n"
	       "\t--setmode) compadd restart ignore; return ;;\n");
	value_cases("compadd ", "; return");
	printf("esac\ncase $words[i] in\n");
	for (size_t i = 0; i < cmd_table_n; i++)
		zsh_options(cmd_table[i]);
	printf("esac\ncompadd -- $opts\n");
	return 0;
}

/* --- one body for bash and zsh: the number of the word, the first two, the one before, and what may come as opts --- */

static void head_of(const char *prog, bool zsh, const char *globals)
{
	printf("%s%s%s# %s completion; printed from the same rows that parse the options.\n"
	       "_%s()\n{\n\tlocal n=%s one=%s two=%s prev=%s\n\tlocal -a opts\n\tif ((n == 1)); then opts=(%s",
	       zsh ? "#compdef " : "", zsh ? prog : "", zsh ? "\n" : "", prog, prog, zsh ? "$((CURRENT - 1))" : "$COMP_CWORD",
	       zsh ? "$words[2]" : "${COMP_WORDS[1]}", zsh ? "$words[3]" : "${COMP_WORDS[2]}",
	       zsh ? "$words[CURRENT-1]" : "${COMP_WORDS[COMP_CWORD-1]}", globals);
}

/* @files: those too. */
static void tail_of(const char *prog, bool zsh, bool files)
{
	printf("\tesac\n\tcase $prev in\n\t--format) opts=(erofs erofs-lz4 squashfs) ;;\n\tesac; fi\n\t: $two\n");
	if (zsh)
		printf("\tcompadd -- $opts\n%s}\n_%s \"$@\"\n", files ? "\t((n == 1)) || _files\n" : "", prog);
	else
		printf("\tCOMPREPLY=($(compgen -W \"${opts[*]}\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\ncomplete %s-F _%s %s\n",
		       files ? "-o default " : "", prog, prog);
}

static void flags_of(const struct opt_flag *v, size_t n, unsigned opts)
{
	for (size_t i = 0; i < n; i++)
		if (opts & (unsigned)v[i].id)
			printf("--%s ", v[i].name);
}

#define RECIPES "$(ls " VZ_LIBEXEC "/recipes /vz/template/recipes 2>/dev/null | grep -v :)"

/* Commands, then the options of each, and names of templates, recipes and containers where they are wanted. */
static int completion_vztmpl(bool zsh)
{
	head_of("vztmpl", zsh, "--template --help");
	for (size_t i = 0; i < vztmpl_cmds_n; i++)
		printf(" %s", vztmpl_cmds[i].word);
	printf(")\n\telse case $one in\n");
	for (size_t i = 0; i < vztmpl_cmds_n; i++) {
		const struct vztmpl_cmd *c = &vztmpl_cmds[i];

		printf("\t%s) opts=(", c->word);
		flags_of(vztmpl_flags, vztmpl_flags_n, c->opts);
		printf("%s) ;;\n", c->args[0] == 'C' ? "$(vzlist -aH -o ctid 2>/dev/null)" :
		       strstr(c->args, "NAME") ? "$(vztmpl list 2>/dev/null)" :
		       strstr(c->args, "RECIPE") ? RECIPES : "");
	}
	tail_of("vztmpl", zsh, true);
	return 0;
}

static int completion_vzpool(bool zsh)
{
	head_of("vzpool", zsh, "--help");
	for (size_t i = 0; i < vzpool_cmds_n; i++)
		printf(" %s", vzpool_cmds[i].word);
	printf(")\n\telse case $one in\n");
	for (size_t i = 0; i < vzpool_cmds_n; i++) {
		const struct vzpool_cmd *c = &vzpool_cmds[i];
		bool attached = strstr(c->args, "POOL") || (strstr(c->args, "NAME") && !strstr(c->args, "SOURCE"));

		printf("\t%s) opts=(", c->word);
		flags_of(vzpool_flags, vzpool_flags_n, c->opts);
		printf("%s%s) ;;\n", attached ? "$(vzpool list 2>/dev/null | cut -d' ' -f1) " : "",
		       strstr(c->args, "TEMPLATE") ? "$(vztmpl list 2>/dev/null)" : "");
	}
	tail_of("vzpool", zsh, true);
	return 0;
}

/* Nouns, then their words, then the options of the two. */
static int completion_vzadm(bool zsh)
{
	head_of("vzadm", zsh, "--json --socket --token-file --help --version");
	for (size_t i = 0; i < adm_cmds_n; i++)
		if (!i || strcmp(adm_cmds[i - 1].noun, adm_cmds[i].noun) != 0)
			printf(" %s", adm_cmds[i].noun);
	printf(")\n\telif ((n == 2)) && [[ \" ");
	for (size_t i = 0; i < adm_cmds_n; i++)
		if (adm_cmds[i].word && (!i || strcmp(adm_cmds[i - 1].noun, adm_cmds[i].noun) != 0))
			printf("%s ", adm_cmds[i].noun);
	printf("\" == *\" $one \"* ]]; then case $one in\n");
	for (size_t i = 0; i < adm_cmds_n; i++) {
		const char *noun = adm_cmds[i].noun;

		if (!adm_cmds[i].word || (i && strcmp(adm_cmds[i - 1].noun, noun) == 0))
			continue;
		printf("\t%s) opts=(", noun);
		for (size_t k = i; k < adm_cmds_n && strcmp(adm_cmds[k].noun, noun) == 0; k++)
			printf("%s ", adm_cmds[k].word);
		printf(") ;;\n");
	}
	printf("\tesac\n\telse opts=(--help --json)\n\tcase \"$one $two\" in\n");
	for (size_t i = 0; i < adm_cmds_n; i++) {
		const struct adm_cmd *c = &adm_cmds[i];

		if (!c->n_opts)
			continue;
		printf("\t\"%s %s\"*) opts+=(", c->noun, c->word ? c->word : "");
		for (size_t k = 0; k < c->n_opts; k++)
			printf(" --%s", c->opts[k].name);
		printf(") ;;\n");
	}
	tail_of("vzadm", zsh, false);
	return 0;
}

/* CTIDs behind -v, classes behind -c, else options: for bash and for zsh. */
static int completion_vznetstat(bool zsh)
{
	const char *to = zsh ? "compadd -- " : "words='", *end = zsh ? "" : "'";

	printf("%s# vznetstat completion; printed from the same rows that parse the options.\n",
	       zsh ? "#compdef vznetstat\n" : "");
	if (!zsh)
		printf("_vznetstat()\n{\nlocal cur=${COMP_WORDS[COMP_CWORD]} words=\n");
	printf("case %s in\n-v) %s ;;\n-c) %s", zsh ? "$words[CURRENT-1]" : "${COMP_WORDS[COMP_CWORD-1]}",
	       zsh ? "compadd -- ${=$(vzlist -aH -o ctid 2>/dev/null)}" : "words=$(vzlist -aH -o ctid 2>/dev/null)", to);
	for (int i = 0; i < NET_CLASS_N; i++)
		printf("%d ", i);
	printf("%s ;;\n*) %s", end, to);
	for (size_t i = 0; i < vznetstat_flags_n; i++) {
		if (vznetstat_flags[i].name)
			printf("--%s ", vznetstat_flags[i].name);
		printf("-%c ", vznetstat_flags[i].short_opt);
	}
	printf("%s ;;\nesac\n", end);
	if (!zsh)
		printf("COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -F _vznetstat vznetstat\n");
	return 0;
}

static int completion_vzctl(bool zsh)
{
	return zsh ? completion_zsh() : completion_bash();
}

int main(int argc, char **argv)
{
	static const struct { const char *name; int (*print)(bool zsh); } t[] = {
		{ "vzctl", completion_vzctl }, { "vztmpl", completion_vztmpl }, { "vzpool", completion_vzpool },
		{ "vzadm", completion_vzadm }, { "vznetstat", completion_vznetstat },
	};
	bool zsh = argc == 2 && argv[1][0] == '_';

	for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(t); i++)
		if (!strcmp(argv[1] + zsh, t[i].name))
			return t[i].print(zsh) || fflush(stdout) ? 1 : 0;
	fprintf(stderr, "usage: mkcompl [_]vzctl|vztmpl|vzpool|vzadm|vznetstat\n");
	return 2;
}
