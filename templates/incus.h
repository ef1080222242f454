/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_INCUS_H
#define TEMPLATES_INCUS_H
/* incus.c: images of Incus and LXD. Inside templates/. */
#include <stdbool.h>
#include <stddef.h>

struct err;
struct tmpl_tmp;

/* One archive with metadata.yaml and rootfs/ at its top? */
bool incus_is_unified(int tree);
/* metadata.yaml of @tree: it is there, and the image is for this machine. ENOENT, ENOTSUP, EBADMSG. */
int incus_check(int tree, struct err *e);
/* The architecture that the text of a metadata.yaml names, as uname(2) would; "" if it names none. EBADMSG. */
int incus_arch(const char *text, size_t len, char out[32], struct err *e);
/* The squashfs file @in as tmp/@file, a .tar.zst, made by sqfs2tar without any privilege. */
int incus_squashfs(int in, const struct tmpl_tmp *tmp, const char *file, struct err *e);

#endif
