/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base64, both alphabets. Reading is strict: one text for each sequence of bytes. */
#include "util/b64.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "util/buf.h"

static const char alphabet[2][65] = {
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

void b64_add(struct buf *b, const void *p, size_t n, bool url)
{
	const uint8_t *in = p;

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)in[i] << 16 | (i + 1 < n ? in[i + 1] << 8 : 0) | (i + 2 < n ? in[i + 2] : 0);
		size_t digits = n - i >= 3 ? 4 : n - i + 1;

		for (size_t k = 0; k < 4; k++) {
			if (k < digits)
				buf_addc(b, alphabet[url][v >> (18 - 6 * k) & 63]);
			else if (!url)
				buf_addc(b, '=');
		}
	}
}

int b64_parse(struct buf *b, const char *s, bool url)
{
	size_t len = strlen(s), pad = 0;
	uint32_t v = 0;
	unsigned bits = 0;

	while (!url && pad < 2 && len > 0 && s[len - 1] == '=') {
		len--;
		pad++;
	}
	if (len % 4 == 1 || (!url && (len + pad) % 4 != 0))
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		const char *at = memchr(alphabet[url], s[i], 64);

		if (!at)
			return -EINVAL;
		v = v << 6 | (uint32_t)(at - alphabet[url]);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_addc(b, (char)(v >> bits & 0xff));
			v &= (1u << bits) - 1;
		}
	}
	return v ? -EINVAL : 0;
}
