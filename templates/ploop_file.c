/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One file of the image: its data with the holes where they were, the target of a link, and what an inode says of it.
 * Times before 1901 or after 2446 do not exist in ext4. Only vz-unploop links it.
 */
#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "templates/unploop_proto.h"
#include "util/auto.h"
#include "util/str.h"

#define MAX_ID 65535u
#define GONE_FLAGS (EXT2_SYNC_FL | EXT2_IMMUTABLE_FL | EXT2_APPEND_FL | EXT2_NODUMP_FL | EXT2_NOATIME_FL | EXT2_DIRSYNC_FL)

struct file {
	struct ploop_walk *w;
	const char *path;
	int fd;
	uint64_t size;
	uint64_t lblk, pblk, n;		/* blocks seen and not yet copied */
	uint64_t next;			/* the lowest logical block that may come */
	struct err *e;
};

const char *ploop_show(struct ploop_walk *w, const char *path)
{
	size_t n = 0;

	for (; *path && n < sizeof(w->shown) - 4; path++)
		w->shown[n++] = (unsigned char)*path < 0x20 || *path == 0x7f ? '?' : *path;
	if (*path)
		while (n < sizeof(w->shown) - 1)
			w->shown[n++] = '.';
	w->shown[n] = '\0';
	return w->shown;
}

static int write_at(struct file *t, const uint8_t *p, size_t n, uint64_t off)
{
	while (n) {
		ssize_t w = pwrite(t->fd, p, n, (off_t)off);

		if (w < 0 && errno != EINTR)
			return err_set(t->e, errno, "write /%s", ploop_show(t->w, t->path));
		p += w > 0 ? w : 0;
		off += w > 0 ? (uint64_t)w : 0;
		n -= w > 0 ? (size_t)w : 0;
	}
	return 0;
}

/* Writes the blocks that have been gathered, up to the end of the file. */
static int flush(struct file *t)
{
	struct ploop_walk *w = t->w;
	uint64_t bs = w->f->vol.bs, off = t->lblk * bs, from = t->pblk * bs;
	uint64_t left = off < t->size ? MIN(t->n * bs, t->size - off) : 0;

	if (left > w->data_max - w->data)
		return err_say(t->e, EBADMSG, "the file system is damaged: its files have more data than the disk can hold");
	while (left) {
		size_t n = (size_t)MIN(left, (uint64_t)PLOOP_BUF);

		if (ploop_vol_read(&w->f->vol, from, w->buf, n, t->e) < 0)
			return err_add(t->e, "/%s", ploop_show(w, t->path));
		if (write_at(t, w->buf, n, off) < 0)
			return -t->e->code;
		off += n;
		from += n;
		left -= n;
		w->data += n;
		ploop_tell(w);
	}
	t->n = 0;
	return 0;
}

static int add_run(struct file *t, uint64_t lblk, uint64_t pblk, uint64_t n)
{
	if (lblk < t->next || lblk > UINT32_MAX || n > UINT32_MAX)
		return err_say(t->e, EBADMSG, "the file system is damaged: the blocks of /%s are out of order",
			       ploop_show(t->w, t->path));
	t->next = lblk + n;
	if (t->n && (t->lblk + t->n != lblk || t->pblk + t->n != pblk) && flush(t) < 0)
		return -t->e->code;
	if (t->n == 0) {
		t->lblk = lblk;
		t->pblk = pblk;
	}
	t->n += n;
	return 0;
}

static int on_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t lblk, blk64_t ref, int at, void *arg)
{
	(void)fs;
	(void)ref;
	(void)at;
	return lblk < 0 || add_run(arg, (uint64_t)lblk, *block, 1) == 0 ? 0 : BLOCK_ABORT;
}

static int by_indirect(struct file *t, uint32_t ino)
{
	errcode_t rc = ext2fs_block_iterate3(t->w->f->fs, ino, BLOCK_FLAG_READ_ONLY | BLOCK_FLAG_DATA_ONLY, NULL, on_block, t);

	if (t->e->code)
		return -t->e->code;
	return rc ? ploop_fs_err(t->w->f, rc, t->e, "/%s", ploop_show(t->w, t->path)) : 0;
}

