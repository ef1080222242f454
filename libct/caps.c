/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capability sets of a container: names as OpenVZ spells them, the default set, and how a child
 * gets it (libcap). */
#include "libct/caps.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "util/auto.h"
#include "util/err.h"

#define BIT(c) (1ull << (c))
/*
 * Inside a user namespace these act on the container's own objects only; what reaches the
 * machine (modules, raw I/O, the clock, the kernel log, MAC, perf, BPF) is not in the bounding
 * set at all.
 */
#define CAPS_DEFAULT                                                                               \
	(BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_FOWNER) |     \
	 BIT(CAP_FSETID) | BIT(CAP_KILL) | BIT(CAP_SETGID) | BIT(CAP_SETUID) | BIT(CAP_SETPCAP) |  \
	 BIT(CAP_LINUX_IMMUTABLE) | BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_NET_BROADCAST) |           \
	 BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW) | BIT(CAP_IPC_LOCK) | BIT(CAP_IPC_OWNER) |          \
	 BIT(CAP_SYS_CHROOT) | BIT(CAP_SYS_PTRACE) | BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_BOOT) |      \
	 BIT(CAP_SYS_NICE) | BIT(CAP_SYS_RESOURCE) | BIT(CAP_SYS_TTY_CONFIG) | BIT(CAP_MKNOD) |    \
	 BIT(CAP_LEASE) | BIT(CAP_AUDIT_WRITE) | BIT(CAP_SETFCAP))

static const struct {
	const char *name; uint64_t bits;
} caps[] = {
	{ "chown", BIT(CAP_CHOWN) },
	{ "dac_override", BIT(CAP_DAC_OVERRIDE) },
	{ "dac_read_search", BIT(CAP_DAC_READ_SEARCH) },
	{ "fowner", BIT(CAP_FOWNER) },
	{ "fsetid", BIT(CAP_FSETID) },
	{ "kill", BIT(CAP_KILL) },
	{ "setgid", BIT(CAP_SETGID) },
	{ "setuid", BIT(CAP_SETUID) },
	{ "setpcap", BIT(CAP_SETPCAP) },
	{ "linux_immutable", BIT(CAP_LINUX_IMMUTABLE) },
	{ "net_bind_service", BIT(CAP_NET_BIND_SERVICE) },
	{ "net_broadcast", BIT(CAP_NET_BROADCAST) },
	{ "net_admin", BIT(CAP_NET_ADMIN) },
	{ "net_raw", BIT(CAP_NET_RAW) },
	{ "ipc_lock", BIT(CAP_IPC_LOCK) },
	{ "ipc_owner", BIT(CAP_IPC_OWNER) },
	{ "sys_module", BIT(CAP_SYS_MODULE) },
	{ "sys_rawio", BIT(CAP_SYS_RAWIO) },
	{ "sys_chroot", BIT(CAP_SYS_CHROOT) },
	{ "sys_ptrace", BIT(CAP_SYS_PTRACE) },
	{ "sys_pacct", BIT(CAP_SYS_PACCT) },
	{ "sys_admin", BIT(CAP_SYS_ADMIN) },
	{ "sys_boot", BIT(CAP_SYS_BOOT) },
	{ "sys_nice", BIT(CAP_SYS_NICE) },
	{ "sys_resource", BIT(CAP_SYS_RESOURCE) },
	{ "sys_time", BIT(CAP_SYS_TIME) },
	{ "sys_tty_config", BIT(CAP_SYS_TTY_CONFIG) },
	{ "mknod", BIT(CAP_MKNOD) },
	{ "lease", BIT(CAP_LEASE) },
	{ "audit_write", BIT(CAP_AUDIT_WRITE) },
	{ "setfcap", BIT(CAP_SETFCAP) },
	/* bit 30 was VE_ADMIN in OpenVZ's kernel and is something else here */
	{ "ve_admin", BIT(CAP_NET_ADMIN) | BIT(CAP_SYS_ADMIN) },
	{ "fs_mask", 0x1f },
};

static int find_cap(const char *name, size_t len, uint64_t *bits)
{
	for (size_t i = 0; i < ARRAY_SIZE(caps); i++)
		if (strlen(caps[i].name) == len && strncasecmp(caps[i].name, name, len) == 0) {
			*bits = caps[i].bits;
			return 0;
		}
	return -ENOENT;
}

int ct_caps_mask(const struct str_list *capability, uint64_t *ret, struct err *e)
{
	uint64_t mask = CAPS_DEFAULT, bits;

	for (size_t i = 0; i < capability->n; i++) {
		const char *item = capability->v[i], *colon = strchr(item, ':');
		size_t len = colon ? (size_t)(colon - item) : strlen(item);

		if (find_cap(item, len, &bits) < 0)
			return err_say(e, EINVAL, "Capability %.*s is unknown", (int)len, item);
		if (colon && strcmp(colon, ":on") == 0)
			mask |= bits;
		else if (colon && strcmp(colon, ":off") == 0)
			mask &= ~bits;
		else
			return err_say(e, EINVAL, "Capability %s: write NAME:on or NAME:off", item);
	}
	*ret = mask;
	return 0;
}

uint64_t ct_caps_netfilter(uint64_t mask, const char *netfilter)
{
	return str_eq(netfilter, "disabled") ? mask & ~BIT(CAP_NET_ADMIN) : mask;
}

static void free_cap(cap_t *c)
{
	if (*c)
		cap_free(*c);
}

int ct_caps_apply(uint64_t mask, struct err *e)
{
	auto_call(free_cap) cap_t set = cap_init();

	if (!set)
		return err_set(e, ENOMEM, "capabilities");
	for (cap_value_t c = 0; c < cap_max_bits(); c++) {
		if (!(mask & BIT(c)) && cap_get_bound(c) == 1 && cap_drop_bound(c) < 0)
			return err_set(e, errno, "drop capability %d from the bounding set", c);
		if (!(mask & BIT(c)))
			continue;
		if (cap_set_flag(set, CAP_PERMITTED, 1, &c, CAP_SET) < 0 ||
		    cap_set_flag(set, CAP_EFFECTIVE, 1, &c, CAP_SET) < 0)
			return err_set(e, errno, "capability %d", c);
	}
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (prctl(PR_SET_SECUREBITS, 0, 0, 0, 0) < 0 && errno != EPERM)
		return err_set(e, errno, "clear the securebits");
	if (cap_set_proc(set) < 0)
		return err_set(e, errno, "set capabilities");
	return 0;
}
