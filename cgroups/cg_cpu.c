/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU: weight, quota, and which processors and memory nodes. How many processors a guest sees is not decided here. */
#include "cgroups/cg_priv.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/str.h"

#define BITS 4096u
#define WORDS (BITS / 64)
#define SHARES_DEFAULT 1024u	/* the kernel's */
#define SHARES_MAX 262144u
#define WEIGHT_DEFAULT 100u
#define PERIOD_US "100000"	/* the kernel's default, so v1 need not write it */
#define US_PER_PERCENT 1000u

uint64_t cg_conf_quota(const struct cg_conf *c)
{
	uint64_t a = c->cpulimit.set ? c->cpulimit.v : 0, b = c->cpus.set ? c->cpus.v * 100 : 0;

	if (!a || !b)
		return MAX(a, b);
	return MIN(a, b);
}

unsigned cg_conf_weight_v2(const struct cg_conf *c)
{
	if (!c->cpuunits.set)
		return WEIGHT_DEFAULT;
	return (unsigned)MAX(1u, MIN(10000u, c->cpuunits.v / 10));
}

/* --- sets of processors and nodes -------------------------------------------------------------------------------- */
static int sysfs_list(const char *path, char *buf, size_t size, struct err *e)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || cg_read_fd(fd, buf, size) < 0)
		return err_set(e, errno, "%s", path);
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

/* Every number of @list must be in the list of the file @path. */
static int check_list(const char *what, const char *list, const char *path, struct err *e)
{
	uint64_t want[WORDS] = { 0 }, have[WORDS] = { 0 };
	char buf[1024];

	if (num_cpulist(list, want, BITS) < 0)
		return err_say(e, EINVAL, "'%s' is no list of %ss like 0-2,7", list, what);
	if (sysfs_list(path, buf, sizeof(buf), e) < 0)
		return e->code == ENOENT ? err_say(e, ENOTSUP, "this kernel has no %ss to choose from", what) : -e->code;
	if (num_cpulist(buf, have, BITS) < 0)
		return err_say(e, EINVAL, "%s: '%s'", path, buf);
	for (unsigned i = 0; i < BITS; i++)
		if (want[i / 64] >> i % 64 & 1 && !(have[i / 64] >> i % 64 & 1))
			return err_say(e, EINVAL, "there is no %s %u here: this machine has %s", what, i, buf);
	return 0;
}

static bool mask_given(const char *mask)
{
	return mask && !str_eq(mask, "all") && *mask;
}

int cg_check_cpu(const struct cg_host *h, const struct cg_conf *c, struct err *e)
{
	bool cpus = mask_given(c->cpumask), nodes = mask_given(c->nodemask);

	if (c->cpuunits.set && (c->cpuunits.v < 8 || c->cpuunits.v > 500000))
		return err_say(e, ERANGE, "cpuunits %" PRIu64 " is not in 8..500000", c->cpuunits.v);
	if (cg_conf_quota(c) > INT_MAX / US_PER_PERCENT)
		return err_say(e, ERANGE, "a CPU limit of %" PRIu64 " %% is too large", cg_conf_quota(c));
	if (h->where[CG_CTL_CPU] < 0 && (cg_conf_quota(c) || c->cpuunits.set))
		return cg_none(cg_conf_quota(c) ? "cpulimit" : "cpuunits", "cpu", e);
	if (!cpus && !nodes)
		return 0;
	if (h->where[CG_CTL_CPUSET] < 0)
		return cg_none(cpus ? "cpumask" : "nodemask", "cpuset", e);
	if (cpus && str_eq(c->cpumask, "auto")) {
		if (!nodes)
			return err_say(e, EINVAL, "cpumask 'auto' means the CPUs of nodemask, which is not set");
	} else if (cpus && check_list("CPU", c->cpumask, "/sys/devices/system/cpu/online", e) < 0) {
		return -e->code;
	}
	return nodes ? check_list("NUMA node", c->nodemask, "/sys/devices/system/node/online", e) : 0;
}

/* cpumask "auto": the processors of the nodes, "0-3,8-11". */
static int cpus_of_nodes(const char *nodes, struct buf *b, struct err *e)
{
	uint64_t mask[WORDS] = { 0 };
	char path[64], list[1024] = "";

	if (num_cpulist(nodes, mask, BITS) < 0)
		return err_say(e, EINVAL, "'%s' is no list of NUMA nodes", nodes);
	for (unsigned i = 0; i < BITS; i++) {
		if (!(mask[i / 64] >> i % 64 & 1))
			continue;
		str_fmt(path, sizeof(path), "/sys/devices/system/node/node%u/cpulist", i);
		if (sysfs_list(path, list, sizeof(list), e) < 0)
			return -e->code;
		if (*list)
			buf_addf(b, "%s%s", b->len ? "," : "", list);
	}
	return buf_failed(b) ? err_set(e, ENOMEM, "cpumask") : 0;
}

