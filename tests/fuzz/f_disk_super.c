/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quota/q_disk_fs.c: the first 4 KiB of an image. What is accepted has figures that can be used without a second look. */
#include "util/err.h"
#include "quota/q_disk.h"
#include "tests/fuzz/fuzz.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	struct disk_super s;
	struct err e = { 0 };

	if (disk_super_parse(data, size, &s, &e) < 0) {
		FUZZ_CHECK(e.code > 0 && e.text[0]);
		return;
	}
	FUZZ_CHECK(s.block >= 512 && s.block <= 65536);
	FUZZ_CHECK(s.usable <= s.blocks && s.free <= s.usable && s.free_inodes <= s.inodes);
	FUZZ_CHECK(s.blocks <= UINT64_MAX / s.block);
}
