/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks names of enum values up. The tables live beside their enums. */
#include "util/table.h"

#include <string.h>

int table_find(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; name && i < n; i++) {
		if (names[i] && !strcmp(names[i], name))
			return (int)i;
	}
	return -1;
}

const char *table_name(const char *const *names, size_t n, int value)
{
	return value >= 0 && (size_t)value < n ? names[value] : NULL;
}
