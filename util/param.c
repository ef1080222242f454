/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parameter types every module shares. A type knows text and a field; which file or option the text came from, and
 * what to say about it, is for the caller. A number too large for its type is -ERANGE; from a file the field then holds
 * "unlimited", since such a value in a file is truncated with a warning, and from the command line nothing is changed.
 */
#include "util/param.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/num.h"
#include "util/str.h"

#define UNUSED __attribute__((unused))

/* --- struct num_opt --- */

static bool opt_is_set(const void *field)
{
	return ((const struct num_opt *)field)->set;
}

static bool opt_equal(const void *a, const void *b)
{
	const struct num_opt *x = a, *y = b;

	return x->set == y->set && (!x->set || x->v == y->v);
}

static int opt_copy(void *dst, const void *src, struct err *e UNUSED)
{
	*(struct num_opt *)dst = *(const struct num_opt *)src;
	return 0;
}

static void opt_done(void *field)
{
	*(struct num_opt *)field = (struct num_opt){ 0 };
}

static int check_range(const struct param *p, uint64_t v, struct err *e)
{
	if (v >= p->min && (p->max == 0 || v <= p->max))
		return 0;
	if (p->max == 0)
		return err_say(e, EINVAL, "%" PRIu64 " is below the minimum of %" PRIu64, v, p->min);
	return err_say(e, EINVAL, "%" PRIu64 " is not between %" PRIu64 " and %" PRIu64, v, p->min, p->max);
}

/* What num_*() returned, as an error. */
static int num_error(int r, const char *text, const char *want, struct err *e)
{
	if (r == -ERANGE)
		return err_say(e, ERANGE, "'%s' is too large", text);
	return err_say(e, EINVAL, "'%s' is not %s", text, want);
}

static int u64_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	struct num_opt *f = field;
	uint64_t v = 0;
	int r = num_size(text, NUM_ITEMS, &v);

	if (r < 0) {
		num_error(r, text, "a number", e);
		if (r != -ERANGE || src != PARAM_FILE || (p->max != 0 && p->max < NUM_UNLIMITED))
			return r;
	} else if (check_range(p, v, e) < 0) {
		return -e->code;
	}
	*f = (struct num_opt){ .v = v, .set = true };
	return r;
}

static void u64_print(const struct param *p UNUSED, const void *field, struct buf *b)
{
	num_print(b, ((const struct num_opt *)field)->v);
}

static int yesno_parse(const struct param *p UNUSED, const char *text, enum param_src src UNUSED, void *field,
		       struct err *e)
{
	bool yes = !strcmp(text, "yes");

	if (!yes && strcmp(text, "no") != 0)
		return err_say(e, EINVAL, "'%s' is neither yes nor no", text);
	*(struct num_opt *)field = (struct num_opt){ .v = yes, .set = true };
	return 0;
}

static void yesno_print(const struct param *p UNUSED, const void *field, struct buf *b)
{
	buf_adds(b, ((const struct num_opt *)field)->v ? "yes" : "no");
}

const struct param_type param_u64 = {
	"number", sizeof(struct num_opt), u64_parse, u64_print, opt_is_set, opt_equal, opt_copy, opt_done,
};
const struct param_type param_yesno = {
	"yesno", sizeof(struct num_opt), yesno_parse, yesno_print, opt_is_set, opt_equal, opt_copy, opt_done,
};

/* --- char * --- */

static int str_parse(const struct param *p UNUSED, const char *text, enum param_src src UNUSED, void *field,
		     struct err *e)
{
	char **f = field;
	char *copy;

	if (str_has_ctrl(text))
		return err_say(e, EINVAL, "the value holds a control character");
	copy = strdup(text);
	if (!copy)
		return err_set(e, ENOMEM, "parameter");
	free(*f);
	*f = copy;
	return 0;
}

static void str_print(const struct param *p UNUSED, const void *field, struct buf *b)
{
	const char *s = *(char *const *)field;

	buf_adds(b, s ? s : "");
}

static bool str_is_set(const void *field)
{
	return *(char *const *)field != NULL;
}

static bool str_equal(const void *a, const void *b)
{
	return str_eq(*(char *const *)a, *(char *const *)b);
}

static int str_dup(void *dst, const void *src, struct err *e)
{
	const char *s = *(char *const *)src;
	char *copy = s ? strdup(s) : NULL;

	if (s && !copy)
		return err_set(e, ENOMEM, "parameter");
	free(*(char **)dst);
	*(char **)dst = copy;
	return 0;
}

static void str_done(void *field)
{
	free(*(char **)field);
	*(char **)field = NULL;
}

const struct param_type param_str = {
	"string", sizeof(char *), str_parse, str_print, str_is_set, str_equal, str_dup, str_done,
};

/* --- struct str_list --- */

