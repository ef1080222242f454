/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completion of vzfw's command line, made of its rows: one body that bash and zsh both take. `vzfw --completion bash|zsh`. */
#include <string.h>

#include "util/str.h"
#include "vzctl/vzfw.h"

static void second_words(FILE *to, const struct vzfw_cmd *rows)
{
	for (const struct vzfw_cmd *c = rows; c->word; c++) {
		bool first = c == rows || !str_eq(c[-1].word, c->word);

		if (!c->word2)
			continue;
		if (first)
			fprintf(to, "\t%s) opts=(", c->word);
		fprintf(to, "%s%s", first ? "" : " ", c->word2);
		if (!c[1].word || !str_eq(c[1].word, c->word))
			fprintf(to, ") ;;\n");
	}
}

/* What the third word names, by what the row calls it. */
static const char *objects(const struct vzfw_cmd *c)
{
	if (str_starts(c->args, "NAME") && !str_eq(c->word2, "create"))
		return "$(vzfw group list 2>/dev/null | cut -d' ' -f1)";
	if (str_starts(c->args, "ZONE"))
		return "$(vzfw zone list 2>/dev/null)";
	return str_starts(c->args, "net|ct") ? "net ct" : NULL;
}

static const char *later_words(const struct vzfw_cmd *c)
{
	if (strstr(c->args, "RULE"))
		return "in out accept drop any tcp udp icmp from to log count $(vzfw services 2>/dev/null | cut -d' ' -f1)";
	if (strstr(c->args, "accept"))
		return "accept drop accept,log drop,log";
	return str_starts(c->args, "ZONE") ? objects(c) : NULL;
}

int vzfw_completion(FILE *to, const struct vzfw_cmd *rows, bool zsh)
{
	fprintf(to, "%s# vzfw completion; printed from the same rows that the program goes by.\n"
		"_vzfw()\n{\n\tlocal n=%s one=%s two=%s\n\tlocal -a opts\n"
		"\tif ((n == 1)); then opts=(--help --force --json", zsh ? "#compdef vzfw\n" : "",
		zsh ? "$((CURRENT - 1))" : "$COMP_CWORD",
		zsh ? "$words[2]" : "${COMP_WORDS[1]}", zsh ? "$words[3]" : "${COMP_WORDS[2]}");
	for (const struct vzfw_cmd *c = rows; c->word; c++)
		if (c == rows || !str_eq(c[-1].word, c->word))
			fprintf(to, " %s", c->word);
	fprintf(to, ")\n\telif ((n == 2)); then case $one in\n\tshow) opts=($(vzlist -H -o ctid 2>/dev/null)) ;;\n");
	second_words(to, rows);
	fprintf(to, "\tesac\n\telse case \"$one $two\" in\n");
	for (const struct vzfw_cmd *c = rows; c->word; c++) {
		if (!c->word2 || !objects(c))
			continue;
		fprintf(to, "\t\"%s %s\") if ((n == 3)); then opts=(%s)", c->word, c->word2, objects(c));
		if (later_words(c))
			fprintf(to, "; else opts=(%s)", later_words(c));
		fprintf(to, "; fi ;;\n");
	}
	fprintf(to, "\tesac; fi\n\t%s\n}\n%s\n",
		zsh ? "compadd -- $opts" : "COMPREPLY=($(compgen -W \"${opts[*]}\" -- \"${COMP_WORDS[COMP_CWORD]}\"))",
		zsh ? "_vzfw \"$@\"" : "complete -F _vzfw vzfw");
	return fflush(to) ? 1 : 0;
}
