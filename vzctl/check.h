/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZCTL_CHECK_H
#define VZCTL_CHECK_H
/* What vzcheck found, one item per ability, and how it is printed. The looking is in host_check.c and check_legacy.c. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct ct_host;
struct err;

/* A failure is what containers or their limits need; a note is good to know. */
enum check_state { CHECK_GOOD, CHECK_BAD, CHECK_NOTE, CHECK_STATE_N };

struct check_item {
	enum check_state state;
	char *what, *found, *cure;	/* cure: NULL unless something can be done */
};
struct check {
	struct check_item *v;
	size_t n;
	unsigned failed;
	bool no_memory;
};

void check_add(struct check *k, enum check_state state, const char *what, const char *found, const char *cure);
void check_addf(struct check *k, enum check_state state, const char *what, const char *cure, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void check_text(const struct check *k, struct buf *b);
void check_json(const struct check *k, struct buf *b);
void check_done(struct check *k);

/* check_legacy.c */
/* @text: a file like /etc/subuid. Adds to @who the users whose ranges overlap [@first, @end), separated by blanks. How many. */
unsigned check_subids(const char *text, uint64_t first, uint64_t end, struct buf *who);
void check_ids(struct check *k);
/* Containers and other things that are there already, and what becomes of them. @h may be NULL: no vz.conf. */
void check_legacy(struct check *k, struct ct_host *h);

#endif
