/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What only the v2 tree needs: controllers handed down, delegation to a guest, a leaf to enter by, and waiting for a
 * change of cgroup.events.
 */
#include "cgroups/cg_priv.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/str.h"
#include "util/sys.h"

/* A guest may nest so deep and make so many groups; systemd with a few hundred units needs about 300 and 5. */
#define DELEGATE_DEPTH "32"
#define DELEGATE_GROUPS "4096"

/* --- setup ------------------------------------------------------------------------------------------------------- */
static const char *const handed[] = { "+cpu", "+cpuset", "+io", "+memory", "+pids" };

/* All at once, else one by one: a controller the kernel refuses (cpu, while realtime tasks run) is left out, and
 * cg_host_has() will say so. */
static void hand_down(int dir, const char *offered)
{
	char all[64] = "";
	size_t len = 0;
	struct err ignored;

	for (size_t i = 0; i < ARRAY_SIZE(handed); i++) {
		const char *at = strstr(offered, handed[i] + 1);
		size_t n = strlen(handed[i]);

		while (at && (at[n - 1] >= 'a' && at[n - 1] <= 'z'))	/* "cpu" in "cpuset" */
			at = strstr(at + 1, handed[i] + 1);
		if (!at)
			continue;
		memcpy(all + len, handed[i], n);
		len += n;
		all[len++] = ' ';
	}
	all[len] = '\0';
	if (!len || fio_control(dir, "cgroup.subtree_control", all, &ignored) == 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(handed); i++)
		fio_control(dir, "cgroup.subtree_control", handed[i], &ignored);
}

int cg_v2_setup(struct cg_host *h, struct err *e)
{
	struct cg_hier *hi = &h->hier[h->v2];
	auto_close int up = openat(hi->parent, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int fd = up < 0 ? -1 : openat(up, "cgroup.controllers", O_RDONLY | O_CLOEXEC);
	char list[512];

	if (fd < 0 || cg_read_fd(fd, list, sizeof(list)) < 0)
		return err_set(e, errno, "controllers of the group above %s", hi->path);
	hand_down(up, list);
	hand_down(hi->parent, list);
	if (mkdirat(hi->parent, CG_MONITOR, 0755) < 0 && errno != EEXIST)
		return err_set(e, errno, "make cgroup %s/" CG_MONITOR, hi->path);
	return 0;
}

/* --- a guest's share of it --------------------------------------------------------------------------------------- */
int cg_delegate(const struct cg *cg, uid_t uid, gid_t gid, struct err *e)
{
	static const char *const files[] = { "cgroup.procs", "cgroup.threads", "cgroup.subtree_control" };
	int rc;

	if (cg->v2 < 0)
		return 0;
	rc = cg_put_at(cg, cg->h->v2, "cgroup.max.depth", DELEGATE_DEPTH);
	if (rc < 0)
		return cg_put_err(cg, rc, "cgroup.max.depth", DELEGATE_DEPTH, e);
	rc = cg_put_at(cg, cg->h->v2, "cgroup.max.descendants", DELEGATE_GROUPS);
	if (rc < 0)
		return cg_put_err(cg, rc, "cgroup.max.descendants", DELEGATE_GROUPS, e);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (fchownat(cg->v2, files[i], uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
			return err_set(e, errno, "give %s of group %s to user %u", files[i], cg->id, uid);
	if (fchownat(cg->v2, "", uid, gid, AT_EMPTY_PATH) < 0)
		return err_set(e, errno, "give group %s to user %u", cg->id, uid);
	return 0;
}

int cg_enter_fd(const struct cg *cg, bool leaf, struct err *e)
{
	char list[256];
	int fd;

	if (cg->v2 < 0)
		return err_say(e, ENOENT, "group %s is not in a v2 tree", cg->id);
	if (!leaf) {
		ssize_t n = cg_get_at(cg, cg->h->v2, "cgroup.subtree_control", list, sizeof(list));

		if (n < 0)
			return err_set(e, (int)-n, "group %s: cgroup.subtree_control", cg->id);
		leaf = n > 1;
	}
	if (leaf && mkdirat(cg->v2, CG_LEAF, 0755) < 0 && errno != EEXIST)
		return err_set(e, errno, "group %s: make " CG_LEAF, cg->id);
	fd = openat(cg->v2, leaf ? CG_LEAF : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "group %s: " CG_LEAF, cg->id) : fd;
}

/* --- events ------------------------------------------------------------------------------------------------------ */
int cg_v2_wait(const struct cg *cg, const char *key, uint64_t want, int ms)
{
	int64_t deadline = sys_now_ms() + ms;
	auto_close int fd = cg_file_at(cg, cg->h->v2, "cgroup.events", O_RDONLY);
	char buf[256];

	if (fd < 0)
		return fd;
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLPRI };
		ssize_t n = pread(fd, buf, sizeof(buf) - 1, 0);
		int64_t left = deadline - sys_now_ms();
		uint64_t v;

		if (n < 0)
			return errno == ENODEV ? 0 : -errno;	/* removed while we looked */
		buf[n] = '\0';
		if (cg_line_u64(buf, key, &v) && v == want)
			return 0;
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
	}
}
