/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BENCH_NET_LINES_H
#define BENCH_NET_LINES_H
/* A container with everything on, for net_start.c and net_flow.c: counted, ten rules, caps and rates. */
#include <stdio.h>
#include <stdlib.h>

#include "net/acct.h"
#include "net/flood.h"
#include "net/shape.h"
#include "util/err.h"

static inline void must(int rc, const struct err *e)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "%s\n", e->text);
	exit(1);
}

static inline void lines_of(struct str_list *l, const char *name)
{
	const struct net_caps caps = { 100000000, 100000000, false };
	struct err e = { 0 };
	char text[64];

	must(net_acct_line(l, name, false, 2, &e), &e);
	must(net_flood_line(l, name, false, &caps, &e), &e);
	snprintf(text, sizeof(text), "fw if %s", name);
	must(str_list_add(l, text, &e), &e);
	must(str_list_add(l, "fw policy in drop", &e), &e);
	for (unsigned i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "fw rule in accept tcp %u", 2000 + i * 11);
		must(str_list_add(l, text, &e), &e);
	}
	must(str_list_add(l, "fw rule in accept udp 7000-7999", &e), &e);
	must(str_list_add(l, "fw rule in accept tcp 7000-7999", &e), &e);
}

#endif
