/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What only v1 hierarchies need: joining by `tasks`, a cpuset that is usable, and kill, freeze and "is anybody in it" for
 * hosts without any v2 tree.
 */
#include "cgroups/cg_priv.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/str.h"
#include "util/sys.h"

/* --- join -------------------------------------------------------------------------------------------------------- */
int cg_join_open(const struct cg *cg, struct cg_join *j, struct err *e)
{
	_Static_assert(ARRAY_SIZE(j->fd) >= CG_HIER_MAX, "one descriptor for each hierarchy");

	j->n = 0;
	for (unsigned i = 0; i < cg->h->n; i++) {
		int fd;

		if (cg->h->hier[i].v2)
			continue;
		fd = cg_file_at(cg, (int)i, "tasks", O_WRONLY);
		if (fd < 0) {
			cg_join_close(j);
			return err_set(e, -fd, "%s/%s/tasks", cg->h->hier[i].path, cg->id);
		}
		j->fd[j->n++] = fd;
	}
	return 0;
}

int cg_join_self(const struct cg_join *j)
{
	for (unsigned i = 0; i < j->n; i++)
		if (write(j->fd[i], "0", 1) < 0)
			return -errno;
	return 0;
}

void cg_join_close(struct cg_join *j)
{
	for (unsigned i = 0; i < j->n; i++)
		close(j->fd[i]);
	j->n = 0;
}

/* --- cpuset ------------------------------------------------------------------------------------------------------ */
static int copy_down(int parent, const char *file, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	auto_close int up = openat(parent, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (up < 0)
		return err_set(e, errno, "parent of a cpuset");
	if (fio_read_at(up, file, &b, e) < 0)
		return -e->code;
	return fio_control(parent, file, buf_str(&b), e);
}

/*
 * A v1 cpuset without cpus and mems takes nobody (ENOSPC). PARENT gets the root's, and clone_children makes every group
 * below it inherit them at mkdir: no read and two writes less for each start.
 */
int cg_v1_setup_cpuset(struct cg_host *h, struct err *e)
{
	int i = h->where[CG_CTL_CPUSET], dir;

	if (i < 0 || h->hier[i].v2)
		return 0;
	dir = h->hier[i].parent;
	if (copy_down(dir, "cpuset.cpus", e) < 0 || copy_down(dir, "cpuset.mems", e) < 0 ||
	    fio_control(dir, "cgroup.clone_children", "1", e) < 0)
		return err_add(e, "%s", h->hier[i].path);
	return 0;
}

/* --- life without v2 --------------------------------------------------------------------------------------------- */
static int any_v1(const struct cg *cg)
{
	static const enum cg_ctl best[] = { CG_CTL_FREEZER, CG_CTL_PIDS, CG_CTL_MEMORY };

	for (size_t i = 0; i < ARRAY_SIZE(best); i++)
		if (cg->h->where[best[i]] >= 0 && !cg_on_v2(cg->h, best[i]))
			return cg->h->where[best[i]];
	for (unsigned i = 0; i < cg->h->n; i++)
		if (!cg->h->hier[i].v2)
			return (int)i;
	return -1;
}

int cg_v1_populated(struct cg *cg, struct err *e)
{
	char buf[64];
	auto_close int fd = cg_file_at(cg, any_v1(cg), "cgroup.procs", O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return fd == -ENOENT ? 0 : err_set(e, -fd, "group %s: cgroup.procs", cg->id);
	n = read(fd, buf, sizeof(buf));
	return n < 0 ? err_set(e, errno, "group %s: cgroup.procs", cg->id) : n > 0;
}

static int kill_pass(struct cg *cg, int hier, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	auto_close int fd = cg_file_at(cg, hier, "cgroup.procs", O_RDONLY);
	int n = 0;

	if (fd < 0)
		return fd == -ENOENT ? 0 : err_set(e, -fd, "group %s: cgroup.procs", cg->id);
	if (fio_read_fd(fd, &b, "cgroup.procs", e) < 0)
		return -e->code;
	for (const char *p = buf_str(&b); *p; n++) {
		char *end;
		long pid = strtol(p, &end, 10);

		if (pid > 0)	/* 0: of a pid namespace that is not below ours */
			kill((pid_t)pid, SIGKILL);
		p = *end ? end + 1 : end;
	}
	return n;
}

/* Frozen tasks cannot fork away from under the list, and their pids cannot be given to others; they die when thawed. */
int cg_v1_kill(struct cg *cg, struct err *e)
{
	bool freezer = cg->h->where[CG_CTL_FREEZER] >= 0;
	int n;

	if (freezer) {
		struct err ignored;

		cg_v1_freeze(cg, true, 100, &ignored);
		n = kill_pass(cg, any_v1(cg), e);
		cg_put(cg, CG_CTL_FREEZER, "freezer.state", "THAWED");
		return n < 0 ? n : 0;
	}
	for (int i = 0; i < 64; i++) {
		n = kill_pass(cg, any_v1(cg), e);
		if (n <= 0)
			return n;
	}
	return 0;
}

int cg_v1_freeze(struct cg *cg, bool frozen, int ms, struct err *e)
{
	const char *want = frozen ? "FROZEN" : "THAWED";
	int64_t deadline = sys_now_ms() + ms;
	char buf[32];
	int rc;

	for (;;) {
		const struct timespec nap = { .tv_nsec = 500000 };

		rc = cg_put(cg, CG_CTL_FREEZER, "freezer.state", want);	/* again: catches what was forked meanwhile */
		if (rc == 0)
			rc = (int)cg_get(cg, CG_CTL_FREEZER, "freezer.state", buf, sizeof(buf));
		if (rc < 0)
			return cg_put_err(cg, rc, "freezer.state", want, e);
		if (str_starts(buf, want))
			return 0;
		if (sys_now_ms() >= deadline)
			break;
		nanosleep(&nap, NULL);
	}
	if (frozen)
		cg_put(cg, CG_CTL_FREEZER, "freezer.state", "THAWED");
	return err_say(e, ETIMEDOUT, "group %s was not %s within %d ms: a process in it does not react", cg->id,
		       frozen ? "frozen" : "thawed", ms);
}
