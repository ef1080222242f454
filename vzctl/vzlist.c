/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vzlist: which containers, and the figures the asked-for columns need. Looks only; takes no lock. Nothing
 * that no column shows is collected.
 */
#include "vzctl/vzlist.h"

#include <dirent.h>
#include <fnmatch.h>
#include <signal.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/opt.h"
#include "vzctl/host.h"

#define LIST_OUT_MAX (256u << 20)
#define LIST_RUN_DIR "/run/vz"		/* one directory per container that is mounted or runs */

enum { A_ALL, A_STOPPED, A_NAME, A_NO_HEADER, A_NO_TRIM, A_JSON, A_OUTPUT, A_ONE, A_SORT, A_HOSTNAME, A_FILTER, A_DESCR,
       A_LIST, A_HELP };
static const struct opt_flag list_flags[] = {
	{ "all", 'a', false, A_ALL, "All containers, not only running ones." },
	{ "stopped", 'S', false, A_STOPPED, "Only containers that do not run." },
	{ "name", 'n', false, A_NAME, "Show names instead of CTIDs." },
	{ "no-header", 'H', false, A_NO_HEADER, "No header line." },
	{ "no-trim", 't', false, A_NO_TRIM, "Do not cut long values." },
	{ "json", 'j', false, A_JSON, "JSON." },
	{ "output", 'o', true, A_OUTPUT, "Fields to show, separated by commas." },
	{ NULL, '1', false, A_ONE, "The same as -H -o ctid." },
	{ "sort", 's', true, A_SORT, "Sort by a field; -FIELD sorts downwards." },
	{ "hostname", 'h', true, A_HOSTNAME, "Only containers whose host name matches the pattern." },
	{ "name_filter", 'N', true, A_FILTER, "Only containers whose name matches the pattern." },
	{ "description", 'd', true, A_DESCR, "Only containers whose description matches the pattern." },
	{ "list", 'L', false, A_LIST, "List the fields." },
	{ "help", 0, false, A_HELP, "This text." },
};

struct list {
	struct ui ui;
	bool all, stopped, json, down, names, help;
	bool named;			/* containers were given as arguments */
	const char *fields_text, *pat_host, *pat_name, *pat_descr;
	struct vzlist_form form;
	struct vzlist_fields fields;
	struct vzlist_field sort;
	unsigned *ids;			/* to look at */
	size_t n_ids;
	struct ct_host *host;
	struct vzlist_row *rows;
	size_t n;
};

static void list_usage(struct buf *b)
{
	buf_adds(b, "Usage: vzlist [-a | -S] [-n] [-H] [-t] [-j] [-o field[,field...] | -1] [-s [-]field]\n"
		    "\t      [-h pattern] [-N pattern] [-d pattern] [CTID|NAME ...]\n"
		    "       vzlist -L | --list\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(list_flags); i++) {
		const struct opt_flag *f = &list_flags[i];
		char s[3] = { '-', f->short_opt, '\0' };

		buf_addf(b, "  %-3s %s%-14s %s\n", f->short_opt ? s : "", f->name ? "--" : "  ", f->name ? f->name : "",
			 f->text);
	}
}

static int list_sort_field(struct list *l, const char *text, struct err *e)
{
	l->down = *text == '-';
	if (vzlist_field_find(text + l->down, &l->sort) < 0)
		return err_say(e, EINVAL, "Unknown field: %s", text + l->down);
	return 0;
}

static int list_id(struct list *l, const char *text, struct err *e)
{
	unsigned *ids = realloc(l->ids, (l->n_ids + 1) * sizeof(*ids));

	if (!ids)
		return err_set(e, ENOMEM, "arguments");
	l->ids = ids;
	if (ct_id_parse(text, &l->ids[l->n_ids], e) < 0)
		return err_say(e, EINVAL, "CT ID %s is invalid.", text);
	l->n_ids++;
	return 0;
}

