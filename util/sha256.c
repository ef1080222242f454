/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SHA-256 for the names of templates, for tokens and signatures. Here and not from a library, because the hash is taken
 * by the privileged side, which links nothing that could be left out. Uses the CPU's SHA instructions where they are.
 */
#include "util/sha256.h"

#include <string.h>

#include "util/auto.h"

static const uint32_t K[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t ror(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static void blocks_plain(uint32_t h[8], const uint8_t *p, size_t n)
{
	for (; n; n--, p += 64) {
		uint32_t w[64], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], i = h[7];

		for (unsigned t = 0; t < 16; t++)
			w[t] = (uint32_t)p[4 * t] << 24 | (uint32_t)p[4 * t + 1] << 16 |
			       (uint32_t)p[4 * t + 2] << 8 | p[4 * t + 3];
		for (unsigned t = 16; t < 64; t++)
			w[t] = w[t - 16] + w[t - 7] +
			       (ror(w[t - 15], 7) ^ ror(w[t - 15], 18) ^ w[t - 15] >> 3) +
			       (ror(w[t - 2], 17) ^ ror(w[t - 2], 19) ^ w[t - 2] >> 10);
		for (unsigned t = 0; t < 64; t++) {
			uint32_t t1 = i + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + ((e & f) ^ (~e & g)) + K[t] + w[t];
			uint32_t t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));

			i = g, g = f, f = e, e = d + t1;
			d = c, c = b, b = a, a = t1 + t2;
		}
		h[0] += a, h[1] += b, h[2] += c, h[3] += d;
		h[4] += e, h[5] += f, h[6] += g, h[7] += i;
	}
}

#ifdef __x86_64__
#include <immintrin.h>

/*
 * The same with SHA-NI. The instructions want the state as (a b e f) and (c d g h); 16 groups of four rounds, the
 * message schedule rolling through four registers.
 */
__attribute__((target("sha,sse4.1,ssse3"))) static void blocks_ni(uint32_t h[8], const uint8_t *p, size_t n)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
	__m128i abef = _mm_set_epi32((int)h[0], (int)h[1], (int)h[4], (int)h[5]);
	__m128i cdgh = _mm_set_epi32((int)h[2], (int)h[3], (int)h[6], (int)h[7]);

	for (; n; n--, p += 64) {
		__m128i m[4], abef0 = abef, cdgh0 = cdgh;

		for (unsigned i = 0; i < 4; i++)
			m[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)p + i), swap);
		for (unsigned i = 0; i < 16; i++) {
			__m128i w = m[i % 4], wk = _mm_add_epi32(w, _mm_loadu_si128((const __m128i *)K + i));

			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, wk);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(wk, 0x0e));
			if (i < 12) {
				__m128i x = _mm_sha256msg1_epu32(w, m[(i + 1) % 4]);

				x = _mm_add_epi32(x, _mm_alignr_epi8(m[(i + 3) % 4], m[(i + 2) % 4], 4));
				m[i % 4] = _mm_sha256msg2_epu32(x, m[(i + 3) % 4]);
			}
		}
		abef = _mm_add_epi32(abef, abef0);
		cdgh = _mm_add_epi32(cdgh, cdgh0);
	}
	h[0] = (uint32_t)_mm_extract_epi32(abef, 3), h[1] = (uint32_t)_mm_extract_epi32(abef, 2);
	h[4] = (uint32_t)_mm_extract_epi32(abef, 1), h[5] = (uint32_t)_mm_extract_epi32(abef, 0);
	h[2] = (uint32_t)_mm_extract_epi32(cdgh, 3), h[3] = (uint32_t)_mm_extract_epi32(cdgh, 2);
	h[6] = (uint32_t)_mm_extract_epi32(cdgh, 1), h[7] = (uint32_t)_mm_extract_epi32(cdgh, 0);
}

static bool have_ni(void)
{
	unsigned a, b, c, d;

	__asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(7), "c"(0));
	return (b >> 29 & 1) && __builtin_cpu_supports("sse4.1");
}

static void blocks(uint32_t h[8], const uint8_t *p, size_t n)
{
	static int ni = -1;

	if (ni < 0)
		ni = have_ni();
	if (ni)
		blocks_ni(h, p, n);
	else
		blocks_plain(h, p, n);
}
#else
static void blocks(uint32_t h[8], const uint8_t *p, size_t n)
{
	blocks_plain(h, p, n);
}
#endif

void sha256_init(struct sha256 *s)
{
	static const uint32_t h0[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};

	memset(s, 0, sizeof(*s));
	memcpy(s->h, h0, sizeof(h0));
}

void sha256_add(struct sha256 *s, const void *p, size_t n)
{
	const uint8_t *in = p;
	size_t have = s->bytes % 64;

	s->bytes += n;
	if (have) {
		size_t take = MIN(n, 64 - have);

		memcpy(s->part + have, in, take);
		in += take, n -= take;
		if (have + take < 64)
			return;
		blocks(s->h, s->part, 1);
	}
	blocks(s->h, in, n / 64);
	memcpy(s->part, in + n / 64 * 64, n % 64);
}

void sha256_end(struct sha256 *s, uint8_t out[32])
{
	uint8_t tail[72] = { 0x80 };
	uint64_t bits = s->bytes * 8;
	size_t pad = 1 + (119 - s->bytes % 64) % 64;

	for (unsigned i = 0; i < 8; i++)
		tail[pad + i] = (uint8_t)(bits >> (56 - 8 * i));
	sha256_add(s, tail, pad + 8);
	for (unsigned i = 0; i < 32; i++)
		out[i] = (uint8_t)(s->h[i / 4] >> (24 - i % 4 * 8));
}

void sha256_hex(struct sha256 *s, char hex[65])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t out[32];

	sha256_end(s, out);
	for (unsigned i = 0; i < 32; i++) {
		hex[2 * i] = digits[out[i] >> 4];
		hex[2 * i + 1] = digits[out[i] & 15];
	}
	hex[64] = '\0';
}

void sha256_hmac(const void *key, size_t key_len, const void *p, size_t n, char hex[65])
{
	uint8_t k[64] = { 0 }, inner[32];
	struct sha256 s;

	sha256_init(&s);
	if (key_len > sizeof(k)) {
		sha256_add(&s, key, key_len);
		sha256_end(&s, k);
	} else if (key_len) {
		memcpy(k, key, key_len);
	}
	for (unsigned i = 0; i < sizeof(k); i++)
		k[i] ^= 0x36;
	sha256_init(&s);
	sha256_add(&s, k, sizeof(k));
	sha256_add(&s, p, n);
	sha256_end(&s, inner);
	for (unsigned i = 0; i < sizeof(k); i++)
		k[i] ^= 0x36 ^ 0x5c;
	sha256_init(&s);
	sha256_add(&s, k, sizeof(k));
	sha256_add(&s, inner, sizeof(inner));
	sha256_hex(&s, hex);
}

bool sha256_same(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *x = a, *y = b;
	unsigned diff = 0;

	for (size_t i = 0; i < n; i++)
		diff |= x[i] ^ y[i];
	return diff == 0;
}
