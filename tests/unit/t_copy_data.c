/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/copy_data.c: contents arrive with their holes, and a comparison finds one byte. */
#include "templates/copy_proto.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "util/fio.h"
#include "util/str.h"

#define BIG (3 << 20)

static struct err e;
static int from = -1, to = -1;
static struct stat st;

static void lab(void)
{
	auto_close int tmp = test_tmp_fd();

	CHECK(mkdirat(tmp, "from", 0700) == 0 && mkdirat(tmp, "to", 0700) == 0);
	from = openat(tmp, "from", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to = openat(tmp, "to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static struct copy_at at(const char *name)
{
	CHECK(fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) == 0);
	return (struct copy_at){ .from = from, .to = to, .name = name, .path = name };
}

static void put(int dir, const char *name, off_t where, const char *text)
{
	auto_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && pwrite(fd, text, strlen(text), where) == (ssize_t)strlen(text));
}

static void size_to(int dir, const char *name, off_t size)
{
	auto_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && ftruncate(fd, size) == 0);
}

static int copied(const char *name)
{
	struct copy_at a = at(name);

	err_clear(&e);
	return copy_data(&a, &st, &e) < 0 ? -e.code : copy_data_same(&a, &st, &e);
}

static int compared(const char *name)
{
	struct copy_at a = at(name);

	err_clear(&e);
	return copy_data_same(&a, &st, &e);
}

TEST(copy_data_of_every_shape)
{
	lab();
	put(from, "empty", 0, "");
	put(from, "one", 0, "x");
	put(from, "end", BIG, "the end");		/* a hole, then data */
	put(from, "start", 0, "begin");
	size_to(from, "start", BIG);			/* data, then a hole to the end */
	size_to(from, "hole", BIG + 1);
	put(from, "both", 0, "a");
	put(from, "both", 1 << 20, "b");
	put(from, "both", BIG, "c");
	static const char *const names[] = { "empty", "one", "end", "start", "hole", "both" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct stat now;

		CHECK_OK(copied(names[i]), &e);
		CHECK(fstatat(to, names[i], &now, 0) == 0 && now.st_size == st.st_size);
		CHECK(now.st_size < BIG || now.st_blocks * 512 < BIG / 2);
	}
}

TEST(copy_data_never_writes_over)
{
	lab();
	put(from, "f", 0, "new");
	put(to, "f", 0, "old");
	CHECK_EQ(copied("f"), -EEXIST);
	CHECK(unlinkat(to, "f", 0) == 0 && symlinkat("elsewhere", to, "f") == 0);
	CHECK_EQ(copied("f"), -EEXIST);
	CHECK(faccessat(to, "elsewhere", F_OK, AT_SYMLINK_NOFOLLOW) < 0);
}

TEST(copy_data_same_finds_what_differs)
{
	lab();
	put(from, "f", BIG, "x");
	CHECK_OK(copied("f"), &e);
	put(to, "f", BIG, "y");				/* the last byte */
	CHECK_EQ(compared("f"), -EIO);
	CHECK_STR(e.text, "/f differs from what it was copied from: its contents");
	put(to, "f", BIG, "x");
	CHECK_OK(compared("f"), &e);
	put(to, "f", 1 << 20, "y");			/* in what was a hole */
	CHECK_EQ(compared("f"), -EIO);
	size_to(to, "f", 1 << 20);
	CHECK_EQ(compared("f"), -EIO);
	size_to(to, "f", BIG + 2);			/* longer */
	CHECK_EQ(compared("f"), -EIO);
	CHECK(unlinkat(to, "f", 0) == 0);
	CHECK_EQ(compared("f"), -ENOENT);
}

/* The same bytes, but no hole any more: a container would outgrow its limit. */
TEST(copy_data_same_wants_the_holes)
{
	static char zeros[1 << 20];

	lab();
	size_to(from, "f", BIG);
	auto_close int fd = openat(to, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	for (int i = 0; i < BIG / (int)sizeof(zeros); i++)
		CHECK_OK(fio_write_all(fd, zeros, sizeof(zeros)), &e);
	CHECK(fsync(fd) == 0);
	struct stat now;
	CHECK(fstat(fd, &now) == 0);
	if (now.st_blocks * 512 < BIG)
		SKIP("this file system keeps no zeros");
	CHECK_EQ(compared("f"), -EIO);
	CHECK_STR(e.text, "/f differs from what it was copied from: it lost its holes");
}

TEST(copy_data_says_what_failed)
{
	lab();
	put(from, "f", 0, "some text");
	EACH_FAULT(FAULT_IO | FAULT_ALLOC) {
		int rc;

		unlinkat(to, "f", 0);
		rc = copied("f");
		test_fault_off();
		CHECK(rc == 0 || test_fault_hit());
		CHECK(rc == 0 || strstr(e.text, "/f"));
	}
	CHECK_OK(compared("f"), &e);
}

TEST(copy_data_of_a_hole_that_nobody_could_read)
{
	const off_t huge = (off_t)1 << 42;
	auto_close int tmp = test_tmp_fd(), fd = openat(tmp, "probe", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (ftruncate(fd, huge) < 0)
		SKIP("the file system has no files of 4 TiB");
	lab();
	put(from, "huge", huge / 2, "middle");
	size_to(from, "huge", huge);
	CHECK_OK(copied("huge"), &e);
	put(to, "huge", huge / 4, "x");
	CHECK_ERR(compared("huge"), EIO);
	CHECK(strstr(e.text, "its contents"));
}
