/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The privileged side of ploop images: opens what the descriptor names (a plain name in its directory, a regular file,
 * never a link), has vz-unploop read it, and counts afterwards what it was told is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "templates/tmpl_priv.h"
#include "templates/unploop_proto.h"
#include "util/auto.h"
#include "util/path.h"
#include "util/str.h"

#define PROG "vz-unploop"
#define DESCRIPTOR "DiskDescriptor.xml"
#define MAX_ENTRIES 100000000ull
#define DEPTH_MAX 2048

const char *const tmpl_ploop_kind_names[] = {
	[TMPL_PLOOP_RAW] = "raw", [TMPL_PLOOP_V1] = "expanded v1", [TMPL_PLOOP_V2] = "expanded v2",
};
_Static_assert(ARRAY_SIZE(tmpl_ploop_kind_names) == TMPL_PLOOP_KIND_N, "name every kind");

/* All that it says before its answer. Whatever does not look like that is for unpack_answer() to judge. */
static void hear(struct unpack *u, tmpl_copy_tell *tell, void *arg)
{
	struct unploop_progress p;

	for (;;) {
		ssize_t n = recv(u->ctl, &p, sizeof(p), MSG_PEEK | MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(p) || p.magic != UNPLOOP_MAGIC || p.stage != UNPLOOP_PROGRESS)
			return;
		if (recv(u->ctl, &p, sizeof(p), 0) == n && p.done < p.total && p.total < UINT64_MAX / 100)
			tell(arg, p.done, p.total);
	}
}

/* One run of the helper; its answer in *done, which is on the heap. */
static int ask(const char *mode, const int io[2], const struct unploop_go *go, const struct tmpl_ploop_set *s, int dir,
	       struct unploop_done *done, tmpl_copy_tell *tell, void *arg, struct err *e)
{
	const struct unpack_msg msg = { .data = go, .size = sizeof(*go), .fds = s ? s->fd : NULL, .n_fds = go->n_images };
	struct unpack u = { .ctl = -1, .in = -1 };
	int rc = unpack_fork(&u, PROG, mode, io, e);

	if (rc == 0)
		rc = unpack_begin(&u, dir, &msg, e);
	if (rc == 0 && tell)
		hear(&u, tell, arg);
	if (rc == 0)
		rc = unpack_answer(&u, done, sizeof(*done), e);
	unpack_kill(&u);
	if (rc < 0)
		return rc;
	if (done->magic != UNPLOOP_MAGIC || done->stage != UNPLOOP_DONE)
		return err_say(e, EPROTO, PROG " gave no answer that can be read");
	return done->err.code ? unpack_take_text(e, &done->err) : 0;
}

static const struct unploop_go no_images = { .magic = UNPLOOP_MAGIC, .stage = UNPLOOP_GO };

static struct unploop_go go_of(const struct tmpl_ploop_set *s, bool force)
{
	return (struct unploop_go){ .magic = UNPLOOP_MAGIC, .stage = UNPLOOP_GO, .n_images = s->p.n, .raw_base = s->p.raw_base,
				    .force = force, .probe = s->probe, .max_entries = MAX_ENTRIES };
}

static int open_regular(int dir, const char *name, struct err *e)
{
	auto_close int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ELOOP)
		return err_say(e, EBADMSG, "%s is a symbolic link: put the file itself there", name);
	if (fd < 0)
		return err_set(e, errno, "%s", name);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_say(e, EBADMSG, "%s is not a regular file", name);
	return take_fd(&fd);
}

/* What a stranger says of names is taken only if they are names. */
static int take_names(struct tmpl_ploop *p, const struct tmpl_ploop *from, struct err *e)
{
	*p = *from;
	if (p->n == 0 || p->n > TMPL_PLOOP_MAX)
		return err_say(e, EPROTO, PROG " named an impossible number of images");
	for (uint32_t i = 0; i < p->n; i++) {
		p->image[i].guid[sizeof(p->image[i].guid) - 1] = '\0';
		p->image[i].file[sizeof(p->image[i].file) - 1] = '\0';
		if (!path_is_component(p->image[i].file) || str_has_ctrl(p->image[i].guid))
			return err_say(e, EPROTO, PROG " named an image that has no plain name");
	}
	return 0;
}

static int open_set(int dir, struct tmpl_ploop_set *s, struct err *e)
{
	auto_free struct unploop_done *done = NULL;
	auto_close int desc = open_regular(dir, DESCRIPTOR, e);

	if (desc < 0)
		return -e->code;
	done = calloc(1, sizeof(*done));
	if (!done)
		return err_set(e, ENOMEM, DESCRIPTOR);
	if (ask("describe", (const int[2]){ desc, -1 }, &no_images, NULL, -1, done, NULL, NULL, e) < 0)
		return err_add(e, DESCRIPTOR);
	if (take_names(&s->p, &done->ploop, e) < 0)
		return -e->code;
	for (uint32_t i = 0; i < s->p.n; i++) {
		s->fd[i] = open_regular(dir, s->p.image[i].file, e);
		if (s->fd[i] < 0)
			return err_add(e, "image %u of %u that " DESCRIPTOR " names", i + 1, s->p.n);
	}
	return 0;
}

static int open_image(const char *path, struct tmpl_ploop_set *s, struct err *e)
{
	const char *slash = strrchr(path, '/');

	s->fd[0] = open_regular(AT_FDCWD, path, e);
	if (s->fd[0] < 0)
		return -e->code;
	s->p.n = 1;
	s->probe = true;
	str_copy(s->p.image[0].file, sizeof(s->p.image[0].file), slash ? slash + 1 : path);
	return 0;
}

