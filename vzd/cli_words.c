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
	{ "console", NULL, SCOPE_CT_CONSOLE, CLI_REST },
	{ "mount", NULL, SCOPE_CT_POWER, 0 },
	{ "umount", NULL, SCOPE_CT_POWER, 0 },
	{ "chkpnt", "suspend", SCOPE_CT_POWER, 0 },
	{ "restore", "resume", SCOPE_CT_POWER, CLI_STARTS },
	{ "pause", NULL, SCOPE_CT_POWER, 0 },
	{ "compact", NULL, SCOPE_CT_WRITE, 0 },
	{ "reinstall", NULL, SCOPE_CT_WRITE, 0 },
	{ "snapshot", NULL, SCOPE_CT_SNAPSHOT, 0 },
	{ "snapshot-switch", NULL, SCOPE_CT_SNAPSHOT, 0 },
	{ "snapshot-delete", NULL, SCOPE_CT_SNAPSHOT, 0 },
	{ "snapshot-list", NULL, SCOPE_CT_READ, 0 },
	/* the rest reads or writes files of the host */
	{ "runscript", NULL, SCOPE_NODE_WRITE, CLI_REST },
	{ "snapshot-mount", NULL, SCOPE_NODE_WRITE, 0 },
	{ "snapshot-umount", NULL, SCOPE_NODE_WRITE, 0 },
	{ "register", NULL, SCOPE_NODE_WRITE, CLI_PATH | CLI_NEW },
	{ "unregister", NULL, SCOPE_NODE_WRITE, 0 },
	{ "repair", NULL, SCOPE_NODE_WRITE, 0 },
	{ "convert", NULL, SCOPE_NODE_WRITE, 0 },
	{ "quotaon", NULL, SCOPE_NODE_WRITE, 0 },
	{ "quotaoff", NULL, SCOPE_NODE_WRITE, 0 },
	{ "quotainit", NULL, SCOPE_NODE_WRITE, 0 },
};
const size_t cli_verbs_n = ARRAY_SIZE(cli_verbs);

/* Options that are no parameters. One that names a file or a sample of the host, or goes around a lock, is an administrator's. */
struct plain { const char *name; bool arg, admin; };
static const struct plain plains[] = {
	{ "save", false, false }, { "force", false, false }, { "setmode", true, false }, { "reset_ub", false, false },
	{ "offline-resize", false, false }, { "offline", false, false }, { "wait", false, false }, { "fast", false, false },
	{ "skip-fsck", false, false }, { "skip-remount", false, false }, { "skip-setup", false, true },
	{ "skip-umount", false, true }, { "suspend", false, false }, { "resume", false, false }, { "kill", false, false },
	{ "dump", false, true }, { "undump", false, true }, { "dumpfile", true, true }, { "flags", true, true },
	{ "context", true, true }, { "skip_arpdetect", false, false }, { "skipbackup", false, false },
	{ "ostemplate", true, false }, { "id", true, false }, { "uuid", true, false }, { "name", true, false },
	{ "description", true, false }, { "target", true, true }, { "config", true, true }, { "applyconfig", true, true },
	{ "applyconfig_map", true, true }, { "password-stdin", false, false }, { "skip-suspend", false, false },
	{ "skip-config", false, false }, { "skip-resume", false, false }, { "must-resume", false, false },
	{ "output", true, false }, { "no-header", false, false },
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

/* Does a row's own type take the word? What it means goes into w->conf, as vzctl would read it. */
static int take_param(struct cli_words *w, const struct opt_found *f, struct err *e)
{
	return f->row->type->parse(f->row, f->arg, PARAM_CLI, param_field(f->row, f->group->base, &w->conf), e);
}

static int read_options(struct cli_words *w, char *const *argv, struct err *e)
{
	struct opt_flag flags[N_PLAINS];
	struct opt o = { .prog = "vzctl", .argv = argv, .flags = flags };
	struct opt_found f;
	int what;

	/* parameters have names of their own: create's --name is a row */
	for (size_t i = 0; i < N_PLAINS; i++) {
		bool row = w->verb->flags & CLI_CONF && (str_eq(plains[i].name, "name") || str_eq(plains[i].name, "description") ||
							str_eq(plains[i].name, "ostemplate"));

		if (!row)
			flags[o.n_flags++] = (struct opt_flag){ .name = plains[i].name, .arg = plains[i].arg, .id = (int)i };
	}
	if (w->verb->flags & CLI_CONF) {
		o.groups = ct_param_groups;
		o.n_groups = ct_param_groups_n;
	}
	while ((what = opt_next(&o, &f, e)) > 0) {
		if (what == OPT_PARAM && take_param(w, &f, e) < 0)
			return err_add(e, "--%s", f.name ? f.name : "?");
		if (what == OPT_FLAG && (plains[f.flag->id].admin ||
					 (str_eq(plains[f.flag->id].name, "ostemplate") && f.arg && strchr(f.arg, '/'))))
			w->admin_option = "an option that names something of the host is for administrators of it";
		if (what == OPT_OPERAND && str_eq(w->verb->word, "reinstall"))
			return err_say(e, EINVAL, "Invalid extra arguments: %s", f.arg);
	}
	return what;
}

static int read_words(struct cli_words *w, struct err *e)
{
	const char **rest = calloc(w->argc + 1, sizeof(*rest));
	size_t i = 0, n = 0;
	uint64_t id;
	int rc;

	if (!rest)
		return err_set(e, ENOMEM, "words");
	while (i < w->argc && global(w, w->argv[i]))
		i++;
	w->verb = i < w->argc ? verb_of(w->argv[i++]) : NULL;
	while (w->verb && i < w->argc && global(w, w->argv[i]))
		i++;
	if (w->verb && w->verb->flags & CLI_PATH)
		i++;
	if (w->verb && i < w->argc)
		w->id_text = w->argv[i++];
	if (w->id_text && num_u64(w->id_text, &id) == 0 && id <= CT_ID_MAX)
		w->ctid = (unsigned)id;
	for (; w->verb && i < w->argc; i++)
		if (w->verb->flags & CLI_REST || !global(w, w->argv[i]))
			rest[n++] = w->argv[i];
	rc = w->verb && !(w->verb->flags & CLI_REST) ? read_options(w, (char *const *)(uintptr_t)rest, &w->problem) : 0;
	free(rest);
	(void)rc;	/* w->problem has it */
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
