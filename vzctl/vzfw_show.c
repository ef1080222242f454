/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzfw show: the lines of a running container, rule by rule, with what the kernel counted; for people, and as JSON. */
#include "vzctl/vzfw.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "libct/netlines.h"
#include "libct/record.h"
#include "net/fw.h"
#include "net/net_part.h"
#include "util/buf.h"
#include "util/json_text.h"
#include "util/num.h"
#include "vzctl/tool.h"

struct shown {
	struct fw_rule *rules;
	struct fw_count *count;
	size_t n;
};

static void shown_done(struct shown *s)
{
	free(s->rules);
	free(s->count);
}

static int read_counters(struct vzfw *f, const struct str_list *lines, struct shown *s, struct err *e)
{
	s->rules = calloc(lines->n + 1, sizeof(*s->rules));
	s->count = calloc(lines->n + 1, sizeof(*s->count));
	if (!s->rules || !s->count)
		return err_set(e, ENOMEM, "rules");
	for (size_t i = 0; i < lines->n; i++) {
		const char *l = net_line_of(lines->v[i], "fw"), *rule = l ? net_line_of(l, "rule") : NULL;

		if (rule && fw_rule_parse(rule, &s->rules[s->n++], e) < 0)
			return -e->code;
	}
	for (size_t i = 0; i < lines->n; i++) {
		const char *l = net_line_of(lines->v[i], "fw");
		const char *dev = l ? net_line_of(l, "if") : NULL, *bridged = l ? net_line_of(l, "bif") : NULL;

		if ((dev || bridged) && fw_counters(f->net, dev ? dev : bridged, !dev, s->rules, s->n, s->count, e) < 0)
			return -e->code;
	}
	return 0;
}

/* False: nothing of it is about the firewall. */
static bool print(const struct str_list *lines, const struct shown *s)
{
	bool any = false;
	size_t k = 0;

	for (size_t i = 0; i < lines->n; i++) {
		const char *l = net_line_of(lines->v[i], "fw"), *rule = l ? net_line_of(l, "rule") : NULL;
		const char *nat = net_line_of(lines->v[i], "nat");

		if (nat && net_line_of(nat, "fwd"))
			printf("forward %s\n", net_line_of(nat, "fwd"));
		any |= l || (nat && net_line_of(nat, "fwd"));
		if (!l)
			continue;
		if (!rule) {
			printf("%s\n", l);
			continue;
		}
		if (s->rules[k].count)
			printf("rule    %s: %" PRIu64 " packets, %" PRIu64 " bytes\n", rule, s->count[k].packets,
			       s->count[k].bytes);
		else
			printf("rule    %s\n", rule);
		k++;
	}
	return any;
}

/* --- as JSON, for vzd --- */

static void put_list(struct buf *b, const char *name, const struct str_list *lines, const char *part, const char *word)
{
	bool any = false;

	buf_addf(b, ",\"%s\":[", name);
	for (size_t i = 0; i < lines->n; i++) {
		const char *l = net_line_of(lines->v[i], part), *val = l ? net_line_of(l, word) : NULL;

		if (!val)
			continue;
		buf_adds(b, any ? "," : "");
		json_str(b, val);
		any = true;
	}
	buf_adds(b, "]");
}

static const char *value_of(const struct str_list *lines, const char *word, const char *def)
{
	for (size_t i = 0; i < lines->n; i++) {
		const char *l = net_line_of(lines->v[i], "fw"), *val = l ? net_line_of(l, word) : NULL;

		if (val)
			return val;
	}
	return def;
}

static void put_value(struct buf *b, const char *name, const char *val)
{
	buf_addf(b, ",\"%s\":", name);
	json_str(b, val);
}

/* Whose a rule is: the group's whose line came last, else the container's own. */
static void put_rules(struct buf *b, const struct str_list *lines, const struct shown *s)
{
	const char *group = NULL;
	size_t k = 0;

	buf_adds(b, ",\"rules\":[");
	for (size_t i = 0; i < lines->n; i++) {
		const char *l = net_line_of(lines->v[i], "fw"), *rule = l ? net_line_of(l, "rule") : NULL;
		const char *name = l ? net_line_of(l, "group") : NULL;

		group = name ? name : group;
		if (!rule)
			continue;
		buf_adds(b, k ? ",{\"rule\":" : "{\"rule\":");
		json_str(b, rule);
		put_value(b, "group", group);
		if (s->rules[k].count)
			buf_addf(b, ",\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64, s->count[k].packets, s->count[k].bytes);
		else
			buf_adds(b, ",\"packets\":null,\"bytes\":null");
		buf_adds(b, "}");
		k++;
	}
	buf_adds(b, "]");
}

static int put_json(uint64_t id, const struct str_list *lines, const struct shown *s, struct err *e)
{
	auto_list struct str_list host = { 0 };
	auto_buf struct buf b = { .cap = 4u << 20 };

	if (ct_net_host_lines(CT_NET_FROM_CT, &host, e) < 0)
		return -e->code;
	buf_addf(&b, "{\"ctid\":%" PRIu64 ",\"in_effect\":%s", id, lines->n ? "true" : "false");
	put_value(&b, "policy_in", value_of(lines, "policy in", "accept"));
	put_value(&b, "policy_out", value_of(lines, "policy out", "accept"));
	put_value(&b, "zone", value_of(lines, "zone", NULL));
	put_list(&b, "reached_by", lines, "fw", "from");
	put_list(&b, "groups", lines, "fw", "group");
	put_list(&b, "routed", lines, "fw", "if");
	put_list(&b, "bridged", lines, "fw", "bif");
	put_rules(&b, lines, s);
	put_list(&b, "forwards", lines, "nat", "fwd");
	put_value(&b, "host_policy", value_of(&host, "policy in", "accept"));
	put_list(&b, "host_rules", &host, "fw", "rule");
	buf_adds(&b, "}\n");
	return buf_failed(&b) ? err_set(e, ENOMEM, "firewall of container %" PRIu64, id) : tool_put(&b);
}

int vzfw_show(struct vzfw *f, struct err *e)
{
	__attribute__((cleanup(shown_done))) struct shown s = { 0 };
	auto_list struct str_list lines = { 0 };
	struct ct *ct = NULL;
	bool known;
	unsigned id;

	if (ct_open(f->host, f->arg[0], CT_NO_CONFIG_OK, &ct, e) < 0)
		return -e->code;
	id = ct_id(ct);
	known = ct_has_conf(ct);
	ct_close(ct);
	if (ct_net_record(id, &lines, e) < 0 || read_counters(f, &lines, &s, e) < 0)
		return -e->code;
	if (!known && !lines.n)
		return err_say(e, ENOENT, "there is no container %u ('vzlist -a' shows those there are)", id);
	if (f->json)
		return put_json(id, &lines, &s, e);
	if (!print(&lines, &s))
		printf("Container %u has no firewall in effect\n", id);
	return 0;
}