static int list_flag(struct list *l, const struct opt_found *f, struct err *e)
{
	switch (f->flag->id) {
	case A_ALL: l->all = true; return 0;
	case A_STOPPED: l->stopped = true; return 0;
	case A_NAME: l->fields_text = VZLIST_NAMES; return 0;
	case A_NO_HEADER: l->form.no_header = true; return 0;
	case A_NO_TRIM: l->form.no_trim = true; return 0;
	case A_JSON: l->json = true; return 0;
	case A_OUTPUT: l->fields_text = f->arg; return 0;
	case A_ONE: l->form.no_header = true; l->fields_text = "veid"; return 0;
	case A_SORT: return list_sort_field(l, f->arg, e);
	case A_HOSTNAME: l->pat_host = f->arg; return 0;
	case A_FILTER: l->pat_name = f->arg; return 0;
	case A_DESCR: l->pat_descr = f->arg; return 0;
	case A_LIST: l->names = true; return 0;
	default: l->help = true; return 0;
	}
}

/* -1: the usage is wanted, for a wrong option as well as for --help. */
static int list_args(struct list *l, char **argv, struct err *e)
{
	struct opt o = { .prog = "vzlist", .flags = list_flags, .n_flags = ARRAY_SIZE(list_flags), .argv = argv, .at = 1 };
	struct opt_found f;
	int what;

	while ((what = opt_next(&o, &f, e)) > 0)
		if ((what == OPT_OPERAND ? list_id(l, f.arg, e) : list_flag(l, &f, e)) < 0)
			return -e->code;
	if (what < 0)
		l->help = true;
	if (l->fields_text)
		return vzlist_fields_parse(l->fields_text, &l->fields, e);
	if (l->json)
		vzlist_fields_all(&l->fields);
	else
		return vzlist_fields_parse(VZLIST_DEFAULT, &l->fields, e);
	return 0;
}

static bool list_match(const char *pattern, const char *value)
{
	return !pattern || (value && fnmatch(pattern, value, 0) == 0);
}

static bool list_shows(const struct list *l, const struct vzlist_row *r)
{
	bool running = r->info.run == CT_RUNNING;

	if (!running && !r->info.exists)
		return false;
	if (l->stopped ? running : !running && !l->all && !l->named)
		return false;
	return list_match(l->pat_host, r->conf->hostname) && list_match(l->pat_descr, r->conf->description) &&
	       list_match(l->pat_name, r->name_ok ? r->conf->name : NULL);
}

static void list_row_done(struct vzlist_row *r)
{
	free(r->private_dir);
	free(r->root);
	ct_close(r->ct);
}

/* A container whose files are being changed or destroyed meanwhile is left out; that is no error of the list. */
static int list_add(struct list *l, unsigned id, struct err *e)
{
	struct vzlist_row *r = &l->rows[l->n];
	char text[16];
	unsigned named;
	unsigned want = vzlist_fields_want(&l->fields);
	struct err ignored = { 0 };

	if (l->sort.col)
		want |= vzlist_fields_want(&(struct vzlist_fields){ .v = { l->sort }, .n = 1 });
	*r = (struct vzlist_row){ .id = id };
	str_fmt(text, sizeof(text), "%u", id);
	if (ct_open(l->host, text, CT_NO_CONFIG_OK, &r->ct, &ignored) < 0)
		return 0;
	r->conf = ct_conf(r->ct);
	if (ct_info(r->ct, want, &r->info, e) < 0) {
		list_row_done(r);
		return -e->code;
	}
	if (!(want & CT_WANT_CG))
		cg_ubc_report(&r->info.cg, &r->conf->cg, r->info.ubc);	/* barriers and limits cost nothing */
	r->private_dir = ct_path_private(r->ct);
	r->root = ct_path_root(r->ct);
	r->name_ok = r->conf->name && *r->conf->name && ct_id_parse(r->conf->name, &named, &ignored) == 0 && named == id;
	if (list_shows(l, r))
		l->n++;
	else
		list_row_done(r);
	return 0;
}

