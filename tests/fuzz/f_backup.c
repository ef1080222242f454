/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/backup_fmt.c: the end of an archive, a line of its index, its meta part. The first byte says which. */
#include <string.h>

#include "templates/backup_fmt.h"
#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/str.h"

static void end_of(const uint8_t *data, size_t size)
{
	uint8_t raw[BK_END_SIZE] = { 0 }, back[BK_END_SIZE];
	struct bk_end d, again;
	struct err e = { 0 };

	memcpy(raw, data, MIN(size, sizeof(raw)));
	if (bk_end_get(raw, size < 8 ? 0 : data[0] | (uint64_t)data[1] << 8, &d, &e) < 0)
		FUZZ_CHECK(e.code && e.text[0]);
	/* whatever an end says, a right digest makes it either a whole layout or an error */
	bk_end_put(&(struct bk_end){ .pieces_off = size, .index_off = size, .meta_off = size, .depth = size & 3 }, raw);
	bk_end_get(raw, size, &d, &e);
	d = (struct bk_end){ .pieces_off = BK_HEAD, .index_off = 2 * BK_HEAD, .meta_off = 3 * BK_HEAD };
	bk_end_sum(&d, data, MIN(size, (size_t)64));
	bk_end_put(&d, back);
	FUZZ_CHECK(bk_end_get(back, 3 * BK_HEAD + BK_HEAD + BK_END_SIZE, &again, &e) == 0);
	FUZZ_CHECK(!size || bk_end_sealed(&again, data, MIN(size, (size_t)64)));
}

static void line_of(const uint8_t *data, size_t size)
{
	auto_free char *line = strndup((const char *)data, size), *copy = NULL;
	struct buf auto_buf b = { .cap = 1 << 20 }, b2 = { .cap = 1 << 20 };
	struct bk_row r, r2;
	struct err e = { 0 };

	if (!line || bk_row_parse(line, &r, &e) < 0)
		return;
	FUZZ_CHECK(strlen(r.path) < 4096 && !str_starts(r.path, "/") && !strstr(r.path, "/../") && !str_starts(r.path, "../"));
	FUZZ_CHECK(r.data <= r.len && r.data_len <= r.len - r.data && (r.type == 'l' || r.type == 'h') == (r.target != NULL));
	bk_row_print(&b, &r);
	copy = strndup(buf_str(&b), b.len - 1);
	FUZZ_CHECK(copy && bk_row_parse(copy, &r2, &e) == 0);
	bk_row_print(&b2, &r2);
	FUZZ_CHECK(str_eq(buf_str(&b), buf_str(&b2)) && bk_path_cmp(r.path, r2.path) == 0);
}

static void meta_of(const uint8_t *data, size_t size)
{
	const char *p;
	struct err e = { 0 };
	size_t n;

	if (bk_meta_get((const char *)data, size, "vps.conf", &p, &n, &e) == 0)
		FUZZ_CHECK(p >= (const char *)data && n <= size && p + n <= (const char *)data + size);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	if (!size)
		return;
	if (data[0] == 'e')
		end_of(data + 1, size - 1);
	else if (data[0] == 'm')
		meta_of(data + 1, size - 1);
	else
		line_of(data + 1, size - 1);
}
