/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a container, and the host, has in the firewall's tables, as lines: made from configuration and files. */
#include "libct/netlines.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "libct/record.h"
#include "libct/shape.h"
#include "libct/traffic.h"
#include "net/fw.h"
#include "net/nat.h"
#include "net/net_part.h"
#include "net/netif.h"
#include "util/buf.h"

#define LINE_MAX_ 2048

int ct_net_add(struct str_list *l, struct err *e, const char *fmt, ...)
{
	char line[LINE_MAX_];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof(line))
		return err_say(e, E2BIG, "a line of the firewall is too long: '%.60s...'", line);
	return str_list_add(l, line, e);
}

int ct_fw_group(const char *name, struct str_list *ret, struct err *e)
{
	auto_kv struct kv kv = { 0 };
	auto_list struct str_list words = { 0 };
	char path[sizeof(CT_FW_DIR) + 64];
	const char *rules;

	if (!fw_name_ok(name) || str_fmt(path, sizeof(path), CT_FW_DIR "/%s.conf", name) < 0)
		return err_say(e, EINVAL, "'%.40s' is no name of a firewall group", name);
	if (kv_load(&kv, AT_FDCWD, path, e) < 0)
		return e->code != ENOENT ? -e->code :
		       err_say(e, ENOENT, "firewall group %s does not exist (%s): vzfw group create %s", name, path, name);
	rules = kv_get(&kv, "RULES");
	if (rules && str_list_split(&words, rules, ";", e) < 0)
		return -e->code;
	for (size_t i = 0; i < words.n; i++) {
		auto_buf struct buf b = BUF_INIT;
		char *word = str_trim(words.v[i]);
		struct fw_rule r;

		if (!*word)
			continue;
		if (fw_rule_parse(word, &r, e) < 0)
			return err_add(e, "%s", path);
		fw_rule_print(&r, &b);
		if (str_list_add(ret, buf_str(&b), e) < 0)
			return -e->code;
	}
	return 0;
}

int ct_fw_zone_pair(const char *text, char pair[2][CT_FW_NAME], struct err *e)
{
	auto_list struct str_list words = { 0 };

	if (str_list_split(&words, text, " ", e) < 0)
		return -e->code;
	if (words.n != 2 || !fw_name_ok(words.v[0]) || !fw_name_ok(words.v[1]))
		return err_say(e, EINVAL, CT_FW_DIR "/zones: '%.70s' are not two zones", text);
	str_copy(pair[0], CT_FW_NAME, words.v[0]);
	str_copy(pair[1], CT_FW_NAME, words.v[1]);
	return 0;
}

int ct_fw_zone_pairs(struct str_list *ret, struct err *e)
{
	auto_kv struct kv kv = { 0 };
	const char *text;

	if (kv_load(&kv, AT_FDCWD, CT_FW_DIR "/zones", e) < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
		return 0;
	}
	text = kv_get(&kv, "ALLOW");
	return text ? str_list_split(ret, text, ";", e) : 0;
}

static int zone_lines(const char *zone, struct str_list *ret, struct err *e)
{
	auto_list struct str_list pairs = { 0 };
	char pair[2][CT_FW_NAME];

	if (ct_fw_zone_pairs(&pairs, e) < 0 || ct_net_add(ret, e, "fw zone %s", zone) < 0)
		return -e->code;
	for (size_t i = 0; i < pairs.n; i++) {
		if (!*str_trim(pairs.v[i]))
			continue;
		if (ct_fw_zone_pair(pairs.v[i], pair, e) < 0)
			return -e->code;
		for (int k = 0; k < 2; k++) {
			if (str_eq(pair[k], zone) && !str_eq(pair[!k], zone) && ct_net_add(ret, e, "fw from %s", pair[!k]) < 0)
				return -e->code;
		}
	}
	return 0;
}

/* The line with the name does nothing: it tells whose the rules behind it are. */
static int group_lines(const char *name, struct str_list *ret, struct err *e)
{
	auto_list struct str_list rules = { 0 };

	if (ct_fw_group(name, &rules, e) < 0 || ct_net_add(ret, e, "fw group %s", name) < 0)
		return -e->code;
	for (size_t i = 0; i < rules.n; i++) {
		if (ct_net_add(ret, e, "fw rule %s", rules.v[i]) < 0)
			return -e->code;
	}
	return 0;
}

int ct_net_regroup(const struct str_list *lines, struct str_list *ret, struct err *e)
{
	bool in_group = false;

	ret->set = lines->set;
	for (size_t i = 0; i < lines->n; i++) {
		const char *s = net_line_of(lines->v[i], "fw"), *name = s ? net_line_of(s, "group") : NULL;
		const char *zone = s ? net_line_of(s, "zone") : NULL;

		if (zone) {
			if (zone_lines(zone, ret, e) < 0)
				return -e->code;
			continue;
		}
		if (s && net_line_of(s, "from"))
			continue;
		if (name) {
			in_group = true;
			if (group_lines(name, ret, e) < 0)
				return -e->code;
			continue;
		}
		in_group &= s && net_line_of(s, "rule");
		if (!in_group && str_list_add(ret, lines->v[i], e) < 0)
			return -e->code;
	}
	return 0;
}

