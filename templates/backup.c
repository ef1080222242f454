/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The privileged side of backups: starts vz-backup with what it may see, hears how far it is, and writes what the box must
 * not have a hand in: configuration, seal and end of an archive. For a restore vz-backup's tar goes straight to vz-unpack.
 */
#include "templates/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "templates/backup_box.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/fio.h"
#include "util/sha256.h"
#include "util/str.h"

#define PROG "vz-backup"
#define META_ROOM (BK_META_MAX + 1)

/* --- chains ---------------------------------------------------------------------------------------------------------- */

void tmpl_chain_close(struct tmpl_chain *c)
{
	while (c->n)
		auto_close_(&c->fd[--c->n]);
}

static int open_archive(int dir, const char *name, struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? err_set(e, errno, "%s", name) : fd;
}

static void reverse(struct tmpl_chain *c)
{
	for (unsigned i = 0, k = c->n; i + 1 < k; i++) {
		k--;
		SWAP(c->fd[i], c->fd[k]);
		SWAP(c->end[i], c->end[k]);
		for (size_t p = 0; p < BK_NAME_MAX; p++)
			SWAP(c->name[i][p], c->name[k][p]);
	}
}

static int open_one(int dir, const char *name, const struct bk_end *child, struct tmpl_chain *c, struct err *e)
{
	int fd = open_archive(dir, name, e);

	if (fd < 0 && child && e->code == ENOENT)
		return err_say(e, ENOENT, "it builds on %s, which is not beside it: put it there, or take an archive made "
			       "before it", name);
	if (fd < 0)
		return fd;
	c->fd[c->n] = fd;
	str_fmt(c->name[c->n], BK_NAME_MAX, "%.*s", BK_NAME_MAX - 1, name);
	c->n++;
	if (bk_end_read(fd, &c->end[c->n - 1], e) < 0)
		return err_add(e, "%s", name);
	if (child && (memcmp(child->parent, c->end[c->n - 1].digest, 32) != 0 || c->end[c->n - 1].depth + 1 != child->depth))
		return err_say(e, EBADMSG, "it builds on another %s than the one beside it", name);
	return 0;
}

int tmpl_chain_open(int dir, const char *name, struct tmpl_chain *ret, struct err *e)
{
	ret->n = 0;
	if (open_one(dir, name, NULL, ret, e) < 0) {
		tmpl_chain_close(ret);
		return -e->code;
	}
	while (ret->end[ret->n - 1].depth) {
		const struct bk_end child = ret->end[ret->n - 1];

		if (ret->n == BK_CHAIN_MAX || open_one(dir, child.parent_name, &child, ret, e) < 0) {
			tmpl_chain_close(ret);
			return err_add(e, "%s", name);
		}
	}
	reverse(ret);
	return 0;
}

int tmpl_chain_fd(int fd, struct tmpl_chain *ret, struct err *e)
{
	ret->n = 0;
	ret->name[0][0] = '\0';
	if (bk_end_read(fd, &ret->end[0], e) < 0)
		return -e->code;
	if (ret->end[0].depth)
		return err_say(e, EINVAL, "it builds on %s and cannot be read alone", ret->end[0].parent_name);
	ret->fd[0] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (ret->fd[0] < 0)
		return err_set(e, errno, "the archive");
	ret->n = 1;
	return 0;
}

static int meta_of(const struct tmpl_chain *c, unsigned i, struct buf *meta, struct err *e)
{
	const struct bk_end *end = &c->end[i];
	auto_free char *text = malloc(end->meta_len + 1);
	uint8_t sha[32];
	struct sha256 s;

	if (!text)
		return err_set(e, ENOMEM, "configuration");
	if (pread(c->fd[i], text, end->meta_len, (off_t)end->meta_off) != (ssize_t)end->meta_len)
		return err_set(e, EIO, "read the configuration");
	sha256_init(&s);
	sha256_add(&s, text, end->meta_len);
	sha256_end(&s, sha);
	if (memcmp(sha, end->meta_sha, sizeof(sha)) != 0)
		return err_say(e, EBADMSG, "the part with its configuration is damaged");
	if (meta)
		buf_add(meta, text, end->meta_len);
	return meta && buf_failed(meta) ? err_set(e, ENOMEM, "configuration") : 0;
}

