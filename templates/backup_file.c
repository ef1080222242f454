/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One file for the archive: its contents without its holes, its extended attributes, its other names. Only vz-backup links it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "templates/backup_walk.h"
#include "util/auto.h"
#include "util/str.h"

#define SEGS_MAX (1u << 20)
#define CHUNK ((size_t)1 << 20)

/* --- contents ---------------------------------------------------------------------------------------------------- */

static int add_seg(struct bk_walk *w, uint64_t off, uint64_t len, struct err *e)
{
	if (w->n_seg == w->max_seg) {
		size_t max = w->max_seg ? w->max_seg * 2 : 64;
		struct bk_seg *v = max > SEGS_MAX ? NULL : reallocarray(w->seg, max, sizeof(*v));

		if (!v)
			return err_set(e, ENOMEM, "the map of its holes");
		w->seg = v;
		w->max_seg = max;
	}
	w->seg[w->n_seg++] = (struct bk_seg){ off, len };
	return 0;
}

static int find_segs(struct bk_walk *w, int fd, uint64_t size, struct err *e)
{
	off_t at = 0;

	while (at < (off_t)size) {
		off_t from = lseek(fd, at, SEEK_DATA), to;

		if (from < 0 && errno == ENXIO)
			break;
		to = from < 0 ? -1 : lseek(fd, from, SEEK_HOLE);
		if (to < 0)
			return err_set(e, errno, "its holes");
		to = MIN(to, (off_t)size);
		if (from >= to)
			break;
		if (add_seg(w, (uint64_t)from, (uint64_t)(to - from), e) < 0)
			return -e->code;
		at = to;
	}
	return 0;
}

/* The map that stands before the contents of a sparse file; a hole at the end is a segment without a byte. */
static int put_map(struct bk_walk *w, uint64_t size, struct err *e)
{
	buf_reset(&w->map);
	if ((w->n_seg == 0 || w->seg[w->n_seg - 1].off + w->seg[w->n_seg - 1].len < size) && add_seg(w, size, 0, e) < 0)
		return -e->code;
	return bk_tar_map(&w->map, w->seg, w->n_seg, e);
}

int bk_segments(struct bk_walk *w, int fd, struct bk_row *r, struct err *e)
{
	struct stat st;

	w->n_seg = 0;
	w->stored = r->size;
	r->sparse = false;
	if (r->size == 0)
		return 0;
	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "its size");
	if ((uint64_t)st.st_blocks * 512 >= r->size || r->size < 8192)
		return add_seg(w, 0, r->size, e);
	if (find_segs(w, fd, r->size, e) < 0)
		return -e->code;
	if (w->n_seg == 1 && w->seg[0].off == 0 && w->seg[0].len == r->size)
		return 0;
	r->sparse = true;
	if (put_map(w, r->size, e) < 0)
		return -e->code;
	w->stored = w->map.len;
	for (size_t i = 0; i < w->n_seg; i++)
		w->stored += w->seg[i].len;
	return 0;
}

struct sink { struct bk_walk *w; struct sha256 sum; bool write; };

static int take(struct sink *s, int fd, const struct bk_seg *seg, struct err *e)
{
	uint8_t own[65536];

	for (uint64_t at = 0; at < seg->len; ) {
		uint8_t *to = own;
		size_t room = sizeof(own);
		ssize_t n;

		if (s->write && bk_zst_room(s->w->out, &to, &room, e) < 0)
			return -e->code;
		room = MIN(room, CHUNK);
		bk_ahead_in(fd, seg->off + at, room, seg->off + seg->len);
		n = pread(fd, to, MIN((uint64_t)room, seg->len - at), (off_t)(seg->off + at));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? err_set(e, errno, "contents") : err_say(e, EAGAIN, "it became shorter while it was read");
		sha256_add(&s->sum, to, (size_t)n);
		if (s->write && bk_zst_took(s->w->out, (size_t)n, e) < 0)
			return -e->code;
		at += (uint64_t)n;
		if (s->write) {
			s->w->run->count->bytes += (uint64_t)n;
			bk_tell(s->w->run);
		}
	}
	return 0;
}

static void add_u64(struct sha256 *s, uint64_t v)
{
	sha256_add(s, &v, sizeof(v));
}

/* The digest of a file: attributes, then what its member holds. */
static int pass(struct bk_walk *w, int fd, struct bk_row *r, bool write, uint8_t sha[32], struct err *e)
{
	struct sink s = { .w = w, .write = write };

	sha256_init(&s.sum);
	for (size_t i = 0; i < w->n_xattr; i++) {
		sha256_add(&s.sum, w->xattr[i].name, strlen(w->xattr[i].name) + 1);
		add_u64(&s.sum, w->xattr[i].len);
		sha256_add(&s.sum, w->xattr[i].val, w->xattr[i].len);
	}
	if (r->sparse) {
		sha256_add(&s.sum, buf_str(&w->map), w->map.len);
		if (write && bk_zst_add(w->out, buf_str(&w->map), w->map.len, e) < 0)
			return -e->code;
	}
	for (size_t i = 0; i < w->n_seg; i++)
		if (take(&s, fd, &w->seg[i], e) < 0)
			return -e->code;
	sha256_end(&s.sum, sha);
	return 0;
}

