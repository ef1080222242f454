/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_LAYERS_H
#define LIBCT_LAYERS_H
/*
 * What an overlay container stands on. The file VE_PRIVATE/layers names all of it, topmost first, a line each:
 *   DIGEST            a template's tree
 *   snap:GUID         VE_PRIVATE/snap/GUID, the upper layer of an earlier time
 *   share:HOME/GUID   snap/GUID of another container's area, which linked clones stand on as well (share.h)
 * What is below one of snap/ is in snap/GUID.below: lines up to the next "snap:", which has a file of its own.
 */
#include <stdbool.h>

#include "libct/ct_priv.h"

#define CT_LAYERS_FILE "layers"
#define CT_SNAP_DIR "snap"

enum ct_layer_kind { CT_LAYER_TMPL, CT_LAYER_SNAP, CT_LAYER_SHARE, CT_LAYER_KIND_N };
struct ct_layer {
	enum ct_layer_kind kind;
	char home[CT_GUID_SIZE];		/* SHARE */
	char id[TMPL_DIGEST_LEN + 1];		/* digest or guid */
};
struct ct_layers {
	struct ct_layer v[CT_LAYERS_MAX];
	unsigned n;
};
int ct_layer_parse(const char *line, struct ct_layer *ret);	/* -EINVAL */
/* @what: the file, for the text. EBADMSG: a line that is none of these; E2BIG. */
int ct_layers_parse(const char *text, const char *what, struct ct_layers *ret, struct err *e);
int ct_layers_load(int dir, const char *name, struct ct_layers *ret, struct err *e);
int ct_layers_save(int dir, const char *name, const struct ct_layers *l, struct err *e);	/* the caller syncs @dir */
int ct_below_load(int area, const char *guid, struct ct_layers *ret, struct err *e);	/* snap/GUID.below */
int ct_below_save(int area, const char *guid, const struct ct_layers *l, struct err *e);
bool ct_layers_own(const struct ct_layers *l, const char *guid);	/* one of its lines is snap:@guid */
/* snap:@guid and all below it, by the .below files of @area. */
int ct_layers_stack(int area, const char *guid, struct ct_layers *ret, struct err *e);
/* The first lines of @l up to and with a "snap:": what GUID.below says of it. */
void ct_layers_head(const struct ct_layers *l, struct ct_layers *ret);

#endif
