/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces of containers: one dump of all links per round, handed out to their owners. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libct/traffic.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/ev.h"
#include "vzd/sampler_priv.h"

static int one_if(void *arg, unsigned id, unsigned index, const char *inside, const struct net_stat *st)
{
	struct sampler *s = arg;
	struct inv_ct *ct = inv_find(s->d->inv, id);
	struct s_ct *c = ct ? ct->sample : NULL;
	struct s_if *more;

	if (!c)
		return 0;
	for (size_t i = 0; i < c->n_ifs; i++)
		if (c->ifs[i].index == index) {
			c->ifs[i].st = *st;
			c->ifs[i].here = true;
			return 0;
		}
	more = reallocarray(c->ifs, c->n_ifs + 1, sizeof(*more));
	if (!more)
		return 0;
	c->ifs = more;
	c->ifs[c->n_ifs] = (struct s_if){ .index = index, .here = true, .st = *st };
	str_copy(c->ifs[c->n_ifs++].name, IFNAMSIZ, inside);
	return 0;
}

static void add(struct net_stat *to, const struct net_stat *st)
{
	to->rx_bytes += st->rx_bytes;
	to->tx_bytes += st->tx_bytes;
	to->rx_packets += st->rx_packets;
	to->tx_packets += st->tx_packets;
	to->rx_drops += st->rx_drops;
	to->tx_drops += st->tx_drops;
}

int sample_net(struct sampler *s, struct err *e)
{
	struct inv_ct *ct;

	for (size_t i = 0; (ct = inv_at(s->d->inv, i)); i++) {
		struct s_ct *c = ct->sample;

		for (size_t k = 0; c && k < c->n_ifs; k++)
			c->ifs[k].here = false;
	}
	if (net_stat_all(s->net, one_if, s, e) < 0)
		return -e->code;
	for (size_t i = 0; (ct = inv_at(s->d->inv, i)); i++) {
		struct s_ct *c = ct->sample;

		for (size_t k = c ? c->n_ifs : 0; k-- > 0;) {
			if (c->ifs[k].here)
				continue;
			add(&c->past, &c->ifs[k].st);
			c->ifs[k] = c->ifs[--c->n_ifs];
		}
	}
	return 0;
}

void sample_traffic(struct s_ct *c)
{
	uint64_t now = ev_now_ms();
	auto_free struct ct_traffic *t = NULL;
	struct err ignored = { 0 };

	if (c->traffic_ms && now - c->traffic_ms < SAMPLE_TRAFFIC_MS)
		return;
	t = malloc(sizeof(*t));
	if (!t || ct_traffic_stored(c->id, t, &ignored) < 0)
		return;
	c->traffic = t->total;
	c->traffic_ms = now;
}

void sample_net_sum(const struct s_ct *c, struct sample *ret)
{
	struct net_stat sum = c->past;

	for (size_t i = 0; i < c->n_ifs; i++)
		add(&sum, &c->ifs[i].st);
	ret->rx_bytes = sum.rx_bytes;
	ret->tx_bytes = sum.tx_bytes;
	ret->rx_packets = sum.rx_packets;
	ret->tx_packets = sum.tx_packets;
	ret->rx_drops = sum.rx_drops;
	ret->tx_drops = sum.tx_drops;
}
