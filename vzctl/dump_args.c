/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command lines of vzdump and vzrestore: the options that Proxmox VE's tools had when it ran OpenVZ, and some of our own.
 * What would have to be ignored to be accepted is refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/opt.h"
#include "vzctl/dump.h"

enum { D_DIR, D_ALL, D_SKIP, D_COMPRESS, D_SUSPEND, D_STOP, D_SNAPSHOT, D_MODE, D_STDOUT, D_BW, D_MAX, D_KEEP, D_EXCLUDE,
		D_INC, D_LEVEL,
       D_QUIET, D_LIST, D_PRUNE, D_CHECK, D_REMOVE, D_MOUNT, D_UMOUNT, D_RESTORE, D_OWNERS, D_OWNER, D_AFTER, D_LIMIT,
       D_NAMED, D_DRY, D_JSON, D_NOTHING, D_MAIL, D_HELP };
static const struct opt_flag dump_flags[] = {
	{ "dumpdir", 0, true, D_DIR, NULL }, { "all", 0, false, D_ALL, NULL }, { "exclude", 0, true, D_SKIP, NULL },
	{ "compress", 0, true, D_COMPRESS, NULL }, { "suspend", 0, false, D_SUSPEND, NULL }, { "stop", 0, false, D_STOP, NULL },
	{ "snapshot", 0, false, D_SNAPSHOT, NULL }, { "mode", 0, true, D_MODE, NULL }, { "stdout", 0, false, D_STDOUT, NULL },
	{ "bwlimit", 0, true, D_BW, NULL }, { "maxfiles", 0, true, D_MAX, NULL }, { "prune-backups", 0, true, D_KEEP, NULL },
	{ "keep", 0, true, D_KEEP, NULL }, { "exclude-path", 0, true, D_EXCLUDE, NULL }, { "incremental", 0, false, D_INC, NULL },
	{ "level", 0, true, D_LEVEL, NULL }, { "quiet", 0, false, D_QUIET, NULL }, { "list", 0, false, D_LIST, NULL },
	{ "prune", 0, false, D_PRUNE, NULL }, { "check", 0, false, D_CHECK, NULL }, { "remove", 0, false, D_REMOVE, NULL },
	{ "mount", 0, false, D_MOUNT, NULL }, { "umount", 0, false, D_UMOUNT, NULL }, { "dry-run", 0, false, D_DRY, NULL },
	{ "restore", 0, false, D_RESTORE, NULL }, { "json", 0, false, D_JSON, NULL },
	{ "tmpdir", 0, true, D_NOTHING, NULL }, { "size", 0, true, D_NOTHING, NULL },
	{ "lockwait", 0, true, D_NOTHING, NULL }, { "stopwait", 0, true, D_NOTHING, NULL }, { "ionice", 0, true, D_NOTHING, NULL },
	{ "owners", 0, false, D_OWNERS, NULL }, { "owner", 0, true, D_OWNER, NULL }, { "after", 0, true, D_AFTER, NULL },
	{ "limit", 0, true, D_LIMIT, NULL }, { "named", 0, true, D_NAMED, NULL },
	{ "mailto", 0, true, D_MAIL, NULL }, { "help", 'h', false, D_HELP, NULL },
};

int dump_bwlimit(const char *text, uint64_t *ret, struct err *e)
{
	uint64_t v;

	if (num_u64(text, &v) < 0 || v > UINT32_MAX)
		return err_say(e, EINVAL, "--bwlimit takes kilobytes a second, 0 for no limit, not '%s'", text);
	*ret = v * 1024;
	return 0;
}

int dump_compress(const char *text, unsigned *level, struct err *e)
{
	if (str_eq(text, "1") || str_eq(text, "zstd"))
		return 0;
	(void)level;
	return err_say(e, EINVAL, "--compress %s: archives are compressed with zstd, always (--level 1 is the fastest)", text);
}

static int mode_of(const char *text, enum ct_backup_mode *ret, struct err *e)
{
	static const char *const names[CT_BACKUP_MODE_N] = { "snapshot", "suspend", "stop" };

	for (int i = 0; i < CT_BACKUP_MODE_N; i++)
		if (str_eq(text, names[i])) {
			*ret = (enum ct_backup_mode)i;
			return 0;
		}
	return err_say(e, EINVAL, "--mode takes snapshot, suspend or stop, not '%s'", text);
}

static int keep_last(struct dump_opts *o, const char *text, struct err *e)
{
	uint64_t v;

	if (num_u64(text, &v) < 0 || v == 0 || v > 10000)
		return err_say(e, EINVAL, "--maxfiles takes how many archives are kept of each container, not '%s'", text);
	o->keep.last = (unsigned)v;
	o->keeps = true;
	return 0;
}

