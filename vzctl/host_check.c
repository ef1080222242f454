/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vzcheck, which is vzhost check: one item per ability, tried rather than looked up, with a cure for each one that is
 * missing. Changes nothing. Status 1 if something is missing that containers or their limits need.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "templates/tmpl.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/opt.h"
#include "vzctl/check.h"
#include "vzctl/host.h"

#define KERNEL_MAJOR 6
#define KERNEL_MINOR 1

static void check_say(struct check *k, bool good, const char *what, const char *found, const char *cure)
{
	check_add(k, good ? CHECK_GOOD : CHECK_BAD, what, found, cure);
}

static void check_note(struct check *k, const char *what, const char *found)
{
	check_add(k, CHECK_NOTE, what, found, NULL);
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

struct ability {
	int (*probe)(struct err *e);
	const char *what, *cure;
};

static bool try(struct check *k, const struct ability *a)
{
	struct err e = { 0 };
	int rc = a->probe(&e);

	check_probe(k, rc, a->what, &e, a->cure);
	return rc == 0;
}

/* What only some containers use. */
static void try_optional(struct check *k, const struct ability *a)
{
	struct err e = { 0 };
	int rc = a->probe(&e);

	check_add(k, rc == 0 ? CHECK_GOOD : CHECK_NOTE, a->what, rc == 0 ? "works" : e.text, a->cure);
}

static void check_userns(struct check *k)
{
	const char *dir = access(HOST_VZ, F_OK) == 0 ? HOST_VZ : "/";
	struct err e = { 0 };
	int rc = probe_userns(&e);

	check_probe(k, rc, "user namespaces", &e, e.code == EPERM ? "a chroot, or a container without nesting, has none"
								  : "sysctl user.max_user_namespaces=65536");
	if (rc < 0)
		return;			/* what follows happens in one */
	try(k, &(struct ability){ probe_overlay, "overlay inside", "'modprobe overlay'; or use --layout dir" });
	err_clear(&e);
	rc = probe_idmap(dir, &e);
	check_probe(k, rc, "idmapped mounts", &e, "'vzhost pool' puts /vz on a file system that has them");
}

static void check_features(struct check *k)
{
	static const struct ability need[] = {
		{ probe_seccomp, "seccomp filters", "a kernel with CONFIG_SECCOMP_FILTER" },
		{ probe_mounts, "detached mounts", "a kernel with open_tree and mount_setattr, 5.12 or newer" },
		{ probe_processes, "process descriptors", "a kernel with clone3 and pidfd, 5.7 or newer" },
		{ probe_nft, "nftables", "'modprobe nf_tables nft_chain_nat nft_masq', or a kernel with CONFIG_NF_TABLES_INET" },
		{ probe_veth, "veth", "'modprobe veth'" },
	};
	static const struct ability some[] = {
		{ probe_bridge, "bridges, for NETIF", "'modprobe bridge'" },
		{ probe_vlan, "VLANs", "'modprobe 8021q'" },
		{ probe_macvlan, "macvlan", "'modprobe macvlan'" },
		{ tmpl_erofs_works, "template images", "containers stand on unpacked trees instead, where big walks cost more" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(need); i++)
		try(k, &need[i]);
	for (size_t i = 0; i < ARRAY_SIZE(some); i++)
		try_optional(k, &some[i]);
	check_userns(k);
	if (access("/proc/pressure/memory", R_OK) == 0)
		check_note(k, "pressure figures", "there");
	else
		check_add(k, CHECK_NOTE, "pressure figures", "none", "boot with psi=1; nothing depends on them");
}

static void check_forwarding(struct check *k)
{
	struct buf auto_buf b = { .cap = 16 };
	struct err ignored = { 0 };
	bool on = fio_read_at(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", &b, &ignored) == 0 && buf_str(&b)[0] == '1';

	check_say(k, on, "forwarding", on ? "on" : "net.ipv4.ip_forward is 0", "run 'vzhost up'");
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
		{ VZ_LIBEXEC "/vz-mkimage", "run 'make install'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(need); i++)
		if (access(need[i].path, F_OK) < 0)
			check_say(k, false, "installation", need[i].path, need[i].cure);
}

static int check_args(struct host_call *c, bool *quiet, bool *json)
{
	static const struct opt_flag flags[] = {
		{ "quiet", 'q', false, 'q', NULL }, { "json", 'j', false, 'j', NULL }, { "help", 'h', false, 'h', NULL },
	};
	struct opt o = { .prog = "vzcheck", .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = c->argv };
	struct err e = { 0 };
	struct opt_found f;
	int what;

	while ((what = opt_next(&o, &f, &e)) == OPT_FLAG) {
		*quiet |= f.flag->id == 'q';
		*json |= f.flag->id == 'j';
		if (f.flag->id == 'h') {
			ui_write(STDOUT_FILENO, HOST_CHECK_USAGE);
			return 1;
		}
	}
	if (what == OPT_END)
		return 0;
	if (what < 0)
		ui_fail(&c->ui, &e);
	ui_write(STDERR_FILENO, HOST_CHECK_USAGE);
	return -EINVAL;
}

static void look(struct host_call *c, struct check *k)
{
	const char *parent = "vz";
	struct err e = { 0 };

	if (host_open(c, &e) == 0 && ct_host_conf(c->host)->cgroup_parent)
		parent = ct_host_conf(c->host)->cgroup_parent;
	check_kernel(k);
	check_features(k);
	check_cgroups(k, parent);
	check_disk(k);
	check_forwarding(k);
	check_ids(k);
	check_files(k);
	check_legacy(k, c->host);
}

int host_check(struct host_call *c)
{
	bool quiet = false, json = false;
	struct buf auto_buf b = BUF_INIT;
	struct check k = { 0 };
	int rc = check_args(c, &quiet, &json);

	if (rc)
		return rc < 0 ? VZ_INVALID_PARAMETER_SYNTAX : 0;
	c->ui.quiet = true;			/* a bad line in some container's file is not what was asked */
	look(c, &k);
	if (json)
		check_json(&k, &b);
	else
		check_text(&k, &b);
	rc = k.no_memory || buf_failed(&b) ? VZ_RESOURCE_ERROR : k.failed > 0;
	if (!quiet)
		ui_write(STDOUT_FILENO, buf_str(&b));
	check_done(&k);
	return rc;
}
