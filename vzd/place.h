/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_PLACE_H
#define VZD_PLACE_H
/* Tables that are kept in the order of their containers' numbers. */
#include <stddef.h>

/* The first of @n whose number is @id or more; @n when there is none. */
static inline size_t place_of(const void *table, size_t n, unsigned (*id_of)(const void *table, size_t i), unsigned id)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (id_of(table, mid) < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

#endif