/* Blocks that were reserved and never written read as zeros: holes here. */
static int by_extents(struct file *t, uint32_t ino, const struct ext2_inode_large *in)
{
	struct ploop_fs *f = t->w->f;
	ext2_extent_handle_t h;
	struct ext2fs_extent x;
	errcode_t rc = ext2fs_extent_open2(f->fs, ino, (struct ext2_inode *)in, &h);

	if (rc)
		return ploop_fs_err(f, rc, t->e, "/%s", ploop_show(t->w, t->path));
	for (int op = EXT2_EXTENT_ROOT; !t->e->code && (rc = ext2fs_extent_get(h, op, &x)) == 0; op = EXT2_EXTENT_NEXT) {
		if (!(x.e_flags & EXT2_EXTENT_FLAGS_LEAF)) {
			if (!(x.e_flags & EXT2_EXTENT_FLAGS_SECOND_VISIT) && x.e_lblk < t->next)
				add_run(t, x.e_lblk, 0, 0);	/* says that they are out of order */
			continue;
		}
		if (!(x.e_flags & EXT2_EXTENT_FLAGS_UNINIT))
			add_run(t, x.e_lblk, x.e_pblk, x.e_len);
	}
	ext2fs_extent_free(h);
	if (!t->e->code && rc && rc != EXT2_ET_EXTENT_NO_NEXT)
		ploop_fs_err(f, rc, t->e, "/%s", ploop_show(t->w, t->path));
	return -t->e->code;
}

static int read_inline(struct ploop_walk *w, uint32_t ino, const char *path, size_t *ret, struct err *e)
{
	size_t n = 0;
	errcode_t rc = ext2fs_inline_data_size(w->f->fs, ino, &n);

	if (!rc && n > PLOOP_BUF)
		rc = EXT2_ET_INLINE_DATA_NO_SPACE;
	if (!rc)
		rc = ext2fs_inline_data_get(w->f->fs, ino, NULL, w->buf, &n);
	*ret = n;
	return rc ? ploop_fs_err(w->f, rc, e, "/%s", ploop_show(w, path)) : 0;
}

int ploop_file_data(struct ploop_walk *w, uint32_t ino, const struct ext2_inode_large *in, const char *path, int fd, struct err *e)
{
	struct file t = { .w = w, .path = path, .fd = fd, .size = EXT2_I_SIZE(in), .e = e };
	size_t n = 0;

	if (in->i_flags & EXT4_INLINE_DATA_FL) {
		if (read_inline(w, ino, path, &n, e) < 0 || write_at(&t, w->buf, (size_t)MIN((uint64_t)n, t.size), 0) < 0)
			return -e->code;
	} else if (in->i_flags & EXT4_EXTENTS_FL ? by_extents(&t, ino, in) < 0 : by_indirect(&t, ino) < 0) {
		return -e->code;
	} else if (flush(&t) < 0) {
		return -e->code;
	}
	if (ftruncate(fd, (off_t)t.size) < 0)
		return err_set(e, errno, "write /%s", ploop_show(w, path));
	return 0;
}

int ploop_file_link(struct ploop_walk *w, uint32_t ino, const struct ext2_inode_large *in, const char *path, char *ret, size_t size,
		    struct err *e)
{
	uint64_t len = EXT2_I_SIZE(in);
	struct ext2_inode *small = (struct ext2_inode *)in;
	size_t n = 0;
	blk64_t b;
	errcode_t rc;

	if (len == 0 || len >= size)
		return err_say(e, EBADMSG, "the file system is damaged: symbolic link /%s has an impossible length",
			       ploop_show(w, path));
	if (in->i_flags & EXT4_INLINE_DATA_FL) {
		if (read_inline(w, ino, path, &n, e) < 0)
			return -e->code;
		memcpy(ret, w->buf, MIN(n, size - 1));
	} else if (ext2fs_is_fast_symlink(small)) {
		n = MIN((size_t)len, sizeof(in->i_block));
		memcpy(ret, in->i_block, n);
	} else {
		rc = ext2fs_bmap2(w->f->fs, ino, small, NULL, 0, 0, NULL, &b);
		if (rc)
			return ploop_fs_err(w->f, rc, e, "/%s", ploop_show(w, path));
		n = (size_t)MIN(len, (uint64_t)w->f->vol.bs);
		if (ploop_vol_read(&w->f->vol, b * w->f->vol.bs, ret, n, e) < 0)
			return -e->code;
	}
	ret[MIN((size_t)len, size - 1)] = '\0';
	if (n < len || strlen(ret) != len)
		return err_say(e, EBADMSG, "the file system is damaged: symbolic link /%s is cut short", ploop_show(w, path));
	return 0;
}

/* --- what is said of it --- */

struct attrs {
	struct ploop_walk *w;
	struct ext2_xattr_handle *h;
	const char *path, *name;
	struct err *e;
};

/* In the kernel's form: a version, then tag, permission and id of 8 bytes each. */
static bool acl_ids_fit(const char *val, size_t len)
{
	for (size_t at = 4; at + 8 <= len; at += 8) {
		uint16_t tag;
		uint32_t id;

		memcpy(&tag, val + at, 2);
		memcpy(&id, val + at + 4, 4);
		tag = ext2fs_le16_to_cpu(tag);
		if ((tag == 2 || tag == 8) && ext2fs_le32_to_cpu(id) > MAX_ID)
			return false;
	}
	return true;
}

