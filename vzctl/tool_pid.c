/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which container a process of the host belongs to: its control group, which no guest can leave. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/str.h"
#include "vzctl/tool.h"

/* "/PARENT/ID" at the start of a group's path; what the host itself is nested in may stand before it. */
static unsigned path_ctid(const char *path, size_t n, const char *parent)
{
	size_t len = strlen(parent);

	for (size_t i = 0; i + len + 2 < n; i++) {
		uint64_t id = 0;
		size_t k = i + len + 2;

		if (path[i] != '/' || strncmp(path + i + 1, parent, len) != 0 || path[i + 1 + len] != '/')
			continue;
		for (; k < n && path[k] >= '0' && path[k] <= '9' && id <= CT_ID_MAX; k++)
			id = id * 10 + (uint64_t)(path[k] - '0');
		if (k > i + len + 2 && (k == n || path[k] == '/') && id <= CT_ID_MAX)
			return (unsigned)id;
	}
	return 0;
}

unsigned tool_cgroup_ctid(const char *text, const char *parent)
{
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t n = strcspn(line, "\n");
		const char *path = memchr(line, ':', n);
		unsigned id;

		path = path ? memchr(path + 1, ':', n - (size_t)(path + 1 - line)) : NULL;
		if (!path)
			continue;
		id = path_ctid(path + 1, n - (size_t)(path + 1 - line), parent);
		if (id)
			return id;
	}
	return 0;
}

pid_t tool_inner_pid(const char *text, pid_t pid)
{
	const char *p = strstr(text, "\nNSpid:");
	char *end;
	long v;

	if (!p)
		return pid;
	v = strtol(p + 7, &end, 10);
	if (*end == '\t' || *end == ' ')
		v = strtol(end, NULL, 10);
	return v > 0 && v <= INT32_MAX ? (pid_t)v : pid;
}

int tool_stat_parse(const char *text, struct tool_stat *r)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	size_t n;

	*r = (struct tool_stat){ 0 };
	if (!open || !close || close < open || sscanf(text, "%d", &r->pid) != 1)
		return -EINVAL;
	n = MIN((size_t)(close - open - 1), sizeof(r->comm) - 1);
	memcpy(r->comm, open + 1, n);
	r->comm[n] = '\0';
	tool_printable(r->comm);
	if (sscanf(close + 1, " %c %d %*d %*d %d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d %llu %llu %lld",
		   &r->state, &r->ppid, &r->tty, &r->utime, &r->stime, &r->start, &r->vsize, &r->rss) != 8)
		return -EINVAL;
	return 0;
}

ssize_t tool_proc_read(pid_t pid, const char *file, char *dst, size_t size)
{
	char path[64];
	ssize_t n, all = 0;

	dst[0] = '\0';
	if (str_fmt(path, sizeof(path), "/proc/%d/%s", (int)pid, file) < 0)
		return -ENAMETOOLONG;
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((size_t)all + 1 < size && (n = read(fd, dst + all, size - 1 - (size_t)all)) != 0) {
		if (n < 0)
			return -errno;
		all += n;
	}
	dst[all] = '\0';
	return all;
}

int tool_proc_ctid(pid_t pid, const char *parent)
{
	char text[8192];

	if (tool_proc_read(pid, "cgroup", text, sizeof(text)) < 0)
		return -ESRCH;
	return (int)tool_cgroup_ctid(text, parent);
}
