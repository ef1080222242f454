/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzdqdump: prints the limits of users and groups inside a container. No layout has any: nothing is printed. */
#include "util/err.h"
#include "vzctl/tool.h"

static const char usage[] = "Usage: vzdqdump [-q] [-v] [-f] [-c FILE] CTID -G|-U|-T|-F ...\n"
	"  -U  limits   -G  grace times   -T  times of expiry   -F  all figures\n";

int main(int argc, char **argv)
{
	struct tool_dqugid d = { 0 };
	struct err e = { 0 };

	(void)argc;
	if (tool_dqugid_args("vzdqdump", argv, &d, &e) < 0 || d.help)
		return tool_usage(usage, &e, d.help ? 0 : TOOL_DQ_USAGE);
	return tool_dqugid_check(&d, &e) < 0 ? tool_dqugid_fail("vzdqdump", &d, &e) : 0;
}