static int level_of(const char *text, unsigned *ret, struct err *e)
{
	uint64_t v;

	if (num_u64(text, &v) < 0 || v == 0 || v > 19)
		return err_say(e, EINVAL, "--level takes 1 (fast) to 19 (small), not '%s'", text);
	*ret = (unsigned)v;
	return 0;
}

static int limit_of(const char *text, uint64_t *ret, struct err *e)
{
	if (num_u64(text, ret) < 0 || *ret == 0)
		return err_say(e, EINVAL, "--limit takes how many archives are listed, not '%s'", text);
	return 0;
}

static int take_value(struct dump_opts *o, int id, const char *arg, struct err *e)
{
	switch (id) {
	case D_DIR: o->dumpdir = arg; return 0;
	case D_SKIP: return str_list_split(&o->skip, arg, ", ", e);
	case D_COMPRESS: return dump_compress(arg, &o->level, e);
	case D_MODE: return mode_of(arg, &o->mode, e);
	case D_BW: return dump_bwlimit(arg, &o->bytes_per_s, e);
	case D_MAX: return keep_last(o, arg, e);
	case D_KEEP: o->keeps = true; return ct_keep_parse(arg, &o->keep, e);
	case D_EXCLUDE: return str_list_add(&o->exclude, arg, e);
	case D_OWNER: o->owner = arg; return 0;
	case D_AFTER: o->after = arg; return 0;
	case D_NAMED: o->named = arg; return 0;
	case D_LIMIT: return limit_of(arg, &o->limit, e);
	case D_LEVEL: return level_of(arg, &o->level, e);
	case D_MAIL: return err_say(e, ENOTSUP, "--mailto: mail is not sent from here: cron does it");
	}
	return 0;
}

static int take(struct dump_opts *o, const struct opt_found *f, struct err *e)
{
	static const struct { int id; enum dump_what what; } whats[] = {
		{ D_LIST, DUMP_LIST }, { D_PRUNE, DUMP_PRUNE }, { D_CHECK, DUMP_CHECK }, { D_REMOVE, DUMP_REMOVE },
		{ D_MOUNT, DUMP_MOUNT }, { D_UMOUNT, DUMP_UMOUNT }, { D_RESTORE, DUMP_RESTORE },
	};
	int id = f->flag->id;

	for (size_t i = 0; i < ARRAY_SIZE(whats); i++) {
		if (whats[i].id != id)
			continue;
		if (o->what != DUMP_BACKUP && o->what != whats[i].what)
			return err_say(e, EINVAL, "--%s: one thing at a time", f->flag->name);
		o->what = whats[i].what;
	}
	switch (id) {
	case D_NOTHING: o->nothing = f->flag->name; return 0;
	case D_ALL: o->all = true; return 0;
	case D_SUSPEND: o->mode = CT_BACKUP_SUSPEND; return 0;
	case D_STOP: o->mode = CT_BACKUP_STOP; return 0;
	case D_SNAPSHOT: o->mode = CT_BACKUP_SNAPSHOT; return 0;
	case D_STDOUT: o->to_stdout = true; return 0;
	case D_INC: o->incremental = true; return 0;
	case D_QUIET: o->quiet = true; return 0;
	case D_DRY: o->dry = true; return 0;
	case D_JSON: o->json = true; return 0;
	case D_OWNERS: o->owners = true; return 0;
	case D_HELP: o->help = true; return 0;
	}
	return f->arg ? take_value(o, id, f->arg, e) : 0;
}

static bool wants_files(enum dump_what what)
{
	return what == DUMP_CHECK || what == DUMP_REMOVE || what == DUMP_MOUNT || what == DUMP_UMOUNT || what == DUMP_RESTORE;
}

static int sort_words(struct dump_opts *o, const struct str_list *words, struct err *e)
{
	unsigned want = o->what == DUMP_MOUNT || o->what == DUMP_RESTORE ? 2 : 1;

	if (!wants_files(o->what) || words->n == want)
		return str_list_copy(&o->ids, words, e);
	if (o->what == DUMP_RESTORE)
		return err_say(e, EINVAL, "--restore takes an archive and the id of the new container");
	if (o->what == DUMP_MOUNT)
		return err_say(e, EINVAL, "--mount takes an archive and a directory");
	return err_say(e, EINVAL, o->what == DUMP_UMOUNT ? "--umount takes the directory" : "one archive is needed");
}

