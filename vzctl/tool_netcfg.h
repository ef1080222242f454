/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZCTL_TOOL_NETCFG_H
#define VZCTL_TOOL_NETCFG_H
/* What the program vznetcfg is made of beside its main(). */
#include <stdbool.h>

struct ct_host;
struct err;

int netcfg_bridge(char **argv, struct err *e);			/* tool_netbr.c: the words after "br" */
int netcfg_bridges_up(struct ct_host *h, struct err *e);	/* every one that a file describes */
void netcfg_bridge_usage(void);
int netcfg_class(char **argv, struct err *e);			/* tool_netclass.c: the words after "class" */
/* tool_netheal.c: the words after "check" or "repair": ids, or all that run. 1: there are faults, told on standard output. */
int netcfg_heal(char **argv, bool repair, struct err *e);

#endif
