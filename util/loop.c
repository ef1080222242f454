/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loop devices: attach an image, find the one it is attached to. What is on them is the caller's business. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/loop.h"
#include "util/spawn.h"
#include "util/str.h"

#define LOOP_TRIES 64		/* others may take the free one between the two calls */

static int control_open(void)
{
	return open("/dev/loop-control", O_RDWR | O_CLOEXEC);
}

/* The driver may be a module whose device node is not there yet. */
static int control(int *ret_fd, struct err *e)
{
	static const char *const argv[] = { "/sbin/modprobe", "loop", NULL };
	const struct spawn s = { .argv = argv, .err = -1, .timeout_ms = 10000 };
	auto_close int fd = control_open();
	struct err ignored = { 0 };
	int status;

	if (fd < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO)) {
		(void)spawn_wait(&s, &status, &ignored);
		fd = control_open();
	}
	if (fd < 0)
		return err_set(e, errno, "open /dev/loop-control (loop devices)");
	*ret_fd = take_fd(&fd);
	return 0;
}

int loop_works(struct err *e)
{
	auto_close int fd = -1;

	return control(&fd, e);
}

static int attach(int image, uint32_t flags, int *ret_fd, char name[LOOP_NAME], struct err *e)
{
	struct loop_config c = { .fd = (uint32_t)image, .info = { .lo_flags = LO_FLAGS_AUTOCLEAR | flags } };
	int mode = fcntl(image, F_GETFL) & O_ACCMODE;
	auto_close int ctl = -1;

	if (control(&ctl, e) < 0)
		return -e->code;
	if (mode == O_RDONLY)
		c.info.lo_flags |= LO_FLAGS_READ_ONLY;
	for (int i = 0; i < LOOP_TRIES; i++) {
		int nr = ioctl(ctl, LOOP_CTL_GET_FREE);

		if (nr < 0)
			return err_set(e, errno, "find a free loop device");
		if (str_fmt(name, LOOP_NAME, "/dev/loop%d", nr) < 0)
			return err_set(e, ERANGE, "loop device %d", nr);
		auto_close int fd = open(name, mode | O_CLOEXEC);
		if (fd < 0)
			return err_set(e, errno, "open %s", name);
		if (ioctl(fd, LOOP_CONFIGURE, &c) == 0) {
			*ret_fd = take_fd(&fd);
			return 0;
		}
		if (errno == EINVAL && (c.info.lo_flags & LO_FLAGS_DIRECT_IO))
			c.info.lo_flags &= ~(uint32_t)LO_FLAGS_DIRECT_IO;	/* the image lies where it is not possible */
		else if (errno != EBUSY)
			return err_set(e, errno, "attach to %s", name);
	}
	return err_set(e, EBUSY, "attach a loop device");
}

int loop_attach(int image, int *ret_fd, char name[LOOP_NAME], struct err *e)
{
	return attach(image, LO_FLAGS_DIRECT_IO, ret_fd, name, e);
}

int loop_attach_cached(int image, int *ret_fd, char name[LOOP_NAME], struct err *e)
{
	return attach(image, 0, ret_fd, name, e);
}

/* 1 when @fd is a loop device with @want behind it. */
static bool is_behind(int fd, const struct stat *want)
{
	struct loop_info64 info;

	return ioctl(fd, LOOP_GET_STATUS64, &info) == 0 && info.lo_device == want->st_dev &&
		info.lo_inode == want->st_ino;
}

bool loop_open_backed(const char *loop, int image, int *ret_fd)
{
	struct stat st;
	auto_close int fd = open(loop, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(image, &st) < 0 || !is_behind(fd, &st))
		return false;
	*ret_fd = take_fd(&fd);
	return true;
}

bool loop_is_backed_by(const char *loop, int image)
{
	auto_close int fd = -1;

	return loop_open_backed(loop, image, &fd);
}

int loop_find(int image, int *ret_fd, char name[LOOP_NAME], struct err *e)
{
	auto_closedir DIR *d = opendir("/sys/block");
	const struct dirent *de;
	struct stat st, bound;

	if (fstat(image, &st) < 0)
		return err_set(e, errno, "stat the image");
	while (d && (de = readdir(d))) {
		char file[300];

		if (!str_starts(de->d_name, "loop") || str_fmt(file, sizeof(file), "%s/loop/backing_file", de->d_name) < 0 ||
		    fstatat(dirfd(d), file, &bound, 0) < 0 || str_fmt(name, LOOP_NAME, "/dev/%s", de->d_name) < 0)
			continue;
		auto_close int fd = open(name, O_RDWR | O_CLOEXEC);
		if (fd < 0 || !is_behind(fd, &st))
			continue;
		*ret_fd = take_fd(&fd);
		return 1;
	}
	return 0;
}
