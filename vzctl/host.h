/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZCTL_HOST_H
#define VZCTL_HOST_H
/* What the files of vzhost share. Each verb returns its exit status, having said what it did. */
#include <stdbool.h>

#include "vzctl/ui.h"

#define HOST_VZ "/vz"
#define HOST_UP_MARK "/run/vz/up"
#define HOST_REBOOT_DIR "/var/lib/vzctl/vzreboot"

struct host_call {
	struct ui ui;
	char **argv;			/* words after the verb */
	struct ct_host *host;		/* opened by the verb */
};

/* host_setup.c */
int host_setup(struct host_call *c);		/* vzhost setup */
int host_up(struct host_call *c);
int host_down(struct host_call *c);
int host_pool(struct host_call *c);
int host_open(struct host_call *c, struct err *e);
/* host_storage.c */
int host_storage(struct host_call *c, bool make, struct err *e);	/* /vz can hold containers, limited if possible */
int host_storage_dirs(struct host_call *c, struct err *e);
int host_storage_down(struct host_call *c, struct err *e);
/* -ENODEV with the cure if there is a pool and it is not mounted: nothing could be found then. */
int host_pool_mounted(const struct ct_host_conf *conf, struct err *e);
/* host_check.c */
#define HOST_CHECK_USAGE "Usage: vzcheck [-q] [-j]\n  -q  --quiet  nothing but the status\n  -j  --json   JSON\n"
int host_check(struct host_call *c);		/* 1: something is missing */
/* host_boot.c */
int host_boot(struct host_call *c);
int host_running(struct host_call *c, unsigned **ret, size_t *n, struct err *e);	/* ids of running containers */

/* host_probe.c: tried in a child with namespaces of its own; nothing of it stays. 0, or -errno with why. */
int probe_userns(struct err *e);
int probe_overlay(struct err *e);
int probe_idmap(const char *dir, struct err *e);
int probe_nft(struct err *e);
int probe_seccomp(struct err *e);
int probe_mounts(struct err *e);	/* open_tree, mount_setattr */
int probe_processes(struct err *e);	/* clone3 into a group, pidfd */
/* host_probe_link.c */
int probe_veth(struct err *e);
int probe_bridge(struct err *e);
int probe_vlan(struct err *e);
int probe_macvlan(struct err *e);
typedef int probe_fn(void *arg, struct err *e);
int probe_run(probe_fn *fn, void *arg, struct err *e);	/* in a child; its error comes back whole */

#endif
