/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layers that several containers stand on: found, kept and collected. */
#include "libct/share.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/files.h"
#include "util/buf.h"
#include "util/dir.h"
#include "util/fio.h"
#include "util/path.h"

#define HOME_FILE "home"
#define AREA ".area"

bool ct_layers_shared(const struct ct_layers *l)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->v[i].kind == CT_LAYER_SHARE)
			return true;
	return false;
}

int ct_share_home(int area, bool make, char ret[CT_GUID_SIZE], struct err *e)
{
	auto_buf struct buf b = { .cap = 4096 };

	if (fio_read_at(area, HOME_FILE, &b, e) == 0) {
		if (b.len == CT_GUID_SIZE && b.s[b.len - 1] == '\n')
			b.s[b.len - 1] = '\0';
		if (ct_guid_parse(buf_str(&b), ret) == 0)
			return 0;
		return err_say(e, EBADMSG, "file " HOME_FILE " does not hold the area's name");
	}
	if (e->code != ENOENT || !make)
		return -e->code;
	err_clear(e);
	if (ct_guid_new(ret, e) < 0)
		return -e->code;
	buf_addf(&b, "%s\n", ret);
	return fio_replace(area, HOME_FILE, buf_str(&b), b.len, 0600, e);
}

static int open_shared(int parent, bool make, struct err *e)
{
	int fd;

	if (make && mkdirat(parent, CT_SHARED_DIR, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "make " CT_SHARED_DIR);
	fd = openat(parent, CT_SHARED_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open " CT_SHARED_DIR) : fd;
}

/* The directory that the areas lie in, locked (by whoever has it open) against others who make or collect what is shared. */
static int lock_parent(int dir, const char *path, struct err *e)
{
	auto_close int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return err_set(e, errno, "lock %s", path);
	return take_fd(&fd);
}

/* The link HOME points to @target, whatever it pointed to. */
static int point(int shared, const char *home, const char *target, struct err *e)
{
	char tmp[CT_GUID_SIZE + 8];

	str_fmt(tmp, sizeof(tmp), "%s.tmp", home);
	if ((unlinkat(shared, tmp, 0) < 0 && errno != ENOENT) || symlinkat(target, shared, tmp) < 0 ||
	    renameat(shared, tmp, shared, home) < 0)
		return err_set(e, errno, "link " CT_SHARED_DIR "/%s", home);
	return fio_fsync_dir(shared, e);
}

int ct_share_offer(int area, const char *name, char ret_home[CT_GUID_SIZE], struct err *e)
{
	auto_close int parent = lock_parent(area, "..", e);
	auto_close int shared = parent < 0 ? -1 : open_shared(parent, true, e);
	char target[NAME_MAX + 8], now[NAME_MAX + 8] = "";
	ssize_t n;

	if (shared < 0 || ct_share_home(area, true, ret_home, e) < 0)
		return -e->code;
	str_fmt(target, sizeof(target), "../%s", name);
	n = readlinkat(shared, ret_home, now, sizeof(now) - 1);
	if (n >= 0)
		now[n] = '\0';
	if (str_eq(now, target))
		return 0;
	return point(shared, ret_home, target, e) < 0 ? -e->code : fio_fsync_dir(parent, e);
}

int ct_share_open(int area, const struct ct_layer *l, struct err *e)
{
	auto_close int home = -1;
	char name[128];
	int fd;

	str_fmt(name, sizeof(name), "../" CT_SHARED_DIR "/%s", l->home);
	home = openat(area, name, O_PATH | O_DIRECTORY | O_CLOEXEC);	/* follows the link, which is ours */
	if (home < 0)
		return err_set(e, errno, "the area that shares layer {%s}: %s", l->id, name + 3);
	str_fmt(name, sizeof(name), CT_SNAP_DIR "/%s", l->id);
	fd = openat(home, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "the shared layer " CT_SHARED_DIR "/%s/%s", l->home, name) : fd;
}

/* --- who stands on it --- */

struct wanted { const char *home, *guid; };	/* @guid NULL: any */

static int is_wanted(void *arg, const struct ct_layer *l, const char *where, struct err *e)
{
	const struct wanted *w = arg;

	(void)where;
	(void)e;
	return l->kind == CT_LAYER_SHARE && str_eq(l->home, w->home) && (!w->guid || str_eq(l->id, w->guid));
}

static int wanted_in(void *arg, int area, const char *path, struct err *e)
{
	return ct_area_layers_each(area, path, is_wanted, arg, e);
}

int ct_share_used(struct ct_host *h, int area, const char *guid, struct err *e)
{
	char home[CT_GUID_SIZE];
	struct wanted w = { .home = home, .guid = guid };

	if (ct_share_home(area, false, home, e) < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
		return 0;
	}
	return ct_areas_each(h, wanted_in, &w, e);
}

/* --- areas whose container is gone --- */

char *ct_share_plan(const char *parent, const char *home)
{
	auto_buf struct buf b = { .cap = CT_PATH_MAX };

	buf_addf(&b, "%s/" CT_SHARED_DIR "/%s" AREA, parent, home);
	return buf_take(&b);
}

/* All of @area/snap that is no layer somebody stands on; how many are left. */
static int strip_layers(struct ct_host *h, int area, const char *home, unsigned *left, struct err *e)
{
	int fd = openat(area, CT_SNAP_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	*left = 0;
	if (!d) {
		auto_close_(&fd);
		return errno == ENOENT ? 0 : err_set(e, errno, "open " CT_SNAP_DIR);
	}
	while ((de = readdir(d))) {
		struct wanted w = { .home = home, .guid = de->d_name };
		int used;

		if (str_eq(de->d_name, ".") || str_eq(de->d_name, ".."))
			continue;
		used = ct_areas_each(h, wanted_in, &w, e);
		if (used < 0 || (used == 0 && path_rmtree(dirfd(d), de->d_name, e) < 0))
			return -e->code;
		*left += used > 0;
	}
	return 0;
}

/* What the area's own root was; `layers` first, since that is what makes an area of it. */
static int strip_root(int area, struct err *e)
{
	static const char *const own[] = { CT_LAYERS_FILE, "layers.new", "upper", "upper.new", "upper.old", "work", "ve.conf" };

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (path_rmtree(area, own[i], e) < 0)
			return -e->code;
	return 0;
}

static int strip(struct ct_host *h, int shared, const char *home, struct err *e)
{
	char name[CT_GUID_SIZE + 8];
	unsigned left;

	str_fmt(name, sizeof(name), "%s" AREA, home);
	auto_close int area = openat(shared, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (area < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "open " CT_SHARED_DIR "/%s", name);
	if (strip_root(area, e) < 0 || strip_layers(h, area, home, &left, e) < 0)
		return -e->code;
	if (left)
		return 0;
	if (quota_area_remove(shared, name, e) < 0)
		return -e->code;
	return unlinkat(shared, home, 0) < 0 && errno != ENOENT ? err_set(e, errno, "remove " CT_SHARED_DIR "/%s", home) : 0;
}

int ct_share_settle(struct ct_host *h, const char *parent, const char *home, struct err *e)
{
	auto_close int dir = lock_parent(AT_FDCWD, parent, e);
	auto_close int shared = dir < 0 ? -1 : open_shared(dir, true, e);
	char target[CT_GUID_SIZE + 8];

	str_fmt(target, sizeof(target), "%s" AREA, home);
	if (shared < 0)
		return -e->code;
	if (faccessat(shared, target, F_OK, AT_SYMLINK_NOFOLLOW) == 0 && point(shared, home, target, e) < 0)
		return -e->code;
	if (strip(h, shared, home, e) < 0)
		return -e->code;
	unlinkat(dir, CT_SHARED_DIR, AT_REMOVEDIR);		/* the last one takes it along */
	return 0;
}

/* The link to an area that is gone, or is none of layers any more, and that nobody names. */
static int drop_link(struct ct_host *h, int shared, const char *home, struct err *e)
{
	struct wanted w = { .home = home };
	char layers[CT_GUID_SIZE + sizeof(CT_LAYERS_FILE)];
	int used;

	str_fmt(layers, sizeof(layers), "%s/" CT_LAYERS_FILE, home);
	if (faccessat(shared, layers, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	used = ct_areas_each(h, wanted_in, &w, e);
	if (used == 0 && unlinkat(shared, home, 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove " CT_SHARED_DIR "/%s", home);
	return used < 0 ? used : 0;
}

static int collect_one(struct ct_host *h, int shared, const char *name, struct err *e)
{
	char text[CT_GUID_SIZE + 8], home[CT_GUID_SIZE];
	bool area = str_ends(name, AREA);

	if (strlen(name) != CT_GUID_SIZE - 1 + (area ? strlen(AREA) : 0))
		return 0;
	str_fmt(text, sizeof(text), "%.36s", name);
	if (ct_guid_parse(text, home) < 0)
		return 0;
	return area ? strip(h, shared, home, e) : drop_link(h, shared, home, e);
}

int ct_share_collect(struct ct_host *h, const char *parent, struct err *e)
{
	auto_close int dir = lock_parent(AT_FDCWD, parent, e);
	auto_close int shared = dir < 0 ? -1 : open_shared(dir, false, e);
	auto_closedir DIR *d = NULL;
	struct dirent *de;

	if (shared < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
		return 0;
	}
	d = dir_list(shared);
	if (!d)
		return err_set(e, errno, "read " CT_SHARED_DIR);
	while ((de = readdir(d)))
		if (collect_one(h, shared, de->d_name, e) < 0)
			return -e->code;
	unlinkat(dir, CT_SHARED_DIR, AT_REMOVEDIR);
	return 0;
}
