/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The privileged side of unpacking: has vz-unpack started (unpack_run.c), gives it the archive as a stream and the
 * target as an idmapped mount, and believes nothing it says but "failed". The digest is taken here, while streaming, so
 * an archive that takes over vz-unpack still cannot pass for another template.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/sha256.h"
#include "templates/backup.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/str.h"

#define PROG "vz-unpack"
#define STREAM_CHUNK (256u << 10)

/* A stranger's lines, fit for a terminal and a file. */
void unpack_take_notes(char notes[TMPL_NOTES])
{
	notes[TMPL_NOTES - 1] = '\0';
	for (char *p = notes; *p; p++)
		if (((unsigned char)*p < 0x20 && *p != '\n') || *p == 0x7f)
			*p = '?';
}

/* Whole lines, as many as there is room for. */
void unpack_take_acls(struct tmpl_backup_count *c, struct unpack_odd *o)
{
	char *end;

	unpack_take_notes(o->notes);
	c->acls = o->n[TMPL_ODD_ACL];
	str_fmt(c->acl_notes, sizeof(c->acl_notes), "%.*s", (int)sizeof(c->acl_notes) - 1, o->notes);
	end = strrchr(c->acl_notes, '\n');
	c->acl_notes[end ? end - c->acl_notes : 0] = '\0';
}

static int unpack_end(struct unpack *u, struct unpack_count *c, struct err *e)
{
	struct unpack_done done;

	if (unpack_answer(u, &done, sizeof(done), e) < 0)
		return -e->code;
	if (done.magic != UNPACK_MAGIC || done.stage != UNPACK_DONE)
		return err_say(e, EPROTO, "vz-unpack gave no answer that can be read");
	if (done.err.code)
		return unpack_take_text(e, &done.err);
	if (!c)
		return 0;
	*c = done.count;
	unpack_take_notes(c->odd.notes);
	return 0;
}

/* Sends the whole of @archive, hashing it. Stops without an error when the other side has closed: its answer says why. */
static int stream(struct unpack *u, int archive, char *digest, struct err *e)
{
	auto_free uint8_t *buf = malloc(STREAM_CHUNK);
	struct sha256 s;

	if (!buf)
		return err_set(e, ENOMEM, "read the archive");
	sha256_init(&s);
	for (;;) {
		ssize_t n = read(archive, buf, STREAM_CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, errno, "read the archive");
		if (n == 0)
			break;
		sha256_add(&s, buf, (size_t)n);
		for (ssize_t at = 0; at < n;) {
			ssize_t w = send(u->in, buf + at, (size_t)(n - at), MSG_NOSIGNAL);

			if (w < 0 && (errno == EPIPE || errno == ECONNRESET))
				return 0;
			if (w < 0 && errno != EINTR)
				return err_set(e, errno, "pass the archive on");
			at += w > 0 ? w : 0;
		}
	}
	shutdown(u->in, SHUT_WR);
	sha256_hex(&s, digest);
	return 0;
}

int tmpl_digest_fd(int fd, char digest[TMPL_DIGEST_LEN + 1], struct err *e)
{
	auto_free uint8_t *buf = malloc(STREAM_CHUNK);
	struct sha256 s;
	ssize_t n;

	if (!buf)
		return err_set(e, ENOMEM, "read the archive");
	sha256_init(&s);
	while ((n = read(fd, buf, STREAM_CHUNK)) != 0) {
		if (n < 0 && errno != EINTR)
			return err_set(e, errno, "read the archive");
		if (n > 0)
			sha256_add(&s, buf, (size_t)n);
	}
	sha256_hex(&s, digest);
	return 0;
}

static void empty_dir(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	struct err ignored;

	if (!d)
		return;
	while ((de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			path_rmtree(dir, de->d_name, &ignored);
}

static int run(struct unpack *u, int archive, int dir, const struct unpack_go *go, struct unpack_result *ret,
	       struct err *e)
{
	const struct unpack_msg msg = { .data = go, .size = sizeof(*go) };
	int sk[2], rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sk) < 0)
		return err_set(e, errno, "socketpair");
	u->in = sk[0];
	rc = unpack_fork(u, PROG, "extract", (const int[2]){ sk[1], -1 }, e);
	close(sk[1]);
	if (rc < 0 || unpack_begin(u, dir, &msg, e) < 0 || stream(u, archive, ret->digest, e) < 0)
		return -e->code;
	if (unpack_end(u, &ret->count, e) < 0)
		return -e->code;
	if (!ret->digest[0])
		return err_say(e, EPROTO, "vz-unpack did not read the whole archive");
	return 0;
}

