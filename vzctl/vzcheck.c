/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzcheck: can this host run containers, what is missing, and what to do about it. The work is host_check.c. */
#include <signal.h>
#include <unistd.h>

#include "vzctl/host.h"

int main(int argc, char **argv)
{
	struct host_call c = { .argv = argv + 1 };
	int rc;

	signal(SIGPIPE, SIG_IGN);
	if (argc > 1 && str_eq(argv[1], "--version")) {
		ui_write(STDOUT_FILENO, "vzcheck version " VZ_VERSION "\n");
		return 0;
	}
	if (geteuid() != 0) {
		ui_write(STDERR_FILENO, "This program can only be run under root.\n");
		return VZ_NO_ACCES;
	}
	rc = host_check(&c);
	ct_host_close(c.host);
	return rc;
}
