/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The archive's records as bytes: its end, the records of its pieces, the lines of its index. Whatever is read here may
 * come from a stranger. Both sides of the box use it.
 */
#include "templates/backup_fmt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/num.h"
#include "util/path.h"
#include "util/sha256.h"
#include "util/str.h"

#define END_MAGIC "vzbackup"
#define END_VERSION 1u
#define END_MARK "\nend of vz backup\n"		/* the last bytes of the file */
enum {				/* offsets in the end record */
	AT_VERSION = 8, AT_CTID = 12, AT_DEPTH = 16, AT_NUMBERS = 24, AT_PIECES_SHA = 112, AT_INDEX_SHA = 144, AT_META_SHA = 176,
	AT_PARENT = 208, AT_NAME = 240, AT_OWNER = 368, AT_SEAL = 400, AT_DIGEST = 432,
	 AT_MARK = BK_END_SIZE - (sizeof(END_MARK) - 1),
};
_Static_assert(AT_NUMBERS + 11 * 8 == AT_PIECES_SHA, "eleven numbers");
_Static_assert(AT_NAME + BK_NAME_MAX <= AT_OWNER, "the name has room");
_Static_assert((int)AT_OWNER + BK_OWNER_MAX - 1 <= (int)AT_SEAL, "the owner has room");
_Static_assert((int)AT_DIGEST + 32 <= (int)AT_MARK, "the digest has room");

