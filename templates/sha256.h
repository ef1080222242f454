/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_SHA256_H
#define TEMPLATES_SHA256_H
/* SHA-256 (FIPS 180-4), streaming. */
#include <stddef.h>
#include <stdint.h>

struct sha256 {
	uint32_t h[8];
	uint64_t bytes;
	uint8_t part[64];	/* what does not fill a block yet */
};
void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *p, size_t n);
void sha256_hex(struct sha256 *s, char hex[65]);	/* ends the stream; lower case */

#endif
