/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZCTL_VZPOOL_H
#define VZCTL_VZPOOL_H
/* The program vzpool. A command is a row; --help and the tests read the rows. */
#include "libct/ct.h"
#include "templates/tmpl.h"
#include "util/opt.h"

struct buf;

enum vzpool_opt { VZPOOL_FORMAT = 1, VZPOOL_DATA = 2, VZPOOL_FORCE = 4, VZPOOL_JSON = 8, VZPOOL_WAIT = 16, VZPOOL_USED = 32,
		  VZPOOL_ALONE = 64, VZPOOL_DRY = 128, VZPOOL_KEEP = 256 };
struct vzpool {
	struct ct_host *host;
	const char *dir;		/* TEMPLATE */
	const char *format;
	unsigned given;			/* enum vzpool_opt */
	unsigned wait_ms;
	struct str_list used;		/* files with what other nodes stand on */
	struct str_list keep;		/* digests that somebody stands on */
	const char *word[4];
	size_t n;
	int status;			/* what a command that did not fail ends with */
};
struct vzpool_cmd {
	const char *word, *args;
	size_t min, max;		/* operands */
	unsigned opts;
	int (*run)(struct vzpool *v, struct err *e);
	const char *text;
};
extern const struct vzpool_cmd vzpool_cmds[];
extern const size_t vzpool_cmds_n;
extern const struct opt_flag vzpool_flags[];
extern const size_t vzpool_flags_n;
int vzpool_args(struct vzpool *v, const struct vzpool_cmd **ret, char **argv, struct err *e);	/* *ret NULL: help */

/* vzpool_node.c: what a node does */
int vzpool_attach(struct vzpool *v, struct err *e);
int vzpool_detach(struct vzpool *v, struct err *e);
int vzpool_status(struct vzpool *v, struct err *e);
int vzpool_health(struct vzpool *v, struct err *e);
/* vzpool_gc.c */
int vzpool_used(struct vzpool *v, struct err *e);
int vzpool_gc(struct vzpool *v, struct err *e);
/* Containers whose root comes from @pool and from nowhere else on this host. */
struct vzpool_users { unsigned n, running; unsigned first; };
int vzpool_users(struct vzpool *v, const struct tmpl_pool *pool, struct vzpool_users *ret, struct err *e);
/* Tables and JSON of filled entries. */
struct vzpool_row { struct tmpl_pool p; struct vzpool_users u; };
void vzpool_table(struct buf *b, const struct vzpool_row *v, size_t n);
void vzpool_json(struct buf *b, const struct vzpool_row *v, size_t n);
void vzpool_images(struct buf *b, const struct tmpl_image *v, size_t n);

#endif