static void set_attr(struct attrs *a, const char *name, const void *val, size_t len)
{
	if (lsetxattr(a->name, name, val, len, 0) < 0)
		err_set(a->e, errno, "set attribute %.100s of /%s", name, ploop_show(a->w, a->path));
}

/* On disk an ACL has another form than in a system call; asked for by name libext2fs turns one into the other. */
static void set_acl(struct attrs *a, const char *name)
{
	void *val;
	size_t len;
	errcode_t rc = ext2fs_xattr_get(a->h, name, &val, &len);

	if (rc) {
		ploop_fs_err(a->w->f, rc, a->e, "ACL of /%s", ploop_show(a->w, a->path));
		return;
	}
	if (acl_ids_fit(val, len))
		set_attr(a, name, val, len);
	else
		err_say(a->e, ERANGE, "/%s has an ACL for an id above 65535, which a container does not have",
			ploop_show(a->w, a->path));
	ext2fs_free_mem(&val);
}

static int on_attr(char *name, char *val, size_t len, void *arg)
{
	struct attrs *a = arg;

	if (a->e->code || str_eq(name, "system.data"))		/* that is the file itself */
		return 0;
	if (str_eq(name, "system.posix_acl_access") || str_eq(name, "system.posix_acl_default"))
		set_acl(a, name);
	else if (str_eq(name, "security.capability") || (str_starts(name, "user.") && !str_starts(name, "user.overlay.")))
		set_attr(a, name, val, len);
	else
		a->w->c->xattrs_dropped++;
	return 0;
}

static int set_attrs(struct ploop_walk *w, uint32_t ino, const char *path, const char *name, struct err *e)
{
	struct attrs a = { .w = w, .path = path, .name = name, .e = e };
	errcode_t rc = ext2fs_xattrs_open(w->f->fs, ino, &a.h);

	if (!rc) {
		rc = ext2fs_xattrs_read(a.h);
		if (!rc)
			rc = ext2fs_xattrs_iterate(a.h, on_attr, &a);
		ext2fs_xattrs_close(&a.h);
	}
	if (rc && !e->code)
		ploop_fs_err(w->f, rc, e, "attributes of /%s", ploop_show(w, path));
	return -e->code;
}

static struct timespec time_of(uint32_t sec, uint32_t extra, bool has_extra)
{
	struct timespec t = { .tv_sec = (int32_t)sec };

	if (has_extra) {
		t.tv_sec += (time_t)(extra & 3) << 32;
		t.tv_nsec = MIN(extra >> 2, 999999999u);
	}
	return t;
}

static int set_times(const struct ext2_inode_large *in, int dir, const char *name, size_t inode_size)
{
	size_t have = inode_size > 128 ? 128u + in->i_extra_isize : 128;
	bool extra = have >= offsetof(struct ext2_inode_large, i_atime_extra) + 4;
	struct timespec t[2] = {
		time_of(in->i_atime, in->i_atime_extra, extra), time_of(in->i_mtime, in->i_mtime_extra, extra),
	};

	return utimensat(dir, name, t, AT_SYMLINK_NOFOLLOW);
}

int ploop_file_meta(struct ploop_walk *w, uint32_t ino, const struct ext2_inode_large *in, const char *path, int dir,
		    const char *name, struct err *e)
{
	uint32_t uid = inode_uid(*in), gid = inode_gid(*in);
	size_t size = EXT2_INODE_SIZE(w->f->fs->super);

	if (uid > MAX_ID || gid > MAX_ID)
		return err_say(e, ERANGE, "/%s belongs to %u:%u, and a container has the ids 0 to 65535 only", ploop_show(w, path),
			       uid, gid);
	if (fchdir(dir) < 0 || fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "set the owner of /%s", ploop_show(w, path));
	if ((in->i_file_acl || in->osd2.linux2.l_i_file_acl_high || size > 128) &&
	    set_attrs(w, ino, path, name, e) < 0)
		return -e->code;
	if (!LINUX_S_ISLNK(in->i_mode) && fchmodat(dir, name, in->i_mode & 07777, 0) < 0)
		return err_set(e, errno, "set the mode of /%s", ploop_show(w, path));
	if (set_times(in, dir, name, size) < 0)
		return err_set(e, errno, "set the times of /%s", ploop_show(w, path));
	if (in->i_flags & GONE_FLAGS)
		w->c->flags_dropped++;
	return 0;
}
