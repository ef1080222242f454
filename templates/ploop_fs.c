/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file system in the disk, through libext2fs: opened read-only on a volume of ours, once more when its journal has
 * something to say. What the copy could not do right is refused here, before a file is made.
 */
#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <stdarg.h>
#include <string.h>

#include "templates/unploop_proto.h"
#include "util/auto.h"
#include "util/str.h"

#define JOURNAL_MAX (1u << 20)		/* blocks */

/* libext2fs opens by name: the one volume of this process. */
static struct ploop_vol *current;

static errcode_t vol_open(const char *name, int flags, io_channel *ret);

static errcode_t vol_close(io_channel c)
{
	if (--c->refcount > 0)
		return 0;
	free(c->name);
	free(c);
	return 0;
}

static errcode_t vol_set_blksize(io_channel c, int size)
{
	c->block_size = size;
	return 0;
}

static errcode_t vol_read64(io_channel c, unsigned long long block, int count, void *data)
{
	struct ploop_vol *v = c->private_data;
	uint64_t bs = (uint64_t)c->block_size, len = count < 0 ? (uint64_t)-(int64_t)count : (uint64_t)count * bs;
	struct err e = { 0 };

	if (block > UINT64_MAX / bs || ploop_vol_read(v, block * bs, data, len, &e) < 0) {
		v->err = e;
		return EXT2_ET_SHORT_READ;
	}
	return 0;
}

static errcode_t vol_read(io_channel c, unsigned long block, int count, void *data)
{
	return vol_read64(c, block, count, data);
}

static errcode_t vol_write64(io_channel c, unsigned long long block, int count, const void *data)
{
	(void)c;
	(void)block;
	(void)count;
	(void)data;
	return EXT2_ET_RO_FILSYS;
}

static errcode_t vol_write(io_channel c, unsigned long block, int count, const void *data)
{
	return vol_write64(c, block, count, data);
}

static errcode_t vol_flush(io_channel c)
{
	(void)c;
	return 0;
}

static struct struct_io_manager vol_manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER, .name = "ploop", .open = vol_open, .close = vol_close,
	.set_blksize = vol_set_blksize, .read_blk = vol_read, .write_blk = vol_write, .flush = vol_flush,
	.read_blk64 = vol_read64, .write_blk64 = vol_write64,
};

static errcode_t vol_open(const char *name, int flags, io_channel *ret)
{
	io_channel c = calloc(1, sizeof(*c));

	(void)flags;
	if (!c || !(c->name = strdup(name))) {
		free(c);
		return EXT2_ET_NO_MEMORY;
	}
	c->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	c->manager = &vol_manager;
	c->block_size = 1024;
	c->refcount = 1;
	c->private_data = current;
	*ret = c;
	return 0;
}