static int check_list(const struct dump_opts *o, struct err *e)
{
	if (o->what == DUMP_PRUNE && o->ids.n > 1)
		return err_say(e, EINVAL, "one container, or none for all");
	if (o->owner && o->what == DUMP_PRUNE)
		return 0;
	if ((o->owners || o->owner || o->after || o->limit || o->named) && o->what != DUMP_LIST)
		return err_say(e, EINVAL, "--owners, --owner, --named, --after and --limit belong to --list");
	return 0;
}

static int check(struct dump_opts *o, struct err *e)
{
	if (o->what == DUMP_BACKUP && !o->all && o->ids.n == 0)
		return err_say(e, EINVAL, "which container? Give its id, or --all");
	if (o->all && o->ids.n)
		return err_say(e, EINVAL, "--all and an id exclude each other");
	if (o->skip.n && !o->all)
		return err_say(e, EINVAL, "--exclude names containers that --all leaves out (--exclude-path: files)");
	if (o->to_stdout && (o->all || o->ids.n != 1))
		return err_say(e, EINVAL, "--stdout takes one container");
	if (o->to_stdout && o->keeps)
		return err_say(e, EINVAL, "--stdout leaves no file of which some could be kept");
	if (o->what == DUMP_PRUNE && !o->keeps)
		return err_say(e, EINVAL, "--prune needs --keep, as in --keep keep-last=3,keep-daily=7");
	return check_list(o, e);
}

/* vzdump of old took "-compress" as well as "--compress". */
static bool one_dash(const char *arg, const struct opt_flag *flags, size_t n)
{
	for (size_t i = 0; i < n && arg[0] == '-'; i++)
		if (strlen(arg) > 2 && str_eq(arg + 1, flags[i].name))
			return true;
	return false;
}

static char **with_dashes(char **argv, const struct opt_flag *flags, size_t n_flags)
{
	size_t n = 0;
	char **v;

	while (argv[n])
		n++;
	v = calloc(n + 1, sizeof(*v));
	for (size_t i = 0; v && i < n; i++) {
		v[i] = argv[i];
		if (one_dash(argv[i], flags, n_flags) && asprintf(&v[i], "-%s", argv[i]) < 0)
			v[i] = argv[i];
	}
	return v;
}

static void free_words(char **v, char **argv)
{
	for (size_t i = 0; v && v[i]; i++)
		if (v[i] != argv[i])
			free(v[i]);
	free(v);
}

int dump_args(char **argv, struct dump_opts *ret, struct err *e)
{
	struct str_list words __attribute__((cleanup(str_list_clear))) = { 0 };
	char **v = with_dashes(argv, dump_flags, ARRAY_SIZE(dump_flags));
	struct opt o = { .prog = "vzdump", .flags = dump_flags, .n_flags = ARRAY_SIZE(dump_flags), .argv = v, .at = 1 };
	struct opt_found f;
	int what;

	if (!v)
		return err_set(e, ENOMEM, "arguments");
	ret->help = !v[0] || !v[1];
	while ((what = opt_next(&o, &f, e)) > 0)
		if ((what == OPT_OPERAND ? str_list_add(&words, f.arg, e) : take(ret, &f, e)) < 0) {
			what = -e->code;
			break;
		}
	if (what == 0 && !ret->help && (sort_words(ret, &words, e) < 0 || check(ret, e) < 0))
		what = -e->code;
	free_words(v, argv);
	return what;
}

void dump_opts_done(struct dump_opts *o)
{
	str_list_clear(&o->ids);
	str_list_clear(&o->skip);
	str_list_clear(&o->exclude);
}

/* --- vzrestore ---------------------------------------------------------------------------------------------------------- */

enum { R_FILE, R_TO, R_TRUST, R_LIST, R_CHECK, R_QUIET, R_STDOUT, R_FORCE, R_STORAGE, R_CONFIG, R_NO_TRUST, R_JSON, R_AFTER,
       R_LIMIT, R_HELP };
static const struct opt_flag restore_flags[] = {
	{ "file", 0, true, R_FILE, NULL }, { "to", 0, true, R_TO, NULL }, { "trust", 0, false, R_TRUST, NULL },
	{ "list", 0, false, R_LIST, NULL }, { "check", 0, false, R_CHECK, NULL }, { "quiet", 0, false, R_QUIET, NULL },
	{ "stdout", 0, false, R_STDOUT, NULL }, { "force", 0, false, R_FORCE, NULL }, { "storage", 0, true, R_STORAGE, NULL },
	{ "config", 0, false, R_CONFIG, NULL }, { "no-trust", 0, false, R_NO_TRUST, NULL },
	{ "json", 0, false, R_JSON, NULL }, { "after", 0, true, R_AFTER, NULL }, { "limit", 0, true, R_LIMIT, NULL },
	{ "help", 'h', false, R_HELP, NULL },
};

