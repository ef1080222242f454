/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzps: processes of the host with the container each belongs to. */
#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "vzctl/tool.h"

static const char usage[] = "Usage: vzps [-E CTID|NAME] [-p PID] [ps options]\n"
	"  -E CTID   processes of this container only; 0 is the host\n"
	"  Of the options of ps: a A e x w show what is shown anyhow; u f l j show more of it.\n";

struct vzps {
	const char *parent;
	bool full, only_ct, only_pid;
	unsigned ctid;
	uint64_t pid, ram_kib;
	double uptime;
	unsigned hz;
	struct ct_host *host;
	unsigned range_id;		/* the container that range_first belongs to */
	uint64_t range_first;
	struct buf out;
};

/* In a container: the id that its users see, as a number, for its passwd is its own. */
static void user_of(struct vzps *z, unsigned ctid, uint64_t uid, char dst[16])
{
	struct err ignored = { 0 };
	struct passwd *pw;
	struct tool_ct t;
	char id[16];

	if (ctid == 0) {
		pw = getpwuid((uid_t)uid);
		snprintf(dst, 16, pw ? "%.8s" : "%.0s", pw ? pw->pw_name : "");
		if (!pw)
			snprintf(dst, 16, "%llu", (unsigned long long)uid);
		return;
	}
	if (z->range_id != ctid) {
		z->range_id = ctid;
		z->range_first = 0;
		snprintf(id, sizeof(id), "%u", ctid);
		if (tool_ct_open(z->host, id, 0, &t, &ignored) == 0) {
			z->range_first = t.conf->local_uid.set ? t.conf->local_uid.v : 0;
			tool_ct_done(&t);
		}
	}
	snprintf(dst, 16, "%llu", (unsigned long long)(uid >= z->range_first ? uid - z->range_first : uid));
}

static void command_of(pid_t pid, const char *comm, char *dst, size_t size)
{
	ssize_t n = tool_proc_read(pid, "cmdline", dst, size);

	while (n > 0 && dst[n - 1] == '\0')
		n--;
	if (n <= 0) {
		snprintf(dst, size, "[%s]", comm);
		return;
	}
	for (ssize_t i = 0; i < n; i++)
		if (dst[i] == '\0')
			dst[i] = ' ';
	tool_printable(dst);
}

static uint64_t uid_of(const char *status)
{
	const char *p = strstr(status, "\nUid:");

	return p ? strtoull(p + 5, NULL, 10) : 0;
}

static void show(struct vzps *z, pid_t pid)
{
	char stat[1024], status[4096], user[16], cmd[4096];
	struct tool_ps p = { .hz = z->hz, .ram_kib = z->ram_kib, .user = user, .cmd = cmd };
	int ctid = tool_proc_ctid(pid, z->parent);

	if (ctid < 0 || (z->only_ct && (unsigned)ctid != z->ctid) ||
	    tool_proc_read(pid, "stat", stat, sizeof(stat)) < 0 || tool_stat_parse(stat, &p.st) < 0 ||
	    tool_proc_read(pid, "status", status, sizeof(status)) < 0)
		return;
	p.ctid = (unsigned)ctid;
	p.age = z->uptime - (double)p.st.start / z->hz;
	if (z->full) {
		user_of(z, p.ctid, uid_of(status), user);
		command_of(pid, p.st.comm, cmd, sizeof(cmd));
	}
	tool_ps_row(&z->out, &p, z->full);
}

static int pid_cmp(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static int each(struct vzps *z, struct err *e)
{
	auto_closedir DIR *d = opendir("/proc");
	auto_free pid_t *v = NULL;
	struct dirent *de;
	uint64_t pid;
	size_t n = 0;

	if (!d)
		return err_set(e, errno, "/proc");
	while ((de = readdir(d))) {
		pid_t *more;

		if (num_u64(de->d_name, &pid) < 0 || pid > INT32_MAX || (z->only_pid && pid != z->pid))
			continue;
		more = reallocarray(v, n + 1, sizeof(*v));
		if (!more)
			return err_set(e, ENOMEM, "processes");
		v = more;
		v[n++] = (pid_t)pid;
	}
	if (n)
		qsort(v, n, sizeof(*v), pid_cmp);
	tool_ps_head(&z->out, z->full);
	for (size_t i = 0; i < n; i++)
		show(z, v[i]);
	return 0;
}

static int run(struct vzps *z, struct err *e)
{
	auto_host struct ct_host *host = NULL;
	struct tool_node node;
	struct timespec up;

	if (tool_host(&host, e) < 0 || tool_node_read(&node, e) < 0)
		return -e->code;
	clock_gettime(CLOCK_BOOTTIME, &up);
	z->host = host;
	z->parent = ct_host_conf(host)->cgroup_parent;
	z->ram_kib = node.ram / 1024;
	z->uptime = (double)up.tv_sec + (double)up.tv_nsec / 1e9;
	z->hz = (unsigned)sysconf(_SC_CLK_TCK);
	return each(z, e);
}

/* Clusters of ps's own letters, with or without a dash. */
static int letters(struct vzps *z, const char *s, struct err *e)
{
	for (const char *p = s + (*s == '-'); *p; p++) {
		if (strchr("uflj", *p))
			z->full = true;
		else if (!strchr("aAexw", *p))
			return err_say(e, EINVAL, "Unknown option: %s", s);
	}
	return 0;
}

static int one_id(struct vzps *z, const char *text, struct err *e)
{
	z->only_ct = true;
	if (strcmp(text, "0") == 0)
		return 0;
	return ct_id_parse(text, &z->ctid, e);
}

/* 1: help is wanted. */
static int args(struct vzps *z, char **argv, struct err *e)
{
	for (int i = 1; argv[i]; i++) {
		bool ct = strncmp(argv[i], "-E", 2) == 0, pid = strncmp(argv[i], "-p", 2) == 0;
		const char *arg = argv[i] + 2;

		if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)
			return 1;
		if (!ct && !pid) {
			if (letters(z, argv[i], e) < 0)
				return -e->code;
			continue;
		}
		if (!*arg && !(arg = argv[++i]))
			return err_say(e, EINVAL, "Option %s needs an argument", argv[i - 1]);
		z->only_pid |= pid;
		if (ct ? one_id(z, arg, e) < 0 : num_u64(arg, &z->pid) < 0 && err_say(e, EINVAL, "Invalid pid: %s", arg) < 0)
			return -e->code;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct vzps z = { .out = { .cap = 64u << 20 } };
	struct err e = { 0 };
	int rc = args(&z, argv, &e);

	(void)argc;
	if (rc)
		return tool_usage(usage, &e, rc < 0);
	rc = run(&z, &e) < 0 ? tool_fail("vzps", &e) : tool_put(&z.out);
	buf_done(&z.out);
	return rc;
}
