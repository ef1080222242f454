/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ploop image files. The format is that of Parallels disks (docs/interop/parallels.txt of QEMU describes it): a header of
 * 64 bytes, a table of 32-bit entries that say where each block of the disk lies in the file, the blocks. Entries count
 * sectors in version 1 ("WithoutFreeSpace") and blocks in version 2 ("WithouFreSpacExt"); 0 is a block that the image
 * does not have: the next one below it is asked, and below the last there are zeros. Read only.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "templates/unploop_proto.h"
#include "util/auto.h"

#define SECTOR 512u
#define CLUSTER_MAX 131072u		/* 64 MiB, as ploop has it */
#define BAT_MAX (48u << 20)		/* entries: 192 MiB of table */
#define IN_USE 0x746f6e59u
#define CLOSED 0x312e3276u		/* since format 2.1; before it, 0 */
#define COPY_CHUNK (1u << 20)

struct head {				/* little-endian */
	char sig[16];
	uint32_t type, heads, cylinders, cluster, n_bat;
	uint32_t sectors, sectors_high;
	uint32_t in_use, first_block, flags;
	uint32_t ext, ext_high;
};
_Static_assert(sizeof(struct head) == 64, "as on disk");

static int bad(struct err *e, const char *why)
{
	return err_say(e, EBADMSG, "%s: the image is damaged", why);
}

static int read_at(int fd, void *buf, size_t len, uint64_t off, struct err *e)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = pread(fd, (char *)buf + at, len - at, (off_t)(off + at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, errno, "read the image");
		if (n == 0)
			return bad(e, "it ends within what its table points to");
		at += (size_t)n;
	}
	return 0;
}

static bool kind_of(const struct head *h, enum tmpl_ploop_kind *ret)
{
	if (memcmp(h->sig, "WithoutFreeSpace", 16) == 0)
		*ret = TMPL_PLOOP_V1;
	else if (memcmp(h->sig, "WithouFreSpacExt", 16) == 0)
		*ret = TMPL_PLOOP_V2;
	else
		return false;
	return true;
}

/* Where data may begin, in bytes; 0: cannot be. */
static uint64_t data_start(const struct ploop_image *i, const struct head *h)
{
	uint64_t table = sizeof(*h) + (uint64_t)i->n_bat * 4, first = (uint64_t)le32toh(h->first_block) * SECTOR;

	if (first == 0 && i->kind == TMPL_PLOOP_V1)
		first = (table + SECTOR - 1) / SECTOR * SECTOR;
	if (i->kind == TMPL_PLOOP_V2 && i->cluster && first % ((uint64_t)i->cluster * SECTOR) != 0)
		return 0;
	return first >= table ? first : 0;
}

static int check_head(struct ploop_image *i, const struct head *h, struct err *e)
{
	uint32_t state = le32toh(h->in_use);

	i->cluster = le32toh(h->cluster);
	i->n_bat = le32toh(h->n_bat);
	i->sectors = le32toh(h->sectors);
	if (i->kind == TMPL_PLOOP_V2)
		i->sectors |= (uint64_t)le32toh(h->sectors_high) << 32;
	i->in_use = state == IN_USE;
	if (le32toh(h->type) != 2)
		return bad(e, "its header has an unknown type");
	if (i->cluster == 0 || i->cluster > CLUSTER_MAX)
		return bad(e, "its header has an impossible block size");
	if (state != IN_USE && state != CLOSED && state != 0)
		return bad(e, "its header has an unknown state");
	if (i->n_bat == 0 || i->n_bat > BAT_MAX)
		return bad(e, "its header has an impossible number of blocks");
	if (i->sectors == 0 || i->sectors > (uint64_t)i->n_bat * i->cluster)
		return bad(e, "its header has a disk size that its table does not cover");
	return 0;
}

