/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_FOREIGN_H
#define TEMPLATES_FOREIGN_H
/*
 * Archives of other vzdumps, as Proxmox VE's made them of OpenVZ containers: a tar, compressed or not, with the
 * configuration in ./etc/vzdump. Read from their start, twice: once for the configuration, once for the files. All in
 * vz-unpack's box.
 */
#include "templates/backup.h"

/* 1: by its first bytes it may be one, 0: it is none; ENOTSUP: one that cannot be read here, and what to do. */
int tmpl_foreign_is(int fd, struct err *e);
/* Configuration and scripts, as tmpl_backup_meta() has them. */
int tmpl_foreign_meta(int fd, struct buf *meta, struct err *e);
struct tmpl_foreign { int fd; tmpl_backup_tell *tell; void *arg; };
/* All files but ./etc/vzdump into the empty directory @dir; what went wrong may have left something in it. */
int tmpl_foreign_extract(const struct tmpl_foreign *f, int dir, struct tmpl_backup_count *ret, struct err *e);
int tmpl_foreign_check(const struct tmpl_foreign *f, struct tmpl_backup_count *ret, struct err *e);	/* every byte */

#endif
