/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What vzfw's commands on groups, zones and the host do. */
#include "vzctl/vzfw.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libct/fwfile.h"
#include "libct/record.h"
#include "net/fw.h"
#include "util/buf.h"
#include "vzctl/tool.h"

#define FILE_MAX 64

/* --- shared --- */

static int file_of(const char *name, char dst[FILE_MAX], struct err *e)
{
	if (!fw_name_ok(name) || str_fmt(dst, FILE_MAX, "%s.conf", name) < 0)
		return err_say(e, EINVAL, "'%.40s' is no name of a group: want 1 to 32 letters, digits and any of _-.", name);
	return 0;
}

static void say_changed(unsigned n)
{
	if (n)
		printf("Firewall of %u running container%s changed\n", n, n == 1 ? "" : "s");
}

/* The arguments from @from on are one text. */
static char *text_from(const struct vzfw *f, size_t from)
{
	auto_buf struct buf b = BUF_INIT;

	for (size_t i = from; i < f->n; i++)
		buf_addf(&b, "%s%s", i > from ? " " : "", f->arg[i]);
	buf_addf(&b, "%s", "");
	return buf_take(&b);
}

/* Rules of @text, canonical, separated by semicolons. */
static int rules_of(const char *text, struct str_list *ret, struct err *e)
{
	auto_list struct str_list words = { 0 };

	if (str_list_split(&words, text, ";", e) < 0)
		return -e->code;
	for (size_t i = 0; i < words.n; i++) {
		auto_buf struct buf b = BUF_INIT;
		struct fw_rule r;

		if (!*str_trim(words.v[i]))
			continue;
		if (fw_rule_parse(str_trim(words.v[i]), &r, e) < 0)
			return -e->code;
		fw_rule_print(&r, &b);
		if (str_list_add(ret, buf_str(&b), e) < 0)
			return -e->code;
	}
	return ret->n ? 0 : err_say(e, EINVAL, "no rule given");
}

enum how { ADD, DEL, SET };

/* @have changed by what @f says from argument @from on. */
static int edit(const struct vzfw *f, size_t from, enum how how, struct str_list *have, struct err *e)
{
	auto_free char *text = text_from(f, from);
	auto_list struct str_list rules = { 0 };

	if (!text)
		return err_set(e, ENOMEM, "rules");
	if (how == DEL && str_eq(text, "all")) {
		str_list_clear(have);
		return 0;
	}
	if (rules_of(text, &rules, e) < 0)
		return -e->code;
	if (how == SET)
		str_list_clear(have);
	for (size_t i = 0; i < rules.n; i++) {
		bool there = str_list_has(have, rules.v[i]);

		if (how == DEL && !there)
			return err_say(e, ENOENT, "there is no rule '%s'", rules.v[i]);
		if (how == DEL)
			str_list_del(have, rules.v[i]);
		else if (!there && str_list_add(have, rules.v[i], e) < 0)
			return -e->code;
	}
	return 0;
}

/* Of a file by hand: into the one spelling, so that they are found. */
static int canonical(struct str_list *l, const char *file, struct err *e)
{
	auto_list struct str_list out = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		if (rules_of(l->v[i], &out, e) < 0)
			return err_add(e, CT_FW_DIR "/%s", file);
	}
	SWAP(*l, out);
	return 0;
}

static char *joined(const struct str_list *l)
{
	auto_buf struct buf b = BUF_INIT;

	for (size_t i = 0; i < l->n; i++)
		buf_addf(&b, "%s%s", i ? "; " : "", l->v[i]);
	buf_addf(&b, "%s", "");
	return buf_take(&b);
}

static int save(struct vzfw *f, const char *file, bool create, const char *key, const struct str_list *l, struct err *e)
{
	auto_free char *val = joined(l);
	const struct ct_fw_edit v = { key, val };
	unsigned n = 0;

	if (!val)
		return err_set(e, ENOMEM, "%s", file);
	if (ct_fw_write(f->net, file, create, &v, 1, &n, e) < 0)
		return -e->code;
	say_changed(n);
	return 0;
}

/* --- groups --- */

/* Containers whose configuration names @group, with commas between; "" if there is none. */
static int users(struct vzfw *f, const char *group, struct buf *b, struct err *e)
{
	unsigned *ids = NULL;
	size_t n = 0;
	int rc = ct_list(f->host, &ids, &n, e);

	for (size_t i = 0; i < n && rc == 0; i++) {
		auto_list struct str_list names = { 0 };
		auto_free char *text = NULL;
		char path[64];

		str_fmt(path, sizeof(path), CT_CONF_DIR "/%u.conf", ids[i]);
		text = tool_conf_value(path, "FW_GROUPS");
		if (!text)
			continue;
		rc = str_list_split(&names, text, ", \t", e);
		if (str_list_has(&names, group))
			buf_addf(b, "%s%u", b->len ? "," : "", ids[i]);
	}
	free(ids);
	return rc;
}

