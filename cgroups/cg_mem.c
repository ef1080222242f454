/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory and swap. v1 has memory and memory+swap, and insists on limit <= memsw at each moment; v2 has the two apart, and
 * kills at once when memory.max goes below the usage, so memory.high and memory.reclaim go first. The guarantee, what others
 * may not take, is beside them.
 */
#include "cgroups/cg_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "util/sys.h"

#define MEM_MIN (4u << 20)	/* nothing starts below */
#define SHRINK_MS 5000
#define SWAP_CURE "boot with swapaccount=1, turn swap off on the host (swapoff -a), or set swap to unlimited"

static uint64_t pages_to_bytes(uint64_t pages)
{
	if (cg_unlimited(pages) || pages > NUM_UNLIMITED / NUM_PAGE)
		return NUM_UNLIMITED;
	return pages * NUM_PAGE;
}

bool cg_conf_is_vswap(const struct cg_conf *c)
{
	return c->ubc[CG_PHYSPAGES].set && !cg_unlimited(c->ubc[CG_PHYSPAGES].lim);
}

uint64_t cg_conf_memory(const struct cg_conf *c)
{
	if (cg_conf_is_vswap(c))
		return pages_to_bytes(c->ubc[CG_PHYSPAGES].lim);
	if (c->ubc[CG_PRIVVMPAGES].set)
		return pages_to_bytes(c->ubc[CG_PRIVVMPAGES].lim);
	return NUM_UNLIMITED;
}

uint64_t cg_conf_swap(const struct cg_conf *c)
{
	if (cg_conf_memory(c) == NUM_UNLIMITED)		/* then the value is only what a guest is shown */
		return NUM_UNLIMITED;
	if (c->ubc[CG_SWAPPAGES].set)
		return pages_to_bytes(c->ubc[CG_SWAPPAGES].lim);
	return cg_conf_is_vswap(c) ? NUM_UNLIMITED : 0;
}

uint64_t cg_conf_guarantee(const struct cg_conf *c)
{
	const struct num_pair *p = &c->ubc[CG_VMGUARPAGES];
	uint64_t bytes;

	if (!p->set || cg_unlimited(p->bar))	/* "all of it" is what old samples say and nobody can be given */
		return 0;
	bytes = pages_to_bytes(p->bar);
	return bytes == NUM_UNLIMITED ? 0 : MIN(bytes, cg_conf_memory(c));
}

static bool host_swaps(void)
{
	char buf[512];
	auto_close int fd = open("/proc/swaps", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, sizeof(buf) - 1);
	const char *nl;

	if (n <= 0)
		return false;
	buf[n] = '\0';
	nl = strchr(buf, '\n');		/* the first line is a heading */
	return nl && nl[1];
}

/* Without swap on the host any swap limit holds by itself. */
static int swap_missing(uint64_t swap, struct err *e)
{
	if (swap == NUM_UNLIMITED || !host_swaps())
		return 0;
	return err_say(e, ENOTSUP, "a swap limit cannot be enforced: this kernel does not count swap; " SWAP_CURE);
}

/* Many containers may promise more than there is; a single one cannot be promised what the machine does not have. */
static int check_host_ram(uint64_t mem, struct err *e)
{
	struct sysinfo si;
	uint64_t ram;

	if (sysinfo(&si) < 0)
		return err_set(e, errno, "sysinfo");
	ram = (uint64_t)si.totalram * si.mem_unit;
	if (mem <= ram)
		return 0;
	return err_say(e, ERANGE, "a memory limit of %" PRIu64 " MiB is above what this host has, %" PRIu64
		       " MiB: give less, or \"unlimited\" (--physpages)", mem >> 20, ram >> 20);
}

int cg_check_memory(const struct cg_host *h, const struct cg_conf *c, struct err *e)
{
	uint64_t mem = cg_conf_memory(c), swap = cg_conf_swap(c);

	if (mem == NUM_UNLIMITED)
		return 0;
	if (mem < MEM_MIN)
		return err_say(e, EINVAL, "a memory limit of %" PRIu64 " bytes is below %u: nothing can start in it", mem,
			       MEM_MIN);
	if (h->where[CG_CTL_MEMORY] < 0)
		return cg_none("a memory limit", "memory", e);
	if (check_host_ram(mem, e) < 0)
		return -e->code;
	return cg_host_has_swap_limit(h) ? 0 : swap_missing(swap, e);
}

static int too_big(const struct cg *cg, const char *what, uint64_t bytes, struct err *e)
{
	return err_say(e, EBUSY, "group %s uses more than %" PRIu64 " bytes of %s and the kernel could not take it back in "
		       "%d s: end processes in it first, or choose a higher limit", cg->id, bytes, what, SHRINK_MS / 1000);
}

