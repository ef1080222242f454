/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One container of the inventory, read from its configuration and what libct knows of its life. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/nat.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "vzd/inv_priv.h"
#include "vzd/timefmt.h"

#define STOP_TIMEOUT_S 120	/* vzctl(8), STOP_TIMEOUT */
#define RESTART_MAX 5

void inv_ct_clear(struct inv_ct *ct)
{
	char **const texts[] = { &ct->name, &ct->hostname, &ct->description, &ct->owner, &ct->ostemplate, &ct->layout,
				 &ct->start_after, &ct->json, &ct->broken, &ct->ips, &ct->forwards };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		free(*texts[i]);
		*texts[i] = NULL;
	}
}

/* FNV-1a: tells two texts of a file apart for If-Match; nobody who may write the file gains by a collision. */
static uint64_t hash_of(const char *p, size_t n)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * UINT64_C(1099511628211);
	return h;
}

static void set_etag(struct inv_ct *ct, const char *path)
{
	struct buf auto_buf b = BUF_INIT;
	struct err none = { 0 };

	ct->etag[0] = '\0';
	if (path && fio_read_at(AT_FDCWD, path, &b, &none) == 0)
		str_fmt(ct->etag, sizeof(ct->etag), "c%016" PRIx64, hash_of(buf_str(&b), b.len));
}

static char *text_of(const char *s)
{
	return strdup(s ? s : "");
}

static char *joined(const struct str_list *l)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < l->n; i++)
		buf_addf(&b, "%s%s", i ? " " : "", l->v[i]);
	return b.len ? buf_take(&b) : strdup("");
}

static uint64_t kib_of(uint64_t kib)
{
	return kib && kib < NUM_UNLIMITED / 1024 ? kib * 1024 : NUM_UNLIMITED;
}

void inv_addresses(const struct ct_conf *c, uint64_t *ret_ip4, uint64_t *ret_ip6)
{
	*ret_ip4 = *ret_ip6 = 0;
	for (size_t i = 0; i < c->net.ip.n; i++) {
		bool is6 = strchr(c->net.ip.v[i], ':');
		struct err none = { 0 };
		unsigned len, bits = is6 ? 64 : 32;
		struct net_ip ip;

		len = net_ip_parse(c->net.ip.v[i], &ip, &none) == 0 ? net_ip_route_len(&ip) : bits;
		*(is6 ? ret_ip6 : ret_ip4) += 1ull << (len < bits ? MIN(bits - len, 48u) : 0);	/* no sum of them wraps */
	}
}

static void set_limits(struct inv_ct *ct, const struct ct_conf *c)
{
	const struct num_pair *guar = &c->cg.ubc[CG_VMGUARPAGES];
	struct quota_limit q;

	quota_conf_limit(&c->quota, &q);
	ct->mem_limit = cg_conf_memory(&c->cg);
	ct->swap_limit = cg_conf_swap(&c->cg);
	ct->mem_guarantee = guar->set && guar->bar < NUM_UNLIMITED / NUM_PAGE ? guar->bar * NUM_PAGE : 0;
	ct->disk_limit = kib_of(q.hard_kib);
	ct->inode_limit = q.hard_inodes ? q.hard_inodes : NUM_UNLIMITED;
	ct->cpus = c->cg.cpus.set ? (uint32_t)c->cg.cpus.v : 0;
	ct->cpu_limit_pct = c->cg.cpulimit.set ? (uint32_t)c->cg.cpulimit.v : 0;
	ct->cpu_units = c->cg.cpuunits.set ? (uint32_t)c->cg.cpuunits.v : 0;
	inv_addresses(c, &ct->n_ip4, &ct->n_ip6);
}

static void set_policy(struct inv_ct *ct, const struct ct_conf *c)
{
	const struct ct_policy *p = &c->policy;

	ct->onboot = c->onboot.set && c->onboot.v;
	ct->disabled = c->disabled.set && c->disabled.v;
	ct->bootorder = c->bootorder.set ? c->bootorder.v + 1 : 0;
	ct->restart = p->restart.set ? (enum ct_restart)p->restart.v : CT_RESTART_NO;
	ct->restart_max = p->restart_max.set ? (unsigned)p->restart_max.v : RESTART_MAX;
	ct->start_delay_s = p->start_delay.set ? (unsigned)p->start_delay.v : 0;
	ct->stop_timeout_s = c->stop_timeout.set && c->stop_timeout.v ? (unsigned)c->stop_timeout.v : STOP_TIMEOUT_S;
}

