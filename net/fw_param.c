/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The types behind FW_* and PORT_FORWARD, and what stored values and a change make together. */
#include "net/fw_param.h"

#include <errno.h>
#include <string.h>

#include "net/fw.h"
#include "net/nat.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"

typedef int canon_fn(const char *text, struct buf *b, struct err *e);

static int canon_rule(const char *text, struct buf *b, struct err *e)
{
	struct fw_rule r;

	if (fw_rule_parse(text, &r, e) < 0)
		return -e->code;
	fw_rule_print(&r, b);
	return 0;
}

static int canon_forward(const char *text, struct buf *b, struct err *e)
{
	struct nat_fwd f;

	if (nat_fwd_parse(text, &f, e) < 0)
		return -e->code;
	nat_fwd_print(&f, b);
	return 0;
}

static int canon_policy(const char *text, struct buf *b, struct err *e)
{
	bool drop, log;

	if (fw_policy_parse(text, &drop, &log, e) < 0)
		return -e->code;
	buf_addf(b, "%s%s", drop ? "drop" : "accept", log ? ",log" : "");
	return 0;
}

static int canon_name(const char *text, struct buf *b, struct err *e)
{
	if (!fw_name_ok(text))
		return err_say(e, EINVAL, "'%.40s' is no name: want 1 to 32 letters, digits and any of _-.", text);
	buf_addf(b, "%s", text);
	return 0;
}

/*
 * Words between @seps, each in its one spelling. What a file says wrong is kept as it stands: a rule that is left out would open
 * what it was to close, so whoever brings the container up says what is wrong and does not.
 */
static int parse_words(const char *text, enum param_src src, const char *seps, canon_fn *canon, struct str_list *l, struct err *e)
{
	struct str_list words = { 0 };
	int rc = str_list_split(&words, text, seps, e);

	for (size_t i = 0; i < words.n && rc == 0; i++) {
		auto_buf struct buf b = BUF_INIT;
		char *word = str_trim(words.v[i]);

		if (!*word)
			continue;
		rc = canon(word, &b, e);
		if (rc < 0 && src == PARAM_FILE && !str_has_ctrl(word)) {
			err_clear(e);
			rc = str_list_add(l, word, e);
		} else if (rc == 0 && !str_list_has(l, buf_str(&b))) {
			rc = str_list_add(l, buf_str(&b), e);
		}
	}
	str_list_clear(&words);
	if (rc == 0)
		l->set = true;
	return rc;
}

static int rules_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	(void)p;
	return parse_words(text, src, ";", canon_rule, field, e);
}

static int forwards_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	(void)p;
	return parse_words(text, src, ";", canon_forward, field, e);
}

static int del_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	struct str_list *l = field;

	if (str_eq(text, "all")) {
		l->set = true;
		return str_list_add(l, "all", e);
	}
	return parse_words(text, src, ";", str_eq(p->opt, "fw_del") ? canon_rule : canon_forward, l, e);
}

/* One value that replaces the other. */
static int single(const char *text, enum param_src src, canon_fn *canon, struct str_list *l, struct err *e)
{
	struct str_list one = { 0 };
	int rc = parse_words(text, src, ";", canon, &one, e);

	if (rc == 0 && one.n > 1)
		rc = err_say(e, EINVAL, "'%.40s': want one value", text);
	if (rc == 0)
		SWAP(*l, one);
	str_list_clear(&one);
	return rc;
}

static int policy_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	(void)p;
	return single(text, src, canon_policy, field, e);
}

static int zone_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	(void)p;
	return single(text, src, canon_name, field, e);
}

static int groups_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	struct str_list l = { 0 };
	int rc = parse_words(text, src, ", \t", canon_name, &l, e);

	(void)p;
	if (rc == 0)
		SWAP(*(struct str_list *)field, l);
	str_list_clear(&l);
	return rc;
}

static void print_joined(const void *field, const char *sep, struct buf *b)
{
	const struct str_list *l = field;

	for (size_t i = 0; i < l->n; i++)
		buf_addf(b, "%s%s", i ? sep : "", l->v[i]);
}

static void semicolons_print(const struct param *p, const void *field, struct buf *b)
{
	(void)p;
	print_joined(field, "; ", b);
}

static void commas_print(const struct param *p, const void *field, struct buf *b)
{
	(void)p;
	print_joined(field, ",", b);
}

#define FW_TYPE(var, type_name, parse_fn, print_fn) \
	const struct param_type var = { \
		.name = type_name, .size = sizeof(struct str_list), .parse = parse_fn, .print = print_fn, \
		.is_set = net_list_is_set, .equal = net_list_equal, .copy = net_list_copy, .done = net_list_done, \
	}

FW_TYPE(net_type_fw_rules, "firewall rules", rules_parse, semicolons_print);
FW_TYPE(net_type_fw_del, "entries or all", del_parse, semicolons_print);
FW_TYPE(net_type_fw_policy, "firewall policy", policy_parse, semicolons_print);
FW_TYPE(net_type_fw_groups, "firewall groups", groups_parse, commas_print);
FW_TYPE(net_type_fw_zone, "zone", zone_parse, semicolons_print);
FW_TYPE(net_type_forwards, "port forwards", forwards_parse, semicolons_print);

bool net_conf_has_fw(const struct net_conf *c)
{
	return c->fw_rule.set || c->fw_del.set || c->fw_in.set || c->fw_out.set || c->fw_group.set || c->fw_zone.set ||
	       c->forward.set || c->forward_del.set;
}

static int merge_list(struct str_list *l, const struct str_list *add, const struct str_list *del, struct err *e)
{
	bool set = l->set || add->set || del->set;

	if (str_list_has(del, "all"))
		str_list_clear(l);
	for (size_t i = 0; i < del->n; i++)
		str_list_del(l, del->v[i]);
	for (size_t i = 0; i < add->n; i++) {
		if (!str_list_has(l, add->v[i]) && str_list_add(l, add->v[i], e) < 0)
			return -e->code;
	}
	l->set = set;
	return 0;
}

static int replace(struct str_list *l, const struct str_list *with, struct err *e)
{
	return with->set ? str_list_copy(l, with, e) : 0;
}

int net_conf_merge_fw(struct net_conf *c, const struct net_conf *change, struct err *e)
{
	if (change->venet_mtu.set)
		c->venet_mtu = change->venet_mtu;
	if (change->venet_filter.set)
		c->venet_filter = change->venet_filter;
	if (merge_list(&c->fw_rule, &change->fw_rule, &change->fw_del, e) < 0 ||
	    merge_list(&c->forward, &change->forward, &change->forward_del, e) < 0)
		return -e->code;
	if (replace(&c->fw_in, &change->fw_in, e) < 0 || replace(&c->fw_out, &change->fw_out, e) < 0 ||
	    replace(&c->fw_group, &change->fw_group, e) < 0)
		return -e->code;
	return replace(&c->fw_zone, &change->fw_zone, e);
}

int net_conf_rows_fw(struct net_conf *rows, const struct net_conf *own, const struct net_conf *change, struct err *e)
{
	str_list_clear(&rows->fw_del);
	str_list_clear(&rows->forward_del);
	if ((change->fw_rule.set || change->fw_del.set) && str_list_copy(&rows->fw_rule, &own->fw_rule, e) < 0)
		return -e->code;
	if ((change->forward.set || change->forward_del.set) && str_list_copy(&rows->forward, &own->forward, e) < 0)
		return -e->code;
	return 0;
}
