/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_GC_H
#define TEMPLATES_GC_H
/* Keeping trees from collection, and marks on those to look at. Inside templates/; the public calls are in tmpl.h. */
#include <stdbool.h>

struct err;
struct str_list;

/* From now on to the end of this process (or gc_unhold(), which tests call) no tree is collected. */
int gc_hold(int base, struct err *e);
void gc_unhold(void);

/* gc_mark.c */
int gc_current(int base, struct str_list *ret, struct err *e);	/* digests of archives in the cache, as far as known */
int gc_mark(int base, const char *digest, struct err *e);	/* unless the store does not have it; durable. 1: marked */
int gc_marks(int base, struct str_list *ret, struct err *e);	/* those for later too */
/* The same, to judge them: before it is asked who uses what, so that marks made from then on are others. */
int gc_marks_take(int base, struct str_list *ret, struct err *e);
enum gc_verdict {
	GC_USED,		/* the mark that was taken goes */
	GC_GONE,		/* all marks of it go */
	GC_LATER,		/* it stays, but is no reason to look any more: tmpl_gc_due() does not count it */
};
int gc_unmark(int base, const char *digest, enum gc_verdict v, struct err *e);

#endif