int tmpl_backup_meta(const struct tmpl_chain *c, struct buf *meta, struct err *e)
{
	return meta_of(c, c->n - 1, meta, e);
}

/* --- one run of vz-backup ---------------------------------------------------------------------------------------------- */

struct job {
	struct unpack u;
	struct bk_go go;
	struct bk_answer answer;
	const struct tmpl_chain *chain;
	tmpl_backup_tell *tell;
	void *arg;
};

static void job_done(struct job *j)
{
	unpack_kill(&j->u);
}

static void take_count(struct tmpl_backup_count *to, const struct bk_count *from)
{
	*to = (struct tmpl_backup_count){
		.entries = from->entries, .bytes = from->bytes, .total = from->total, .kept = from->kept, .sockets = from->sockets,
		.nodes = from->nodes, .deep = from->deep, .xattrs = from->xattrs, .excluded = from->excluded, .links = from->links,
		.written = from->written,
	};
}

static int add_words(struct bk_go *go, const struct str_list *l, struct err *e)
{
	for (size_t i = 0; l && i < l->n; i++) {
		size_t n = strlen(l->v[i]) + 1;

		if (n > BK_SELECT_MAX - go->select_len)
			return err_say(e, E2BIG, "too many names or patterns");
		memcpy(go->select + go->select_len, l->v[i], n);
		go->select_len += (uint32_t)n;
	}
	return 0;
}

/* @tree: mode write only. @out: its fd 5, or -1. */
static int job_start(struct job *j, const char *mode, const struct tmpl_chain *chain, int tree, int out, struct err *e)
{
	const struct unpack_msg msg = { .data = &j->go, .size = sizeof(j->go), .fds = chain ? chain->fd : NULL,
					.n_fds = chain ? chain->n : 0 };

	j->u = (struct unpack){ .ctl = -1, .in = -1, .reader = tree >= 0 };
	j->chain = chain;
	j->go.magic = BK_MAGIC;
	j->go.stage = BK_GO;
	j->go.n_chain = chain ? chain->n : 0;
	if (unpack_fork(&j->u, PROG, mode, (const int[2]){ -1, out }, e) < 0)
		return -e->code;
	return unpack_begin(&j->u, tree, &msg, e);
}

int backup_take_error(struct err *e, const struct bk_answer *a, const struct tmpl_chain *c)
{
	unpack_take_text(e, &a->err);
	return c && c->n > 1 && a->bad > 0 && a->bad <= c->n ? err_add(e, "%s", c->name[a->bad - 1]) : -e->code;
}

static int job_end(struct job *j, struct err *e)
{
	if (unpack_answer(&j->u, &j->answer, sizeof(j->answer), e) < 0)
		return -e->code;
	if (j->answer.magic != BK_MAGIC || j->answer.stage != BK_DONE)
		return err_say(e, EPROTO, PROG " gave no answer that can be read");
	return j->answer.err.code ? backup_take_error(e, &j->answer, j->chain) : 0;
}

/* What it says next. 1: it goes on; 0: it has ended well. */
static int job_hear(struct job *j, struct err *e)
{
	struct tmpl_backup_count c;
	ssize_t n = recv(j->u.ctl, &j->answer, sizeof(j->answer), MSG_PEEK);

	/* a reader that is killed closes the socket: unpack_answer() says by what */
	if (n >= 0 && (n != (ssize_t)sizeof(j->answer) || j->answer.magic != BK_MAGIC || j->answer.stage != BK_PROGRESS))
		return job_end(j, e);
	if (n >= 0)
		n = recv(j->u.ctl, &j->answer, sizeof(j->answer), 0);
	if (n < 0 && errno != EINTR)
		return err_set(e, errno, PROG);
	take_count(&c, &j->answer.count);
	if (j->tell && j->tell(j->arg, &c) < 0)
		return err_say(e, ECANCELED, "cancelled");
	return 1;
}

