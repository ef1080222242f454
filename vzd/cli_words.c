/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading vzctl's words for the gate; see the header for how far. */
#include "vzd/cli_words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/num.h"
#include "util/opt.h"

const struct cli_verb cli_verbs[] = {
	{ "create", NULL, SCOPE_CT_CREATE, CLI_NEW | CLI_CONF },
	{ "start", NULL, SCOPE_CT_POWER, CLI_STARTS },
	{ "stop", NULL, SCOPE_CT_POWER, 0 },
	{ "restart", NULL, SCOPE_CT_POWER, CLI_STARTS },
	{ "destroy", "delete", SCOPE_CT_DELETE, 0 },
	{ "set", NULL, SCOPE_CT_WRITE, CLI_CONF },
	{ "status", NULL, SCOPE_CT_READ, 0 },
	{ "exec", NULL, SCOPE_CT_EXEC, CLI_REST },
	{ "exec2", NULL, SCOPE_CT_EXEC, CLI_REST },
	{ "exec3", NULL, SCOPE_CT_EXEC, CLI_REST },
	{ "enter", NULL, SCOPE_CT_EXEC, CLI_REST },
	{ "console", NULL, SCOPE_CT_CONSOLE, 0 },
	{ "mount", NULL, SCOPE_CT_POWER, 0 },
	{ "umount", NULL, SCOPE_CT_POWER, 0 },
	{ "chkpnt", "suspend", SCOPE_CT_POWER, 0 },
	{ "restore", "resume", SCOPE_CT_POWER, CLI_STARTS },
	{ "pause", NULL, SCOPE_CT_POWER, 0 },
	{ "compact", NULL, SCOPE_CT_WRITE, 0 },
	{ "reinstall", NULL, SCOPE_CT_WRITE, 0 },
	{ "snapshot", NULL, SCOPE_CT_SNAPSHOT, CLI_SNAP },
	{ "snapshot-switch", NULL, SCOPE_CT_SNAPSHOT, CLI_OWN_CONF },
	{ "snapshot-delete", NULL, SCOPE_CT_SNAPSHOT, 0 },
	{ "snapshot-list", NULL, SCOPE_CT_READ, 0 },
	/* the rest reads or writes files of the host */
	{ "runscript", NULL, SCOPE_NODE_WRITE, CLI_REST },
	{ "snapshot-mount", NULL, SCOPE_NODE_WRITE, 0 },
	{ "snapshot-umount", NULL, SCOPE_NODE_WRITE, 0 },
	{ "register", NULL, SCOPE_NODE_WRITE, CLI_PATH | CLI_NEW },
	{ "unregister", NULL, SCOPE_NODE_WRITE, 0 },
	{ "backup", NULL, SCOPE_NODE_WRITE, 0 },	/* tenants have POST /v1/cts/{id}/backups, where they are counted */
	{ "repair", NULL, SCOPE_NODE_WRITE, 0 },
	{ "clone", NULL, SCOPE_NODE_WRITE, CLI_CONF },	/* others: POST /v1/cts/{ct}/clone counts their limits */
	{ "convert", NULL, SCOPE_NODE_WRITE, 0 },
	{ "quotaon", NULL, SCOPE_NODE_WRITE, 0 },
	{ "quotaoff", NULL, SCOPE_NODE_WRITE, 0 },
	{ "quotainit", NULL, SCOPE_NODE_WRITE, 0 },
};
const size_t cli_verbs_n = ARRAY_SIZE(cli_verbs);

/*
 * Options that are no parameters, by the verbs that have them: the same per verb as vzctl's, so that an abbreviation means the
 * same here (the unit test compares the tables). One that names a file or a sample of the host, or goes around its order, is an
 * administrator's.
 */