static int need(const char *name, char file[FILE_MAX], struct err *e)
{
	if (file_of(name, file, e) < 0)
		return -e->code;
	return ct_fw_exists(file) ? 0 : err_say(e, ENOENT, "group %s does not exist: vzfw group create %s", name, name);
}

int vzfw_group_list(struct vzfw *f, struct err *e)
{
	auto_list struct str_list names = { 0 };

	if (ct_fw_groups(&names, e) < 0)
		return -e->code;
	for (size_t i = 0; i < names.n; i++) {
		auto_list struct str_list rules = { 0 }, about = { 0 };
		auto_buf struct buf b = BUF_INIT;
		char file[FILE_MAX];

		if (file_of(names.v[i], file, e) < 0 || ct_fw_values(file, "RULES", &rules, e) < 0 ||
		    ct_fw_values(file, "DESCRIPTION", &about, e) < 0 || users(f, names.v[i], &b, e) < 0)
			return -e->code;
		printf("%-20s %3zu rules  used by %-20s %s\n", names.v[i], rules.n, b.len ? buf_str(&b) : "-",
		       about.n ? about.v[0] : "");
	}
	return 0;
}

int vzfw_group_create(struct vzfw *f, struct err *e)
{
	auto_free char *about = text_from(f, 1);
	const struct ct_fw_edit v[] = { { "RULES", "" }, { "DESCRIPTION", about && *about ? about : NULL } };
	char file[FILE_MAX];
	unsigned n;

	if (file_of(f->arg[0], file, e) < 0)
		return -e->code;
	if (ct_fw_exists(file))
		return err_say(e, EEXIST, "group %s is there already", f->arg[0]);
	return ct_fw_write(f->net, file, true, v, ARRAY_SIZE(v), &n, e);
}

int vzfw_group_show(struct vzfw *f, struct err *e)
{
	auto_list struct str_list rules = { 0 };
	char file[FILE_MAX];

	if (need(f->arg[0], file, e) < 0 || ct_fw_values(file, "RULES", &rules, e) < 0)
		return -e->code;
	for (size_t i = 0; i < rules.n; i++)
		printf("%s\n", rules.v[i]);
	return 0;
}

static int group_edit(struct vzfw *f, enum how how, struct err *e)
{
	auto_list struct str_list rules = { 0 };
	char file[FILE_MAX];

	if (need(f->arg[0], file, e) < 0 || ct_fw_values(file, "RULES", &rules, e) < 0 || canonical(&rules, file, e) < 0 ||
	    edit(f, 1, how, &rules, e) < 0)
		return -e->code;
	return save(f, file, false, "RULES", &rules, e);
}

int vzfw_group_add(struct vzfw *f, struct err *e)
{
	return group_edit(f, ADD, e);
}

int vzfw_group_del(struct vzfw *f, struct err *e)
{
	return group_edit(f, DEL, e);
}

int vzfw_group_set(struct vzfw *f, struct err *e)
{
	return group_edit(f, SET, e);
}

int vzfw_group_remove(struct vzfw *f, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	char file[FILE_MAX];

	if (need(f->arg[0], file, e) < 0 || users(f, f->arg[0], &b, e) < 0)
		return -e->code;
	if (b.len)
		return err_say(e, EBUSY, "group %s is used by container %s: vzctl set CTID --fw_groups without it --save",
			       f->arg[0], buf_str(&b));
	return ct_fw_remove(file, e);
}

/* --- zones --- */

int vzfw_zone_list(struct vzfw *f, struct err *e)
{
	auto_list struct str_list pairs = { 0 };

	(void)f;
	if (ct_fw_values("zones", "ALLOW", &pairs, e) < 0)
		return -e->code;
	for (size_t i = 0; i < pairs.n; i++)
		printf("%s\n", pairs.v[i]);
	return 0;
}

static int zone_edit(struct vzfw *f, bool allow, struct err *e)
{
	auto_list struct str_list pairs = { 0 };
	char one[80], other[80];

	for (size_t i = 0; i < 2; i++) {
		if (!fw_name_ok(f->arg[i]))
			return err_say(e, EINVAL, "'%.40s' is no name of a zone", f->arg[i]);
	}
	str_fmt(one, sizeof(one), "%s %s", f->arg[0], f->arg[1]);
	str_fmt(other, sizeof(other), "%s %s", f->arg[1], f->arg[0]);
	if (ct_fw_values("zones", "ALLOW", &pairs, e) < 0)
		return -e->code;
	if (!allow && !str_list_has(&pairs, one) && !str_list_has(&pairs, other))
		return err_say(e, ENOENT, "zones %s and %s are not allowed to reach one another", f->arg[0], f->arg[1]);
	str_list_del(&pairs, one);
	str_list_del(&pairs, other);
	if (allow && str_list_add(&pairs, one, e) < 0)
		return -e->code;
	return save(f, "zones", true, "ALLOW", &pairs, e);
}

