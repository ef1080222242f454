/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `start`: whether a container may be started, and what its administrator is told of it. Changes nothing. */
#include "libct/start_tell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "libct/shape.h"
#include "libct/traffic.h"
#include "util/buf.h"

static bool over_quota(struct ct *ct)
{
	auto_free struct ct_traffic *t = calloc(1, sizeof(*t));
	struct err ignored = { 0 };

	if (!t || ct_traffic_collect(ct, false, t, &ignored) < 0)
		return false;
	return ct_quota_month(&ct->conf, ct_traffic_used(t)) >= CT_QUOTA_THROTTLED;
}

int ct_start_check(struct ct *ct, unsigned flags, struct err *e)
{
	const struct ct_conf *c = &ct->conf;
	auto_free char *priv = ct_path_private(ct);

	if (c->disabled.set && c->disabled.v && !(flags & CT_START_FORCE)) {
		err_say(e, EPERM, "Container start disabled");
		return err_exit(e, VZ_VE_START_DISABLED);
	}
	if (!(flags & CT_START_FORCE) && c->shape.quota.set && str_eq(c->shape.action, "stop") && over_quota(ct)) {
		err_say(e, EDQUOT, "Container start refused: its monthly TRAFFICQUOTA is used up (--force starts it)");
		return err_exit(e, VZ_VE_START_DISABLED);
	}
	if (!priv) {
		err_say(e, EINVAL, "VE_PRIVATE is not set");
		return err_exit(e, VZ_VE_PRIVATE_NOTSET);
	}
	if (!c->root) {
		err_say(e, EINVAL, "VE_ROOT is not set");
		return err_exit(e, VZ_VE_ROOT_NOTSET);
	}
	if (access(priv, F_OK) < 0) {
		err_say(e, ENOENT, "Container private area %s does not exist", priv);
		return err_exit(e, VZ_FS_NOPRVT);
	}
	if (ct_is_running(ct, NULL)) {
		err_say(e, EBUSY, "Container is already running");
		return err_exit(e, VZ_VE_RUNNING);
	}
	return 0;
}

void ct_start_tell(const struct ct *ct)
{
	const struct ct_conf *c = &ct->conf;

	if (c->net.ip.n) {
		auto_buf struct buf b = BUF_INIT;

		for (size_t i = 0; i < c->net.ip.n; i++)
			buf_addf(&b, " %s", c->net.ip.v[i]);
		ct_say(ct, 0, "Adding IP address(es):%s", buf_str(&b));
	}
	if (c->cg.cpulimit.set)
		ct_say(ct, 0, "Setting CPU limit: %llu", (unsigned long long)c->cg.cpulimit.v);
	if (c->cg.cpuunits.set)
		ct_say(ct, 0, "Setting CPU units: %llu", (unsigned long long)c->cg.cpuunits.v);
	if (c->cg.cpus.set)
		ct_say(ct, 0, "Setting CPUs: %llu", (unsigned long long)c->cg.cpus.v);
	if (c->cg.cpumask)
		ct_say(ct, 0, "Setting CPU mask: %s", c->cg.cpumask);
	if (c->cg.nodemask)
		ct_say(ct, 0, "Setting NUMA node mask: %s", c->cg.nodemask);
	if (c->devices.n || c->devnodes.n)
		ct_say(ct, 0, "Setting devices");
	if (c->cg.iolimit.set && c->cg.iolimit.v)
		ct_say(ct, 0, "Setting iolimit: %llu bytes/sec",
		       (unsigned long long)c->cg.iolimit.v);
	else if (c->cg.iolimit.set)
		ct_say(ct, 0, "Setting iolimit: 0 (unlimited)");
	if (c->cg.iopslimit.set)
		ct_say(ct, 0, "Setting iopslimit: %llu iops",
		       (unsigned long long)c->cg.iopslimit.v);
}

/* Panels look for the word inode_hard_limit. */
void ct_start_full(struct ct *ct)
{
	auto_free char *priv = ct_path_private(ct);
	auto_close int dir = priv ? open(priv, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	struct quota_usage u = { 0 };
	struct err none = { 0 };

	if (dir < 0 || quota_get(dir, ct->id, &u, &none) < 0)
		return;
	if (u.limit.hard_inodes && u.used_inodes >= u.limit.hard_inodes)
		ct_say(ct, -1, "CT %u has used up its inode_hard_limit of %llu: raise --diskinodes",
		       ct->id, (unsigned long long)u.limit.hard_inodes);
	else if (u.limit.hard_kib)
		ct_say(ct, -1, "CT %u uses %llu of %llu KiB of disk: raise --diskspace", ct->id,
		       (unsigned long long)u.used_kib, (unsigned long long)u.limit.hard_kib);
}
