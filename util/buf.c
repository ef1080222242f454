/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The growing buffer. After the first failure nothing more is added: what is there stays readable, but is not whole. */
#include "util/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"

void buf_init(struct buf *b, size_t cap)
{
	*b = (struct buf){ .cap = cap };
}

void buf_done(struct buf *b)
{
	free(b->s);
	*b = (struct buf){ .cap = b->cap };
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->s)
		b->s[0] = '\0';
}

/* Makes room for @n more bytes and the NUL. */
static bool reserve(struct buf *b, size_t n)
{
	size_t want = b->size ? b->size : 64;
	char *s;

	if (b->failed)
		return false;
	if (n > b->cap || b->len > b->cap - n) {
		b->failed = true;
		return false;
	}
	if (b->len + n < b->size)
		return true;
	while (want <= b->len + n)
		want = want > SIZE_MAX / 2 ? b->len + n + 1 : want * 2;
	s = realloc(b->s, want);
	if (!s) {
		b->failed = true;
		return false;
	}
	b->s = s;
	b->size = want;
	return true;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	if (!reserve(b, n))
		return;
	if (n > 0)
		memcpy(b->s + b->len, p, n);
	b->len += n;
	b->s[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_addu(struct buf *b, uint64_t v)
{
	char text[20];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	buf_add(b, text + at, sizeof(text) - at);
}

/* Once into the room there is; a second time only if that was too little. */
void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	size_t room = b->failed || b->len >= b->size ? 0 : b->size - b->len;
	va_list ap2;
	int n;

	va_copy(ap2, ap);
	n = vsnprintf(room ? b->s + b->len : NULL, room, fmt, ap2);
	va_end(ap2);
	if (n < 0) {
		b->failed = true;
	} else if ((size_t)n < room && (size_t)n <= b->cap - b->len) {
		b->len += (size_t)n;
		return;
	}
	if (room)
		b->s[b->len] = '\0';
	if (n < 0 || !reserve(b, (size_t)n))
		return;
	vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(b, fmt, ap);
	va_end(ap);
}

bool buf_failed(const struct buf *b)
{
	return b->failed;
}

const char *buf_str(const struct buf *b)
{
	return b->s ? b->s : "";
}

char *buf_take(struct buf *b)
{
	char *s;

	buf_add(b, "", 0);		/* an empty buffer is still a string */
	if (b->failed)
		return NULL;
	s = take_ptr(b->s);
	*b = (struct buf){ .cap = b->cap };
	return s;
}
