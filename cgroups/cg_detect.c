/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which cgroup hierarchies this machine has, and the fds of PARENT in them. Makes nothing (cg_setup.c does).
 *
 * Own code instead of libcgroup's cgroup_init(), which every command would pay: measured on a hybrid host with ten
 * hierarchies, 450 to 1,300 us for cgroup_init() (its own report of mounts leaves name=systemd and a v2 tree without
 * controllers out), 35 us for cg_host_open() including the eleven open()s. mountinfo is read only until all hierarchies
 * that /proc/self/cgroup lists are found: they were mounted at boot and stand at its top, so a host with thousands of
 * container mounts pays nothing for those.
 */
#include "cgroups/cg_priv.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/path.h"
#include "util/str.h"

const char *const cg_ctl_v1[CG_CTL_N] = {
	[CG_CTL_CPU] = "cpu", [CG_CTL_CPUACCT] = "cpuacct", [CG_CTL_CPUSET] = "cpuset", [CG_CTL_MEMORY] = "memory",
	[CG_CTL_DEVICES] = "devices", [CG_CTL_FREEZER] = "freezer", [CG_CTL_IO] = "blkio", [CG_CTL_PIDS] = "pids",
};
const char *const cg_ctl_v2[CG_CTL_N] = {
	[CG_CTL_CPU] = "cpu", [CG_CTL_CPUSET] = "cpuset", [CG_CTL_MEMORY] = "memory", [CG_CTL_IO] = "io",
	[CG_CTL_PIDS] = "pids",
};

static int ctl_find(const char *const *names, const char *s, size_t len)
{
	for (int i = 0; i < CG_CTL_N; i++)
		if (names[i] && strlen(names[i]) == len && strncmp(names[i], s, len) == 0)
			return i;
	return -1;
}

/* Controllers of ours in a comma list; *named: it is systemd's hierarchy without one. */
static unsigned ctl_mask(const char *list, bool *named)
{
	unsigned mask = 0;

	*named = false;
	while (*list) {
		size_t len = strcspn(list, ",");
		int i = ctl_find(cg_ctl_v1, list, len);

		if (i >= 0)
			mask |= 1u << i;
		else if (len == 12 && strncmp(list, "name=systemd", 12) == 0)
			*named = true;
		list += len + (list[len] == ',');
	}
	return mask;
}

/* The n-th blank-separated field of @s, cut out of it; *rest: what follows. */
static char *field(char *s, unsigned n, char **rest)
{
	char *f = NULL;

	for (unsigned i = 0; i <= n; i++)
		f = strsep(&s, " ");
	*rest = s;
	return f;
}

static bool hier_known(const struct cg_host *h, bool v2, unsigned mask)
{
	for (unsigned i = 0; i < h->n; i++)
		if (h->hier[i].v2 == v2 && h->hier[i].ctls == mask)
			return true;
	return false;
}

static void hier_add(struct cg_host *h, const char *mnt, bool v2, unsigned mask)
{
	struct cg_hier *hi = &h->hier[h->n];

	/* A blank in a mount point is written \040: no cgroup mount has one, and such a one is passed over. */
	if (h->n == CG_HIER_MAX || strchr(mnt, '\\') || hier_known(h, v2, mask))
		return;
	if (str_fmt(hi->path, sizeof(hi->path), "%s/%s", mnt, h->parent) < 0)
		return;
	hi->mnt_len = strlen(mnt);
	hi->v2 = v2;
	hi->ctls = mask;
	hi->parent = -1;
	if (v2)
		h->v2 = (int)h->n;
	for (int i = 0; i < CG_CTL_N; i++)
		if (mask & 1u << i)
			h->where[i] = (int)h->n;
	h->n++;
}

void cg_detect_line(struct cg_host *h, char *line)
{
	char *tail = strstr(line, " - "), *rest, *root, *mnt, *opts;
	bool v2, named;
	unsigned mask;

	if (!tail)
		return;
	*tail = '\0';
	tail += 3;
	if (!str_starts(tail, "cgroup ") && !str_starts(tail, "cgroup2 "))
		return;
	v2 = tail[6] == '2';
	root = field(line, 3, &rest);
	mnt = rest ? field(rest, 0, &rest) : NULL;
	if (!root || !mnt || !str_eq(root, "/"))	/* a part of a hierarchy: some container's */
		return;
	if (v2) {
		hier_add(h, mnt, true, 0);
		return;
	}
	opts = field(tail, 2, &rest);
	mask = opts ? ctl_mask(opts, &named) : 0;
	if (mask || (opts && named))
		hier_add(h, mnt, false, mask);
}

unsigned cg_detect_count(char *text)
{
	unsigned n = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		char *id = strsep(&line, ":"), *list = line ? strsep(&line, ":") : NULL;
		bool named;

		if (!list)
			continue;
		if (ctl_mask(list, &named) || named || str_eq(id, "0"))
			n++;
	}
	return n;
}

void cg_detect_v2_controllers(struct cg_host *h, const char *list)
{
	for (;;) {
		size_t len;
		int i;

		list += strspn(list, " \n");
		len = strcspn(list, " \n");
		if (!len)
			return;
		i = ctl_find(cg_ctl_v2, list, len);
		if (i >= 0)
			h->where[i] = h->v2;
		list += len;
	}
}

