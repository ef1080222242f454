/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes a group away in every hierarchy. What lies below it was made by the guest: walked by openat() without following
 * links and to a bounded depth. Kills nobody (cg_kill does).
 *
 * Not by libcgroup: its 2.0.2 makes groups on a v2-only host but fails to delete them there (error 50016), moves what it
 * finds to the parent first, and walks the guest's tree by path.
 */
#include "cgroups/cg_priv.h"

#include <dirent.h>
#include <fcntl.h>
#include <time.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "util/sys.h"

#define RM_DEPTH 64		/* cg_delegate() lets a guest nest 32 */
#define RM_NAP_NS 500000

/* rmdir from the leaves up. 0 gone, -EBUSY somebody is in it, -ELOOP too deep. */
static int rm_tree(int dir, const char *name, unsigned depth)
{
	struct dirent *de;
	DIR *d;
	int fd, rc;

	if (unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY && errno != ENOTEMPTY)
		return -errno;
	if (depth == 0)
		return -ELOOP;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return -ENOMEM;
	}
	rc = 0;
	while ((de = readdir(d))) {
		int r;

		if (de->d_type != DT_DIR || str_eq(de->d_name, ".") || str_eq(de->d_name, ".."))
			continue;
		r = rm_tree(dirfd(d), de->d_name, depth - 1);
		if (r < 0)
			rc = r;
	}
	closedir(d);
	if (rc < 0)
		return rc;
	return unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -errno;
}

/* The first process of the group's tree in @hier, for the message: 0 if there is none. */
static long first_pid(const struct cg *cg, int hier)
{
	char buf[4096];
	auto_close int fd = cg_file_at(cg, hier, "cgroup.procs", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);

	if (n <= 0)
		return 0;
	buf[n] = '\0';
	return strtol(buf, NULL, 10);
}

static int rm_hier(struct cg *cg, int i, int64_t deadline, struct err *e)
{
	const struct cg_hier *hi = &cg->h->hier[i];
	int rc;

	if (hi->parent < 0)
		return 0;
	while ((rc = rm_tree(hi->parent, cg->id, RM_DEPTH)) == -EBUSY) {
		const struct timespec nap = { .tv_nsec = RM_NAP_NS };
		int64_t left = deadline - sys_now_ms();

		if (left <= 0)
			break;
		/* v2 tells when the last task has left; an empty v2 group that is busy, and v1, can only be asked again. */
		if (!hi->v2 || cg_v2_wait(cg, "populated", 0, (int)left) != -ETIMEDOUT)
			nanosleep(&nap, NULL);
	}
	if (rc == -EBUSY) {
		long pid = first_pid(cg, i);

		if (pid)
			return err_say(e, EBUSY, "cgroup %s/%s still holds processes, pid %ld is one", hi->path, cg->id, pid);
		return err_say(e, EBUSY, "cgroup %s/%s is still in use", hi->path, cg->id);
	}
	return rc < 0 ? err_set(e, -rc, "remove cgroup %s/%s", hi->path, cg->id) : 0;
}

int cg_remove(struct cg_host *h, const char *id, int ms, struct err *e)
{
	int64_t deadline = sys_now_ms() + ms;
	auto_call(cg_closep) struct cg *cg = cg_new(h, id, e);
	struct err e2;
	int rc = 0;

	if (!cg)
		return -e->code;
	/* v2 first: once it is empty no v1 hierarchy makes us wait. The others are tried even if one fails. */
	if (h->v2 >= 0)
		rc = rm_hier(cg, h->v2, deadline, e);
	for (unsigned i = 0; i < h->n; i++)
		if ((int)i != h->v2 && rm_hier(cg, (int)i, deadline, rc < 0 ? &e2 : e) < 0 && rc == 0)
			rc = -e->code;
	return rc;
}
