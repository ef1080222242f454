/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_T_PLOOP_LAB_H
#define TESTS_UNIT_T_PLOOP_LAB_H
/* What the tests of ploop images share: images in memory, put together field by field from the format's description. */
#include <endian.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "templates/unploop_proto.h"
#include "tests/lib/test.h"

#define LAB_CLUSTER 8u		/* sectors: blocks of 4 KiB */
#define LAB_BLOCK (LAB_CLUSTER * 512u)

struct lab_head {
	char sig[16];
	uint32_t type, heads, cylinders, cluster, n_bat, sectors, sectors_high, in_use, first, flags, ext, ext_high;
};

/* A header for @n blocks with data behind the first block. */
static inline struct lab_head lab_head(bool v2, uint32_t n)
{
	struct lab_head h = { .type = htole32(2), .cluster = htole32(LAB_CLUSTER), .n_bat = htole32(n),
			      .sectors = htole32(n * LAB_CLUSTER), .first = htole32(LAB_CLUSTER) };

	memcpy(h.sig, v2 ? "WithouFreSpacExt" : "WithoutFreeSpace", 16);
	return h;
}

/* An image file: the header, the table, and @blocks blocks of data, the k-th (from 1) filled with 'a' + k. */
static inline int lab_image(const struct lab_head *h, const uint32_t *bat, size_t n, unsigned blocks)
{
	int fd = memfd_create("image", MFD_CLOEXEC);
	char data[LAB_BLOCK];

	CHECK(fd >= 0 && pwrite(fd, h, sizeof(*h), 0) == sizeof(*h) && pwrite(fd, bat, n * 4, sizeof(*h)) == (ssize_t)(n * 4));
	for (unsigned k = 1; k <= blocks; k++) {
		memset(data, 'a' + (int)k, sizeof(data));
		CHECK(pwrite(fd, data, sizeof(data), k * LAB_BLOCK) == sizeof(data));
	}
	return fd;
}

/* A bare disk of @bytes zeros as a chain of one. */
static inline int lab_disk(uint64_t bytes, struct ploop_chain *c)
{
	int fd = memfd_create("disk", MFD_CLOEXEC);
	struct err e = { 0 };

	CHECK(fd >= 0 && ftruncate(fd, (off_t)bytes) == 0);
	CHECK_OK(ploop_chain_open(&fd, 1, PLOOP_IS_RAW, c, &e), &e);
	return fd;
}

static inline void lab_put(int fd, const void *p, size_t n, uint64_t off)
{
	CHECK(pwrite(fd, p, n, (off_t)off) == (ssize_t)n);
}

#endif
