/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzpid: which container the processes of the host belong to. */
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/opt.h"
#include "vzctl/tool.h"

static const char usage[] = "Usage: vzpid [-p] PID [PID ...]\n       vzpid [-p] -\n"
			    "  -p   also show the pid as the container sees it\n  -    read pids from standard input\n";
enum { A_INNER, A_HELP };
static const struct opt_flag flags[] = {
	{ NULL, 'p', false, A_INNER, NULL }, { "help", 'h', false, A_HELP, NULL },
};

struct vzpid {
	const char *parent;
	bool inner, from_stdin;
	size_t n;
};

/* Unknown pids, and what is no pid, are skipped. */
static void show(const struct vzpid *z, const char *word)
{
	char comm[64], status[4096];
	uint64_t pid;
	int id;

	if (num_u64(word, &pid) < 0 || pid == 0 || pid > INT32_MAX)
		return;
	id = tool_proc_ctid((pid_t)pid, z->parent);
	if (id < 0 || tool_proc_read((pid_t)pid, "comm", comm, sizeof(comm)) < 0)
		return;
	comm[strcspn(comm, "\n")] = '\0';
	tool_printable(comm);
	if (!z->inner) {
		printf("%d\t%d\t%s\n", (int)pid, id, comm);
		return;
	}
	if (tool_proc_read((pid_t)pid, "status", status, sizeof(status)) >= 0)
		printf("%d\t%d\t%d\t%s\n", (int)pid, id ? (int)tool_inner_pid(status, (pid_t)pid) : (int)pid, id, comm);
}

static int args(struct vzpid *z, char **argv, struct err *e)
{
	struct opt o = { .prog = "vzpid", .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = argv, .at = 1 };
	struct opt_found f;
	int what;

	while ((what = opt_next(&o, &f, e)) > 0) {
		if (what == OPT_OPERAND) {
			z->n++;
			z->from_stdin |= strcmp(f.arg, "-") == 0;
		} else if (f.flag->id == A_HELP) {
			return 1;
		} else {
			z->inner = true;
		}
	}
	return what < 0 ? what : z->n ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	auto_host struct ct_host *host = NULL;
	struct vzpid z = { .parent = "vz" };
	struct err e = { 0 }, ignored = { 0 };
	char word[64];
	int rc = args(&z, argv, &e);

	(void)argc;
	if (rc)
		return tool_usage(usage, &e, rc > 0 ? 0 : 1);
	if (tool_host(&host, &ignored) == 0)
		z.parent = ct_host_conf(host)->cgroup_parent;
	printf(z.inner ? "Pid\tCT/Pid\tCTID\tName\n" : "Pid\tCTID\tName\n");
	for (int i = 1; i < argc; i++)
		if (argv[i][0] != '-')
			show(&z, argv[i]);
	while (z.from_stdin && scanf("%63s", word) == 1)
		show(&z, word);
	return fflush(stdout) != 0;
}
