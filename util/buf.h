/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_BUF_H
#define UTIL_BUF_H
/* A growing byte buffer with a cap and a sticky error: build, then check buf_failed() once. Always NUL-terminated. */
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define BUF_CAP_DEFAULT (1u << 20)	/* bytes; a caller that needs more says so */

struct buf {
	char *s;		/* NULL until the first add; use buf_str() to read */
	size_t len, size, cap;
	bool failed;
};

#define BUF_INIT { .cap = BUF_CAP_DEFAULT }
void buf_init(struct buf *b, size_t cap);
void buf_done(struct buf *b);
void buf_reset(struct buf *b);			/* keeps the memory, clears length and error */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addu(struct buf *b, uint64_t v);	/* decimal */
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *fmt, va_list ap);
bool buf_failed(const struct buf *b);		/* out of memory or over the cap, at any time since init/reset */
const char *buf_str(const struct buf *b);	/* never NULL */
char *buf_take(struct buf *b);			/* the caller frees; NULL if failed */
#define auto_buf __attribute__((cleanup(buf_done)))

#endif
