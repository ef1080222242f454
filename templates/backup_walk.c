/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a container's tree into an archive. The tree is this process's root, mounted read-only, and nothing in it is
 * followed: a directory is entered by its descriptor, a file is opened by its name in the current directory, and only a
 * regular one. Files whose inode says that nothing was changed since the archive before, and those whose contents turn out
 * to be the same, are lines of the index that point there.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "templates/backup_walk.h"
#include "util/auto.h"
#include "util/str.h"
#include "util/sys.h"

#define DEPTH_MAX 250		/* vz-unpack takes 256 */
#define PATH_LEN_MAX 4000
#define NAMES_MAX (512u << 20)

struct names { struct buf text; size_t n; const char **v; };

static void names_done(struct names *l)
{
	buf_done(&l->text);
	free(l->v);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names in the current directory, in their order. */
static int names_read(struct names *l, int dir, struct err *e)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	const char *p;

	if (!d && fd >= 0)
		close(fd);
	if (!d)
		return err_set(e, errno, "read a directory");
	errno = 0;
	while ((de = readdir(d))) {
		if (str_eq(de->d_name, ".") || str_eq(de->d_name, ".."))
			continue;
		buf_add(&l->text, de->d_name, strlen(de->d_name) + 1);
		l->n++;
	}
	if (errno)
		return err_set(e, errno, "read a directory");
	l->v = calloc(l->n + 1, sizeof(*l->v));
	if (!l->v || buf_failed(&l->text))
		return err_set(e, ENOMEM, "names of a directory");
	p = buf_str(&l->text);
	for (size_t i = 0; i < l->n; i++, p += strlen(p) + 1)
		l->v[i] = p;
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_name);
	return 0;
}

static int here(struct bk_walk *w, struct err *e, int code, const char *what)
{
	char shown[160];
	size_t n = 0;

	for (const char *p = w->path; *p && n < sizeof(shown) - 1; p++)
		shown[n++] = (unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p;
	shown[n] = '\0';
	return err_set(e, code, "%s /%s", what, shown);
}

static bool is_excluded(struct bk_walk *w)
{
	const char *p = w->run->go->select, *end = p + w->run->go->select_len;

	for (; p < end; p += strlen(p) + 1) {
		if (fnmatch(p + (*p == '/'), w->path, 0) == 0) {
			w->run->count->excluded++;
			return true;
		}
	}
	return false;
}

/* --- what a file is ---------------------------------------------------------------------------------------------- */

static void fill_row(struct bk_walk *w, const struct stat *st, struct bk_row *r)
{
	*r = (struct bk_row){
		.mode = st->st_mode & 07777, .uid = st->st_uid, .gid = st->st_gid, .nlink = (uint32_t)st->st_nlink,
				.ino = st->st_ino,
		.mtime = st->st_mtim.tv_sec, .mtime_ns = (uint32_t)st->st_mtim.tv_nsec, .ctime = st->st_ctim.tv_sec,
		.ctime_ns = (uint32_t)st->st_ctim.tv_nsec, .path = w->path, .archive = w->self,
	};
}

/* 0: it is none that an archive keeps. */
static char type_of(struct bk_walk *w, mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG: return 'f';
	case S_IFDIR: return 'd';
	case S_IFLNK: return 'l';
	case S_IFIFO: return 'p';
	case S_IFSOCK: w->run->count->sockets++; return 0;	/* its program makes it anew */
	}
	w->run->count->nodes++;				/* a container's /dev is vz's own */
	return 0;
}

static bool same_inode(const struct bk_row *a, const struct bk_row *b)
{
	return a->mode == b->mode && a->uid == b->uid && a->gid == b->gid && a->mtime == b->mtime && a->mtime_ns == b->mtime_ns &&
	       a->type == b->type && a->size == b->size;
}

/* The line that the archive before has for this path, if it says the same but for the contents. */
static int look_before(struct bk_walk *w, const struct bk_row *r, const struct bk_row **ret, struct err *e)
{
	int rc = 1;

	*ret = NULL;
	while (w->before && (w->before_valid || (rc = bk_rows_next(w->before, &w->before_row, e)) > 0)) {
		int cmp = bk_path_cmp(w->before_row.path, r->path);

		w->before_valid = cmp > 0;
		if (cmp == 0 && same_inode(&w->before_row, r) && str_eq(w->before_row.target, r->target))
			*ret = &w->before_row;
		if (cmp >= 0)
			return 0;
	}
	return rc < 0 ? rc : 0;
}

static bool unchanged(const struct bk_walk *w, const struct bk_row *before, const struct bk_row *now)
{
	return !w->run->go->compare && before->ctime == now->ctime && before->ctime_ns == now->ctime_ns;
}

static int keep(struct bk_walk *w, const struct bk_row *now, const struct bk_row *before, struct err *e)
{
	struct bk_row r = *now;

	r.archive = before->archive;
	r.off = before->off;
	r.len = before->len;
	r.data = before->data;
	r.data_len = before->data_len;
	r.sparse = before->sparse;
	memcpy(r.sha, before->sha, sizeof(r.sha));
	w->run->count->kept++;
	return bk_pack_row(w->pack, &r, e);
}

