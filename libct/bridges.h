/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_BRIDGES_H
#define LIBCT_BRIDGES_H
/* Bridges that the host makes when they are needed: CT_BRIDGES_DIR/NAME.conf, see net/bridge.h. */
#include "libct/ct_priv.h"
#include "net/bridge.h"

#define CT_BRIDGES_DIR "/etc/vz/bridges"

/* ENOENT: no file describes it. */
int ct_bridge_load(const char *name, struct net_bridge *ret, struct err *e);
/* Makes @name, or puts it right, if there is a file; without one nothing is done. *ret_known: there is. */
int ct_bridge_ensure(struct net *n, const char *name, bool *ret_known, struct err *e);
int ct_bridge_names(struct str_list *ret, struct err *e);	/* sorted; no directory is none */
/* Each by name, with what is wrong with it, or "". A negative return of @cb ends it. */
typedef int ct_bridge_cb(struct net *n, const struct net_bridge *b, const char *fault, void *arg, struct err *e);
int ct_bridge_each(struct net *n, ct_bridge_cb *cb, void *arg, struct err *e);
int ct_bridge_save(const struct net_bridge *b, struct err *e);	/* what else the file has stays */
int ct_bridge_forget(const char *name, struct err *e);		/* gone is success */

#endif
