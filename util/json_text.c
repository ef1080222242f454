/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text as JSON writes it. Numbers and structure are for the caller. */
#include "util/json_text.h"

#include <stdbool.h>
#include <string.h>

#include "util/buf.h"

/* Length of the UTF-8 sequence at @s, at most @n bytes; 0: none. Overlong forms, surrogates and what is above U+10FFFF are none. */
static size_t utf8_len(const unsigned char *s, size_t n)
{
	static const struct { unsigned char first, last, min2, max2; size_t len; } kinds[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (*s < kinds[i].first || *s > kinds[i].last)
			continue;
		if (kinds[i].len > n || s[1] < kinds[i].min2 || s[1] > kinds[i].max2)
			return 0;
		for (size_t k = 2; k < kinds[i].len; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return kinds[i].len;
	}
	return 0;
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* One character that is not plain; how many bytes it had. */
static size_t put_odd(struct buf *b, const unsigned char *s, size_t n)
{
	size_t len = *s >= 0x80 ? utf8_len(s, n) : 1;

	if (*s == '"' || *s == '\\') {
		buf_addc(b, '\\');
		buf_addc(b, (char)*s);
	} else if (*s == '\n' || *s == '\t') {
		buf_adds(b, *s == '\n' ? "\\n" : "\\t");
	} else if (*s < 0x80) {
		buf_addf(b, "\\u%04x", *s);
	} else if (len) {
		buf_add(b, s, len);
	} else {
		buf_adds(b, "\\ufffd");
	}
	return len ? len : 1;
}

void json_text(struct buf *b, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	buf_addc(b, '"');
	for (size_t i = 0; i < len; ) {
		size_t plain = i;

		while (plain < len && is_plain(s[plain]))
			plain++;
		buf_add(b, s + i, plain - i);
		i = plain;
		if (i < len)
			i += put_odd(b, s + i, len - i);
	}
	buf_addc(b, '"');
}

void json_str(struct buf *b, const char *s)
{
	if (s)
		json_text(b, s, strlen(s));
	else
		buf_adds(b, "null");
}
