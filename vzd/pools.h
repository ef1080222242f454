/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_POOLS_H
#define VZD_POOLS_H
/*
 * The attached pools of template images, as a program last found them (vzpool health): looked at every 10 seconds, every 2
 * while one is not well. What is lost and what is back becomes an event. Asking is also what connects a pool of an NBD server
 * again. Beside that, marked trees of the template store are collected here when no command came by to do it.
 */
#include <jansson.h>

#include "vzd/vzd.h"

struct pools;
struct m_out;

struct pool_seen {
	char name[64], state[16], why[256];	/* state: tmpl_pool_health_names[] */
	int64_t since_ms;			/* unix time of the change to well or to not well; 0: as long as we know */
};
int pools_open(struct vzd *d, struct pools **ret, struct err *e);
void pools_close(struct pools *p);
const struct pool_seen *pools_find(const struct pools *p, const char *name);	/* NULL: not looked at yet */
void pools_metrics(const struct pools *p, struct m_out *o);

/* For tests. One line of vzpool health: NAME STATE WHY with tabs between. */
int pools_line(const char *line, size_t n, struct pool_seen *ret);		/* -EINVAL */
enum pools_news { POOLS_SAME, POOLS_LOST, POOLS_BACK };
/* @old NULL: never seen before. */
enum pools_news pools_compare(const struct pool_seen *old, const struct pool_seen *now);

#endif