static int unpack_as(int archive, int dir, const struct tmpl_limits *l, unsigned flags, struct unpack_result *ret,
		     struct err *e)
{
	struct unpack u = { .ctl = -1, .in = -1 };
	struct unpack_go go = { .magic = UNPACK_MAGIC, .stage = UNPACK_GO, .flags = flags };
	struct stat st, now;
	int rc;

	if (fstat(archive, &st) < 0 || !S_ISREG(st.st_mode))
		return err_say(e, EINVAL, "the archive is not a regular file");
	go.max_bytes = l && l->max_bytes ? l->max_bytes : TMPL_MAX_BYTES;
	go.max_entries = l && l->max_entries ? l->max_entries : TMPL_MAX_ENTRIES;
	go.archive_bytes = (uint64_t)st.st_size;
	memset(ret, 0, sizeof(*ret));
	rc = run(&u, archive, dir, &go, ret, e);
	unpack_kill(&u);
	if (rc == 0 && (fstat(archive, &now) < 0 || now.st_size != st.st_size ||
			memcmp(&now.st_mtim, &st.st_mtim, sizeof(st.st_mtim)) != 0))
		rc = err_say(e, EAGAIN, "the archive changed while it was read");
	return rc;
}

int unpack_archive(int archive, int dir, const struct tmpl_limits *l, struct unpack_result *ret, struct err *e)
{
	int rc = unpack_as(archive, dir, l, 0, ret, e);

	if (rc < 0)
		empty_dir(dir);
	return rc;
}

int unpack_layer(int archive, int dir, const struct tmpl_limits *l, struct unpack_result *ret, struct err *e)
{
	static const unsigned pass[] = { UNPACK_WHITEOUTS, UNPACK_LAYER };

	for (size_t i = 0; i < ARRAY_SIZE(pass); i++)
		if (lseek(archive, 0, SEEK_SET) < 0)
			return err_set(e, errno, "read the layer");
		else if (unpack_as(archive, dir, l, pass[i], ret, e) < 0)
			return -e->code;
	return 0;
}

int tmpl_pack(int tree, int out, unsigned flags, struct tmpl_count *ret, struct err *e)
{
	const struct unpack_go go = { .magic = UNPACK_MAGIC, .stage = UNPACK_GO, .max_bytes = UINT64_MAX,
				      .max_entries = TMPL_MAX_ENTRIES * 4,
				      .flags = (flags & TMPL_PACK_CLEAN ? UNPACK_CLEAN : 0) |
					       (flags & TMPL_PACK_MERGED ? UNPACK_READER : 0) };
	const struct unpack_msg msg = { .data = &go, .size = sizeof(go) };
	struct unpack u = { .ctl = -1, .in = -1, .reader = flags & TMPL_PACK_MERGED };
	struct unpack_count c = { 0 };
	int rc = unpack_fork(&u, PROG, "pack", (const int[2]){ -1, out }, e);

	if (rc == 0)
		rc = unpack_begin(&u, tree, &msg, e);
	if (rc == 0)
		rc = unpack_end(&u, &c, e);
	unpack_kill(&u);
	if (rc == 0 && ret)
		*ret = (struct tmpl_count){ c.entries, c.bytes, c.nodes_skipped, c.xattrs_dropped, 0 };
	return rc;
}

int unpack_base(int busybox, int out, struct err *e)
{
	const struct unpack_go go = { .magic = UNPACK_MAGIC, .stage = UNPACK_GO, .max_bytes = 64u << 20,
				      .max_entries = 10000 };
	const struct unpack_msg msg = { .data = &go, .size = sizeof(go) };
	struct unpack u = { .ctl = -1, .in = -1 };
	int rc = unpack_fork(&u, PROG, "base", (const int[2]){ busybox, out }, e);

	if (rc == 0)
		rc = unpack_begin(&u, -1, &msg, e);
	if (rc == 0)
		rc = unpack_end(&u, NULL, e);
	unpack_kill(&u);
	return rc;
}
