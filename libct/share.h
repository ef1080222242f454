/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_SHARE_H
#define LIBCT_SHARE_H
/*
 * Layers that linked clones share with the container they were made of. A layer stays where it is, in snap/ of its area;
 * the area has a name that survives it, in its file `home`, and PARENT/.shared/HOME is a symbolic link to it. When the
 * container is destroyed while clones stand on its layers, its area moves to PARENT/.shared/HOME.area and loses all but
 * those. Who stands on what is asked of the areas themselves, so no count can be wrong; a layer that nobody names goes with
 * the next container that is destroyed.
 */
#include "libct/layers.h"

#define CT_SHARED_DIR ".shared"

/* areas.c. @fn: 0 to go on; anything else ends the walk and is returned. */
typedef int ct_area_fn(void *arg, int area, const char *path, struct err *e);
typedef int ct_layer_fn(void *arg, const struct ct_layer *l, const char *where, struct err *e);
int ct_area_parents(struct ct_host *h, struct str_list *ret, struct err *e);	/* the directories that areas lie in */
int ct_areas_each(struct ct_host *h, ct_area_fn *fn, void *arg, struct err *e);
int ct_area_layers_each(int area, const char *path, ct_layer_fn *fn, void *arg, struct err *e);

/* The area's name, given to it now if it has none (@make); -ENOENT. */
int ct_share_home(int area, bool make, char ret[CT_GUID_SIZE], struct err *e);
/* Before a clone names a layer of the area: the link PARENT/.shared/HOME is there and durable. @name: of the area. */
int ct_share_offer(int area, const char *name, char ret_home[CT_GUID_SIZE], struct err *e);
/* Opens a layer that an area beside @area shares. */
int ct_share_open(int area, const struct ct_layer *l, struct err *e);
/* Does another area stand on snap/@guid of @area (NULL: on any)? 1, 0 or -errno. */
int ct_share_used(struct ct_host *h, int area, const char *guid, struct err *e);
/* PARENT/.shared/HOME.area, for an area that clones stand on. Caller frees. */
char *ct_share_plan(const char *parent, const char *home);
/* After the area has moved there: the link, and nothing left in it but layers. May be repeated. */
int ct_share_settle(struct ct_host *h, const char *parent, const char *home, struct err *e);
/* Removes what nobody stands on any more from the areas in @parent/.shared. */
int ct_share_collect(struct ct_host *h, const char *parent, struct err *e);
bool ct_layers_shared(const struct ct_layers *l);	/* has a layer of another area */

#endif