#define SNAPS "snapshot snapshot-switch snapshot-delete snapshot-mount snapshot-umount snapshot-list"
struct plain { const char *verbs, *name; bool arg, admin; };
static const struct plain plains[] = {
	{ "set", "save", false, false },
	{ "set start stop restart convert", "force", false, false },
	{ "set", "setmode", true, false },
	{ "set", "reset_ub", false, false },
	{ "set", "applyconfig", true, true },
	{ "set", "applyconfig_map", true, true },
	{ "set", "offline-resize", false, false },
	{ "set", "offline", false, false },
	{ "set", "password-stdin", false, false },
	{ "create", "config", true, true },
	{ "start stop restart", "wait", false, false },
	{ "start stop restart restore", "skip-fsck", false, false },
	{ "start stop restart restore", "skip-remount", false, false },
	{ "start stop restart", "skip_ve_setup", false, true },
	{ "start stop restart", "skip_arpdetect", false, true },
	{ "start stop restart", "fast", false, false },
	{ "start stop restart", "skip-umount", false, true },
	{ "chkpnt", "suspend", false, false },
	{ "chkpnt restore", "resume", false, false },
	{ "chkpnt", "dump", false, true },
	{ "restore", "undump", false, true },
	{ "chkpnt restore", "kill", false, false },
	{ "chkpnt restore", "dumpfile", true, true },
	{ "chkpnt restore", "flags", true, true },
	{ "chkpnt restore", "context", true, true },
	{ "chkpnt restore", "skip_arpdetect", false, false },
	{ "reinstall", "skipbackup", false, false },
	{ "reinstall", "ostemplate", true, false },
	{ "reinstall", "resetpwdb", false, false },
	{ "reinstall", "desc", true, false },
	{ SNAPS, "id", true, false },
	{ SNAPS, "uuid", true, false },
	{ "snapshot", "name", true, false },
	{ "snapshot", "description", true, false },
	{ "snapshot", "skip-suspend", false, false },
	{ "snapshot snapshot-switch", "skip-config", false, false },
	{ "snapshot-switch", "skip-resume", false, false },
	{ "snapshot-switch", "must-resume", false, false },
	{ "snapshot-mount", "target", true, true },
	{ "snapshot-list", "no-header", false, false },
	{ "snapshot-list", "output", true, false },
	{ "snapshot-list", "list", false, false },
	{ "snapshot-list", "tree", false, false },
	{ "clone", "linked", false, false },
	{ "clone", "full", false, false },
	{ "clone", "no-shared", false, false },
	{ "convert", "layout", true, false },
	{ "convert", "velayout", true, false },
	{ "backup", "dumpdir", true, true },
	{ "backup", "incremental", false, false },
	{ "backup", "stop", false, false },
	{ "backup", "suspend", false, false },
	{ "backup", "snapshot", false, false },
	{ "backup", "level", true, false },
	{ "backup", "bwlimit", true, false },
	{ "backup", "maxfiles", true, true },
	{ "backup", "exclude-path", true, true },
};
#define N_PLAINS ARRAY_SIZE(plains)

static bool is_global(const char *word)
{
	static const char *const flags[] = { "--verbose", "--quiet", "--skiplock", "--skipowner", "--ignore-ha-cluster" };

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (str_eq(word, flags[i]))
			return true;
	return false;
}

/* Takes a global flag; those that go around locks are an administrator's. */
static bool global(struct cli_words *w, const char *word)
{
	if (!is_global(word))
		return false;
	if (!str_eq(word, "--verbose") && !str_eq(word, "--quiet"))
		w->admin_option = "a flag that goes around locks is for administrators of the host";
	return true;
}

static const struct cli_verb *verb_of(const char *word)
{
	for (size_t i = 0; i < cli_verbs_n; i++)
		if (str_eq(cli_verbs[i].word, word) || str_eq(cli_verbs[i].alias, word))
			return &cli_verbs[i];
	return NULL;
}

/* Does a row's own type take the word? What it means goes into w->conf, as vzctl would read it: of a scalar that is given
 * twice it takes the first, of a beancounter the last (vzctl/cmd_opt.c). */
static int take_param(struct cli_words *w, const struct opt_found *f, struct err *e)
{
	void *field = param_field(f->row, f->group->base, &w->conf);

	if (f->row->type->is_set(field) && !(f->row->flags & (PARAM_LIST | PARAM_UBC)))
		return 0;
	return f->row->type->parse(f->row, f->arg, PARAM_CLI, field, e);
}

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word), n;

	for (const char *p = list; *(p += strspn(p, " ")); p += n) {
		n = strcspn(p, " ");
		if (n == len && !strncmp(p, word, n))
			return true;
	}
	return false;
}

bool cli_words_option(size_t i, const char *verb, const char **name, bool *arg)
{
	if (i >= N_PLAINS || !has_word(plains[i].verbs, verb))
		return false;
	*name = plains[i].name;
	*arg = plains[i].arg;
	return true;
}

static char letter(const char *verb, const char *name)
{
	return !str_eq(verb, "snapshot-list") ? '\0' : str_eq(name, "no-header") ? 'H' : str_eq(name, "output") ? 'o' :
	       str_eq(name, "list") ? 'L' : '\0';
}

