/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens, makes and removes things below a directory descriptor, however hostile what lies below is. The kernel resolves
 * (openat2); nothing here takes a path apart to check it and then uses it whole.
 */
#include "util/grow.h"
#include "util/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "util/sys.h"

#define EAGAIN_TRIES 128	/* the kernel says EAGAIN when a rename or mount raced with ".." */
#define BENEATH (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV)
#define RMTREE_OPEN 48		/* levels whose directory stays open; deeper ones are found again through ".." */

static int open_how(int root, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	bool creates = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
	struct open_how how = {
		.flags = (uint64_t)flags | O_CLOEXEC,
		.mode = creates ? mode & 07777 : 0,
		.resolve = resolve,
	};
	int fd = -1;

	for (int i = 0; i < EAGAIN_TRIES; i++) {
		fd = sys_openat2(root, path, &how);
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd;
}

int path_open(int root, const char *path, int flags, mode_t mode, struct err *e)
{
	int fd = open_how(root, path, flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

	return fd < 0 ? err_set(e, errno, "open %s", path) : fd;
}

/* "/dev/pts" below a root is "dev/pts". */
static const char *relative(const char *path)
{
	path += strspn(path, "/");
	return *path ? path : ".";
}

int path_open_beneath(int root, const char *path, int flags, mode_t mode, struct err *e)
{
	int fd = open_how(root, relative(path), flags, mode, BENEATH);

	if (fd < 0 && errno == EXDEV)
		return err_say(e, EXDEV, "open %s: it leads to another mount or out of its root", path);
	return fd < 0 ? err_set(e, errno, "open %s", path) : fd;
}

/* One level of path_mkdirs(). The umask is not asked. */
static int enter_dir(int dir, const char *name, mode_t mode)
{
	int fd = open_how(dir, name, O_PATH | O_DIRECTORY, 0, BENEATH);
	auto_close int made = -1;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(dir, name, mode) < 0)
		return errno == EEXIST ? open_how(dir, name, O_PATH | O_DIRECTORY, 0, BENEATH) : -1;
	made = open_how(dir, name, O_RDONLY | O_DIRECTORY, 0, BENEATH);
	if (made < 0 || fchmod(made, mode) < 0)
		return -1;
	return open_how(made, ".", O_PATH | O_DIRECTORY, 0, BENEATH);
}

int path_mkdirs(int root, const char *path, mode_t mode, struct err *e)
{
	auto_close int cur = open_how(root, ".", O_PATH | O_DIRECTORY, 0, BENEATH);
	char name[NAME_MAX + 1];

	if (cur < 0)
		return err_set(e, errno, "open the root of %s", path);
	for (const char *p = relative(path); *p; p += strspn(p, "/")) {
		size_t len = strcspn(p, "/");
		int next;

		if (len > NAME_MAX)
			return err_set(e, ENAMETOOLONG, "make directory %s", path);
		memcpy(name, p, len);
		name[len] = '\0';
		p += len;
		next = enter_dir(cur, name, mode);
		if (next < 0)
			return err_set(e, errno, "make directory %s", path);
		close(cur);
		cur = next;
	}
	return take_fd(&cur);
}

static int mkdir_one(const char *path, mode_t mode)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return chmod(path, mode);
	if (errno != EEXIST || stat(path, &st) < 0)
		return -1;
	if (S_ISDIR(st.st_mode))
		return 0;
	errno = ENOTDIR;
	return -1;
}

int path_mkdir_host(const char *path, mode_t mode, struct err *e)
{
	auto_free char *copy = strdup(path);

	if (!copy || !*path)
		return err_set(e, copy ? ENOENT : ENOMEM, "make directory %s", path);
	for (char *p = copy + strspn(copy, "/"); (p = strchr(p, '/')); p += strspn(p, "/")) {
		*p = '\0';
		if (mkdir_one(copy, mode) < 0)
			return err_set(e, errno, "make directory %s", copy);
		*p = '/';
	}
	return mkdir_one(copy, mode) < 0 ? err_set(e, errno, "make directory %s", path) : 0;
}

/*
 * rm -rf. The stack of directories we are in is on the heap as (device, inode) pairs, so its depth is bounded by memory,
 * not by descriptors or the C stack. The first RMTREE_OPEN levels keep their DIR; below those only the deepest one is
 * open, and the way up is "..", believed only if it leads to the very directory we came from. A directory that had
 * children is read again until it is empty, which is why no names are kept.
 */
