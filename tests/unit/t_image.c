/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/image*.c and layer.c: what an image's info may say, damage named, one loop device for all mounts of an image. */
#include "templates/image.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "templates/tmpl_priv.h"
#include "tests/lib/test.h"
#include "tests/unit/t_unpack_lab.h"
#include "util/fio.h"
#include "util/kv.h"
#include "util/loop.h"
#include "util/path.h"
#include "util/spawn.h"
#include "util/str.h"

#define D64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define GOOD "SCHEMA=\"1\"\nNAME=\"web\"\nDIGEST=\"" D64 "\"\nFORMAT=\"erofs\"\nSHA256=\"" D64 "\"\n" \
	"BYTES=\"4096\"\nENTRIES=\"3\"\nTREE_BYTES=\"9\"\n"

TEST(image_info)
{
	static const struct { const char *text; int rc; } t[] = {
		{ GOOD, 0 },
		{ "", -EBADMSG },
		{ "SCHEMA=\"2\"\nNAME=\"web\"\n", -EBADMSG },
		{ "NAME=\"../etc\"\n" GOOD, -EBADMSG },
		{ "NAME=\"-rf\"\n" GOOD, -EBADMSG },
		{ "DIGEST=\"0123\"\n" GOOD, -EBADMSG },
		{ "DIGEST=\"../../../../../../../../../../../../../../../../../../../../../etc/\"\n" GOOD, -EBADMSG },
		{ "FORMAT=\"ext4\"\n" GOOD, -EBADMSG },
		{ "BYTES=\"many\"\n" GOOD, -EBADMSG },
		{ "BYTES=\"-1\"\n" GOOD, -EBADMSG },
		{ "SHA256=\"\"\n" GOOD, -EBADMSG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		auto_kv struct kv kv = { 0 };
		struct err e = { 0 };
		struct tmpl_image im;

		CHECK_OK(kv_parse(&kv, t[i].text, strlen(t[i].text), &e), &e);
		CHECK_EQ(image_info_parse(&kv, &im, &e), t[i].rc);
		if (t[i].rc == 0)
			CHECK_STR(im.name, "web");
	}
}

TEST(image_info_written_and_read)
{
	struct tmpl_image in = { .name = "a", .digest = D64, .format = "erofs-lz4", .sha256 = D64, .bytes = 1ull << 40, .entries = 7 };
	auto_close int dir = test_tmp_fd();
	struct tmpl_image out;
	struct err e = { 0 };

	CHECK_OK(image_info_write(dir, &in, &e), &e);
	CHECK_OK(image_info_load(dir, &out, &e), &e);
	CHECK(memcmp(&in, &out, sizeof(in)) == 0);
}

TEST(image_detect)
{
	static const struct { size_t off; const char *bytes; const char *fs; } t[] = {
		{ 1024, "\xe2\xe1\xf5\xe0", "erofs" }, { 0, "hsqs", "squashfs" }, { 0, "XFSB", "xfs" }, { 1080, "\x53\xef", "ext4" },
	};
	static char head[4096];
	const char *fs;

	CHECK_EQ(image_detect(head, sizeof(head), &fs), -ENODATA);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		memset(head, 0, sizeof(head));
		memcpy(head + t[i].off, t[i].bytes, strlen(t[i].bytes));
		CHECK_EQ(image_detect(head, sizeof(head), &fs), 0);
		CHECK_STR(fs, t[i].fs);
		CHECK_EQ(image_detect(head, t[i].off + 1, &fs), -ENODATA);
	}
}

/* A made image in TMP/i, of a tree with one file. */
static void make_one(struct tmpl_image *i, int *ret_dir)
{
	char tree[300], into[300];
	auto_close int top = test_tmp_fd(), t = -1;
	struct image_job j = { .tree = tree, .into = into, .format = image_format("erofs"), .image = i };
	struct err e = { 0 };

	if (access("/usr/bin/mkfs.erofs", X_OK) < 0 && access("/usr/sbin/mkfs.erofs", X_OK) < 0)
		SKIP("no mkfs.erofs");
	need_helper();
	*i = (struct tmpl_image){ .name = "one", .digest = D64 };
	str_fmt(tree, sizeof(tree), "%s/t", test_tmp());
	str_fmt(into, sizeof(into), "%s/i", test_tmp());
	t = path_mkdirs(top, "t", 0755, &e);
	*ret_dir = path_mkdirs(top, "i", 0755, &e);
	CHECK_OK(fio_replace(t, "file", "hello", 5, 0644, &e), &e);
	j.dir = *ret_dir;
	CHECK_OK(image_make(&j, &e), &e);
}

