/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_TIMEFMT_H
#define VZD_TIMEFMT_H
/* Times of the API: RFC 3339, UTC, milliseconds. */
#include <jansson.h>
#include <stdint.h>

#define TIMEFMT_LEN 32
const char *timefmt(int64_t unix_ms, char out[TIMEFMT_LEN]);	/* "2026-11-27T10:00:00.123Z"; returns @out */
/* The same, and whole seconds or an offset; plain digits are unix seconds. -EINVAL. */
int timefmt_parse(const char *text, int64_t *ret_ms);
json_t *timefmt_json(int64_t unix_ms);				/* null for 0; new reference */
int64_t timefmt_now_ms(void);					/* CLOCK_REALTIME */

#endif
