/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All files of the image into the root of this process, one directory after the other; then the directories' own owners,
 * modes and times; then the count: every inode in use was seen, with as many names as it has links.
 * Left out: device nodes (a container's /dev is vz's own), the balloon file of ploop, an empty lost+found.
 */
#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "templates/unpack_proto.h"
#include "templates/unploop_proto.h"
#include "util/auto.h"
#include "util/str.h"
#include "util/sys.h"

#define MAX_PATH 4095
#define MAX_INODES (256u << 20)
#define TELL_MS 200
#define BALLOON ".balloon-c3a5ae3d-ce7f-43c4-a1ea-c61e2b4504e8"

struct dir { uint32_t ino; char *path; };	/* path NULL: taken away again */
struct name { uint32_t ino; char name[256]; };
struct link { uint32_t ino; char *path; };	/* the first name of an inode with several */
struct tree {
	struct ploop_walk w;
	uint16_t *seen;				/* names per inode */
	struct dir *dir;
	size_t n_dirs, room_dirs;
	struct name *name;			/* of the directory at hand */
	size_t n_names, room_names;
	struct link *link;			/* hash table, a power of two */
	size_t n_links, room_links;
	struct err *e;
};

static int damaged(struct tree *t, const char *path, const char *why)
{
	return err_say(t->e, EBADMSG, "the file system is damaged: /%s: %s", ploop_show(&t->w, path), why);
}

/* --- lists --- */

static int add_dir(struct tree *t, uint32_t ino, const char *path)
{
	if (t->n_dirs == t->room_dirs) {
		size_t room = t->room_dirs ? t->room_dirs * 2 : 1024;
		struct dir *p = reallocarray(t->dir, room, sizeof(*p));

		if (!p)
			return err_set(t->e, ENOMEM, "list of directories");
		t->dir = p;
		t->room_dirs = room;
	}
	t->dir[t->n_dirs] = (struct dir){ ino, strdup(path) };
	return t->dir[t->n_dirs++].path ? 0 : err_set(t->e, ENOMEM, "list of directories");
}

static struct link *link_slot(struct link *table, size_t room, uint32_t ino)
{
	size_t i = (size_t)ino * 2654435761u & (room - 1);

	while (table[i].ino && table[i].ino != ino)
		i = (i + 1) & (room - 1);
	return &table[i];
}

static int add_link(struct tree *t, uint32_t ino, const char *path)
{
	struct link *l;

	if (t->n_links * 2 >= t->room_links) {
		size_t room = t->room_links ? t->room_links * 2 : 1024;
		struct link *p = calloc(room, sizeof(*p));

		if (!p)
			return err_set(t->e, ENOMEM, "list of hard links");
		for (size_t i = 0; i < t->room_links; i++)
			if (t->link[i].ino)
				*link_slot(p, room, t->link[i].ino) = t->link[i];
		free(t->link);
		t->link = p;
		t->room_links = room;
	}
	l = link_slot(t->link, t->room_links, ino);
	*l = (struct link){ ino, strdup(path) };
	t->n_links++;
	return l->path ? 0 : err_set(t->e, ENOMEM, "list of hard links");
}

/* --- one directory --- */

static int on_entry(ext2_ino_t dir, int kind, struct ext2_dir_entry *d, int off, int bs, char *buf, void *arg)
{
	struct tree *t = arg;
	size_t len = (size_t)ext2fs_dirent_name_len(d);
	struct name *n;

	(void)dir;
	(void)kind;
	(void)off;
	(void)bs;
	(void)buf;
	if ((len == 1 && d->name[0] == '.') || (len == 2 && d->name[0] == '.' && d->name[1] == '.'))
		return 0;
	if (t->w.c->entries + t->n_names >= t->w.go->max_entries) {
		err_say(t->e, EFBIG, "more than %llu files", (unsigned long long)t->w.go->max_entries);
		return DIRENT_ABORT;
	}
	if (t->n_names == t->room_names) {
		size_t room = t->room_names ? t->room_names * 2 : 256;
		struct name *p = reallocarray(t->name, room, sizeof(*p));

		if (!p) {
			err_set(t->e, ENOMEM, "list of files");
			return DIRENT_ABORT;
		}
		t->name = p;
		t->room_names = room;
	}
	n = &t->name[t->n_names++];
	n->ino = d->inode;
	memcpy(n->name, d->name, len);
	n->name[len] = '\0';
	if (len == 0 || strlen(n->name) != len || memchr(n->name, '/', len)) {
		err_say(t->e, EBADMSG, "the file system is damaged: a file has an impossible name");
		return DIRENT_ABORT;
	}
	return 0;
}

