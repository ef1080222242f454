/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_LOOP_H
#define UTIL_LOOP_H
/* Loop devices: a file as a block device. They go away by themselves with their last user (autoclear). */
#include <stdbool.h>

struct err;

#define LOOP_NAME 32		/* "/dev/loop17" */

int loop_works(struct err *e);		/* does this host have them? */
/* Attaches @image, an open file, to a free loop device, with direct I/O where the file's place can; read-only if @image was
 * opened so. Nobody but the holders of *ret_fd and of mounts of it keep it. */
int loop_attach(int image, int *ret_fd, char name[LOOP_NAME], struct err *e);
/* The same through the page cache, where what was read stays after the device is gone. */
int loop_attach_cached(int image, int *ret_fd, char name[LOOP_NAME], struct err *e);
/* The loop device that @image is attached to: 1 and *ret_fd, 0 when there is none. */
int loop_find(int image, int *ret_fd, char name[LOOP_NAME], struct err *e);
/* Is @loop (a path such as /dev/loop3) backed by @image? */
bool loop_is_backed_by(const char *loop, int image);
/* The same; if so it is open in *ret_fd and stays attached at least as long as that. */
bool loop_open_backed(const char *loop, int image, int *ret_fd);

#endif
