/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/pool_gc.c: what nodes say, whole or not, and which images of a pool go. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "templates/pool.h"
#include "tests/lib/test.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"

#define A "aa23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define B "bb23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define C "cc23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int parse(const char *text, struct str_list *l)
{
	struct err e = { 0 };

	return tmpl_pool_used_parse(text, strlen(text), l, &e);
}

TEST(answers)
{
	struct str_list l = { 0 };
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };

	CHECK_EQ(parse("vzpool used 1\nend\n", &l), 0);
	CHECK_EQ(l.n, 0);
	CHECK_EQ(parse("vzpool used 1\n" A "\n" B "\n" A "\nend\n", &l), 0);
	CHECK_EQ(l.n, 2);
	CHECK_OK(tmpl_pool_used_print(&l, &b, &e), &e);
	CHECK_STR(buf_str(&b), "vzpool used 1\n" A "\n" B "\nend\n");
	CHECK_EQ(parse("", &l), -EBADMSG);
	CHECK_EQ(parse("vzpool used 1\n", &l), -EBADMSG);
	CHECK_EQ(parse("vzpool used 1\n" A "\n", &l), -EBADMSG);
	CHECK_EQ(parse("vzpool used 1\n" A "end\n", &l), -EBADMSG);
	CHECK_EQ(parse("vzpool used 1\nx" A "\nend\n", &l), -EBADMSG);
	CHECK_EQ(parse("vzpool used 2\nend\n", &l), -EBADMSG);
	str_list_clear(&l);
}

static void image(int top, const char *digest)
{
	struct err e = { 0 };
	char path[128];

	str_fmt(path, sizeof(path), "p/sha256/%s", digest);
	auto_close int fd = path_mkdirs(top, path, 0755, &e);
	CHECK_OK(fd, &e);
}

static bool has(int top, const char *digest)
{
	char path[128];

	str_fmt(path, sizeof(path), "p/sha256/%s", digest);
	return faccessat(top, path, F_OK, 0) == 0;
}

TEST(collected)
{
	auto_close int top = test_tmp_fd(), p = -1;
	struct str_list used = { 0 };
	struct tmpl_pool_gc g = { .used = &used, .dry_run = true };
	struct err e = { 0 };
	char dir[4096];

	str_fmt(dir, sizeof(dir), "%s/p", test_tmp());
	CHECK_ERR(tmpl_pool_gc(dir, &g, &e), ENOENT);
	p = path_mkdirs(top, "p", 0755, &e);
	CHECK_ERR(tmpl_pool_gc(dir, &g, &e), EINVAL);		/* no pool */
	CHECK_OK(tmpl_pool_create(dir, false, &e), &e);
	CHECK_OK(tmpl_pool_gc(dir, &g, &e), &e);		/* an empty one */
	image(top, A);
	image(top, B);
	image(top, C);
	auto_close int names = path_mkdirs(p, "name", 0755, &e);
	CHECK_EQ(symlinkat("../sha256/" A, names, "os"), 0);
	CHECK_OK(str_list_add(&used, B, &e), &e);
	CHECK_OK(tmpl_pool_gc(dir, &g, &e), &e);
	CHECK_EQ(g.n, 1);
	CHECK(has(top, A) && has(top, B) && has(top, C));
	g.dry_run = false;
	CHECK_OK(tmpl_pool_gc(dir, &g, &e), &e);
	CHECK_EQ(g.n, 1);
	CHECK(has(top, A) && has(top, B) && !has(top, C));
	str_list_clear(&used);
}

static int users(void *arg, struct str_list *l, struct err *e)
{
	return arg ? str_list_add(l, arg, e) : 0;
}

static uint64_t marked(const char *used)
{
	struct tmpl_gc g = { .users = users, .arg = (void *)used, .marked = true };
	struct err e = { 0 };

	CHECK_OK(tmpl_gc(test_tmp(), &g, &e), &e);
	return !tmpl_gc_due(test_tmp());
}

TEST(of_one_host)
{
	auto_close int top = test_tmp_fd(), p = -1, names = -1, store = -1;
	struct tmpl_pool pool = { .name = "mine", .kind = TMPL_POOL_DIR, .alone = true };
	struct err e = { 0 };
	char dir[4096], conf[4096];

	str_fmt(dir, sizeof(dir), "%s/p", test_tmp());
	str_fmt(conf, sizeof(conf), "%s/pools", test_tmp());
	pool_conf_dir = conf;
	p = path_mkdirs(top, "p", 0755, &e);
	names = path_mkdirs(p, "name", 0755, &e);
	CHECK_EQ(unlinkat(p, "name", AT_REMOVEDIR), 0);
	CHECK_OK(tmpl_pool_create(dir, true, &e), &e);
	CHECK_OK(pool_mark_read(p, pool.id, &e), &e);
	CHECK(pool_mark_alone(p));
	str_copy(pool.source, sizeof(pool.source), dir);
	CHECK_OK(pool_conf_store(&pool, &e), &e);
	store = path_mkdirs(top, "store", 0700, &e);
	auto_close int again = path_mkdirs(p, "name", 0755, &e);
	image(top, A);
	CHECK_EQ(symlinkat("../sha256/" A, again, "os"), 0);
	CHECK(!pool_alone_has(A, false) && pool_alone_has(A, true) && !pool_alone_has(B, true));
	CHECK_EQ(tmpl_gc_mark(test_tmp(), A, &e), 0);		/* a name keeps it */
	CHECK_EQ(tmpl_gc_suspect(test_tmp(), A, &e), 1);
	CHECK(marked(NULL) && has(top, A));
	CHECK_EQ(unlinkat(again, "os", 0), 0);
	CHECK_EQ(tmpl_gc_mark(test_tmp(), A, &e), 1);
	CHECK(marked(A) && has(top, A));			/* in use */
	CHECK_EQ(tmpl_gc_mark(test_tmp(), A, &e), 1);
	CHECK(marked(NULL) && !has(top, A));
}
