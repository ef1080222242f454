/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_JSON_TEXT_H
#define UTIL_JSON_TEXT_H
#include <stddef.h>

struct buf;

/* @s as a JSON string, quotes included. What is not UTF-8 becomes U+FFFD, byte by byte: every reader takes the result. */
void json_text(struct buf *b, const char *s, size_t len);
void json_str(struct buf *b, const char *s);		/* NULL: null */

#endif