/* In bytes; UINT64_MAX does not occur: 2^32 blocks of 64 MiB. */
static uint64_t entry_off(const struct ploop_image *i, uint32_t entry)
{
	return (uint64_t)entry * SECTOR * (i->kind == TMPL_PLOOP_V2 ? i->cluster : 1);
}

/* Each entry inside the file, behind the table, on the grid of blocks, and no block twice. */
static int check_bat(struct ploop_image *i, uint64_t start, struct err *e)
{
	uint64_t bytes = (uint64_t)i->cluster * SECTOR, blocks = i->size > start ? (i->size - start) / bytes : 0;
	auto_free uint8_t *taken = calloc(1, blocks / 8 + 1);

	if (!taken)
		return err_set(e, ENOMEM, "check the table of the image");
	for (uint32_t k = 0; k < i->n_bat; k++) {
		uint64_t off = entry_off(i, i->bat[k]), block;

		if (i->bat[k] == 0)
			continue;
		if (off < start || (off - start) % bytes != 0)
			return bad(e, "an entry of its table points into the table or between blocks");
		block = (off - start) / bytes;
		if (block >= blocks)
			return bad(e, "an entry of its table points behind the end of the file");
		if (taken[block / 8] & (1u << (block % 8)))
			return bad(e, "two entries of its table point to the same block");
		taken[block / 8] |= (uint8_t)(1u << (block % 8));
		i->allocated++;
	}
	return 0;
}

static int open_table(struct ploop_image *i, const struct head *h, struct err *e)
{
	uint64_t start;

	if (check_head(i, h, e) < 0)
		return -e->code;
	start = data_start(i, h);
	if (start == 0 || start > i->size)
		return bad(e, "its table is larger than the room for it");
	i->bat = malloc((size_t)i->n_bat * 4);
	if (!i->bat)
		return err_set(e, ENOMEM, "read the table of the image");
	if (read_at(i->fd, i->bat, (size_t)i->n_bat * 4, sizeof(*h), e) < 0)
		return -e->code;
	for (uint32_t k = 0; k < i->n_bat; k++)
		i->bat[k] = le32toh(i->bat[k]);
	return check_bat(i, start, e);
}

int ploop_image_open(int fd, enum ploop_probe probe, struct ploop_image *ret, struct err *e)
{
	struct head h = { 0 };
	struct stat st;

	*ret = (struct ploop_image){ .fd = fd };
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_say(e, EINVAL, "the image is not a regular file");
	ret->size = (uint64_t)st.st_size;
	if (ret->size >= sizeof(h) && probe != PLOOP_IS_RAW && read_at(fd, &h, sizeof(h), 0, e) < 0)
		return -e->code;
	if (probe != PLOOP_IS_RAW && kind_of(&h, &ret->kind)) {
		if (open_table(ret, &h, e) < 0)
			ploop_image_done(ret);
		return -e->code;
	}
	if (probe == PLOOP_IS_IMAGE)
		return err_say(e, EBADMSG, "the file is no ploop image: it has neither signature at its start");
	ret->kind = TMPL_PLOOP_RAW;
	ret->sectors = ret->size / SECTOR;
	return ret->sectors ? 0 : err_say(e, EBADMSG, "the image is empty");
}

void ploop_image_done(struct ploop_image *i)
{
	free(i->bat);
	i->bat = NULL;
}

int ploop_chain_open(const int *fds, size_t n, enum ploop_probe base, struct ploop_chain *ret, struct err *e)
{
	*ret = (struct ploop_chain){ .v = calloc(n ? n : 1, sizeof(*ret->v)) };
	if (!ret->v || n == 0)
		return err_set(e, n ? ENOMEM : EINVAL, "open the images");
	for (; ret->n < n; ret->n++) {
		if (ploop_image_open(fds[ret->n], ret->n + 1 == n ? base : PLOOP_IS_IMAGE, &ret->v[ret->n], e) < 0) {
			ploop_chain_done(ret);
			return err_add(e, "image %zu of %zu", ret->n + 1, n);
		}
	}
	ret->bytes = ret->v[0].sectors * SECTOR;	/* the disk may have grown since the ones below were written */
	return 0;
}

