/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kill, freeze and "is anybody in it". In a v2 tree, also the one beside v1 controllers, since every task of a group is
 * in both; without one through cg_v1.c.
 */
#include "cgroups/cg_priv.h"

#include <errno.h>

#include "util/err.h"
#include "util/str.h"

int cg_kill(struct cg *cg, struct err *e)
{
	int rc;

	if (cg->v2 < 0)
		return cg_v1_kill(cg, e);
	rc = cg_put_at(cg, cg->h->v2, "cgroup.kill", "1");
	return rc < 0 ? err_set(e, -rc, "kill group %s", cg->id) : 0;
}

int cg_freeze(struct cg *cg, bool frozen, int ms, struct err *e)
{
	const char *val = frozen ? "1" : "0";
	int rc;

	if (cg->v2 < 0)
		return cg_v1_freeze(cg, frozen, ms, e);
	rc = cg_put_at(cg, cg->h->v2, "cgroup.freeze", val);
	if (rc < 0)
		return err_set(e, -rc, "group %s: cgroup.freeze", cg->id);
	rc = cg_v2_wait(cg, "frozen", frozen, ms);
	if (rc == 0)
		return 0;
	if (frozen)
		cg_put_at(cg, cg->h->v2, "cgroup.freeze", "0");
	if (rc != -ETIMEDOUT)
		return err_set(e, -rc, "group %s: cgroup.events", cg->id);
	return err_say(e, ETIMEDOUT, "group %s was not %s within %d ms: a process in it does not react", cg->id,
		       frozen ? "frozen" : "thawed", ms);
}

bool cg_is_frozen(struct cg *cg)
{
	char buf[256] = "";
	uint64_t v;

	if (cg->v2 >= 0)
		return cg_get_at(cg, cg->h->v2, "cgroup.events", buf, sizeof(buf)) > 0 &&
		       cg_line_u64(buf, "frozen", &v) && v;
	return cg_get(cg, CG_CTL_FREEZER, "freezer.state", buf, sizeof(buf)) > 0 && str_starts(buf, "FR");
}

int cg_populated(struct cg *cg, struct err *e)
{
	char buf[256];
	uint64_t v;
	ssize_t n;

	if (cg->v2 < 0)
		return cg_v1_populated(cg, e);
	n = cg_get_at(cg, cg->h->v2, "cgroup.events", buf, sizeof(buf));
	if (n < 0)
		return n == -ENOENT || n == -ENODEV ? 0 : err_set(e, (int)-n, "group %s: cgroup.events", cg->id);
	return cg_line_u64(buf, "populated", &v) && v;
}
