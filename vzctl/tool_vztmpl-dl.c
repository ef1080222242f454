/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vztmpl-dl: templates from the repositories of download.conf into the local cache. Repositories are
 * directories; no host is asked for anything, and a signature that was wanted cannot be checked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "templates/tmpl.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/kv.h"
#include "util/opt.h"
#include "vzctl/tool.h"

#define CONF "/etc/vz/download.conf"
enum { DL_OK, DL_FAILED, DL_LOCAL, DL_USAGE, DL_NO_WGET, DL_BAD_SIG };

static const char usage[] = "Usage: vztmpl-dl [option ...] TEMPLATE ...\n"
	"       vztmpl-dl --update-all | --list-local | --list-remote | --list-all | --list-orphans\n"
	"  --update, --no-update          fetch again what is here and differs\n"
	"  --gpg-check, --no-gpg-check    refuse what has no checked signature\n"
	"  --ignore-errors                go on after one\n"
	"  --quiet, --no-quiet            say nothing but errors\n"
	"  --config FILE                  instead of " CONF "\n";
enum { A_GPG, A_NO_GPG, A_IGNORE, A_UPDATE, A_NO_UPDATE, A_QUIET, A_NO_QUIET, A_UPDATE_ALL, A_REMOTE, A_LOCAL, A_ALL, A_ORPHANS,
       A_CONFIG, A_HELP };
static const struct opt_flag flags[] = {
	{ "gpg-check", 0, false, A_GPG, NULL }, { "no-gpg-check", 0, false, A_NO_GPG, NULL },
	{ "ignore-errors", 0, false, A_IGNORE, NULL }, { "update", 0, false, A_UPDATE, NULL },
	{ "no-update", 0, false, A_NO_UPDATE, NULL }, { "quiet", 'q', false, A_QUIET, NULL },
	{ "no-quiet", 0, false, A_NO_QUIET, NULL }, { "update-all", 0, false, A_UPDATE_ALL, NULL },
	{ "list-remote", 0, false, A_REMOTE, NULL }, { "list-local", 0, false, A_LOCAL, NULL },
	{ "list-all", 0, false, A_ALL, NULL }, { "list-orphans", 0, false, A_ORPHANS, NULL },
	{ "config", 0, true, A_CONFIG, NULL }, { "help", 'h', false, A_HELP, NULL },
};

struct dl {
	bool gpg, update, ignore, quiet, update_all;
	int list;			/* A_REMOTE ..., -1 */
	bool given[A_HELP + 1];
	const char *config;
	struct str_list names, repos, suffixes, local, remote;
	struct ct_host *host;
};

static bool yes(const struct kv *kv, const char *key, bool otherwise)
{
	const char *v = kv_get(kv, key);

	return v ? strcmp(v, "yes") == 0 : otherwise;
}

/* The prefix stands before what is no repository by itself; alone it is one. */
static int repositories(struct dl *d, const char *repos, const char *prefix, struct err *e)
{
	struct str_list words __attribute__((cleanup(str_list_clear))) = { 0 };
	char url[4096];

	if (str_list_split(&words, repos ? repos : "", " \t\n", e) < 0)
		return -e->code;
	if (!words.n && prefix)
		return str_list_add(&d->repos, prefix, e);
	for (size_t i = 0; i < words.n; i++) {
		bool whole = strstr(words.v[i], "://") || words.v[i][0] == '/' || !prefix;

		if (str_fmt(url, sizeof(url), "%s%s%s", whole ? "" : prefix, whole ? "" : "/", words.v[i]) < 0)
			return err_set(e, ENAMETOOLONG, "TEMPLATE_REPOS");
		if (str_list_add(&d->repos, url, e) < 0)
			return -e->code;
	}
	return 0;
}

/* The command line was read before: what it says wins. */
static int configure(struct dl *d, struct err *e)
{
	auto_kv struct kv kv = { 0 };
	const char *suffixes;
	struct err ignored = { 0 };

	if (kv_load(&kv, AT_FDCWD, d->config ? d->config : CONF, d->config ? e : &ignored) < 0 && d->config)
		return -e->code;
	suffixes = kv_get(&kv, "TMPL_SUFFIXES");
	if (repositories(d, kv_get(&kv, "TEMPLATE_REPOS"), kv_get(&kv, "TMPL_REPO_PREFIX"), e) < 0)
		return -e->code;
	if (str_list_split(&d->suffixes, suffixes ? suffixes : "tar.gz tar.zst tar.xz tar.bz2 tar", " \t\n", e) < 0)
		return -e->code;
	d->gpg = d->given[A_GPG] || (!d->given[A_NO_GPG] && yes(&kv, "CHECK_TEMPLATE_SIG", false));
	d->update = d->update_all || d->given[A_UPDATE] || (!d->given[A_NO_UPDATE] && yes(&kv, "UPDATE_TEMPLATE", true));
	d->ignore = d->given[A_IGNORE] || yes(&kv, "IGNORE_ERRORS", false);
	d->quiet = d->given[A_QUIET] || (!d->given[A_NO_QUIET] && yes(&kv, "QUIET", false));
	return 0;
}

