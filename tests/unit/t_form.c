/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/form.c: trees or images as asked for, never both without need, one of four at once, and what auto does. */
#include "templates/image.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "templates/gc.h"
#include "templates/tmpl_priv.h"
#include "tests/lib/evil.h"
#include "tests/lib/test.h"
#include "tests/unit/t_unpack_lab.h"
#include "util/fio.h"
#include "util/path.h"

/* cache/os.tar with one file, found. */
static struct tmpl archive(const char *content)
{
	auto_buf struct buf b = { .cap = 1 << 20 };
	auto_close int top = test_tmp_fd(), fd = -1;
	struct err e = { 0 };
	char name[128];
	struct tmpl t;

	str_fmt(name, sizeof(name), "f%u", 1u);
	evil_add(&b, (struct evil_entry){ .name = name, .data = content });
	evil_end(&b);
	CHECK(mkdirat(top, "cache", 0755) == 0 || errno == EEXIST);
	fd = openat(top, "cache/os.tar", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	CHECK(fd >= 0 && fio_write_all(fd, b.s, b.len) == 0);
	CHECK_OK(tmpl_find(test_tmp(), "os", &t, &e), &e);
	return t;
}

static bool has(const struct tmpl *t, const char *what)
{
	auto_close int top = test_tmp_fd();
	char path[128];

	store_path(path, t->digest, what);
	return faccessat(top, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static unsigned left_in_tmp(void)
{
	auto_close int top = test_tmp_fd();
	int fd = openat(top, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	unsigned n = 0;

	while (d && (de = readdir(d)))
		n += de->d_name[0] != '.';
	return n;
}

static void need_images(void)
{
	struct err e = { 0 };

	need_helper();
	if (tmpl_erofs_works(&e) < 0)
		SKIP("%s", e.text);
}

TEST(form_formats)
{
	static const struct { const char *word; int rc; } t[] = {
		{ NULL, 0 }, { "", 0 }, { "tree", 0 }, { "erofs", 0 }, { "erofs-lz4", 0 }, { "squashfs", 0 }, { "auto", 0 },
		{ "zip", -EINVAL }, { "Auto", -EINVAL }, { "a word that is longer than any format's name is", -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct tmpl_form f;
		struct err e = { 0 };

		tmpl_format_set(t[i].word);
		CHECK_EQ(tmpl_format(&f, &e), t[i].rc);
		if (t[i].rc < 0)
			continue;
		CHECK(str_eq(f.format, "tree") || image_format(f.format));
		if (!str_eq(t[i].word, "auto"))
			CHECK_STR(f.why, "");
		else
			CHECK_EQ(f.why[0] == '\0', str_eq(f.format, "erofs"));
	}
	tmpl_format_set(NULL);
}

TEST_ROOT(form_as_asked)
{
	struct tmpl t = archive("x");
	struct tmpl_ready r;
	struct tmpl_info i;
	struct err e = { 0 };

	need_images();
	CHECK_OK(tmpl_ready(test_tmp(), &t, NULL, &r, &e), &e);
	CHECK(r.made && r.mode == 0755 && !r.note[0] && has(&t, "/tree") && !has(&t, "/image"));
	CHECK_OK(tmpl_info(test_tmp(), &t, &i, &e), &e);
	CHECK_STR(i.form, "tree");
	tmpl_format_set("erofs");
	CHECK_OK(tmpl_ready(test_tmp(), &t, NULL, &r, &e), &e);
	CHECK(r.made && has(&t, "/tree") && has(&t, "/image"));	/* somebody may run on the tree */
	CHECK_OK(tmpl_ready(test_tmp(), &t, NULL, &r, &e), &e);
	CHECK(!r.made);

	t = archive("y");
	CHECK_OK(tmpl_ready(test_tmp(), &t, NULL, &r, &e), &e);
	CHECK(r.made && r.mode == 0755 && !has(&t, "/tree") && has(&t, "/image"));
	CHECK_OK(tmpl_info(test_tmp(), &t, &i, &e), &e);
	CHECK_STR(i.form, "erofs");
	CHECK(i.unpacked && i.entries == 1 && i.image_bytes);
	tmpl_format_set("tree");
	CHECK_OK(tmpl_ready(test_tmp(), &t, NULL, &r, &e), &e);
	CHECK(!r.made && !has(&t, "/tree"));			/* what is there is good enough */
	CHECK_OK(tmpl_image_drop(test_tmp(), &t, &e), &e);
	CHECK(has(&t, "/tree") && !has(&t, "/image"));
	CHECK_OK(tmpl_image_drop(test_tmp(), &t, &e), &e);	/* again: nothing to do */
	CHECK_EQ(left_in_tmp(), 0);
	gc_unhold();
}

/* mkfs.erofs, gone for this test and back again. */
static const char *mkfs_hide(void)
{
	static const char *const where[] = { "/usr/bin/mkfs.erofs", "/usr/sbin/mkfs.erofs" };

	CHECK(unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(where); i++)
		if (access(where[i], X_OK) == 0 && mount("/dev/null", where[i], NULL, MS_BIND, NULL) == 0)
			return where[i];
	SKIP("mkfs.erofs cannot be hidden");
	return NULL;
}

TEST_ROOT(form_auto)
{
	const char *mkfs;
	struct tmpl t = archive("x");
	struct tmpl_ready r;
	struct err e = { 0 };

	need_images();
	mkfs = mkfs_hide();
	tmpl_format_set("erofs");
	CHECK_ERR(tmpl_ready(test_tmp(), &t, NULL, &r, &e), ENOENT);
	CHECK(strstr(e.text, "apt-get install erofs-utils"));
	CHECK_EQ(left_in_tmp(), 0);
	err_clear(&e);
	tmpl_format_set("auto");
	CHECK_OK(tmpl_ready(test_tmp(), &t, NULL, &r, &e), &e);
	CHECK(r.made && has(&t, "/tree") && strstr(r.note, "apt-get install erofs-utils"));
	CHECK_OK(tmpl_ready(test_tmp(), &t, NULL, &r, &e), &e);
	CHECK(!r.made && !r.note[0]);				/* said once */
	CHECK(umount(mkfs) == 0);
	CHECK_OK(tmpl_ready(test_tmp(), &t, NULL, &r, &e), &e);
	CHECK(r.made && has(&t, "/image"));
	gc_unhold();
}

TEST_ROOT(form_four_at_once)
{
	struct tmpl t = archive("x");
	unsigned made = 0;
	pid_t pid[4];

	need_images();
	tmpl_format_set("erofs");
	for (size_t i = 0; i < ARRAY_SIZE(pid); i++) {
		struct tmpl_ready r;
		struct err e = { 0 };

		pid[i] = fork();
		if (pid[i] == 0)
			_exit(tmpl_ready(test_tmp(), &t, NULL, &r, &e) < 0 ? 2 : r.made);
	}
	for (size_t i = 0; i < ARRAY_SIZE(pid); i++) {
		int status;

		CHECK(waitpid(pid[i], &status, 0) == pid[i] && WIFEXITED(status) && WEXITSTATUS(status) < 2);
		made += (unsigned)WEXITSTATUS(status);
	}
	CHECK_EQ(made, 1);
	CHECK_EQ(left_in_tmp(), 0);
}

/* What may pass by itself is tried again; the rest once for each tool and kernel. */
TEST(form_no_image_is_noted)
{
	static const struct { int code; const char *text; bool noted; } t[] = {
		{ ECHILD, "mkfs.erofs failed: file name is too long", true }, { EINVAL, "mount the erofs image on /dev/loop0", true },
		{ ENOSPC, "image of web: data", false }, { ECHILD, "mkfs.erofs failed: No space left on device", false },
		{ ECHILD, "mkfs.erofs was killed by signal 9 (Killed)", false },
	};
	const char *digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	auto_close int top = test_tmp_fd(), dir = -1;
	struct err e = { 0 };
	char path[128];

	if (!image_maker(image_format("erofs"), &e))
		SKIP("no mkfs.erofs");
	store_path(path, digest, "");
	dir = path_mkdirs(top, path, 0700, &e);
	CHECK(dir >= 0 && !no_image_known(top, digest));
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct err why = { 0 };

		err_say(&why, t[i].code, "%s", t[i].text);
		no_image_note(dir, &why);
		CHECK_EQ(no_image_known(top, digest), t[i].noted);
		CHECK_EQ(store_wants(top, digest, "auto"), !t[i].noted);
		CHECK(store_wants(top, digest, "erofs"));
		no_image_forget(top, digest);
		CHECK(!no_image_known(top, digest));
	}
	CHECK_OK(fio_replace(dir, NO_IMAGE, "/usr/bin/mkfs.erofs 1 1.0 0.1\nx\n", 31, 0600, &e), &e);
	CHECK(!no_image_known(top, digest));		/* with another tool or kernel */
}
