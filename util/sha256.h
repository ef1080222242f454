/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_SHA256_H
#define UTIL_SHA256_H
/* SHA-256 (FIPS 180-4), streaming, and HMAC with it (RFC 2104). */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sha256 {
	uint32_t h[8];
	uint64_t bytes;
	uint8_t part[64];	/* what does not fill a block yet */
};
void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *p, size_t n);
void sha256_end(struct sha256 *s, uint8_t out[32]);
void sha256_hex(struct sha256 *s, char hex[65]);	/* ends the stream; lower case */
void sha256_hmac(const void *key, size_t key_len, const void *p, size_t n, char hex[65]);
/* Equal? In a time that depends on @n only. */
bool sha256_same(const void *a, const void *b, size_t n);

#endif