TEST_ROOT(image_verified_and_damaged)
{
	auto_close int dir = -1, fd = -1;
	struct tmpl_image i, found;
	struct err e = { 0 };

	make_one(&i, &dir);
	CHECK_OK(image_verify(dir, &found, &e), &e);
	CHECK(memcmp(&i, &found, sizeof(i)) == 0);
	CHECK_EQ(fchmodat(dir, "data", 0644, 0), 0);
	fd = openat(dir, "data", O_RDWR | O_CLOEXEC);
	CHECK_EQ(pwrite(fd, "x", 1, 3000), 1);
	CHECK_ERR(image_verify(dir, &found, &e), EBADMSG);
	CHECK(strstr(e.text, "damaged"));
	CHECK_EQ(ftruncate(fd, 100), 0);
	CHECK_ERR(image_verify(dir, &found, &e), EBADMSG);
	CHECK(strstr(e.text, "cut"));
}

static dev_t dev_of(int mnt)
{
	struct stat st;

	CHECK_EQ(fstat(mnt, &st), 0);
	return st.st_dev;
}

TEST_ROOT(image_mounts_share_one_device)
{
	auto_close int dir = -1, a = -1, b = -1, data = -1, loop = -1, file = -1;
	char name[LOOP_NAME], text[8] = "";
	struct tmpl_image i;
	struct err e = { 0 };
	struct statvfs fs;

	make_one(&i, &dir);
	CHECK_OK(image_attach(dir, D64, IMAGE_DIRECT, &a, &e), &e);
	CHECK_OK(image_attach(dir, D64, IMAGE_DIRECT, &b, &e), &e);
	CHECK(dev_of(a) == dev_of(b));
	CHECK(fstatvfs(a, &fs) == 0 && (fs.f_flag & ST_RDONLY) && (fs.f_flag & ST_NODEV) && (fs.f_flag & ST_NOSUID));
	file = openat(a, "file", O_RDONLY | O_CLOEXEC);
	CHECK_EQ(read(file, text, sizeof(text)), 5);
	CHECK_STR(text, "hello");
	CHECK_EQ(openat(a, "new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600), -1);
	CHECK_EQ(errno, EROFS);
	auto_close_(&file);
	auto_close_(&a);
	auto_close_(&b);
	data = openat(dir, "data", O_RDWR | O_CLOEXEC);		/* 0444, but we are root */
	for (int n = 0; n < 4000 && loop_find(data, &loop, name, &e) == 1; n++) {
		auto_close_(&loop);
		usleep(10000);
	}
	CHECK_EQ(loop_find(data, &loop, name, &e), 0);
}

TEST_ROOT(image_that_is_not_mounted)
{
	auto_close int dir = -1, mnt = -1;
	struct tmpl_image i;
	struct err e = { 0 };

	make_one(&i, &dir);
	CHECK_ERR(image_attach(dir, "f" D64, IMAGE_DIRECT, &mnt, &e), EBADMSG);	/* another template's */
	CHECK_EQ(fchmodat(dir, "data", 0644, 0), 0);
	auto_close int fd = openat(dir, "data", O_RDWR | O_CLOEXEC);
	CHECK_EQ(ftruncate(fd, (off_t)i.bytes - 1), 0);
	CHECK_ERR(image_attach(dir, D64, IMAGE_DIRECT, &mnt, &e), EBADMSG);
	CHECK(strstr(e.text, "cut or was exchanged"));
	CHECK(unlinkat(dir, "data", 0) == 0 && symlinkat("/etc/passwd", dir, "data") == 0);
	CHECK(image_attach(dir, D64, IMAGE_DIRECT, &mnt, &e) < 0);
	CHECK_EQ(mnt, -1);
}

TEST(layer_of_nothing)
{
	struct err e = { 0 };
	int fd = -1;

	CHECK_ERR(tmpl_layer_open(test_tmp(), "abc", &fd, &e), EINVAL);
	CHECK_ERR(tmpl_layer_open(test_tmp(), D64, &fd, &e), ENOENT);
	CHECK_ERR(tmpl_tree_open(test_tmp(), D64, &fd, &e), ENOENT);
}
