/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an archive and those it builds on hold together, as one tar: the members that the index of the last one names, each
 * copied from the archive that has it. Or the list of them, or nothing but the check. In the box. Only vz-backup links it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "templates/backup_box.h"
#include "util/auto.h"
#include "util/fio.h"
#include "util/str.h"

struct emit {
	struct bk_run *run;
	struct bk_in in[BK_CHAIN_MAX];
	unsigned n;
	bool write;
	struct str_list also;		/* targets of chosen hard links that are not chosen themselves */
	char last[4096];		/* the line before: the order is part of the format */
};

static void done(struct emit *m)
{
	for (unsigned i = 0; i < m->n; i++)
		bk_in_close(&m->in[i]);
	str_list_clear(&m->also);
}

static int bad(struct emit *m, uint32_t i, struct err *e)
{
	*m->run->bad = i + 1;
	return -e->code;
}

static int open_chain(struct emit *m, struct err *e)
{
	for (; m->n < m->run->go->n_chain; m->n++)
		if (bk_in_open(&m->in[m->n], m->run->chain[m->n], e) < 0) {
			bk_in_close(&m->in[m->n]);
			return bad(m, m->n, e);
		}
	if (m->n == 0 || m->in[m->n - 1].end.depth != m->n - 1)
		return err_say(e, EBADMSG, "the chain of archives is not whole");
	return 0;
}

static bool is_chosen(const struct emit *m, const char *path)
{
	const char *p = m->run->go->select, *end = p + m->run->go->select_len;

	if (p == end)
		return true;
	for (; p < end; p += strlen(p) + 1) {
		size_t n = strlen(p);

		if (strncmp(path, p, n) == 0 && (!path[n] || path[n] == '/'))
			return true;
	}
	return false;
}

static int put_out(const void *p, size_t n, struct err *e)
{
	int rc = fio_write_all(BK_OUT, p, n);

	return rc < 0 ? err_set(e, -rc, "pass the files on") : 0;
}

static int copy(struct emit *m, const struct bk_row *r, struct err *e)
{
	struct bk_in *in = &m->in[r->archive];

	for (uint64_t at = 0; at < r->len; ) {
		const uint8_t *p;
		size_t got;

		if (bk_in_get(in, r->off + at, r->len - at, &p, &got, e) < 0)
			return bad(m, r->archive, e);
		if (m->write && put_out(p, got, e) < 0)
			return -e->code;
		at += got;
	}
	return 0;
}

static int check_row(struct emit *m, const struct bk_row *r, struct err *e)
{
	if (r->archive >= m->n || r->off % 512 || r->len % 512 || r->len < 1024)
		return err_say(e, EBADMSG, "a line of the index names no member");
	if (m->last[0] && bk_path_cmp(m->last, r->path) >= 0)
		return err_say(e, EBADMSG, "the index is not in order");
	return str_copy(m->last, sizeof(m->last), r->path);
}

static int each(struct emit *m, int (*fn)(struct emit *m, const struct bk_row *r, struct err *e), struct err *e)
{
	struct bk_rows *rows = NULL;
	struct bk_row r;
	uint64_t n = 0;
	int rc;

	m->last[0] = '\0';
	if (bk_rows_open(&rows, &m->in[m->n - 1], e) < 0)
		return bad(m, m->n - 1, e);
	while ((rc = bk_rows_next(rows, &r, e)) > 0) {
		n++;
		rc = check_row(m, &r, e) < 0 ? -e->code : fn(m, &r, e);
		if (rc < 0)
			break;
	}
	bk_rows_close(rows);
	if (rc == 0 && n != m->in[m->n - 1].end.entries)
		return err_say(e, EBADMSG, "the index has %" PRIu64 " files and not %" PRIu64, n, m->in[m->n - 1].end.entries);
	return rc;
}

static int note_links(struct emit *m, const struct bk_row *r, struct err *e)
{
	if (r->type != 'h' || !is_chosen(m, r->path) || is_chosen(m, r->target) || str_list_has(&m->also, r->target))
		return 0;
	m->run->count->links++;
	return str_list_add(&m->also, r->target, e);
}

static int emit_row(struct emit *m, const struct bk_row *r, struct err *e)
{
	if (!is_chosen(m, r->path) && !str_list_has(&m->also, r->path))
		return 0;
	m->run->count->entries++;
	if (copy(m, r, e) < 0)
		return -e->code;
	m->run->count->bytes += r->type == 'f' ? r->size : 0;
	bk_tell(m->run);
	return 0;
}

static int emit(struct bk_run *r, bool write, struct err *e)
{
	auto_call(done) struct emit m = { .run = r, .write = write };
	static const char zeros[1024];

	if (open_chain(&m, e) < 0)
		return -e->code;
	if (r->go->select_len && each(&m, note_links, e) < 0)
		return -e->code;
	r->count->total = m.in[m.n - 1].end.bytes;
	if (each(&m, emit_row, e) < 0)
		return -e->code;
	if (r->go->select_len && r->count->entries == 0)
		return err_say(e, ENOENT, "it holds no file of that name");
	return write ? put_out(zeros, sizeof(zeros), e) : 0;
}

int bk_emit(struct bk_run *r, struct err *e)
{
	return emit(r, true, e);
}

/* Every byte: also those of pieces that no line names, and the indexes of the archives before. */
static int check_all(struct bk_in *in, struct err *e)
{
	struct bk_rows *rows = NULL;
	const uint8_t *p;
	size_t got;

	if (bk_rows_open(&rows, in, e) < 0)
		return -e->code;
	bk_rows_close(rows);
	for (uint64_t at = 0; at < in->end.tar_len; at += got)
		if (bk_in_get(in, at, BK_PIECE, &p, &got, e) < 0)
			return -e->code;
	return 0;
}

int bk_check(struct bk_run *r, struct err *e)
{
	auto_call(done) struct emit m = { .run = r };

	if (open_chain(&m, e) < 0)
		return -e->code;
	for (unsigned i = 0; i < m.n; i++)
		if (check_all(&m.in[i], e) < 0)
			return bad(&m, i, e);
	return emit(r, false, e);
}

/* --- list ----------------------------------------------------------------------------------------------------------- */

static int list_row(struct emit *m, const struct bk_row *r, struct err *e)
{
	struct buf auto_buf b = { .cap = 65536 };

	if (!is_chosen(m, r->path))
		return 0;
	m->run->count->entries++;
	bk_row_print(&b, r);
	return put_out(buf_str(&b), b.len, e);
}

int bk_list(struct bk_run *r, struct err *e)
{
	auto_call(done) struct emit m = { .run = r };

	return open_chain(&m, e) < 0 ? -e->code : each(&m, list_row, e);
}
