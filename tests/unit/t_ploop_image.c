/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/ploop_image.c: both versions of the table, chains, and every lie a header or a table can tell. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>

#include "tests/unit/t_ploop_lab.h"

static char at(const struct ploop_chain *c, uint64_t off)
{
	struct err e = { 0 };
	char x;

	CHECK_OK(ploop_chain_read(c, off, &x, 1, &e), &e);
	return x;
}

static void one(bool v2)
{
	struct lab_head h = lab_head(v2, 4);
	uint32_t unit = v2 ? 1 : LAB_CLUSTER, bat[4] = { htole32(3 * unit), 0, htole32(1 * unit), 0 };
	int fd = lab_image(&h, bat, 4, 3);
	char buf[2 * LAB_BLOCK];
	struct ploop_chain c;
	struct err e = { 0 };
	bool data;

	CHECK_OK(ploop_chain_open(&fd, 1, PLOOP_IS_IMAGE, &c, &e), &e);
	CHECK_EQ(c.v[0].kind, v2 ? TMPL_PLOOP_V2 : TMPL_PLOOP_V1);
	CHECK_EQ(c.bytes, 4 * LAB_BLOCK);
	CHECK_EQ(c.v[0].allocated, 2);
	CHECK_EQ(at(&c, 0), 'd');
	CHECK_EQ(at(&c, LAB_BLOCK - 1), 'd');
	CHECK_EQ(at(&c, LAB_BLOCK), 0);
	CHECK_EQ(at(&c, 2 * LAB_BLOCK), 'b');
	CHECK_EQ(at(&c, 4 * LAB_BLOCK - 1), 0);
	CHECK_OK(ploop_chain_read(&c, LAB_BLOCK - 1, buf, sizeof(buf), &e), &e);
	CHECK(buf[0] == 'd' && buf[1] == 0 && buf[LAB_BLOCK] == 0 && buf[LAB_BLOCK + 1] == 'b');
	CHECK_EQ(ploop_chain_run(&c, 1, &data), LAB_BLOCK - 1);
	CHECK(data);
	CHECK_EQ(ploop_chain_run(&c, LAB_BLOCK, &data), LAB_BLOCK);
	CHECK(!data);
	CHECK_ERR(ploop_chain_read(&c, 4 * LAB_BLOCK - 1, buf, 2, &e), ERANGE);
	err_clear(&e);
	CHECK_ERR(ploop_chain_read(&c, UINT64_MAX, buf, 2, &e), ERANGE);
	ploop_chain_done(&c);
	close(fd);
}

TEST(ploop_image_v1) { one(false); }
TEST(ploop_image_v2) { one(true); }

TEST(ploop_image_chain)
{
	struct lab_head top = lab_head(true, 4), mid = lab_head(false, 2);
	uint32_t t[4] = { 0, htole32(2), 0, 0 }, m[2] = { htole32(LAB_CLUSTER), 0 };
	int fd[3] = { lab_image(&top, t, 4, 2), lab_image(&mid, m, 2, 1), memfd_create("base", MFD_CLOEXEC) };
	char buf[LAB_BLOCK];
	struct ploop_chain c;
	struct err e = { 0 };

	memset(buf, 'z', sizeof(buf));
	for (unsigned k = 0; k < 3; k++)
		lab_put(fd[2], buf, sizeof(buf), k * LAB_BLOCK);
	CHECK_OK(ploop_chain_open(fd, 3, PLOOP_IS_RAW, &c, &e), &e);
	CHECK_EQ(at(&c, 0), 'b');			/* of the middle */
	CHECK_EQ(at(&c, LAB_BLOCK), 'c');		/* of the top */
	CHECK_EQ(at(&c, 2 * LAB_BLOCK), 'z');		/* behind the end of the middle: the base */
	CHECK_EQ(at(&c, 3 * LAB_BLOCK), 0);		/* behind the end of the base, too */
	ploop_chain_done(&c);
	/* a bare file in the middle, or with a header where it must have none */
	CHECK_ERR(ploop_chain_open((int[]){ fd[0], fd[2], fd[1] }, 3, PLOOP_IS_RAW, &c, &e), EBADMSG);
	CHECK_STR(e.text, "image 2 of 3: the file is no ploop image: it has neither signature at its start");
	err_clear(&e);
	CHECK_OK(ploop_chain_open(&fd[1], 1, PLOOP_IS_RAW, &c, &e), &e);
	CHECK_EQ(c.v[0].kind, TMPL_PLOOP_RAW);		/* what a guest writes at its start is no header */
	ploop_chain_done(&c);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
}

static void lie(const char *text, const struct lab_head *h, const uint32_t bat[4])
{
	int fd = lab_image(h, bat, 4, 3);
	struct ploop_image i;
	struct err e = { 0 };

	if (ploop_image_open(fd, PLOOP_IS_IMAGE, &i, &e) != -EBADMSG || !strstr(e.text, text))
		test_fail(__FILE__, __LINE__, "got %d \"%s\", wanted \"%s\"", e.code, e.text, text);
	close(fd);
}

