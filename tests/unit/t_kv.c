/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/kv.c: what is read, what is kept byte for byte, and that what is written reads back. */
#include "util/kv.h"

#include <fcntl.h>
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/spawn.h"

static struct err e;

static void parse(struct kv *kv, const char *text)
{
	CHECK_OK(kv_parse(kv, text, strlen(text), &e), &e);
}

static void check_print(const struct kv *kv, const char *want)
{
	auto_buf struct buf b = BUF_INIT;

	CHECK_OK(kv_print(kv, &b, &e), &e);
	CHECK_STR(buf_str(&b), want);
}

TEST(values)
{
	static const struct { const char *line, *key, *val; } t[] = {
		{ "A=\"b\"", "A", "b" },
		{ "A=b", "A", "b" },
		{ "  A=b", "A", "b" },
		{ "A=b  \t", "A", "b" },
		{ "A=", "A", "" },
		{ "A=\"\"", "A", "" },
		{ "A=inherit # Copy from host", "A", "inherit" },
		{ "A=inherit\t# tab", "A", "inherit" },
		{ "A=a#b", "A", "a#b" },
		{ "A=#b", "A", "#b" },
		{ "A= # only a comment", "A", "" },
		{ "A=a b c", "A", "a b c" },
		{ "A=\"a # b\"", "A", "a # b" },
		{ "A=\"a\" # c", "A", "a" },
		{ "A=\"a\\\"b\"", "A", "a\"b" },
		{ "A=\"a\\\\\"", "A", "a\\" },
		{ "A=\"a\\\"", "A", "a\\" },
		{ "A=\"a\\nb\"", "A", "anb" },
		{ "A=\"x\"\r", "A", "x" },
		{ "A=x\r", "A", "x" },
		{ "A=\" x \"", "A", " x " },
		{ "DESCRIPTION=\"{\"name\": \"x\"}\"", "DESCRIPTION", "{\"name\": \"x\"}" },
		{ "A=b=c", "A", "b=c" },
		{ "A =b", "A", "b" },
		{ "A='b'", "A", "'b'" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		auto_kv struct kv kv = { 0 };

		parse(&kv, t[i].line);
		CHECK_EQ(kv.n, 1);
		CHECK_EQ(kv.v[0].kind, KV_PAIR);
		CHECK_STR(kv.v[0].key, t[i].key);
		CHECK_STR(kv_get(&kv, t[i].key), t[i].val);
		check_print(&kv, t[i].line);
	}
}

TEST(not_pairs)
{
	static const struct { const char *line; enum kv_kind kind; } t[] = {
		{ "", KV_OTHER }, { "   ", KV_OTHER }, { "# A=b", KV_OTHER }, { "  #", KV_OTHER },
		{ "word", KV_BAD }, { "=x", KV_BAD }, { "  =x", KV_BAD }, { "A=\"cut", KV_BAD },
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		auto_kv struct kv kv = { 0 };
		char text[64];

		snprintf(text, sizeof(text), "%s\n", t[i].line);
		parse(&kv, text);
		CHECK_EQ(kv.n, 1);
		CHECK_EQ(kv.v[0].kind, t[i].kind);
		CHECK(!kv.v[0].key && !kv.v[0].val);
		check_print(&kv, text);
	}
}

TEST(nul_is_an_error)
{
	struct kv kv;

	CHECK_ERR(kv_parse(&kv, "A=b\0C=d\n", 8, &e), EINVAL);
	CHECK_EQ(kv.n, 0);
}

TEST(untouched_lines_stay)
{
	static const char text[] = "#UUID: 1\n\n  ONBOOT=yes # x\nJUNK\nODD = \"a\" b\nLAST=x";
	auto_kv struct kv kv = { 0 };

	parse(&kv, text);
	check_print(&kv, text);
	CHECK_OK(kv_set(&kv, "ONBOOT", "no", false, &e), &e);
	CHECK_OK(kv_set(&kv, "NEW", "1", false, &e), &e);
	check_print(&kv, "#UUID: 1\n\nONBOOT=\"no\"\nJUNK\nODD = \"a\" b\nLAST=x\nNEW=\"1\"\n");
}

TEST(duplicates)
{
	auto_kv struct kv kv = { 0 };

	parse(&kv, "A=1\nB=2\nA=3\n#A=4\nA=5\n");
	CHECK_STR(kv_get(&kv, "A"), "1");
	CHECK_OK(kv_set(&kv, "A", "9", false, &e), &e);
	check_print(&kv, "A=\"9\"\nB=2\n#A=4\n");
	kv_unset(&kv, "B");
	kv_unset(&kv, "none");
	check_print(&kv, "A=\"9\"\n#A=4\n");
	CHECK_STR(kv_get(&kv, "B"), NULL);
}

TEST(set_refuses)
{
	auto_kv struct kv kv = { 0 };
	static const char *const keys[] = { "", "a b", "A=", "1A", "A\nB", "A-B", "#A" };

	parse(&kv, "A=1\n");
	CHECK_ERR(kv_set(&kv, "A", "x\ny", false, &e), EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		CHECK_ERR(kv_set(&kv, keys[i], "x", false, &e), EINVAL);
	check_print(&kv, "A=1\n");
}

TEST(raw_dollar)
{
	auto_kv struct kv kv = { 0 };

	CHECK_OK(kv_set(&kv, "A", "/r/$VEID/${VEID}", true, &e), &e);
	CHECK_OK(kv_set(&kv, "B", "/r/$VEID", false, &e), &e);
	CHECK_OK(kv_set(&kv, "C", "$(reboot)`reboot`$", true, &e), &e);
	check_print(&kv, "A=\"/r/$VEID/${VEID}\"\nB=\"/r/\\$VEID\"\nC=\"\\$(reboot)\\`reboot\\`\\$\"\n");
	CHECK_STR(kv_get(&kv, "A"), "/r/$VEID/${VEID}");
	CHECK_STR(kv_get(&kv, "B"), "/r/$VEID");
	CHECK_STR(kv_get(&kv, "C"), "$(reboot)`reboot`$");
}

/* Writes @val, reads the file's text again, and wants @val back. */
static void round_trip(const char *val, bool raw)
{
	auto_kv struct kv kv = { 0 }, again = { 0 };
	auto_buf struct buf b = BUF_INIT;

	CHECK_OK(kv_set(&kv, "K", val, raw, &e), &e);
	CHECK_STR(kv_get(&kv, "K"), val);
	CHECK_OK(kv_print(&kv, &b, &e), &e);
	CHECK_OK(kv_parse(&again, buf_str(&b), b.len, &e), &e);
	CHECK_EQ(again.n, 1);
	CHECK_STR(kv_get(&again, "K"), val);
}

TEST(round_trip_every_short_text)
{
	static const char set[] = "\\\"$`# a='{(\t";
	enum { N = sizeof(set) - 1 };
	char s[5];

	for (unsigned i = 0; i < N * N * N * N; i++) {
		unsigned v = i;

		for (int k = 0; k < 4; k++, v /= N)
			s[k] = set[v % N];
		s[4] = '\0';
		round_trip(s, false);
		round_trip(s, true);
		round_trip(s + 2, false);
	}
	round_trip("{\"name\": \"x\"}", false);
	round_trip("", false);
}

TEST(round_trip_every_byte)
{
	for (int c = 1; c < 256; c++) {
		char s[] = { 'a', (char)c, 'b', (char)c, '\0' };

		if (c != '\n')
			round_trip(s, false);
	}
}

/* What we write is also sourced by shells: printf must give the value back. */
TEST(shell_reads_it_back)
{
	static const char val[] = "a \"q\" \\ \\\" $HOME `id` $(id) # ! 'x' \\$ *";
	const char *dir = test_tmp();
	auto_close int fd = test_tmp_fd(), out = -1;
	auto_kv struct kv kv = { 0 };
	auto_buf struct buf b = BUF_INIT, got = BUF_INIT;
	char path[128];
	const char *argv[] = { "/bin/sh", "-c", ". \"$0\"; printf %s \"$K\"", path, NULL };
	struct spawn s = { .argv = argv };

	snprintf(path, sizeof(path), "%s/f", dir);
	CHECK_OK(kv_set(&kv, "K", val, false, &e), &e);
	CHECK_OK(kv_print(&kv, &b, &e), &e);
	CHECK_OK(fio_replace(fd, "f", b.s, b.len, 0644, &e), &e);
	out = openat(fd, "out", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(out >= 0);
	s.out = out;
	CHECK_OK(spawn_wait(&s, NULL, &e), &e);
	CHECK_OK(fio_read_at(fd, "out", &got, &e), &e);
	CHECK_STR(buf_str(&got), val);
}

TEST(load)
{
	auto_close int fd = test_tmp_fd();
	auto_kv struct kv kv = { 0 };
	static char big[(1 << 20) + 1];

	CHECK_ERR(kv_load(&kv, fd, "none", &e), ENOENT);
	CHECK_OK(fio_replace(fd, "f", "A=\"1\"\n", 6, 0644, &e), &e);
	CHECK_OK(kv_load(&kv, fd, "f", &e), &e);
	CHECK_STR(kv_get(&kv, "A"), "1");
	memset(big, '#', sizeof(big));
	CHECK_OK(fio_replace(fd, "big", big, sizeof(big), 0644, &e), &e);
	kv_done(&kv);
	CHECK_ERR(kv_load(&kv, fd, "big", &e), EFBIG);
	CHECK_ERR(kv_load(&kv, fd, ".", &e), EISDIR);
}

/* A kv_set() that fails for want of memory leaves the object as it was. */
TEST(no_memory)
{
	static const char text[] = "A=1\n#x\nB=\"2\"\nA=3\n";

	EACH_FAULT(FAULT_ALLOC) {
		auto_kv struct kv kv = { 0 };
		int r = kv_parse(&kv, text, sizeof(text) - 1, &e);

		test_fault_off();
		CHECK_EQ(r, test_fault_hit() ? -ENOMEM : 0);
		CHECK_EQ(kv.n, test_fault_hit() ? 0 : 4);
	}
	EACH_FAULT(FAULT_ALLOC) {
		auto_kv struct kv kv = { 0 };
		int a, b;

		test_fault_off();
		parse(&kv, text);
		test_fault_on();
		a = kv_set(&kv, "A", "9", false, &e);
		b = kv_set(&kv, "NEW", "n", false, &e);
		test_fault_off();
		CHECK_EQ(a < 0 || b < 0, test_fault_hit());
		CHECK_STR(kv_get(&kv, "A"), a < 0 ? "1" : "9");
		CHECK_STR(kv_get(&kv, "NEW"), b < 0 ? NULL : "n");
		CHECK_EQ(kv.n, 4 - (a == 0) + (b == 0));
	}
}