static enum inv_state state_of(const struct ct_info *i)
{
	if (i->dying)
		return INV_STOPPING;
	if (i->run == CT_RUNNING)
		return i->starting ? INV_STARTING : i->stopping ? INV_STOPPING : i->frozen ? INV_FROZEN : INV_RUNNING;
	return i->run == CT_MOUNTED ? INV_MOUNTED : INV_STOPPED;
}

static int64_t unix_of_boot_ms(uint64_t boot_ms)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return timefmt_now_ms() - ((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000) + (int64_t)boot_ms;
}

static void set_life(struct inv *v, struct inv_ct *ct, struct ct *open)
{
	struct ct_info i = { 0 };
	struct err e = { 0 };
	bool restarted;

	if (ct_info(open, CT_WANT_FROZEN, &i, &e) < 0) {
		ct->state = INV_BROKEN;
		ct->broken = strdup(e.text);
		return;
	}
	restarted = i.gen != ct->gen;
	ct->state = i.exists || i.run != CT_STOPPED ? state_of(&i) : INV_BROKEN;
	if (ct->state == INV_BROKEN)
		ct->broken = strdup("its private area does not exist");
	ct->init_pid = i.init_pid;
	ct->gen = i.gen;
	if (restarted)
		ct->started_ms = i.started_ms ? unix_of_boot_ms(i.started_ms) : 0;
	inv_watch_ct(v, ct, i.monitor_pid);
}

/* A tree that was broken by hand counts as none here: the commands on it say what is wrong. */
static void set_snaps(struct inv_ct *ct, struct ct *open)
{
	auto_snaps struct ct_snaps tree = { 0 };
	struct err ignored = { 0 };

	ct->n_snaps = 0;
	if (ct_snaps_load(open, &tree, &ignored) < 0)
		return;
	for (size_t i = 0; i < tree.n; i++)
		ct->n_snaps += !tree.v[i].owner;
}

static bool whole(const struct inv_ct *ct)
{
	return ct->name && ct->hostname && ct->description && ct->owner && ct->ostemplate && ct->layout && ct->start_after &&
	       ct->ips && ct->forwards;
}

/* With the addresses that they lead to. One that leads nowhere takes no port either. */
static char *forwards_of(unsigned id, const struct net_conf *c)
{
	struct str_list lines __attribute__((cleanup(str_list_clear))) = { 0 };
	struct buf b = BUF_INIT;
	struct err ignored = { 0 };

	(void)nat_lines(id, c, &lines, &ignored);
	for (size_t i = 0; i < lines.n; i++) {
		const char *f = nat_forward_of(lines.v[i]);

		if (f)
			buf_addf(&b, "%s%s", b.len ? ";" : "", f);
	}
	return b.len ? buf_take(&b) : strdup("");
}

bool inv_read(struct inv *v, unsigned id, struct inv_ct *ct)
{
	const struct ct_conf *c;
	struct ct *open = NULL;
	struct err e = { 0 };
	auto_free char *path = NULL;

	inv_ct_clear(ct);
	if (inv_ct_open(v, id, &open, &e) < 0) {
		if (e.exit == VZ_NOVECONFIG)
			return false;
		ct->state = INV_BROKEN;
		ct->broken = strdup(e.text);
		ct->name = strdup("");
		ct->hostname = strdup("");
		ct->description = strdup("");
		ct->owner = strdup("");
		ct->ostemplate = strdup("");
		ct->layout = strdup("");
		ct->start_after = strdup("");
		ct->ips = strdup("");
		ct->forwards = strdup("");
		return whole(ct);
	}
	c = ct_conf(open);
	ct->name = text_of(c->name);
	ct->hostname = text_of(c->hostname);
	ct->description = text_of(c->description);
	ct->owner = text_of(c->policy.owner);
	ct->ostemplate = text_of(c->ostemplate);
	ct->layout = text_of(c->layout);
	ct->start_after = joined(&c->policy.start_after);
	ct->ips = joined(&c->net.ip);
	ct->forwards = forwards_of(id, &c->net);
	path = ct_path_conf(open);
	set_etag(ct, path);
	set_limits(ct, c);
	set_policy(ct, c);
	set_snaps(ct, open);
	set_life(v, ct, open);
	ct_close(open);
	return whole(ct);
}
