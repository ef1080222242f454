/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzfw: groups of firewall rules, zones, the host's own lists, and what is in effect. */
#include "vzctl/vzfw.h"

#include <errno.h>
#include <stdint.h>

#include "libct/fwfile.h"
#include "net/fw.h"
#include "util/buf.h"
#include "vzctl/tool.h"

static int services(struct vzfw *f, struct err *e)
{
	const char *name, *ports;

	(void)f;
	(void)e;
	for (size_t i = 0; (name = fw_service_name(i, &ports)); i++)
		printf("%-12s %s\n", name, ports);
	return 0;
}

static int reload(struct vzfw *f, struct err *e)
{
	unsigned n = 0;

	if (ct_net_apply_all(f->net, &n, e) < 0)
		return -e->code;
	printf("Firewall of %u running containers changed\n", n);
	return 0;
}

const struct vzfw_cmd vzfw_cmds[] = {
	{ "group", "list", 0, 0, "", "the groups and who uses them", vzfw_group_list },
	{ "group", "create", 1, SIZE_MAX, "NAME [DESCRIPTION]", "an empty one", vzfw_group_create },
	{ "group", "show", 1, 1, "NAME", "its rules", vzfw_group_show },
	{ "group", "add", 2, SIZE_MAX, "NAME RULE", "a rule more, for all who use it at once", vzfw_group_add },
	{ "group", "del", 2, SIZE_MAX, "NAME RULE|all", "a rule less", vzfw_group_del },
	{ "group", "set", 2, SIZE_MAX, "NAME 'RULE; RULE'", "these rules and no others", vzfw_group_set },
	{ "group", "remove", 1, 1, "NAME", "a group that nobody uses", vzfw_group_remove },
	{ "zone", "list", 0, 0, "", "which zones reach one another", vzfw_zone_list },
	{ "zone", "allow", 2, 2, "ZONE ZONE", "they reach one another from now on", vzfw_zone_allow },
	{ "zone", "deny", 2, 2, "ZONE ZONE", "they do not any more", vzfw_zone_deny },
	{ "host", "show", 0, 0, "", "what the host takes from the network and from containers", vzfw_host_show },
	{ "host", "policy", 2, 2, "net|ct accept|drop[,log]", "for what no rule is about", vzfw_host_policy },
	{ "host", "add", 2, SIZE_MAX, "net|ct RULE", "a rule for packets to the host", vzfw_host_add },
	{ "host", "del", 2, SIZE_MAX, "net|ct RULE|all", "a rule less", vzfw_host_del },
	{ "host", "set", 2, SIZE_MAX, "net|ct 'RULE; RULE'", "these rules and no others", vzfw_host_set },
	{ "show", NULL, 1, 1, "CTID", "what is in effect for a running container, with its counters", vzfw_show },
	{ "reload", NULL, 0, 0, "", "after files in /etc/vz/firewall were edited", reload },
	{ "services", NULL, 0, 0, "", "names of services in rules", services },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};

static int usage(FILE *to, int status)
{
	fprintf(to, "Usage: vzfw COMMAND [--force] [--json]\n");
	for (const struct vzfw_cmd *c = vzfw_cmds; c->word; c++)
		fprintf(to, "  %s%s%s%s%s\n      %s\n", c->word, c->word2 ? " " : "", c->word2 ? c->word2 : "", *c->args ? " " : "",
			c->args, c->help);
	fprintf(to, "A rule: [in|out] [accept|drop] WHAT [from|to ADDRESS,...] [log] [count]; see vzfw(8).\n");
	return status;
}

static const struct vzfw_cmd *find(const char *const *word, size_t n)
{
	for (const struct vzfw_cmd *c = vzfw_cmds; c->word; c++) {
		if (n && str_eq(c->word, word[0]) && (!c->word2 || (n > 1 && str_eq(c->word2, word[1]))))
			return c;
	}
	return NULL;
}

static int run(const struct vzfw_cmd *c, struct vzfw *f, struct err *e)
{
	auto_host struct ct_host *h = NULL;

	if (tool_host(&h, e) < 0 || ct_host_net(h, &f->net, e) < 0)
		return -e->code;
	f->host = h;
	return ct_fw_follow(f->net, e) < 0 ? -e->code : c->run(f, e);
}

static bool flag(struct vzfw *f, const char *arg)
{
	f->force |= str_eq(arg, "--force");
	f->json |= str_eq(arg, "--json");
	return str_eq(arg, "--force") || str_eq(arg, "--json");
}

int main(int argc, char **argv)
{
	const char *word[512];
	struct vzfw f = { 0 };
	struct err e = { 0 };
	const struct vzfw_cmd *c;
	bool plain = false;
	size_t n = 0, used;

	if (argc == 3 && str_eq(argv[1], "--completion"))	/* for the build */
		return vzfw_completion(stdout, vzfw_cmds, str_eq(argv[2], "zsh"));
	for (int i = 1; i < argc; i++) {
		if (!plain && str_eq(argv[i], "--"))
			plain = true;
		else if (plain && n < ARRAY_SIZE(word))
			word[n++] = argv[i];
		else if (flag(&f, argv[i]))
			;
		else if (str_eq(argv[i], "--help") || str_eq(argv[i], "-h") || str_eq(argv[i], "help"))
			return usage(stdout, 0);
		else if (argv[i][0] == '-' || n == ARRAY_SIZE(word)) {
			fprintf(stderr, "vzfw: unknown option %s\n", argv[i]);
			return 2;
		} else
			word[n++] = argv[i];
	}
	c = find(word, n);
	if (!c)
		return usage(stderr, 2);
	used = c->word2 ? 2 : 1;
	f.arg = word + used;
	f.n = n - used;
	if (f.n < c->min || f.n > c->max) {
		fprintf(stderr, "Usage: vzfw %s%s%s %s\n", c->word, c->word2 ? " " : "", c->word2 ? c->word2 : "", c->args);
		return 2;
	}
	return run(c, &f, &e) < 0 ? tool_fail("vzfw", &e) : 0;
}
