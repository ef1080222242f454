/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/ploop_journal.c: the input is a log in blocks of 1 KiB; what comes of it is sorted and within the volume. */
#include <sys/mman.h>
#include <unistd.h>

#include "templates/unploop_proto.h"
#include "tests/fuzz/fuzz.h"
#include "util/auto.h"

#define BS 1024u
#define FS_BLOCKS 64u

void fuzz_one(const uint8_t *data, size_t size)
{
	size_t n = (size + BS - 1) / BS;
	auto_close int fd = memfd_create("log", MFD_CLOEXEC);
	auto_free uint64_t *map = calloc(n ? n : 1, sizeof(*map));
	struct ploop_vol v = { .bs = BS, .bytes = (FS_BLOCKS + n) * BS };
	struct ploop_chain c;
	struct err e = { 0 };
	int rc;

	FUZZ_CHECK(map && fd >= 0 && ftruncate(fd, (off_t)v.bytes) == 0 && pwrite(fd, data, size, FS_BLOCKS * BS) == (ssize_t)size);
	for (size_t i = 0; i < n; i++)
		map[i] = FS_BLOCKS + i;
	FUZZ_CHECK(ploop_chain_open(&fd, 1, PLOOP_IS_RAW, &c, &e) == 0);
	v.chain = &c;
	rc = ploop_journal_replay(&v, map, n, FS_BLOCKS, &e);
	FUZZ_CHECK(rc <= 0 && e.code == -rc && (rc == 0) == !e.text[0]);
	for (size_t i = 0; rc == 0 && i < v.n_over; i++) {
		FUZZ_CHECK(v.over[i].block < FS_BLOCKS && v.over[i].from >= FS_BLOCKS && v.over[i].from < FS_BLOCKS + n);
		FUZZ_CHECK(i == 0 || v.over[i - 1].block < v.over[i].block);
	}
	free(v.over);
	ploop_chain_done(&c);
}