void ploop_chain_done(struct ploop_chain *c)
{
	for (size_t i = 0; i < c->n; i++)
		ploop_image_done(&c->v[i]);
	free(c->v);
	c->v = NULL;
}

/* Where byte @off of the disk lies in @i, and how far that goes; false: nowhere. */
static bool look(const struct ploop_image *i, uint64_t off, uint64_t *ret_at, uint64_t *ret_len)
{
	uint64_t end = i->sectors * SECTOR, bytes = (uint64_t)i->cluster * SECTOR, k;

	if (off >= end) {
		*ret_len = UINT64_MAX;
		return false;
	}
	if (i->kind == TMPL_PLOOP_RAW) {
		*ret_at = off;
		*ret_len = end - off;
		return true;
	}
	k = off / bytes;
	*ret_len = MIN(bytes - off % bytes, end - off);
	*ret_at = entry_off(i, i->bat[k]) + off % bytes;
	return i->bat[k] != 0;
}

static const struct ploop_image *find(const struct ploop_chain *c, uint64_t off, uint64_t *at, uint64_t *run)
{
	*run = c->bytes - off;
	for (size_t i = 0; i < c->n; i++) {
		uint64_t len;
		bool here = look(&c->v[i], off, at, &len);

		*run = MIN(*run, len);
		if (here)
			return &c->v[i];
	}
	return NULL;
}

uint64_t ploop_chain_run(const struct ploop_chain *c, uint64_t off, bool *data)
{
	uint64_t at, run;

	*data = find(c, off, &at, &run) != NULL;
	return run;
}

int ploop_chain_read(const struct ploop_chain *c, uint64_t off, void *buf, size_t len, struct err *e)
{
	if (off > c->bytes || len > c->bytes - off)
		return err_say(e, ERANGE, "byte %llu is behind the end of the disk", (unsigned long long)off);
	while (len) {
		uint64_t at, run;
		const struct ploop_image *i = find(c, off, &at, &run);
		size_t n = (size_t)MIN(run, (uint64_t)len);

		if (!i)
			memset(buf, 0, n);
		else if (read_at(i->fd, buf, n, at, e) < 0)
			return -e->code;
		buf = (char *)buf + n;
		off += n;
		len -= n;
	}
	return 0;
}

static bool is_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

static int put(int out, const uint8_t *buf, size_t n, struct err *e)
{
	while (n) {
		ssize_t w = write(out, buf, n);

		if (w < 0 && errno != EINTR)
			return err_set(e, errno, "write the disk");
		buf += w > 0 ? w : 0;
		n -= w > 0 ? (size_t)w : 0;
	}
	return 0;
}

int ploop_chain_copy(const struct ploop_chain *c, int out, struct err *e)
{
	auto_free uint8_t *buf = malloc(COPY_CHUNK);
	struct stat st;
	bool sparse = fstat(out, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;

	if (!buf)
		return err_set(e, ENOMEM, "copy the disk");
	for (uint64_t off = 0; off < c->bytes;) {
		bool data;
		uint64_t run = ploop_chain_run(c, off, &data);
		size_t n = (size_t)MIN(run, (uint64_t)COPY_CHUNK);

		if (sparse && !data)
			n = 0;
		else if (ploop_chain_read(c, off, buf, n, e) < 0)
			return -e->code;
		if (sparse && (n == 0 || is_zero(buf, n))) {
			run = n ? n : run;
			if (lseek(out, (off_t)run, SEEK_CUR) < 0)
				return err_set(e, errno, "write the disk");
			off += run;
			continue;
		}
		if (put(out, buf, n, e) < 0)
			return -e->code;
		off += n;
	}
	return sparse && ftruncate(out, (off_t)c->bytes) < 0 ? err_set(e, errno, "write the disk") : 0;
}
