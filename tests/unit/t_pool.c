/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/pool*.c: a pool's directory made and read, names and sources checked, what is hostile in it led nowhere. */
#include "templates/pool.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "templates/image.h"
#include "tests/lib/test.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/str.h"

#define D64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char conf[300], pool[300], tmpl[300];

/* TMP/p is a pool, TMP/t a TEMPLATE, TMP/conf stands for /etc/vz/pools. */
static void lab(void)
{
	auto_close int top = test_tmp_fd();
	struct err e = { 0 };

	str_fmt(conf, sizeof(conf), "%s/conf", test_tmp());
	str_fmt(pool, sizeof(pool), "%s/p", test_tmp());
	str_fmt(tmpl, sizeof(tmpl), "%s/t", test_tmp());
	pool_conf_dir = conf;
	CHECK(mkdirat(top, "p", 0755) == 0 && mkdirat(top, "t", 0755) == 0);
	CHECK_OK(tmpl_pool_create(pool, false, &e), &e);
}

/* An entry that no mkfs made: enough for all that does not mount it. */
static void offer(const char *name, const char *digest)
{
	struct tmpl_image i = { .format = "erofs", .sha256 = D64, .bytes = 4096, .entries = 1 };
	auto_close int top = open(pool, O_PATH | O_DIRECTORY | O_CLOEXEC), dir = -1, names = -1;
	struct err e = { 0 };
	char path[200];

	str_copy(i.name, sizeof(i.name), name);
	str_copy(i.digest, sizeof(i.digest), digest);
	str_fmt(path, sizeof(path), "sha256/%s", digest);
	dir = path_mkdirs(top, path, 0755, &e);
	CHECK_OK(image_info_write(dir, &i, &e), &e);
	names = path_mkdirs(top, "name", 0755, &e);
	str_fmt(path, sizeof(path), "../sha256/%s", digest);
	CHECK_EQ(symlinkat(path, names, name), 0);
}