/* --- v1 ---------------------------------------------------------------------------------------------------------- */
/* One v1 limit; below the usage the kernel says EBUSY after some reclaim of its own: force_empty takes all it can. */
static int v1_write(struct cg *cg, const char *file, uint64_t bytes)
{
	int64_t deadline = 0;
	char val[24] = "-1";
	int rc;

	if (bytes != NUM_UNLIMITED)
		str_fmt(val, sizeof(val), "%" PRIu64, bytes);
	while ((rc = cg_put(cg, CG_CTL_MEMORY, file, val)) == -EBUSY || rc == -EINTR) {
		int64_t now = sys_now_ms();

		if (!deadline)
			deadline = now + SHRINK_MS;
		if (now >= deadline)
			break;
		cg_put(cg, CG_CTL_MEMORY, "memory.force_empty", "0");
	}
	return rc;
}

static int v1_err(const struct cg *cg, int rc, const char *file, const char *what, uint64_t bytes, struct err *e)
{
	char val[24];

	if (rc == 0)
		return 0;
	if (rc == -EBUSY)
		return too_big(cg, what, bytes, e);
	str_fmt(val, sizeof(val), "%" PRIu64, bytes);
	return cg_put_err(cg, rc, file, val, e);
}

static int v1_apply(struct cg *cg, uint64_t mem, uint64_t swap, struct err *e)
{
	static const char lim[] = "memory.limit_in_bytes", memsw[] = "memory.memsw.limit_in_bytes";
	uint64_t both = mem == NUM_UNLIMITED || swap > NUM_UNLIMITED - mem ? NUM_UNLIMITED : mem + swap;
	bool raised = false;
	int rc;

	if (cg->fresh && mem == NUM_UNLIMITED)
		return 0;
	rc = v1_write(cg, lim, mem);
	if (rc == -EINVAL) {			/* above memsw: that one has to rise before */
		rc = v1_write(cg, memsw, both);
		if (rc < 0)
			return v1_err(cg, rc, memsw, "memory and swap", both, e);
		raised = true;
		rc = v1_write(cg, lim, mem);
	}
	if (rc < 0)
		return v1_err(cg, rc, lim, "memory", mem, e);
	if (raised || (cg->fresh && both == NUM_UNLIMITED))
		return 0;
	rc = v1_write(cg, memsw, both);
	if (rc == -ENOENT)
		return swap_missing(swap, e);
	return v1_err(cg, rc, memsw, "memory and swap", both, e);
}

/* --- v2 ---------------------------------------------------------------------------------------------------------- */
static int v2_write(const struct cg *cg, const char *file, uint64_t bytes)
{
	return bytes == NUM_UNLIMITED ? cg_put(cg, CG_CTL_MEMORY, file, "max")
				      : cg_put_u64(cg, CG_CTL_MEMORY, file, bytes);
}

/* Gets the usage down to @bytes without killing anybody. memory.high makes newcomers wait while we reclaim. */
static int v2_shrink(struct cg *cg, uint64_t bytes, struct err *e)
{
	int64_t deadline = sys_now_ms() + SHRINK_MS;
	uint64_t now = 0;
	int rc;

	rc = cg_get_u64(cg, CG_CTL_MEMORY, "memory.current", &now);
	if (rc < 0)
		return err_set(e, -rc, "group %s: memory.current", cg->id);
	if (now <= bytes)
		return 0;
	rc = v2_write(cg, "memory.high", bytes);
	while (rc == 0 && sys_now_ms() < deadline) {
		const struct timespec nap = { .tv_nsec = 1000000 };

		rc = cg_get_u64(cg, CG_CTL_MEMORY, "memory.current", &now);
		if (rc < 0 || now <= bytes)
			break;
		if (cg_put_u64(cg, CG_CTL_MEMORY, "memory.reclaim", now - bytes) < 0)
			nanosleep(&nap, NULL);		/* EAGAIN: less than asked for; or no such file */
	}
	if (rc < 0 || now > bytes)
		v2_write(cg, "memory.high", NUM_UNLIMITED);
	if (rc < 0)
		return err_set(e, -rc, "group %s: memory.high", cg->id);
	return now > bytes ? too_big(cg, "memory", bytes, e) : 1;
}

static int v2_apply(struct cg *cg, uint64_t mem, uint64_t swap, struct err *e)
{
	int rc, high = 0;

	if (!cg->fresh || swap != NUM_UNLIMITED) {
		rc = v2_write(cg, "memory.swap.max", swap);
		if (rc == -ENOENT && swap_missing(swap, e) < 0)
			return -e->code;
		if (rc < 0 && rc != -ENOENT)
			return cg_put_err(cg, rc, "memory.swap.max", "limit", e);
	}
	if (cg->fresh && mem == NUM_UNLIMITED)
		return 0;
	if (!cg->fresh && mem != NUM_UNLIMITED) {
		high = v2_shrink(cg, mem, e);
		if (high < 0)
			return high;
	}
	rc = v2_write(cg, "memory.max", mem);
	if (high)
		v2_write(cg, "memory.high", NUM_UNLIMITED);
	return cg_put_err(cg, rc, "memory.max", "limit", e);
}

