/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_TABLE_H
#define UTIL_TABLE_H
#include <stddef.h>
/* Enum <-> name. @names may have NULL holes. Unknown: -1 / NULL. */
int table_find(const char *const *names, size_t n, const char *name);
const char *table_name(const char *const *names, size_t n, int value);
#endif
