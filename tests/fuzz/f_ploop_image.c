/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/ploop_image.c and ploop_part.c: no image makes them read outside of it, and no two blocks are one. */
#include <sys/mman.h>
#include <unistd.h>

#include "templates/unploop_proto.h"
#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/str.h"

#define READ_MAX (4u << 20)

static void check_read(const struct ploop_chain *c)
{
	static uint8_t buf[4096];
	struct err e = { 0 };

	for (uint64_t off = 0; off < c->bytes && off < READ_MAX;) {
		bool is_data;
		uint64_t run = ploop_chain_run(c, off, &is_data);
		size_t n = (size_t)MIN(run, (uint64_t)sizeof(buf));

		FUZZ_CHECK(run > 0 && run <= c->bytes - off);
		FUZZ_CHECK(ploop_chain_read(c, off, buf, n, &e) == 0);
		for (size_t i = 0; !is_data && i < n; i++)
			FUZZ_CHECK(buf[i] == 0);
		off += n;
	}
}

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_close int fd = memfd_create("image", MFD_CLOEXEC);
	struct ploop_chain c;
	uint64_t off, bytes;
	struct err e = { 0 };
	int rc;

	FUZZ_CHECK(fd >= 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	rc = ploop_chain_open((const int[]){ fd, fd }, 2, PLOOP_IS_ANY, &c, &e);
	if (rc == 0)
		ploop_chain_done(&c);
	err_clear(&e);
	rc = ploop_chain_open(&fd, 1, PLOOP_IS_ANY, &c, &e);
	FUZZ_CHECK(rc <= 0 && e.code == -rc && (rc == 0) == !e.text[0] && !str_has_ctrl(e.text));
	if (rc < 0)
		return;
	check_read(&c);
	if (ploop_part_find(&c, &off, &bytes, &e) == 0)
		FUZZ_CHECK(bytes > 0 && off < c.bytes && bytes <= c.bytes - off);
	ploop_chain_done(&c);
}
