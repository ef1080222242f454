/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop that takes an archive apart: every entry is judged before a byte of it is written. Runs inside the box
 * (unpack_box.c), where a mistake here could reach nothing but the tree being made. Only vz-unpack links it.
 *
 * Kept: owners and modes with set-id bits, times, hard links, FIFOs, sparse files, POSIX ACLs (by name: unpack_acl.c), user.*
 * and security.capability (unpack_xattr.c). Skipped and counted: device nodes, for a container's /dev is vz's own.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "templates/unpack_proto.h"
#include "util/auto.h"
#include "util/str.h"
#include "util/sys.h"

#define MAX_PATH 4095
#define MAX_COMPONENT 255
#define MAX_DEPTH 256
#define MAX_ID 65535
#define RATIO 100		/* more expansion than this is a bomb */
#define RATIO_FREE (64ull << 20)	/* below this size nobody counts */

struct extract {
	struct archive *in, *out;
	int fd, root;
	const struct unpack_go *go;
	struct unpack_count *c;
	char dir[MAX_PATH + 1];		/* the parent directory looked at last ... */
	int dir_fd;			/* ... and itself */
	struct unpack_acls *acls;
	struct timespec top[2];		/* times of the top of a backup; the nanoseconds say whether there are any */
	char shown[160];		/* name of the entry at hand, fit for an error text */
	uint8_t buf[128 << 10];
};

static const char *show(struct extract *x, const char *path)
{
	size_t n = 0;

	for (; *path && n < sizeof(x->shown) - 4; path++)
		x->shown[n++] = (unsigned char)*path < 0x20 || *path == 0x7f || *path == '"' ? '?' : *path;
	if (*path)
		while (n < sizeof(x->shown) - 1)
			x->shown[n++] = '.';
	x->shown[n] = '\0';
	return x->shown;
}

static int hostile(struct extract *x, const char *path, const char *why, struct err *e)
{
	return err_say(e, EBADMSG, "archive entry \"%s\": %s", show(x, path), why);
}

/* Cuts "./" and doubled slashes out of @path into @out; what is left of the top itself is "". */
static int clean_path(struct extract *x, const char *path, char out[MAX_PATH + 1], struct err *e)
{
	size_t n = 0, depth = 0;

	if (*path == '/')
		return hostile(x, path, "an absolute name", e);
	if (!x->go->backup && str_has_ctrl(path))
		return hostile(x, path, "control characters in the name", e);
	if (strlen(path) > MAX_PATH)
		return hostile(x, path, "the name is longer than 4095 bytes", e);
	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && p[0] == '.' && p[1] == '.')
			return hostile(x, path, "the name leaves the tree", e);
		if (len > MAX_COMPONENT)
			return hostile(x, path, "a part of the name is longer than 255 bytes", e);
		if (len && !(len == 1 && *p == '.')) {
			if (n)
				out[n++] = '/';
			memcpy(out + n, p, len);
			n += len;
			if (++depth > MAX_DEPTH)
				return hostile(x, path, "nested deeper than 256 directories", e);
		}
		p += len + (p[len] == '/');
	}
	out[n] = '\0';
	return 0;
}

static void forget_dir(struct extract *x)
{
	if (x->dir_fd >= 0)
		close(x->dir_fd);
	x->dir_fd = -1;
}

/* The parent of @path as *ret_fd, never through a symbolic link; -1 when it is not there yet. */
static int parent_of(struct extract *x, const char *path, int *ret_fd, struct err *e)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (len == 0) {
		*ret_fd = x->root;
		return 0;
	}
	if (x->dir_fd < 0 || strncmp(x->dir, path, len) != 0 || x->dir[len] != '\0') {
		forget_dir(x);
		memcpy(x->dir, path, len);
		x->dir[len] = '\0';
		x->dir_fd = sys_openat2(x->root, x->dir, &how);
		if (x->dir_fd < 0 && errno == ELOOP)
			return hostile(x, path, "the name goes through a symbolic link", e);
		if (x->dir_fd < 0 && errno == ENOTDIR)
			return hostile(x, path, "the name goes through what is not a directory", e);
		if (x->dir_fd < 0 && errno != ENOENT)
			return err_set(e, errno, "archive entry \"%s\"", show(x, path));
	}
	*ret_fd = x->dir_fd;
	return 0;
}