static void put(uint8_t *p, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t get(const uint8_t *p, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

void bk_skip_head(uint8_t out[BK_HEAD], uint32_t len)
{
	put(out, BK_SKIP_MAGIC, 4);
	put(out + 4, len, 4);
}

/* --- the end ----------------------------------------------------------------------------------------------------- */

void bk_end_put(const struct bk_end *end, uint8_t out[BK_END_SIZE])
{
	const uint64_t numbers[11] = { end->created, end->pieces_off, end->pieces_n, end->index_off, end->index_len, end->index_raw,
				       end->meta_off, end->meta_len, end->tar_len, end->entries, end->bytes };

	memset(out, 0, BK_END_SIZE);
	memcpy(out, END_MAGIC, sizeof(END_MAGIC) - 1);
	put(out + AT_VERSION, END_VERSION, 4);
	put(out + AT_CTID, end->ctid, 4);
	put(out + AT_DEPTH, end->depth, 4);
	for (unsigned i = 0; i < 11; i++)
		put(out + AT_NUMBERS + 8 * i, numbers[i], 8);
	memcpy(out + AT_PIECES_SHA, end->pieces_sha, 32);
	memcpy(out + AT_INDEX_SHA, end->index_sha, 32);
	memcpy(out + AT_META_SHA, end->meta_sha, 32);
	memcpy(out + AT_PARENT, end->parent, 32);
	memcpy(out + AT_NAME, end->parent_name, strnlen(end->parent_name, BK_NAME_MAX - 1));
	memcpy(out + AT_OWNER, end->owner, strnlen(end->owner, BK_OWNER_MAX - 1));
	memcpy(out + AT_SEAL, end->seal, 32);
	memcpy(out + AT_DIGEST, end->digest, 32);
	memcpy(out + AT_MARK, END_MARK, sizeof(END_MARK) - 1);
}

static int unhex(const char *s, uint8_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *hi = s[2 * i] ? strchr(digits, s[2 * i]) : NULL, *lo = hi && s[2 * i + 1] ? strchr(digits,
				s[2 * i + 1]) : NULL;

		if (!hi || !lo)
			return -EINVAL;
		out[i] = (uint8_t)((hi - digits) << 4 | (lo - digits));
	}
	return 0;
}

static void seal_of(const struct bk_end *end, const void *key, size_t key_len, uint8_t seal[32])
{
	uint8_t raw[BK_END_SIZE];
	char hex[65];

	memset(seal, 0, 32);
	if (!key_len)
		return;
	bk_end_put(end, raw);
	sha256_hmac(key, key_len, raw, AT_SEAL, hex);
	unhex(hex, seal, 32);
}

static void digest_of(const struct bk_end *end, uint8_t digest[32])
{
	uint8_t raw[BK_END_SIZE];
	struct sha256 s;

	bk_end_put(end, raw);
	sha256_init(&s);
	sha256_add(&s, raw, AT_DIGEST);
	sha256_end(&s, digest);
}

void bk_end_sum(struct bk_end *end, const void *key, size_t key_len)
{
	seal_of(end, key, key_len, end->seal);
	digest_of(end, end->digest);
}

bool bk_end_sealed(const struct bk_end *end, const void *key, size_t key_len)
{
	uint8_t seal[32];

	seal_of(end, key, key_len, seal);
	return key_len && sha256_same(seal, end->seal, 32);
}

static int bad(struct err *e, const char *why)
{
	return err_say(e, EBADMSG, "%s", why);
}

/* Each part lies where the one before it ends: nothing overlaps, and nothing is left over. */
static int check_layout(const struct bk_end *d, uint64_t size, struct err *e)
{
	if (d->pieces_n > BK_PIECES_MAX || d->index_len > size || d->meta_len > BK_META_MAX || d->index_raw > BK_INDEX_MAX ||
	    d->pieces_off > size || d->index_off > size || d->meta_off > size)
		return bad(e, "its end names sizes that cannot be");
	if (d->pieces_off < BK_HEAD || d->index_off != d->pieces_off + d->pieces_n * BK_PIECE_REC + BK_HEAD ||
	    d->meta_off != d->index_off + d->index_len + BK_HEAD || d->meta_off + d->meta_len + BK_HEAD + BK_END_SIZE != size)
		return bad(e, "its parts do not add up to its length");
	if (d->tar_len > d->pieces_n * (uint64_t)BK_PIECE || d->depth >= BK_CHAIN_MAX)
		return bad(e, "its end names sizes that cannot be");
	return 0;
}

int bk_end_get(const uint8_t in[BK_END_SIZE], uint64_t size, struct bk_end *ret, struct err *e)
{
	struct bk_end d = { .ctid = (uint32_t)get(in + AT_CTID, 4), .depth = (uint32_t)get(in + AT_DEPTH, 4) };
	uint64_t *const numbers[11] = { &d.created, &d.pieces_off, &d.pieces_n, &d.index_off, &d.index_len, &d.index_raw,
			&d.meta_off,
					&d.meta_len, &d.tar_len, &d.entries, &d.bytes };
	uint8_t digest[32], again[BK_END_SIZE];

	if (memcmp(in, END_MAGIC, 8) != 0 || memcmp(in + AT_MARK, END_MARK, sizeof(END_MARK) - 1) != 0)
		return bad(e, "it has no end: it was cut short, or is still being written, or no backup of this format");
	if (get(in + AT_VERSION, 4) != END_VERSION)
		return err_say(e, ENOTSUP, "it has format %u, and this version knows format %u", (unsigned)get(in + AT_VERSION, 4),
			       END_VERSION);
	for (unsigned i = 0; i < 11; i++)
		*numbers[i] = get(in + AT_NUMBERS + 8 * i, 8);
	memcpy(d.pieces_sha, in + AT_PIECES_SHA, 32);
	memcpy(d.index_sha, in + AT_INDEX_SHA, 32);
	memcpy(d.meta_sha, in + AT_META_SHA, 32);
	memcpy(d.parent, in + AT_PARENT, 32);
	memcpy(d.parent_name, in + AT_NAME, BK_NAME_MAX - 1);
	memcpy(d.owner, in + AT_OWNER, BK_OWNER_MAX - 1);
	memcpy(d.seal, in + AT_SEAL, 32);
	memcpy(d.digest, in + AT_DIGEST, 32);
	digest_of(&d, digest);
	bk_end_put(&d, again);
	if (memcmp(digest, d.digest, 32) != 0 || memcmp(in, again, sizeof(again)) != 0)	/* nothing hides between the fields */
		return bad(e, "its end is damaged: the digest is not that of what it says");
	if ((d.depth > 0) != (d.parent_name[0] != '\0') || (d.depth && !path_is_component(d.parent_name)))
		return bad(e, "the name of the archive it builds on is none");
	if (check_layout(&d, size, e) < 0)
		return -e->code;
	*ret = d;
	return 0;
}

int bk_end_read(int fd, struct bk_end *ret, struct err *e)
{
	uint8_t raw[BK_END_SIZE];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "the archive");
	if (!S_ISREG(st.st_mode))
		return err_say(e, EINVAL, "it is not a regular file");
	if (st.st_size < (off_t)(BK_END_SIZE + BK_HEAD))
		return bad(e, "it has no end: it was cut short, or is still being written, or no backup of this format");
	n = pread(fd, raw, sizeof(raw), st.st_size - (off_t)sizeof(raw));
	if (n != (ssize_t)sizeof(raw))
		return err_set(e, n < 0 ? errno : EIO, "read the end of the archive");
	return bk_end_get(raw, (uint64_t)st.st_size, ret, e);
}

