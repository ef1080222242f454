/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZCTL_VZFW_H
#define VZCTL_VZFW_H
/* The program vzfw: its words and what each does. */
#include <stdio.h>

#include "libct/ct.h"

struct vzfw {
	struct ct_host *host;
	struct net *net;
	const char *const *arg;		/* what follows the command's words */
	size_t n;
	bool force, json;
};
struct vzfw_cmd {
	const char *word, *word2;	/* "group", "add" */
	size_t min, max;		/* arguments; SIZE_MAX: the rest is one text */
	const char *args, *help;
	int (*run)(struct vzfw *f, struct err *e);
};
extern const struct vzfw_cmd vzfw_cmds[];	/* ended by a row of NULL */
int vzfw_completion(FILE *to, const struct vzfw_cmd *rows, bool zsh);		/* a program's status */

int vzfw_group_list(struct vzfw *f, struct err *e);
int vzfw_group_create(struct vzfw *f, struct err *e);
int vzfw_group_show(struct vzfw *f, struct err *e);
int vzfw_group_add(struct vzfw *f, struct err *e);
int vzfw_group_del(struct vzfw *f, struct err *e);
int vzfw_group_set(struct vzfw *f, struct err *e);
int vzfw_group_remove(struct vzfw *f, struct err *e);
int vzfw_zone_list(struct vzfw *f, struct err *e);
int vzfw_zone_allow(struct vzfw *f, struct err *e);
int vzfw_zone_deny(struct vzfw *f, struct err *e);
int vzfw_host_show(struct vzfw *f, struct err *e);
int vzfw_host_policy(struct vzfw *f, struct err *e);
int vzfw_host_add(struct vzfw *f, struct err *e);
int vzfw_host_del(struct vzfw *f, struct err *e);
int vzfw_host_set(struct vzfw *f, struct err *e);
int vzfw_show(struct vzfw *f, struct err *e);

#endif