/* "/etc/passwd", "./etc/" and "etc/passwd" are one name. */
static int add_select(struct restore_opts *o, const char *arg, struct err *e)
{
	auto_free char *s = NULL;
	size_t n;

	while (*arg == '/' || (arg[0] == '.' && arg[1] == '/'))
		arg++;
	s = strdup(arg);
	if (!s)
		return err_set(e, ENOMEM, "arguments");
	n = strlen(s);
	while (n && s[n - 1] == '/')
		s[--n] = '\0';
	if (!n || str_eq(s, "."))
		return err_say(e, EINVAL, "--file takes the name of a file or directory in the container, without it all are "
				"meant");
	return str_list_add(&o->select, s, e);
}

static int take_param(struct restore_opts *o, const struct opt_found *f, struct err *e)
{
	void *field = param_field(f->row, f->group->base, &o->conf);

	o->params = f->row->opt;
	if (f->row->type->parse(f->row, f->arg, PARAM_CLI, field, e) == 0)
		return 0;
	return err_say(e, EINVAL, "Bad parameter for --%s: %s", f->row->opt, f->arg);
}

static int take_flag(struct restore_opts *o, const struct opt_found *f, struct err *e)
{
	switch (f->flag->id) {
	case R_FILE: return add_select(o, f->arg, e);
	case R_TO: o->to = f->arg; return 0;
	case R_TRUST: o->trust = true; return 0;
	case R_NO_TRUST: o->distrust = true; return 0;
	case R_CONFIG: o->config = true; return 0;
	case R_LIST: o->list = true; return 0;
	case R_CHECK: o->check = true; return 0;
	case R_QUIET: o->quiet = true; return 0;
	case R_STDOUT: o->to_stdout = true; return 0;
	case R_FORCE: o->force = true; return 0;
	case R_JSON: o->json = true; return 0;
	case R_AFTER: o->after = f->arg; return 0;
	case R_LIMIT: return limit_of(f->arg, &o->limit, e);
	case R_STORAGE: return err_say(e, ENOTSUP, "--storage: there are no storages here: --private PATH says where the files go, "
				       "--layout how they are kept");
	default: o->help = true; return 0;
	}
}

static int take_word(struct restore_opts *o, const char *word, struct err *e)
{
	if (!o->file)
		o->file = word;
	else if (!o->id)
		o->id = word;
	else
		return err_say(e, EINVAL, "Extra argument: %s", word);
	return 0;
}

static int check_restore(const struct restore_opts *o, struct err *e)
{
	bool files = o->to || o->list || o->check || o->to_stdout || o->config;

	if (!o->file)
		return err_say(e, EINVAL, "which archive?");
	if (files && o->id)
		return err_say(e, EINVAL, "with --to, --list, --check, --config or --stdout no container is made: no id");
	if (!files && o->select.n)
		return err_say(e, EINVAL, "--file needs --to DIR (a directory that is empty or not there yet) or --stdout (a tar)");
	if (!files && !o->id)
		return err_say(e, EINVAL, "under which id?");
	if (o->force && files)
		return err_say(e, EINVAL, "--force replaces the files of a container: it takes an archive and an id");
	if (o->trust && o->distrust)
		return err_say(e, EINVAL, "--trust and --no-trust exclude each other");
	if (o->to && o->to_stdout)
		return err_say(e, EINVAL, "--to and --stdout exclude each other");
	return 0;
}

int restore_args(char **argv, struct restore_opts *ret, struct err *e)
{
	char **v = with_dashes(argv, restore_flags, ARRAY_SIZE(restore_flags));
	struct opt o = { .prog = "vzrestore", .flags = restore_flags, .n_flags = ARRAY_SIZE(restore_flags), .argv = v, .at = 1,
			 .groups = ct_param_groups, .n_groups = ct_param_groups_n, .need = PARAM_CREATE };
	struct opt_found f;
	int what;

	if (!v)
		return err_set(e, ENOMEM, "arguments");
	ret->help = !v[0] || !v[1];
	while ((what = opt_next(&o, &f, e)) > 0)
		if ((what == OPT_OPERAND ? take_word(ret, f.arg, e) : what == OPT_PARAM ? take_param(ret, &f, e)
											  : take_flag(ret, &f, e)) < 0) {
			what = -e->code;
			break;
		}
	free_words(v, argv);
	return what < 0 || ret->help ? what : check_restore(ret, e);
}

void restore_opts_done(struct restore_opts *o)
{
	str_list_clear(&o->select);
	ct_conf_done(&o->conf);
}
