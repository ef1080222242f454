/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vzctl set. Which options make sense together is decided here, before anything is touched; the change itself, live and
 * in the file, is one transaction of libct.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "vzctl/cmd.h"

static const struct cmd_opt set_opts[] = {
	{ "save", OPT_SAVE, NULL, NULL, "Store the change in CTID.conf." },
	{ "force", OPT_FORCE, NULL, NULL, "Store the change even if it cannot be applied now (needs --save)." },
	{ "setmode", OPT_SETMODE, "restart|ignore", NULL,
	  "What to do about parameters a running container cannot take: restart it, or leave them." },
	{ "reset_ub", OPT_RESET_UB, NULL, NULL, "Apply the limits of CTID.conf again; no other option may be given." },
	{ "applyconfig", OPT_APPLYCONFIG, "sample", NULL,
	  "Take over the values of a sample, but for name, addresses, template and paths." },
	{ "applyconfig_map", OPT_APPLYCONFIG_MAP, "name", NULL, "Make the link of the container's name again." },
	{ "offline-resize", OPT_OFFLINE, NULL, NULL,
	  "Accepted for compatibility. Only an image that becomes smaller needs a stopped container." },
	{ "password-stdin", OPT_PASSWORD_STDIN, NULL, NULL,
	  "Like --userpasswd, but user:password is read from standard input, a line each, and no list of processes shows it." },
	{ "offline", OPT_OFFLINE, NULL, NULL, "The same as --offline-resize." },
};

static int set_refuse(struct err *e, int exit, const char *text)
{
	err_say(e, EINVAL, "%s", text);
	return err_exit(e, exit);
}

static bool set_given(const struct cmd_call *c, size_t base, const struct param *p)
{
	return p->type->is_set(param_field(p, base, (void *)&c->conf));
}

static bool set_has(const struct cmd_call *c, const char *opt)
{
	for (size_t g = 0; g < ct_param_groups_n; g++)
		for (size_t i = 0; i < ct_param_groups[g].n; i++)
			if (str_eq(ct_param_groups[g].rows[i].opt, opt))
				return set_given(c, ct_param_groups[g].base, &ct_param_groups[g].rows[i]);
	return false;
}

/* Parameters that exist in the file only. */
static int set_check_save_only(struct cmd_call *c, struct err *e)
{
	for (size_t g = 0; g < ct_param_groups_n; g++) {
		for (size_t i = 0; i < ct_param_groups[g].n; i++) {
			const struct param *p = &ct_param_groups[g].rows[i];

			if (!(p->flags & PARAM_SAVE_ONLY) || !set_given(c, ct_param_groups[g].base, p))
				continue;
			err_say(e, EINVAL, "Error: unable to use --%s option without --save", p->opt);
			return err_exit(e, str_eq(p->opt, "name") ? VZ_SET_NAME_ERROR : VZ_INVALID_PARAMETER_SYNTAX);
		}
	}
	return 0;
}

static int set_check(struct cmd_call *c, struct err *e)
{
	const char *mode = c->val[OPT_SETMODE];

	if (mode && !str_eq(mode, "restart") && !str_eq(mode, "ignore")) {
		err_say(e, EINVAL, "Bad parameter for --setmode: %s", mode);
		return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
	}
	if (c->val[OPT_APPLYCONFIG_MAP] && !str_eq(c->val[OPT_APPLYCONFIG_MAP], "name")) {
		err_say(e, EINVAL, "Bad parameter for --applyconfig_map: %s", c->val[OPT_APPLYCONFIG_MAP]);
		return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
	}
	if (cmd_seen(c, OPT_RESET_UB) && (c->n_rows || c->val[OPT_APPLYCONFIG]))
		return set_refuse(e, VZ_INVALID_PARAMETER_SYNTAX, "Error: option --reset_ub is exclusive");
	if (set_has(c, "nodemask") && !set_has(c, "cpumask"))
		return set_refuse(e, VZ_INVALID_PARAMETER_SYNTAX, "Error: option --nodemask requires --cpumask");
	if (str_eq(c->conf.cg.cpumask, "auto") && !set_has(c, "nodemask"))
		return set_refuse(e, VZ_INVALID_PARAMETER_SYNTAX, "Error: --cpumask auto requires --nodemask");
	if (cmd_seen(c, OPT_SAVE))
		return 0;
	if (set_check_save_only(c, e) < 0)
		return -e->code;
	if (cmd_seen(c, OPT_FORCE))
		return set_refuse(e, VZ_INVALID_PARAMETER_SYNTAX, "Error: --force is useless without --save");
	if (str_eq(mode, "restart"))
		return set_refuse(e, VZ_INVALID_PARAMETER_SYNTAX,
				  "Error: --setmode restart doesn't make sense without --save flag");
	return 0;
}

