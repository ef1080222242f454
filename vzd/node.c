/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's figures, and the API's Node of them. */
#include "vzd/node.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/num.h"
#include "util/str.h"
#include "vzd/policy.h"
#include "vzd/sampler.h"
#include "vzd/timefmt.h"

#define TOP_HITS 10

/* --- texts ------------------------------------------------------------------------------------------------------- */
static bool slurp(const char *path, struct buf *b)
{
	struct err ignored = { 0 };

	buf_reset(b);
	return fio_read_at(AT_FDCWD, path, b, &ignored) == 0;
}

static uint64_t slurp_u64(const char *path)
{
	auto_buf struct buf b = BUF_INIT;

	return slurp(path, &b) ? strtoull(buf_str(&b), NULL, 10) : 0;
}

static uint64_t kib_line(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *s = text; s && *s; s = strchr(s, '\n'), s = s ? s + 1 : NULL)
		if (strncmp(s, key, n) == 0 && s[n] == ':')
			return strtoull(s + n + 1, NULL, 10) << 10;
	return 0;
}

void node_parse_meminfo(const char *text, struct node_fig *ret)
{
	ret->mem_total = kib_line(text, "MemTotal");
	ret->mem_available = kib_line(text, "MemAvailable");
	ret->swap_total = kib_line(text, "SwapTotal");
	ret->swap_free = kib_line(text, "SwapFree");
	ret->zswap_pool = kib_line(text, "Zswap");
}

void node_parse_psi(const char *text, uint64_t usec[2], double avg10[2])
{
	static const char *const words[2] = { "some ", "full " };

	for (const char *s = text; s && *s; s = strchr(s, '\n'), s = s ? s + 1 : NULL) {
		const char *end = s + strcspn(s, "\n");

		for (int i = 0; i < 2; i++) {
			const char *avg = strstr(s, "avg10="), *total = strstr(s, "total=");

			if (!str_starts(s, words[i]) || !avg || !total || avg > end || total > end)
				continue;
			avg10[i] = strtod(avg + 6, NULL);
			usec[i] = strtoull(total + 6, NULL, 10);
		}
	}
}

/* "cpu  user nice system idle iowait ..." in ticks. */
void node_parse_stat(const char *text, struct node_fig *ret)
{
	uint64_t tick = 1000000u / (uint64_t)sysconf(_SC_CLK_TCK);
	char *s = NULL;

	if (!str_starts(text, "cpu "))
		return;
	s = (char *)text + 4;
	for (int i = 0; i < 8; i++) {
		uint64_t v = strtoull(s, &s, 10) * tick;

		if (i == 3 || i == 4)
			ret->cpu_idle_usec += v;
		else
			ret->cpu_usec += v;
	}
}

/* --- figures ----------------------------------------------------------------------------------------------------- */
uint64_t node_ram(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * NUM_PAGE;
}

static bool holds_memory(const struct inv_ct *ct)
{
	return ct->state == INV_RUNNING || ct->state == INV_FROZEN || ct->state == INV_STARTING || ct->state == INV_STOPPING;
}

void node_promised(struct vzd *d, unsigned except, uint64_t *promised, uint64_t *guaranteed)
{
	uint64_t ram = node_ram();
	struct inv_ct *ct;

	*promised = *guaranteed = 0;
	for (size_t i = 0; d->inv && (ct = inv_at(d->inv, i)); i++) {
		if (!holds_memory(ct) || ct->id == except)
			continue;
		*promised += MIN(ct->mem_limit, ram);
		*guaranteed += MIN(ct->mem_guarantee, ram);
	}
}

static void count_cts(struct vzd *d, struct node_fig *f)
{
	struct inv_ct *ct;

	for (size_t i = 0; d->inv && (ct = inv_at(d->inv, i)); i++) {
		f->total++;
		f->running += holds_memory(ct);
	}
	f->stopped = f->total - f->running;
	node_promised(d, 0, &f->promised, &f->guaranteed);
}

