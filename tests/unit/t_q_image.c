/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/t_q_fs.h"

static const char *path(const char *name)
{
	static char p[300];

	q_path(p, sizeof(p), name);
	return p;
}

static int open_image(const char *image, uint64_t size, int *fd, enum image_fs *fs, struct err *e)
{
	const struct quota_pool p = { .image = image, .size_bytes = size };

	return image_open(&p, -1, fd, fs, e);
}

TEST(q_image_refusals)
{
	enum image_fs fs;
	struct err e = { 0 };
	int fd = -1;
	auto_close int dir = test_tmp_fd();

	CHECK_ERR(open_image("relative", 1 << 30, &fd, &fs, &e), EINVAL);
	CHECK_ERR(open_image(path("absent/x"), 1 << 30, &fd, &fs, &e), ENOENT);
	CHECK_ERR(open_image(path("small"), 1 << 20, &fd, &fs, &e), EINVAL);
	CHECK(strstr(e.text, "too small"));
	CHECK_ERR(open_image(path("big"), 1ull << 60, &fd, &fs, &e), ENOSPC);
	CHECK(strstr(e.text, "/big"));
	CHECK_EQ(faccessat(dir, "big.tmp", F_OK, 0), -1);	/* nothing was made */
	close(openat(dir, "junk", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	CHECK_ERR(open_image(path("junk"), 1 << 30, &fd, &fs, &e), EINVAL);
	CHECK(strstr(e.text, "not a pool image"));
	CHECK_EQ(symlinkat("junk", dir, "link"), 0);
	CHECK_ERR(open_image(path("link"), 1 << 30, &fd, &fs, &e), ELOOP);
	CHECK_EQ(fd, -1);
}

/* What an interrupted call left is made anew; a whole image never is. */
TEST_ROOT(q_image_made_once)
{
	enum image_fs fs, again;
	struct err e = { 0 };
	struct stat before, after;
	int fd = -1, fd2 = -1;
	auto_close int dir = test_tmp_fd();

	q_private();
	close(openat(dir, "pool.img.tmp", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	CHECK_OK(open_image(path("pool.img"), 300 << 20, &fd, &fs, &e), &e);
	CHECK_EQ(fstat(fd, &before), 0);
	CHECK_EQ(before.st_size, 300 << 20);
	CHECK_EQ(before.st_mode, S_IFREG | 0600);
	CHECK(before.st_blocks * 512 < 64 << 20);		/* sparse */
	CHECK_EQ(faccessat(dir, "pool.img.tmp", F_OK, 0), -1);
	CHECK_OK(open_image(path("pool.img"), 600 << 20, &fd2, &again, &e), &e);
	CHECK_EQ(fstat(fd2, &after), 0);
	CHECK_EQ(again, fs);
	CHECK_EQ(after.st_size, before.st_size);
	CHECK_EQ(after.st_ino, before.st_ino);
}
