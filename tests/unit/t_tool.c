/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/tool.c: figures for people, keyed numbers, files replaced whole. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/kv.h"
#include "vzctl/tool.h"

TEST(tool_human_width)
{
	static const struct { uint64_t v; const char *want; } t[] = {
		{ 0, "0" }, { 1023, "1023" }, { 1024, "1.00K" }, { 1536, "1.50K" }, { 10239, "10.0K" }, { 102400, "100K" },
		{ 1048575, "1024K" }, { 1048576, "1.00M" }, { 64 << 20, "64.0M" }, { 268435456, "256M" },
		{ 25276538880, "23.5G" }, { NUM_UNLIMITED, "-" }, { UINT64_MAX, "-" }, { NUM_UNLIMITED - 1, "8.00E" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		char got[8];

		tool_human(t[i].v, got);
		CHECK_STR(got, t[i].want);
		CHECK(strlen(got) <= 5);
	}
}

TEST(tool_keyed_lines)
{
	static const char text[] = "MemTotal:       24684096 kB\nMemFree:  5 kB\nSwapTotal:\t7\n";

	CHECK_EQ(tool_keyed(text, "MemTotal:"), 24684096);
	CHECK_EQ(tool_keyed(text, "SwapTotal:"), 7);
	CHECK_EQ(tool_keyed(text, "Total:"), 0);
	CHECK_EQ(tool_keyed("", "MemTotal:"), 0);
	CHECK_EQ(tool_keyed("MemFree: 1", "MemFree:"), 1);
}

TEST(tool_printable_text)
{
	char s[] = "a\033[2Jb\nc\x7f";

	tool_printable(s);
	CHECK_STR(s, "a?[2Jb?c?");
}

TEST(tool_conf_files)
{
	struct buf auto_buf b = BUF_INIT;
	auto_kv struct kv kv = { 0 };
	auto_close int dir = test_tmp_fd();
	struct err e = { 0 };
	char path[512];
	struct stat st;

	snprintf(path, sizeof(path), "%s/f", test_tmp());
	CHECK(tool_conf_value(path, "A") == NULL);
	CHECK_OK(fio_replace(dir, "f", "# c\nA=\"x y\"\n", 12, 0600, &e), &e);
	auto_free char *v = tool_conf_value(path, "A");
	CHECK_STR(v, "x y");
	CHECK(tool_conf_value(path, "B") == NULL);
	CHECK_OK(kv_load(&kv, dir, "f", &e), &e);
	CHECK_OK(kv_set(&kv, "A", "z", false, &e), &e);
	CHECK_OK(tool_kv_write(&kv, path, &e), &e);
	CHECK_OK(fio_read_at(dir, "f", &b, &e), &e);
	CHECK_STR(buf_str(&b), "# c\nA=\"z\"\n");
	CHECK_EQ(fstatat(dir, "f", &st, 0), 0);
	CHECK_EQ(st.st_mode & 07777, 0600);
	snprintf(path, sizeof(path), "%s/none/f", test_tmp());
	CHECK_ERR(tool_kv_write(&kv, path, &e), ENOENT);
}