static int read_names(struct tree *t, const struct dir *d)
{
	errcode_t rc;

	t->n_names = 0;
	rc = ext2fs_dir_iterate2(t->w.f->fs, d->ino, 0, NULL, on_entry, t);
	if (t->e->code)
		return -t->e->code;
	return rc ? ploop_fs_err(t->w.f, rc, t->e, "directory /%s", ploop_show(&t->w, d->path)) : 0;
}

static int open_dir(struct tree *t, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	int fd = sys_openat2(t->w.root, *path ? path : ".", &how);

	return fd < 0 ? err_set(t->e, errno, "open /%s", ploop_show(&t->w, path)) : fd;
}

static int made(struct tree *t, const char *path, int rc)
{
	return rc < 0 ? err_set(t->e, errno, "make /%s", ploop_show(&t->w, path)) : 0;
}

static int make_file(struct tree *t, const struct name *n, const struct ext2_inode_large *in, const char *path, int dir)
{
	auto_close int fd = openat(dir, n->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (made(t, path, fd) < 0)
		return -t->e->code;
	return ploop_file_data(&t->w, n->ino, in, path, fd, t->e);
}

static int make_link(struct tree *t, const struct name *n, const struct ext2_inode_large *in, const char *path, int dir)
{
	char target[MAX_PATH + 1];

	if (ploop_file_link(&t->w, n->ino, in, path, target, sizeof(target), t->e) < 0)
		return -t->e->code;
	return made(t, path, symlinkat(target, dir, n->name));
}

static int make_dir(struct tree *t, const struct name *n, const char *path, int dir)
{
	if (t->seen[n->ino] > 1)
		return damaged(t, path, "a directory that is in two places");
	return made(t, path, mkdirat(dir, n->name, 0700)) < 0 ? -t->e->code : add_dir(t, n->ino, path);
}

/* 1: it is there and wants its owner, mode and times; 0: left out, or a directory, whose turn comes. */
static int make(struct tree *t, const struct name *n, const struct ext2_inode_large *in, const char *path, int dir)
{
	int rc;

	switch (in->i_mode & LINUX_S_IFMT) {
	case LINUX_S_IFDIR:
		return make_dir(t, n, path, dir);
	case LINUX_S_IFREG:
		rc = make_file(t, n, in, path, dir);
		break;
	case LINUX_S_IFLNK:
		rc = make_link(t, n, in, path, dir);
		break;
	case LINUX_S_IFIFO:
		rc = made(t, path, mknodat(dir, n->name, S_IFIFO | 0600, 0));
		break;
	case LINUX_S_IFSOCK:
		rc = made(t, path, mknodat(dir, n->name, S_IFSOCK | 0600, 0));
		break;
	case LINUX_S_IFCHR:
	case LINUX_S_IFBLK:
		t->w.c->nodes_skipped++;
		t->w.c->entries--;
		return 0;
	default:
		return damaged(t, path, "a file of unknown type");
	}
	return rc < 0 ? rc : 1;
}

/* A further name of what is there already. */
static int make_name(struct tree *t, const struct name *n, const char *path, int dir)
{
	struct link *l = t->n_links ? link_slot(t->link, t->room_links, n->ino) : NULL;

	if (!l || !l->ino)
		return damaged(t, path, "it has more names than links");
	return made(t, path, linkat(t->w.root, l->path, dir, n->name, 0));
}

static int entry(struct tree *t, const struct name *n, const char *path, int dir)
{
	ext2_filsys fs = t->w.f->fs;
	struct ext2_inode_large in = { 0 };
	errcode_t rc;
	int what;
	bool node;

	if (n->ino < EXT2_ROOT_INO || n->ino > fs->super->s_inodes_count || n->ino == EXT2_ROOT_INO)
		return damaged(t, path, "it points to an impossible inode");
	rc = ext2fs_read_inode_full(fs, n->ino, (struct ext2_inode *)&in, sizeof(in));
	if (rc)
		return ploop_fs_err(t->w.f, rc, t->e, "/%s", ploop_show(&t->w, path));
	if (in.i_links_count == 0)
		return damaged(t, path, "it points to a file that was removed");
	if (t->seen[n->ino] == UINT16_MAX)
		return damaged(t, path, "it has too many names");
	t->seen[n->ino]++;
	if (strcmp(path, BALLOON) == 0 && LINUX_S_ISREG(in.i_mode))
		return 0;
	t->w.c->entries++;
	ploop_tell(&t->w);
	node = LINUX_S_ISCHR(in.i_mode) || LINUX_S_ISBLK(in.i_mode);
	if (LINUX_S_ISREG(in.i_mode))
		t->w.c->bytes += EXT2_I_SIZE(&in);
	if (t->seen[n->ino] > 1 && !node && !LINUX_S_ISDIR(in.i_mode))
		return make_name(t, n, path, dir);
	what = make(t, n, &in, path, dir);
	if (what <= 0)
		return what;
	if (ploop_file_meta(&t->w, n->ino, &in, path, dir, n->name, t->e) < 0)
		return -t->e->code;
	return in.i_links_count > 1 ? add_link(t, n->ino, path) : 0;
}

static int directory(struct tree *t, size_t at)
{
	const struct dir d = t->dir[at];	/* the list may move */
	auto_close int dir = -1;

	if (read_names(t, &d) < 0)
		return -t->e->code;
	if (t->n_names == 0 && strcmp(d.path, "lost+found") == 0) {
		t->w.c->entries--;
		free(t->dir[at].path);
		t->dir[at].path = NULL;
		return made(t, "lost+found", unlinkat(t->w.root, "lost+found", AT_REMOVEDIR));
	}
	dir = open_dir(t, d.path);
	for (size_t i = 0; dir >= 0 && i < t->n_names; i++) {
		char path[MAX_PATH + 1];

		if (str_fmt(path, sizeof(path), "%s%s%s", d.path, *d.path ? "/" : "", t->name[i].name) < 0)
			return err_say(t->e, ENAMETOOLONG, "/%s: files below it have names longer than 4095 bytes",
				       ploop_show(&t->w, d.path));
		if (entry(t, &t->name[i], path, dir) < 0)
			return -t->e->code;
	}
	return dir < 0 ? dir : 0;
}

static int finish_dirs(struct tree *t)
{
	for (size_t i = 0; i < t->n_dirs; i++) {
		struct ext2_inode_large in = { 0 };
		auto_close int dir = -1;
		errcode_t rc;

		if (!t->dir[i].path)
			continue;
		dir = open_dir(t, t->dir[i].path);
		if (dir < 0)
			return dir;
		rc = ext2fs_read_inode_full(t->w.f->fs, t->dir[i].ino, (struct ext2_inode *)&in, sizeof(in));
		if (rc)
			return ploop_fs_err(t->w.f, rc, t->e, "/%s", ploop_show(&t->w, t->dir[i].path));
		if (ploop_file_meta(&t->w, t->dir[i].ino, &in, t->dir[i].path, dir, ".", t->e) < 0)
			return -t->e->code;
	}
	return 0;
}

/* --- the count --- */

/* Inodes that no directory names and that are no files either. */
static bool is_special(const struct ext2_super_block *s, uint32_t ino, const struct ext2_inode *in)
{
	return ino == s->s_journal_inum || ino == s->s_usr_quota_inum || ino == s->s_grp_quota_inum || ino == s->s_prj_quota_inum ||
	       ino == s->s_orphan_file_inum || (in->i_flags & EXT4_EA_INODE_FL);
}

static int check_inode(struct tree *t, uint32_t ino)
{
	ext2_filsys fs = t->w.f->fs;
	bool used = ext2fs_test_inode_bitmap2(fs->inode_map, ino);
	struct ext2_inode in;
	errcode_t rc;

	if (!used && !t->seen[ino])
		return 0;
	if (!used)
		return err_say(t->e, EBADMSG, "the file system is damaged: inode %u has a name and is free", ino);
	rc = ext2fs_read_inode(fs, ino, &in);
	if (rc)
		return ploop_fs_err(t->w.f, rc, t->e, "inode %u", ino);
	if (t->seen[ino] ? LINUX_S_ISDIR(in.i_mode) || t->seen[ino] == in.i_links_count
			 : in.i_links_count == 0 || is_special(fs->super, ino, &in))
		return 0;
	return err_say(t->e, EBADMSG, "the file system is damaged: inode %u has %u links and %u names; repair a copy of the disk "
		       "(vzploop raw, e2fsck)", ino, in.i_links_count, t->seen[ino]);
}

static int check_all(struct tree *t)
{
	const struct ext2_super_block *s = t->w.f->fs->super;

	for (uint32_t ino = EXT2_FIRST_INODE(s); ino <= s->s_inodes_count && ino; ino++)
		if (check_inode(t, ino) < 0)
			return -t->e->code;
	return 0;
}

/* What is in use and is neither a table of inodes nor the journal: files, directories, attributes. */
static uint64_t work_of(const struct ploop_fs *f)
{
	const struct ext2_super_block *s = f->fs->super;
	uint64_t free_blocks = ext2fs_free_blocks_count(f->fs->super), all = ext2fs_blocks_count(f->fs->super);
	uint64_t tables = (uint64_t)f->fs->group_desc_count * f->fs->inode_blocks_per_group;
	uint64_t used = all > free_blocks + tables ? all - free_blocks - tables : 0;
	uint64_t inodes = s->s_inodes_count > s->s_free_inodes_count ? s->s_inodes_count - s->s_free_inodes_count : 0;
	struct ext2_inode journal = { 0 };

	if (s->s_journal_inum && ext2fs_read_inode(f->fs, s->s_journal_inum, &journal) == 0)
		used -= MIN(used, (uint64_t)journal.i_blocks * 512 / f->fs->blocksize);
	return used * f->fs->blocksize + inodes * PLOOP_PER_FILE;
}

/* Nobody waits for it to be heard. */
void ploop_tell(struct ploop_walk *w)
{
	struct unploop_progress p = { .magic = UNPLOOP_MAGIC, .stage = UNPLOOP_PROGRESS, .total = w->total };
	int64_t now;

	if (!w->go->tells || (now = sys_now_ms()) < w->told_ms + TELL_MS)
		return;
	w->told_ms = now;
	p.done = MIN(w->data + w->c->entries * PLOOP_PER_FILE, w->total);
	(void)!send(UNPACK_CTL, &p, sizeof(p), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int all(struct tree *t)
{
	if (add_dir(t, EXT2_ROOT_INO, "") < 0)
		return -t->e->code;
	t->seen[EXT2_ROOT_INO] = 1;
	for (size_t i = 0; i < t->n_dirs; i++)
		if (directory(t, i) < 0)
			return -t->e->code;
	return finish_dirs(t) < 0 ? -t->e->code : check_all(t);
}

static void done(struct tree *t)
{
	for (size_t i = 0; i < t->n_dirs; i++)
		free(t->dir[i].path);
	for (size_t i = 0; i < t->room_links; i++)
		free(t->link[i].path);
	free(t->dir);
	free(t->link);
	free(t->name);
	free(t->seen);
	free(t->w.buf);
}

int ploop_tree_extract(struct ploop_fs *f, const struct unploop_go *go, struct tmpl_count *c, struct err *e)
{
	auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct tree t = { .w = { .f = f, .go = go, .c = c, .root = root, .data_max = f->vol.bytes,
				.total = work_of(f) }, .e = e };

	if (root < 0)
		return err_set(e, errno, "open the target");
	if (f->fs->super->s_inodes_count > MAX_INODES)
		return err_say(e, ENOTSUP, "the file system has more than %u inodes", MAX_INODES);
	t.w.buf = malloc(PLOOP_BUF);
	t.seen = calloc((size_t)f->fs->super->s_inodes_count + 1, sizeof(*t.seen));
	if (!t.w.buf || !t.seen)
		err_set(e, ENOMEM, "copy the files");
	else
		all(&t);
	done(&t);
	return -e->code;
}
