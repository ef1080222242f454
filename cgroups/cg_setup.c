/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes PARENT in every hierarchy, and groups in it.
 *
 * PARENT is made once after a boot, so libcgroup does it (0.6 ms with its cgroup_init() on a hybrid host with ten
 * hierarchies). What it does not know (name=systemd, a v2 tree without controllers) is made by mkdir after it. A group is
 * made at each start: ten mkdirat(), 67 us; cgroup_create_cgroup() takes 700 us for the same, since it walks every
 * file of every group.
 *
 * The only file that needs libcgroup: programs that make no groups do not link it.
 */
#include "cgroups/cg_priv.h"

#include <libcgroup.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "util/auto.h"
#include "util/err.h"

/* Libraries do not print: libcgroup's own logger writes to stdout. */
static void quiet(void *arg, int level, const char *fmt, va_list ap)
{
	(void)arg;
	(void)level;
	(void)fmt;
	(void)ap;
}

static void free_group(struct cgroup **g)
{
	cgroup_free(g);
}

/* Best effort: what is missing afterwards is made by make_rest(), which reports. */
static void make_by_libcgroup(const struct cg_host *h)
{
	auto_call(free_group) struct cgroup *g = NULL;

	cgroup_set_logger(quiet, CGROUP_LOG_ERROR, NULL);
	if (cgroup_init() != 0)
		return;
	g = cgroup_new_cgroup(h->parent);
	if (!g)
		return;
	for (int i = 0; i < CG_CTL_N; i++) {
		bool v2 = cg_on_v2(h, (enum cg_ctl)i);

		if (h->where[i] >= 0 && !cgroup_add_controller(g, v2 ? cg_ctl_v2[i] : cg_ctl_v1[i]))
			return;
	}
	cgroup_create_cgroup(g, 1);	/* 1: leave the owner of the files alone */
}

static int make_rest(const struct cg_host *h, struct err *e)
{
	for (unsigned i = 0; i < h->n; i++)
		if (h->hier[i].parent < 0 && mkdir(h->hier[i].path, 0755) < 0 && errno != EEXIST)
			return err_set(e, errno, "make cgroup %s", h->hier[i].path);
	return 0;
}

int cg_host_setup(struct cg_host *h, struct err *e)
{
	make_by_libcgroup(h);
	if (make_rest(h, e) < 0 || cg_host_open_parents(h, e) < 0 || cg_v1_setup_cpuset(h, e) < 0)
		return -e->code;
	cg_v1_count_io(h);
	if (h->v2 < 0)
		return 0;
	if (cg_v2_setup(h, e) < 0)
		return -e->code;
	for (int i = 0; i < CG_CTL_N; i++)	/* what was really handed down, not what was offered */
		if (cg_on_v2(h, (enum cg_ctl)i))
			h->where[i] = -1;
	return cg_host_open_parents(h, e);
}

/* PARENT is missing somewhere or was left half made: after a boot, or a setup that was killed. */
static bool needs_setup(const struct cg_host *h)
{
	if (h->v2 >= 0 && h->monitor < 0)
		return true;
	for (unsigned i = 0; i < h->n; i++)
		if (h->hier[i].parent < 0)
			return true;
	return false;
}

int cg_create(struct cg_host *h, const char *id, struct cg **ret, struct err *e)
{
	auto_call(cg_closep) struct cg *cg = cg_new(h, id, e);

	if (!cg)
		return -e->code;
	if (needs_setup(h) && cg_host_setup(h, e) < 0)
		return -e->code;
	cg->made = cg->made_dev = true;
	for (unsigned i = 0; i < h->n; i++) {
		if (mkdirat(h->hier[i].parent, id, 0755) == 0)
			continue;
		if (errno != EEXIST)
			return err_set(e, errno, "make cgroup %s/%s", h->hier[i].path, id);
		cg->made = cg->made_dev = false;
	}
	if (h->v2 >= 0 && cg_open_v2(cg) < 0)
		return err_set(e, errno, "%s/%s", h->hier[h->v2].path, id);
	*ret = take_ptr(cg);
	return 0;
}
