/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_STR_H
#define UTIL_STR_H
#include <stdbool.h>
#include <stddef.h>

struct err;

/* A list of owned strings. @set tells an empty list that was given from one that was not. */
struct str_list {
	char **v;		/* NULL-terminated when n > 0 */
	size_t n;
	bool set;
};
int str_list_add(struct str_list *l, const char *s, struct err *e);		/* copies s */
int str_list_split(struct str_list *l, const char *s, const char *seps, struct err *e);	/* adds each non-empty word */
int str_list_copy(struct str_list *dst, const struct str_list *src, struct err *e);	/* dst is freed first */
bool str_list_has(const struct str_list *l, const char *s);
bool str_list_equal(const struct str_list *a, const struct str_list *b);
void str_list_del(struct str_list *l, const char *s);			/* every equal item */
void str_list_clear(struct str_list *l);				/* frees the items; set = false */

bool str_eq(const char *a, const char *b);				/* NULL equals only NULL */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
char *str_trim(char *s);						/* in place; returns the first non-blank */
bool str_has_ctrl(const char *s);					/* any byte < 0x20 or 0x7f */
int str_copy(char *dst, size_t size, const char *src);			/* -ENAMETOOLONG if cut; always terminated */
int str_fmt(char *dst, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));	/* idem */

#endif
