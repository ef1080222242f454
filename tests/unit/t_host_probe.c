/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/host_probe.c: probes answer with 0 or a reason, and leave the process where it was. */
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/lib/test.h"
#include "vzctl/host.h"

static int probe_idmap_root(struct err *e)
{
	return probe_idmap("/", e);
}

TEST_ROOT(host_probe_answers)
{
	static const struct { const char *name; int (*probe)(struct err *e); } t[] = {
		{ "userns", probe_userns }, { "overlay", probe_overlay }, { "idmap", probe_idmap_root }, { "nft", probe_nft },
		{ "seccomp", probe_seccomp }, { "mounts", probe_mounts }, { "processes", probe_processes },
		{ "veth", probe_veth }, { "bridge", probe_bridge }, { "vlan", probe_vlan }, { "macvlan", probe_macvlan },
	};
	static const char *const ns[] = { "/proc/self/ns/user", "/proc/self/ns/mnt", "/proc/self/ns/net" };
	struct stat before[ARRAY_SIZE(ns)], after;

	for (size_t k = 0; k < ARRAY_SIZE(ns); k++)
		CHECK_EQ(stat(ns[k], &before[k]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct err e = { 0 };
		int rc = t[i].probe(&e);

		if (rc != -e.code || (rc < 0) != (e.text[0] != '\0'))
			test_fail(__FILE__, __LINE__, "%s: %d, '%s'", t[i].name, rc, e.text);
		CHECK_ERR(waitpid(-1, NULL, WNOHANG), 1);	/* -1: no child is left */
		CHECK_EQ(errno, ECHILD);
	}
	for (size_t k = 0; k < ARRAY_SIZE(ns); k++) {
		CHECK_EQ(stat(ns[k], &after), 0);
		CHECK_EQ(after.st_ino, before[k].st_ino);
	}
}

TEST_ROOT(host_probe_says_why)
{
	struct err e = { 0 };

	CHECK_ERR(probe_idmap("/no/such/place", &e), ENOENT);
	CHECK(strstr(e.text, "/no/such/place"));
}