static int split(const char *text, const char *seps, void *field, struct err *e)
{
	for (const char *s = text; *s; s++) {
		if ((unsigned char)*s < 0x20 && *s != '\t')
			return err_say(e, EINVAL, "the value holds a control character");
	}
	return str_list_split(field, text, seps, e);
}

static int list_parse(const struct param *p UNUSED, const char *text, enum param_src src UNUSED, void *field,
		      struct err *e)
{
	return split(text, " \t", field, e);
}

static int listc_parse(const struct param *p UNUSED, const char *text, enum param_src src UNUSED, void *field,
		       struct err *e)
{
	return split(text, " \t,", field, e);
}

static void list_print(const struct param *p UNUSED, const void *field, struct buf *b)
{
	const struct str_list *l = field;

	for (size_t i = 0; i < l->n; i++)
		buf_addf(b, "%s%s", i ? " " : "", l->v[i]);
}

static bool list_is_set(const void *field)
{
	return ((const struct str_list *)field)->set;
}

static bool list_equal(const void *a, const void *b)
{
	return str_list_equal(a, b);
}

static int list_copy(void *dst, const void *src, struct err *e)
{
	return str_list_copy(dst, src, e);
}

static void list_done(void *field)
{
	str_list_clear(field);
}

const struct param_type param_list = {
	"list", sizeof(struct str_list), list_parse, list_print, list_is_set, list_equal, list_copy, list_done,
};
const struct param_type param_listc = {
	"list", sizeof(struct str_list), listc_parse, list_print, list_is_set, list_equal, list_copy, list_done,
};

/* --- struct num_pair --- */

static int pair_parse(enum num_unit unit, const char *text, enum param_src src, void *field, struct err *e)
{
	struct num_pair v = { 0 };
	int r = num_pair(text, unit, &v);

	if (r < 0) {
		num_error(r, text, unit == NUM_ITEMS ? "NUM or NUM:NUM" : "a size (NUM[TGMKPB]) or a pair of them", e);
		if (r != -ERANGE || src != PARAM_FILE)
			return r;
	}
	*(struct num_pair *)field = v;
	return r;
}

static int ub_items_parse(const struct param *p UNUSED, const char *text, enum param_src src, void *field, struct err *e)
{
	return pair_parse(NUM_ITEMS, text, src, field, e);
}

static int ub_bytes_parse(const struct param *p UNUSED, const char *text, enum param_src src, void *field, struct err *e)
{
	return pair_parse(NUM_BYTES, text, src, field, e);
}

static int ub_pages_parse(const struct param *p UNUSED, const char *text, enum param_src src, void *field, struct err *e)
{
	return pair_parse(NUM_PAGES, text, src, field, e);
}

static int dq_blocks_parse(const struct param *p UNUSED, const char *text, enum param_src src, void *field, struct err *e)
{
	return pair_parse(NUM_KIB, text, src, field, e);
}

static int ram_parse(const struct param *p UNUSED, const char *text, enum param_src src, void *field, struct err *e)
{
	uint64_t bytes = 0;
	int r = num_size(text, NUM_BYTES, &bytes);

	if (r < 0) {
		num_error(r, text, "a size in bytes (NUM[TGMKPB])", e);
		if (r != -ERANGE || src != PARAM_FILE)
			return r;
	}
	if (bytes < NUM_UNLIMITED)
		bytes = bytes / NUM_PAGE + (bytes % NUM_PAGE != 0);
	*(struct num_pair *)field = (struct num_pair){ .bar = 0, .lim = bytes, .set = true };
	return r;
}

static void pair_print(const struct param *p UNUSED, const void *field, struct buf *b)
{
	num_pair_print(b, field);
}

static bool pair_is_set(const void *field)
{
	return ((const struct num_pair *)field)->set;
}

static bool pair_equal(const void *a, const void *b)
{
	const struct num_pair *x = a, *y = b;

	return x->set == y->set && (!x->set || (x->bar == y->bar && x->lim == y->lim));
}

static int pair_copy(void *dst, const void *src, struct err *e UNUSED)
{
	*(struct num_pair *)dst = *(const struct num_pair *)src;
	return 0;
}

static void pair_done(void *field)
{
	*(struct num_pair *)field = (struct num_pair){ 0 };
}

#define PAIR_TYPE(var, text, parser) \
	const struct param_type var = { \
		text, sizeof(struct num_pair), parser, pair_print, pair_is_set, pair_equal, pair_copy, pair_done, \
	}
PAIR_TYPE(param_ub_items, "items", ub_items_parse);
PAIR_TYPE(param_ub_bytes, "bytes", ub_bytes_parse);
PAIR_TYPE(param_ub_pages, "pages", ub_pages_parse);
PAIR_TYPE(param_dq_blocks, "blocks", dq_blocks_parse);
PAIR_TYPE(param_dq_inodes, "inodes", ub_items_parse);
PAIR_TYPE(param_ram, "ram", ram_parse);
