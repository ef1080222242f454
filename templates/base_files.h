/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_BASE_FILES_H
#define TEMPLATES_BASE_FILES_H
#include <stddef.h>
#include <sys/stat.h>

/* One entry of vz-base: mode with its type; text = content of a file, target of a symlink. */
struct base_file {
	const char *path;
	mode_t mode;
	const char *text;
	unsigned gid;
};
extern const struct base_file base_files[];
extern const size_t base_files_n;

#endif
