/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/ploop_part.c: GPT, MBR, no table; damaged ones, and partitions outside of the disk. */
#include "tests/unit/t_ploop_lab.h"

#define DISK (4u << 20)
#define START 2048u

struct lab { int fd; struct ploop_chain c; uint8_t table[128 * 128], head[512]; };

static uint32_t crc(const uint8_t *p, size_t n)
{
	uint32_t v = ~0u;

	for (size_t i = 0; i < n; i++) {
		v ^= p[i];
		for (int k = 0; k < 8; k++)
			v = v & 1 ? v >> 1 ^ 0xedb88320u : v >> 1;
	}
	return ~v;
}

static void put32(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, 4);
}

static void ext_at(struct lab *l, uint64_t sector)
{
	lab_put(l->fd, "\x53\xef", 2, sector * 512 + 1080);
}

static void gpt_entry(struct lab *l, int i, uint32_t first, uint32_t last)
{
	l->table[i * 128] = 0xaf;
	put32(l->table + i * 128 + 32, first);
	put32(l->table + i * 128 + 40, last);
}

static void gpt_write(struct lab *l)
{
	memcpy(l->head, "EFI PART", 8);
	put32(l->head + 12, 92);
	put32(l->head + 72, 2);
	put32(l->head + 80, 128);
	put32(l->head + 84, 128);
	put32(l->head + 88, crc(l->table, sizeof(l->table)));
	put32(l->head + 16, 0);
	put32(l->head + 16, crc(l->head, 92));
	lab_put(l->fd, l->head, sizeof(l->head), 512);
	lab_put(l->fd, l->table, sizeof(l->table), 1024);
}

static void mbr_entry(struct lab *l, int i, uint8_t type, uint32_t first, uint32_t n)
{
	uint8_t e[16] = { 0 };

	e[4] = type;
	put32(e + 8, first);
	put32(e + 12, n);
	lab_put(l->fd, e, 16, 446 + (unsigned)i * 16);
	lab_put(l->fd, "\x55\xaa", 2, 510);
}

static void begin(struct lab *l)
{
	memset(l, 0, sizeof(*l));
	l->fd = lab_disk(DISK, &l->c);
}

static void end(struct lab *l, int code, const char *text, uint64_t off, uint64_t bytes)
{
	uint64_t got_off = 0, got_bytes = 0;
	struct err e = { 0 };
	int rc = ploop_part_find(&l->c, &got_off, &got_bytes, &e);

	if (rc != -code || (text && !strstr(e.text, text)) || got_off != off || got_bytes != bytes)
		test_fail(__FILE__, __LINE__, "%d \"%s\" %llu+%llu, wanted %d \"%s\"", rc, e.text, (unsigned long long)got_off,
			  (unsigned long long)got_bytes, -code, text ? text : "");
	ploop_chain_done(&l->c);
	close(l->fd);
}

static struct lab l;

TEST(ploop_part_none)
{
	begin(&l);
	end(&l, ENOTSUP, "no ext2, ext3 or ext4", 0, 0);
	begin(&l);
	ext_at(&l, 0);
	end(&l, 0, NULL, 0, DISK);
}

TEST(ploop_part_gpt)
{
	begin(&l);
	ext_at(&l, START);
	gpt_entry(&l, 0, 34, 40);		/* something else comes first */
	gpt_entry(&l, 5, START, START + 99);
	gpt_write(&l);
	end(&l, 0, NULL, START * 512, 100 * 512);
	begin(&l);
	ext_at(&l, START);
	ext_at(&l, 4096);
	gpt_entry(&l, 0, START, START + 99);
	gpt_entry(&l, 1, 4096, 4196);
	gpt_write(&l);
	end(&l, ENOTSUP, "two partitions", 0, 0);
}

TEST(ploop_part_gpt_lies)
{
	static const struct { uint32_t first, last; } t[] = { { START, DISK / 512 }, { START, START - 1 }, { 0, 10 }, { 0xffffffff, 0xffffffff } };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		begin(&l);
		ext_at(&l, START);
		gpt_entry(&l, 0, t[i].first, t[i].last);
		gpt_write(&l);
		end(&l, EBADMSG, "outside", 0, 0);
	}
	begin(&l);
	gpt_entry(&l, 0, START, START + 99);
	gpt_write(&l);
	lab_put(l.fd, "x", 1, 1024 + 60);
	end(&l, EBADMSG, "wrong checksum", 0, 0);
	begin(&l);
	gpt_entry(&l, 0, START, START + 99);
	gpt_write(&l);
	lab_put(l.fd, "x", 1, 512 + 80);	/* a header whose checksum is wrong is none */
	end(&l, ENOTSUP, "no ext2, ext3 or ext4", 0, 0);
}

TEST(ploop_part_mbr)
{
	begin(&l);
	ext_at(&l, 63);
	mbr_entry(&l, 2, 0x83, 63, 1000);
	end(&l, 0, NULL, 63 * 512, 1000 * 512);
	begin(&l);
	ext_at(&l, 63);
	mbr_entry(&l, 0, 0x83, 63, DISK / 512);
	end(&l, EBADMSG, "outside", 0, 0);
	begin(&l);
	ext_at(&l, 1);
	mbr_entry(&l, 0, 0xee, 1, 0xffffffff);	/* says that there is a GPT, and there is none */
	end(&l, ENOTSUP, "no ext2, ext3 or ext4", 0, 0);
}
