/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line matcher. What an option does, and whether it may be given twice, is for the caller. */
#include "util/opt.h"

#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"

struct match {
	struct opt_found best;
	bool exact, ambiguous;
	char list[320];			/* " '--foo' '--fob'" */
};

static bool row_counts(const struct opt *o, const struct param *p)
{
	return (o->need == 0 || p->flags & o->need) && !(p->flags & o->deny);
}

/* Offers @name as a candidate for the first @len bytes of @word. */
static void offer(struct match *m, const char *name, const char *word, size_t len, const struct opt_found *f)
{
	bool first = !m->best.name;
	size_t used = strlen(m->list);

	if (!name || m->exact || strncmp(name, word, len) != 0)
		return;
	m->exact = name[len] == '\0';
	if (m->exact || first) {
		m->ambiguous = false;
		m->best = *f;
		m->best.name = name;
	} else if (m->best.row != f->row || m->best.flag != f->flag) {
		m->ambiguous = true;
	}
	snprintf(m->list + used, sizeof(m->list) - used, " '--%s'", name);
}

static void find_long(const struct opt *o, const char *word, size_t len, struct match *m)
{
	for (size_t i = 0; i < o->n_flags; i++)
		offer(m, o->flags[i].name, word, len, &(struct opt_found){ .flag = &o->flags[i] });
	for (size_t g = 0; g < o->n_groups; g++) {
		for (size_t i = 0; i < o->groups[g].n; i++) {
			const struct param *p = &o->groups[g].rows[i];
			struct opt_found f = { .row = p, .group = &o->groups[g] };

			if (!row_counts(o, p))
				continue;
			offer(m, p->opt, word, len, &f);
			offer(m, p->alias_opt, word, len, &f);
		}
	}
}

static bool find_short(const struct opt *o, char c, struct opt_found *ret)
{
	*ret = (struct opt_found){ 0 };
	for (size_t i = 0; i < o->n_flags; i++) {
		if (o->flags[i].short_opt == c) {
			ret->flag = &o->flags[i];
			return true;
		}
	}
	for (size_t g = 0; g < o->n_groups; g++) {
		for (size_t i = 0; i < o->groups[g].n; i++) {
			const struct param *p = &o->groups[g].rows[i];

			if (p->short_opt == c && row_counts(o, p)) {
				ret->row = p;
				ret->group = &o->groups[g];
				return true;
			}
		}
	}
	return false;
}

static int what(const struct opt_found *f)
{
	return f->flag ? OPT_FLAG : OPT_PARAM;
}

/* @word is the whole "name" or "name=value". */
static int take_long(struct opt *o, const char *word, struct opt_found *ret, struct err *e)
{
	size_t len = strcspn(word, "=");
	const char *val = word[len] ? word + len + 1 : NULL;
	struct match m = { 0 };
	bool wants;

	find_long(o, word, len, &m);
	if (!m.best.name)
		return err_say(e, EINVAL, "%s: unrecognized option '--%s'", o->prog, word);
	if (m.ambiguous)
		return err_say(e, EINVAL, "%s: option '--%s' is ambiguous; possibilities:%s", o->prog, word, m.list);
	wants = m.best.row || m.best.flag->arg;
	if (!wants && val)
		return err_say(e, EINVAL, "%s: option '--%s' doesn't allow an argument", o->prog, m.best.name);
	if (wants && !val) {
		val = o->argv[o->at];
		if (!val)
			return err_say(e, EINVAL, "%s: option '--%s' requires an argument", o->prog, m.best.name);
		o->at++;
	}
	*ret = m.best;
	ret->arg = val;
	return what(ret);
}

/* The next letter of o->cluster, which is not empty. */
static int take_short(struct opt *o, struct opt_found *ret, struct err *e)
{
	char c = *o->cluster++;
	const char *rest = *o->cluster ? o->cluster : NULL;

	o->cluster = rest;
	if (!find_short(o, c, ret))
		return err_say(e, EINVAL, "%s: invalid option -- '%c'", o->prog, c);
	if (ret->flag && !ret->flag->arg)
		return OPT_FLAG;
	o->cluster = NULL;
	ret->arg = rest ? rest : o->argv[o->at];
	if (!ret->arg)
		return err_say(e, EINVAL, "%s: option requires an argument -- '%c'", o->prog, c);
	if (!rest)
		o->at++;
	return what(ret);
}

int opt_next(struct opt *o, struct opt_found *ret, struct err *e)
{
	const char *word;

	*ret = (struct opt_found){ 0 };
	if (o->cluster)
		return take_short(o, ret, e);
	word = o->argv[o->at];
	if (!word)
		return OPT_END;
	o->at++;
	if (!o->only_operands && !strcmp(word, "--")) {
		o->only_operands = true;
		word = o->argv[o->at];
		if (!word)
			return OPT_END;
		o->at++;
	}
	if (o->only_operands || word[0] != '-' || !word[1]) {
		o->only_operands = o->only_operands || o->stop_at_operand;
		ret->arg = word;
		return OPT_OPERAND;
	}
	if (word[1] == '-')
		return take_long(o, word + 2, ret, e);
	o->cluster = word + 1;
	return take_short(o, ret, e);
}
