/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The index while it is written: lines into one zstd frame in memory. Only vz-backup links it. */
#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#include "templates/backup_box.h"
#include "util/auto.h"

#define PACKED_MAX (1ull << 30)
#define CHUNK (128u << 10)

struct bk_pack {
	ZSTD_CStream *z;
	struct buf lines, out;
	uint64_t raw;
};

int bk_pack_open(struct bk_pack **ret, struct err *e)
{
	struct bk_pack *p = calloc(1, sizeof(*p));

	if (p)
		p->z = ZSTD_createCStream();
	if (!p || !p->z || ZSTD_isError(ZSTD_initCStream(p->z, 3))) {
		bk_pack_close(p);
		return err_set(e, ENOMEM, "index");
	}
	buf_init(&p->lines, 2 * CHUNK + BK_LINE_MAX);
	buf_init(&p->out, PACKED_MAX);
	*ret = p;
	return 0;
}

void bk_pack_close(struct bk_pack *p)
{
	if (!p)
		return;
	ZSTD_freeCStream(p->z);
	buf_done(&p->lines);
	buf_done(&p->out);
	free(p);
}

static int squeeze(struct bk_pack *p, ZSTD_EndDirective how, struct err *e)
{
	ZSTD_inBuffer in = { buf_str(&p->lines), p->lines.len, 0 };
	size_t left;

	do {
		char chunk[16384];
		ZSTD_outBuffer out = { chunk, sizeof(chunk), 0 };

		left = ZSTD_compressStream2(p->z, &out, &in, how);
		if (ZSTD_isError(left))
			return err_say(e, ENOMEM, "index: %s", ZSTD_getErrorName(left));
		buf_add(&p->out, chunk, out.pos);
	} while (in.pos < in.size || (how == ZSTD_e_end && left));
	p->raw += p->lines.len;
	buf_reset(&p->lines);
	if (buf_failed(&p->out) || p->raw > BK_INDEX_MAX)
		return err_say(e, EFBIG, "the index of so many files has no room in an archive");
	return 0;
}

int bk_pack_row(struct bk_pack *p, const struct bk_row *r, struct err *e)
{
	bk_row_print(&p->lines, r);
	if (buf_failed(&p->lines))
		return err_set(e, ENOMEM, "index");
	return p->lines.len >= CHUNK ? squeeze(p, ZSTD_e_continue, e) : 0;
}

int bk_pack_end(struct bk_pack *p, const struct buf **ret, uint64_t *raw, struct err *e)
{
	if (squeeze(p, ZSTD_e_end, e) < 0)
		return -e->code;
	*ret = &p->out;
	*raw = p->raw;
	return 0;
}
