/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_B64_H
#define UTIL_B64_H
/* Base64 (RFC 4648). The plain alphabet is written with '=' at its end; the one for URLs without. */
#include <stdbool.h>
#include <stddef.h>

struct buf;

void b64_add(struct buf *b, const void *p, size_t n, bool url);
int b64_parse(struct buf *b, const char *s, bool url);	/* appends; -EINVAL: not what b64_add() writes */

#endif
