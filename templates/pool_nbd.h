/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_POOL_NBD_H
#define TEMPLATES_POOL_NBD_H
/*
 * Pools on an NBD server, "nbd://HOST[:PORT]/EXPORT": devices that the kernel serves by itself over a socket of ours, so that
 * no process has to stay. A device carries the pool's name and the fingerprint of its first block as its "backend identifier"
 * (/sys/block/nbdN/backend): it is found again by anybody, and a lost connection is replaced (NBD_CMD_RECONFIGURE) under
 * what is mounted, but not by another disk.
 */
#include <stdbool.h>
#include <stdint.h>

struct err;
struct tmpl_pool;

struct nbd_uri { char host[256], port[8], export[256]; };
struct nbd_export { uint64_t bytes; uint16_t flags; char print[33]; };	/* print: of the first 4096 bytes */

/* pool_nbd.c */
int nbd_uri_parse(const char *uri, struct nbd_uri *ret, struct err *e);		/* EINVAL */
/* Speaks with a server over the connected @fd (its timeouts are the caller's) until the export can be read. The server's
 * words are a stranger's. ENOENT: no such export. */
int nbd_handshake(int fd, const char *export, struct nbd_export *ret, struct err *e);
/* Connected, and past the handshake. */
int nbd_connect(const struct nbd_uri *uri, int *ret_fd, struct nbd_export *ret, struct err *e);

/* pool_nbd_dev.c. Blocking, seconds when the server does not answer. */
int pool_nbd_find(const char *name);						/* N of /dev/nbdN, or -ENOENT */
int pool_nbd_device(const struct tmpl_pool *p, char path[32], struct err *e);	/* the device, connected now if there is none */
/* The device's dead connection is replaced if the server answers; one that lives stays. ENXIO: another disk. ENOENT: no device. */
int pool_nbd_heal(const struct tmpl_pool *p, struct err *e);
int pool_nbd_drop(const char *name, struct err *e);				/* none is success */

#endif
