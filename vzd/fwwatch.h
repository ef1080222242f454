/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_FWWATCH_H
#define VZD_FWWATCH_H
/*
 * The firewall after other hands: the kernel tells of each change, and then it is asked whether our tables stand. If not, and a
 * container runs, the source checks come back at once and vzfw reload(8) brings the rest, as any command would; an event "alert" of
 * kind "firewall" tells it.
 */
struct err;
struct fwwatch;
struct vzd;

int fwwatch_open(struct vzd *d, struct fwwatch **ret, struct err *e);
void fwwatch_close(struct fwwatch *w);

#endif
