/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the file system lies: ploop makes a GPT with one partition; older disks have an MBR, or no table at all. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "templates/unploop_proto.h"
#include "util/auto.h"

#define SECTOR 512u
#define ENTRIES_MAX 256u
#define EXT_MAGIC_AT 1080u		/* s_magic of a superblock at byte 1024 */
#define EXT_MAGIC 0xef53u

struct place { uint64_t off, bytes; };

static uint32_t le32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return le32toh(v);
}

static uint64_t le64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return le64toh(v);
}

static uint32_t crc32(const uint8_t *p, size_t n)
{
	uint32_t crc = ~0u;

	while (n--) {
		crc ^= *p++;
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (0xedb88320u & -(crc & 1));
	}
	return ~crc;
}

static bool is_ext(const struct ploop_chain *c, uint64_t off)
{
	struct err ignored = { 0 };
	uint8_t magic[2];

	return ploop_chain_read(c, off + EXT_MAGIC_AT, magic, 2, &ignored) == 0 && (magic[0] | magic[1] << 8) == EXT_MAGIC;
}

/* Of several partitions the one with an ext file system; two of those are more than a container has. */
static int add(const struct ploop_chain *c, uint64_t first, uint64_t sectors, struct place *p, struct err *e)
{
	uint64_t all = c->bytes / SECTOR;

	if (first == 0 || sectors == 0 || first >= all || sectors > all - first)
		return err_say(e, EBADMSG, "a partition of the disk lies outside of it");
	if (!is_ext(c, first * SECTOR))
		return 0;
	if (p->bytes)
		return err_say(e, ENOTSUP, "the disk has two partitions with a file system");
	*p = (struct place){ first * SECTOR, sectors * SECTOR };
	return 0;
}

static int read_gpt(const struct ploop_chain *c, const uint8_t *head, struct place *p, struct err *e)
{
	uint32_t n = le32(head + 80), size = le32(head + 84);
	auto_free uint8_t *t = NULL;

	if (n == 0 || n > ENTRIES_MAX || size < 128 || size > 4096 || size % 8)
		return err_say(e, EBADMSG, "the partition table of the disk is damaged");
	t = malloc((size_t)n * size);
	if (!t)
		return err_set(e, ENOMEM, "partition table");
	if (le64(head + 72) > c->bytes / SECTOR || ploop_chain_read(c, le64(head + 72) * SECTOR, t, (size_t)n * size, e) < 0)
		return err_say(e, EBADMSG, "the partition table of the disk is damaged");
	if (crc32(t, (size_t)n * size) != le32(head + 88))
		return err_say(e, EBADMSG, "the partition table of the disk has a wrong checksum");
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *q = t + (size_t)i * size;
		static const uint8_t none[16];
		uint64_t first = le64(q + 32), last = le64(q + 40);

		if (memcmp(q, none, 16) != 0 && add(c, first, last >= first ? last - first + 1 : 0, p, e) < 0)
			return -e->code;
	}
	return 0;
}

static bool is_gpt(uint8_t head[SECTOR])
{
	uint32_t size = le32(head + 12), crc = le32(head + 16);

	if (memcmp(head, "EFI PART", 8) != 0 || size < 92 || size > SECTOR)
		return false;
	memset(head + 16, 0, 4);
	return crc32(head, size) == crc;
}

static int read_mbr(const struct ploop_chain *c, const uint8_t *mbr, struct place *p, struct err *e)
{
	for (int i = 0; i < 4; i++) {
		const uint8_t *q = mbr + 446 + i * 16;

		if (q[4] != 0 && q[4] != 0xee && add(c, le32(q + 8), le32(q + 12), p, e) < 0)
			return -e->code;
	}
	return 0;
}

int ploop_part_find(const struct ploop_chain *c, uint64_t *ret_off, uint64_t *ret_bytes, struct err *e)
{
	uint8_t first[2 * SECTOR];
	struct place p = { 0 };

	if (c->bytes < 8 * SECTOR)
		return err_say(e, EBADMSG, "the disk is too small for a file system");
	if (ploop_chain_read(c, 0, first, sizeof(first), e) < 0)
		return -e->code;
	if (is_gpt(first + SECTOR)) {
		if (read_gpt(c, first + SECTOR, &p, e) < 0)
			return -e->code;
	} else if (is_ext(c, 0)) {
		p = (struct place){ 0, c->bytes };
	} else if (first[510] == 0x55 && first[511] == 0xaa && read_mbr(c, first, &p, e) < 0) {
		return -e->code;
	}
	if (!p.bytes)
		return err_say(e, ENOTSUP, "the disk has no ext2, ext3 or ext4 file system");
	*ret_off = p.off;
	*ret_bytes = p.bytes;
	return 0;
}
