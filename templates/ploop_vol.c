/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The volume that the file system lies on: a part of the disk, with some blocks read from the journal instead. */
#include <errno.h>
#include <string.h>

#include "templates/unploop_proto.h"
#include "util/auto.h"

#define JOURNAL_MAGIC "\xc0\x3b\x39\x98"	/* was taken out of a block that begins with it */

/* The first one at or after @block. */
static size_t lower(const struct ploop_vol *v, uint64_t block)
{
	size_t lo = 0, hi = v->n_over;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v->over[mid].block < block)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int read_over(struct ploop_vol *v, const struct ploop_over *o, size_t skip, char *buf, size_t n, struct err *e)
{
	if (ploop_chain_read(v->chain, v->off + o->from * v->bs + skip, buf, n, e) < 0)
		return -e->code;
	for (size_t i = skip; o->escaped && i < 4 && i - skip < n; i++)
		buf[i - skip] = JOURNAL_MAGIC[i];
	return 0;
}

int ploop_vol_read(struct ploop_vol *v, uint64_t off, void *buf, size_t len, struct err *e)
{
	char *p = buf;

	if (off > v->bytes || len > v->bytes - off)
		return err_say(e, EBADMSG, "the file system is damaged: it points behind the end of its partition");
	while (len) {
		size_t k = v->n_over ? lower(v, off / v->bs) : 0, n = len;
		bool hit = k < v->n_over && v->over[k].block == off / v->bs;

		if (hit)
			n = MIN(len, v->bs - (size_t)(off % v->bs));
		else if (k < v->n_over)
			n = (size_t)MIN((uint64_t)len, v->over[k].block * v->bs - off);
		if (hit ? read_over(v, &v->over[k], (size_t)(off % v->bs), p, n, e) < 0
			: ploop_chain_read(v->chain, v->off + off, p, n, e) < 0)
			return -e->code;
		p += n;
		off += n;
		len -= n;
	}
	return 0;
}
