/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the inventory last knew, in one small file: the next vzd compares, so that what happened while none ran is still told.
 * Written a moment after a change, without fsync: after a power loss nothing runs anyway and the comparison says so.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/num.h"
#include "util/path.h"
#include "util/table.h"
#include "vzd/inv_priv.h"

#define SAVE_FILE "inventory"
#define SAVE_MS 500
#define LINE_MAX_LEN 128

static void save(void *arg)
{
	struct inv *v = arg;
	struct buf auto_buf b = { .cap = 64u << 20 };
	auto_close int dir = open(VZD_LIB, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err e = { 0 };

	v->save_timer = NULL;
	for (size_t i = 0; i < v->n; i++)
		buf_addf(&b, "%u %s %" PRIu64 " %s %s\n", v->v[i]->id, inv_state_names[v->v[i]->state], v->v[i]->gen,
			 v->v[i]->etag[0] ? v->v[i]->etag : "-", v->v[i]->owner && v->v[i]->owner[0] ? v->v[i]->owner : "-");
	if (dir < 0 || buf_failed(&b) || fio_replace_run(dir, SAVE_FILE, buf_str(&b), b.len, 0600, &e) < 0)
		vzd_log(LOG_WARNING, "the inventory was not saved: %s", e.code ? e.text : strerror(dir < 0 ? ENOENT : ENOMEM));
}

void inv_save_soon(struct inv *v)
{
	struct err e = { 0 };

	if (!v->save_timer)
		ev_add_timer(v->d->ev, "inv.save", SAVE_MS, 0, save, v, &v->save_timer, &e);
}

void inv_save_now(struct inv *v)
{
	ev_del(v->save_timer);
	save(v);
}

/* The next word of *p into @dst; false: there is none, or it is too long. */
static bool word(const char **p, char *dst, size_t size)
{
	size_t n = strcspn(*p, " ");

	if (!n || n >= size)
		return false;
	memcpy(dst, *p, n);
	dst[n] = '\0';
	*p += n + ((*p)[n] == ' ');
	return true;
}

static bool read_line(const char *line, struct inv_saved *s)
{
	char id[16], state[16], gen[24], owner[40];
	uint64_t n;
	int st;

	if (!word(&line, id, sizeof(id)) || !word(&line, state, sizeof(state)) || !word(&line, gen, sizeof(gen)) ||
	    !word(&line, s->etag, sizeof(s->etag)) || !word(&line, owner, sizeof(owner)) || *line)
		return false;
	st = table_find(inv_state_names, INV_N, state);
	if (num_u64(id, &n) < 0 || !n || n > CT_ID_MAX || st < 0 || num_u64(gen, &s->gen) < 0)
		return false;
	s->id = (unsigned)n;
	s->state = (enum inv_state)st;
	if (str_eq(s->etag, "-"))
		s->etag[0] = '\0';
	str_copy(s->owner, sizeof(s->owner), str_eq(owner, "-") ? "" : owner);
	return true;
}

int inv_saved_load(struct inv_saved **ret, size_t *ret_n)
{
	auto_close int dir = open(VZD_LIB, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct buf auto_buf b = { .cap = 64u << 20 };
	struct inv_saved *v;
	struct err e = { 0 };
	size_t n = 0, lines = 1, len;

	if (dir < 0 || fio_read_at(dir, SAVE_FILE, &b, &e) < 0)
		return -ENOENT;
	for (size_t i = 0; i < b.len; i++)
		lines += b.s[i] == '\n';
	v = calloc(lines, sizeof(*v));
	if (!v)
		return -ENOMEM;
	for (const char *p = buf_str(&b); *p; p += len + (p[len] == '\n')) {
		char line[LINE_MAX_LEN];

		len = strcspn(p, "\n");
		if (str_fmt(line, sizeof(line), "%.*s", (int)len, p) == 0 && read_line(line, &v[n]))
			n++;
	}
	*ret = v;
	*ret_n = n;
	return 0;
}
