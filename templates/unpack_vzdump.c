/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Archives that another vzdump made: a tar of the container's files, with its configuration and scripts as
 * ./etc/vzdump/vps.conf, vps.mount ... anywhere in it. They are found here, before a container is made. Inside the box.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "templates/backup_fmt.h"
#include "templates/unpack_proto.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/str.h"

#define DIR_NAME "etc/vzdump"
#define PART_MAX (1u << 20)

struct peek {
	struct archive *in;
	int fd;
	struct unpack_count *c;
	struct buf meta;
	bool conf;		/* the configuration was found */
	uint8_t buf[128 << 10];
};

bool vzdump_is_part(const char *path)
{
	size_t n = strlen(DIR_NAME);

	return strncmp(path, DIR_NAME, n) == 0 && (!path[n] || path[n] == '/');
}

static const char *plain(const char *path)
{
	while (path[0] == '.' && path[1] == '/')
		for (path += 2; *path == '/'; path++)
			;
	return path;
}

static int broken(struct peek *p, struct err *e)
{
	const char *why = archive_error_string(p->in);

	return err_say(e, archive_errno(p->in) == ENOMEM ? ENOMEM : EBADMSG, "%s%s", p->c->entries ?
		       "the archive is damaged or cut short: " : "not a tar archive, or a damaged one: ", why ? why : "unreadable");
}

static int take_part(struct peek *p, struct archive_entry *en, const char *name, struct err *e)
{
	int64_t size = archive_entry_size(en);
	auto_free char *text = NULL;
	la_ssize_t n;

	if (size < 0 || size > PART_MAX)
		return err_say(e, EFBIG, DIR_NAME "/%.40s in it is larger than %u bytes", name, PART_MAX);
	text = malloc((size_t)size + 1);
	if (!text)
		return err_set(e, ENOMEM, "configuration");
	n = archive_read_data(p->in, text, (size_t)size);
	if (n < 0 || n != size)
		return broken(p, e);
	bk_meta_add(&p->meta, name, text, (size_t)n);
	p->conf = p->conf || str_eq(name, "vps.conf");
	return buf_failed(&p->meta) ? err_set(e, EFBIG, "configuration and scripts") : 0;
}

/*
 * This project's archives have the configuration first and without a time: one that gets here has lost its end, and with it
 * what says that its files are only those that had changed.
 */
static bool is_ours(const struct peek *p, struct archive_entry *en, const char *path)
{
	return p->c->entries == 1 && str_eq(path, DIR_NAME "/vps.conf") && archive_entry_mtime(en) == 0;
}

/* 1: go on; 0: nothing more is looked for. */
static int look(struct peek *p, struct archive_entry *en, bool whole, struct err *e)
{
	const char *path = archive_entry_pathname(en), *name;

	if (!path)
		return 1;
	path = plain(path);
	p->c->entries++;
	if (is_ours(p, en, path))
		return err_say(e, EBADMSG, "the archive is cut short: vzdump of this host's kind made it, and its end is missing");
	if (!vzdump_is_part(path))
		return whole || !p->conf;	/* one directory's files stand together */
	name = path + strlen(DIR_NAME) + (path[strlen(DIR_NAME)] == '/');
	if (archive_entry_filetype(en) != AE_IFREG || archive_entry_hardlink(en) || !str_starts(name, "vps.") ||
	    strchr(name, '/') || str_has_ctrl(name))
		return 1;
	return take_part(p, en, name, e) < 0 ? -e->code : 1;
}

static int scan(struct peek *p, bool whole, struct err *e)
{
	struct archive_entry *en;
	int64_t data_end = 0;
	int rc;

	while ((rc = extract_header(p->in, &en, true)) == ARCHIVE_OK) {
		int more = look(p, en, whole, e);

		if (more <= 0)
			return more;
		if (archive_read_data_skip(p->in) != ARCHIVE_OK)
			return broken(p, e);
		data_end = archive_filter_bytes(p->in, 0);
	}
	if (rc != ARCHIVE_EOF)
		return broken(p, e);
	if (p->c->entries == 0)
		return err_say(e, EBADMSG, "the archive is empty");
	if (archive_filter_bytes(p->in, 0) < (data_end + 511) / 512 * 512 + 512)
		return err_say(e, EBADMSG, "the archive is cut short");
	return 0;
}

static la_ssize_t read_file(struct archive *a, void *arg, const void **ret)
{
	struct peek *p = arg;
	ssize_t n;

	do
		n = read(p->fd, p->buf, sizeof(p->buf));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		archive_set_error(a, errno, "read the archive");
	*ret = p->buf;
	return n;
}

static int run(struct peek *p, bool whole, struct err *e)
{
	if (!p->in)
		return err_set(e, ENOMEM, "open the archive");
	archive_read_support_filter_gzip(p->in);
	archive_read_support_filter_bzip2(p->in);
	archive_read_support_filter_xz(p->in);
	archive_read_support_filter_zstd(p->in);
	archive_read_support_format_tar(p->in);
	if (archive_read_open(p->in, p, NULL, read_file, NULL) != ARCHIVE_OK)
		return broken(p, e);
	if (scan(p, whole, e) < 0)
		return -e->code;
	return p->conf ? 0 : err_say(e, EBADMSG, "it has no ./" DIR_NAME "/vps.conf: no vzdump made it of a container of OpenVZ");
}

int vzdump_run(int in, int out, const struct unpack_go *go, struct unpack_count *c, struct err *e)
{
	static struct peek p;
	int rc;

	p = (struct peek){ .in = archive_read_new(), .fd = in, .c = c, .meta = { .cap = BK_META_MAX } };
	rc = run(&p, go->flags & UNPACK_WHOLE, e);
	archive_read_free(p.in);
	if (rc == 0 && fio_write_all(out, buf_str(&p.meta), p.meta.len) < 0)
		rc = err_set(e, EIO, "pass the configuration on");
	buf_done(&p.meta);
	return rc;
}
