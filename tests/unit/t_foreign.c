/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/foreign.c and unpack_vzdump.c: archives of other vzdumps x compressions, cut anywhere, hostile, and ours without its end. */
#include "templates/foreign.h"

#include <sys/xattr.h>

#include "templates/unpack_proto.h"
#include "tests/lib/evil.h"
#include "tests/lib/test.h"
#include "tests/unit/t_unpack_lab.h"
#include "util/fio.h"

#define CONF "HOSTNAME=\"old\"\n"

static int file_of(const struct buf *b, const char *filter)
{
	int fd = openat(test_tmp_fd(), "archive", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && evil_write(fd, b, filter) == 0);
	return fd;
}

static void fixture(struct buf *b)
{
	evil_dir(b, "./");
	evil_dir(b, "./etc/");
	evil_add(b, (struct evil_entry){ .name = "./etc/motd", .data = "hello\n" });
	evil_dir(b, "./etc/vzdump/");
	evil_add(b, (struct evil_entry){ .name = "./etc/vzdump/vps.mount", .data = "#!/bin/sh\n" });
	evil_add(b, (struct evil_entry){ .name = "./etc/vzdump/vps.conf", .data = CONF });
	evil_add(b, (struct evil_entry){ .name = "./etc/vzdumpster", .data = "stays" });
	evil_add(b, (struct evil_entry){ .name = "./f\xff", .data = "Latin 1", .gnu_magic = true });
	evil_end(b);
}

TEST(foreign_parts)
{
	CHECK(vzdump_is_part("etc/vzdump") && vzdump_is_part("etc/vzdump/vps.conf"));
	CHECK(!vzdump_is_part("etc/vzdumpster") && !vzdump_is_part("etc") && !vzdump_is_part("a/etc/vzdump"));
}

TEST(foreign_is)
{
	static const struct { const char *text; size_t n; int want; } t[] = {
		{ "\x1f\x8b\x08", 3, 1 }, { "BZh9", 4, 1 }, { "\xfd" "7zXZ", 5, 1 }, { "\x28\xb5\x2f\xfd.", 5, 1 },
		{ "\x89LZO\0", 5, -ENOTSUP }, { "PK\3\4", 4, 0 }, { "", 0, 0 }, { "\x1f", 1, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		auto_close int fd = openat(test_tmp_fd(), "x", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		struct err e = { 0 };

		CHECK(fd >= 0 && fio_write_all(fd, t[i].text, t[i].n) == 0);
		CHECK_EQ(tmpl_foreign_is(fd, &e), t[i].want);
		CHECK(t[i].want >= 0 || strstr(e.text, "lzop -d"));
	}
}

TEST_ROOT(foreign_all)
{
	need_helper();
	for (size_t i = 0; i < ARRAY_SIZE(evil_filters); i++) {
		auto_buf struct buf b = { .cap = 1 << 20 }, meta = { .cap = BK_META_MAX }, got = { .cap = 100 };
		struct tmpl_backup_count c;
		struct err e = { 0 };
		const char *text;
		size_t n;

		fixture(&b);
		auto_close int fd = file_of(&b, evil_filters[i]);
		const struct tmpl_foreign f = { .fd = fd };
		CHECK(mkdirat(test_tmp_fd(), "target", 0755) == 0 || errno == EEXIST);
		auto_close int dir = openat(test_tmp_fd(), "target", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		CHECK_EQ(tmpl_foreign_is(fd, &e), 1);
		CHECK_OK(tmpl_foreign_meta(fd, &meta, &e), &e);
		CHECK_OK(bk_meta_get(buf_str(&meta), meta.len, "vps.conf", &text, &n, &e), &e);
		CHECK(n == strlen(CONF) && memcmp(text, CONF, n) == 0);
		CHECK_OK(bk_meta_get(buf_str(&meta), meta.len, "vps.mount", &text, &n, &e), &e);
		CHECK_OK(tmpl_foreign_check(&f, &c, &e), &e);
		CHECK_EQ(c.entries, 8);
		CHECK_OK(tmpl_foreign_extract(&f, dir, &c, &e), &e);
		CHECK(faccessat(dir, "etc/vzdump", F_OK, 0) < 0 && faccessat(dir, "etc/vzdumpster", F_OK, 0) == 0);
		CHECK(faccessat(dir, "f\xff", F_OK, 0) == 0);
		CHECK_OK(fio_read_at(dir, "etc/motd", &got, &e), &e);
		CHECK_STR(buf_str(&got), "hello\n");
		empty_target(dir);
	}
}

static int check_of(const struct buf *b, struct err *e)
{
	auto_close int fd = file_of(b, "none");
	const struct tmpl_foreign f = { .fd = fd };
	struct tmpl_backup_count c;

	return tmpl_foreign_check(&f, &c, e);
}

TEST_ROOT(foreign_cut)
{
	auto_buf struct buf b = { .cap = 1 << 20 };
	size_t whole;

	need_helper();
	fixture(&b);
	whole = b.len - 1024;	/* one block of zeros is an end */
	for (size_t len = 0; len < whole; len += 500) {
		struct err e = { 0 };

		b.len = len;
		CHECK_ERR(check_of(&b, &e), EBADMSG);
		CHECK(e.text[0]);
	}
}

TEST_ROOT(foreign_refused)
{
	auto_buf struct buf none = { .cap = 1 << 20 }, link = { .cap = 1 << 20 }, ours = { .cap = 1 << 20 };
	struct err e = { 0 };

	need_helper();
	evil_plain(&none);
	CHECK_ERR(check_of(&none, &e), EBADMSG);
	CHECK(strstr(e.text, "no ./etc/vzdump/vps.conf"));
	evil_add(&link, (struct evil_entry){ .name = "./etc/vzdump/vps.conf", .type = '2', .link = "/etc/shadow" });
	evil_add(&link, (struct evil_entry){ .name = "./etc/vzdump/x/vps.conf", .data = "x" });
	evil_end(&link);
	CHECK_ERR(check_of(&link, &e), EBADMSG);
	evil_pax(&ours, "mtime", "0.000000000", 11);
	evil_add(&ours, (struct evil_entry){ .name = "./etc/vzdump/vps.conf", .data = CONF });
	evil_end(&ours);
	CHECK_ERR(check_of(&ours, &e), EBADMSG);
	CHECK(strstr(e.text, "its end is missing"));
}