static void add_zram(struct node_fig *f)
{
	auto_closedir DIR *dir = opendir("/sys/block");
	auto_buf struct buf b = BUF_INIT;
	struct dirent *de;
	char path[300];
	char *s;

	while (dir && (de = readdir(dir))) {
		if (!str_starts(de->d_name, "zram") || str_fmt(path, sizeof(path), "/sys/block/%s/mm_stat", de->d_name) < 0 ||
		    !slurp(path, &b))
			continue;
		s = (char *)buf_str(&b);
		f->zram_data += strtoull(s, &s, 10);
		strtoull(s, &s, 10);		/* compressed; what it takes is the next one */
		f->zram_used += strtoull(s, NULL, 10);
	}
}

static void add_ksm(struct node_fig *f)
{
	f->ksm_run = access("/sys/kernel/mm/ksm/run", F_OK) < 0 ? -1 : (int)slurp_u64("/sys/kernel/mm/ksm/run");
	if (f->ksm_run < 0)
		return;
	f->ksm_shared_pages = slurp_u64("/sys/kernel/mm/ksm/pages_shared");
	f->ksm_saved_pages = slurp_u64("/sys/kernel/mm/ksm/pages_sharing");
}

static void add_zswap(struct node_fig *f)
{
	auto_buf struct buf b = BUF_INIT;

	f->zswap = !slurp("/sys/module/zswap/parameters/enabled", &b) ? -1 : buf_str(&b)[0] == 'Y';
}

const char *node_storage(struct vzd *d)
{
	const char *t = d->host ? ct_host_conf(d->host)->template_dir : NULL;

	return access("/vz", F_OK) == 0 || !t ? "/vz" : t;
}

static void add_disk(struct vzd *d, struct node_fig *f)
{
	struct statvfs v;

	if (statvfs(node_storage(d), &v) < 0)
		return;
	f->disk_total = (uint64_t)v.f_blocks * v.f_frsize;
	f->disk_free = (uint64_t)v.f_bavail * v.f_frsize;
}

void node_fig(struct vzd *d, struct node_fig *ret)
{
	static const char *const psi[3] = { "/proc/pressure/cpu", "/proc/pressure/memory", "/proc/pressure/io" };
	auto_buf struct buf b = BUF_INIT;

	memset(ret, 0, sizeof(*ret));
	if (slurp("/proc/meminfo", &b))
		node_parse_meminfo(buf_str(&b), ret);
	for (int i = 0; i < 3; i++)
		if (slurp(psi[i], &b))
			node_parse_psi(buf_str(&b), ret->psi_usec[i], ret->psi_avg10[i]);
	if (slurp("/proc/stat", &b))
		node_parse_stat(buf_str(&b), ret);
	if (slurp("/proc/uptime", &b))
		ret->uptime_s = strtod(buf_str(&b), NULL);
	if (getloadavg(ret->load, 3) < 3)
		memset(ret->load, 0, sizeof(ret->load));
	ret->cpus = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	count_cts(d, ret);
	add_disk(d, ret);
	add_zram(ret);
	add_ksm(ret);
	add_zswap(ret);
}

/* --- Node -------------------------------------------------------------------------------------------------------- */
static int by_hits(const void *a, const void *b)
{
	const struct inv_ct *x = *(struct inv_ct *const *)a, *y = *(struct inv_ct *const *)b;
	uint64_t m = limits_total(sampler_limits(x)), n = limits_total(sampler_limits(y));

	return m < n ? 1 : m > n ? -1 : x->id > y->id ? 1 : -1;
}