TEST(pool_names)
{
	static const char *const good[] = { "web", "a.b-c_1" }, *const bad[] = { "", "-x", ".x", "a/b", "a b", "x.conf", "ä" };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		CHECK_OK(pool_name_check(good[i], &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_ERR(pool_name_check(bad[i], &e), EINVAL);
}

TEST(pool_sources)
{
	static const struct { const char *source; int kind; } t[] = {
		{ "/srv/pool", TMPL_POOL_DIR }, { "/dev/nbd0", TMPL_POOL_DEV }, { "host:/export", TMPL_POOL_NFS },
		{ "192.0.2.1:/", TMPL_POOL_NFS }, { "[2001:db8::1]:/x", TMPL_POOL_NFS }, { "web", -1 }, { "", -1 }, { ":/x", -1 },
		{ "-o rw:/x", -1 }, { "a/b:/x", -1 }, { "/srv/a\"b", -1 }, { "/srv/a\nb", -1 }, { "host:/x,rw", -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		enum tmpl_pool_kind kind = TMPL_POOL_KIND_N;
		struct err e = { 0 };

		CHECK_EQ(pool_source_kind(t[i].source, &kind, &e), t[i].kind < 0 ? -EINVAL : 0);
		if (t[i].kind >= 0)
			CHECK_EQ(kind, t[i].kind);
	}
}

TEST(pool_made_once)
{
	struct err e = { 0 };

	lab();
	CHECK_ERR(tmpl_pool_create(pool, false, &e), EEXIST);
	CHECK_ERR(tmpl_pool_create(test_tmp(), false, &e), ENOTEMPTY);
	CHECK_ERR(tmpl_pool_create("/nowhere", false, &e), ENOENT);
}

TEST_ROOT(pool_attached_found_detached)
{
	auto_free struct tmpl_pool *v = NULL;
	char digest[TMPL_DIGEST_LEN + 1];
	struct tmpl_pool p;
	struct err e = { 0 };
	struct tmpl t;
	size_t n;
	int dir = -1;

	lab();
	offer("web", D64);
	CHECK_ERR(tmpl_find(tmpl, "web", &t, &e), ENOENT);
	CHECK_OK(tmpl_pool_attach(tmpl, "one", pool, &e), &e);
	CHECK_ERR(tmpl_pool_attach(tmpl, "one", pool, &e), EEXIST);
	CHECK_OK(tmpl_pool_list(tmpl, &v, &n, &e), &e);
	CHECK_EQ(n, 1);
	CHECK_STR(v[0].path, pool);
	CHECK_EQ(strlen(v[0].id), 32);
	CHECK_OK(tmpl_find(tmpl, "web", &t, &e), &e);
	CHECK_STR(t.digest, D64);
	CHECK_STR(t.archive, "");
	CHECK_OK(pool_find_image(tmpl, D64, &dir, &e), &e);
	auto_close_(&dir);
	CHECK_ERR(pool_find_name(tmpl, "db", digest, &e), ENOENT);
	CHECK_OK(tmpl_pool_of(tmpl, D64, &p, &e), &e);
	CHECK_STR(p.name, "one");
	tmpl_pool_status(tmpl, &p, 5000);
	CHECK_STR(p.why, "");
	CHECK_EQ(p.health, TMPL_POOL_OK);
	CHECK_EQ(p.images, 1);
	CHECK_OK(tmpl_pool_detach(tmpl, "one", &e), &e);
	CHECK_ERR(tmpl_pool_detach(tmpl, "one", &e), ENOENT);
	CHECK_ERR(pool_find_image(tmpl, D64, &dir, &e), ENOENT);
}

TEST_ROOT(pool_that_is_gone_or_another)
{
	static const char other[] = "SCHEMA=\"1\"\nID=\"00000000000000000000000000000000\"\n";
	auto_close int top = -1;
	struct tmpl_pool p;
	struct err e = { 0 };
	struct tmpl t;
	int dir = -1;

	lab();
	CHECK_OK(tmpl_pool_attach(tmpl, "one", pool, &e), &e);
	CHECK_OK(tmpl_pool_get(tmpl, "one", &p, &e), &e);
	top = open(pool, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_EQ(renameat(top, POOL_MARK, top, "away"), 0);
	tmpl_pool_status(tmpl, &p, 5000);
	CHECK_EQ(p.health, TMPL_POOL_ABSENT);
	CHECK(strstr(p.why, "is no pool"));
	CHECK_ERR(tmpl_find(tmpl, "web", &t, &e), EIO);		/* it may have it: not "there is none" */
	CHECK(pool_find_image(tmpl, D64, &dir, &e) < 0 && e.code != ENOENT);
	CHECK_OK(fio_replace(top, POOL_MARK, other, strlen(other), 0644, &e), &e);
	tmpl_pool_status(tmpl, &p, 5000);
	CHECK_EQ(p.health, TMPL_POOL_FOREIGN);
}

TEST(pool_names_lead_nowhere_else)
{
	char digest[TMPL_DIGEST_LEN + 1];
	auto_close int top = -1;

	lab();
	offer("web", D64);
	top = open(pool, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_EQ(pool_digest_of(top, "web", digest), 0);
	CHECK_EQ(symlinkat("/etc/passwd", top, "name/evil"), 0);
	CHECK_EQ(symlinkat("../sha256/../../etc", top, "name/evil2"), 0);
	CHECK_EQ(pool_digest_of(top, "evil", digest), -EBADMSG);
	CHECK_EQ(pool_digest_of(top, "evil2", digest), -EBADMSG);
	CHECK_EQ(pool_digest_of(top, "../vzpool", digest), -ENOENT);
	CHECK_EQ(symlinkat("/etc", top, "sha256/f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), 0);
	CHECK_EQ(pool_image_open(top, "f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), -1);
}

TEST(pool_rm)
{
	auto_free struct tmpl_image *v = NULL;
	struct err e = { 0 };
	size_t n;

	lab();
	offer("web", D64);
	offer("db", "f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	CHECK_OK(tmpl_pool_images(pool, &v, &n, &e), &e);
	CHECK_EQ(n, 2);
	CHECK_STR(v[0].name, "db");
	CHECK_OK(tmpl_pool_rm(pool, "web", false, &e), &e);
	CHECK_ERR(tmpl_pool_rm(pool, "web", false, &e), ENOENT);
	CHECK_OK(tmpl_pool_rm(pool, "db", true, &e), &e);
	auto_close int top = open(pool, O_PATH | O_DIRECTORY | O_CLOEXEC), kept = pool_image_open(top, D64);
	CHECK(kept >= 0);		/* only its name went */
	CHECK_EQ(pool_image_open(top, "f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), -1);
}

/* Whoever changes the pool while another one does is told who that is, and nothing is changed. */
TEST(pool_is_changed_by_one)
{
	struct tmpl_pool_gc g = { .used = &(struct str_list){ 0 } };
	struct err e = { 0 };
	int go[2], done[2];
	char c;

	lab();
	offer("web", D64);
	pool_lock_wait_ms = 100;
	CHECK(pipe2(go, O_CLOEXEC) == 0 && pipe2(done, O_CLOEXEC) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		auto_close int top = open(pool, O_PATH | O_DIRECTORY | O_CLOEXEC);
		int lock = -1;

		c = pool_lock(top, pool, &lock, &e) == 0 ? 'y' : 'n';
		_exit(write(done[1], &c, 1) == 1 && read(go[0], &c, 1) == 1 ? 0 : 1);
	}
	CHECK(pid > 0 && read(done[0], &c, 1) == 1 && c == 'y');
	CHECK_ERR(tmpl_pool_rm(pool, "web", true, &e), EBUSY);
	CHECK(strstr(e.text, "is being changed by process "));
	CHECK_ERR(tmpl_pool_gc(pool, &g, &e), EBUSY);
	g.dry_run = true;
	CHECK_OK(tmpl_pool_gc(pool, &g, &e), &e);
	CHECK(write(go[1], "x", 1) == 1 && waitpid(pid, NULL, 0) == pid);
	CHECK_OK(tmpl_pool_rm(pool, "web", false, &e), &e);	/* it went with its holder */
	pool_lock_wait_ms = 60000;
}

TEST(pool_lock_that_is_none)
{
	auto_close int top = -1, lock = -1;
	struct err e = { 0 };

	lab();
	top = open(pool, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_EQ(unlinkat(top, POOL_LOCK, 0), 0);
	CHECK_EQ(symlinkat("/etc/passwd", top, POOL_LOCK), 0);
	CHECK_ERR(pool_lock(top, pool, &lock, &e), ELOOP);
	CHECK_EQ(unlinkat(top, POOL_LOCK, 0), 0);
	CHECK_EQ(mkdirat(top, POOL_LOCK, 0755), 0);
	CHECK_ERR(pool_lock(top, pool, &lock, &e), EISDIR);
}
