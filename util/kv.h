/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_KV_H
#define UTIL_KV_H
/*
 * KEY="value" files as OpenVZ writes them (spec/parameters section 1): every line is kept byte for byte until its key
 * is set; comments, unknown keys, order and duplicates survive. Values: quoted = from the first to the last '"' of the
 * line, backslash escapes; unquoted = to the end of line or to " #", trailing blanks dropped. NUL bytes are an error.
 */
#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;

enum kv_kind { KV_OTHER, KV_PAIR, KV_BAD };	/* comment or blank; KEY=value; neither (no '=', or a
							 * quote that is never closed: a cut file) */

struct kv_line {
	char *raw;		/* the line without its newline; key and val lie in the same memory */
	enum kv_kind kind;
	char *key, *val;	/* of a KV_PAIR, unquoted; else NULL */
};
struct kv {
	struct kv_line *v;
	size_t n, size;		/* lines, and how many there is room for */
	bool no_eol;		/* the last line had no newline */
};

int kv_parse(struct kv *kv, const char *text, size_t len, struct err *e);
int kv_load(struct kv *kv, int dir, const char *name, struct err *e);	/* ENOENT is an error; 1 MiB cap */
const char *kv_get(const struct kv *kv, const char *key);		/* first one, or NULL */
/* Replaces the first line of @key in place and drops later duplicates, or appends. Value is always written quoted, with
 * '\', '"', '$' and '`' handled so that both kv_parse and a shell that sources the file read it back. Newlines: EINVAL.
 * @raw_dollar: leave '$' alone (VE_ROOT="/vz/root/$VEID"). */
int kv_set(struct kv *kv, const char *key, const char *val, bool raw_dollar, struct err *e);
void kv_unset(struct kv *kv, const char *key);				/* every line of it */
int kv_print(const struct kv *kv, struct buf *b, struct err *e);
void kv_done(struct kv *kv);
#define auto_kv __attribute__((cleanup(kv_done)))

#endif