TEST(ploop_image_head_lies)
{
	static const uint32_t none[4];
	const struct lab_head good = lab_head(true, 4);
	struct lab_head h;

#define LIE(field, value, text) h = good; h.field = htole32(value); lie(text, &h, none)
	LIE(type, 3, "unknown type");
	LIE(cluster, 0, "block size");
	LIE(cluster, 0xffffffff, "block size");
	LIE(n_bat, 0, "number of blocks");
	LIE(n_bat, 0xffffffff, "number of blocks");
	LIE(n_bat, 40 << 20, "larger than the room");
	LIE(n_bat, 3, "disk size");
	LIE(sectors, 0, "disk size");
	LIE(sectors, 33, "disk size");
	LIE(sectors_high, 1, "disk size");
	LIE(in_use, 1, "unknown state");
	LIE(first, 0, "larger than the room");
	LIE(first, 1, "larger than the room");
	LIE(first, 0xfffffff8, "larger than the room");
	h = lab_head(false, 4);
	h.first = 0;		/* of version 1 only: right behind the table, here between blocks */
	lie("between blocks", &h, (uint32_t[4]){ htole32(LAB_CLUSTER) });
#undef LIE
}

TEST(ploop_image_table_lies)
{
	const struct lab_head v1 = lab_head(false, 4), v2 = lab_head(true, 4);

	lie("the same block", &v2, (uint32_t[4]){ htole32(1), htole32(2), htole32(1) });
	lie("behind the end", &v2, (uint32_t[4]){ htole32(4) });
	lie("behind the end", &v2, (uint32_t[4]){ htole32(0xffffffff) });
	lie("the same block", &v1, (uint32_t[4]){ htole32(LAB_CLUSTER), 0, 0, htole32(LAB_CLUSTER) });
	lie("between blocks", &v1, (uint32_t[4]){ htole32(LAB_CLUSTER + 1) });
	lie("into the table", &v1, (uint32_t[4]){ htole32(1) });
	lie("behind the end", &v1, (uint32_t[4]){ htole32(4 * LAB_CLUSTER) });
	lie("behind the end", &v1, (uint32_t[4]){ htole32(0xfffffff8) });
}

TEST(ploop_image_in_use)
{
	static const struct { uint32_t state; bool in_use; } t[] = { { 0, false }, { 0x312e3276, false }, { 0x746f6e59, true } };

	for (size_t k = 0; k < ARRAY_SIZE(t); k++) {
		struct lab_head h = lab_head(true, 4);
		struct ploop_image i;
		struct err e = { 0 };
		int fd;

		h.in_use = htole32(t[k].state);
		fd = lab_image(&h, (uint32_t[4]){ 0 }, 4, 0);
		CHECK(ftruncate(fd, 8192) == 0);
		CHECK_OK(ploop_image_open(fd, PLOOP_IS_ANY, &i, &e), &e);
		CHECK_EQ(i.in_use, t[k].in_use);
		ploop_image_done(&i);
		close(fd);
	}
}

TEST(ploop_image_copy)
{
	struct lab_head h = lab_head(true, 1024);
	static uint32_t bat[1024];
	static char a[1024 * LAB_BLOCK], b[1024 * LAB_BLOCK];
	int fd, out = openat(test_tmp_fd(), "out", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct ploop_chain c;
	struct err e = { 0 };
	struct stat st;

	bat[5] = htole32(2);
	bat[1000] = htole32(3);
	h.first = htole32(2 * LAB_CLUSTER);
	fd = lab_image(&h, bat, 1024, 3);
	lab_put(fd, bat, sizeof(bat), 64);	/* it takes two blocks, and lab_image() thinks of one */
	CHECK_OK(ploop_chain_open(&fd, 1, PLOOP_IS_IMAGE, &c, &e), &e);
	CHECK_OK(ploop_chain_copy(&c, out, &e), &e);
	CHECK(fstat(out, &st) == 0 && st.st_size == sizeof(a));
	CHECK(st.st_blocks * 512 < st.st_size / 2);
	CHECK_OK(ploop_chain_read(&c, 0, a, sizeof(a), &e), &e);
	CHECK(pread(out, b, sizeof(b), 0) == sizeof(b) && memcmp(a, b, sizeof(a)) == 0);
	CHECK(a[5 * LAB_BLOCK] == 'c' && a[1000 * LAB_BLOCK] == 'd');
	ploop_chain_done(&c);
	close(fd);
	close(out);
}

/* Out of memory or a disk that does not answer: an error, and nothing stays allocated. */
TEST(ploop_image_faults)
{
	struct lab_head h = lab_head(true, 4);
	int fd = lab_image(&h, (uint32_t[4]){ htole32(1) }, 4, 1);
	struct ploop_chain c;
	struct err e;

	EACH_FAULT(FAULT_ALLOC | FAULT_IO) {
		int rc;

		err_clear(&e);
		rc = ploop_chain_open((int[]){ fd, fd }, 2, PLOOP_IS_IMAGE, &c, &e);
		test_fault_off();
		CHECK_EQ(rc < 0, test_fault_hit());
		if (rc == 0)
			ploop_chain_done(&c);
	}
	close(fd);
}
