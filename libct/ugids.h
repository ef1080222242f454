/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_UGIDS_H
#define LIBCT_UGIDS_H
/*
 * Limits of single users and groups inside a container (QUOTAUGIDLIMIT), on their way: from one layout into another, into an
 * archive and out of it, into a clone. They are in the container's own file system where it has one that counts; in other
 * layouts nobody enforces them, and they are kept as /etc/vz/conf/CTID.ugid, a text that vzdqload(8) takes, until the
 * container gets such a layout.
 */
#include "libct/ct.h"

#define CT_UGIDS_PART "vps.ugid"	/* of what an archive has beside the files */
#define CT_UGIDS_MAX (8u << 20)		/* bytes of that text */

struct buf;

/* Adds the text; nothing if nobody has a limit. Under the container's lock, unless it runs. */
int ct_ugids_get(struct ct *ct, struct buf *ret, struct err *e);
/* Into the file system @mnt, which counts if @q says so; else (and with -1) they are kept, and it returns 1. EBADMSG: not such
 * a text. */
int ct_ugids_put(struct ct *ct, int mnt, const struct quota_conf *q, const char *text, struct err *e);
int ct_ugids_copy(unsigned from, struct ct *to, struct err *e);		/* what is kept */
void ct_ugids_forget(unsigned id);

#endif
