/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/gc_mark.c: what is marked, what keeps a mark, and that the collector judges those alone. */
#include "tests/unit/t_gc_lab.h"

static bool there(const char *path)
{
	auto_close int top = test_tmp_fd();

	return faccessat(top, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* cache/NAME, an archive that is known to have @digest */
static void archive(const char *name, const char *digest)
{
	auto_close int top = test_tmp_fd(), cache = -1, fd = -1;
	struct err e = { 0 };
	char path[4096];

	cache = path_mkdirs(top, "cache", 0755, &e);
	fd = openat(cache, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHECK(fd >= 0 && write(fd, name, strlen(name)) > 0);
	str_fmt(path, sizeof(path), "%s/cache/%s", test_tmp(), name);
	CHECK_OK(store_remember(top, path, digest, &e), &e);
}

static int users(void *arg, struct str_list *l, struct err *e)
{
	return arg ? str_list_add(l, arg, e) : 0;
}

static uint64_t gc(const char *used, const struct str_list *kept)
{
	struct tmpl_gc g = { .users = users, .arg = (void *)used, .marked = true, .kept = kept };
	struct err e = { 0 };

	CHECK_OK(tmpl_gc(test_tmp(), &g, &e), &e);
	return g.n;
}

TEST(marks)
{
	struct err e = { 0 };

	make(A);
	archive("os.tar", A);
	CHECK_EQ(tmpl_gc_mark(test_tmp(), A, &e), 0);		/* its archive keeps it */
	CHECK_EQ(tmpl_gc_mark(test_tmp(), B, &e), 0);		/* not here */
	CHECK(!tmpl_gc_due(test_tmp()));
	CHECK_ERR(tmpl_gc_mark(test_tmp(), "../x", &e), EINVAL);
	archive("os.tar", B);
	CHECK_EQ(tmpl_gc_mark(test_tmp(), A, &e), 1);
	CHECK_EQ(tmpl_gc_mark(test_tmp(), A, &e), 1);
	CHECK(tmpl_gc_due(test_tmp()) && there("store/marked/" A));
	err_clear(&e);
	CHECK_EQ(tmpl_gc_mark("/nonexistent", A, &e), 0);
	CHECK_EQ(e.code, 0);
}

TEST(judged)
{
	struct str_list kept = { 0 };
	struct err e = { 0 };

	make(A);
	make(B);
	CHECK_EQ(gc(NULL, NULL), 0);				/* nothing is marked */
	CHECK_EQ(tmpl_gc_mark(test_tmp(), A, &e), 1);
	CHECK_EQ(gc(A, NULL), 0);				/* in use: the mark goes, whoever uses it marks again */
	CHECK(!there("store/marked/" A) && there("store/sha256/aa/" A));
	CHECK_EQ(tmpl_gc_mark(test_tmp(), A, &e), 1);
	CHECK_OK(str_list_add(&kept, A, &e), &e);
	CHECK_EQ(gc(A, &kept), 0);				/* in use by what tells nobody */
	CHECK(there("store/marked/" A ".later") && !tmpl_gc_due(test_tmp()));
	CHECK_EQ(gc(NULL, NULL), 1);				/* found by the next one */
	CHECK(!there("store/marked/" A ".later") && !there("store/sha256/aa/" A) && there("store/sha256/bb/" B));
	str_list_clear(&kept);
}

/* The last user goes while the collector has found it still there: its mark is not the one that was judged. */
static int user_goes(void *arg, struct str_list *digests, struct err *e)
{
	CHECK(there("store/marked/" A ".now") && tmpl_gc_due(test_tmp()));
	CHECK_EQ(tmpl_gc_mark(test_tmp(), arg, e), 1);
	return str_list_add(digests, arg, e);
}

TEST(marked_again_while_judged)
{
	struct tmpl_gc g = { .users = user_goes, .arg = (void *)A, .marked = true };
	struct err e = { 0 };

	make(A);
	CHECK_EQ(tmpl_gc_mark(test_tmp(), A, &e), 1);
	CHECK_OK(tmpl_gc(test_tmp(), &g, &e), &e);
	CHECK(!there("store/marked/" A ".now") && tmpl_gc_due(test_tmp()));
	CHECK_EQ(gc(NULL, NULL), 1);
	CHECK(!tmpl_gc_due(test_tmp()) && !there("store/sha256/aa/" A));
}

TEST(goes_with_its_tree)
{
	auto_close int top = -1;
	struct err e = { 0 };

	make(A);
	CHECK_EQ(tmpl_gc_mark(test_tmp(), A, &e), 1);
	top = test_tmp_fd();
	int dir = openat(top, "store", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(path_rmtree(dir, "sha256", &e), &e);
	close(dir);
	CHECK_EQ(gc(NULL, NULL), 0);
	CHECK(!tmpl_gc_due(test_tmp()));
}
