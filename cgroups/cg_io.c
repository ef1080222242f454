/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disk: weight, bytes and operations per second. The limit is set for every disk of the host, because a group does not
 * know which of them its files lie on; loop devices are left out, their work is charged to the disk below.
 */
#include "cgroups/cg_priv.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/str.h"

#define IOPRIO_DEFAULT 4u

/* Monotone, 4 = the kernel's default of 100, within BFQ's 1..1000. */
static const unsigned io_weights[8] = { 10, 25, 50, 75, 100, 250, 400, 550 };

unsigned cg_conf_io_weight(const struct cg_conf *c)
{
	uint64_t prio = c->ioprio.set ? c->ioprio.v : IOPRIO_DEFAULT;

	return io_weights[MIN(prio, ARRAY_SIZE(io_weights) - 1)];
}

static uint64_t lim(const struct num_opt *o)
{
	return o->set && o->v < NUM_UNLIMITED ? o->v : 0;
}

int cg_check_io(const struct cg_host *h, const struct cg_conf *c, struct err *e)
{
	if (c->ioprio.set && c->ioprio.v > 7)
		return err_say(e, ERANGE, "ioprio %" PRIu64 " is not in 0..7", c->ioprio.v);
	if (h->where[CG_CTL_IO] >= 0)
		return 0;
	if (lim(&c->iolimit) || lim(&c->iopslimit))
		return cg_none(lim(&c->iolimit) ? "iolimit" : "iopslimit", "io", e);
	if (c->ioprio.set && c->ioprio.v != IOPRIO_DEFAULT)
		return cg_none("ioprio", "io", e);
	return 0;
}

static int apply_weight(struct cg *cg, const struct cg_conf *c, struct err *e)
{
	static const char *const v1[] = { "blkio.bfq.weight", "blkio.weight" }, *const v2[] = { "io.bfq.weight", "io.weight" };
	const char *const *files = cg_on_v2(cg->h, CG_CTL_IO) ? v2 : v1;
	unsigned w = cg_conf_io_weight(c);
	bool done = false;
	char val[16];

	if (cg->fresh && w == io_weights[IOPRIO_DEFAULT])
		return 0;
	str_fmt(val, sizeof(val), "%u", w);
	for (int i = 0; i < 2; i++) {		/* v2 may have both, for two kinds of schedulers */
		int rc = cg_put(cg, CG_CTL_IO, files[i], val);

		if (rc < 0 && rc != -ENOENT && rc != -EOPNOTSUPP)
			return cg_put_err(cg, rc, files[i], val, e);
		done |= rc == 0;
	}
	if (done || w == io_weights[IOPRIO_DEFAULT])
		return 0;
	return err_say(e, ENOTSUP, "ioprio cannot be enforced: this kernel has no disk weights; "
		       "load the bfq scheduler (modprobe bfq) or unset ioprio");
}

static int v1_limit(struct cg *cg, const char *dev, const char *file, uint64_t n, struct err *e)
{
	char val[64];

	str_fmt(val, sizeof(val), "%s %" PRIu64, dev, n);
	return cg_put_err(cg, cg_put(cg, CG_CTL_IO, file, val), file, val, e);
}

static void v2_add(char *s, size_t size, const char *key, uint64_t n)
{
	size_t len = strlen(s);

	if (n)
		str_fmt(s + len, size - len, " %s=%" PRIu64, key, n);
	else
		str_fmt(s + len, size - len, " %s=max", key);
}

static int limit_dev(struct cg *cg, const char *dev, uint64_t bytes, uint64_t ops, struct err *e)
{
	char val[160];

	if (!cg_on_v2(cg->h, CG_CTL_IO)) {
		if (v1_limit(cg, dev, "blkio.throttle.read_bps_device", bytes, e) < 0 ||
		    v1_limit(cg, dev, "blkio.throttle.write_bps_device", bytes, e) < 0 ||
		    v1_limit(cg, dev, "blkio.throttle.read_iops_device", ops, e) < 0 ||
		    v1_limit(cg, dev, "blkio.throttle.write_iops_device", ops, e) < 0)
			return -e->code;
		return 0;
	}
	str_copy(val, sizeof(val), dev);
	v2_add(val, sizeof(val), "rbps", bytes);
	v2_add(val, sizeof(val), "wbps", bytes);
	v2_add(val, sizeof(val), "riops", ops);
	v2_add(val, sizeof(val), "wiops", ops);
	return cg_put_err(cg, cg_put(cg, CG_CTL_IO, "io.max", val), "io.max", val, e);
}

static bool is_disk(const char *name)
{
	static const char *const no[] = { ".", "loop", "ram", "zram", "sr", "fd" };

	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		if (str_starts(name, no[i]))
			return false;
	return true;
}

/* "254:0" of a name in /sys/block. */
static int disk_dev(int block, const char *name, char *buf, size_t size)
{
	auto_close int disk = openat(block, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int fd = disk < 0 ? -1 : openat(disk, "dev", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || cg_read_fd(fd, buf, size) < 0)
		return -errno;
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

/* Calls @fn for each disk of the host, "254:0"; a result below 0 ends it and is returned. */
static int each_disk(int (*fn)(const char *dev, void *arg, struct err *e), void *arg, struct err *e)
{
	auto_closedir DIR *d = opendir("/sys/block");
	struct dirent *de;
	char dev[32];

	if (!d)
		return err_set(e, errno, "/sys/block");
	while ((de = readdir(d)))
		if (is_disk(de->d_name) && disk_dev(dirfd(d), de->d_name, dev, sizeof(dev)) == 0 && fn(dev, arg, e) < 0)
			return -e->code;
	return 0;
}

static int count_dev(const char *dev, void *arg, struct err *e)
{
	const struct cg_hier *hi = arg;
	char val[64];

	(void)e;
	str_fmt(val, sizeof(val), "%s 0", dev);
	fio_control(hi->parent, "blkio.throttle.read_bps_device", val, &(struct err){ 0 });
	return 0;
}

/*
 * Since 6.10 blk-throttle, whose counters blkio.throttle.io_service_bytes shows, sleeps on a disk until somebody writes a
 * limit for it; "no limit" will do. Best effort: a disk that refuses is one without figures.
 */
void cg_v1_count_io(struct cg_host *h)
{
	int i = h->where[CG_CTL_IO];

	if (i >= 0 && !h->hier[i].v2)
		each_disk(count_dev, &h->hier[i], &(struct err){ 0 });
}

struct limits { struct cg *cg; uint64_t bytes, ops; };

static int limit_disk(const char *dev, void *arg, struct err *e)
{
	struct limits *l = arg;

	return limit_dev(l->cg, dev, l->bytes, l->ops, e) < 0 && (l->bytes || l->ops) ? -e->code : 0;
}

static int apply_limits(struct cg *cg, const struct cg_conf *c, struct err *e)
{
	struct limits l = { .cg = cg, .bytes = lim(&c->iolimit), .ops = lim(&c->iopslimit) };

	return cg->fresh && !l.bytes && !l.ops ? 0 : each_disk(limit_disk, &l, e);
}

int cg_apply_io(struct cg *cg, const struct cg_conf *c, struct err *e)
{
	if (cg->h->where[CG_CTL_IO] < 0)
		return cg_check_io(cg->h, c, e);
	return apply_weight(cg, c, e) < 0 ? -e->code : apply_limits(cg, c, e);
}
