/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzmigrate's command line, and the words that go to, and come from, a shell on the destination. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/opt.h"
#include "vzctl/migrate.h"

enum { M_REMOVE, M_LIVE, M_SSH, M_MUX, M_RSYNC, M_KEEP_DST, M_PLOOP, M_CHECK, M_NODEPS, M_TIMES, M_VERBOSE, M_HELP };
static const struct opt_flag flags[] = {
	{ "remove-area", 'r', true, M_REMOVE, NULL }, { "live", 0, false, M_LIVE, NULL }, { "online", 0, false, M_LIVE, NULL },
	{ "ssh", 0, true, M_SSH, NULL }, { "ssh-mux", 0, false, M_MUX, NULL }, { "rsync", 0, true, M_RSYNC, NULL },
	{ "keep-dst", 0, false, M_KEEP_DST, NULL }, { "compact", 'c', false, M_PLOOP, NULL },
	{ "snapshot", 's', false, M_PLOOP, NULL }, { "check-only", 0, false, M_CHECK, NULL },
	{ "dry-run", 0, false, M_CHECK, NULL }, { "nodeps", 'f', false, M_NODEPS, NULL }, { "times", 't', false, M_TIMES, NULL },
	{ NULL, 'v', false, M_VERBOSE, NULL }, { "help", 'h', false, M_HELP, NULL }, { "usage", 0, false, M_HELP, NULL },
};

static int take(struct migrate_opts *o, const struct opt_found *f, struct err *e)
{
	switch (f->flag->id) {
	case M_REMOVE:
		if (!str_eq(f->arg, "yes") && !str_eq(f->arg, "no"))
			return err_say(e, EINVAL, "-r takes yes or no, not '%s'", f->arg);
		o->keep_src = str_eq(f->arg, "no");
		return 0;
	case M_LIVE: o->live = true; return 0;
	case M_SSH: return str_list_split(&o->ssh, f->arg, " \t", e);
	case M_MUX: o->mux = true; return 0;
	case M_RSYNC: return str_list_split(&o->rsync, f->arg, " \t", e);
	case M_KEEP_DST: o->keep_dst = true; return 0;
	case M_PLOOP: return 0;		/* helpers of an image, which there is none of */
	case M_CHECK: o->check_only = true; return 0;
	case M_NODEPS: o->force_ip = true; return 0;
	case M_TIMES: o->times = true; return 0;
	case M_VERBOSE: o->verbose++; return 0;
	default: o->help = true; return 0;
	}
}

static int operand(struct migrate_opts *o, const char *word, struct err *e)
{
	if (!o->host)
		o->host = word;
	else if (!o->ct)
		o->ct = word;
	else
		return err_say(e, EINVAL, "Extra argument: %s", word);
	return 0;
}

bool migrate_host_ok(const char *host)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:@%[]";

	return *host && *host != '-' && *host != '@' && strlen(host) < 256 && !host[strspn(host, ok)];
}

/* "--nodeps=cpu" is the one option whose argument may be left out. */
static char **without_nodeps_args(char **argv)
{
	static char nodeps[] = "--nodeps";
	size_t n = 0;
	char **v;

	while (argv[n])
		n++;
	v = calloc(n + 1, sizeof(*v));
	for (size_t i = 0; v && i < n; i++)
		v[i] = str_starts(argv[i], "--nodeps=") ? nodeps : argv[i];
	return v;
}

int migrate_args(char **argv, struct migrate_opts *ret, struct err *e)
{
	auto_free char **words = without_nodeps_args(argv);
	struct opt o = { .prog = "vzmigrate", .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = words, .at = 1 };
	struct opt_found f;
	int what;

	if (!words)
		return err_set(e, ENOMEM, "arguments");
	ret->help = !words[0] || !words[1];
	while ((what = opt_next(&o, &f, e)) > 0)
		if ((what == OPT_OPERAND ? operand(ret, f.arg, e) : take(ret, &f, e)) < 0)
			return -e->code;
	if (what < 0 || ret->help)
		return what;
	if (!ret->host || !ret->ct)
		return err_say(e, EINVAL, "A host and a container are needed");
	return migrate_host_ok(ret->host) ? 0 : err_say(e, EINVAL, "'%s' is no name of a host", ret->host);
}

void migrate_opts_done(struct migrate_opts *o)
{
	str_list_clear(&o->ssh);
	str_list_clear(&o->rsync);
}

void migrate_quote(struct buf *b, const char *word)
{
	buf_addc(b, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			buf_adds(b, "'\\''");
		else
			buf_addc(b, *word);
	}
	buf_addc(b, '\'');
}

/* Characters that mean something to some shell or to rsync would have to survive two of them. */
static bool path_ok(const char *s)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+@=-";

	return *s == '/' && s[1] && strlen(s) < 1024 && !s[strspn(s, ok)] && !strstr(s, "/../") && !str_ends(s, "/..");
}

int migrate_paths(const char *text, char **ret_root, char **ret_private, struct err *e)
{
	auto_free char *copy = strdup(text);
	char *line, *rest = copy, *last = NULL, *bar;

	while (rest && (line = strsep(&rest, "\n")))
		if (*line)
			last = line;
	bar = last ? strchr(last, '|') : NULL;
	if (!bar)
		return err_say(e, EINVAL, "the destination does not tell its VE_ROOT and VE_PRIVATE");
	*bar = '\0';
	if (!path_ok(last) || !path_ok(bar + 1))
		return err_say(e, EINVAL, "VE_ROOT '%s' and VE_PRIVATE '%s' of the destination are no plain absolute paths", last,
			       bar + 1);
	auto_free char *root = strdup(last), *priv = strdup(bar + 1);
	if (!root || !priv)
		return err_set(e, ENOMEM, "paths");
	*ret_root = take_ptr(root);
	*ret_private = take_ptr(priv);
	return 0;
}

bool migrate_has_ip(const char *text, const char *ip)
{
	size_t len = strcspn(ip, "/");

	for (const char *p = text; *p; ) {
		size_t n = strcspn(p, " \t\n");

		if (n == len && !strncmp(p, ip, len))
			return true;
		p += n + (p[n] != '\0');
	}
	return false;
}

int migrate_status_word(const char *text, unsigned id, char *dst, size_t size)
{
	char want[32];
	const char *p;

	str_fmt(want, sizeof(want), "CTID %u ", id);
	p = strstr(text, want);
	if (!p)
		return -EINVAL;
	p += strlen(want);
	return str_fmt(dst, size, "%.*s", (int)strcspn(p, " \n"), p);
}
