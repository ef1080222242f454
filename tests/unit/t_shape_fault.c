/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What somebody takes from a container's rates is told, and what never was is not missed. */
#include <linux/pkt_sched.h>

#include "net/shape_priv.h"
#include "tests/unit/t_net_lab.h"

static void fault(struct lab *l, const struct net_place *p, const struct net_rates *r, const char *want)
{
	char text[96];

	CHECK_OK(net_shape_fault(l->net, "vz7", p, r, text, sizeof(text), &l->e), &l->e);
	if (want)
		CHECK(strstr(text, want));
	else
		CHECK_STR(text, "");
}

static void take(struct lab *l, const char *of, uint32_t handle, uint32_t parent)
{
	struct nl_batch b;

	nl_batch_begin(&b, &l->net->rt, &l->e);
	shape_msg(&b, RTM_DELQDISC, 0, link_index(&l->net->rt, of), handle, parent, "remove");
	CHECK_OK(nl_batch_end(&b), &l->e);
}

static void set(struct lab *l, const struct net_place *p, const struct net_rates *r)
{
	const struct net_totals none = { 0 };

	CHECK_OK(net_shape_devices(l->net, p, &l->e), &l->e);
	CHECK_OK(net_shape_set(l->net, p, r, &none, &l->e), &l->e);
	CHECK_OK(net_shape_dev(l->net, "vz7", p, r, &none, &l->e), &l->e);
}

static void kind(struct lab *l, enum net_place_kind kind, bool own, uint32_t root)
{
	const struct net_rates r = { .limit[1].kbit = { 80000, 80000 } }, other = { .limit[2].kbit = { 5, 5 } };
	const struct net_place p = { .slot = 9, .kind = kind, .own = own };
	char ifb[16];

	fault(l, &p, &r, "sends by vz7");
	set(l, &p, &r);
	fault(l, &p, &r, NULL);
	take(l, "vz7", TC_H_MAKE(TC_H_CLSACT, 0), TC_H_CLSACT);
	fault(l, &p, &r, "sends by vz7");
	set(l, &p, &r);
	fault(l, &p, &r, NULL);
	if (own) {
		take(l, "vz7", root, TC_H_ROOT);
		fault(l, &p, &r, "receives by vz7");
		set(l, &p, &r);
	}
	shape_ifb(&p, NET_SENT, ifb);
	if (kind != NET_PLACE_PLAIN) {
		take(l, ifb, SHAPE_MAJOR, TC_H_ROOT);
		fault(l, &p, &r, "sends by vz7");
		set(l, &p, &r);
		fault(l, &p, &r, NULL);
	}
	CHECK_OK(link_delete(&l->net->rt, ifb, &l->e), &l->e);
	fault(l, &p, &r, "sends by vz7");
	set(l, &p, &r);
	fault(l, &p, &r, NULL);
	CHECK_OK(net_shape_dev(l->net, "vz7", &p, NULL, &(struct net_totals){ 0 }, &l->e), &l->e);
	fault(l, &p, &r, "sends by vz7");
	if (kind == NET_PLACE_PLAIN)		/* no address is of class 2 */
		fault(l, &p, &other, NULL);
}

TEST_ROOT(shape_fault)
{
	struct lab l;
	int ns;

	lab_init(&l, "", "");
	ns = lab_up(&l, 7, "10.1.0.7");
	kind(&l, NET_PLACE_PLAIN, true, SHAPE_OWN_TBF);
	kind(&l, NET_PLACE_PLAIN, false, 0);
	kind(&l, NET_PLACE_CLASSES, false, 0);
	kind(&l, NET_PLACE_SHARED, false, 0);
	close(ns);
	net_close(l.net);
}
