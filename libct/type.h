/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_TYPE_H
#define LIBCT_TYPE_H
/*
 * For files that define parameter types: a new type is a shared one with another parser. The
 * shared types' functions are no constants that a table could name, hence the wrappers.
 */
#include "util/buf.h"
#include "util/num.h"
#include "util/param.h"
#include "util/str.h"

static inline void str_print(const struct param *p, const void *field, struct buf *b)
{
	param_str.print(p, field, b);
}
static inline bool str_is_set(const void *field)
{
	return param_str.is_set(field);
}
static inline bool str_equal(const void *a, const void *b)
{
	return param_str.equal(a, b);
}
static inline int str_dup(void *dst, const void *src, struct err *e)
{
	return param_str.copy(dst, src, e);
}
static inline void str_done(void *field)
{
	param_str.done(field);
}
static inline void list_print(const struct param *p, const void *field, struct buf *b)
{
	param_list.print(p, field, b);
}
static inline bool list_is_set(const void *field)
{
	return param_list.is_set(field);
}
static inline bool list_equal(const void *a, const void *b)
{
	return param_list.equal(a, b);
}
static inline int list_copy(void *dst, const void *src, struct err *e)
{
	return param_list.copy(dst, src, e);
}
static inline void list_done(void *field)
{
	param_list.done(field);
}
static inline bool num_is_set(const void *field)
{
	return param_u64.is_set(field);
}
static inline bool num_equal(const void *a, const void *b)
{
	return param_u64.equal(a, b);
}
static inline int num_copy(void *dst, const void *src, struct err *e)
{
	return param_u64.copy(dst, src, e);
}
static inline void num_done(void *field)
{
	param_u64.done(field);
}
static inline void num_print_field(const struct param *p __attribute__((unused)), const void *field,
				   struct buf *b)
{
	num_print(b, ((const struct num_opt *)field)->v);
}

#define UNUSED __attribute__((unused))
#define STR_TYPE(var, text, parser) const struct param_type var = { \
	text, sizeof(char *), parser, str_print, str_is_set, str_equal, str_dup, str_done }
#define LIST_TYPE(var, text, parser) const struct param_type var = { \
	text, sizeof(struct str_list), parser, list_print, list_is_set, list_equal, list_copy, \
	list_done }
#define NUM_TYPE(var, text, parser) const struct param_type var = { \
	text, sizeof(struct num_opt), parser, num_print_field, num_is_set, num_equal, num_copy, \
	num_done }

/* Splits as @split does; each word is checked before one of them is added, doubles are dropped. */
typedef bool word_fn(const char *word, struct err *e);
int ct_words_parse(const struct param_type *split, word_fn *good, const struct param *p,
		   const char *text, enum param_src src, void *field, struct err *e);

#endif