int tmpl_ploop_open(const char *path, bool image, struct tmpl_ploop_set *ret, struct err *e)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	auto_free char *up = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (image ? 0 : O_NOFOLLOW));
	int rc;

	memset(ret, 0, sizeof(*ret));
	memset(ret->fd, -1, sizeof(ret->fd));
	if (dir < 0 && errno == ENOTDIR && up && strcmp(name, DESCRIPTOR) == 0)
		dir = open(up, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 && errno != ENOTDIR)
		return err_set(e, errno, "%s", path);
	if (dir < 0 && !image)
		return err_say(e, EBADMSG, "%s is no ploop disk: no directory with a " DESCRIPTOR, path);
	rc = dir >= 0 ? open_set(dir, ret, e) : open_image(path, ret, e);
	if (rc < 0) {
		tmpl_ploop_close(ret);
		return dir >= 0 ? err_add(e, "%s", path) : rc;
	}
	return 0;
}

void tmpl_ploop_close(struct tmpl_ploop_set *s)
{
	for (size_t i = 0; i < TMPL_PLOOP_MAX; i++)
		auto_close_(&s->fd[i]);
}

/* Figures only; the names are ours. */
static void take_info(struct tmpl_ploop *p, const struct tmpl_ploop *from)
{
	for (uint32_t i = 0; i < p->n; i++) {
		struct tmpl_ploop_image *d = &p->image[i];
		const struct tmpl_ploop_image *s = &from->image[i];

		d->kind = MIN(s->kind, (uint32_t)TMPL_PLOOP_KIND_N - 1);
		d->cluster = s->cluster;
		d->blocks = s->blocks;
		d->allocated = s->allocated;
		d->in_use = s->in_use;
		d->file_bytes = s->file_bytes;
		d->disk_bytes = s->disk_bytes;
	}
	p->raw_base = from->raw_base;
	p->disk_bytes = from->disk_bytes;
	p->fs_off = from->fs_off;
	p->fs_bytes = from->fs_bytes;
	p->journal = from->journal;
	str_fmt(p->fs, sizeof(p->fs), "%.*s", (int)sizeof(from->fs) - 1, from->fs);
	str_fmt(p->fs_text, sizeof(p->fs_text), "%.*s", (int)sizeof(from->fs_text) - 1, from->fs_text);
	for (char *c = p->fs_text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	if (str_has_ctrl(p->fs))
		p->fs[0] = '\0';
}

int tmpl_ploop_info(struct tmpl_ploop_set *s, struct err *e)
{
	auto_free struct unploop_done *done = calloc(1, sizeof(*done));
	const struct unploop_go go = go_of(s, false);

	if (!done)
		return err_set(e, ENOMEM, "ploop");
	if (ask("info", (const int[2]){ -1, -1 }, &go, s, -1, done, NULL, NULL, e) < 0)
		return -e->code;
	take_info(&s->p, &done->ploop);
	return 0;
}

int tmpl_ploop_raw(struct tmpl_ploop_set *s, int out, bool force, struct err *e)
{
	auto_free struct unploop_done *done = calloc(1, sizeof(*done));
	const struct unploop_go go = go_of(s, force);

	if (!done)
		return err_set(e, ENOMEM, "ploop");
	return ask("raw", (const int[2]){ -1, out }, &go, s, -1, done, NULL, NULL, e);
}

/* --- what is really there --- */

static int count_dir(int dir, struct tmpl_count *c, unsigned depth, struct err *e);

static int count_one(int dir, const char *name, struct tmpl_count *c, unsigned depth, struct err *e)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "count the files");
	c->entries++;
	if (S_ISREG(st.st_mode))
		c->bytes += (uint64_t)st.st_size;
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (depth == DEPTH_MAX)
		return err_set(e, ELOOP, "count the files");
	auto_close int sub = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return sub < 0 ? err_set(e, errno, "count the files") : count_dir(sub, c, depth + 1, e);
}

static int count_dir(int dir, struct tmpl_count *c, unsigned depth, struct err *e)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d)
		return err_set(e, errno, "count the files");
	while ((de = readdir(d))) {
		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		if (count_one(dir, de->d_name, c, depth, e) < 0)
			return -e->code;
	}
	return 0;
}

int tmpl_ploop_extract(struct tmpl_ploop_set *s, int dir, bool force, tmpl_copy_tell *tell, void *arg, struct tmpl_count *ret,
		       struct err *e)
{
	auto_free struct unploop_done *done = calloc(1, sizeof(*done));
	struct unploop_go go = go_of(s, force);
	struct tmpl_count there = { 0 };

	go.tells = tell != NULL;

	if (!done)
		return err_set(e, ENOMEM, "ploop");
	if (ask("extract", (const int[2]){ -1, -1 }, &go, s, dir, done, tell, arg, e) < 0 ||
	    count_dir(dir, &there, 0, e) < 0)
		return -e->code;
	if (there.entries != done->count.entries || there.bytes != done->count.bytes)
		return err_say(e, EIO, "%llu files of %llu bytes were copied, and %llu of %llu are there",
			       (unsigned long long)done->count.entries, (unsigned long long)done->count.bytes,
			       (unsigned long long)there.entries, (unsigned long long)there.bytes);
	s->p.journal = done->ploop.journal;
	*ret = done->count;
	return 0;
}
