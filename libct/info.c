/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a container is right now, without its lock; only a lost monitor is replaced under it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/mon_client.h"

static bool area_is_there(const struct ct *ct, int *ret_fd)
{
	auto_free char *path = ct_path_private(ct);

	*ret_fd = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	return *ret_fd >= 0;
}

static bool has_dump(const struct ct *ct)
{
	char path[CT_PATH_MAX];

	return str_fmt(path, sizeof(path), "%s/Dump.%u", ct->host->conf.dumpdir, ct->id) == 0 && access(path, F_OK) == 0;
}

/* Whoever holds the lock is about to change things anyway; two adopters would make two monitors. */
static bool adopt(struct ct *ct, struct ct_state *s)
{
	struct err ignored = { 0 };
	auto_close int lock = -1;

	if (!ct->locked && ct_lock_flock(ct->id, 0, &lock, &ignored) < 0)
		return false;
	if (!ct_is_running(ct, s))
		return false;
	return ct_mon_alive(ct) || (ct_adopt(ct, s, &ignored) == 0 && ct_is_running(ct, s));
}

static int cg_part(struct ct *ct, struct ct_info *r, struct err *e)
{
	struct cg_host *host;
	struct cg *cg;
	int rc;

	if (r->run == CT_RUNNING) {
		if (ct_host_cg_peek(ct->host, &host, e) < 0 || cg_open(host, ct->ids, &cg, e) < 0)
			return -e->code;
		rc = cg_stat(cg, &r->cg, e);
		cg_close(cg);
		if (rc < 0)
			return rc;
	}
	cg_ubc_report(&r->cg, &ct->conf.cg, r->ubc);
	return 0;
}

static void frozen_part(struct ct *ct, struct ct_info *r)
{
	struct err none = { 0 };
	struct cg_host *host;
	struct cg *cg;

	if (r->run != CT_RUNNING || ct_host_cg_peek(ct->host, &host, &none) < 0 || cg_open(host, ct->ids, &cg, &none) < 0)
		return;
	r->frozen = cg_is_frozen(cg);
	cg_close(cg);
}

static int disk_part(struct ct *ct, struct ct_info *r, struct err *e)
{
	auto_close int dir = -1;

	quota_conf_limit(&ct->conf.quota, &r->disk.limit);
	if (!area_is_there(ct, &dir))
		return 0;
	if (quota_get(dir, ct->id, &r->disk, e) < 0) {
		if (e->code != ENOTSUP)
			return -e->code;
		err_clear(e);		/* nothing counts there: configured limits, no usage */
	}
	return 0;
}

static int net_part(struct ct *ct, struct ct_info *r, struct err *e)
{
	struct net *n;

	if (r->run != CT_RUNNING || !ct->conf.net.ip.n)
		return 0;
	if (ct_host_net_peek(ct->host, &n, e) < 0)
		return -e->code;
	if (net_stat(n, ct->id, &r->net, e) < 0)
		err_clear(e);		/* started without addresses: no interface, no traffic */
	return 0;
}

static double uptime_of(const struct ct_state *s)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9 - (double)s->started_ms / 1e3;
}

static void run_part(struct ct *ct, struct ct_info *r, struct ct_state *s)
{
	if (ct_is_running(ct, s)) {
		r->run = CT_RUNNING;
		if (s->stage == CT_STAGE_RUNNING && !ct_mon_alive(ct))
			r->monitor_lost = !adopt(ct, s);
		r->init_pid = s->init_pid;
		r->monitor_pid = s->monitor_pid;
		r->gen = s->gen;
		r->started_ms = s->started_ms;
		r->starting = s->stage == CT_STAGE_STARTING;
		r->stopping = s->stage == CT_STAGE_STOPPING;
	} else {
		r->run = ct_is_mounted(ct) ? CT_MOUNTED : CT_STOPPED;
		r->dying = s->stage == CT_STAGE_RUNNING || s->stage == CT_STAGE_STOPPING;
		r->suspended = has_dump(ct);
	}
}

int ct_info(struct ct *ct, unsigned want, struct ct_info *ret, struct err *e)
{
	struct ct_info r = { .id = ct->id };
	struct ct_state s = { 0 };
	auto_close int area = -1;

	r.exists = area_is_there(ct, &area) && ct->has_conf;
	run_part(ct, &r, &s);
	if (!r.exists)
		r.suspended = false;
	if (want & CT_WANT_FROZEN)
		frozen_part(ct, &r);
	if ((want & CT_WANT_TIME) && r.run == CT_RUNNING)
		r.uptime = uptime_of(&s);
	if (((want & CT_WANT_CG) && cg_part(ct, &r, e) < 0) || ((want & CT_WANT_DISK) && disk_part(ct, &r, e) < 0) ||
	    ((want & CT_WANT_NET) && net_part(ct, &r, e) < 0) ||
	    ((want & CT_WANT_NET6) && r.run == CT_RUNNING && net_stat6(ct->id, &r.net6, e) < 0))
		return -e->code;
	*ret = r;
	return 0;
}