static int detect_mountinfo(struct cg_host *h, struct err *e)
{
	auto_close int self = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	auto_close int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	char buf[16384];
	size_t len = 0;
	unsigned want;
	ssize_t n;

	if (self < 0 || fd < 0)
		return err_set(e, errno, "/proc/self/%s", self < 0 ? "cgroup" : "mountinfo");
	if (cg_read_fd(self, buf, sizeof(buf)) < 0)
		return err_set(e, errno, "read /proc/self/cgroup");
	want = cg_detect_count(buf);
	while (h->n < want && (n = read(fd, buf + len, sizeof(buf) - 1 - len)) > 0) {
		char *line = buf, *nl;

		len += (size_t)n;
		buf[len] = '\0';
		for (; (nl = strchr(line, '\n')); line = nl + 1) {
			*nl = '\0';
			cg_detect_line(h, line);
		}
		len = (size_t)(buf + len - line);
		if (len == sizeof(buf) - 1)	/* a line longer than the buffer is no cgroup's */
			len = 0;
		memmove(buf, line, len);
	}
	return 0;
}

/* The case of every modern host without reading a mount table: v2 alone at /sys/fs/cgroup, with what we need in it. */
static bool detect_pure_v2(struct cg_host *h, char *list, size_t size)
{
	auto_close int dir = open("/sys/fs/cgroup", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (dir < 0 || fstatfs(dir, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
		return false;

	auto_close int fd = openat(dir, "cgroup.controllers", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || cg_read_fd(fd, list, size) < 0 || !strstr(list, "memory") || !strstr(list, "pids"))
		return false;
	hier_add(h, "/sys/fs/cgroup", true, 0);
	return h->v2 >= 0;
}

/* What the v2 tree can limit: what PARENT hands to its groups once it is set up, before that what the root offers. */
static void detect_v2_offer(struct cg_host *h, char *list, size_t size)
{
	const struct cg_hier *hi = &h->hier[h->v2];
	char root[CG_MNT_MAX];

	if (h->monitor >= 0) {
		auto_close int fd = openat(hi->parent, "cgroup.subtree_control", O_RDONLY | O_CLOEXEC);

		if (fd >= 0 && cg_read_fd(fd, list, size) >= 0)
			cg_detect_v2_controllers(h, list);
		return;
	}
	memcpy(root, hi->path, hi->mnt_len);
	root[hi->mnt_len] = '\0';

	auto_close int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int fd = dir < 0 ? -1 : openat(dir, "cgroup.controllers", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && cg_read_fd(fd, list, size) >= 0)
		cg_detect_v2_controllers(h, list);
}

int cg_host_open_parents(struct cg_host *h, struct err *e)
{
	char list[512];

	for (unsigned i = 0; i < h->n; i++) {
		struct cg_hier *hi = &h->hier[i];

		if (hi->parent >= 0)
			continue;
		hi->parent = open(hi->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (hi->parent < 0 && errno != ENOENT)
			return err_set(e, errno, "%s", hi->path);
	}
	if (h->v2 < 0)
		return 0;
	if (h->monitor < 0 && h->hier[h->v2].parent >= 0)
		h->monitor = openat(h->hier[h->v2].parent, CG_MONITOR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	detect_v2_offer(h, list, sizeof(list));
	return 0;
}

int cg_host_open(const char *parent, struct cg_host **ret, struct err *e)
{
	auto_free struct cg_host *h = NULL;
	char list[512];

	if (!path_is_component(parent))
		return err_say(e, EINVAL, "'%s' cannot be the name of a cgroup", parent);
	h = calloc(1, sizeof(*h));
	if (!h)
		return err_set(e, ENOMEM, "cgroups");
	str_copy(h->parent, sizeof(h->parent), parent);
	h->v2 = h->monitor = -1;
	for (int i = 0; i < CG_CTL_N; i++)
		h->where[i] = -1;
	if (!detect_pure_v2(h, list, sizeof(list)) && detect_mountinfo(h, e) < 0)
		return -e->code;
	if (h->n == 0)
		return err_say(e, ENOTSUP, "no cgroup hierarchy is mounted here: mount -t cgroup2 none /sys/fs/cgroup");
	if (cg_host_open_parents(h, e) < 0) {
		cg_host_close(take_ptr(h));
		return -e->code;
	}
	*ret = take_ptr(h);
	return 0;
}

void cg_host_close(struct cg_host *h)
{
	if (!h)
		return;
	for (unsigned i = 0; i < h->n; i++)
		if (h->hier[i].parent >= 0)
			close(h->hier[i].parent);
	if (h->monitor >= 0)
		close(h->monitor);
	free(h);
}

static int ctl_by_name(const char *name)
{
	int i = ctl_find(cg_ctl_v2, name, strlen(name));

	return i >= 0 ? i : ctl_find(cg_ctl_v1, name, strlen(name));
}

bool cg_host_has(const struct cg_host *h, const char *controller)
{
	int i = ctl_by_name(controller);

	if (i == CG_CTL_DEVICES || i == CG_CTL_FREEZER)		/* v2 does both without a controller */
		return h->where[i] >= 0 || h->v2 >= 0;
	if (i == CG_CTL_CPUACCT)
		return h->where[i] >= 0 || h->v2 >= 0;
	return i >= 0 && h->where[i] >= 0;
}

bool cg_host_is_v2(const struct cg_host *h, const char *controller)
{
	int i = ctl_by_name(controller);

	if (i < 0)
		return false;
	if (h->where[i] < 0)
		return h->v2 >= 0 && !cg_ctl_v2[i];
	return h->hier[h->where[i]].v2;
}

bool cg_host_has_swap_limit(const struct cg_host *h)
{
	int i = h->where[CG_CTL_MEMORY];
	const char *file;

	if (i < 0)
		return false;
	file = h->hier[i].v2 ? CG_MONITOR "/memory.swap.max" : "memory.memsw.limit_in_bytes";
	if (h->hier[i].parent < 0 || (h->hier[i].v2 && h->monitor < 0))
		return true;		/* not set up yet, so not known: the write itself will tell */
	return faccessat(h->hier[i].parent, file, F_OK, 0) == 0;
}

int cg_host_monitor_fd(const struct cg_host *h)
{
	return h->monitor;
}