struct rm_level {
	dev_t dev;
	ino_t ino;
	bool again;			/* had a child to go into, which is empty now */
};
struct rm {
	struct rm_level *level;		/* [0, depth) */
	size_t depth, room;
	DIR *open[RMTREE_OPEN + 1];	/* by level; the last slot is the deepest one when that is beyond */
	char what[NAME_MAX + 1];	/* for the error's text */
};

static void rm_done(struct rm *rm)
{
	for (size_t i = 0; i < ARRAY_SIZE(rm->open); i++) {
		if (rm->open[i])
			closedir(rm->open[i]);
	}
	free(rm->level);
}

static DIR **rm_slot(struct rm *rm)
{
	return &rm->open[MIN(rm->depth - 1, (size_t)RMTREE_OPEN)];
}

static int rm_set_dir(struct rm *rm, int fd)
{
	DIR **slot = rm_slot(rm);
	DIR *d = fdopendir(fd);

	if (!d) {
		auto_close_(&fd);
		return -1;
	}
	if (*slot)
		closedir(*slot);
	*slot = d;
	return 0;
}

/* Goes into the directory @fd, which is consumed. */
static int rm_push(struct rm *rm, int fd)
{
	struct stat st;

	if (GROW(rm->level, rm->depth, rm->room) < 0 || fstat(fd, &st) < 0) {
		auto_close_(&fd);
		return -1;
	}
	if (rm->depth > 0)
		rm->level[rm->depth - 1].again = true;
	rm->level[rm->depth++] = (struct rm_level){ .dev = st.st_dev, .ino = st.st_ino };
	return rm_set_dir(rm, fd);
}

/* The directory is empty: back to its parent. */
static int rm_pop(struct rm *rm)
{
	DIR **slot = rm_slot(rm);
	struct stat st;
	int up = -1;

	if (rm->depth > RMTREE_OPEN + 1) {
		up = openat(dirfd(*slot), "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (up < 0)
			return -1;
	}
	closedir(*slot);
	*slot = NULL;
	rm->depth--;
	if (up < 0)
		return 0;
	if (fstat(up, &st) == 0 && st.st_dev == rm->level[rm->depth - 1].dev &&
	    st.st_ino == rm->level[rm->depth - 1].ino)
		return rm_set_dir(rm, up);
	close(up);
	errno = ESTALE;			/* somebody moves directories about under us */
	return -1;
}

/* Removes one entry of the directory we are in. 1: it is a directory with content, and now we are in that. */
static int rm_entry(struct rm *rm, int dir, const char *name, unsigned char type)
{
	int fd;

	if (type != DT_DIR && unlinkat(dir, name, 0) == 0)
		return 0;
	if (type != DT_DIR && errno != EISDIR && (errno != EPERM || type != DT_UNKNOWN))
		return errno == ENOENT ? 0 : -1;
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno == ENOTDIR)
		errno = EPERM;		/* what unlink said, of a file after all */
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -1;
	fd = open_how(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, BENEATH);
	if (fd < 0)
		return -1;
	return rm_push(rm, fd) < 0 ? -1 : 1;
}

/* One step in the deepest directory. */
static int rm_step(struct rm *rm)
{
	struct rm_level *l = &rm->level[rm->depth - 1];
	DIR *d = *rm_slot(rm);
	struct dirent *de;

	errno = 0;
	de = readdir(d);
	if (!de && errno)
		return -1;
	if (!de && l->again) {
		l->again = false;
		rewinddir(d);
		return 0;
	}
	if (!de)
		return rm_pop(rm);
	if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, ".."))
		return 0;
	str_copy(rm->what, sizeof(rm->what), de->d_name);
	return rm_entry(rm, dirfd(d), rm->what, de->d_type) < 0 ? -1 : 0;
}

int path_rmtree(int dir, const char *name, struct err *e)
{
	auto_call(rm_done) struct rm rm = { 0 };

	if (!path_is_component(name))
		return err_say(e, EINVAL, "remove '%s': not a single name", name);
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_set(e, errno, "remove %s", name);
	for (;;) {
		int r = rm_entry(&rm, dir, name, DT_DIR);

		while (r >= 0 && rm.depth > 0)
			r = rm_step(&rm);
		if (r < 0 && (errno == EXDEV || errno == EBUSY))
			return err_say(e, EBUSY, "remove %s: something is mounted on %s in it", name, rm.what);
		if (r < 0)
			return err_set(e, errno, "remove %s%s%s", name, rm.what[0] ? ": " : "", rm.what);
		if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			return 0;
	}
}

bool path_is_component(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= NAME_MAX && strcmp(name, ".") && strcmp(name, "..") && !strchr(name, '/') &&
	       !str_has_ctrl(name);
}