static int job_wait(struct job *j, struct err *e)
{
	int rc;

	while ((rc = job_hear(j, e)) > 0)
		;
	return rc;
}

/* --- writing ------------------------------------------------------------------------------------------------------------ */

static unsigned cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

static int write_part(int fd, const void *p, size_t n, struct err *e)
{
	uint8_t head[BK_HEAD];
	int rc;

	bk_skip_head(head, (uint32_t)n);
	rc = fio_write_all(fd, head, sizeof(head));
	if (rc == 0)
		rc = fio_write_all(fd, p, n);
	return rc < 0 ? err_set(e, -rc, "write the archive") : 0;
}

/* Where the parts are the box has counted; a lie makes an archive that nobody can open. */
static int write_end(const struct tmpl_backup *b, struct bk_end *end, struct err *e)
{
	uint8_t raw[BK_END_SIZE];
	struct sha256 s;

	end->ctid = b->ctid;
	end->created = (uint64_t)time(NULL);
	if (b->owner && str_copy(end->owner, sizeof(end->owner), b->owner) < 0)
		return err_say(e, ENAMETOOLONG, "owner %s: the name is too long", b->owner);
	end->depth = b->before ? b->before->n : 0;
	if (b->before) {
		memcpy(end->parent, b->before->end[b->before->n - 1].digest, 32);
		if (str_copy(end->parent_name, sizeof(end->parent_name), b->before_name) < 0)
			return err_say(e, ENAMETOOLONG, "%s: the name is too long to be built on", b->before_name);
	}
	end->meta_off = end->index_off + end->index_len + BK_HEAD;
	end->meta_len = b->meta->len;
	sha256_init(&s);
	sha256_add(&s, buf_str(b->meta), b->meta->len);
	sha256_end(&s, end->meta_sha);
	bk_end_sum(end, b->key, b->key_len);
	bk_end_put(end, raw);
	if (bk_end_get(raw, end->meta_off + end->meta_len + BK_HEAD + BK_END_SIZE, end, e) < 0)
		return err_add(e, PROG " has not told what can be");
	if (write_part(b->out, buf_str(b->meta), b->meta->len, e) < 0)
		return -e->code;
	return write_part(b->out, raw, sizeof(raw), e);
}

int tmpl_backup_write(const struct tmpl_backup *b, struct tmpl_backup_count *ret, struct bk_end *end, struct err *e)
{
	auto_call(job_done) struct job j = { .tell = b->tell, .arg = b->arg };
	const char *conf = "";
	size_t conf_len = 0;

	if (b->meta->len > BK_META_MAX)
		return err_say(e, EFBIG, "configuration and scripts are larger than %u bytes", BK_META_MAX);
	if (b->before && b->before->n >= BK_CHAIN_MAX)
		return err_say(e, EMLINK, "%s is the last of %u that need each other: no more can be built on it", b->before_name,
			       b->before->n);
	if (add_words(&j.go, b->exclude, e) < 0)
		return -e->code;
	if (bk_meta_get(buf_str(b->meta), b->meta->len, "vps.conf", &conf, &conf_len, e) == 0 &&
	    conf_len <= BK_SELECT_MAX - j.go.select_len) {
		memcpy(j.go.select + j.go.select_len, conf, conf_len);
		j.go.conf_len = (uint32_t)conf_len;
	}
	err_clear(e);
	j.go.compare = b->compare;
	j.go.level = (uint32_t)b->level;
	j.go.threads = cpus();
	j.go.bytes_per_s = b->bytes_per_s;
	if (job_start(&j, "write", b->before, b->tree, b->out, e) < 0 || job_wait(&j, e) < 0)
		return -e->code;
	*end = j.answer.end;
	take_count(ret, &j.answer.count);
	if (write_end(b, end, e) < 0)
		return -e->code;
	ret->written = end->meta_off + end->meta_len + BK_HEAD + BK_END_SIZE;
	return 0;
}