/* Who runs into limits most, with what and when last. */
static json_t *top_hits(struct vzd *d)
{
	size_t n = 0, all = d->inv ? inv_count(d->inv) : 0;
	auto_free struct inv_ct **v = calloc(all + 1, sizeof(struct inv_ct *));
	json_t *a = json_array();

	for (size_t i = 0; v && i < all; i++)
		if (limits_total(sampler_limits(inv_at(d->inv, i))))
			v[n++] = inv_at(d->inv, i);
	if (n)
		qsort(v, n, sizeof(struct inv_ct *), by_hits);
	for (size_t i = 0; i < n && i < TOP_HITS; i++) {
		json_t *o = limits_json(sampler_limits(v[i]));

		json_object_set_new(o, "ctid", json_integer(v[i]->id));
		json_object_set_new(o, "name", *v[i]->name ? json_string(v[i]->name) : json_null());
		json_object_set_new(o, "owner", *v[i]->owner ? json_string(v[i]->owner) : json_null());
		json_object_set_new(o, "hits", json_integer((json_int_t)limits_total(sampler_limits(v[i]))));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *num(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static json_t *memory_json(struct vzd *d, const struct node_fig *f)
{
	uint64_t permille = f->mem_total ? f->promised * 1000 / f->mem_total : 0;

	return json_pack("{so so so so so so so}", "total", num(f->mem_total), "available", num(f->mem_available), "used",
			 num(f->mem_total - MIN(f->mem_available, f->mem_total)), "promised", num(f->promised), "guaranteed",
			 num(f->guaranteed), "overcommit_pct",
			 f->mem_total ? json_real((double)permille / 10) : json_null(),
			 "overcommit_limit_pct", d->conf.overcommit.v ? num(d->conf.overcommit.v) : json_null());
}

static json_t *pressure_json(const struct node_fig *f)
{
	json_t *o = json_object();

	for (int i = 0; i < 3; i++)
		json_object_set_new(o, cg_psi_names[i], json_pack("{sf sf}", "some_pct", f->psi_avg10[i][0], "full_pct",
								  f->psi_avg10[i][1]));
	return o;
}

static json_t *sharing_json(const struct node_fig *f)
{
	json_t *ksm = json_pack("{sb sb so so}", "available", f->ksm_run >= 0, "running", f->ksm_run == 1, "shared_bytes",
				num(f->ksm_shared_pages * NUM_PAGE), "saved_bytes", num(f->ksm_saved_pages * NUM_PAGE));
	json_t *zswap = json_pack("{sb sb so}", "available", f->zswap >= 0, "enabled", f->zswap == 1, "pool_bytes",
				  num(f->zswap_pool));
	json_t *zram = json_pack("{so so}", "data_bytes", num(f->zram_data), "used_bytes", num(f->zram_used));

	return json_pack("{so so so}", "ksm", ksm, "zswap", zswap, "zram", zram);
}

json_t *host_json(struct vzd *d, struct err *e)
{
	struct node_fig f;
	struct utsname u;
	json_t *j;

	node_fig(d, &f);
	uname(&u);
	j = json_pack("{ss ss ss si s[fff] sf}", "name", u.nodename, "version", VZ_VERSION, "kernel", u.release, "cpus",
		      (int)f.cpus, "load", f.load[0], f.load[1], f.load[2], "uptime_s", f.uptime_s);
	if (!j) {
		err_set(e, ENOMEM, "node");
		return NULL;
	}
	json_object_set_new(j, "memory", memory_json(d, &f));
	json_object_set_new(j, "swap", json_pack("{so so}", "total", num(f.swap_total), "used",
						 num(f.swap_total - MIN(f.swap_free, f.swap_total))));
	json_object_set_new(j, "pressure", pressure_json(&f));
	json_object_set_new(j, "storages", json_pack("[{ss so so}]", "path", node_storage(d), "total", num(f.disk_total), "free",
						     num(f.disk_free)));
	json_object_set_new(j, "cts", json_pack("{so so so}", "running", num(f.running), "stopped", num(f.stopped), "total",
						num(f.total)));
	json_object_update_new(j, sharing_json(&f));
	json_object_set_new(j, "policy", policy_json(d));
	json_object_set_new(j, "limit_hits", top_hits(d));
	return j;
}