static int rule_lines(const struct net_conf *n, struct str_list *ret, struct err *e)
{
	for (size_t i = 0; i < n->fw_rule.n; i++) {
		if (ct_net_add(ret, e, "fw rule %s", n->fw_rule.v[i]) < 0)
			return -e->code;
	}
	for (size_t i = 0; i < n->fw_group.n; i++) {
		if (group_lines(n->fw_group.v[i], ret, e) < 0)
			return -e->code;
	}
	return 0;
}

static int interface_lines(const struct ct *ct, const struct net_conf *n, struct str_list *ret, struct err *e)
{
	struct net_if f;
	char name[16];

	net_ifname(ct->id, name);
	if (ct_net_add(ret, e, "fw if %s", name) < 0)
		return -e->code;
	for (size_t i = 0; i < n->netif.n; i++) {
		if (net_if_parse(n->netif.v[i], &f, e) < 0 || net_if_fill(&f, ct->id, false, e) < 0 ||
		    ct_net_add(ret, e, "fw bif %s", f.host_ifname) < 0)
			return -e->code;
	}
	return 0;
}

static const char *zone_of(const struct ct_conf *c)
{
	const char *zone = c->net.fw_zone.n ? c->net.fw_zone.v[0] : c->policy.owner;

	return zone && *zone && !str_eq(zone, "none") ? zone : NULL;
}

static int fw_lines(const struct ct *ct, const struct ct_conf *c, struct str_list *ret, struct err *e)
{
	const struct net_conf *n = &c->net;
	const char *zone = zone_of(c);

	if (!zone && !n->fw_rule.n && !n->fw_group.n && !n->fw_in.n && !n->fw_out.n)
		return 0;
	if ((zone && zone_lines(zone, ret, e) < 0) || interface_lines(ct, n, ret, e) < 0)
		return -e->code;
	if ((n->fw_in.n && ct_net_add(ret, e, "fw policy in %s", n->fw_in.v[0]) < 0) ||
	    (n->fw_out.n && ct_net_add(ret, e, "fw policy out %s", n->fw_out.v[0]) < 0))
		return -e->code;
	return rule_lines(n, ret, e);
}

int ct_fw_check(const struct ct *ct, const struct ct_conf *c, struct err *e)
{
	auto_list struct str_list lines = { 0 };

	return fw_lines(ct, c, &lines, e) < 0 || fw_lines_check(&lines, e) < 0 ? -e->code : 0;
}

static int venet_lines(const struct ct *ct, const struct ct_conf *c, struct str_list *ret, struct err *e)
{
	const struct net_conf *n = &c->net;
	char name[16];
	bool small;

	net_ifname(ct->id, name);
	if (ct_shape_small(ct, c, &small, e) < 0 || (small && ct_net_add(ret, e, "venet small %s", name) < 0))
		return -e->code;
	if (n->venet_mtu.set && ct_net_add(ret, e, "venet mtu %" PRIu64, n->venet_mtu.v) < 0)
		return -e->code;
	return n->venet_filter.set && !n->venet_filter.v ? ct_net_add(ret, e, "venet open %s", name) : 0;
}

int ct_net_lines(const struct ct *ct, const struct ct_conf *c, struct str_list *ret, struct err *e)
{
	if (ct_traffic_lines(ct, c, ret, e) < 0 || ct_shape_lines(ct, c, ret, e) < 0)
		return err_add(e, "traffic of container %u", ct->id);
	if (venet_lines(ct, c, ret, e) < 0 || fw_lines(ct, c, ret, e) < 0 || nat_lines(ct->id, &c->net, ret, e) < 0 ||
	    fw_lines_check(ret, e) < 0)
		return err_add(e, "firewall of container %u", ct->id);
	return 0;
}

static int host_side(const struct kv *kv, const char *key, const char *ifname, struct str_list *ret, struct err *e)
{
	auto_list struct str_list rules = { 0 };
	char name[32];
	const char *policy, *text;
	bool drop, log;

	str_fmt(name, sizeof(name), "%s_POLICY", key);
	policy = kv_get(kv, name);
	str_fmt(name, sizeof(name), "%s_RULES", key);
	text = kv_get(kv, name);
	if (!policy && !text)
		return 0;
	if (ct_net_add(ret, e, "fw if %s", ifname) < 0)
		return -e->code;
	if (policy && (fw_policy_parse(policy, &drop, &log, e) < 0 || ct_net_add(ret, e, "fw policy in %s", policy) < 0))
		return -e->code;
	if (text && str_list_split(&rules, text, ";", e) < 0)
		return -e->code;
	for (size_t i = 0; i < rules.n; i++) {
		struct fw_rule r;

		if (*str_trim(rules.v[i]) && (fw_rule_parse(str_trim(rules.v[i]), &r, e) < 0 ||
					      ct_net_add(ret, e, "fw rule %s", str_trim(rules.v[i])) < 0))
			return -e->code;
	}
	return 0;
}

int ct_net_host_lines(enum ct_net_host which, struct str_list *ret, struct err *e)
{
	auto_kv struct kv kv = { 0 };

	if (kv_load(&kv, AT_FDCWD, CT_FW_DIR "/host", e) < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
		return 0;
	}
	if (host_side(&kv, which == CT_NET_FROM_CT ? "CT" : "NET", which == CT_NET_FROM_CT ? "@ct" : "@net", ret, e) < 0)
		return err_add(e, CT_FW_DIR "/host");
	return 0;
}
