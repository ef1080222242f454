/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BENCH_FLOOR_NET_H
#define BENCH_FLOOR_NET_H
/* The network of floor.c: one raw rtnetlink socket, a message at a time. What fails ends it. */
#include <sys/types.h>

_Noreturn void die(const char *what);				  /* floor.c */
void floor_net_host(pid_t pid, const char *name, const char *ip); /* pair, up, route to @ip */
void floor_net_inside(const char *ip); /* lo; eth0, address, default route. NULL: lo alone */
int floor_net_hook(const char *ip);    /* both, for the pid in the OCI state on standard input */
#endif
