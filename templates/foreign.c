/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The privileged side of archives that other vzdumps made: vz-unpack reads them, and how far it is tells the place in the file. */
#include "templates/foreign.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"

#define PROG "vz-unpack"
#define TELL_MS 200
#define TAR_MAGIC_AT 257

static bool begins(const uint8_t *head, size_t n, const char *magic, size_t len)
{
	return n >= len && memcmp(head, magic, len) == 0;
}

int tmpl_foreign_is(int fd, struct err *e)
{
	static const struct { const char *magic; size_t len; } packed[] = {
		{ "\x1f\x8b", 2 }, { "BZh", 3 }, { "\xfd" "7zXZ", 5 }, { "\x28\xb5\x2f\xfd", 4 },
	};
	uint8_t head[512];
	ssize_t n = pread(fd, head, sizeof(head), 0);

	if (n < 0)
		return err_set(e, errno, "read the archive");
	if (begins(head, (size_t)n, "\x89LZO", 4))
		return err_say(e, ENOTSUP, "it is packed with lzop, which is not read here: unpack it with 'lzop -d' first");
	for (size_t i = 0; i < ARRAY_SIZE(packed); i++)
		if (begins(head, (size_t)n, packed[i].magic, packed[i].len))
			return 1;
	return n == (ssize_t)sizeof(head) && memcmp(head + TAR_MAGIC_AT, "ustar", 5) == 0;
}

struct job { struct unpack u; struct unpack_done done; uint64_t size; };

static void job_done(struct job *j)
{
	unpack_kill(&j->u);
}

static int job_start(struct job *j, const char *mode, unsigned flags, const struct tmpl_foreign *f, int dir, int out, struct err *e)
{
	const struct unpack_go go = { .magic = UNPACK_MAGIC, .stage = UNPACK_GO, .max_bytes = INT64_MAX, .max_entries = INT64_MAX,
				      .backup = 1, .flags = flags };
	const struct unpack_msg msg = { .data = &go, .size = sizeof(go) };
	struct stat st;

	if (fstat(f->fd, &st) < 0 || lseek(f->fd, 0, SEEK_SET) < 0)
		return err_set(e, errno, "read the archive");
	j->size = (uint64_t)st.st_size;
	if (unpack_fork(&j->u, PROG, mode, (const int[2]){ f->fd, out }, e) < 0)
		return -e->code;
	return unpack_begin(&j->u, dir, &msg, e);
}

static int job_wait(struct job *j, const struct tmpl_foreign *f, struct err *e)
{
	struct pollfd p = { .fd = j->u.ctl, .events = POLLIN };

	while (poll(&p, 1, TELL_MS) <= 0) {
		struct tmpl_backup_count c = { .bytes = (uint64_t)lseek(f->fd, 0, SEEK_CUR), .total = j->size };

		if (f->tell && f->tell(f->arg, &c) < 0)
			return err_say(e, ECANCELED, "cancelled");
	}
	if (unpack_answer(&j->u, &j->done, sizeof(j->done), e) < 0)
		return -e->code;
	if (j->done.magic != UNPACK_MAGIC || j->done.stage != UNPACK_DONE)
		return err_say(e, EPROTO, PROG " gave no answer that can be read");
	return j->done.err.code ? unpack_take_text(e, &j->done.err) : 0;
}

/* Mode vzdump of vz-unpack; the parts into @meta, if it is not NULL. */
static int find(const struct tmpl_foreign *f, unsigned flags, struct buf *meta, struct unpack_count *ret, struct err *e)
{
	auto_call(job_done) struct job j = { .u = { .ctl = -1, .in = -1 } };
	auto_close int found = memfd_create("vzdump", MFD_CLOEXEC);

	if (found < 0)
		return err_set(e, errno, "memory for the configuration");
	if (job_start(&j, "vzdump", flags, f, -1, found, e) < 0 || job_wait(&j, f, e) < 0)
		return -e->code;
	*ret = j.done.count;
	if (lseek(found, 0, SEEK_SET) < 0)
		return err_set(e, errno, "configuration");
	return meta ? fio_read_fd(found, meta, "configuration", e) : 0;
}

int tmpl_foreign_meta(int fd, struct buf *meta, struct err *e)
{
	struct unpack_count c;

	return find(&(struct tmpl_foreign){ .fd = fd }, 0, meta, &c, e);
}

int tmpl_foreign_check(const struct tmpl_foreign *f, struct tmpl_backup_count *ret, struct err *e)
{
	struct unpack_count c;

	if (find(f, UNPACK_WHOLE, NULL, &c, e) < 0)
		return -e->code;
	*ret = (struct tmpl_backup_count){ .entries = c.entries };
	return 0;
}

int tmpl_foreign_extract(const struct tmpl_foreign *f, int dir, struct tmpl_backup_count *ret, struct err *e)
{
	auto_call(job_done) struct job j = { .u = { .ctl = -1, .in = -1 } };

	if (job_start(&j, "extract", UNPACK_VZDUMP, f, dir, -1, e) < 0 || job_wait(&j, f, e) < 0)
		return -e->code;
	*ret = (struct tmpl_backup_count){ .entries = j.done.count.entries, .bytes = j.done.count.bytes,
					   .nodes = j.done.count.nodes_skipped, .xattrs = j.done.count.xattrs_dropped };
	unpack_take_acls(ret, &j.done.count.odd);
	return 0;
}
