/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_AUTO_H
#define UTIL_AUTO_H
/* Clean-up by attribute; ownership moves by take_*(). */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define SWAP(a, b) do { __typeof__(a) swap_ = (a); (a) = (b); (b) = swap_; } while (0)
#define MIN(a, b) ({ __typeof__(a) min_a_ = (a); __typeof__(b) min_b_ = (b); min_a_ < min_b_ ? min_a_ : min_b_; })
#define MAX(a, b) ({ __typeof__(a) max_a_ = (a); __typeof__(b) max_b_ = (b); max_a_ > max_b_ ? max_a_ : max_b_; })

/* Closes *fd if >= 0, keeps errno, never retries. */
static inline void auto_close_(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}
static inline void auto_free_(void *p)
{
	int saved = errno;

	free(*(void **)p);
	*(void **)p = NULL;
	errno = saved;
}
static inline void auto_fclose_(FILE **f)
{
	if (*f)
		fclose(*f);
}
static inline void auto_closedir_(DIR **d)
{
	if (*d)
		closedir(*d);
}
#define auto_close __attribute__((cleanup(auto_close_)))
#define auto_free __attribute__((cleanup(auto_free_)))
#define auto_fclose __attribute__((cleanup(auto_fclose_)))
#define auto_closedir __attribute__((cleanup(auto_closedir_)))
#define auto_call(fn) __attribute__((cleanup(fn)))

static inline int take_fd(int *fd)
{
	int ret = *fd;

	*fd = -1;
	return ret;
}
#define take_ptr(p) ({ __typeof__(p) take_ = (p); (p) = NULL; take_; })

#endif
