/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_DIR_H
#define UTIL_DIR_H
/* Listing a directory that is open. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* From the beginning, whatever was read through @fd before, which stays open. NULL: errno; of -1, the error of who opened it. */
static inline DIR *dir_list(int fd)
{
	int own = fd < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = own < 0 ? NULL : fdopendir(own);

	if (!d && own >= 0) {
		int code = errno;

		close(own);
		errno = code;
	}
	return d;
}

#endif
