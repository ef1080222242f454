/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API's Stats: one container as it is now. */
#include <errno.h>
#include <stdlib.h>

#include "libct/traffic.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"
#include "vzd/sampler_priv.h"
#include "vzd/timefmt.h"

#define FRESH_MS 1000

static json_t *num(uint64_t v)
{
	return v >= NUM_UNLIMITED ? json_null() : json_integer((json_int_t)v);
}

static json_t *secs(uint64_t usec)
{
	return json_real((double)usec / 1e6);
}

static json_t *memory(const struct sample *s, const struct inv_ct *ct)
{
	return json_pack("{so so so so so so so so so}", "used", num(s->cg.mem_bytes), "limit", num(ct->mem_limit), "cache",
			 num(s->mem_cache_bytes), "peak", num(s->cg.mem_peak_bytes), "guarantee", num(ct->mem_guarantee), "swap",
			 num(s->cg.swap_bytes), "swap_limit", num(ct->swap_limit), "zswap", num(s->cg.zswap_bytes), "oom_kills",
			 num(s->cg.oom_kills));
}

static json_t *pressure(const struct sample *s)
{
	json_t *o = json_object();

	for (int i = 0; i < CG_PSI_N; i++)
		json_object_set_new(o, cg_psi_names[i], json_pack("{so so}", "some_s", secs(s->psi_us[i][0]), "full_s",
								  secs(s->psi_us[i][1])));
	return o;
}

static json_t *traffic(uint64_t rx, uint64_t tx, uint64_t rxp, uint64_t txp, uint64_t rxd, uint64_t txd)
{
	return json_pack("{so so so so so so}", "rx_bytes", num(rx), "tx_bytes", num(tx), "rx_packets", num(rxp), "tx_packets",
			 num(txp), "rx_drops", num(rxd), "tx_drops", num(txd));
}

static json_t *network(const struct s_ct *c)
{
	const struct sample *s = &c->last;
	json_t *o = traffic(s->rx_bytes, s->tx_bytes, s->rx_packets, s->tx_packets, s->rx_drops, s->tx_drops);
	json_t *ifs = json_array();

	for (size_t i = 0; i < c->n_ifs; i++) {
		const struct net_stat *st = &c->ifs[i].st;
		json_t *f = traffic(st->rx_bytes, st->tx_bytes, st->rx_packets, st->tx_packets, st->rx_drops, st->tx_drops);

		json_object_set_new(f, "name", json_string(c->ifs[i].name));
		json_array_append_new(ifs, f);
	}
	json_object_set_new(o, "interfaces", ifs);
	return o;
}

/* vznetstat -s writes it down each minute (traffic.c); what never moved is left out. */
static json_t *by_class(unsigned id)
{
	auto_free struct ct_traffic *t = malloc(sizeof(*t));
	struct err ignored = { 0 };
	json_t *list = json_array();

	if (!t || ct_traffic_stored(id, t, &ignored) < 0)
		return list;
	for (int i = 0; i < NET_CLASS_N * 2; i++) {
		const struct net_traffic_cell *v = t->total.v[i / 2][i % 2];
		json_t *o;

		if (!v[NET_SENT].packets && !v[NET_RECEIVED].packets)
			continue;
		o = json_pack("{si ss so so so so}", "class", i / 2, "family", i % 2 ? "ipv6" : "ipv4", "rx_bytes",
			      num(v[NET_RECEIVED].bytes), "tx_bytes", num(v[NET_SENT].bytes), "rx_packets",
			      num(v[NET_RECEIVED].packets), "tx_packets", num(v[NET_SENT].packets));
		json_array_append_new(list, o);
	}
	return list;
}

static void put_running(json_t *j, const struct s_ct *c, const struct inv_ct *ct)
{
	const struct sample *s = &c->last;

	json_object_set_new(j, "uptime_s", ct->started_ms ? json_integer((s->time_ms - ct->started_ms) / 1000) : json_null());
	json_object_set_new(j, "cpu", json_pack("{so so sf}", "used_s", secs(s->cg.cpu_usec), "throttled_s",
						secs(s->cg.throttled_usec), "pct", s->cpu_pct));
	json_object_set_new(j, "memory", memory(s, ct));
	json_object_set_new(j, "processes", num(s->cg.pids));
	json_object_set_new(j, "io", json_pack("{so so so so}", "read_bytes", num(s->io_read_bytes), "write_bytes",
					       num(s->io_write_bytes), "reads", num(s->io_reads), "writes", num(s->io_writes)));
	json_object_set_new(j, "pressure", pressure(s));
	json_object_set_new(j, "network", network(c));
}

json_t *sampler_stats_json(struct sampler *s, struct inv_ct *ct, struct err *e)
{
	bool runs = sampler_get(s, ct, FRESH_MS, e) != NULL;
	const struct s_ct *c = ct->sample;
	char t[TIMEFMT_LEN];
	json_t *j;

	err_clear(e);		/* one that does not run has a disk all the same */
	j = json_pack("{si ss ss sn sn sn sn sn sn sn}", "ctid", (int)ct->id, "time",
		      timefmt(runs ? c->last.time_ms : timefmt_now_ms(), t), "state", inv_state_names[ct->state], "uptime_s", "cpu",
		      "memory", "processes", "io", "pressure", "network");
	if (!j) {
		err_set(e, ENOMEM, "statistics");
		return NULL;
	}
	if (runs)
		put_running(j, c, ct);
	json_object_set_new(j, "disk", json_pack("{so so so so}", "used", c && c->last.disk_known ? num(c->last.disk_used) :
						 json_null(), "limit", num(ct->disk_limit), "inodes_used",
						 c && c->last.disk_known ? num(c->last.inodes_used) : json_null(), "inodes_limit",
						 num(ct->inode_limit)));
	json_object_set_new(j, "traffic", by_class(ct->id));
	return j;
}
