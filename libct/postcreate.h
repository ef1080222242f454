/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_POSTCREATE_H
#define LIBCT_POSTCREATE_H
/*
 * What a tree that came from a template needs before it is first used. Due is what create marks on
 * the private area; it is done by the child that puts the root together for the first mount or
 * start, which is root of the container's user namespace and of nothing else.
 */
#include <stdbool.h>

struct err;

enum ct_postcreate { CT_POSTCREATE_NONE, CT_POSTCREATE_NO_CRON, CT_POSTCREATE_ALL };
void ct_postcreate_due(int area);	/* VZCTL_POSTCREATE_SKIP in the environment leaves cron alone */
enum ct_postcreate ct_postcreate_is_due(int area);
void ct_postcreate_done(int area);
/* In the child; @root: the root, any descriptor of the directory. What is strange in the tree is
 * left as it is; an error means that a password stayed open. */
int ct_postcreate(int root, enum ct_postcreate how, struct err *e);
/* A part of it, postcreate_ssh.c. */
void ct_postcreate_ssh(int root, int etc);
#endif