/* What is at @path now: its type, 0 = nothing. */
static int type_at(struct extract *x, const char *path, mode_t *ret, struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	int dir = -1;

	*ret = 0;
	if (parent_of(x, path, &dir, e) < 0)
		return -e->code;
	if (dir < 0)
		return 0;
	if (fstatat(dir, slash ? slash + 1 : path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		*ret = st.st_mode & S_IFMT;
	else if (errno != ENOENT)
		return err_set(e, errno, "archive entry \"%s\"", show(x, path));
	return 0;
}

static int check_link(struct extract *x, struct archive_entry *en, const char *path, const char *target, struct err *e)
{
	char clean[MAX_PATH + 1];
	mode_t type;

	if (clean_path(x, target, clean, e) < 0)
		return err_add(e, "hard link \"%s\"", path);
	if (!*clean || type_at(x, clean, &type, e) < 0)
		return e->code ? -e->code : hostile(x, path, "a hard link to a directory", e);
	if (type == 0)
		return hostile(x, path, "a hard link to what is not in the archive before it", e);
	if (type == S_IFDIR)
		return hostile(x, path, "a hard link to a directory", e);
	if (strcmp(path, clean) == 0)
		return hostile(x, path, "a hard link to itself", e);
	archive_entry_copy_hardlink(en, clean);
	return 0;
}

static int check_size(struct extract *x, struct archive_entry *en, const char *path, struct err *e)
{
	int64_t size = archive_entry_size(en);
	uint64_t max = x->go->max_bytes;

	if (archive_entry_hardlink(en) || archive_entry_filetype(en) != AE_IFREG)
		size = 0;
	if (size < 0)
		return hostile(x, path, "a negative size", e);
	if ((uint64_t)size > max || x->c->bytes + (uint64_t)size > max)
		return err_say(e, EFBIG, "archive entry \"%s\": the tree would be larger than %llu bytes", show(x, path),
			       (unsigned long long)max);
	x->c->bytes += (uint64_t)size;
	if (x->go->archive_bytes && x->c->bytes > RATIO_FREE && x->c->bytes / RATIO > x->go->archive_bytes)
		return err_say(e, EFBIG, "archive entry \"%s\": unpacks to more than %d times the archive's size",
			       show(x, path), RATIO);
	return 0;
}

static int check_owner(struct extract *x, struct archive_entry *en, const char *path, struct err *e)
{
	int64_t uid = archive_entry_uid(en), gid = archive_entry_gid(en);

	if (uid < 0 || uid > MAX_ID || gid < 0 || gid > MAX_ID)
		return hostile(x, path, "its owner is not one of the 65536 ids of a container", e);
	return 0;
}

/* The top of the tree is ours: root's, 0755. The archive may name it, as a directory; that of a backup has what it had. */
static int judge_top(struct extract *x, struct archive_entry *en, char *clean, struct err *e)
{
	if (archive_entry_hardlink(en) || archive_entry_filetype(en) != AE_IFDIR)
		return hostile(x, "./", "the top of the tree is not a directory", e);
	if (!x->go->backup)
		return 0;
	if (check_owner(x, en, "./", e) < 0)
		return -e->code;
	if (extract_xattrs(en, x->c, e) < 0 || acls_take(x->acls, en, ".", &x->c->odd, e) < 0)
		return err_add(e, "archive entry \"./\"");
	x->top[0].tv_nsec = UTIME_OMIT;
	x->top[1] = (struct timespec){ archive_entry_mtime(en), archive_entry_mtime_nsec(en) };
	archive_entry_copy_pathname(en, ".");
	memcpy(clean, ".", 2);
	return 1;
}

/* 1: of a type that is written, 0: left out. A name may come twice, but not to become something else. */
static int judge_type(struct extract *x, struct archive_entry *en, const char *clean, struct err *e)
{
	const char *link = archive_entry_hardlink(en);
	mode_t type = archive_entry_filetype(en), there;
	int parent = -1;

	if (link) {
		if (check_link(x, en, clean, link, e) < 0)
			return -e->code;
		type = S_IFREG;
	} else if (type == AE_IFCHR || type == AE_IFBLK) {
		x->c->nodes_skipped++;
		odd_entry(&x->c->odd, en, clean);
		return 0;
	} else if (type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK && type != AE_IFIFO) {
		return hostile(x, clean, "an unknown type", e);
	}
	if (type_at(x, clean, &there, e) < 0)
		return -e->code;
	if (x->go->flags & UNPACK_LAYER) {
		if (parent_of(x, clean, &parent, e) < 0 || layer_make_room(parent, clean, type, there, e) < 0)
			return -e->code;
		forget_dir(x);		/* it may be what was just removed */
		return 1;
	}
	if (there && there != type)
		return hostile(x, clean, "it is in the archive twice, with another type", e);
	return 1;
}

/* Of a layer: first its whiteouts alone, then the rest alone. */
static int judge_layer(struct extract *x, const char *clean, struct err *e)
{
	int parent = -1;

	if (!layer_is_whiteout(clean))
		return x->go->flags & UNPACK_LAYER ? 1 : 0;
	if (x->go->flags & UNPACK_LAYER)
		return 0;
	if (parent_of(x, clean, &parent, e) < 0)
		return -e->code;
	return layer_whiteout(parent, clean, e) < 0 ? err_add(e, "archive entry \"%s\"", show(x, clean)) : 0;
}

/* 1: write it, 0: leave it out. */
static int judge(struct extract *x, struct archive_entry *en, char clean[MAX_PATH + 1], struct err *e)
{
	const char *path = archive_entry_pathname(en);
	int rc;

	if (!path || !*path)
		return hostile(x, "", "no name, or one that is not valid", e);
	if (++x->c->entries > x->go->max_entries)
		return err_say(e, EFBIG, "archive entry \"%s\": more than %llu entries", show(x, path),
			       (unsigned long long)x->go->max_entries);
	if (clean_path(x, path, clean, e) < 0)
		return -e->code;
	if (!*clean)
		return judge_top(x, en, clean, e);
	rc = x->go->flags & (UNPACK_LAYER | UNPACK_WHITEOUTS) ? judge_layer(x, clean, e) : 1;
	if (rc <= 0)
		return rc;
	if (x->go->flags & UNPACK_VZDUMP && vzdump_is_part(clean))
		return 0;
	rc = judge_type(x, en, clean, e);
	if (rc <= 0)
		return rc;
	if (check_owner(x, en, path, e) < 0 || check_size(x, en, path, e) < 0)
		return -e->code;
	if (extract_xattrs(en, x->c, e) < 0 || acls_take(x->acls, en, clean, &x->c->odd, e) < 0)
		return err_add(e, "archive entry \"%s\"", show(x, path));
	if (!x->go->backup)
		odd_entry(&x->c->odd, en, clean);
	archive_entry_copy_pathname(en, clean);
	return 1;
}

static int read_error(struct extract *x, const char *last, struct err *e)
{
	int code = archive_errno(x->in) == ENOMEM ? ENOMEM : EBADMSG;
	const char *why = archive_error_string(x->in);

	if (!*last)
		return err_say(e, code, "not a tar archive, or a damaged one: %s", why ? why : "unreadable");
	return err_say(e, code, "the archive is damaged or cut short after entry \"%s\": %s", show(x, last),
		       why ? why : "unreadable");
}

static int write_error(struct extract *x, const char *path, struct err *e)
{
	int code = archive_errno(x->out);
	const char *why = archive_error_string(x->out);

	if (code == ENOSPC || code == EDQUOT || code == EFBIG || code == EIO || code == ENOMEM || code == EROFS)
		return err_set(e, code, "write archive entry \"%s\"", show(x, path));
	return err_say(e, EBADMSG, "archive entry \"%s\": %s", show(x, path), why ? why : "cannot be written");
}

static int copy_data(struct extract *x, const char *path, struct err *e)
{
	for (;;) {
		const void *p;
		size_t n;
		int64_t off;
		int rc = archive_read_data_block(x->in, &p, &n, &off);

		if (rc == ARCHIVE_EOF)
			return 0;
		if (rc != ARCHIVE_OK)
			return read_error(x, path, e);
		if (archive_write_data_block(x->out, p, n, off) != ARCHIVE_OK)
			return write_error(x, path, e);
	}
}

/* Directories that the archive does not have itself. libarchive would make them, too, and forget why it could not. */
static int make_parents(struct extract *x, const char *path, struct err *e)
{
	char up[MAX_PATH + 1];
	int dir = -1;

	if (parent_of(x, path, &dir, e) < 0)
		return -e->code;
	if (dir >= 0)
		return 0;
	str_copy(up, sizeof(up), path);
	for (char *p = strchr(up, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdirat(x->root, up, 0755) < 0 && errno != EEXIST)
			return err_set(e, errno, "write archive entry \"%s\"", show(x, path));
		*p = '/';
	}
	return 0;
}

static int write_entry(struct extract *x, struct archive_entry *en, const char *path, struct err *e)
{
	if (make_parents(x, path, e) < 0)
		return -e->code;
	if (archive_write_header(x->out, en) != ARCHIVE_OK)
		return write_error(x, path, e);
	if (archive_entry_size(en) > 0 && copy_data(x, path, e) < 0)
		return -e->code;
	if (archive_write_finish_entry(x->out) != ARCHIVE_OK)
		return write_error(x, path, e);
	return 0;
}

/* A tar ends with a block of zeros; one that was cut between two entries does not. */
static int check_end(struct extract *x, const char *last, int64_t data_end, struct err *e)
{
	if (x->c->entries == 0)
		return err_say(e, EBADMSG, "the archive is empty");
	if (archive_filter_bytes(x->in, 0) < (data_end + 511) / 512 * 512 + 512)
		return err_say(e, EBADMSG, "the archive is cut short after entry \"%s\"", show(x, last));
	return 0;
}

int extract_header(struct archive *in, struct archive_entry **en, bool backup)
{
	int rc = archive_read_next_header(in, en);
	const char *why = rc == ARCHIVE_WARN && backup ? archive_error_string(in) : NULL;

	return why && strstr(why, "can't be converted") ? ARCHIVE_OK : rc;	/* the entry has the name's bytes then */
}

static int extract_all(struct extract *x, struct err *e)
{
	char clean[MAX_PATH + 1] = "";
	struct archive_entry *en;
	int64_t data_end = 0;

	for (;;) {
		int rc = extract_header(x->in, &en, x->go->backup);

		if (rc == ARCHIVE_EOF)
			break;
		if (rc != ARCHIVE_OK)
			return read_error(x, clean, e);
		rc = judge(x, en, clean, e);
		if (rc < 0 || (rc > 0 && write_entry(x, en, clean, e) < 0))
			return -e->code;
		if (rc == 0 && archive_read_data_skip(x->in) != ARCHIVE_OK)
			return read_error(x, clean, e);
		data_end = archive_filter_bytes(x->in, 0);
	}
	if (check_end(x, clean, data_end, e) < 0)
		return -e->code;
	if (archive_write_close(x->out) != ARCHIVE_OK)
		return write_error(x, clean, e);
	if (acls_end(x->acls, x->root, &x->c->odd, e) < 0)
		return -e->code;
	if (x->top[0].tv_nsec == UTIME_OMIT && utimensat(AT_FDCWD, "/", x->top, 0) < 0)
		return err_set(e, errno, "times of the top of the tree");
	return 0;
}

static la_ssize_t read_stream(struct archive *a, void *arg, const void **ret)
{
	struct extract *x = arg;
	ssize_t n;

	do
		n = read(x->fd, x->buf, sizeof(x->buf));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		archive_set_error(a, errno, "read the archive");
	*ret = x->buf;
	return n;
}

static int open_both(struct extract *x, struct err *e)
{
	const int flags = ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_OWNER | ARCHIVE_EXTRACT_ACL |
			  ARCHIVE_EXTRACT_XATTR | ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
			  ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS;

	x->in = archive_read_new();
	x->out = archive_write_disk_new();
	if (!x->in || !x->out)
		return err_set(e, ENOMEM, "open the archive");
	archive_read_support_filter_gzip(x->in);
	archive_read_support_filter_bzip2(x->in);
	archive_read_support_filter_xz(x->in);
	archive_read_support_filter_zstd(x->in);
	archive_read_support_format_tar(x->in);
	archive_write_disk_set_options(x->out, flags);
	if (archive_read_open(x->in, x, NULL, read_stream, NULL) != ARCHIVE_OK)
		return read_error(x, "", e);
	return 0;
}

int extract_run(int in, const struct unpack_go *go, struct unpack_count *c, struct err *e)
{
	static struct extract x;
	int rc;

	x = (struct extract){ .fd = in, .go = go, .c = c, .dir_fd = -1 };
	x.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (x.root < 0)
		return err_set(e, errno, "open the target");
	rc = acls_new(&x.acls, e) < 0 ? -e->code : open_both(&x, e);
	if (rc == 0)
		rc = extract_all(&x, e);
	archive_read_free(x.in);
	archive_write_free(x.out);
	acls_free(x.acls);
	while (rc == 0 && read(in, x.buf, sizeof(x.buf)) > 0)
		;	/* the other side hashes the whole file: take what comes after the end of the tar */
	return rc;
}
