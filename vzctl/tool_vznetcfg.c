/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vznetcfg: what is done to the host's end of a new veth device. An EXTERNAL_SCRIPT does it instead. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"
#include "vzctl/tool.h"

#define VZNET_CONF "/etc/vz/vznet.conf"

int main(int argc, char **argv)
{
	auto_free char *script = tool_conf_value(VZNET_CONF, "EXTERNAL_SCRIPT");
	struct err e = { 0 };

	if (script && script[0] == '/' && access(script, X_OK) == 0) {
		argv[0] = script;
		execv(script, argv);
		err_set(&e, errno, "%s", script);
		return tool_fail("vznetcfg", &e);
	}
	if (argc < 4 || strcmp(argv[1], "init") != 0 || strcmp(argv[2], "veth") != 0) {
		puts("invalid action");
		return 1;
	}
	return tool_dev_up(argv[3], &e) < 0 ? tool_fail("vznetcfg", &e) : 0;
}