/* A password may hold blanks here: a line is one. */
static int set_password_lines(struct cmd_call *c, char *text, struct err *e)
{
	for (char *p = text, *end; p && *p; p = end) {
		char *colon = strchr(p, ':');

		end = strchrnul(p, '\n');
		if (*end)
			*end++ = '\0';
		if (!colon || colon == p || !colon[1] || *p == '-' || str_has_ctrl(p)) {
			err_say(e, EINVAL, "--password-stdin: a line of standard input is not user:password");
			return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
		}
		if (str_list_add(&c->conf.userpasswd, p, e) < 0)
			return -e->code;
		c->n_rows++;
	}
	if (!c->conf.userpasswd.n)
		return set_refuse(e, VZ_INVALID_PARAMETER_VALUE, "--password-stdin: standard input is empty");
	c->conf.userpasswd.set = true;
	return 0;
}

static int set_passwords(struct cmd_call *c, struct err *e)
{
	char text[65536];
	size_t n = 0;
	ssize_t got = 0;
	int rc;

	while (n < sizeof(text) - 1 && (got = read(STDIN_FILENO, text + n, sizeof(text) - 1 - n)) != 0) {
		if (got < 0 && errno != EINTR)
			break;
		n += got > 0 ? (size_t)got : 0;
	}
	text[n] = '\0';
	if (got < 0)
		rc = err_set(e, errno, "--password-stdin: read standard input");
	else if (n == sizeof(text) - 1 || strlen(text) != n)
		rc = set_refuse(e, VZ_INVALID_PARAMETER_VALUE, "--password-stdin: standard input is too long, or no text");
	else
		rc = set_password_lines(c, text, e);
	explicit_bzero(text, sizeof(text));
	return rc;
}

static int set_parse(struct cmd_call *c, struct err *e)
{
	if (cmd_options(c, e) < 0 || (cmd_seen(c, OPT_PASSWORD_STDIN) && set_passwords(c, e) < 0) || set_check(c, e) < 0)
		return -e->code;
	return 0;
}

static int set_run(struct cmd_call *c, struct err *e)
{
	const char *mode = c->val[OPT_SETMODE], *name = ct_conf(c->ct)->name;
	const struct ct_set set = {
		.save = cmd_seen(c, OPT_SAVE), .force = cmd_seen(c, OPT_FORCE), .reset_ub = cmd_seen(c, OPT_RESET_UB),
		.mode = !mode ? CT_SETMODE_NONE : str_eq(mode, "restart") ? CT_SETMODE_RESTART : CT_SETMODE_IGNORE,
		.applyconfig = c->val[OPT_APPLYCONFIG],
	};

	if (c->id == 0 && !set.save)
		return 0;		/* the host has no limits of ours */
	if (c->val[OPT_APPLYCONFIG_MAP] && !c->conf.name && name) {
		c->conf.name = strdup(name);
		if (!c->conf.name)
			return err_set(e, ENOMEM, "--applyconfig_map");
	}
	return ct_set(c->ct, &set, &c->conf, e);
}

const struct cmd cmd_set = {
	.word = "set", .flags = CMD_LOCK | CMD_NO_CONF | CMD_HOST | CMD_ROWS_SET | CMD_BAD_VALUE,
	.args = "[--save] [--force] [--setmode restart|ignore] [parameters]",
	.man = "Changes parameters: at once if the container runs, and in its file with --save.",
	.opts = set_opts, .n_opts = ARRAY_SIZE(set_opts), .parse = set_parse, .run = set_run,
};
