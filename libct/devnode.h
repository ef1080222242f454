/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_DEVNODE_H
#define LIBCT_DEVNODE_H
/*
 * Device nodes in a container's /dev. mknod(2) of a device is refused in a user namespace, and the
 * host's own nodes belong to ids that the container does not have: so a helper in a mount namespace
 * of its own makes each node on a tmpfs, owned by the container's root, and hands over a bind of it.
 * Given are the nodes DEVNODES names, and for DEVICES those that guests make by number (tun, ppp,
 * fuse).
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CT_DEVNODES_MAX 32

struct ct;
struct ct_conf;
struct err;

struct ct_devnode {
	char name[128];		/* below /dev */
	mode_t mode;
	dev_t dev;
	int tree;		/* detached bind, -1 */
};
struct ct_devnodes {
	struct ct_devnode v[CT_DEVNODES_MAX];
	size_t n;
};
/* Host's side. @uid: the container's root. No devices: n = 0, nothing is forked. */
int ct_devnode_make(const struct ct_conf *c, uid_t uid, struct ct_devnodes *ret, struct err *e);
void ct_devnode_release(struct ct_devnodes *ns);
/* Into the directory @dev ("dev" on the staging tmpfs at a start). What is there is left alone. */
int ct_devnode_place(const char *dev, const struct ct_devnodes *ns, struct err *e);
/* Makes and places into /dev of a running container. */
int ct_devnode_inject(struct ct *ct, const struct ct_conf *c, struct err *e);
#endif
