/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_TRAFFIC_FILE_H
#define LIBCT_TRAFFIC_FILE_H
/* The file of traffic.h as text. It ends with a line that repeats its number: a piece of one is none. */
#include "libct/traffic.h"
#include "libct/traffic_clock.h"

#define TRAFFIC_SOURCES 64	/* interfaces of one container */

struct traffic_src {
	char ifname[16];
	char id[96];			/* boot, start and making of the table: these counters and no others */
	struct net_traffic last;	/* how far they were read */
};
struct traffic_file {
	uint64_t seq;
	struct ct_traffic t;
	struct traffic_src src[TRAFFIC_SOURCES];
	size_t n_src;
	struct traffic_steady steady;
};
int traffic_file_parse(const char *text, struct traffic_file *ret, struct err *e);	/* EBADMSG */
void traffic_file_print(const struct traffic_file *f, struct buf *b);

/* The month it is, which becomes f->t.now. Months that have not come yet are taken back once the clock is sure. */
int traffic_file_month(struct traffic_file *f, const struct traffic_clock *c);
/* @now of the counters @ifname of making @id: what is above what was read goes to the sums and to @month. */
void traffic_file_count(struct traffic_file *f, const char *ifname, const char *id, const struct net_traffic *now, int month);

#endif