/* The verb's own options and, where it takes parameters, the rows: as vzctl/cmd_opt.c has them. */
static void options_of(const struct cli_verb *verb, struct opt_flag flags[N_PLAINS], struct opt *o)
{
	bool create = str_eq(verb->word, "create") || str_eq(verb->word, "clone");
	const char *name;
	bool arg;

	for (size_t i = 0; i < N_PLAINS; i++)
		if (cli_words_option(i, verb->word, &name, &arg))
			flags[o->n_flags++] = (struct opt_flag){ .name = name, .short_opt = letter(verb->word, name), .arg = arg,
								 .id = (int)i };
	o->flags = flags;
	o->need = create ? PARAM_CREATE : 0;
	o->deny = create ? 0 : PARAM_NO_SET;
	o->groups = ct_param_groups;
	o->n_groups = verb->flags & CLI_CONF ? ct_param_groups_n : 0;
}

static void take_flag(struct cli_words *w, const struct opt_found *f)
{
	const struct plain *p = &plains[f->flag->id];

	if (p->admin)
		w->admin_option = "an option that names something of the host is for administrators of it";
	if (str_eq(p->name, "force") && w->verb->flags & CLI_STARTS)
		w->host_option = "--force starts what the host has switched off (DISABLED, TRAFFICACTION): ask its operators";
	if (str_eq(p->name, "ostemplate") && f->arg && strchr(f->arg, '/'))
		w->admin_option = "a template by its path is for administrators of the host";
}

static int read_options(struct cli_words *w, char *const *argv, struct err *e)
{
	struct opt_flag flags[N_PLAINS];
	struct opt o = { .prog = "vzctl", .argv = argv };
	struct opt_found f;
	int what;

	options_of(w->verb, flags, &o);
	while ((what = opt_next(&o, &f, e)) > 0) {
		if (what == OPT_PARAM && take_param(w, &f, e) < 0)
			return err_add(e, "--%s", f.name ? f.name : "?");
		if (what == OPT_FLAG)
			take_flag(w, &f);
	}
	return what;
}

/* Verb and container, as vzctl/cmd.c reads them. Returns where the words after the id begin. */
static size_t read_head(struct cli_words *w)
{
	size_t i = 0;
	uint64_t id;

	w->elsewhere = w->argc && (str_eq(w->argv[0], "--host") || str_starts(w->argv[0], "--host="));
	while (i < w->argc && global(w, w->argv[i]))
		i++;
	w->verb = i < w->argc ? verb_of(w->argv[i++]) : NULL;
	while (w->verb && i < w->argc && global(w, w->argv[i]))
		i++;
	if (w->verb && i < w->argc && str_eq(w->argv[i], "--help"))
		w->verb = NULL;		/* vzctl prints it and looks at nothing else */
	if (w->verb && w->verb->flags & CLI_PATH)
		i++;
	if (!w->verb || i >= w->argc)
		return w->argc;
	w->id_at = i;
	w->id_text = w->argv[i++];
	if (num_u64(w->id_text, &id) == 0 && id <= CT_ID_MAX)
		w->ctid = (unsigned)id;
	return i;
}

static int read_words(struct cli_words *w, struct err *e)
{
	const char **rest = calloc(w->argc + 1, sizeof(*rest));
	size_t n = 0;

	if (!rest)
		return err_set(e, ENOMEM, "words");
	for (size_t i = read_head(w); w->verb && i < w->argc; i++)
		if (w->verb->flags & CLI_REST || !global(w, w->argv[i]))
			rest[n++] = w->argv[i];
	if (w->verb && !(w->verb->flags & CLI_REST))
		read_options(w, (char *const *)(uintptr_t)rest, &w->problem);	/* w->problem has what is wrong */
	free(rest);
	return 0;
}

int cli_words_parse(const json_t *argv, struct cli_words *w, struct err *e)
{
	const json_t *word;
	size_t i;

	w->argc = json_array_size(argv);
	w->argv = calloc(w->argc + 1, sizeof(*w->argv));
	if (!w->argv)
		return err_set(e, ENOMEM, "words");
	json_array_foreach(argv, i, word)
		w->argv[i] = json_string_value(word);
	return read_words(w, e);
}

void cli_words_done(struct cli_words *w)
{
	ct_conf_done(&w->conf);
	free(w->argv);
	*w = (struct cli_words){ 0 };
}
