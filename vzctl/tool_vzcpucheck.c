/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzcpucheck: CPU units given to what runs, against the power of the node. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/opt.h"
#include "vzctl/tool.h"

#define DEFAULT_UNITS 1000

static const char usage[] = "Usage: vzcpucheck [-v]\n  -v   a line for each container\n";
enum { A_VERBOSE, A_HELP };
static const struct opt_flag flags[] = {
	{ NULL, 'v', false, A_VERBOSE, NULL }, { "help", 'h', false, A_HELP, NULL },
};

struct cpucheck {
	bool verbose;
	uint64_t sum;
	struct buf out;
};

static void row(struct cpucheck *c, unsigned id, uint64_t units)
{
	c->sum += units;
	if (c->verbose)
		buf_addf(&c->out, "%u\t\t%llu\n", id, (unsigned long long)units);
}

static int add(const struct tool_ct *t, void *arg)
{
	if (t->info.run == CT_RUNNING)
		row(arg, t->id, t->conf->cg.cpuunits.set ? t->conf->cg.cpuunits.v : DEFAULT_UNITS);
	return 0;
}

/* The host's own share: VE0CPUUNITS. */
static uint64_t host_units(void)
{
	auto_free char *text = tool_conf_value("/etc/vz/vz.conf", "VE0CPUUNITS");
	uint64_t v;

	return text && num_u64(text, &v) == 0 && v > 0 ? v : DEFAULT_UNITS;
}

static int run(struct cpucheck *c, struct err *e)
{
	auto_host struct ct_host *host = NULL;
	struct buf auto_buf cpu = { .cap = 16u << 20 };
	uint64_t power;

	if (fio_read_at(AT_FDCWD, "/proc/cpuinfo", &cpu, e) < 0 || tool_host(&host, e) < 0)
		return -e->code;
	power = tool_bogomips(buf_str(&cpu)) * 25 / 100;
	if (c->verbose)
		buf_adds(&c->out, "VEID\t\tCPUUNITS\n-------------------------\n");
	row(c, 0, host_units());
	if (tool_each(host, 0, add, c, e) < 0)
		return -e->code;
	buf_addf(&c->out, "Current CPU utilization: %llu\nPower of the node: %llu\n", (unsigned long long)c->sum,
		 (unsigned long long)power);
	if (c->sum > power)
		buf_adds(&c->out, "Warning: hardware node is overcommitted\n");
	return 0;
}

int main(int argc, char **argv)
{
	static struct cpucheck c = { .out = BUF_INIT };
	struct opt o = { .prog = "vzcpucheck", .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = argv, .at = 1 };
	struct opt_found f;
	struct err e = { 0 };
	int what, rc;

	(void)argc;
	while ((what = opt_next(&o, &f, &e)) > 0) {
		if (what == OPT_OPERAND)
			return tool_usage(usage, NULL, 2);
		if (f.flag->id == A_HELP)
			return tool_usage(usage, NULL, 0);
		c.verbose = true;
	}
	if (what < 0)
		return tool_usage(usage, &e, 2);
	rc = run(&c, &e) < 0 ? tool_fail("vzcpucheck", &e) : tool_put(&c.out);
	buf_done(&c.out);
	return rc;
}