/* --- pieces ------------------------------------------------------------------------------------------------------ */

void bk_piece_put(const struct bk_piece *p, uint8_t out[BK_PIECE_REC])
{
	put(out, p->len, 4);
	put(out + 4, p->raw, 4);
	memcpy(out + 8, p->sha, 32);
}

void bk_piece_get(const uint8_t in[BK_PIECE_REC], struct bk_piece *ret)
{
	ret->len = (uint32_t)get(in, 4);
	ret->raw = (uint32_t)get(in + 4, 4);
	memcpy(ret->sha, in + 8, 32);
}

/* --- lines of the index ------------------------------------------------------------------------------------------ */

/* Blanks, control characters and the backslash as \ooo, so that a line is a line and a word a word. */
static void add_word(struct buf *b, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c <= 0x20 || c == 0x7f || c == '\\')
			buf_addf(b, "\\%03o", c);
		else
			buf_addc(b, *s);
	}
}

static int take_word(char *s)
{
	char *to = s;

	for (; *s; s++) {
		unsigned v = 0;

		if (*s != '\\') {
			*to++ = *s;
			continue;
		}
		for (unsigned i = 1; i <= 3; i++) {
			if (s[i] < '0' || s[i] > '7')
				return -EINVAL;
			v = v * 8 + (unsigned)(s[i] - '0');
		}
		if (v == 0 || v > 255)
			return -EINVAL;
		*to++ = (char)v;
		s += 3;
	}
	*to = '\0';
	return 0;
}

void bk_row_print(struct buf *b, const struct bk_row *r)
{
	static const char digits[] = "0123456789abcdef";
	static const uint8_t none[32];

	buf_addf(b, "%c %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %d %o %u %u %u ", r->type, r->archive, r->off, r->len,
		 r->data, r->data_len, r->sparse, r->mode, r->uid, r->gid, r->nlink);
	buf_addf(b, "%" PRIu64 " %" PRIu64 " %" PRId64 " %u %" PRId64 " %u ", r->size, r->ino, r->mtime, r->mtime_ns, r->ctime,
		 r->ctime_ns);
	if (memcmp(r->sha, none, 32) == 0) {
		buf_addc(b, '-');
	} else {
		for (unsigned i = 0; i < 32; i++) {
			buf_addc(b, digits[r->sha[i] >> 4]);
			buf_addc(b, digits[r->sha[i] & 15]);
		}
	}
	buf_addc(b, ' ');
	add_word(b, r->path);
	if (r->target) {
		buf_addc(b, ' ');
		add_word(b, r->target);
	}
	buf_addc(b, '\n');
}

struct words { char *rest; bool bad; };

static char *word(struct words *w)
{
	char *s = w->rest, *end;

	if (!s || !*s) {
		w->bad = true;
		return NULL;
	}
	end = strchr(s, ' ');
	w->rest = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	w->bad = w->bad || !*s;
	return s;
}

static uint64_t number(struct words *w, uint64_t max)
{
	const char *s = word(w);
	uint64_t v = 0;

	if (!s || num_u64(s, &v) < 0 || v > max)
		w->bad = true;
	return v;
}

static uint32_t octal(struct words *w)
{
	const char *s = word(w);
	uint32_t v = 0;

	for (; s && *s; s++) {
		w->bad = w->bad || *s < '0' || *s > '7' || v > 07777;
		v = v * 8 + (uint32_t)(*s - '0');
	}
	w->bad = w->bad || v > 07777;
	return v;
}

static int64_t seconds(struct words *w)
{
	const char *s = word(w);
	int64_t v = 0;

	if (!s || num_i64(s, &v) < 0)
		w->bad = true;
	return v;
}

