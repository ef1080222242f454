/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzhost: what is done to the host rather than to a container. One row per verb. */
#include <signal.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/buf.h"
#include "vzctl/host.h"

static const struct host_verb {
	const char *word, *args, *man;
	int (*run)(struct host_call *c);
} host_verbs[] = {
	{ "setup", "", "Make this host ready: directories, vz.conf, samples, storage, network, the template vz-base.",
	  host_setup },
	{ "up", "", "Do what every boot needs: mount the storage pool, set up control groups, forwarding and the firewall.",
	  host_up },
	{ "down", "", "Unmount the storage pool; nothing is lost. Refused while a container runs.", host_down },
	{ "pool", "[size]", "Make the storage pool, a file with a file system that can limit space, and mount it on /vz.",
	  host_pool },
	{ "check", "[-q] [-j]", "Say what this host can and cannot do, with a cure for each thing that it cannot: vzcheck.",
	  host_check },
	{ "boot", "start|stop|restart|reload|status",
	  "Start or stop containers as at boot and shutdown (ONBOOT, BOOTORDER, VE_PARALLEL).", host_boot },
};

static int host_usage(int fd)
{
	struct buf auto_buf b = BUF_INIT;

	buf_adds(&b, "vzhost version " VZ_VERSION "\n");
	for (size_t i = 0; i < ARRAY_SIZE(host_verbs); i++)
		buf_addf(&b, "vzhost %s%s%s\n    %s\n", host_verbs[i].word, *host_verbs[i].args ? " " : "",
			 host_verbs[i].args, host_verbs[i].man);
	ui_write(fd, buf_str(&b));
	return fd == STDOUT_FILENO ? 0 : VZ_INVALID_PARAMETER_SYNTAX;
}

int main(int argc, char **argv)
{
	struct host_call c = { 0 };
	int rc;

	signal(SIGPIPE, SIG_IGN);
	if (argc < 2)
		return host_usage(STDERR_FILENO);
	if (str_eq(argv[1], "--help"))
		return host_usage(STDOUT_FILENO);
	if (str_eq(argv[1], "--version")) {
		ui_write(STDOUT_FILENO, "vzhost version " VZ_VERSION "\n");
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(host_verbs); i++) {
		if (!str_eq(host_verbs[i].word, argv[1]))
			continue;
		if (geteuid() != 0) {
			ui_write(STDERR_FILENO, "This program can only be run under root.\n");
			return VZ_NO_ACCES;
		}
		c.argv = argv + 2;
		if (c.argv[0] && !*host_verbs[i].args)
			return host_usage(STDERR_FILENO);
		rc = host_verbs[i].run(&c);
		ct_host_close(c.host);
		return rc;
	}
	return host_usage(STDERR_FILENO);
}
