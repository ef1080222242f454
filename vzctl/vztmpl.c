/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vztmpl: what is in the template cache, and how to put something there. A thin row of commands over
 * templates/tmpl.h. Exit status: 0 done, 1 failed, 2 wrong usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "templates/tmpl.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/kv.h"
#include "util/str.h"

#define DEFAULT_TEMPLATE "/vz/template"
#define BUSYBOX "/bin/busybox"

struct command {
	const char *word, *arg;		/* arg in [] may be left out, NULL: takes none */
	int (*run)(const char *tmpldir, const char *arg, struct err *e);
	const char *text;
};

static void print_info(const struct tmpl *t, const struct tmpl_info *i)
{
	printf("Name:       %s\nArchive:    %s\nSize:       %llu bytes\n", t->name, t->archive,
	       (unsigned long long)i->archive_bytes);
	if (t->digest[0])
		printf("SHA-256:    %s\n", t->digest);
	printf("Unpacked:   %s\n", i->unpacked ? "yes" : "no");
	if (i->entries)
		printf("Entries:    %llu\nTree:       %llu bytes\nDevices left out: %llu\nAttributes left out: %llu\n",
		       (unsigned long long)i->entries, (unsigned long long)i->bytes, (unsigned long long)i->nodes_skipped,
		       (unsigned long long)i->xattrs_dropped);
}

static int run_list(const char *dir, const char *arg, struct err *e)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };

	(void)arg;
	if (tmpl_list(dir, &l, e) < 0)
		return -e->code;
	for (size_t i = 0; i < l.n; i++)
		printf("%s\n", l.v[i]);
	return 0;
}

static int run_info(const char *dir, const char *arg, struct err *e)
{
	struct tmpl_info i;
	struct tmpl t;

	if (tmpl_find(dir, arg, &t, e) < 0 || tmpl_info(dir, &t, &i, e) < 0)
		return -e->code;
	print_info(&t, &i);
	return 0;
}

static int run_build(const char *dir, const char *arg, struct err *e)
{
	struct tmpl_info i;
	struct tmpl t;

	if (tmpl_build(dir, arg, &t, e) < 0 || tmpl_info(dir, &t, &i, e) < 0)
		return -e->code;
	print_info(&t, &i);
	return 0;
}

static int run_base(const char *dir, const char *arg, struct err *e)
{
	return tmpl_build_base(dir, arg ? arg : BUSYBOX, e);
}

static int run_verify(const char *dir, const char *arg, struct err *e)
{
	struct tmpl_info i;
	struct tmpl t;

	if (tmpl_find(dir, arg, &t, e) < 0 || tmpl_verify(dir, &t, NULL, &i, e) < 0)
		return -e->code;
	print_info(&t, &i);
	printf("The archive is sound.\n");
	return 0;
}

static int run_rm(const char *dir, const char *arg, struct err *e)
{
	struct tmpl t;

	if (tmpl_find(dir, arg, &t, e) < 0 || tmpl_rm(dir, &t, e) < 0)
		return -e->code;
	printf("%s removed\n", t.archive);
	return 0;
}

static const struct command commands[] = {
	{ "list", NULL, run_list, "names of the templates in the cache" },
	{ "info", "NAME", run_info, "what is known of a template" },
	{ "build", "RECIPE", run_build, "make a template as a recipe says (network, a minute)" },
	{ "build-base", "[BUSYBOX]", run_base, "make vz-base from this host's static busybox" },
	{ "verify", "NAME", run_verify, "read and unpack an archive on trial" },
	{ "rm", "NAME", run_rm, "remove an archive from the cache; containers made from it stay" },
};

static int usage(FILE *f, int status)
{
	fprintf(f, "Usage: vztmpl [--template DIR] COMMAND [ARGUMENT]\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(f, "  %-11s %-10s %s\n", commands[i].word, commands[i].arg ? commands[i].arg : "", commands[i].text);
	return status;
}

/* TEMPLATE of vz.conf; a host without one has the default. */
static void template_dir(char out[4096])
{
	auto_close int etc = open("/etc/vz", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_kv struct kv kv = { 0 };
	const char *v = NULL;
	struct err ignored;

	if (etc >= 0 && kv_load(&kv, etc, "vz.conf", &ignored) == 0)
		v = kv_get(&kv, "TEMPLATE");
	if (!v || v[0] != '/' || str_copy(out, 4096, v) < 0)
		str_copy(out, 4096, DEFAULT_TEMPLATE);
}

static const struct command *find_command(const char *word)
{
	for (size_t i = 0; word && i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].word, word) == 0)
			return &commands[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct command *c;
	struct err e = { 0 };
	char dir[4096];
	int at = 1;

	template_dir(dir);
	if (argc > 2 && strcmp(argv[1], "--template") == 0) {
		if (argv[2][0] != '/' || str_copy(dir, sizeof(dir), argv[2]) < 0)
			return usage(stderr, 2);
		at = 3;
	}
	if (argc > at && (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0))
		return usage(stdout, 0);
	c = find_command(argv[at]);
	if (!c || argc - at - 1 > (c->arg ? 1 : 0) || (c->arg && c->arg[0] != '[' && argc - at < 2))
		return usage(stderr, 2);
	if (c->run(dir, c->arg ? argv[at + 1] : NULL, &e) < 0) {
		fprintf(stderr, "vztmpl: %s\n", e.text);
		return 1;
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
