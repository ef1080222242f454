/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_NUM_H
#define UTIL_NUM_H
/* Numbers as OpenVZ writes them (spec: value syntax). All parsers want the whole string and return 0 or -EINVAL/-ERANGE. */
#include <stdbool.h>
#include <stdint.h>

struct buf;

#define NUM_UNLIMITED ((uint64_t)INT64_MAX)	/* LONG_MAX, the word "unlimited" */
#define NUM_PAGE 4096u

enum num_unit { NUM_ITEMS, NUM_BYTES, NUM_PAGES, NUM_KIB };	/* what a bare number counts; NUM_ITEMS takes no suffix */

struct num_opt { uint64_t v; bool set; };		/* a number that may be absent */
struct num_pair { uint64_t bar, lim; bool set; };	/* barrier:limit, soft:hard */

int num_u64(const char *s, uint64_t *ret);				/* decimal digits only */
int num_i64(const char *s, int64_t *ret);
/* "2.2G", "512m", "100P", "unlimited" -> value in @unit, rounded down. One-letter suffix T G M K P B, any case; a
 * fraction needs a suffix. -ERANGE leaves NUM_UNLIMITED in *ret: too large for OpenVZ is truncated in files. */
int num_size(const char *s, enum num_unit unit, uint64_t *ret);
int num_pair(const char *s, enum num_unit unit, struct num_pair *ret);	/* "A[:B]" */
void num_print(struct buf *b, uint64_t v);				/* "unlimited" or decimal */
void num_pair_print(struct buf *b, const struct num_pair *p);		/* "A" if equal, else "A:B" */
/* "0-2,7" or "all" -> bit mask of @max (<= 4096) bits in mask[]. */
int num_cpulist(const char *s, uint64_t *mask, unsigned max);

#endif
