/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON as text: writing a string, finding a member, reading a string back. Values are skipped, not understood. */
#include <string.h>

#include "vzctl/client.h"

/* --- writing --- */

/* Bytes of the UTF-8 sequence at @s, 0: it is none. */
static size_t utf8(const unsigned char *s)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 :
		   s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if (n == 3 && ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] >= 0xa0)))
		return 0;
	if (n == 4 && ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] >= 0x90)))
		return 0;
	return n;
}

void json_text_string(struct buf *b, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	buf_addc(b, '"');
	while (*p) {
		size_t n = utf8(p);

		if (n == 0)
			buf_adds(b, "\xef\xbf\xbd");
		else if (*p == '"' || *p == '\\')
			buf_addf(b, "\\%c", *p);
		else if (*p < 0x20 || *p == 0x7f)
			buf_addf(b, "\\u%04x", *p);
		else
			buf_add(b, p, n);
		p += n ? n : 1;
	}
	buf_addc(b, '"');
}

/* --- reading --- */

static const char *blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* Behind the string that begins at @p; NULL: it does not end. */
static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : NULL;
}

static const char *skip_value(const char *p, const char *end)
{
	unsigned depth = 0;

	do {
		p = blanks(p, end);
		if (p >= end)
			return NULL;
		if (*p == '"') {
			p = skip_string(p, end);
			if (!p)
				return NULL;
		} else if (*p == '{' || *p == '[') {
			depth++;
			p++;
		} else if (*p == '}' || *p == ']') {
			if (!depth)
				return NULL;
			depth--;
			p++;
		} else if (*p == ',' || *p == ':') {
			if (!depth)
				return NULL;
			p++;
		} else {
			while (p < end && (!*p || !strchr(" \t\r\n,:]}\"[{", *p)))
				p++;
		}
	} while (depth);
	return p;
}

bool json_text_member(const char *s, size_t len, const char *name, const char **ret, size_t *ret_len)
{
	const char *end = s + len, *p = blanks(s, end);
	size_t n = strlen(name);

	if (p >= end || *p++ != '{')
		return false;
	for (;;) {
		const char *key = p = blanks(p, end), *val;

		if (p >= end || *p != '"' || !(p = skip_string(p, end)))
			return false;
		val = blanks(p, end);
		if (val >= end || *val != ':')
			return false;
		val = blanks(val + 1, end);
		if (val >= end || !(p = skip_value(val, end)))
			return false;
		if ((size_t)(blanks(key, end) - key) == 0 && strncmp(key + 1, name, n) == 0 && key[1 + n] == '"') {
			*ret = val;
			*ret_len = (size_t)(p - val);
			return true;
		}
		p = blanks(p, end);
		if (p >= end || *p++ != ',')
			return false;
	}
}

static bool hex4(const char *s, const char *end, unsigned *ret)
{
	unsigned v = 0;

	if (end - s < 4)
		return false;
	for (unsigned i = 0; i < 4; i++) {
		char c = s[i];
		unsigned d = c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 :
			     c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;

		if (d > 15)
			return false;
		v = v << 4 | d;
	}
	*ret = v;
	return true;
}

static void put_utf8(struct buf *b, unsigned v)
{
	if (v < 0x80) {
		buf_addc(b, (char)v);
	} else if (v < 0x800) {
		buf_addc(b, (char)(0xc0 | v >> 6));
		buf_addc(b, (char)(0x80 | (v & 63)));
	} else if (v < 0x10000) {
		buf_addc(b, (char)(0xe0 | v >> 12));
		buf_addc(b, (char)(0x80 | (v >> 6 & 63)));
		buf_addc(b, (char)(0x80 | (v & 63)));
	} else {
		buf_addc(b, (char)(0xf0 | v >> 18));
		buf_addc(b, (char)(0x80 | (v >> 12 & 63)));
		buf_addc(b, (char)(0x80 | (v >> 6 & 63)));
		buf_addc(b, (char)(0x80 | (v & 63)));
	}
}

/* The \uXXXX at @p ('u' itself), with its second half if it is a surrogate. Returns behind it, NULL: broken. */
static const char *unescape_u(const char *p, const char *end, struct buf *b)
{
	unsigned v, low;

	if (!hex4(p + 1, end, &v) || (v >= 0xdc00 && v < 0xe000))
		return NULL;
	p += 5;
	if (v >= 0xd800 && v < 0xdc00) {
		if (end - p < 6 || p[0] != '\\' || p[1] != 'u' || !hex4(p + 2, end, &low) || low < 0xdc00 || low >= 0xe000)
			return NULL;
		v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
		p += 6;
	}
	put_utf8(b, v);
	return p;
}

bool json_text_unquote(const char *s, size_t len, struct buf *b)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *end = s + len - 1, *p = s + 1, *at;

	if (len < 2 || *s != '"' || *end != '"')
		return false;
	while (p < end) {
		if (*p != '\\') {
			buf_addc(b, *p++);
			continue;
		}
		p++;
		if (p < end && *p == 'u') {
			p = unescape_u(p, end, b);
			if (!p)
				return false;
			continue;
		}
		at = p < end && *p ? strchr(from, *p) : NULL;
		if (!at)
			return false;
		buf_addc(b, to[at - from]);
		p++;
	}
	return true;
}