/* --- reading ------------------------------------------------------------------------------------------------------------ */

static int read_job(const struct tmpl_restore *r, const char *mode, int out, struct tmpl_backup_count *ret, struct err *e)
{
	auto_call(job_done) struct job j = { .tell = r->tell, .arg = r->arg };

	if (add_words(&j.go, r->select, e) < 0 || job_start(&j, mode, r->chain, -1, out, e) < 0 || job_wait(&j, e) < 0)
		return -e->code;
	take_count(ret, &j.answer.count);
	return 0;
}

int tmpl_backup_tar(const struct tmpl_restore *r, int out, struct tmpl_backup_count *ret, struct err *e)
{
	return read_job(r, "emit", out, ret, e);
}

int tmpl_backup_list(const struct tmpl_restore *r, int out, struct tmpl_backup_count *ret, struct err *e)
{
	return read_job(r, "list", out, ret, e);
}

int tmpl_backup_check(const struct tmpl_restore *r, struct tmpl_backup_count *ret, struct err *e)
{
	for (unsigned i = 0; i < r->chain->n; i++)
		if (meta_of(r->chain, i, NULL, e) < 0)
			return r->chain->n > 1 ? err_add(e, "%s", r->chain->name[i]) : -e->code;
	return read_job(r, "check", -1, ret, e);
}

static int unpack_wait(struct unpack *u, struct unpack_done *done, struct err *e)
{
	if (unpack_answer(u, done, sizeof(*done), e) < 0)
		return -e->code;
	if (done->magic != UNPACK_MAGIC || done->stage != UNPACK_DONE)
		return err_say(e, EPROTO, "vz-unpack gave no answer that can be read");
	return done->err.code ? unpack_take_text(e, &done->err) : 0;
}

static void kill_unpack(struct unpack *u)
{
	unpack_kill(u);
}

/* The reader's error counts, but for one: that nobody takes its tar any more. Then the other one says why. */
static int both(struct job *j, struct unpack *u, struct unpack_done *done, struct err *e)
{
	struct err other = { 0 };
	int rc = job_wait(j, e);

	if (rc < 0 && e->code != EPIPE && e->code != ECONNRESET)
		return rc;
	if (unpack_wait(u, done, &other) < 0) {
		*e = other;
		return -e->code;
	}
	return rc;
}

int tmpl_backup_extract(const struct tmpl_restore *r, int dir, struct tmpl_backup_count *ret, struct err *e)
{
	const struct unpack_go go = { .magic = UNPACK_MAGIC, .stage = UNPACK_GO, .max_bytes = INT64_MAX, .max_entries = INT64_MAX,
				      .backup = 1 };
	const struct unpack_msg msg = { .data = &go, .size = sizeof(go) };
	auto_call(job_done) struct job j = { .u = { .ctl = -1, .in = -1 }, .tell = r->tell, .arg = r->arg };
	auto_call(kill_unpack) struct unpack u = { .ctl = -1, .in = -1 };
	auto_close int from = -1, to = -1;
	struct unpack_done done;
	int sk[2];

	if (add_words(&j.go, r->select, e) < 0)
		return -e->code;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sk) < 0)
		return err_set(e, errno, "socketpair");
	from = sk[0];
	to = sk[1];
	if (unpack_fork(&u, "vz-unpack", "extract", (const int[2]){ from, -1 }, e) < 0 || unpack_begin(&u, dir, &msg, e) < 0 ||
	    job_start(&j, "emit", r->chain, -1, to, e) < 0)
		return -e->code;
	auto_close_(&from);
	auto_close_(&to);
	if (both(&j, &u, &done, e) < 0)
		return -e->code;
	take_count(ret, &j.answer.count);
	ret->nodes = done.count.nodes_skipped;
	ret->xattrs = done.count.xattrs_dropped;
	unpack_take_acls(ret, &done.count.odd);
	return 0;
}