int ploop_fs_err(struct ploop_fs *f, long code, struct err *e, const char *fmt, ...)
{
	char what[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (f->vol.err.code)
		*e = f->vol.err;
	else if (code == EXT2_ET_NO_MEMORY)
		err_set(e, ENOMEM, "read it");
	else if (code > 0 && code < 4096)
		err_say(e, (int)code, "%s", strerror((int)code));
	else
		err_say(e, EBADMSG, "the file system is damaged: %s", error_message(code));
	f->vol.err = (struct err){ 0 };
	return err_add(e, "%s", what);
}

static int open_once(struct ploop_fs *f, struct err *e)
{
	errcode_t rc;

	current = &f->vol;
	rc = ext2fs_open("ploop", EXT2_FLAG_64BITS, 0, 0, &vol_manager, &f->fs);
	if (rc == EXT2_ET_UNSUPP_FEATURE || rc == EXT2_ET_RO_UNSUPP_FEATURE)
		return err_say(e, ENOTSUP, "the file system has features that are not known here");
	if (rc)
		return ploop_fs_err(f, rc, e, "open the file system");
	f->vol.bs = f->fs->blocksize;
	if (ext2fs_blocks_count(f->fs->super) > f->vol.bytes / f->vol.bs)
		return err_say(e, EBADMSG, "the file system is larger than the disk it is on: the image is cut short");
	return 0;
}

static int check_features(const struct ploop_fs *f, struct err *e)
{
	struct ext2_super_block *s = f->fs->super;

	if (ext2fs_has_feature_encrypt(s))
		return err_say(e, ENOTSUP, "the file system has encrypted files");
	if (ext2fs_has_feature_casefold(s))
		return err_say(e, ENOTSUP, "the file system folds upper and lower case");
	if (ext2fs_has_feature_journal_dev(s))
		return err_say(e, ENOTSUP, "it is a journal, not a file system");
	if (s->s_state & EXT2_ERROR_FS)
		return err_say(e, EBADMSG, "the file system is marked as damaged: repair a copy of the disk (vzploop raw, e2fsck)");
	return 0;
}

static int map_journal(struct ploop_fs *f, uint64_t **ret, size_t *ret_n, struct err *e)
{
	struct ext2_inode in;
	ext2_ino_t ino = f->fs->super->s_journal_inum;
	errcode_t rc = ino ? ext2fs_read_inode(f->fs, ino, &in) : 0;
	uint64_t n = rc || !ino ? 0 : EXT2_I_SIZE(&in) / f->vol.bs;
	auto_free uint64_t *map = NULL;

	if (!ino)
		return err_say(e, ENOTSUP, "the journal of the file system is on another disk, and it is not empty");
	if (rc)
		return ploop_fs_err(f, rc, e, "the journal");
	if (n < 2 || n > JOURNAL_MAX)
		return err_say(e, EBADMSG, "the journal of the file system has an impossible size");
	map = calloc(n, sizeof(*map));
	if (!map)
		return err_set(e, ENOMEM, "read the journal");
	for (uint64_t i = 0; i < n; i++) {
		blk64_t b = 0;

		rc = ext2fs_bmap2(f->fs, ino, &in, NULL, 0, i, NULL, &b);
		if (rc || b == 0 || b >= ext2fs_blocks_count(f->fs->super))
			return ploop_fs_err(f, rc ? rc : EXT2_ET_CORRUPT_JOURNAL_SB, e, "the journal");
		map[i] = b;
	}
	*ret = take_ptr(map);
	*ret_n = n;
	return 0;
}

static int replay(struct ploop_fs *f, struct err *e)
{
	auto_free uint64_t *map = NULL;
	size_t n = 0;

	if (map_journal(f, &map, &n, e) < 0 ||
	    ploop_journal_replay(&f->vol, map, n, ext2fs_blocks_count(f->fs->super), e) < 0)
		return -e->code;
	ext2fs_free(f->fs);
	f->fs = NULL;
	f->replayed = true;
	return open_once(f, e) < 0 ? -e->code : check_features(f, e);
}

static const char *type_of(const struct ext2_super_block *s)
{
	if (s->s_feature_incompat & (EXT3_FEATURE_INCOMPAT_EXTENTS | EXT4_FEATURE_INCOMPAT_64BIT |
				     EXT4_FEATURE_INCOMPAT_FLEX_BG | EXT4_FEATURE_INCOMPAT_INLINE_DATA))
		return "ext4";
	return s->s_feature_compat & EXT3_FEATURE_COMPAT_HAS_JOURNAL ? "ext3" : "ext2";
}

static int open_all(struct ploop_fs *f, struct err *e)
{
	errcode_t rc;

	if (ploop_part_find(f->vol.chain, &f->vol.off, &f->vol.bytes, e) < 0 || open_once(f, e) < 0 || check_features(f, e) < 0)
		return -e->code;
	if (ext2fs_has_feature_journal_needs_recovery(f->fs->super) && replay(f, e) < 0)
		return -e->code;
	f->type = type_of(f->fs->super);
	rc = ext2fs_read_inode_bitmap(f->fs);
	return rc ? ploop_fs_err(f, rc, e, "read the inode bitmap") : 0;
}

int ploop_fs_open(const struct ploop_chain *c, struct ploop_fs *ret, struct err *e)
{
	*ret = (struct ploop_fs){ .vol.chain = c };
	initialize_ext2_error_table();
	if (open_all(ret, e) < 0)
		ploop_fs_close(ret);
	return -e->code;
}

void ploop_fs_close(struct ploop_fs *f)
{
	if (f->fs)
		ext2fs_free(f->fs);
	free(f->vol.over);
	f->fs = NULL;
	f->vol.over = NULL;
}
