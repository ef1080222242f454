/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZCTL_VZLIST_H
#define VZCTL_VZLIST_H
/* The columns of vzlist, and its two output forms. Nothing here asks the system: rows come filled. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libct/ct.h"

struct buf;

struct vzlist_row {		/* one container */
	unsigned id;
	const struct ct_conf *conf;
	struct ct_info info;
	char *private_dir, *root;	/* $VEID expanded; owned by the row */
	bool name_ok;			/* the link of conf->name leads to this container */
	struct ct *ct;			/* what conf lives in */
};

enum vzlist_type { LIST_ID, LIST_NUM, LIST_STR, LIST_LIST, LIST_ONOFF, LIST_FLAG, LIST_FLAG3, LIST_UPTIME, LIST_SMART,
		   LIST_UBC, LIST_DISK, LIST_LOAD, LIST_TYPE_N };

/* What a column gets out of a row. */
struct vzlist_cell {
	bool set;
	uint64_t num;
	double real;
	const char *str;
	const struct str_list *list;
};

struct vzlist_col {
	const char *name, *header;
	short width;
	bool right, head_right;		/* alignment of values and of the header */
	bool whole;			/* never cut: a cut word would be another word */
	enum vzlist_type type;
	unsigned want;			/* enum ct_want bits */
	int arg;			/* for the getter: which beancounter, which disk resource */
	void (*get)(const struct vzlist_row *r, const struct vzlist_col *c, char part, struct vzlist_cell *ret);
};
extern const struct vzlist_col vzlist_cols[];
extern const size_t vzlist_cols_n;

/* A column as asked for: .m .b .l .f of a beancounter, .s .h of a disk resource; 0 = none. */
struct vzlist_field { const struct vzlist_col *col; char part; };
struct vzlist_fields { struct vzlist_field v[256]; size_t n; };

#define VZLIST_DEFAULT "ctid,numproc,status,ip,hostname"
#define VZLIST_NAMES "smart_name,numproc,status,ip,hostname"

int vzlist_field_find(const char *name, struct vzlist_field *ret);	/* -ENOENT */
/* "a,b.l": E2BIG, or ENOENT with "Unknown field: X". */
int vzlist_fields_parse(const char *text, struct vzlist_fields *ret, struct err *e);
void vzlist_fields_all(struct vzlist_fields *ret);		/* every field without a suffix, as JSON shows */
unsigned vzlist_fields_want(const struct vzlist_fields *f);
void vzlist_print_names(struct buf *b);				/* vzlist -L */
const char *vzlist_status(const struct vzlist_row *r);
/* vzlist_pool.c: the pool that its files come from, "web" or "web(lost)"; NULL: none. TEMPLATE is told first. */
const char *vzlist_pool(const struct vzlist_row *r);
/* vzlist_net.c: what is wrong with its interfaces on the host; NULL: nothing. */
const char *vzlist_netfault(const struct vzlist_row *r);
void vzlist_pool_dir(const char *tmpldir);
void vzlist_sort(struct vzlist_row *v, size_t n, const struct vzlist_field *by, bool down);

struct vzlist_form { bool no_header, no_trim; };
void vzlist_text(struct buf *b, const struct vzlist_fields *f, const struct vzlist_row *v, size_t n,
		 const struct vzlist_form *form);
/* -EINVAL with text: a suffixed field has no place in JSON. */
int vzlist_json(struct buf *b, const struct vzlist_fields *f, const struct vzlist_row *v, size_t n, struct err *e);

#endif