/* Back to the parent's set: v1 wants it copied, v2 takes an empty line. */
static int set_inherit(struct cg *cg, const char *file, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	const struct cg_hier *hi = &cg->h->hier[cg->h->where[CG_CTL_CPUSET]];

	if (!hi->v2 && fio_read_at(hi->parent, file, &b, e) < 0)
		return -e->code;
	return cg_put_err(cg, cg_put(cg, CG_CTL_CPUSET, file, hi->v2 ? "\n" : buf_str(&b)), file, "all", e);
}

static int set_mask(struct cg *cg, const char *file, const char *mask, struct err *e)
{
	if (!mask_given(mask))
		return cg->fresh ? 0 : set_inherit(cg, file, e);
	return cg_put_err(cg, cg_put(cg, CG_CTL_CPUSET, file, mask), file, mask, e);
}

static int apply_sets(struct cg *cg, const struct cg_conf *c, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	const char *cpus = c->cpumask;

	if (cg->h->where[CG_CTL_CPUSET] < 0)
		return mask_given(c->cpumask) || mask_given(c->nodemask) ? cg_none("cpumask", "cpuset", e) : 0;
	if (cpus && str_eq(cpus, "auto")) {
		if (!mask_given(c->nodemask))
			cpus = NULL;
		else if (cpus_of_nodes(c->nodemask, &b, e) < 0)
			return -e->code;
		else
			cpus = buf_str(&b);
	}
	return set_mask(cg, "cpuset.cpus", cpus, e) < 0 ? -e->code : set_mask(cg, "cpuset.mems", c->nodemask, e);
}

/* --- weight and quota -------------------------------------------------------------------------------------------- */
static int apply_v1(struct cg *cg, const struct cg_conf *c, struct err *e)
{
	uint64_t quota = cg_conf_quota(c), shares = c->cpuunits.set ? MIN(c->cpuunits.v, SHARES_MAX) : SHARES_DEFAULT;
	char val[32];
	int rc;

	if (!cg->fresh || shares != SHARES_DEFAULT) {
		str_fmt(val, sizeof(val), "%" PRIu64, shares);
		rc = cg_put(cg, CG_CTL_CPU, "cpu.shares", val);
		if (rc < 0)
			return cg_put_err(cg, rc, "cpu.shares", val, e);
	}
	if (cg->fresh && !quota)
		return 0;
	str_fmt(val, sizeof(val), "%" PRId64, quota ? (int64_t)(quota * US_PER_PERCENT) : -1);
	rc = cg_put(cg, CG_CTL_CPU, "cpu.cfs_quota_us", val);
	return rc == -ENOENT && !quota ? 0 : cg_put_err(cg, rc, "cpu.cfs_quota_us", val, e);
}

static int apply_v2(struct cg *cg, const struct cg_conf *c, struct err *e)
{
	uint64_t quota = cg_conf_quota(c);
	unsigned weight = cg_conf_weight_v2(c);
	char val[48] = "max " PERIOD_US;
	int rc;

	if (!cg->fresh || weight != WEIGHT_DEFAULT) {
		rc = cg_put_u64(cg, CG_CTL_CPU, "cpu.weight", weight);
		if (rc < 0)
			return cg_put_err(cg, rc, "cpu.weight", "weight", e);
	}
	if (cg->fresh && !quota)
		return 0;
	if (quota)
		str_fmt(val, sizeof(val), "%" PRIu64 " " PERIOD_US, quota * US_PER_PERCENT);
	rc = cg_put(cg, CG_CTL_CPU, "cpu.max", val);
	return rc == -ENOENT && !quota ? 0 : cg_put_err(cg, rc, "cpu.max", val, e);
}

int cg_apply_cpu(struct cg *cg, const struct cg_conf *c, struct err *e)
{
	int rc;

	if (cg->h->where[CG_CTL_CPU] < 0)
		rc = cg_conf_quota(c) || c->cpuunits.set ? cg_none("a CPU limit", "cpu", e) : 0;
	else
		rc = cg_on_v2(cg->h, CG_CTL_CPU) ? apply_v2(cg, c, e) : apply_v1(cg, c, e);
	return rc < 0 ? rc : apply_sets(cg, c, e);
}
