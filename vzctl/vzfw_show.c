/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzfw show: the lines of a running container, rule by rule, with what the kernel counted. */
#include "vzctl/vzfw.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "libct/netlines.h"
#include "libct/record.h"
#include "net/fw.h"
#include "net/net_part.h"
#include "util/num.h"

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

static void print(const struct str_list *lines, const struct shown *s)
{
	size_t k = 0;

	for (size_t i = 0; i < lines->n; i++) {
		const char *l = net_line_of(lines->v[i], "fw"), *rule = l ? net_line_of(l, "rule") : NULL;
		const char *nat = net_line_of(lines->v[i], "nat");

		if (nat && net_line_of(nat, "fwd"))
			printf("forward %s\n", net_line_of(nat, "fwd"));
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
}

int vzfw_show(struct vzfw *f, struct err *e)
{
	__attribute__((cleanup(shown_done))) struct shown s = { 0 };
	auto_list struct str_list lines = { 0 };
	uint64_t id;

	if (num_u64(f->arg[0], &id) < 0 || id == 0 || id > UINT32_MAX)
		return err_say(e, EINVAL, "'%.40s' is no number of a container", f->arg[0]);
	if (ct_net_record((unsigned)id, &lines, e) < 0 || read_counters(f, &lines, &s, e) < 0)
		return -e->code;
	if (!lines.n)
		printf("Container %" PRIu64 " has no firewall in effect\n", id);
	print(&lines, &s);
	return 0;
}
