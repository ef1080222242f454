/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_POOL_H
#define TEMPLATES_POOL_H
/* Between the files pool*.c. */
#include "templates/tmpl.h"

#define POOL_MARK "vzpool"		/* the file that makes a directory a pool */
#define POOL_LOCK "lock"		/* held by who changes it */

extern const char *pool_conf_dir;	/* "/etc/vz/pools"; the tests have their own */

/* pool.c */
int pool_open_dir(const char *dir, char id[40], struct err *e);		/* O_PATH directory; EINVAL: no pool */
int pool_mark_read(int dir, char id[40], struct err *e);
bool pool_mark_alone(int dir);
int pool_image_open(int dir, const char *digest);			/* O_PATH directory; -1 and errno */
int pool_images(int dir, struct tmpl_image **ret, size_t *n, struct err *e);
int pool_digest_of(int dir, const char *name, char digest[TMPL_DIGEST_LEN + 1]);	/* or -errno */

/* pool_lock.c: for who changes the pool in @dir, called @pool in errors. EBUSY names the holder; EROFS, EACCES, ENOLCK. After
 * gc.lock of the store, never before it. */
int pool_lock(int dir, const char *pool, int *ret_fd, struct err *e);
extern int pool_lock_wait_ms;		/* 60000; the tests are shorter */

/* pool_conf.c */
int pool_name_check(const char *name, struct err *e);
int pool_source_kind(const char *source, enum tmpl_pool_kind *ret, struct err *e);
int pool_conf_load(const char *tmpldir, const char *name, struct tmpl_pool *ret, struct err *e);	/* id "": half attached */
int pool_conf_store(const struct tmpl_pool *p, struct err *e);
int pool_conf_remove(const char *name, struct err *e);
int pool_conf_names(struct str_list *ret, struct err *e);

/* pool_gc.c: images of pools that only this host has (directories) */
bool pool_alone_has(const char *digest, bool named);	/* @named: also where a name leads to it */
/* Removes it from those where it has no name. 1: removed, 0: none. */
int pool_alone_collect(const char *digest, const struct tmpl_gc *g, struct err *e);

/* pool_mount.c */
/* The directory of @p, mounted now if it has to be. @p->id is checked unless it is "". */
int pool_open(const char *tmpldir, const struct tmpl_pool *p, struct err *e);
int pool_umount(const char *tmpldir, const struct tmpl_pool *p, struct err *e);	/* and its mount point; EBUSY */

/* pool_find.c */
int pool_find_image(const char *tmpldir, const char *digest, int *ret_dir, struct err *e);		/* ENOENT */
int pool_find_name(const char *tmpldir, const char *name, char digest[TMPL_DIGEST_LEN + 1], struct err *e);	/* ENOENT */
int pool_add_names(const char *tmpldir, struct str_list *ret, struct err *e);	/* of pools that answer */

#endif
