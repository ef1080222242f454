/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vzhost check: one line per ability, tried rather than looked up, with a cure for each one that is missing. Changes
 * nothing. Status 1 if something is missing that containers or their limits need.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"
#include "vzctl/host.h"

#define KERNEL_MAJOR 6
#define KERNEL_MINOR 1

struct check {
	struct host_call *call;
	unsigned failed;
};

static void check_say(struct check *k, bool good, const char *what, const char *found, const char *cure)
{
	k->failed += !good;
	if (good || !cure)
		ui_sayf(&k->call->ui, 0, "%-5s %-22s %s", good ? "ok" : "FAIL", what, found);
	else
		ui_sayf(&k->call->ui, 0, "%-5s %-22s %s: %s", "FAIL", what, found, cure);
}

static void check_note(struct check *k, const char *what, const char *found)
{
	ui_sayf(&k->call->ui, 0, "%-5s %-22s %s", "note", what, found);
}

static void check_kernel(struct check *k)
{
	unsigned major = 0, minor = 0;
	struct utsname u;

	if (uname(&u) < 0 || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		major = 0;
	check_say(k, major > KERNEL_MAJOR || (major == KERNEL_MAJOR && minor >= KERNEL_MINOR), "kernel", u.release,
		  "6.1 or newer is needed; Debian 12 has it");
}

static void check_probe(struct check *k, int rc, const char *what, const struct err *e, const char *cure)
{
	check_say(k, rc == 0, what, rc == 0 ? "works" : e->text, cure);
}

static void check_features(struct check *k)
{
	const char *dir = access(HOST_VZ, F_OK) == 0 ? HOST_VZ : "/";
	struct err e = { 0 };
	int rc = probe_seccomp(&e);

	check_probe(k, rc, "seccomp filters", &e, "a kernel with CONFIG_SECCOMP_FILTER");
	err_clear(&e);
	rc = probe_nft(&e);
	check_probe(k, rc, "nftables", &e, "'modprobe nf_tables nft_chain_nat nft_masq', or a kernel with CONFIG_NF_TABLES_INET");
	err_clear(&e);
	rc = probe_userns(&e);
	check_probe(k, rc, "user namespaces", &e, e.code == EPERM ? "a chroot, or a container without nesting, has none"
								  : "sysctl user.max_user_namespaces=65536");
	if (rc < 0)
		return;			/* what follows happens in one */
	err_clear(&e);
	rc = probe_overlay(&e);
	check_probe(k, rc, "overlay inside", &e, "'modprobe overlay'; or use --layout dir");
	err_clear(&e);
	rc = probe_idmap(dir, &e);
	check_probe(k, rc, "idmapped mounts", &e, "'vzhost pool' puts /vz on a file system that has them");
}

static void check_cgroups(struct check *k, const char *parent)
{
	static const struct { const char *name, *what, *without; } need[] = {
		{ "memory", "memory limit", "boot with cgroup_enable=memory" },
		{ "pids", "process limit", "a kernel with CONFIG_CGROUP_PIDS" },
		{ "cpu", "CPU limit", "a kernel with CONFIG_CFS_BANDWIDTH" },
		{ "cpuset", "CPU masks", "a kernel with CONFIG_CPUSETS" },
		{ "io", "I/O limit", "a kernel with CONFIG_BLK_CGROUP" },
	};
	struct cg_host *h = NULL;
	struct err e = { 0 };

	if (cg_host_open(parent, &h, &e) < 0) {
		check_say(k, false, "control groups", e.text, "mount -t cgroup2 none /sys/fs/cgroup");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(need); i++) {
		bool has = cg_host_has(h, need[i].name);

		check_say(k, has, need[i].what, !has ? "no controller" : cg_host_is_v2(h, need[i].name) ? "cgroup v2" : "cgroup v1",
			  need[i].without);
	}
	if (cg_host_has_swap_limit(h))
		check_say(k, true, "swap limit", "works", NULL);
	else
		check_say(k, false, "swap limit", "the kernel does not account swap", "boot with swapaccount=1");
	cg_host_close(h);
}

static void check_disk(struct check *k)
{
	auto_close int dir = open(HOST_VZ, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	struct quota_caps caps = { .backend = "none" };
	struct err e = { 0 };

	if (dir < 0) {
		check_say(k, false, "disk limit", "there is no " HOST_VZ, "run 'vzhost setup'");
		return;
	}
	if (quota_probe(dir, &caps, &e) < 0)
		check_say(k, false, "disk limit", e.text, NULL);
	else if (!caps.blocks)
		check_say(k, false, "disk limit", "the file system of " HOST_VZ " has none", "run 'vzhost pool'");
	else
		check_say(k, true, "disk limit", str_eq(caps.backend, "project") ? "project quota" : caps.backend, NULL);
	if (caps.blocks && !caps.inodes)
		check_note(k, "inode limit", "not with this file system; --diskinodes is refused");
	if (caps.blocks && !caps.soft)
		check_note(k, "soft disk limit", "not with this file system; the hard limit holds");
}

static void check_files(struct check *k)
{
	static const struct { const char *path, *cure; } need[] = {
		{ "/etc/vz/vz.conf", "run 'vzhost setup'" },
		{ VZ_LIBEXEC "/vz-monitor", "run 'make install'" },
		{ VZ_LIBEXEC "/vz-unpack", "run 'make install'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(need); i++)
		if (access(need[i].path, F_OK) < 0)
			check_say(k, false, "installation", need[i].path, need[i].cure);
}

int host_check(struct host_call *c)
{
	struct check k = { .call = c };
	struct err e = { 0 };
	const char *parent = "vz";

	if (host_open(c, &e) == 0 && ct_host_conf(c->host)->cgroup_parent)
		parent = ct_host_conf(c->host)->cgroup_parent;
	check_kernel(&k);
	check_features(&k);
	check_cgroups(&k, parent);
	check_disk(&k);
	check_files(&k);
	if (k.failed)
		ui_sayf(&c->ui, 0, "%u thing(s) missing", k.failed);
	else
		ui_say(&c->ui, 0, 0, "this host can run containers with every limit");
	return k.failed > 0;
}
