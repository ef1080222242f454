/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_GC_H
#define TEMPLATES_GC_H
/* Keeping trees from collection. Inside templates/; the public calls are in tmpl.h. */
struct err;
struct tmpl_ui;

/* From now on to the end of this process (or gc_unhold(), which tests call) no tree is collected. */
int gc_hold(int base, struct err *e);
void gc_unhold(void);

#endif