int bk_same(struct bk_walk *w, int fd, struct bk_row *r, const struct bk_row *before, bool *same, struct err *e)
{
	uint8_t sha[32];

	*same = false;
	if (before->data_len != w->stored || before->sparse != r->sparse)
		return 0;
	if (bk_xattrs(w, r, e) < 0 || pass(w, fd, r, false, sha, e) < 0)
		return -e->code;
	*same = memcmp(sha, before->sha, sizeof(sha)) == 0;
	return 0;
}

int bk_contents(struct bk_walk *w, int fd, struct bk_row *r, struct err *e)
{
	return pass(w, fd, r, true, r->sha, e);
}

/* --- extended attributes ----------------------------------------------------------------------------------------- */

static bool is_kept(const char *name)
{
	if (str_eq(name, "security.capability") || str_eq(name, "system.posix_acl_access") || str_eq(name,
			"system.posix_acl_default"))
		return true;
	return str_starts(name, "user.") && !str_starts(name, "user.overlay.") && !strpbrk(name, "=%\n") && strlen(name) < 256;
}

static int add_xattr(struct bk_walk *w, const char *name, struct bk_xattr *x, struct err *e)
{
	static uint8_t val[65536];
	ssize_t n = lgetxattr(w->name, name, val, sizeof(val));

	if (n < 0)
		return errno == ENODATA ? 0 : err_set(e, errno, "attribute %.80s", name);
	x->name = (const char *)(uintptr_t)w->xattrs.len;	/* offsets, until nothing is added any more */
	buf_add(&w->xattrs, name, strlen(name) + 1);
	x->val = (const void *)(uintptr_t)w->xattrs.len;
	x->len = (size_t)n;
	buf_add(&w->xattrs, val, (size_t)n);
	return buf_failed(&w->xattrs) ? err_set(e, ENOMEM, "attributes") : 1;
}

int bk_xattrs(struct bk_walk *w, const struct bk_row *r, struct err *e)
{
	static char list[65536];
	ssize_t len;

	w->n_xattr = 0;
	buf_reset(&w->xattrs);
	if (r->type == 'h' || r->type == 'l')
		return 0;
	len = llistxattr(w->name, list, sizeof(list));
	if (len < 0)
		return errno == ENOTSUP ? 0 : err_set(e, errno, "attributes");
	for (const char *p = list; p < list + len; p += strlen(p) + 1) {
		int rc;

		if (!is_kept(p) || w->n_xattr == BK_XATTRS_MAX) {
			w->run->count->xattrs += is_kept(p) || str_starts(p, "user.");
			continue;
		}
		rc = add_xattr(w, p, &w->xattr[w->n_xattr], e);
		if (rc < 0)
			return rc;
		w->n_xattr += (size_t)rc;
	}
	for (size_t i = 0; i < w->n_xattr; i++) {
		w->xattr[i].name = buf_str(&w->xattrs) + (uintptr_t)w->xattr[i].name;
		w->xattr[i].val = buf_str(&w->xattrs) + (uintptr_t)w->xattr[i].val;
	}
	return 0;
}

/* --- other names of an inode --------------------------------------------------------------------------------------- */

struct bk_link { dev_t dev; ino_t ino; char path[]; };

static size_t slot_of(const struct bk_walk *w, dev_t dev, ino_t ino)
{
	uint64_t h = ((uint64_t)ino ^ (uint64_t)dev << 17) * 0x9e3779b97f4a7c15ull;
	size_t i = (size_t)(h >> 20) & (w->n_slots - 1);

	while (w->links[i] && (w->links[i]->dev != dev || w->links[i]->ino != ino))
		i = (i + 1) & (w->n_slots - 1);
	return i;
}

static int grow(struct bk_walk *w, struct err *e)
{
	struct bk_link **old = w->links;
	size_t n = w->n_slots;

	w->n_slots = n ? n * 2 : 1024;
	w->links = calloc(w->n_slots, sizeof(*w->links));
	if (!w->links) {
		w->links = old;
		w->n_slots = n;
		return err_set(e, ENOMEM, "hard links");
	}
	for (size_t i = 0; i < n; i++)
		if (old[i])
			w->links[slot_of(w, old[i]->dev, old[i]->ino)] = old[i];
	free(old);
	return 0;
}

int bk_links_find(struct bk_walk *w, const struct stat *st, const char **first, struct err *e)
{
	size_t len = strlen(w->path) + 1, i;
	struct bk_link *l;

	if (2 * (w->n_links + 1) > w->n_slots && grow(w, e) < 0)
		return -e->code;
	i = slot_of(w, st->st_dev, st->st_ino);
	*first = w->links[i] ? w->links[i]->path : NULL;
	if (*first)
		return 0;
	l = malloc(sizeof(*l) + len);
	if (!l)
		return err_set(e, ENOMEM, "hard links");
	l->dev = st->st_dev;
	l->ino = st->st_ino;
	memcpy(l->path, w->path, len);
	w->links[i] = l;
	w->n_links++;
	return 0;
}

void bk_links_done(struct bk_walk *w)
{
	for (size_t i = 0; i < w->n_slots; i++)
		free(w->links[i]);
	free(w->links);
}