static int id_cmp(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

/* Those with a file, and those that run although theirs was removed. */
static int list_all(struct list *l, struct err *e)
{
	auto_closedir DIR *d = opendir(LIST_RUN_DIR);
	struct dirent *de;
	uint64_t id;
	unsigned *v;

	if (ct_list(l->host, &l->ids, &l->n_ids, e) < 0)
		return -e->code;
	while (d && (de = readdir(d))) {
		if (num_u64(de->d_name, &id) < 0 || id > CT_ID_MAX)
			continue;
		v = reallocarray(l->ids, l->n_ids + 1, sizeof(*v));
		if (!v)
			return err_set(e, ENOMEM, "list");
		l->ids = v;
		l->ids[l->n_ids++] = (unsigned)id;
	}
	return 0;
}

static int list_collect(struct list *l, struct err *e)
{
	l->named = l->n_ids > 0;
	if (!l->named && list_all(l, e) < 0)
		return -e->code;
	l->rows = calloc(l->n_ids + 1, sizeof(*l->rows));
	if (!l->rows)
		return err_set(e, ENOMEM, "list");
	if (l->n_ids)
		qsort(l->ids, l->n_ids, sizeof(*l->ids), id_cmp);
	for (size_t i = 0; i < l->n_ids; i++)
		if (l->ids[i] && (!i || l->ids[i] != l->ids[i - 1]) && list_add(l, l->ids[i], e) < 0)
			return -e->code;
	return 0;
}

static int list_print(struct list *l, struct err *e)
{
	struct vzlist_field by_id = { .col = &vzlist_cols[0] };
	struct buf auto_buf b = { .cap = LIST_OUT_MAX };
	int rc = 0;

	vzlist_sort(l->rows, l->n, l->sort.col ? &l->sort : &by_id, l->sort.col && l->down);
	if (l->json)
		rc = vzlist_json(&b, &l->fields, l->rows, l->n, e);
	else if (l->n)
		vzlist_text(&b, &l->fields, l->rows, l->n, &l->form);
	else
		ui_say(&l->ui, -1, 0, "Container(s) not found");
	if (rc < 0)
		return rc;
	if (buf_failed(&b))
		return err_say(e, ENOMEM, "The list is too long");
	ui_write(STDOUT_FILENO, buf_str(&b));
	return 0;
}

static int list_run(struct list *l, struct err *e)
{
	struct ui silent = { .quiet = true };	/* a bad line in one file is no news of a list */
	const struct ct_ui sink = { .say = ui_say, .arg = &silent };

	if (geteuid() != 0)
		return err_say(e, EPERM, "This program can only be run under root.");
	if (ct_host_open(&sink, &l->host, e) < 0)
		return -e->code;
	vzlist_pool_dir(ct_host_conf(l->host)->template_dir);
	if (host_pool_mounted(ct_host_conf(l->host), e) < 0 || list_collect(l, e) < 0 ||
	    list_print(l, e) < 0)
		return -e->code;
	return 0;
}

static void list_done(struct list *l)
{
	for (size_t i = 0; i < l->n; i++)
		list_row_done(&l->rows[i]);
	free(l->rows);
	free(l->ids);
	ct_host_close(l->host);
}

int main(int argc, char **argv)
{
	static struct list l;
	struct buf auto_buf b = BUF_INIT;
	struct err e = { 0 };
	int rc, exit = 0;

	(void)argc;
	signal(SIGPIPE, SIG_IGN);
	rc = list_args(&l, argv, &e);
	if (l.help)
		list_usage(&b);
	else if (l.names && rc == 0)
		vzlist_print_names(&b);
	else if (rc == 0)
		rc = list_run(&l, &e);
	if (rc < 0 || (l.help && e.code))
		ui_fail(&l.ui, &e);
	ui_write(STDOUT_FILENO, buf_str(&b));
	exit = rc < 0 || l.help || (l.named && !l.n);
	list_done(&l);
	return exit;
}
