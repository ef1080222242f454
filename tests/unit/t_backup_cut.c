/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Archives of vz-backup that are cut at every byte, or have one wrong bit in every byte: all that reads them says no, with a
 * reason and the name of the file that is at fault. Written by the real writer from a small tree, read by the real readers.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "templates/backup.h"
#include "templates/backup_box.h"
#include "templates/backup_tree.h"
#include "templates/backup_walk.h"
#include "tests/lib/test.h"
#include "util/fio.h"
#include "util/str.h"

/* What vz-backup itself has in backup_main.c. */
void bk_tell(struct bk_run *r)
{
	(void)r;
}

int bk_seal_threads(struct err *e)
{
	(void)e;
	return 0;
}

static struct bk_go go;

struct shared { struct bk_answer a; };

static void put(int dir, const char *name, size_t size, unsigned seed)
{
	auto_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	uint8_t part[4096];

	CHECK(fd >= 0);
	for (size_t at = 0; at < size; at += sizeof(part)) {
		for (size_t i = 0; i < sizeof(part); i++)	/* packs to almost nothing, and no two pieces are alike */
			part[i] = (uint8_t)(seed + at / 100000 + i % 7);
		CHECK(write(fd, part, MIN(size - at, sizeof(part))) > 0);
	}
}

static rlim_t room = RLIM_INFINITY;		/* bytes that there is place for */

static void in_child(int tree, int out, const struct tmpl_chain *before, struct shared *s)
{
	const struct rlimit lim = { room, RLIM_INFINITY };
	struct bk_run r = { .go = &go, .count = &s->a.count, .end = &s->a.end, .bad = &s->a.bad };

	for (unsigned i = 0; before && i < before->n; i++)
		r.chain[i] = before->fd[i];
	signal(SIGXFSZ, SIG_IGN);
	if (dup2(out, BK_OUT) < 0 || setrlimit(RLIMIT_FSIZE, &lim) < 0 || fchdir(tree) < 0 || chroot(".") < 0)
		_exit(3);
	_exit(bk_write(&r, &s->a.err) < 0);
}