/* The member's head goes out; its row knows then where it is. */
static int put_head(struct bk_walk *w, struct bk_row *r, uint64_t stored, struct err *e)
{
	struct bk_member m = { .row = r, .stored = stored, .xattr = w->xattr };

	if (bk_xattrs(w, r, e) < 0)
		return -e->code;
	m.n_xattr = w->n_xattr;
	buf_reset(&w->head);
	if (bk_tar_head(&w->head, &m, e) < 0)
		return -e->code;
	r->off = bk_zst_at(w->out);
	r->data = w->head.len;
	r->data_len = stored;
	return bk_zst_add(w->out, buf_str(&w->head), w->head.len, e);
}

static int put_tail(struct bk_walk *w, struct bk_row *r, struct err *e)
{
	if (bk_zst_zeros(w->out, (512 - bk_zst_at(w->out) % 512) % 512, e) < 0)
		return -e->code;
	r->len = bk_zst_at(w->out) - r->off;
	return bk_pack_row(w->pack, r, e);
}

/* --- kinds of files ---------------------------------------------------------------------------------------------- */

static int put_file(struct bk_walk *w, const char *name, struct bk_row *r, const struct stat *st, struct err *e)
{
	auto_close int fd = openat(AT_FDCWD, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const struct bk_row *before;
	struct stat now;

	if (fd < 0 || fstat(fd, &now) < 0)
		return here(w, e, errno, "open");
	if (!S_ISREG(now.st_mode) || now.st_ino != st->st_ino)
		return here(w, e, EAGAIN, "it was exchanged while it was read:");
	r->size = (uint64_t)now.st_size;
	if (look_before(w, r, &before, e) < 0)
		return -e->code;
	if (before && unchanged(w, before, r) && before->ino == r->ino) {
		w->run->count->bytes += r->size;
		return keep(w, r, before, e);
	}
	if (bk_segments(w, fd, r, e) < 0)
		return here(w, e, e->code, "read");
	if (before) {		/* its inode was touched, or it is a copy of it: only the contents tell */
		bool same = false;

		if (bk_same(w, fd, r, before, &same, e) < 0)
			return here(w, e, e->code, "read");
		if (same) {
			w->run->count->bytes += r->size;
			return keep(w, r, before, e);
		}
	}
	if (put_head(w, r, w->stored, e) < 0 || bk_contents(w, fd, r, e) < 0 || put_tail(w, r, e) < 0)
		return here(w, e, e->code, "read");
	return 0;
}

static int put_plain(struct bk_walk *w, struct bk_row *r, struct err *e)
{
	const struct bk_row *before;

	if (look_before(w, r, &before, e) < 0)
		return -e->code;
	if (before && unchanged(w, before, r))
		return keep(w, r, before, e);
	return put_head(w, r, 0, e) < 0 ? -e->code : put_tail(w, r, e);
}

static int put_link(struct bk_walk *w, const char *name, struct bk_row *r, struct err *e)
{
	char target[4096];
	ssize_t n = readlinkat(AT_FDCWD, name, target, sizeof(target) - 1);

	if (n < 0)
		return here(w, e, errno, "read the link");
	target[n] = '\0';
	r->size = 0;
	r->target = target;
	return put_plain(w, r, e);
}

static int put_one(struct bk_walk *w, const char *name, const struct stat *st, struct err *e)
{
	const char *first;
	struct bk_row r;

	fill_row(w, st, &r);
	r.type = type_of(w, st->st_mode);
	if (!r.type)
		return 0;
	w->run->count->entries++;
	w->name = name;
	bk_tell(w->run);
	if (r.type != 'd' && st->st_nlink > 1) {
		if (bk_links_find(w, st, &first, e) < 0)
			return -e->code;
		if (first) {
			r.type = 'h';
			r.target = (char *)first;
			return put_plain(w, &r, e);
		}
	}
	if (r.type == 'f')
		return put_file(w, name, &r, st, e);
	return r.type == 'l' ? put_link(w, name, &r, e) : put_plain(w, &r, e);
}

/* --- the walk ---------------------------------------------------------------------------------------------------- */

struct place { size_t len; };

static bool go_down(struct bk_walk *w, const char *name, struct place *p)
{
	p->len = strlen(w->path);
	if (p->len == 1 && w->path[0] == '.')
		w->path[p->len = 0] = '\0';
	if (w->depth >= DEPTH_MAX || p->len + strlen(name) + 2 > PATH_LEN_MAX) {
		w->run->count->deep++;
		return false;
	}
	str_fmt(w->path + p->len, sizeof(w->path) - p->len, "%s%s", p->len ? "/" : "", name);
	return true;
}

static void go_up(struct bk_walk *w, const struct place *p)
{
	w->path[p->len] = '\0';
	if (!p->len)
		str_copy(w->path, sizeof(w->path), ".");
}

static int walk(struct bk_walk *w, int dir, struct err *e);

static int enter(struct bk_walk *w, int above, const char *name, struct err *e)
{
	auto_close int dir = openat(AT_FDCWD, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int rc;

	if (dir < 0 || fchdir(dir) < 0)
		return here(w, e, errno, "open");
	w->depth++;
	rc = walk(w, dir, e);
	w->depth--;
	if (rc == 0 && fchdir(above) < 0)
		return here(w, e, errno, "go back from");
	return rc;
}

uint64_t bk_weight(const struct stat *st)
{
	return S_ISREG(st->st_mode) ? (uint64_t)MIN(st->st_size, st->st_blocks * 512) : 0;
}

static int visit(struct bk_walk *w, int dir, const char *name, struct err *e)
{
	struct stat st;

	if (fstatat(AT_FDCWD, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return here(w, e, errno, "look at");
	w->nth++;
	if ((w->look ? w->look(w, name, &st, e) : put_one(w, name, &st, e)) < 0)
		return -e->code;
	w->seen += bk_weight(&st);
	bk_ahead_at(w->ahead, w);
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (st.st_dev != w->dev)
		return 0;		/* what is mounted there is not the container's */
	return enter(w, dir, name, e);
}

static int walk(struct bk_walk *w, int dir, struct err *e)
{
	auto_call(names_done) struct names l = { .text = { .cap = NAMES_MAX } };
	int rc;

	rc = names_read(&l, dir, e);
	if (rc < 0)
		return here(w, e, e->code, "read");
	for (size_t i = 0; rc == 0 && i < l.n; i++) {
		struct place p;

		if (!go_down(w, l.v[i], &p)) {
			go_up(w, &p);
			continue;
		}
		if (!is_excluded(w))
			rc = visit(w, dir, l.v[i], e);
		go_up(w, &p);
	}
	return rc;
}

int bk_walk_tree(struct bk_walk *w, struct err *e)
{
	auto_close int top = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (top < 0 || fchdir(top) < 0 || fstat(top, &st) < 0)
		return err_set(e, errno, "open the tree");
	w->dev = st.st_dev;
	str_copy(w->path, sizeof(w->path), ".");
	if (!w->look && put_one(w, ".", &st, e) < 0)
		return -e->code;
	return walk(w, top, e);
}

/* The configuration as vzdump had it in its archives, for those who open them with tar; what counts lies outside of the tar. */
static int put_conf(struct bk_walk *w, struct err *e)
{
	const char *conf = w->run->go->select + w->run->go->select_len;
	struct bk_row r = { .type = 'f', .mode = 0600, .path = (char *)(uintptr_t)"etc/vzdump/vps.conf",
			.size = w->run->go->conf_len };

	if (bk_tar_head(&w->head, &(struct bk_member){ .row = &r, .stored = r.size }, e) < 0 ||
	    bk_zst_add(w->out, buf_str(&w->head), w->head.len, e) < 0 || bk_zst_add(w->out, conf, r.size, e) < 0)
		return -e->code;
	return bk_zst_zeros(w->out, (512 - bk_zst_at(w->out) % 512) % 512, e);
}

static int open_before(struct bk_walk *w, struct err *e)
{
	uint32_t n = w->run->go->n_chain;

	w->self = n;
	if (n == 0)
		return 0;
	if (bk_in_open(&w->in, w->run->chain[n - 1], e) < 0)
		return err_add(e, "the archive to build on");
	return bk_rows_open(&w->before, &w->in, e);
}

/* Nobody reads what a look at the inode tells. */
static int64_t changed_since(const struct bk_walk *w)
{
	return w->before && !w->run->go->compare ? (int64_t)w->in.end.created - 60 : INT64_MIN;
}

static void done(struct bk_walk *w)
{
	bk_ahead_stop(w->ahead);
	bk_zst_close(w->out);
	bk_pack_close(w->pack);
	bk_rows_close(w->before);
	bk_in_close(&w->in);
	bk_links_done(w);
	buf_done(&w->head);
	buf_done(&w->map);
	buf_done(&w->xattrs);
	free(w->seg);
}

int bk_write(struct bk_run *r, struct err *e)
{
	auto_call(done) struct bk_walk w = { .run = r, .in = { .fd = -1 }, .head = { .cap = 1 << 20 },
						.map = { .cap = 64 << 20 }, .xattrs = { .cap = 1 << 20 } };
	const struct buf *index;
	uint64_t raw;

	if (bk_zst_open(&w.out, BK_OUT, r->go, e) < 0 || bk_pack_open(&w.pack, e) < 0 || open_before(&w, e) < 0 ||
	    bk_ahead_start(&w.ahead, r, changed_since(&w), e) < 0 || bk_seal_threads(e) < 0 || put_conf(&w, e) < 0 ||
	    bk_walk_tree(&w, e) < 0)
		return -e->code;
	if (bk_zst_zeros(w.out, 1024, e) < 0 || bk_pack_end(w.pack, &index, &raw, e) < 0 ||
	    bk_zst_end(w.out, index, raw, r->end, e) < 0)
		return -e->code;
	r->end->entries = r->count->entries;
	r->end->bytes = r->count->bytes;
	r->count->written = bk_zst_written(w.out);
	return 0;
}
