/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_UNPLOOP_PROTO_H
#define TEMPLATES_UNPLOOP_PROTO_H
/*
 * What ploop.c and vz-unploop say to each other over SOCK_SEQPACKET, and what the files inside vz-unploop share.
 * Descriptors as in unpack_proto.h: fd 3 control, fd 4 and 5 by mode:
 *   describe  fd 4 DiskDescriptor.xml               which image files there are, topmost first
 *   info      images with the start message         formats, sizes, what is in them
 *   raw       images; fd 5 where the disk goes      a regular file stays sparse
 *   extract   images and the target's mount         the files
 * Everything that comes from vz-unploop is untrusted: it has read the images.
 */
#include "templates/tmpl.h"
#include "util/err.h"

#define UNPLOOP_MAGIC 0x4c505a56u

enum unploop_stage { UNPLOOP_GO = 1, UNPLOOP_DONE, UNPLOOP_PROGRESS };

struct unploop_go {
	uint32_t magic, stage;
	uint32_t n_images;			/* topmost first */
	uint32_t raw_base;			/* the last one is the bare disk */
	uint32_t force;				/* also when an image is marked in use */
	uint32_t probe;				/* raw_base is not known: look */
	uint32_t tells;				/* extract: how far it is, now and then, before the answer */
	uint64_t max_entries;
};
struct unploop_done {
	uint32_t magic, stage;
	struct err err;
	struct tmpl_ploop ploop;
	struct tmpl_count count;
};

struct unploop_progress { uint32_t magic, stage; uint64_t done, total; };	/* never more than the total */

/* ploop_desc.c: DiskDescriptor.xml. Fills n, raw_base, disk_bytes and of each image guid and file, topmost first.
 * EBADMSG: not one, or one that does not hang together; ENOTSUP: encrypted, split, on another volume. */
int ploop_desc_parse(const char *text, size_t len, struct tmpl_ploop *ret, struct err *e);

/* ploop_image.c: one image file, and a chain of them as a disk. */
struct ploop_image {
	int fd;
	enum tmpl_ploop_kind kind;
	bool in_use;
	uint64_t size, sectors;			/* of the file in bytes, of the disk */
	uint32_t cluster;			/* sectors in one block; raw: 0 */
	uint32_t n_bat, allocated;
	uint32_t *bat;				/* in the host's byte order */
};
struct ploop_chain { struct ploop_image *v; size_t n; uint64_t bytes; };	/* topmost first; bytes: of the disk */
enum ploop_probe { PLOOP_IS_IMAGE, PLOOP_IS_RAW, PLOOP_IS_ANY };
/* Checks the header and every entry of the table against the file. @fd stays the caller's. */
int ploop_image_open(int fd, enum ploop_probe probe, struct ploop_image *ret, struct err *e);
void ploop_image_done(struct ploop_image *i);
int ploop_chain_open(const int *fds, size_t n, enum ploop_probe base, struct ploop_chain *ret, struct err *e);
void ploop_chain_done(struct ploop_chain *c);
/* @len bytes of the disk at @off; ERANGE beyond its end. */
int ploop_chain_read(const struct ploop_chain *c, uint64_t off, void *buf, size_t len, struct err *e);
/* How many bytes from @off on are alike: all in one image's block, or all nowhere (*data false: zeros). */
uint64_t ploop_chain_run(const struct ploop_chain *c, uint64_t off, bool *data);
/* The whole disk to @out; a regular file keeps holes. */
int ploop_chain_copy(const struct ploop_chain *c, int out, struct err *e);

/* ploop_part.c: where on the disk the file system lies. */
int ploop_part_find(const struct ploop_chain *c, uint64_t *ret_off, uint64_t *ret_bytes, struct err *e);

/* ploop_vol.c: the file system's volume, as libext2fs reads it, with the blocks of a journal laid over it. */
struct ploop_over { uint64_t block, from; bool escaped; };	/* @block is read from @from */
struct ploop_vol {
	const struct ploop_chain *chain;
	uint64_t off, bytes;
	unsigned bs;				/* of a file system block; 0 until known */
	struct ploop_over *over;		/* sorted by block */
	size_t n_over;
	struct err err;				/* of the last read that failed */
};
int ploop_vol_read(struct ploop_vol *v, uint64_t off, void *buf, size_t len, struct err *e);

/* ploop_journal.c: reads a journal of @n blocks (@map: where they lie in the volume) and lays what is committed over @v. */
int ploop_journal_replay(struct ploop_vol *v, const uint64_t *map, size_t n, uint64_t fs_blocks, struct err *e);

/* ploop_fs.c: the ext2, ext3 or ext4 file system. Only this and the two below know libext2fs. */
struct struct_ext2_filsys;
struct ploop_fs {
	struct struct_ext2_filsys *fs;
	struct ploop_vol vol;
	bool replayed;
	const char *type;			/* "ext4" */
};
int ploop_fs_open(const struct ploop_chain *c, struct ploop_fs *ret, struct err *e);
void ploop_fs_close(struct ploop_fs *f);
/* An error of libext2fs, or the one of the read behind it. */
int ploop_fs_err(struct ploop_fs *f, long code, struct err *e, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* ploop_tree.c: all files into the root of this process. ploop_file.c: what is in one and what is said of it. */
struct ploop_walk {
	struct ploop_fs *f;
	const struct unploop_go *go;
	struct tmpl_count *c;
	int root;
	uint64_t data_max;			/* more than the volume holds is a bomb */
	uint64_t data;
	uint64_t total;				/* of the work, as far as the file system tells; a file costs PLOOP_PER_FILE */
	int64_t told_ms;
	uint8_t *buf;				/* PLOOP_BUF bytes */
	char shown[200];
};
#define PLOOP_BUF (1u << 20)
#define PLOOP_PER_FILE 4096u
void ploop_tell(struct ploop_walk *w);
int ploop_tree_extract(struct ploop_fs *f, const struct unploop_go *go, struct tmpl_count *c, struct err *e);
struct ext2_inode_large;
const char *ploop_show(struct ploop_walk *w, const char *path);
int ploop_file_data(struct ploop_walk *w, uint32_t ino, const struct ext2_inode_large *in, const char *path, int fd, struct err *e);
int ploop_file_link(struct ploop_walk *w, uint32_t ino, const struct ext2_inode_large *in, const char *path, char *ret, size_t size,
		    struct err *e);
/* Owner, mode, attributes, times, in the order in which one does not undo the other. */
int ploop_file_meta(struct ploop_walk *w, uint32_t ino, const struct ext2_inode_large *in, const char *path, int dir,
		    const char *name, struct err *e);

#endif