/* @tree into the file @name of @dir, as vzdump writes it. */
static void backup(int dir, const char *name, int tree, const struct tmpl_chain *before)
{
	auto_close int out = openat(dir, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	auto_buf struct buf meta = { .cap = 4096 };
	uint8_t head[BK_HEAD], raw[BK_END_SIZE];
	struct sha256 sum;
	struct bk_end end;
	struct err e = { 0 };
	int status = 0;
	pid_t pid;

	CHECK(out >= 0 && s != MAP_FAILED);
	go = (struct bk_go){ .level = 3, .threads = 2, .n_chain = before ? before->n : 0 };
	pid = fork();
	if (pid == 0)
		in_child(tree, fcntl(out, F_DUPFD, 20), before, s);
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
	end = s->a.end;
	bk_meta_add(&meta, "vps.conf", "HOSTNAME=\"cut\"\n", 15);
	end.ctid = 101;
	end.created = (uint64_t)time(NULL) + 100;	/* what is older than a minute before it was not changed */
	if (before) {
		end.depth = before->n;
		memcpy(end.parent, before->end[before->n - 1].digest, 32);
		str_copy(end.parent_name, sizeof(end.parent_name), before->name[before->n - 1]);
	}
	end.meta_off = end.index_off + end.index_len + BK_HEAD;
	end.meta_len = meta.len;
	sha256_init(&sum);
	sha256_add(&sum, meta.s, meta.len);
	sha256_end(&sum, end.meta_sha);
	bk_end_sum(&end, "key", 3);
	bk_end_put(&end, raw);
	bk_skip_head(head, (uint32_t)meta.len);
	CHECK(lseek(out, 0, SEEK_END) >= 0);
	CHECK(fio_write_all(out, head, sizeof(head)) == 0 && fio_write_all(out, meta.s, meta.len) == 0);
	bk_skip_head(head, sizeof(raw));
	CHECK(fio_write_all(out, head, sizeof(head)) == 0 && fio_write_all(out, raw, sizeof(raw)) == 0);
	CHECK_OK(bk_end_read(out, &end, &e), &e);
	munmap(s, sizeof(*s));
}

static int make_tree(int top, size_t big)
{
	int tree, sub;

	CHECK(mkdirat(top, "tree", 0755) == 0);
	tree = openat(top, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(tree >= 0 && mkdirat(tree, "etc", 0755) == 0 && mkdirat(tree, "var", 0700) == 0);
	sub = openat(tree, "etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(sub, "passwd", 600, 1);
	fsetxattr(sub, "user.note", "x", 1, 0);
	put(tree, "big", big, 2);
	CHECK(symlinkat("etc/passwd", tree, "link") == 0 && linkat(sub, "passwd", tree, "hard", 0) == 0);
	CHECK(mkfifoat(tree, "pipe", 0600) == 0);
	put(tree, "hole", 10, 3);
	close(sub);
	sub = openat(tree, "hole", O_WRONLY | O_CLOEXEC);
	CHECK(ftruncate(sub, 3 << 20) == 0);
	close(sub);
	return tree;
}

/* --- reading ---------------------------------------------------------------------------------------------------------- */

static int check(const struct tmpl_chain *c, struct err *e, uint32_t *bad)
{
	struct bk_count count = { 0 };
	struct bk_run r = { .go = &go, .count = &count, .bad = bad };

	go = (struct bk_go){ .n_chain = c->n };
	for (unsigned i = 0; i < c->n; i++)
		r.chain[i] = c->fd[i];
	return bk_check(&r, e);
}

/* All there is, as 'vzdump --check' reads it. */
static int read_all(int dir, const char *name, struct err *e)
{
	struct tmpl_chain c = { .n = 0 };
	uint32_t bad = 0;
	unsigned n;
	int rc;

	memset(e, 0, sizeof(*e));
	rc = tmpl_chain_open(dir, name, &c, e);
	n = c.n;
	for (c.n = 1; rc == 0 && c.n <= n; c.n++) {
		auto_buf struct buf meta = { .cap = BK_META_MAX + 1 };

		rc = tmpl_backup_meta(&c, &meta, e);
		bad = rc < 0 ? c.n : 0;
	}
	c.n = n;
	if (rc == 0)
		rc = check(&c, e, &bad);
	if (rc < 0 && bad)
		err_add(e, "%s", c.name[bad - 1]);
	tmpl_chain_close(&c);
	return rc;
}

/* The tree that a mount serves: whatever the bytes, an answer, and every file that it names can be asked for. */
static void serve(int fd)
{
	struct bk_tree *t = calloc(1, sizeof(*t));
	uint8_t part[4096];
	struct err e = { 0 };

	CHECK(t);
	if (bk_tree_open(t, &fd, 1, &e) == 0)
		for (uint32_t i = 1; i <= t->n; i++) {
			struct bk_seg *seg = NULL;
			uint64_t data = 0;
			size_t n = 0, got;

			if (t->v[i].row.type != 'f' || bk_tree_map(t, i, &seg, &n, &data, &e) < 0)
				continue;
			bk_tree_read(t, i, seg, n, data, 0, part, sizeof(part), &got, &e);
			free(seg);
		}
	bk_tree_close(t);
	free(t);
}

static bool says(const struct err *e, const char *name)
{
	return e->text[0] && strstr(e->text, name);
}

static void flip(int fd, off_t at, unsigned bit)
{
	uint8_t c;

	CHECK(pread(fd, &c, 1, at) == 1);
	c ^= (uint8_t)(1u << bit);
	CHECK(pwrite(fd, &c, 1, at) == 1);
}

/* One wrong bit in the byte at @at of @name: whoever reads @want says so, and names @name. */
static void wrong_bit(int dir, int fd, const char *name, const char *want, off_t at)
{
	const unsigned bit = (unsigned)at % 8;
	struct err e;

	flip(fd, at, bit);
	if (read_all(dir, want, &e) == 0)
		test_fail(__FILE__, __LINE__, "bit %u of byte %lld of %s: nobody minds", bit, (long long)at, name);
	else if (!says(&e, name) && !str_eq(want, name))
		test_fail(__FILE__, __LINE__, "byte %lld of %s: \"%s\"", (long long)at, name, e.text);
	else if (!e.text[0])
		test_fail(__FILE__, __LINE__, "byte %lld of %s: no reason", (long long)at, name);
	if (str_eq(want, name))
		serve(fd);
	flip(fd, at, bit);
}

static int lab(size_t big)
{
	int top = test_tmp_fd();
	auto_close int tree = make_tree(top, big);
	struct tmpl_chain c = { .n = 0 };
	struct err e = { 0 };

	backup(top, "a.tar.zst", tree, NULL);
	put(tree, "new", 700, 9);
	CHECK_OK(tmpl_chain_open(top, "a.tar.zst", &c, &e), &e);
	backup(top, "b.inc.tar.zst", tree, &c);
	tmpl_chain_close(&c);
	CHECK_OK(read_all(top, "a.tar.zst", &e), &e);
	CHECK_OK(read_all(top, "b.inc.tar.zst", &e), &e);
	return top;
}

TEST_ROOT(backup_one_wrong_bit_in_each_byte)
{
	int top = lab(5000);
	auto_close int fd = openat(top, "a.tar.zst", O_RDWR | O_CLOEXEC), inc = openat(top, "b.inc.tar.zst", O_RDWR | O_CLOEXEC);
	struct err e;
	struct stat st;

	CHECK(fstat(fd, &st) == 0 && st.st_size < 20000);
	for (off_t at = 0; at < st.st_size; at++) {
		wrong_bit(top, fd, "a.tar.zst", "a.tar.zst", at);
		if (at % 4 == 0)
			wrong_bit(top, fd, "a.tar.zst", "b.inc.tar.zst", at);
	}
	CHECK(fstat(inc, &st) == 0 && st.st_size < 20000);
	for (off_t at = 0; at < st.st_size; at++)
		wrong_bit(top, inc, "b.inc.tar.zst", "b.inc.tar.zst", at);
	CHECK_OK(read_all(top, "b.inc.tar.zst", &e), &e);
}

/* Several pieces: in each a few bytes, and those at its borders. */
TEST_ROOT(backup_one_wrong_bit_in_each_piece)
{
	int top = lab(5 << 20);
	auto_close int fd = openat(top, "a.tar.zst", O_RDWR | O_CLOEXEC);
	struct bk_in in;
	struct err e = { 0 };

	CHECK_OK(bk_in_open(&in, fd, &e), &e);
	CHECK(in.end.pieces_n == 3);
	for (uint64_t i = 0; i < in.end.pieces_n; i++) {
		off_t from = (off_t)in.at[i], to = (off_t)(i + 1 < in.end.pieces_n ? in.at[i + 1] : in.end.pieces_off - BK_HEAD);

		for (off_t at = from; at < to; at += MAX((to - from) / 5, 1))
			wrong_bit(top, fd, "a.tar.zst", "b.inc.tar.zst", at);
		wrong_bit(top, fd, "a.tar.zst", "a.tar.zst", from + 1);
		wrong_bit(top, fd, "a.tar.zst", "a.tar.zst", to - 1);
	}
	bk_in_close(&in);
	CHECK_OK(read_all(top, "a.tar.zst", &e), &e);
}

/* From the last byte to the first: whatever is cut off, both the archive itself and what builds on it are refused. */
static void cut(int top, const char *name, const char *above)
{
	auto_close int fd = openat(top, name, O_RDWR | O_CLOEXEC);
	struct stat st;
	struct err e;

	CHECK(fd >= 0 && fstat(fd, &st) == 0);
	for (off_t size = st.st_size - 1; size >= 0; size--) {
		CHECK(ftruncate(fd, size) == 0);
		if (read_all(top, name, &e) == 0 || !says(&e, name) || !strstr(e.text, "cut short"))
			test_fail(__FILE__, __LINE__, "%s of %lld bytes: \"%s\"", name, (long long)size, e.text);
		if (above && (read_all(top, above, &e) == 0 || !says(&e, name)))
			test_fail(__FILE__, __LINE__, "%s on %lld bytes: \"%s\"", above, (long long)size, e.text);
		if (size % 64 == 0)
			serve(fd);
	}
}

TEST_ROOT(backup_cut_at_each_byte)
{
	int top = lab(5 << 20);

	cut(top, "a.tar.zst", "b.inc.tar.zst");
}

TEST_ROOT(backup_incremental_cut_at_each_byte)
{
	int top = lab(5000);

	cut(top, "b.inc.tar.zst", NULL);
}

/* A disk that is full after so many bytes: the writer says so and never that it is done. */
TEST_ROOT(backup_no_room_for_each_byte)
{
	int top = test_tmp_fd();
	auto_close int tree = make_tree(top, 5000), out = openat(top, "x", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned failed = 0;
	int status = 1;

	CHECK(out >= 0 && s != MAP_FAILED);
	for (room = 0; status && room < 20000; room += 47) {
		pid_t pid;

		memset(s, 0, sizeof(*s));
		go = (struct bk_go){ .level = 3, .threads = 1 };
		CHECK(ftruncate(out, 0) == 0 && lseek(out, 0, SEEK_SET) == 0);
		pid = fork();
		if (pid == 0)
			in_child(tree, fcntl(out, F_DUPFD, 20), NULL, s);
		CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
		if (status && !strstr(s->a.err.text, "write the archive"))
			test_fail(__FILE__, __LINE__, "room for %llu bytes: \"%s\"", (unsigned long long)room, s->a.err.text);
		failed += status != 0;
	}
	room = RLIM_INFINITY;
	CHECK(status == 0 && failed > 20);
	munmap(s, sizeof(*s));
}
