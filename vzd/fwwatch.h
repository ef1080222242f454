/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_FWWATCH_H
#define VZD_FWWATCH_H
/*
 * The firewall after other hands: once a second the generation of the kernel's ruleset is asked for, and if it changed, whether
 * our tables stand. If not, and a container runs, vzfw reload(8) brings all back, as any command would; an event "alert" of kind
 * "firewall" tells it.
 */
struct err;
struct fwwatch;
struct vzd;

int fwwatch_open(struct vzd *d, struct fwwatch **ret, struct err *e);
void fwwatch_close(struct fwwatch *w);

#endif
