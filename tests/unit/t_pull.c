/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/pull.c, index_make.c, import.c: an issuer's directory, what is taken from it, and all that is refused. */
#include "templates/pull.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/evil.h"
#include "tests/lib/test.h"
#include "tests/unit/t_unpack_lab.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/str.h"

static char srv[4200], vz[4200], keys[4200], sec[4200];
static char said[4096];

static void say(void *arg, const char *text)
{
	(void)arg;
	if (strlen(said) + strlen(text) + 2 < sizeof(said)) {
		strncat(said, text, sizeof(said) - strlen(said) - 1);
		strncat(said, "\n", sizeof(said) - strlen(said) - 1);
	}
}
static const struct tmpl_ui ui = { .say = say };

static void archive(const char *name, const char *data)
{
	auto_buf struct buf b = { .cap = 1 << 20 };
	auto_close int dir = open(srv, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct err e = { 0 };

	evil_add(&b, (struct evil_entry){ .name = "etc/issue", .data = data });
	evil_end(&b);
	CHECK_OK(fio_replace(dir, name, b.s, b.len, 0644, &e), &e);
}

static void index_new(const char *key)
{
	const struct tmpl_index_make m = { .dir = srv, .key = key, .days = 9 };
	struct err e = { 0 };
	uint64_t n;

	CHECK_OK(tmpl_index_make(&m, &n, &e), &e);
}

static void lab(void)
{
	struct err e = { 0 };
	char pub[4300];

	need_helper();
	str_fmt(srv, sizeof(srv), "%s/srv", test_tmp());
	str_fmt(vz, sizeof(vz), "%s/vz", test_tmp());
	str_fmt(keys, sizeof(keys), "%s/keys", test_tmp());
	str_fmt(sec, sizeof(sec), "%s/keys/me", test_tmp());
	CHECK(mkdir(srv, 0755) == 0 && mkdir(vz, 0755) == 0 && mkdir(keys, 0755) == 0);
	CHECK_OK(tmpl_keygen(sec, &e), &e);
	str_fmt(pub, sizeof(pub), "%s.pub", sec);
	CHECK(access(pub, R_OK) == 0);
	str_fmt(sec, sizeof(sec), "%s/keys/me.sec", test_tmp());
	archive("a.tar", "one");
	index_new(sec);
}

static int pull(bool unsigned_ok, struct err *e)
{
	const struct tmpl_pull p = { .source = srv, .keys = keys, .unsigned_ok = unsigned_ok, .ui = &ui };

	said[0] = '\0';
	return tmpl_pull(vz, &p, e);
}

static void spoil(const char *file, const char *from, const char *to)
{
	auto_close int dir = open(srv, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_buf struct buf b = { .cap = 1 << 20 };
	struct err e = { 0 };
	char *at;

	CHECK(strlen(from) == strlen(to));
	CHECK_OK(fio_read_at(dir, file, &b, &e), &e);
	at = memmem(b.s, b.len, from, strlen(from));
	CHECK(at);
	memcpy(at, to, strlen(to));
	CHECK_OK(fio_replace(dir, file, b.s, b.len, 0644, &e), &e);
}

static void has(const char *name, const char *text)
{
	auto_close int tree = -1, fd = -1;
	char got[64] = "";
	struct err e = { 0 };
	struct tmpl t;

	CHECK_OK(tmpl_find(vz, name, &t, &e), &e);
	CHECK_OK(tmpl_tree(vz, &t, NULL, &tree, &e), &e);
	fd = openat(tree, "etc/issue", O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0 && read(fd, got, sizeof(got) - 1) >= 0);
	CHECK_STR(got, text);
}

TEST_ROOT(taken_and_renewed)
{
	struct tmpl_origin o;
	struct err e = { 0 };
	struct tmpl_info i;
	struct tmpl t;

	lab();
	CHECK_OK(pull(false, &e), &e);
	CHECK(strstr(said, "a: new\n"));
	has("a", "one");
	CHECK_OK(tmpl_find(vz, "a", &t, &e), &e);
	CHECK_OK(tmpl_info(vz, &t, &i, &e), &e);
	CHECK(i.unpacked && t.digest[0]);	/* remembered across the rename: not read again */
	CHECK_OK(tmpl_origin(vz, t.digest, &o, &e), &e);
	CHECK_STR(o.signed_by, "me");
	CHECK_STR(o.kind, "pull");
	CHECK_OK(pull(false, &e), &e);
	CHECK_STR(said, "a: is here already\n");
	archive("a.tar", "two");
	index_new(sec);
	CHECK_OK(pull(false, &e), &e);
	CHECK(strstr(said, "a: replaced by a newer one\n"));
	has("a", "two");
}

/* In each case the template from before is still whole, and nothing half-made lies about. */
static void refused(int code, const char *text)
{
	auto_closedir DIR *d = NULL;
	struct err e = { 0 };
	struct dirent *de;
	char path[4300];

	if (pull(false, &e) != -code || !strstr(e.text, text))
		test_fail(__FILE__, __LINE__, "%d \"%s\", wanted %d \"%s\"", e.code, e.text, code, text);
	has("a", "one");
	str_fmt(path, sizeof(path), "%s/tmp", vz);
	d = opendir(path);
	while (d && (de = readdir(d)))
		CHECK(de->d_name[0] == '.');
}

TEST_ROOT(archive_of_others)
{
	struct err e = { 0 };

	lab();
	CHECK_OK(pull(false, &e), &e);
	archive("a.tar", "two");
	index_new(sec);
	archive("a.tar", "six");
	refused(EBADMSG, "is not what the index names: its SHA-256 is ");
	archive("a.tar", "too long a text for a file that shall have its size, more than a block of a tar: 0123456789012345678901234"
		"5678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		"5678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		"5678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		"5678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789");
	refused(EFBIG, "bytes that it may have");
}

TEST_ROOT(index_of_others)
{
	struct err e = { 0 };
	char path[4300];

	lab();
	CHECK_OK(pull(false, &e), &e);
	spoil("index.json", "a.tar", "b.tar");
	refused(EBADMSG, "the signature does not fit");
	index_new(NULL);
	refused(ENOENT, "has no signature");
	CHECK_OK(pull(true, &e), &e);
	CHECK_STR(said, "a: is here already\n");
	index_new(sec);
	str_fmt(path, sizeof(path), "%s/me.pub", keys);
	CHECK(unlink(path) == 0);
	refused(ENOKEY, "not among");
}

TEST_ROOT(old_index)
{
	struct err e = { 0 };
	char cmd[3][4300];

	lab();
	for (int i = 0; i < 2; i++) {	/* keep the first index and its signature */
		str_fmt(cmd[0], sizeof(cmd[0]), "%s/index.json%s", srv, i ? ".sig" : "");
		str_fmt(cmd[1], sizeof(cmd[1]), "%s/old%d", test_tmp(), i);
		CHECK(link(cmd[0], cmd[1]) == 0);
	}
	index_new(sec);
	CHECK_OK(pull(false, &e), &e);
	for (int i = 0; i < 2; i++) {
		str_fmt(cmd[0], sizeof(cmd[0]), "%s/index.json%s", srv, i ? ".sig" : "");
		str_fmt(cmd[1], sizeof(cmd[1]), "%s/old%d", test_tmp(), i);
		CHECK(rename(cmd[1], cmd[0]) == 0);
	}
	refused(ESTALE, "older than what its issuer had signed before");
}

TEST_ROOT(hostile_archive)
{
	auto_close int dir = -1;
	auto_buf struct buf b = { .cap = 1 << 20 };
	struct err e = { 0 };
	char path[4300];

	lab();
	CHECK_OK(pull(false, &e), &e);
	dir = open(srv, O_PATH | O_DIRECTORY | O_CLOEXEC);
	evil_add(&b, (struct evil_entry){ .name = "../etc/passwd", .data = "x" });
	evil_end(&b);
	CHECK_OK(fio_replace(dir, "evil.tar", b.s, b.len, 0644, &e), &e);
	index_new(sec);
	refused(EBADMSG, "the name leaves the tree");
	str_fmt(path, sizeof(path), "%s/cache/evil.tar", vz);
	CHECK(access(path, F_OK) < 0);
}

TEST(places)
{
	static const char *const t[] = { "relative", "ftp://x/y", "file://x", "/a b", "", "/x\n" };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const struct tmpl_pull p = { .source = t[i], .keys = test_tmp() };
		struct err e = { 0 };

		CHECK_ERR(tmpl_pull(test_tmp(), &p, &e), EINVAL);
	}
}
