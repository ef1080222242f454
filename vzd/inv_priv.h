/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_INV_PRIV_H
#define VZD_INV_PRIV_H
/* What the files of the inventory share: inv.c (table and queries), inv_read.c (one container from files and kernel),
 * inv_watch.c (who tells that something changed), inv_save.c (what it knew, for the next vzd), inv_json.c (its JSON). */
#include "libct/exitrec.h"
#include "vzd/inv.h"

struct inv_hook_row { inv_hook *fn; void *arg; };
struct inv {
	struct vzd *d;
	struct inv_ct **v;		/* ascending id */
	size_t n, size;
	struct inv_hook_row hooks[8];
	size_t n_hooks;
	struct { inv_exit_hook *fn; void *arg; } exit_hooks[4];
	size_t n_exit_hooks;
	bool ready;			/* the first read is done: changes are events from here on */
	uint64_t serial;
	/* inv_watch.c */
	int ino, wd_conf, wd_run, wd_exit, wd_intent;
	struct ev_src *ino_src, *drain_timer;
	unsigned *dirty;
	size_t n_dirty, size_dirty;
	bool draining, rescan;
	int exit_dir;
	struct ev_src *save_timer;	/* inv_save.c */
	struct ev_src *warm_timer;	/* inv_json.c: texts are made before somebody asks */
	size_t warm_at;
};

/* inv.c */
struct inv_ct *inv_add(struct inv *v, unsigned id, struct err *e);	/* there already: that one */
void inv_drop(struct inv *v, struct inv_ct *ct);
/* Reads @id again and tells whoever listens what changed; also takes it in or out of the table. */
void inv_update(struct inv *v, unsigned id);
int inv_scan(struct inv *v, struct err *e);	/* every CTID.conf, and those of the table that lost theirs */
void inv_exit_seen(struct inv *v, const struct ct_exit *x);

/* inv_read.c: fills @ct anew; false: there is no such container. */
bool inv_read(struct inv *v, unsigned id, struct inv_ct *ct);
void inv_ct_clear(struct inv_ct *ct);		/* what inv_read() allocated */

/* inv_save.c: what a vzd before this one knew */
struct inv_saved { unsigned id; enum inv_state state; uint64_t gen; char etag[24], owner[33]; };
void inv_save_soon(struct inv *v);
void inv_save_now(struct inv *v);
int inv_saved_load(struct inv_saved **ret,
		   size_t *ret_n); /* the caller frees; -ENOENT: there was none. Bad lines are skipped */

/* inv_watch.c */
int inv_watch_open(struct inv *v, struct err *e);
void inv_watch_close(struct inv *v);
void inv_watch_ct(struct inv *v, struct inv_ct *ct, pid_t monitor);	/* after each read: its run directory, init, monitor */
void inv_unwatch_ct(struct inv *v, struct inv_ct *ct);
void inv_dirty(struct inv *v, unsigned id);	/* read again soon */
void inv_hear(struct inv *v);			/* what notices there are, now */

/* inv_json.c */
void inv_warm_soon(struct inv *v);		/* some texts are gone */
char *inv_json_make(struct inv *v, const struct inv_ct *ct, const struct ct *open);	/* caller frees; NULL: no memory */

#endif
