/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Number of processes and threads. */
#include "cgroups/cg_priv.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"

/* Without NUMPROC a fork bomb is still the container's own affair: a quarter of the smallest pid_max kernels ship. Only
 * the word "unlimited" lifts it. */
#define CG_PIDS_DEFAULT 8192

uint64_t cg_conf_pids(const struct cg_conf *c)
{
	const struct num_pair *p = &c->ubc[CG_NUMPROC];
	uint64_t v = p->bar ? p->bar : p->lim;

	return !p->set || cg_unlimited(v) ? NUM_UNLIMITED : v;
}

int cg_check_pids(const struct cg_host *h, const struct cg_conf *c, struct err *e)
{
	auto_close int fd = -1;
	uint64_t want = cg_conf_pids(c), max;
	char buf[32];

	if (want == NUM_UNLIMITED)
		return 0;
	if (h->where[CG_CTL_PIDS] < 0)
		return cg_none("numproc", "pids", e);
	if (want == 0)
		return err_say(e, EINVAL, "numproc 0: nothing can start");
	fd = open("/proc/sys/kernel/pid_max", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || cg_read_fd(fd, buf, sizeof(buf)) < 0)
		return err_set(e, errno, "/proc/sys/kernel/pid_max");
	buf[strcspn(buf, "\n")] = '\0';
	if (num_u64(buf, &max) == 0 && want > max)
		return err_say(e, ERANGE, "numproc %" PRIu64 " is above what this host can run, %" PRIu64
			       " (sysctl kernel.pid_max)", want, max);
	return 0;
}

int cg_apply_pids(struct cg *cg, const struct cg_conf *c, struct err *e)
{
	bool set = c->ubc[CG_NUMPROC].set;
	uint64_t want = set ? cg_conf_pids(c) : CG_PIDS_DEFAULT;
	char val[24] = "max";

	if (cg->h->where[CG_CTL_PIDS] < 0)
		return !set || want == NUM_UNLIMITED ? 0 : cg_none("numproc", "pids", e);
	if (cg->fresh && want == NUM_UNLIMITED)
		return 0;
	if (want != NUM_UNLIMITED)
		str_fmt(val, sizeof(val), "%" PRIu64, want);
	return cg_put_err(cg, cg_put(cg, CG_CTL_PIDS, "pids.max", val), "pids.max", val, e);
}
