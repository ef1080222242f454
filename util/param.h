/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_PARAM_H
#define UTIL_PARAM_H
/*
 * One parameter = one row, in the module that acts on it. Option, configuration key, parser, printer, range, default,
 * when it applies and the manual's text all come from the row; --help, man pages and shell completion print the rows.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;
struct param;

enum param_src { PARAM_FILE, PARAM_CLI };	/* some types read the same text differently (iolimit) */

struct param_type {
	const char *name;		/* for the JSON schema and the manual: "yesno", "pages", "list" ... */
	size_t size;			/* of the field */
	/* @field is an initialised field (zeroed or set). Lists add to it, scalars replace it. -EINVAL with e->text
	 * saying what is wrong; the caller adds which parameter. -ERANGE: too large; from a file @field now holds
	 * "unlimited" (truncated, worth a warning), from the command line it is as it was. */
	int (*parse)(const struct param *p, const char *text, enum param_src src, void *field, struct err *e);
	void (*print)(const struct param *p, const void *field, struct buf *b);	/* the stored form, unquoted */
	bool (*is_set)(const void *field);
	bool (*equal)(const void *a, const void *b);
	int (*copy)(void *dst, const void *src, struct err *e);			/* dst is freed first */
	void (*done)(void *field);						/* leaves it zeroed */
};

enum param_flag {
	PARAM_LIVE = 1 << 0,		/* `set` on a running container applies it at once */
	PARAM_RESTART = 1 << 1,		/* takes effect at the next start; `set` on a running one warns */
	PARAM_FIXED = 1 << 2,		/* refused while running (private, root) */
	PARAM_UBC = 1 << 3,		/* duplicates: the last one wins, silently */
	PARAM_LIST = 1 << 4,		/* repeated options accumulate */
	PARAM_CREATE = 1 << 5,		/* also an option of create */
	PARAM_NO_SET = 1 << 6,		/* not an option of set */
	PARAM_RAW = 1 << 7,		/* stored with '$' unexpanded and unescaped */
	PARAM_HOST_DEFAULT = 1 << 8,	/* vz.conf may give a default */
	PARAM_SAVE_ONLY = 1 << 9,	/* needs --save (name, ostemplate, stop-timeout) */
	PARAM_ADMIN = 1 << 12,		/* reaches beyond the container: over the API only for administrators of the host */
	PARAM_SHARED = 1 << 13,		/* with PARAM_ADMIN: gives a part of the host; of two containers a tenant gets it in one */
	PARAM_BOUND = 1 << 14,		/* with PARAM_ADMIN: a limit or rule that the host puts on the container, no gift */
	PARAM_CAPPED = 1 << 15,		/* more of it costs the host: a tenant lowers it, only an administrator raises it */
	PARAM_COUNTED = 1 << 16,	/* the same, but a tenant raises it within its limits, in which it counts */
	PARAM_ZERO_LIFTS = 1 << 17,	/* 0 is no limit */
	PARAM_KEPT = 1 << 10,		/* only stored: nothing here acts on it, and `set` says so */
	PARAM_READ = 1 << 11,		/* read when it is wanted (a boot, a start, a list): nothing to apply or to warn of */
};
/* A row that `set` takes has one of LIVE, RESTART, FIXED, KEPT, READ, SAVE_ONLY: somebody has decided (tests/unit/t_docs.c). */

struct param {
	const char *key;		/* configuration key, NULL: not stored */
	const char *opt;		/* long option without "--", NULL: none */
	const char *alias_key;		/* old spelling read from files, NULL: none */
	const char *alias_opt;
	char short_opt;
	const char *arg;		/* "num", "addr", "yes|no": for --help and the manual */
	const struct param_type *type;
	size_t off;			/* of the field in the module's conf struct */
	uint64_t min, max;		/* inclusive, for number types; NUM_UNLIMITED: as large as a number can be */
	const char *def;		/* text for the manual, NULL: none */
	unsigned flags;
	const char *man;		/* one or two sentences, no markup */
};

struct param_group {			/* one module's rows and where its struct lies in the whole configuration */
	const char *name;		/* section title in the manual */
	const struct param *rows;
	size_t n;
	size_t base;
};

static inline void *param_field(const struct param *p, size_t base, void *conf)
{
	return (char *)conf + base + p->off;
}

/* Types every module may use. The field's C type stands behind each. */
extern const struct param_type param_u64;	/* struct num_opt; min/max checked */
extern const struct param_type param_yesno;	/* struct num_opt, v = 0 or 1; only "yes" and "no" */
extern const struct param_type param_str;	/* char *; control characters refused; "" is set and empty */
extern const struct param_type param_list;	/* struct str_list; split at blanks */
extern const struct param_type param_listc;	/* struct str_list; split at blanks and commas */
extern const struct param_type param_ub_items;	/* struct num_pair */
extern const struct param_type param_ub_bytes;
extern const struct param_type param_ub_pages;
extern const struct param_type param_dq_blocks;	/* struct num_pair in 1 KiB blocks; "unlimited" = no limit */
extern const struct param_type param_dq_inodes;	/* struct num_pair */
extern const struct param_type param_ram;	/* struct num_pair in pages, written as one number of BYTES: bar = 0, lim = pages */

#endif
