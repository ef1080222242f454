/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzmigrate: moves a container to another host over ssh. The work is migrate.c. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"
#include "vzctl/migrate.h"
#include "vzctl/tool.h"

static const char usage[] =
	"Usage: vzmigrate [option ...] HOST CTID\n"
	"  -r, --remove-area yes|no   remove the container here after success (yes)\n"
	"      --check-only, --dry-run\n"
	"                             only look whether it could be done\n"
	"      --keep-dst             leave on the destination what was copied when it fails\n"
	"      --ssh=OPTIONS          options of ssh\n"
	"      --ssh-mux              one ssh connection for everything\n"
	"      --rsync=OPTIONS        options of rsync\n"
	"  -f, --nodeps[=...]         do not look whether an address is in use there\n"
	"  -t, --times                how long each step took\n"
	"  -v                         show the commands\n"
	"      --live, --online       without stopping it: not possible in this version\n";

static int run(struct migrate *m, struct err *e)
{
	const struct ct_ui sink = { .say = ui_say, .arg = &m->ui };
	int rc;

	m->ui.quiet = false;
	if (ct_host_open(&sink, &m->host, e) < 0 || ct_id_parse(m->o.ct, &m->id, e) < 0 ||
	    ct_open(m->host, m->o.ct, CT_NO_CONFIG_OK, &m->ct, e) < 0) {
		e->exit = MIG_ABSENT;
		return -e->code;
	}
	ui_log(&m->ui, ct_host_conf(m->host), "vzmigrate");
	str_fmt(m->target, sizeof(m->target), "%s%s", strchr(m->o.host, '@') ? "" : "root@", m->o.host);
	str_fmt(m->control, sizeof(m->control), "/run/vz/migrate.%u", m->id);
	rc = migrate_run(m, e);
	remote_end(m);
	return rc;
}

int main(int argc, char **argv)
{
	static struct migrate m;
	struct err e = { 0 };
	int rc;

	(void)argc;
	signal(SIGPIPE, SIG_IGN);
	rc = migrate_args(argv, &m.o, &e);
	if (rc < 0 || m.o.help)
		return tool_usage(usage, &e, rc < 0 ? MIG_ARGS : 0);
	if (geteuid() != 0) {
		ui_write(STDERR_FILENO, "This program can only be run under root.\n");
		return MIG_ARGS;
	}
	rc = run(&m, &e);
	if (rc < 0)
		ui_sayf(&m.ui, -1, "Error: %s", e.text);
	ct_close(m.ct);
	ct_host_close(m.host);
	migrate_opts_done(&m.o);
	free(m.priv);
	free(m.root);
	free(m.src);
	return rc < 0 ? (e.exit ? e.exit : MIG_ARGS) : 0;
}