int vzfw_zone_allow(struct vzfw *f, struct err *e)
{
	return zone_edit(f, true, e);
}

int vzfw_zone_deny(struct vzfw *f, struct err *e)
{
	return zone_edit(f, false, e);
}

/* --- the host --- */

static const struct { const char *word, *policy, *rules, *title; } sides[] = {
	{ "net", "NET_POLICY", "NET_RULES", "from the network" },
	{ "ct", "CT_POLICY", "CT_RULES", "from containers" },
};

static int side_of(const char *word, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		if (str_eq(sides[i].word, word))
			return (int)i;
	}
	return err_say(e, EINVAL, "'%.40s' is neither net (the network) nor ct (containers)", word);
}

int vzfw_host_show(struct vzfw *f, struct err *e)
{
	(void)f;
	for (size_t s = 0; s < ARRAY_SIZE(sides); s++) {
		auto_list struct str_list rules = { 0 }, policy = { 0 };

		if (ct_fw_values("host", sides[s].policy, &policy, e) < 0 || ct_fw_values("host", sides[s].rules, &rules, e) < 0)
			return -e->code;
		printf("%s: %s\n", sides[s].title, policy.n ? policy.v[0] : "accept");
		for (size_t i = 0; i < rules.n; i++)
			printf("  %s\n", rules.v[i]);
	}
	return 0;
}

static bool lets_ssh_in(const struct str_list *rules)
{
	struct err e = { 0 };
	struct fw_rule r;

	for (size_t i = 0; i < rules->n; i++) {
		if (fw_rule_parse(rules->v[i], &r, &e) < 0 || r.drop || r.out)
			continue;
		for (size_t k = 0; k < r.n_match; k++) {
			const struct fw_match *m = &r.match[k];

			if ((!m->proto || m->proto == IPPROTO_TCP) && (!m->ports || (m->lo <= 22 && m->hi >= 22)))
				return true;
		}
	}
	return false;
}

static int check_ssh(const struct vzfw *f, int side, bool drop, const struct str_list *rules, struct err *e)
{
	if (side || !drop || f->force || lets_ssh_in(rules))
		return 0;
	return err_say(e, EPERM, "no rule would let ssh into the host, and you might lock yourself out: vzfw host add net ssh "
		       "first, or say --force");
}

int vzfw_host_policy(struct vzfw *f, struct err *e)
{
	auto_list struct str_list rules = { 0 }, policy = { 0 };
	int s = side_of(f->arg[0], e);
	bool drop, log;

	if (s < 0 || fw_policy_parse(f->arg[1], &drop, &log, e) < 0 || ct_fw_values("host", sides[s].rules, &rules, e) < 0 ||
	    check_ssh(f, s, drop, &rules, e) < 0 || str_list_add(&policy, f->arg[1], e) < 0)
		return -e->code;
	return save(f, "host", true, sides[s].policy, &policy, e);
}

static int only_in(const struct str_list *rules, struct err *e)
{
	struct fw_rule r;

	for (size_t i = 0; i < rules->n; i++) {
		if (fw_rule_parse(rules->v[i], &r, e) < 0)
			return -e->code;
		if (r.out)
			return err_say(e, EINVAL, "rule '%s': the host's rules are for what comes in, what leaves it is not "
				       "filtered", rules->v[i]);
	}
	return 0;
}

static int host_edit(struct vzfw *f, enum how how, struct err *e)
{
	auto_list struct str_list rules = { 0 }, policy = { 0 };
	int s = side_of(f->arg[0], e);
	bool drop = false, log;

	if (s < 0 || ct_fw_values("host", sides[s].rules, &rules, e) < 0 || canonical(&rules, "host", e) < 0 ||
	    edit(f, 1, how, &rules, e) < 0 || ct_fw_values("host", sides[s].policy, &policy, e) < 0)
		return -e->code;
	if (policy.n && fw_policy_parse(policy.v[0], &drop, &log, e) < 0)
		return -e->code;
	if ((how != DEL && only_in(&rules, e) < 0) || check_ssh(f, s, drop, &rules, e) < 0)
		return -e->code;
	return save(f, "host", true, sides[s].rules, &rules, e);
}

int vzfw_host_add(struct vzfw *f, struct err *e)
{
	return host_edit(f, ADD, e);
}

int vzfw_host_del(struct vzfw *f, struct err *e)
{
	return host_edit(f, DEL, e);
}

int vzfw_host_set(struct vzfw *f, struct err *e)
{
	return host_edit(f, SET, e);
}