static int args(struct dl *d, char **argv, struct err *e)
{
	struct opt o = { .prog = "vztmpl-dl", .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = argv, .at = 1 };
	struct opt_found f;
	int what;

	while ((what = opt_next(&o, &f, e)) > 0) {
		if (what == OPT_OPERAND) {
			if (str_list_add(&d->names, f.arg, e) < 0)
				return -e->code;
			continue;
		}
		d->given[f.flag->id] = true;
		if (f.flag->id == A_CONFIG)
			d->config = f.arg;
		else if (f.flag->id >= A_REMOTE && f.flag->id <= A_ORPHANS)
			d->list = f.flag->id;
		d->update_all |= f.flag->id == A_UPDATE_ALL;
	}
	if (what < 0 || d->given[A_HELP])
		return what;
	return d->names.n || d->list >= 0 || d->update_all ? 0 : err_say(e, EINVAL, "No template is given");
}

/* --- lists --- */

static int cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void print(struct str_list *l, const struct str_list *without)
{
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), cmp);
	for (size_t i = 0; i < l->n; i++)
		if (!without || !str_list_has(without, l->v[i]))
			puts(l->v[i]);
}

static void print_both(struct str_list *local, struct str_list *remote)
{
	print(remote, local);
	print(local, NULL);
}

static int list(struct dl *d, struct err *e)
{
	for (size_t i = 0; d->list != A_LOCAL && i < d->repos.n; i++) {
		const char *dir = tool_repo_dir(d->repos.v[i]);

		if (!dir) {
			err_say(e, ENOTSUP, "%s: only directories (file:///DIR) can be repositories", d->repos.v[i]);
			return DL_NO_WGET;
		}
		if (tool_repo_list(dir, &d->suffixes, &d->remote, e) < 0)
			return DL_FAILED;
	}
	if (d->list != A_LOCAL && !d->repos.n) {
		err_say(e, ENOENT, "No repository is configured: set TEMPLATE_REPOS in %s", d->config ? d->config : CONF);
		return DL_FAILED;
	}
	if (d->list == A_LOCAL || d->list == A_ORPHANS)
		print(&d->local, d->list == A_ORPHANS ? &d->remote : NULL);
	else if (d->list == A_REMOTE)
		print(&d->remote, NULL);
	else
		print_both(&d->local, &d->remote);
	return DL_OK;
}

/* --- templates --- */

static int get(struct dl *d, const char *name, int cache, struct err *e)
{
	bool here = str_list_has(&d->local, name);
	int worst = DL_FAILED;

	if (here && !d->update)
		return DL_LOCAL;
	if (!d->repos.n) {
		err_say(e, ENOENT, "Cannot download %s: no repository is configured (TEMPLATE_REPOS in %s). Put the archive into "
			"the template cache, or make one with vztmpl build", name, d->config ? d->config : CONF);
		return here ? DL_LOCAL : DL_FAILED;
	}
	if (d->gpg) {
		err_say(e, ENOTSUP, "The signature of %s cannot be checked here: --no-gpg-check takes it without", name);
		return DL_BAD_SIG;
	}
	for (size_t i = 0; i < d->repos.n; i++) {
		const char *dir = tool_repo_dir(d->repos.v[i]);
		int rc;

		err_clear(e);
		if (!dir) {
			err_say(e, ENOTSUP, "%s: only directories (file:///DIR) can be repositories", d->repos.v[i]);
			worst = DL_NO_WGET;
			continue;
		}
		rc = tool_repo_get(dir, name, &d->suffixes, cache, e);
		if (rc >= 0)
			return rc ? DL_LOCAL : DL_OK;
	}
	return here ? DL_LOCAL : worst;
}

static int get_all(struct dl *d, struct err *e)
{
	const struct str_list *names = d->update_all ? &d->local : &d->names;
	char path[4096];
	int exit = DL_OK;

	if (str_fmt(path, sizeof(path), "%s/cache", ct_host_conf(d->host)->template_dir) < 0)
		return DL_FAILED;
	auto_close int cache = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cache < 0) {
		err_set(e, errno, "%s", path);
		return DL_FAILED;
	}
	for (size_t i = 0; i < names->n; i++) {
		int rc;

		err_clear(e);
		rc = get(d, names->v[i], cache, e);
		if (rc == DL_OK && !d->quiet)
			printf("%s was put into %s\n", names->v[i], path);
		if (rc == DL_LOCAL && !d->quiet)
			printf("%s is in %s already\n", names->v[i], path);
		exit = rc ? rc : exit;
		if (rc == DL_OK || rc == DL_LOCAL)
			continue;
		if (!d->ignore)
			return rc;
		tool_fail("vztmpl-dl", e);
	}
	err_clear(e);
	return exit;
}

static int run(struct dl *d, struct err *e)
{
	if (configure(d, e) < 0 || tool_host(&d->host, e) < 0 ||
	    tmpl_list(ct_host_conf(d->host)->template_dir, &d->local, e) < 0)
		return DL_FAILED;
	return d->list >= 0 ? list(d, e) : get_all(d, e);
}

int main(int argc, char **argv)
{
	struct dl d = { .list = -1 };
	struct str_list *const all[] = { &d.names, &d.repos, &d.suffixes, &d.local, &d.remote };
	struct err e = { 0 };
	int rc = args(&d, argv, &e);

	(void)argc;
	if (rc < 0 || d.given[A_HELP])
		rc = tool_usage(usage, &e, rc < 0 ? DL_USAGE : 0);
	else if ((rc = run(&d, &e)) && e.code)
		tool_fail("vztmpl-dl", &e);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		str_list_clear(all[i]);
	ct_host_close(d.host);
	return rc;
}