/* --- guarantee --------------------------------------------------------------------------------------------------- */
static int sum_one(const char *id, void *arg)
{
	struct { struct cg_host *h; uint64_t sum; } *s = arg;
	struct cg cg = { .h = s->h, .v2 = -1 };
	uint64_t low = 0;

	if (str_copy(cg.id, sizeof(cg.id), id) == 0 && cg_get_u64(&cg, CG_CTL_MEMORY, "memory.low", &low) == 0)
		s->sum = low >= NUM_UNLIMITED - s->sum ? NUM_UNLIMITED : s->sum + low;
	return 0;
}

/*
 * A group is protected only as far as the groups above it are, and with memory_recursiveprot what nobody below claims is
 * dealt out to all of them: so PARENT has exactly the sum.
 */
int cg_host_guarantee(struct cg_host *h, struct err *e)
{
	struct { struct cg_host *h; uint64_t sum; } s = { .h = h };
	const struct cg_hier *hi;
	auto_close int fd = -1;
	char val[24];

	if (!cg_on_v2(h, CG_CTL_MEMORY))
		return 0;
	hi = &h->hier[h->where[CG_CTL_MEMORY]];
	if (cg_host_each(h, sum_one, &s, e) < 0)
		return -e->code;
	str_fmt(val, sizeof(val), "%" PRIu64, s.sum);
	fd = openat(hi->parent, "memory.low", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || write(fd, val, strlen(val)) < 0)
		return err_set(e, errno, "write '%s' to %s/memory.low", val, hi->path);
	return 0;
}

static int apply_guarantee(struct cg *cg, uint64_t bytes, struct err *e)
{
	static const char low[] = "memory.low", soft[] = "memory.soft_limit_in_bytes";
	char val[24] = "-1";
	int rc;

	if (cg_on_v2(cg->h, CG_CTL_MEMORY)) {
		if (cg->fresh && !bytes)
			return 0;
		rc = v2_write(cg, low, bytes);
		if (rc < 0)
			return cg_put_err(cg, rc, low, "guarantee", e);
		return cg_host_guarantee(cg->h, e);
	}
	if (cg->fresh && !bytes)
		return 0;
	if (bytes)
		str_fmt(val, sizeof(val), "%" PRIu64, bytes);
	rc = cg_put(cg, CG_CTL_MEMORY, soft, val);
	if (rc == -ENOENT || rc == -EOPNOTSUPP || rc == -EINVAL)	/* kernels without it, PREEMPT_RT */
		return bytes ? err_say(e, ENOTSUP, "vmguarpages cannot be enforced: this kernel has no %s; unset vmguarpages", soft)
			     : 0;
	return cg_put_err(cg, rc, soft, val, e);
}

int cg_apply_memory(struct cg *cg, const struct cg_conf *c, struct err *e)
{
	uint64_t mem = cg_conf_memory(c), swap = cg_conf_swap(c);
	int rc;

	if (cg->h->where[CG_CTL_MEMORY] < 0)
		return mem == NUM_UNLIMITED ? 0 : cg_none("a memory limit", "memory", e);
	rc = cg_on_v2(cg->h, CG_CTL_MEMORY) ? v2_apply(cg, mem, swap, e) : v1_apply(cg, mem, swap, e);
	return rc < 0 ? rc : apply_guarantee(cg, cg_conf_guarantee(c), e);
}

/* --- reclaim ----------------------------------------------------------------------------------------------------- */
bool cg_host_can_reclaim(const struct cg_host *h)
{
	return cg_on_v2(h, CG_CTL_MEMORY) && h->monitor >= 0 && faccessat(h->monitor, "memory.reclaim", F_OK, 0) == 0;
}

int cg_reclaim(const struct cg *cg, uint64_t bytes, struct err *e)
{
	int rc;

	if (!cg_on_v2(cg->h, CG_CTL_MEMORY))
		return err_say(e, ENOTSUP, "memory is on cgroup v1 here, which cannot take a part of a group's memory back");
	rc = cg_put_u64(cg, CG_CTL_MEMORY, "memory.reclaim", bytes);
	if (rc == -EAGAIN)
		return err_say(e, EAGAIN, "group %s had less than %" PRIu64 " bytes to give", cg->id, bytes);
	if (rc == -ENOENT || rc == -ENODEV)
		return err_say(e, ENOTSUP, "group %s has no memory.reclaim: this kernel is older than 5.19, or the group is gone",
			       cg->id);
	return rc < 0 ? err_set(e, -rc, "group %s: memory.reclaim", cg->id) : 0;
}

int cg_reclaim_all(const struct cg *cg, struct err *e)
{
	int rc;

	if (cg_on_v2(cg->h, CG_CTL_MEMORY) || cg->h->where[CG_CTL_MEMORY] < 0)
		return err_say(e, ENOTSUP, "group %s has no memory.force_empty", cg->id);
	rc = cg_put(cg, CG_CTL_MEMORY, "memory.force_empty", "0");
	return rc < 0 && rc != -EBUSY ? err_set(e, -rc, "group %s: memory.force_empty", cg->id) : 0;
}