/* A name below the top that stays there: no empty, "." or ".." part. "." is the top itself. */
static bool name_ok(const char *s)
{
	if (strlen(s) > 4095)
		return false;
	if (str_eq(s, "."))
		return true;
	for (;;) {
		size_t n = strcspn(s, "/");

		if (n == 0 || n > 255 || (n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.'))
			return false;
		if (!s[n])
			return true;
		s += n + 1;
	}
}

static void take_names(struct words *w, struct bk_row *r)
{
	bool link = r->type == 'l' || r->type == 'h';

	r->path = word(w);
	r->target = link ? word(w) : NULL;
	if (w->bad || w->rest || take_word(r->path) < 0 || (link && take_word(r->target) < 0)) {
		w->bad = true;
		return;
	}
	w->bad = !name_ok(r->path) || (r->type == 'h' && !name_ok(r->target)) || (r->type == 'l' && strlen(r->target) > 4095);
}

int bk_row_parse(char *line, struct bk_row *ret, struct err *e)
{
	struct words w = { .rest = line };
	struct bk_row r = { 0 };
	const char *type = word(&w), *sha;

	r.type = type && type[0] && !type[1] && strchr("fdlhp", type[0]) ? type[0] : '\0';
	r.archive = (uint32_t)number(&w, BK_CHAIN_MAX - 1);
	r.off = number(&w, INT64_MAX);
	r.len = number(&w, INT64_MAX);
	r.data = number(&w, INT64_MAX);
	r.data_len = number(&w, INT64_MAX);
	r.sparse = number(&w, 1);
	r.mode = octal(&w);
	r.uid = (uint32_t)number(&w, UINT32_MAX);
	r.gid = (uint32_t)number(&w, UINT32_MAX);
	r.nlink = (uint32_t)number(&w, UINT32_MAX);
	r.size = number(&w, INT64_MAX);
	r.ino = number(&w, UINT64_MAX);
	r.mtime = seconds(&w);
	r.mtime_ns = (uint32_t)number(&w, 999999999);
	r.ctime = seconds(&w);
	r.ctime_ns = (uint32_t)number(&w, 999999999);
	sha = word(&w);
	if (!w.bad && !str_eq(sha, "-") && (strlen(sha) != 64 || unhex(sha, r.sha, 32) < 0))
		w.bad = true;
	if (!w.bad && r.type)
		take_names(&w, &r);
	if (w.bad || !r.type || r.data > r.len || r.data_len > r.len - r.data || r.off > INT64_MAX - r.len)
		return bad(e, "a line of the index is none");
	*ret = r;
	return 0;
}

/* A name's end comes first, then what lies below it, then the siblings. */
static unsigned rank(char c)
{
	return !c ? 0 : c == '/' ? 1 : (unsigned char)c + 1u;
}

int bk_path_cmp(const char *a, const char *b)
{
	a += str_eq(a, ".");		/* the top comes before all */
	b += str_eq(b, ".");
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (rank(*a) > rank(*b)) - (rank(*a) < rank(*b));
}

/* --- meta -------------------------------------------------------------------------------------------------------- */

void bk_meta_add(struct buf *b, const char *name, const void *p, size_t n)
{
	buf_addf(b, "%s %zu\n", name, n);
	buf_add(b, p, n);
}

int bk_meta_get(const char *meta, size_t len, const char *name, const char **ret, size_t *ret_len, struct err *e)
{
	while (len) {
		const char *nl = memchr(meta, '\n', len), *blank = nl ? memchr(meta, ' ', (size_t)(nl - meta)) : NULL;
		char digits[12];
		uint64_t n = 0;

		if (!blank || str_fmt(digits, sizeof(digits), "%.*s", (int)(nl - blank - 1), blank + 1) < 0 ||
				num_u64(digits, &n) < 0 ||
		    n > len - (size_t)(nl + 1 - meta))
			return bad(e, "the part with its configuration is damaged");
		if (strlen(name) == (size_t)(blank - meta) && memcmp(meta, name, strlen(name)) == 0) {
			*ret = nl + 1;
			*ret_len = n;
			return 0;
		}
		len -= (size_t)(nl + 1 - meta) + n;
		meta = nl + 1 + n;
	}
	return err_say(e, ENOENT, "it holds no %s", name);
}
