/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options after CTID. The parameters of a container come from the rows of all modules, the rest from the command's own
 * row; util/opt matches the words. What the values mean is the rows' business, which of them fit together the command's.
 */
#include "vzctl/cmd.h"

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/opt.h"

#define CMD_OPTS_MAX 24

bool cmd_takes(const struct cmd *cmd, const struct param *p)
{
	if (!p->opt)
		return false;
	if (cmd->flags & CMD_ROWS_CREATE && p->flags & PARAM_CREATE)
		return true;
	return cmd->flags & CMD_ROWS_SET && !(p->flags & PARAM_NO_SET);
}

/* Parameters whose own complaint goes first: it is part of the interface, or vzctl 4.x has not had them. */
static bool opt_explains(const char *name)
{
	static const char *const names[] = { "devices", "devnodes", "capability", "vlan", "trunk", "mtu", "ip_filter", "guard",
		"macvlan", "packetrate", "newconns", "smtp", };
	static const char *const families[] = { "fw_", "forward_", "venet_", "traffic", "rate", };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (str_eq(name, names[i]))
			return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		if (str_starts(name, families[i]))
			return true;
	}
	return false;
}

static int opt_bad(struct cmd_call *c, const char *name, const char *val, struct err *e)
{
	if (e->text[0])
		ui_sayf(&c->ui, opt_explains(name) ? -1 : 1, "%s", e->text);
	err_clear(e);
	err_say(e, EINVAL, "Bad parameter for --%s: %s", name, str_eq(name, "userpasswd") ? "***" : val);
	return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
}

/* Repeated scalars: the first wins, silently; beancounters: the last; lists grow. */
static int opt_row(struct cmd_call *c, const struct opt_found *f, struct err *e)
{
	void *field = param_field(f->row, f->group->base, &c->conf);

	if (f->row->type->is_set(field) && !(f->row->flags & (PARAM_LIST | PARAM_UBC)))
		return 0;
	if (f->row->type->parse(f->row, f->arg, PARAM_CLI, field, e) < 0)
		return opt_bad(c, f->row->opt, f->arg, e);
	c->n_rows++;
	return 0;
}

static int opt_own(struct cmd_call *c, const struct cmd_opt *o, const char *val, struct err *e)
{
	if (o->only && !str_eq(o->only, c->cmd->word) && !str_eq(c->cmd->word, "restart")) {
		err_say(e, EINVAL, "Option --%s is not applicable to %s command", o->name, c->cmd->word);
		return err_exit(e, VZ_INVALID_PARAMETER_SYNTAX);
	}
	if (!cmd_seen(c, o->id))
		c->val[o->id] = val;
	c->seen |= UINT64_C(1) << o->id;
	return 0;
}

static int opt_bad_word(struct cmd_call *c, struct err *e)
{
	return err_exit(e, c->cmd->flags & CMD_BAD_VALUE ? VZ_INVALID_PARAMETER_VALUE : VZ_INVALID_PARAMETER_SYNTAX);
}

/* Letters that vzctl's getopt string has had and that never meant anything. */
static int opt_dead(const struct opt_flag *f, struct err *e)
{
	err_say(e, EINVAL, "Invalid option -%c", f->short_opt);
	return err_exit(e, VZ_INVALID_PARAMETER_SYNTAX);
}

static int opt_loop(struct cmd_call *c, struct opt *o, struct buf *extra, struct err *e)
{
	struct opt_found f;
	int what;

	while ((what = opt_next(o, &f, e)) > 0) {
		if (what == OPT_OPERAND)
			buf_addf(extra, "%s%s", extra->len ? " " : "", f.arg);
		else if (what == OPT_PARAM && opt_row(c, &f, e) < 0)
			return -e->code;
		else if (what == OPT_FLAG && !f.flag->name)
			return opt_dead(f.flag, e);
		else if (what == OPT_FLAG && opt_own(c, &c->cmd->opts[f.flag->id], f.arg, e) < 0)
			return -e->code;
	}
	return what < 0 ? opt_bad_word(c, e) : 0;
}

static char letter(const struct cmd *cmd, size_t i)
{
	return cmd->letters && cmd->letters[i] != ' ' ? cmd->letters[i] : '\0';
}

int cmd_options(struct cmd_call *c, struct err *e)
{
	struct opt_flag flags[CMD_OPTS_MAX + 2];
	struct buf auto_buf extra = BUF_INIT;
	struct opt o = {
		.prog = "vzctl", .argv = c->argv, .flags = flags, .n_flags = c->cmd->n_opts,
		.groups = ct_param_groups, .n_groups = ct_param_groups_n,
		.need = c->cmd->flags & CMD_ROWS_SET ? 0 : PARAM_CREATE,
		.deny = c->cmd->flags & CMD_ROWS_SET ? PARAM_NO_SET : 0,
	};

	for (size_t i = 0; i < c->cmd->n_opts && i < CMD_OPTS_MAX; i++)
		flags[i] = (struct opt_flag){ .name = c->cmd->opts[i].name, .short_opt = letter(c->cmd, i),
					      .arg = c->cmd->opts[i].arg, .id = (int)i };
	if (c->cmd->flags & (CMD_ROWS_CREATE | CMD_ROWS_SET)) {
		flags[o.n_flags++] = (struct opt_flag){ .short_opt = 'a', .arg = true };
		flags[o.n_flags++] = (struct opt_flag){ .short_opt = 'h' };
	} else {
		o.n_groups = 0;
	}
	if (opt_loop(c, &o, &extra, e) < 0)
		return -e->code;
	if (!extra.len)
		return 0;
	err_say(e, EINVAL, "Invalid extra arguments: %s", buf_str(&extra));
	return err_exit(e, VZ_INVALID_PARAMETER_SYNTAX);
}
